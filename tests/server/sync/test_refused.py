"""`crm-server refused`: what was refused is listed, filtered, and made after all by an administrator."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import Any

import pytest

from crm_core.errors import NotFound, StaleRecord, UserError
from crm_core.sync.protocol import Code, Judgement, Told, Verdict
from sync_server.services import refused
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.store.database import HqTransaction
from tests.support.hq import Laptop, Office


@pytest.fixture
def hq(sqlite_office: Office) -> Headquarters:
    office = sqlite_office
    return replace(open_headquarters(office.settings), database=office.database, records=office.hq)


@pytest.fixture
def lin(sqlite_office: Office) -> Laptop:
    laptop = sqlite_office.laptop(sqlite_office.user("Lin", "sales"))
    laptop.sync()
    return laptop


def refuse(office: Office, lin: Laptop, **values: Any) -> str:
    """Let HQ refuse a change of a customer that is somebody else's; return the customer."""
    customer = office.hq.create("customer", {"name": "Away", "phone": "000"})
    for name, value in values.items():
        lin.set("customer", customer, name, value)
    lin.sync()
    return customer


def test_refusals_are_listed_by_who_where_and_why_and_values_only_where_asked(
    sqlite_office: Office, hq: Headquarters, lin: Laptop
) -> None:
    refuse(sqlite_office, lin, phone="111 111")
    lin.create("customer", {"name": ""})
    lin.sync()
    every = refused.listed(hq)
    assert [(row["user"], row["entity"], row["field"], row["code"], row["state"]) for row in every] == [
        ("Lin", "customer", None, "invalid", "open"),
        ("Lin", "customer", "phone", "forbidden_row", "open"),
    ]
    assert "values" not in every[0]
    (one,) = refused.listed(hq, reason="forbidden_row", user="Lin", entity="customer", with_values=True)
    assert one["values"] == {"phone": "111 111"}
    assert refused.listed(hq, device=lin.device + 1) == refused.listed(hq, state="declined") == []
    with pytest.raises(NotFound):
        refused.listed(hq, user="Nobody")


def test_a_refused_change_leaves_nothing_of_its_merge_in_memory(
    sqlite_office: Office, hq: Headquarters, lin: Laptop
) -> None:
    refuse(sqlite_office, lin, phone="111 111")
    lin.create("customer", {"name": ""})
    lin.sync()
    assert len(refused.listed(hq)) == 2
    gc.collect()
    assert not [each for each in gc.get_objects() if isinstance(each, HqTransaction)]


def test_an_administrator_makes_a_refused_change_and_its_writer_hears_of_it(
    sqlite_office: Office, hq: Headquarters, lin: Laptop
) -> None:
    customer = refuse(sqlite_office, lin, phone="111 111")
    (row,) = refused.listed(hq)
    assert refused.accept(hq, row["id"])["state"] == "accepted"
    assert sqlite_office.row("customer", customer)["phone"] == "111 111"
    assert sqlite_office.row("customer", customer)["updated_by"] == sqlite_office.founder
    refused.accept(hq, row["id"])  # again: nothing happens
    with pytest.raises(StaleRecord):
        refused.decline(hq, row["id"])
    with pytest.raises(NotFound):
        refused.accept(hq, 10_000)
    response = lin.sync()
    assert [message[0] for message in response.msgs] == [15]


def test_a_refused_record_is_made_with_a_number_of_hqs_own(
    sqlite_office: Office, hq: Headquarters, lin: Laptop
) -> None:
    customer = sqlite_office.hq.create("customer", {"name": "Away"})
    lin.sync(leases={"quote": 5})
    number = f"Q-2027-{lin.leases[0].lo:04d}"
    quote = {"customer_id": customer, "currency": "CNY", "valid_until": "2027-12-31", "number": number}
    lin.create("quote", quote)
    made = lin.outbox[-1].op.row.hex()
    lin.sync()
    assert lin.code(lin.last_op) is not Code.APPLIED
    (row,) = refused.listed(hq)
    refused.accept(hq, row["id"])
    assert sqlite_office.row("quote", made)["number"] not in (None, number)


def test_what_hqs_rules_forbid_is_forbidden_to_an_administrator_too(
    sqlite_office: Office, hq: Headquarters, lin: Laptop
) -> None:
    customer = refuse(sqlite_office, lin, phone="111 111")
    sqlite_office.hq.delete("customer", customer)
    lin.create("customer", {"name": ""})
    lin.sync()
    (nameless,) = refused.listed(hq, reason="invalid")
    with pytest.raises(UserError, match="cannot be accepted"):
        refused.accept(hq, nameless["id"])
    assert len(refused.listed(hq)) == 2  # the attempt left nothing
    assert refused.decline(hq, nameless["id"])["state"] == "declined"


def test_offers_are_sent_once_and_an_answer_works_on_both_engines(office: Office) -> None:
    lin, wang = (office.laptop(office.user(name, "sales")) for name in ("Lin", "Wang"))
    customer = office.hq.create("customer", {"name": "Away", "phone": "000", "owner_id": wang.user_id})
    lin.sync()
    wang.sync(told=Told())
    lin.set("customer", customer, "phone", "111 111")
    lin.sync()
    (offers,) = wang.sync(told=Told()).msgs
    assert (offers[0], len(offers[2])) == (14, 1)
    number, _, _, row, _, value, code, user, _ = offers[2][0]
    assert (row.hex(), value, code, user.hex()) == (customer, "111 111", Code.FORBIDDEN_ROW, lin.user_id)
    assert wang.sync(told=Told()).msgs == []
    assert wang.sync().msgs == []  # an older program is told nothing, and cannot be
    yes = Told(verdicts=[Verdict(judgement=Judgement.ACCEPT, id=number)])
    request = wang.request(told=yes)
    wang.send(request)
    answer = wang.send(request)  # the answer before was lost
    wang.apply(answer)
    assert [message[0] for message in answer.msgs] == [1, 14]
    assert office.row("customer", customer)["phone"] == "111 111"
    assert [message[0] for message in lin.sync().msgs] == [15]
    assert lin.sync().msgs == wang.sync(told=Told()).msgs == []
