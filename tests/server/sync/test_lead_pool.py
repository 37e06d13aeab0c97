"""Leads nobody has, at HQ: who may claim them sees them, the first claim wins, others are told."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.entities import SCHEMAS
from crm_core.sync.protocol import Code, OpKind
from tests.support.hq import Laptop, Office

LEAD = SCHEMAS["lead"]


@pytest.fixture
def two(office: Office) -> tuple[Laptop, Laptop]:
    return laptop_of(office, "Lin"), laptop_of(office, "Wang")


def laptop_of(office: Office, name: str, role: str = "sales") -> Laptop:
    laptop = office.laptop(office.user(name, role))
    laptop.sync()
    return laptop


def step(laptop: Laptop, lead: str, name: str, was: str = "new", **given: Any) -> int:
    numbers = [LEAD.fields[each].no for each in given]
    values = [bytes.fromhex(value) if value else None for value in given.values()]
    field = LEAD.fields["status"].no
    return laptop.do(OpKind.COMMAND, "lead", lead, field, [name, was, [numbers, values]])


def claim(laptop: Laptop, lead: str, was: str = "new") -> int:
    return step(laptop, lead, "take", was, owner_id=laptop.user_id)


def test_who_may_claim_leads_sees_those_of_nobody_and_changes_nothing_of_them(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, _ = two
    lead = office.hq.create("lead", {"name": "Nobody's"})
    call = office.hq.create("activity", {"kind": "call", "subject": "Call", "lead_id": lead})
    service = laptop_of(office, "Sun", "service")
    one.sync()
    assert one.shown("lead", lead) is not None
    assert one.shown("activity", call) is None
    assert service.shown("lead", lead) is None
    refused = [one.set("lead", lead, "name", "Mine now"), step(one, lead, "qualify")]
    guessed, nothing = claim(service, lead), claim(service, "f" * 32)
    one.sync()
    service.sync()
    assert [one.code(number) for number in refused] == [Code.FORBIDDEN_ROW] * 2
    assert service.code(guessed) is service.code(nothing)
    assert service.answers[guessed].extra[0] == service.answers[nothing].extra[0]
    assert one.replica == office.projection(one.user_id)


def test_the_first_claim_of_a_lead_wins_and_the_other_is_told_who_has_it(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    lead = office.hq.create("lead", {"name": "Nobody's"})
    for laptop in two:
        laptop.sync()
    office.hq.update("lead", lead, {"status": "qualified"})  # a claim is of the lead, however far it is
    late, first = claim(one, lead), claim(other, lead)
    other.sync()
    one.sync()
    assert other.code(first) is Code.APPLIED
    assert one.code(late) is Code.ILLEGAL_STATE
    assert one.answers[late].extra[:2] == ["{person} has this lead already", {"person": "Wang"}]
    row = office.row("lead", lead)
    assert (row["owner_id"], row["status"]) == (other.user_id, "qualified")
    for laptop in two:
        laptop.sync()
        assert laptop.replica == office.projection(laptop.user_id)
    assert one.shown("lead", lead) is None


def test_a_claim_of_a_lead_never_in_sight_is_answered_like_one_of_none(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    lead = other.create("lead", {"name": "Hers"})
    other.sync()
    guessed, nothing = claim(one, lead), claim(one, "f" * 32)
    one.sync()
    assert one.code(guessed) is one.code(nothing) is Code.FORBIDDEN_ROW
    assert one.answers[guessed].extra[0] == one.answers[nothing].extra[0]


def test_a_lead_is_given_back_by_who_has_it_and_taken_by_nobody_for_another(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    lead = office.hq.create("lead", {"name": "Nobody's"})
    gone = office.hq.create("lead", {"name": "Gone", "status": "junk", "junk_reason": "spam"})
    one.sync()
    for_another = step(one, lead, "take", owner_id=other.user_id)
    of_junk = claim(one, gone, "junk")
    taken = claim(one, lead)
    one.sync()
    assert one.code(for_another) is Code.FORBIDDEN_ROW
    assert one.code(of_junk) is Code.ILLEGAL_STATE
    assert one.code(taken) is Code.APPLIED
    not_hers = step(other, lead, "return", owner_id="")
    back = step(one, lead, "return", owner_id="")
    other.sync()
    one.sync()
    assert other.code(not_hers) is Code.FORBIDDEN_ROW
    assert one.code(back) is Code.APPLIED
    assert office.row("lead", lead)["owner_id"] is None
    other.sync()
    assert other.shown("lead", lead) is not None


def test_of_two_who_give_a_lead_of_nobody_to_somebody_the_first_one_stands(office: Office) -> None:
    boss, clerk = laptop_of(office, "Boss", "admin"), laptop_of(office, "Clerk", "marketing")
    lin, wang = office.user("Lin", "sales"), office.user("Wang", "sales")
    lead = office.hq.create("lead", {"name": "Nobody's"})
    boss.sync()
    clerk.sync()
    first, second = step(clerk, lead, "take", owner_id=lin), step(boss, lead, "take", owner_id=wang)
    clerk.sync()
    boss.sync()
    assert (clerk.code(first), boss.code(second)) == (Code.APPLIED, Code.ILLEGAL_STATE)
    assert office.row("lead", lead)["owner_id"] == lin
