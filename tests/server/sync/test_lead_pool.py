"""Leads nobody has, at HQ: what is theirs alone; what they share with customers is in `test_claims`."""

from __future__ import annotations

import pytest

from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from tests.support.claims import LEADS, laptop_of
from tests.support.hq import Laptop, Office


@pytest.fixture
def two(office: Office) -> tuple[Laptop, Laptop]:
    return laptop_of(office, "Lin"), laptop_of(office, "Wang")


def test_who_may_not_claim_leads_sees_none_of_nobody_and_learns_nothing_of_them(office: Office) -> None:
    lead = LEADS.free(office)
    service, lin = laptop_of(office, "Sun", "service"), laptop_of(office, "Lin")
    assert service.shown("lead", lead) is None
    guessed, nothing = LEADS.claim(service, lead), LEADS.claim(service, "f" * 32)
    step = LEADS.step(lin, lead, "qualify", "new")
    for laptop in (service, lin):
        laptop.sync()
    assert service.code(guessed) is service.code(nothing)
    assert service.answers[guessed].extra[0] == service.answers[nothing].extra[0]
    assert lin.code(step) is Code.FORBIDDEN_ROW


def test_a_claim_is_of_the_lead_however_far_it_is(office: Office, two: tuple[Laptop, Laptop]) -> None:
    one, _ = two
    lead = LEADS.free(office)
    one.sync()
    office.hq.update("lead", lead, {"status": "qualified"})
    claimed = LEADS.claim(one, lead)
    one.sync()
    assert one.code(claimed) is Code.APPLIED
    row = office.row("lead", lead)
    assert (row["owner_id"], row["status"], row["claimed_by"]) == (one.user_id, "qualified", one.user_id)


def test_leads_that_were_given_count_as_held_and_not_as_claimed(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, _ = two
    LEADS.rule(office, claims_a_day=1, most_held=3)
    given = [office.hq.create("lead", {"name": "Given"}) for _ in range(2)]
    for lead in given:
        office.hq.update("lead", lead, {"owner_id": one.user_id})
    free = [LEADS.free(office) for _ in range(2)]
    one.sync()
    first = LEADS.claim(one, free[0])
    one.sync()
    assert one.code(first) is Code.APPLIED
    office.now_ms += DAY_MS
    over = LEADS.claim(one, free[1])
    one.sync()
    assert one.answers[over].extra[:2] == [
        "You have {count} of the {most} open leads one may have ({rule})",
        {"count": "3", "most": "3", "rule": "All"},
    ]
    office.hq.update("lead", given[0], {"status": "junk", "junk_reason": "spam"})
    again = LEADS.claim(one, free[1])
    one.sync()
    assert one.code(again) is Code.APPLIED


def test_nobody_says_of_himself_that_he_claimed_or_gave_back_what_he_did_not(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    LEADS.rule(office, claims_a_day=1)
    free = [LEADS.free(office) for _ in range(2)]
    one.sync()
    numbers = [
        LEADS.step(one, lead, "take", "new", owner_id=one.user_id, claimed_by=other.user_id) for lead in free
    ]
    one.sync()
    assert [one.code(number) for number in numbers] == [Code.APPLIED, Code.ILLEGAL_STATE]
    assert office.row("lead", free[0])["claimed_by"] == one.user_id
    forged = [one.set("lead", free[0], "claimed_at", 1), one.set("lead", free[0], "last_owner_id", None)]
    lies = LEADS.step(one, free[0], "return", "new", owner_id="", last_owner_id=other.user_id)
    one.sync()
    assert [one.code(number) for number in forged] == [Code.INVALID] * 2
    assert one.code(lies) is Code.ILLEGAL_STATE
    assert office.row("lead", free[0])["owner_id"] == one.user_id
    one.sync()
    assert one.replica == office.projection(one.user_id)


def test_a_lead_is_given_back_by_who_has_it_and_taken_by_nobody_for_another(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    lead = office.hq.create("lead", {"name": "Nobody's"})
    gone = office.hq.create("lead", {"name": "Gone", "status": "junk", "junk_reason": "spam"})
    one.sync()
    for_another = LEADS.step(one, lead, "take", "new", owner_id=other.user_id)
    of_junk = LEADS.step(one, gone, "take", "junk", owner_id=one.user_id)
    taken = LEADS.claim(one, lead)
    one.sync()
    assert one.code(for_another) is Code.FORBIDDEN_ROW
    assert one.code(of_junk) is Code.ILLEGAL_STATE
    assert one.code(taken) is Code.APPLIED
    not_hers = LEADS.step(other, lead, "return", "new", owner_id="")
    back = LEADS.step(one, lead, "return", "new", owner_id="")
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
    first = LEADS.step(clerk, lead, "take", "new", owner_id=lin)
    second = LEADS.step(boss, lead, "take", "new", owner_id=wang)
    clerk.sync()
    boss.sync()
    assert (clerk.code(first), boss.code(second)) == (Code.APPLIED, Code.ILLEGAL_STATE)
    assert office.row("lead", lead)["owner_id"] == lin
