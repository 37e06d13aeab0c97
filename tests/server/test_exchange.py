"""What other programs send is done once, known by their own names, and answered record by record."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from crm_core.times import DAY_MS
from sync_server.services import keys, once, upserting
from sync_server.services.auth import now_ms
from tests.support.server import ROOT, RunningServer, running_server

SCOPES = tuple(
    f"{entity}:{word}"
    for entity in (
        *("customer", "product", "order", "order_line", "delivery", "delivery_line", "stock_level"),
        *("instalment", "receipt", "receipt_share", "invoice"),
    )
    for word in ("write", "delete")
)


class Program:
    """Another program that asks HQ with a key."""

    def __init__(self, server: RunningServer, name: str, scopes: tuple[str, ...] = SCOPES) -> None:
        with server.headquarters() as hq:
            made = keys.add(hq, name, scopes, {"role": "admin"})
        self.server, self.headers = server, {"Authorization": f"Bearer {made['key']}"}

    def answer(
        self, method: str, path: str, body: Any = None, once: str = "", **more: str
    ) -> requests.Response:
        """Return the answer to one request."""
        headers = {**self.headers, **more, **({"Idempotency-Key": once} if once else {})}
        return requests.request(
            method, f"{self.server.url}/v1/{path}", json=body, headers=headers, timeout=60
        )

    def ask(self, method: str, path: str, body: Any = None, once: str = "") -> Any:
        """Return what is answered to one request that is done."""
        answer = self.answer(method, path, body, once)
        assert answer.ok, answer.text
        return answer.json()

    def named(self, name: str) -> list[Any]:
        """Return the customers called so."""
        found = self.answer("GET", f"records/customer?where=name = {name}").json()["records"]
        return list(found)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    settings = {"CRM_SERVER_KEY_REQUESTS_PER_MINUTE": "0"}
    with running_server(tmp_path_factory.mktemp("exchange"), environment=settings) as running:
        yield running


@pytest.fixture(scope="module")
def erp(server: RunningServer) -> Program:
    return Program(server, "ERP")


def hold_to_once(erp: Program) -> None:
    """Hold a server to it that the same request under one key is done once."""
    body = {"name": "Once Ltd"}
    answers: list[requests.Response] = []
    start = threading.Barrier(4)

    def send(_place: int) -> None:
        start.wait()
        answers.append(erp.answer("POST", "records/customer", body, once="first"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))
    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert sorted(each.headers.get("Idempotency-Replayed", "") for each in answers) == ["", *["true"] * 3]
    assert len(erp.named("Once Ltd")) == 1
    other = erp.answer("POST", "records/customer", {"name": "Twice Ltd"}, once='"first"')
    assert (other.status_code, other.json()["code"]) == (422, "reused")
    assert erp.named("Twice Ltd") == []


def test_the_same_request_is_done_once(erp: Program) -> None:
    hold_to_once(erp)
    refused = erp.answer("POST", "records/customer", {"name": ""}, once="second")
    assert refused.status_code == 422
    assert erp.answer("POST", "records/customer", {"name": "Better Ltd"}, once="second").status_code == 201
    assert erp.answer("POST", "records/customer", {"name": "x"}, once="k" * 201).status_code == 400
    another = Program(erp.server, "Shop")
    assert another.answer("POST", "records/customer", {"name": "Its Ltd"}, once="first").status_code == 201


def test_one_that_is_refused_takes_none_of_many_with_it(erp: Program) -> None:
    names = [f"Bulk {number:03}" for number in range(120)]
    sent = [{"entity": "customer", "external_id": name, "values": {"name": name}} for name in names]
    sent[7]["values"] = {"name": ""}
    done = erp.ask("POST", "bulk", {"records": sent})
    assert (done["written"], done["refused"]) == (119, 1)
    assert done["results"][7]["problem"]["problems"][0]["field"] == "name"
    assert erp.answer("GET", "external/customer/Bulk 007").status_code == 404
    again = erp.ask("POST", "bulk", {"records": sent})
    assert {each["status"] for each in again["results"]} == {200, 422}


def test_others_write_between_the_portions_of_many(erp: Program) -> None:
    sent = [{"entity": "customer", "values": {"name": f"Portion {number}"}} for number in range(160)]
    with ThreadPoolExecutor(1) as pool:
        many = pool.submit(erp.ask, "POST", "bulk", {"records": sent})
        served = 0
        while not many.done():
            erp.ask("POST", "records/customer", {"name": "Between"})
            served += not many.done()
    assert served >= 2
    assert many.result()["written"] == 160


def test_a_portion_holds_few_records_and_never_a_part_of_one() -> None:
    def item(children: int) -> dict[str, Any]:
        return {"entity": "order", "children": {"order_line": [{}] * children}}

    items = [item(3)] * 11 + [item(80), item(0)]
    sizes, start = [], 0
    while some := upserting.portion(items, start):
        sizes.append(len(some))
        start += len(some)
    assert sizes == [10, 1, 1, 1]


@pytest.mark.postgres
def test_the_same_request_is_done_once_on_postgresql(tmp_path: Path, fresh_postgres: str) -> None:
    settings = {"CRM_SERVER_KEY_REQUESTS_PER_MINUTE": "0"}
    with running_server(tmp_path, fresh_postgres, environment=settings) as running:
        erp = Program(running, "ERP")
        hold_to_once(erp)
        hold_to_parts(erp)


def test_a_server_that_is_killed_did_a_request_whole_or_not_at_all(tmp_path: Path) -> None:
    hold_to_whole(tmp_path, None)


@pytest.mark.postgres
def test_it_did_so_on_postgresql_too(tmp_path: Path, fresh_postgres: str) -> None:
    hold_to_whole(tmp_path, fresh_postgres)


def hold_to_whole(tmp_path: Path, database_url: str | None) -> None:
    """Hold a server to it that requests it was killed over are done once when they come again."""
    with running_server(tmp_path, database_url) as running:
        erp = Program(running, "ERP")
        names = [f"Firm {number:02}" for number in range(24)]
        killed = threading.Timer(0.25, running.kill)
        killed.start()
        with ThreadPoolExecutor(4) as pool:

            def send(name: str) -> str | None:
                try:
                    answer = erp.answer("POST", "records/customer", {"name": name}, once=name)
                except requests.RequestException:
                    return None
                return str(answer.json()["id"])

            first = list(pool.map(send, names))
            killed.join()
            running.start()
            again = list(pool.map(send, names))
        assert None not in again
        assert all(before in (None, after) for before, after in zip(first, again, strict=True))
        assert all(len(erp.named(name)) == 1 for name in names)
        # Of many at once some portions were done, and the request goes on behind them.
        many = {"records": [{"entity": "customer", "values": {"name": f"Many {n % 2}"}} for n in range(320)]}
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(erp.answer, "POST", "bulk", many, once="many")
            while not erp.named("Many 0") and not asked.done():
                time.sleep(0.001)
            running.kill()
            with pytest.raises(requests.RequestException):
                asked.result()
        running.start()
        done = erp.ask("POST", "bulk", many, once="many")
        again = erp.answer("POST", "bulk", many, once="many")
        assert (again.headers["Idempotency-Replayed"], again.json()) == ("true", done)
        with running.headquarters() as hq:
            ids = {each for each, row in hq.records.all("customer") if str(row["name"]).startswith("Many")}
        assert ids == {each["id"] for each in done["results"]}
        assert len(ids) == 320


def test_answers_are_forgotten_after_their_days(server: RunningServer, erp: Program) -> None:
    erp.ask("POST", "records/customer", {"name": "Old Ltd"}, once="old")
    with server.headquarters() as hq:
        assert once.forget_answers(hq.database, 30, now_ms()) == 0
        assert once.forget_answers(hq.database, 30, now_ms() + 31 * DAY_MS) >= 1
    erp.ask("POST", "records/customer", {"name": "Old Ltd"}, once="old")
    assert len(erp.named("Old Ltd")) == 2


def test_a_record_is_known_by_the_programs_own_name(server: RunningServer, erp: Program) -> None:
    made = erp.answer("PUT", "external/customer/C/100", {"name": "Heron"})
    assert made.status_code == 201
    changed = erp.answer("PUT", "external/customer/C/100", {"phone": "+86 21 5550 0142"})
    assert (changed.status_code, changed.json()["id"]) == (200, made.json()["id"])
    shown = erp.ask("GET", "external/customer/C/100")
    assert (shown["name"], shown["external_id"]) == ("Heron", "C/100")
    listed = erp.ask("GET", "records/customer?where=name = Heron&fields=external_id")
    assert listed["records"] == [{"id": shown["id"], "external_id": "C/100"}]
    other = erp.ask("POST", "records/customer", {"name": "Crane"})
    taken = erp.answer("PATCH", f"records/customer/{other['id']}", {"external_id": "C/100"})
    assert (taken.status_code, taken.json()["problems"][0]["field"]) == (422, "external_id")
    named = erp.ask("PUT", "external/customer/C-7", {"id": other["id"], "name": "Crane & Co"})
    assert (named["id"], named["name"]) == (other["id"], "Crane & Co")
    assert erp.answer("PUT", "external/customer/C-8", {"id": other["id"]}).status_code == 422
    stranger = Program(server, "Stranger")
    assert stranger.answer("GET", "external/customer/C/100").status_code == 404
    assert "external_id" not in stranger.ask("GET", f"records/customer/{other['id']}")
    assert erp.answer("DELETE", f"records/customer/{other['id']}").status_code == 204
    assert erp.answer("PUT", "external/customer/C-7", {"name": "Again"}).status_code == 409


def hold_to_parts(erp: Program) -> None:
    """Hold a server to it that of many records each is taken or refused by itself, with its lines."""
    erp.ask("PUT", "external/customer/H-1", {"name": "Heron Valves"})
    erp.ask("POST", "records/product", {"name": "Valve", "code": "V-1", "unit": "pcs"})

    def order(number: str, quantity: str, customer: str = "H-1") -> dict[str, Any]:
        return {
            "entity": "order",
            "external_id": number,
            "values": {
                "customer_id": {"external_id": customer},
                "currency": "CNY",
                "ordered_on": "2026-11-20",
                "status": "confirmed",
            },
            "children": {
                "order_line": [
                    {
                        "external_id": f"{number}/1",
                        "values": {
                            "product_id": {"code": "V-1"},
                            "description": "Valve",
                            "quantity": quantity,
                            "unit_price": "12.50 CNY",
                        },
                    }
                ]
            },
        }

    sent = [order("SO-1", "4"), order("SO-2", "many"), order("SO-3", "2", "nobody"), {"entity": "planet"}]
    done = erp.ask("POST", "bulk", {"records": sent}, once="orders")
    assert [each["status"] for each in done["results"]] == [201, 422, 422, 400]
    assert (done["written"], done["refused"]) == (1, 3)
    (line,) = done["results"][0]["children"]["order_line"]
    assert line["external_id"] == "SO-1/1"
    shown = erp.ask("GET", "external/order/SO-1")
    assert (shown["status"], shown["total"]) == ("confirmed", "50.00 CNY")
    assert done["results"][1]["problem"]["problems"][0]["field"] == "quantity"
    known = {each.get("external_id") for each in erp.ask("GET", "records/order")["records"]}
    assert known & {"SO-1", "SO-2", "SO-3"} == {"SO-1"}
    assert erp.ask("POST", "bulk", {"records": sent}, once="orders") == done
    planned = {
        "entity": "delivery",
        "external_id": "D-1",
        "values": {"order_id": {"external_id": "SO-1"}, "status": "delivered", "delivered_on": "2026-11-21"},
        "children": {
            "delivery_line": [
                {"values": {"order_line_id": {"external_id": "SO-1/1"}, "quantity": "4"}},
            ]
        },
    }
    done = erp.ask("POST", "bulk", {"records": [planned]})
    assert done["results"][0]["status"] == 201, done
    assert erp.ask("GET", "external/delivery/D-1")["status"] == "delivered"


def test_stock_receipts_and_invoices_come_in(erp: Program) -> None:
    erp.ask("PUT", "external/customer/M-1", {"name": "Money Ltd"})
    erp.ask("POST", "records/product", {"name": "Pump", "code": "P-1"})
    customer = {"external_id": "M-1"}
    line = {"product_id": {"code": "P-1"}, "description": "Pump", "quantity": "2", "unit_price": "50.00 CNY"}
    order = {
        "entity": "order",
        "external_id": "MO-1",
        "values": {"customer_id": customer, "currency": "CNY", "status": "confirmed"},
        "children": {
            "order_line": [{"values": line}],
            "instalment": [
                {
                    "external_id": "MO-1/1",
                    "values": {
                        "customer_id": customer,
                        "name": "All of it",
                        "amount": "100.00 CNY",
                        "due_day": "2026-12-31",
                        "status": "agreed",
                    },
                }
            ],
        },
    }
    receipt = {
        "entity": "receipt",
        "external_id": "BANK-77",
        "values": {
            "customer_id": customer,
            "amount": "60.00 CNY",
            "received_on": "2026-11-28",
            "method": "transfer",
            "status": "posted",
        },
    }
    share = {
        "entity": "receipt_share",
        "external_id": "BANK-77/1",
        "values": {
            "receipt_id": {"external_id": "BANK-77"},
            "instalment_id": {"external_id": "MO-1/1"},
            "amount": "60.00 CNY",
        },
    }
    invoice = {
        "entity": "invoice",
        "external_id": "INV-1",
        "values": {
            "customer_id": customer,
            "order_id": {"external_id": "MO-1"},
            "amount": "100.00 CNY",
            "title_name": "Money Ltd",
            "tax_number": "91310000MA1K00000X",
            "status": "issued",
            "number": "24312000000012345678",
            "issued_on": "2026-11-28",
        },
    }
    stock = {
        "entity": "stock_level",
        "external_id": "P-1@main",
        "values": {
            "product_id": {"code": "P-1"},
            "warehouse": "main",
            "quantity": "17",
            "as_of": "2026-11-28T08:00:00Z",
        },
    }
    sent = [order, receipt, share, invoice, stock]
    done = erp.ask("POST", "bulk", {"records": sent})
    assert [each["status"] for each in done["results"]] == [201] * 5, done
    assert erp.ask("GET", "external/instalment/MO-1/1")["state"] == "part"
    assert erp.ask("GET", "external/receipt/BANK-77")["status"] == "posted"
    assert erp.ask("GET", "external/invoice/INV-1")["number"] == "24312000000012345678"
    again = erp.ask("POST", "bulk", {"records": [invoice, {**stock, "values": {"quantity": "16"}}]})
    assert [each["status"] for each in again["results"]] == [200, 200], again
    assert erp.ask("GET", "external/stock_level/P-1@main")["quantity"] == "16"
    changed = {**receipt, "values": {"amount": "61.00 CNY"}}
    (refused,) = erp.ask("POST", "bulk", {"records": [changed]})["results"]
    assert refused["status"] in (403, 409, 422)  # what was posted stands
    assert erp.ask("GET", "external/receipt/BANK-77")["amount"] == "60.00 CNY"


def test_the_example_of_the_manual_is_taken_as_it_stands(server: RunningServer) -> None:
    manual = (ROOT / "docs" / "interface.md").read_text(encoding="utf-8")
    (example,) = [part for part in manual.split("```") if part.startswith("json\n") and "order_line" in part]
    shop = Program(server, "Reader of the manual")
    shop.ask("PUT", "external/customer/C-100", {"name": "Heron Valves"})
    # One product is called so: one of another test goes, and this one makes way for others.
    for other in shop.ask("GET", "records/product?where=code = V-1")["records"]:
        shop.ask("PATCH", f"records/product/{other['id']}", {"code": "V-9"})
    valve = {"name": "Manual valve", "code": "V-1", "unit": "pcs"}
    made = shop.ask("POST", "records/product", valve)["id"]
    (result,) = shop.ask("POST", "bulk", json.loads(example.removeprefix("json\n")))["results"]
    assert result["status"] == 201, result
    assert shop.ask("GET", "external/order/SO-1")["status"] == "confirmed"
    (line,) = [
        shop.ask("GET", f"records/order_line/{each['id']}") for each in result["children"]["order_line"]
    ]
    assert (line["description"], line["unit"]) == ("Manual valve", "pcs")
    shop.ask("PATCH", f"records/product/{made}", {"code": "V-8"})


def test_of_many_records_each_is_taken_or_refused_with_its_lines(erp: Program) -> None:
    hold_to_parts(erp)
    gone = {"entity": "customer", "external_id": "Z-1", "delete": True}
    made = {"entity": "customer", "external_id": "Z-1", "values": {"name": "Short-lived"}}
    done = erp.ask("POST", "bulk", {"records": [made, gone, gone]})
    assert [each["status"] for each in done["results"]] == [201, 204, 409]
    many = [{"entity": "customer", "values": {"name": "x"}}] * 501
    assert erp.answer("POST", "bulk", {"records": many}).status_code == 400


def test_what_changed_since_is_told_once_with_its_state_of_now(server: RunningServer) -> None:
    reader = Program(server, "Follower", ("customer:write", "customer:delete", "product:write"))
    since = reader.ask("GET", "changes?since=now")
    assert (since["changes"], since["more"]) == ([], False)
    ids = [reader.ask("POST", "records/customer", {"name": f"Firm {n}"})["id"] for n in range(3)]
    reader.ask("PATCH", f"records/customer/{ids[0]}", {"name": "Firm zero"})
    reader.ask("POST", "records/product", {"name": "Followed"})
    assert reader.answer("DELETE", f"records/customer/{ids[2]}").status_code == 204
    cursor, told = since["next"], []
    while True:
        page = reader.ask("GET", f"changes?since={cursor}&entity=customer&limit=2")
        told += page["changes"]
        cursor = page["next"]
        if not page["more"]:
            break
    assert {(each["event"], each["id"]) for each in told} >= {
        ("customer.created", ids[1]),
        ("customer.deleted", ids[2]),
    }
    last = {each["id"]: each for each in told}
    assert last[ids[0]]["record"]["name"] == "Firm zero"
    assert "record" not in last[ids[2]]
    assert {each["entity"] for each in told} == {"customer"}
    assert reader.ask("GET", f"changes?since={cursor}")["changes"] == []
    reader.ask("PATCH", f"records/customer/{ids[1]}", {"name": "Firm one"})
    (change,) = reader.ask("GET", f"changes?since={cursor}")["changes"]
    assert (change["event"], change["record"]["name"]) == ("customer.updated", "Firm one")
    everything = reader.ask("GET", "changes?limit=1000")
    assert {each["entity"] for each in everything["changes"]} == {"customer", "product"}
    other = Program(server, "Other follower", ("customer:read",))
    assert other.answer("GET", f"changes?since={cursor}").status_code == 400  # it is not his
    assert reader.answer("GET", f"changes?since=abcdef01{cursor[8:]}").status_code == 410
    assert reader.answer("GET", "changes?since=nonsense").status_code == 410


def test_errors_are_problems_in_the_askers_language(erp: Program) -> None:
    answer = erp.answer("POST", "records/customer", {"name": ""}, **{"Accept-Language": "zh-CN"})
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (problem["status"], problem["type"], problem["title"]) == (
        422,
        "about:blank",
        "Unprocessable Entity",
    )
    assert problem["problems"][0]["field"] == "name"
    assert not problem["problems"][0]["message"].isascii()
    english = erp.answer("GET", "records/lead").json()
    assert (english["status"], english["code"]) == (403, "forbidden")
    assert english["detail"].isascii()
