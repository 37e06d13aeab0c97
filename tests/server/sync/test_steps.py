"""Steps of state machines at HQ: the first to arrive takes it, the other gets his back."""

from __future__ import annotations

import pytest

from crm_core.entities import SCHEMAS
from crm_core.errors import Invalid
from crm_core.sync.clock import ms_of
from crm_core.sync.protocol import Code, OpKind
from tests.support.hq import Laptop, Office

LINE = {"description": "Line", "quantity": "3", "unit_price": 1000, "currency": "CNY"}


@pytest.fixture
def two(office: Office) -> tuple[Laptop, Laptop]:
    first, second = (office.laptop(office.user(name, "admin")) for name in ("First", "Second"))
    first.sync()
    second.sync()
    return first, second


def step(laptop: Laptop, entity: str, record_id: str, name: str, expected: str) -> int:
    machine = SCHEMAS[entity].meta.machine
    assert machine is not None
    number = SCHEMAS[entity].fields[machine.field].no
    return laptop.do(OpKind.COMMAND, entity, record_id, number, [name, expected, [[], []]])


def quote_of(laptop: Laptop, *others: Laptop) -> str:
    customer = laptop.create("customer", {"name": "Customer"})
    made = laptop.create("quote", {"customer_id": customer, "currency": "CNY", "valid_until": "2027-12-31"})
    laptop.create("quote_line", {"quote_id": made, **LINE})
    for each in (laptop, *others):
        each.sync()
    return made


def test_of_two_steps_the_first_to_arrive_stands_and_the_other_comes_back(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    quote = quote_of(one, other)
    sent = step(one, "quote", quote, "send", "draft")
    one.sync()
    other.sync()
    accepted = step(one, "quote", quote, "accept", "sent")
    office.now_ms += 60_000
    declined = step(other, "quote", quote, "decline", "sent")
    one.sync()
    other.sync()
    assert [one.code(number) for number in (sent, accepted)] == [Code.APPLIED, Code.APPLIED]
    assert other.code(declined) is Code.ILLEGAL_STATE
    assert other.answers[declined].extra[2] == "accepted"
    assert other.shown("quote", quote)["status"] == "accepted"  # type: ignore[index]
    assert office.row("quote", quote)["status"] == "accepted"


def test_two_people_taking_the_same_step_both_have_what_they_want(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    ticket = one.create("ticket", {"subject": "Pump"})
    one.sync()
    other.sync()
    numbers = [(each, step(each, "ticket", ticket, "solve", "new")) for each in two]
    one.sync()
    closed = office.row("ticket", ticket)["closed_at"]
    other.sync()
    assert [each.code(number) for each, number in numbers] == [Code.APPLIED] * 2
    row = office.row("ticket", ticket)
    assert (row["status"], row["closed_at"]) == ("solved", closed)
    assert closed == ms_of(one.answers[numbers[0][1]].hlc)


def test_a_step_that_leads_nowhere_from_here_is_refused(sqlite_office: Office) -> None:
    laptop = sqlite_office.laptop(sqlite_office.user("Somebody", "admin"))
    quote = quote_of(laptop)
    wrong = (("accept", "draft"), ("accept", "sent"), ("reopen", "draft"), ("send", "sent"))
    refused = [step(laptop, "quote", quote, name, expected) for name, expected in wrong]
    laptop.sync()
    assert [laptop.code(number) for number in refused] == [Code.ILLEGAL_STATE] * 4
    assert sqlite_office.row("quote", quote)["status"] is None


def test_a_quote_without_lines_is_not_sent_and_none_is_born_sent(sqlite_office: Office) -> None:
    laptop = sqlite_office.laptop(sqlite_office.user("Somebody", "admin"))
    quote = quote_of(laptop)
    with sqlite_office.database.read() as snapshot:
        lines = SCHEMAS["quote_line"].table
        line = snapshot.connection.execute(lines.select().where(lines.c.quote_id == quote)).one()
    laptop.delete("quote_line", line.id)
    empty = step(laptop, "quote", quote, "send", "draft")
    customer = laptop.create("customer", {"name": "Customer"})
    dated = {"customer_id": customer, "currency": "CNY", "valid_until": "2027-12-31"}
    born = laptop.create("quote", {**dated, "status": "sent"})
    laptop.sync()
    assert laptop.code(empty) is Code.ILLEGAL_STATE
    assert laptop.code(laptop.last_op) is Code.ILLEGAL_STATE
    assert laptop.shown("quote", born) is None


UNREADABLE = (
    "send",
    ["send"],
    ["send", "draft", None],
    ["fly", "draft", [[], []]],
    ["send", 1, [[], []]],
    ["send", "draft", [[22], [5]]],
    ["send", "draft", [["x"], [5]]],
    ["send", "draft", [[15], []]],
)


def test_a_step_that_cannot_be_read_is_refused(sqlite_office: Office) -> None:
    laptop = sqlite_office.laptop(sqlite_office.user("Somebody", "admin"))
    quote = quote_of(laptop)
    bad = [laptop.do(OpKind.COMMAND, "quote", quote, 15, value) for value in UNREADABLE]
    bad.append(laptop.do(OpKind.COMMAND, "quote", quote, 24, ["send", "draft", [[], []]]))
    bad.append(laptop.do(OpKind.COMMAND, "customer", quote, 10, ["send", "draft", [[], []]]))
    laptop.sync()
    assert [laptop.code(number) for number in bad] == [Code.INVALID] * len(bad)


def test_an_older_programs_setting_is_a_step_and_never_merged_by_time(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    ticket = one.create("ticket", {"subject": "Pump"})
    one.sync()
    other.sync()
    solved = one.set("ticket", ticket, "status", "solved")
    one.sync()
    assert one.code(solved) is Code.APPLIED
    # What the step wrote comes to the older program as news.
    assert one.shown("ticket", ticket)["closed_at"] == ms_of(one.answers[solved].hlc)  # type: ignore[index]
    office.now_ms += 60_000
    waits = other.set("ticket", ticket, "status", "waiting")
    closed = other.set("ticket", ticket, "closed_at", 5)
    other.sync()
    assert [other.code(number) for number in (waits, closed)] == [Code.ILLEGAL_STATE] * 2
    assert other.answers[waits].extra[2] == "solved"
    again = other.set("ticket", ticket, "status", "open")  # now that he has seen it
    other.sync()
    assert other.code(again) is Code.APPLIED
    row = office.row("ticket", ticket)
    assert (row["status"], row["closed_at"]) == ("open", None)


def test_who_may_not_change_a_record_takes_no_step_with_it(sqlite_office: Office) -> None:
    owner = sqlite_office.laptop(sqlite_office.user("Owner", "admin"))
    auditor = sqlite_office.laptop(sqlite_office.user("Auditor", "auditor"))
    quote = quote_of(owner, auditor)
    refused = step(auditor, "quote", quote, "send", "draft")
    auditor.sync()
    assert auditor.code(refused) is Code.FORBIDDEN_ROW


def test_hqs_own_edits_of_a_state_are_steps_too(sqlite_office: Office) -> None:
    hq = sqlite_office.hq
    customer = hq.create("customer", {"name": "Customer"})
    quote = hq.create("quote", {"customer_id": customer, "currency": "CNY", "valid_until": "2027-12-31"})
    with pytest.raises(Invalid, match="no lines"):
        hq.update("quote", quote, {"status": "sent"})
    hq.create("quote_line", {"quote_id": quote, **LINE})
    with pytest.raises(Invalid, match="cannot take that step"):
        hq.update("quote", quote, {"status": "accepted"})
    hq.update("quote", quote, {"status": "sent", "terms": "Written with it"})
    hq.update("quote", quote, {"status": "sent"})
    hq.update("quote", quote, {"status": "accepted"})
    row = sqlite_office.row("quote", quote)
    assert (row["status"], row["terms"]) == ("accepted", "Written with it")
