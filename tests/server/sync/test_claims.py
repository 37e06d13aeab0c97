"""Claims at HQ, of customers and of leads alike: who sees what is free, who wins, how many one may take."""

from __future__ import annotations

import pytest

from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from tests.support.claims import CUSTOMERS, LEADS, Pooled, laptop_of
from tests.support.hq import Laptop, Office

pytestmark = pytest.mark.parametrize("kind", [CUSTOMERS, LEADS], ids=lambda kind: kind.entity)


@pytest.fixture
def two(office: Office) -> tuple[Laptop, Laptop]:
    return laptop_of(office, "Lin"), laptop_of(office, "Wang")


def test_who_may_see_the_pool_sees_what_lies_there_and_nothing_below(
    office: Office, two: tuple[Laptop, Laptop], kind: Pooled
) -> None:
    one, _ = two
    record = kind.free(office)
    call = office.hq.create("activity", {"kind": "call", "subject": "Call", kind.link: record})
    one.sync()
    assert one.shown(kind.entity, record) is not None
    assert one.shown("activity", call) is None
    number = one.set(kind.entity, record, "name", "Mine now")
    one.sync()
    assert one.code(number) is Code.FORBIDDEN_ROW
    assert one.replica == office.projection(one.user_id)


def test_the_first_claim_to_arrive_wins_and_the_other_is_told_who(
    office: Office, two: tuple[Laptop, Laptop], kind: Pooled
) -> None:
    one, other = two
    record = kind.free(office)
    call = office.hq.create("activity", {"kind": "call", "subject": "Call", kind.link: record})
    one.sync()
    other.sync()
    late, first = kind.claim(one, record), kind.claim(other, record)
    other.sync()
    one.sync()
    assert other.code(first) is Code.APPLIED
    assert one.code(late) is Code.ILLEGAL_STATE
    assert one.answers[late].extra[:2] == [kind.claimed_first, {"person": "Wang"}]
    assert one.shown(kind.entity, record) is None
    other.sync()
    assert other.shown("activity", call) is not None
    for laptop in two:
        laptop.sync()
        assert laptop.replica == office.projection(laptop.user_id)
    assert office.row(kind.entity, record)["owner_id"] == other.user_id


def test_a_claim_of_what_was_never_in_sight_is_answered_like_one_of_nothing(
    office: Office, two: tuple[Laptop, Laptop], kind: Pooled
) -> None:
    one, other = two
    record = other.create(kind.entity, {"name": "Hers"})
    other.sync()
    guessed, nothing = kind.claim(one, record), kind.claim(one, "f" * 32)
    one.sync()
    assert one.code(guessed) is one.code(nothing) is Code.FORBIDDEN_ROW
    assert one.answers[guessed].extra[0] == one.answers[nothing].extra[0]


@pytest.mark.parametrize("limit", ["most_held", "claims_a_day", "claims_a_week"])
def test_limits_hold_within_one_batch_and_name_their_figures(
    office: Office, two: tuple[Laptop, Laptop], kind: Pooled, limit: str
) -> None:
    one, _ = two
    kind.rule(office, **{limit: 2})
    other_kind = LEADS if kind is CUSTOMERS else CUSTOMERS
    records = [kind.free(office) for _ in range(3)]
    unlimited = [other_kind.free(office) for _ in range(3)]
    one.sync()
    numbers = [kind.claim(one, record) for record in records]
    others = [other_kind.claim(one, record) for record in unlimited]
    one.sync()
    assert [one.code(number) for number in numbers] == [Code.APPLIED, Code.APPLIED, Code.ILLEGAL_STATE]
    assert one.answers[numbers[2]].extra[1] == {"count": "2", "most": "2", "rule": "All"}
    assert [one.code(number) for number in others] == [Code.APPLIED] * 3
    assert one.replica == office.projection(one.user_id)


def test_who_gave_it_back_waits_before_claiming_it_again(
    office: Office, two: tuple[Laptop, Laptop], kind: Pooled
) -> None:
    one, other = two
    kind.rule(office, barred_days=14)
    record = one.create(kind.entity, {"name": "Mine"})
    one.sync()
    foreign = kind.step(other, record, "return", kind.held_state, last_owner_id=one.user_id)
    given = kind.give_back(one, record)
    one.sync()
    other.sync()
    assert (one.code(given), other.code(foreign)) == (Code.APPLIED, Code.FORBIDDEN_ROW)
    row = office.row(kind.entity, record)
    assert (row["owner_id"], row["last_owner_id"]) == (None, one.user_id)
    again, hers = kind.claim(one, record), kind.free(office)
    one.sync()
    assert kind.again in one.answers[again].extra[0]
    assert "again in {days} days" in one.answers[again].extra[0]
    other.sync()
    taken = kind.claim(other, hers)
    other.sync()
    assert other.code(taken) is Code.APPLIED
    office.now_ms += 15 * DAY_MS
    again = kind.claim(one, record)
    one.sync()
    assert one.code(again) is Code.APPLIED
