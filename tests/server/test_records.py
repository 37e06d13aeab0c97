"""Records over HTTP: everybody sees and changes what the role reaches, and nothing tells of the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from crm_core.sync import codec
from crm_core.sync.protocol import EnrolRequest
from sync_server.services import people as people_service
from tests.support.server import ADMIN, ADMIN_PASSWORD, RunningServer, running_server


@dataclass(frozen=True)
class Client:
    """Somebody with a name and a password."""

    url: str
    name: str
    password: str

    def answer(self, method: str, path: str, **how: Any) -> requests.Response:
        """Return the answer to one request."""
        return requests.request(
            method, f"{self.url}/v1/records/{path}", auth=(self.name, self.password), timeout=60, **how
        )

    def ask(self, method: str, path: str, status: int = 200, **how: Any) -> Any:
        """Return the JSON answered to one request, having checked its status."""
        answer = self.answer(method, path, **how)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def names(self, entity: str, **query: Any) -> list[str]:
        """Return the names in a list."""
        return [record["name"] for record in self.ask("GET", entity, params=query)["records"]]


@dataclass(frozen=True)
class People:
    """One of each role, and a customer of Anna's with all that hangs on it."""

    anna: Client
    ben: Client
    manager: Client
    finance: Client
    service: Client
    auditor: Client
    admin: Client
    customer: str
    deal: str
    note: str


def populated(server: RunningServer) -> People:
    """Fill a headquarters."""
    with server.headquarters() as hq:
        people_service.add_team(hq, "North", parent=None, manager=None)
    for name, role, team in (
        *(("Anna", "sales", "North"), ("Ben", "sales", ""), ("Mia", "sales_manager", "North")),
        *(("Finn", "finance", ""), ("Sara", "service", ""), ("Audrey", "auditor", "")),
    ):
        server.add_user(name, role, **({"team": team} if team else {}))
    anna, ben, mia, finn, sara, audrey = (
        Client(server.url, name, name) for name in ("Anna", "Ben", "Mia", "Finn", "Sara", "Audrey")
    )
    customer = anna.ask(
        "POST",
        "customer",
        201,
        json={
            "name": "Example GmbH",
            "phone": "021-555",
            "credit_limit": "1299.00 CNY",
            "notes": "likes tea",
            "tags": ["vip", "tea, green"],
        },
    )
    stages = anna.ask("GET", "stage", params={"sort": "rank"})["records"]
    deal = anna.ask(
        "POST",
        "deal",
        201,
        json={
            "name": "Big deal",
            "customer_id": customer["id"],
            "pipeline_id": stages[0]["pipeline_id"],
            "stage_id": stages[0]["id"],
            "amount": "5000 EUR",
        },
    )
    note = anna.ask(
        "POST", "activity", 201, json={"subject": "Called", "kind": "call", "customer_id": customer["id"]}
    )
    return People(
        *(anna, ben, mia, finn, sara, audrey, Client(server.url, ADMIN, ADMIN_PASSWORD)),
        customer=customer["id"],
        deal=deal["id"],
        note=note["id"],
    )


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with running_server(tmp_path_factory.mktemp("records")) as server:
        yield populated(server)


def test_what_a_person_makes_is_his_and_comes_back_as_text(people: People) -> None:
    customer = people.anna.ask("GET", f"customer/{people.customer}")
    anna = people.anna.names("user", where="name = Anna")
    assert anna == ["Anna"]
    assert customer["credit_limit"] == "1299.00 CNY"
    assert customer["tags"] == ["tea, green", "vip"]
    assert customer["created_at"].endswith("Z")
    assert customer["owner_id"] == customer["created_by"]


def test_a_sales_user_meets_anothers_customer_by_no_way(people: People) -> None:
    listed = people.ben.ask("GET", "customer", params={"count": "true"})
    assert (listed["records"], listed["count"]) == ([], 0)
    assert people.ben.ask("GET", "customer", params={"count": "true", "where": "name ~ x"})["count"] == 0
    for method in ("GET", "PATCH", "DELETE"):
        foreign = people.ben.ask(method, f"customer/{people.customer}", 404, json={"name": "x"})
        absent = people.ben.ask(method, f"customer/{'0' * 32}", 404, json={"name": "x"})
        assert foreign == absent
    people.ben.ask("POST", f"customer/{people.customer}/restore", 404)
    people.ben.ask("GET", f"customer/{people.customer}/changes", 404)
    people.ben.ask("GET", f"deal/{people.deal}", 404)
    people.ben.ask("GET", f"activity/{people.note}", 404)


def test_a_child_cannot_be_hung_on_a_customer_one_does_not_see(people: People) -> None:
    fault = people.ben.ask("POST", "contact", 422, json={"name": "Spy", "customer_id": people.customer})
    absent = people.ben.ask("POST", "contact", 422, json={"name": "Spy", "customer_id": "0" * 32})
    assert fault == absent


def test_a_manager_works_on_what_the_team_owns(people: People) -> None:
    people.manager.ask("PATCH", f"customer/{people.customer}", json={"industry": "Tea"})
    assert people.manager.names("customer", where="industry = Tea") == ["Example GmbH"]


def test_masked_fields_are_absent_and_cannot_be_asked_about(people: People) -> None:
    seen = people.finance.ask("GET", f"customer/{people.customer}")
    assert seen["credit_limit"] == "1299.00 CNY"
    assert "notes" not in seen
    people.finance.ask("GET", "customer", 403, params={"where": "notes ~ tea"})
    people.finance.ask("GET", "customer", 403, params={"sort": "notes"})
    people.finance.ask("GET", "activity", 403)
    service = people.service.ask("GET", f"customer/{people.customer}")
    assert {"credit_limit", "credit_currency", "notes"}.isdisjoint(service)
    people.service.ask("GET", "customer", 403, params={"where": "credit_limit > 1"})


def test_changes_of_masked_fields_stay_hidden(people: People) -> None:
    people.anna.ask("PATCH", f"customer/{people.customer}", json={"notes": "likes green tea"})
    of_anna = people.anna.ask("GET", f"customer/{people.customer}/changes")["changes"]
    of_finance = people.finance.ask("GET", f"customer/{people.customer}/changes")["changes"]
    assert "notes" in [change["field"] for change in of_anna]
    assert "notes" not in [change["field"] for change in of_finance]


def test_an_auditor_reads_everything_and_writes_nothing(people: People) -> None:
    assert people.auditor.names("customer") == ["Example GmbH"]
    people.auditor.ask("PATCH", f"customer/{people.customer}", 403, json={"name": "x"})
    people.auditor.ask("DELETE", f"customer/{people.customer}", 403)
    people.auditor.ask("POST", "customer", 403, json={"name": "x"})


def test_a_sales_user_gives_no_customer_away_and_makes_nobody_an_administrator(people: People) -> None:
    ben = people.admin.ask("GET", "user", params={"where": "name = Ben"})["records"][0]
    admin_role = people.admin.ask("GET", "role", params={"where": "name = admin"})["records"][0]
    people.anna.ask("PATCH", f"customer/{people.customer}", 403, json={"owner_id": ben["id"]})
    people.ben.ask("PATCH", f"user/{ben['id']}", 403, json={"role_id": admin_role["id"]})
    people.ben.ask("PATCH", f"role/{ben['role_id']}", 403, json={"rights": {}})


def test_a_record_belongs_to_whoever_signed_in_whatever_the_body_says(people: People) -> None:
    fault = people.anna.ask(
        "POST", "customer", 422, json={"name": "x", "created_by": "0" * 32, "updated_at": "2026-01-01"}
    )
    assert [problem["field"] for problem in fault["problems"]] == ["created_by", "updated_at"]


def test_every_wrong_field_is_named_at_once(people: People) -> None:
    fault = people.anna.ask(
        "POST", "customer", 422, json={"employees": "many", "size": [1], "nonsense": 1, "founded_year": 1.5}
    )
    assert {problem["field"] for problem in fault["problems"]} == {
        *("employees", "size", "nonsense", "founded_year")
    }
    fault = people.anna.ask("POST", "customer", 422, json={"email": "nobody"})
    assert {problem["field"] for problem in fault["problems"]} == {"email", "name"}


def test_places_become_standard_where_that_is_certain_and_the_answer_names_the_others(people: People) -> None:
    body = {"name": "Placed", "province": "江苏", "city": "Atlantis", "phone": "0512 5550 0199"}
    answer = people.anna.answer("POST", "customer", json=body)
    assert answer.headers["Not-Standard"] == "city"
    made = answer.json()
    assert (made["province"], made["city"], made["phone"]) == ("江苏省", "Atlantis", "+8651255500199")
    changed = people.anna.answer("PATCH", f"customer/{made['id']}", json={"city": "苏州"})
    assert changed.json()["city"] == "苏州市"
    assert "Not-Standard" not in changed.headers


def test_tags_are_set_as_a_whole_and_merge_word_by_word(people: People) -> None:
    record = people.anna.ask("POST", "customer", 201, json={"name": "Tagged", "tags": ["a", "b"]})
    changed = people.anna.ask("PATCH", f"customer/{record['id']}", json={"tags": ["b", "c"]})
    assert changed["tags"] == ["b", "c"]
    assert people.anna.names("customer", where="tags = c") == ["Tagged"]
    assert people.anna.names("customer", where="tags = a") == []
    people.anna.ask("DELETE", f"customer/{record['id']}", 204)


def test_an_amount_without_a_currency_keeps_the_records(people: People) -> None:
    changed = people.anna.ask("PATCH", f"deal/{people.deal}", json={"amount": "6000"})
    assert changed["amount"] == "6000.00 EUR"
    assert people.anna.names("deal", where="amount > 5999 EUR") == ["Big deal"]
    assert people.anna.names("deal", where="amount > 1 CNY") == []


def test_a_deleted_record_is_gone_with_what_belongs_to_it_until_restored(people: People) -> None:
    customer = people.anna.ask("POST", "customer", 201, json={"name": "Passing"})["id"]
    contact = people.anna.ask("POST", "contact", 201, json={"name": "Li", "customer_id": customer})["id"]
    people.anna.ask("DELETE", f"customer/{customer}", 204)
    people.anna.ask("GET", f"customer/{customer}", 404)
    people.anna.ask("GET", f"contact/{contact}", 404)
    assert people.anna.names("customer", deleted="true", where="name = Passing") == ["Passing"]
    people.anna.ask("POST", f"customer/{customer}/restore")
    assert people.anna.ask("GET", f"contact/{contact}")["name"] == "Li"
    people.anna.ask("DELETE", f"customer/{customer}", 204)


def test_a_step_takes_along_what_it_asks_for(people: People) -> None:
    lead = people.anna.ask("POST", "lead", 201, json={"name": "Nobody there"})["id"]
    people.anna.ask("PATCH", f"lead/{lead}", 422, json={"status": "junk"})
    for body in ({"status": "junk", "junk_reason": "spam"}, {"status": "new"}):
        put_aside = people.anna.ask("PATCH", f"lead/{lead}", json=body)
        assert (put_aside["status"], put_aside["junk_reason"]) == (body["status"], body.get("junk_reason"))
    people.anna.ask("DELETE", f"lead/{lead}", 204)


def test_numbers_come_from_the_series_one_after_the_other(people: People) -> None:
    tickets = [
        people.service.ask(
            "POST", "ticket", 201, json={"subject": f"No. {n}", "customer_id": people.customer}
        )
        for n in range(2)
    ]
    assert [ticket["number"] for ticket in tickets] == ["T-0001", "T-0002"]


def test_a_list_read_page_by_page_is_the_list(people: People) -> None:
    for number in range(7):
        phone = {"phone": f"021-55{number // 2}"} if number < 4 else {}
        people.admin.ask("POST", "customer", 201, json={"name": f"Page {number}", **phone})
    for sort in ("name", "-name", "phone", "-phone", ""):
        query: dict[str, Any] = {"where": "name ~ page", "limit": 2, "fields": "name", "count": "true"}
        query |= {"sort": sort} if sort else {}
        read: list[str] = []
        after: str | None = None
        while True:
            page = people.admin.ask(
                "GET", "customer", params={**query, **({"after": after} if after else {})}
            )
            assert page["count"] == 7
            read += [record["name"] for record in page["records"]]
            after = page["next"]
            if after is None:
                break
        assert sorted(read) == [f"Page {number}" for number in range(7)]
        if sort.endswith("name"):
            assert read == sorted(read, reverse=sort.startswith("-"))
        if sort.endswith("phone"):
            assert set(read[4:]) == {"Page 4", "Page 5", "Page 6"}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"where": "name"}, 400),
        ({"where": "nonsense = 1"}, 400),
        ({"where": "tags < a"}, 400),
        ({"where": "employees ~ 1"}, 400),
        ({"where": "employees > many"}, 400),
        ({"sort": "tags"}, 400),
        ({"after": "zz"}, 400),
        ({"after": "5b5d"}, 400),
        ({"limit": "0"}, 400),
        ({"limit": "many"}, 400),
    ],
)
def test_a_list_that_cannot_be_meant_is_refused(people: People, query: dict[str, str], status: int) -> None:
    people.anna.ask("GET", "customer", status, params=query)


@pytest.mark.parametrize("where", ["employees > 9999999999999999999", "employees = -9999999999999999999"])
def test_a_number_beyond_what_is_kept_is_told(people: People, where: str) -> None:
    assert "too large" in people.anna.ask("GET", "customer", 400, params={"where": where})["message"]


def test_a_character_no_engine_keeps_is_told(people: People) -> None:
    for where in ("name = a\0b", "name ~ a\0b", "tags = a\0b"):
        people.anna.ask("GET", "customer", 400, params={"where": where})
    Client(people.anna.url, "An\0na", "Anna").ask("GET", "customer", 401)
    enrol = {"user": "Anna", "password": "Anna", "device_name": "lap\0top", "schema": 10**12}
    packed = codec.encode(EnrolRequest(**enrol))  # type: ignore[arg-type]
    headers = {"Content-Type": codec.COMPACT}
    answer = requests.post(f"{people.anna.url}/v1/enrol", data=packed, headers=headers, timeout=60)
    assert answer.status_code == 200


def test_a_place_to_go_on_from_that_nobody_gave_is_told(people: People) -> None:
    for place in (
        [{"a": 1}, "0" * 32],
        [[1], "0" * 32],
        [1, "0" * 32],
        ["x", "no id"],
        ["\0", "0" * 32],
        [1],
    ):
        after = json.dumps(place).encode().hex()
        told = people.anna.ask("GET", "customer", 400, params={"sort": "name", "after": after})
        assert "start it anew" in told["message"]


@pytest.mark.parametrize("text", ["%", "_", "\\", "' OR 1=1 --", '"; DROP TABLE customer'])
def test_signs_of_the_query_language_are_letters_like_others(people: People, text: str) -> None:
    assert people.anna.names("customer", where=f"name ~ {text}") == []


def test_without_a_name_there_is_no_answer(people: People) -> None:
    url = f"{people.anna.url}/v1/records/customer"
    for headers in ({}, {"Authorization": "Basic !!!"}, {"Authorization": "Bearer x"}):
        answer = requests.get(url, headers=headers, timeout=30)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_custom_field_is_a_field_like_any_other(people: People) -> None:
    people.admin.ask(
        "POST",
        "custom_field",
        201,
        json={"entity": "customer", "key": "fleet", "label": "Cars", "kind": "integer"},
    )
    made = people.anna.ask("POST", "customer", 201, json={"name": "With cars", "x:fleet": "12"})
    assert made["x:fleet"] == 12
    changed = people.anna.ask("PATCH", f"customer/{made['id']}", json={"x:fleet": 13})
    assert changed["x:fleet"] == 13
    people.anna.ask("PATCH", f"customer/{made['id']}", 422, json={"x:fleet": "many"})
    people.anna.ask("PATCH", f"customer/{made['id']}", 422, json={"x:none": "1"})


def test_custom_fields_are_filtered_sorted_and_masked_like_others(people: People) -> None:
    def declare(key: str, kind: str, **more: Any) -> dict[str, Any]:
        body = {"entity": "customer", "key": key, "label": key, "kind": kind, **more}
        return people.admin.ask("POST", "custom_field", 201, json=body)

    declare("seats", "integer")
    declare("deposit", "money", currency="EUR", field_class="money")
    declare("markets", "tags", choices=["asia", "europe"])
    declare("active", "boolean")
    declare("remark", "text", field_class="private")
    grade = declare("grade", "choice", choices=["a", "b"], required=True, default="a")
    rows = [
        {"x:seats": 9, "x:deposit": "12.50 EUR", "x:markets": ["asia"], "x:active": True},
        {"x:seats": 120, "x:deposit": "7", "x:markets": ["asia", "europe"], "x:grade": "b"},
        {"x:remark": "not for everybody"},
    ]
    owner = people.anna.ask("GET", f"customer/{people.customer}")["owner_id"]
    for number, row in enumerate(rows):
        people.admin.ask("POST", "customer", 201, json={"name": f"Custom {number}", "owner_id": owner, **row})

    def found(*where: str, sort: str = "name") -> list[str]:
        wanted = [("where", each) for each in ("name ~ Custom", *where)]
        answer = people.anna.ask("GET", "customer", params=[*wanted, ("sort", sort)])
        return [str(row["name"])[-1] for row in answer["records"]]

    assert found("x:seats > 10") == ["1"]
    assert found("x:seats = ") == ["2"]
    assert found("x:deposit >= 10 EUR") == ["0"]
    assert found("x:markets = europe") == ["1"]
    assert found("x:active = true") == ["0"]
    assert found("x:grade = a") == ["0", "2"]
    assert found(sort="-x:seats") == ["1", "0", "2"]
    assert found(sort="x:deposit") == ["1", "0", "2"]
    first = people.anna.ask(
        "GET", "customer", params=[("where", "name ~ Custom"), ("sort", "x:seats"), ("limit", "1")]
    )
    rest = people.anna.ask(
        "GET",
        "customer",
        params=[("where", "name ~ Custom"), ("sort", "x:seats"), ("after", first["next"])],
    )
    assert [str(row["name"])[-1] for row in (*first["records"], *rest["records"])] == ["0", "1", "2"]
    assert first["records"][0]["x:deposit"] == "12.50 EUR"
    shown = people.anna.ask("GET", "customer", params=[("where", "name = Custom 2")])["records"][0]
    assert "x:remark" not in shown
    for asked in ([("where", "x:remark ~ everybody")], [("sort", "x:remark")], [("where", "x:nothing = 1")]):
        people.anna.ask("GET", "customer", 400, params=asked)
    people.anna.ask("PATCH", f"customer/{shown['id']}", 422, json={"x:remark": "guessed"})
    people.anna.ask("PATCH", f"customer/{shown['id']}", 422, json={"x:grade": "z"})
    people.admin.ask("PATCH", f"custom_field/{grade['id']}", json={"retired": True})
    shown = people.anna.ask("GET", "customer", params=[("where", "name = Custom 2")])["records"][0]
    assert "x:grade" not in shown
    people.anna.ask("GET", "customer", 400, params=[("where", "x:grade = a")])


@pytest.mark.postgres
@pytest.mark.soak
def test_the_same_holds_on_postgresql(tmp_path: Path, fresh_postgres: str) -> None:
    with running_server(tmp_path, fresh_postgres) as server:
        people = populated(server)
        test_a_sales_user_meets_anothers_customer_by_no_way(people)
        test_masked_fields_are_absent_and_cannot_be_asked_about(people)
        test_a_list_read_page_by_page_is_the_list(people)
        test_tags_are_set_as_a_whole_and_merge_word_by_word(people)
        test_an_amount_without_a_currency_keeps_the_records(people)
        test_a_custom_field_is_a_field_like_any_other(people)
        test_custom_fields_are_filtered_sorted_and_masked_like_others(people)
        test_signs_of_the_query_language_are_letters_like_others(people, "\\")
        test_a_character_no_engine_keeps_is_told(people)
        test_a_place_to_go_on_from_that_nobody_gave_is_told(people)
        checked = server.command("--json", "check")
        assert checked.json()["ok"], checked.out
