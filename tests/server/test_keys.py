"""Keys of other programs: what they may do, under whose name, and how they end."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.rules.access import GRANTED, ClassRight, Person, Reach, decide, read_rights
from crm_core.rules.key_scopes import GRANTS, granted, narrowed
from crm_core.rules.scopes import EVERYONE
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_core.schema.field import FieldClass
from sync_server.services import keys, people
from tests.support.server import ADMIN, ADMIN_PASSWORD, RunningServer, running_server


class Program:
    """Another program that asks HQ with a key."""

    def __init__(self, server: RunningServer, name: str, *scopes: str, role: str = "admin") -> None:
        with server.headquarters() as hq:
            self.secret = keys.add(hq, name, scopes, {"role": role})["key"]
        self.url, self.name = server.url, name

    def answer(self, method: str, path: str, **how: Any) -> requests.Response:
        """Return the answer to one request."""
        headers = {"Authorization": f"Bearer {self.secret}", **how.pop("headers", {})}
        return requests.request(method, f"{self.url}/v1/{path}", headers=headers, timeout=60, **how)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(
        tmp_path_factory.mktemp("keys"), environment={"CRM_SERVER_KEY_REQUESTS_PER_MINUTE": "30"}
    ) as running:
        yield running


def test_a_key_does_what_its_scopes_name_under_its_own_name(server: RunningServer) -> None:
    asked = (
        "--role",
        "admin",
        "--scope",
        "customer:write",
        "--scope",
        "user:read",
        "--scope",
        "product:read",
    )
    erp = Program(server, "Another", "customer:read")
    erp.secret = server.command("--json", "key", "add", "ERP", *asked).json()["key"]
    made = erp.answer("POST", "records/customer", json={"name": "Blue Heron Valves"})
    assert made.status_code == 201, made.text
    place = f"records/customer/{made.json()['id']}"
    changes = erp.answer("GET", f"{place}/changes").json()["changes"]
    author = erp.answer("GET", f"records/user/{changes[0]['user_id']}").json()
    assert (author["name"], author["active"]) == ("ERP", False)
    assert erp.answer("DELETE", place).status_code == 403
    assert erp.answer("GET", "records/deal").status_code == 403
    assert erp.answer("POST", "records/product", json={"name": "Valve"}).status_code == 403
    listed = server.command("--json", "key", "list")
    (shown,) = (row for row in listed.rows() if row["name"] == "ERP")
    assert (shown["state"], shown["used_at"] is not None) == ("in use", True)
    assert erp.secret not in listed.out
    assert erp.secret.encode() not in (server.data / "satchel.db").read_bytes()
    assert erp.secret not in "".join(server.log)


def test_classes_of_fields_stay_those_of_the_role(server: RunningServer) -> None:
    auth = (ADMIN, ADMIN_PASSWORD)
    body = {"name": "Valve", "cost": "12.00 CNY"}
    requests.post(f"{server.url}/v1/records/product", auth=auth, json=body, timeout=60).raise_for_status()
    seller = Program(server, "Shop", "product:read", role="sales")
    (record,) = seller.answer("GET", "records/product").json()["records"]
    assert record["name"] == "Valve"
    assert "cost" not in record
    assert seller.answer("GET", "records/product", params={"where": "cost > 1 CNY"}).status_code == 403


def test_a_wrong_an_expired_and_a_revoked_key_get_the_same_answer(server: RunningServer) -> None:
    old = Program(server, "Old", "customer:read")
    ended = Program(server, "Ended", "customer:read")
    assert old.answer("GET", "records/customer").status_code == 200
    yesterday = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)).date().isoformat()
    ended.secret = server.command("--json", "key", "renew", "Ended", "--expires", yesterday).json()["key"]
    with server.headquarters() as hq:
        keys.revoke(hq, "Old")
    wrong = Program(server, "Wrong", "customer:read")
    wrong.secret += "x"
    answers = [each.answer("GET", "records/customer") for each in (old, ended, wrong)]
    assert {each.status_code for each in answers} == {401}
    assert len({each.content for each in answers}) == 1
    before = old.secret
    with server.headquarters() as hq:
        old.secret = keys.renew(hq, "Old")["key"]
    assert old.answer("GET", "records/customer").status_code == 200
    old.secret = before
    assert old.answer("GET", "records/customer").status_code == 401


def test_a_key_opens_neither_a_laptops_ways_nor_more_requests_than_it_may_make(server: RunningServer) -> None:
    busy = Program(server, "Busy", "customer:read")
    assert busy.answer("POST", "sync", data=b"").status_code == 401
    statuses = [busy.answer("GET", "records/customer", params={"limit": 1}) for _ in range(32)]
    turned_away = [each for each in statuses if each.status_code == 429]
    assert turned_away
    assert int(turned_away[0].headers["Retry-After"]) >= 1


def test_a_scope_there_is_none_of_and_a_name_somebody_has_are_refused(server: RunningServer) -> None:
    with server.headquarters() as hq:
        for name, scopes, said in (
            ("Never", ["ordr:read"], "“ordr”"),
            ("Never", ["order:look"], "“order:look”"),
            ("Never", [], "--scope"),
            (ADMIN, ["order:read"], "Another user"),
        ):
            with pytest.raises(UserError, match=said):
                keys.add(hq, name, scopes, {"role": "admin"})
        keys.add(hq, "No person", ["order:read"], {"role": "admin"})
        with pytest.raises(UserError, match="nobody signs in as him"):
            people.change_user(hq, "No person", {}, new_name=None, password="a good password", enable=True)
        assert "Never" not in {row["name"] for row in keys.listed(hq)}


_ENTITIES = st.sampled_from(sorted(SCHEMAS))


@given(
    role=st.sampled_from(sorted(STANDARD_ROLES)),
    scopes=st.sets(
        st.builds("{}:{}".format, _ENTITIES | st.just("*"), st.sampled_from(sorted(GRANTS))), max_size=4
    ),
    entity=_ENTITIES,
    action=st.sampled_from(GRANTED),
)
def test_a_key_may_never_more_than_its_role_nor_than_its_scopes(
    role: str, scopes: set[str], entity: str, action: Any
) -> None:
    reaches = {Reach.OWN: frozenset(("own:1",)), Reach.ALL: frozenset((EVERYONE,))}
    person = Person(user_id="1", rights=read_rights(STANDARD_ROLES[role][1]), scopes=reaches)
    key = narrowed(person, scopes)
    named = action in granted(scopes).get(entity, ())
    assert bool(decide(key, action, entity)) == (named and bool(decide(person, action, entity)))
    for field_class in FieldClass:
        right = key.rights.class_right(entity, field_class)
        assert right <= max(person.rights.class_right(entity, field_class), ClassRight.MASK)
    assert not key.rights.administers
