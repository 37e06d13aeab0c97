"""The rules of the shared pool: days by a thing's own time, limits with their figures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules import pool
from crm_core.rules.pool import Rule, Standing, Taken, Why
from crm_core.times import DAY_MS

RULE = Rule(id="1", name="Everybody", contact_days=30, deal_days=90, remind_days=7)
HELD = Standing(owner_id="me", holding=None, level="B", status="active", since_ms=100 * DAY_MS)


def row(**values: Any) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("kind", "level", "status", "spared", "remind_days", "most_held", "most_locked", "claims_a_day")
    )
    empty |= dict.fromkeys(("claims_a_week", "barred_days", "contact_days", "deal_days", "active"))
    return {**empty, "id": "1", "name": "A rule", "life": 1, **values}


def test_the_most_particular_rule_counts() -> None:
    rules = pool.rules_of(
        [
            row(id="1", name="all"),
            row(id="2", name="level", level="A"),
            row(id="3", name="both", level="A", status="lost"),
            row(id="4", name="state", status="lost"),
            row(id="5", name="off", level="B", active=False),
            row(id="6", name="gone", level="C", life=2),
        ]
    )

    def named(level: str | None, status: str | None) -> str:
        found = pool.rule_for(rules, level, status)
        assert found is not None
        return found.name

    assert named("A", "lost") == "both"
    assert named("A", "active") == "level"
    assert named("B", "lost") == "state"
    assert named("C", None) == "all"


def test_days_count_from_the_last_contact_or_from_when_it_was_taken_over() -> None:
    due = pool.due((RULE,), HELD)
    assert due is not None
    assert (due.at_ms, due.why) == (130 * DAY_MS, Why.CONTACT)
    assert (due.days_left(125 * DAY_MS), due.days_left(125 * DAY_MS + 1), due.days_left(200 * DAY_MS)) == (
        5,
        5,
        0,
    )
    spoken = pool.due((RULE,), replace(HELD, contact_ms=120 * DAY_MS))
    assert spoken is not None
    assert spoken.at_ms == 150 * DAY_MS
    before_it_was_mine = pool.due((RULE,), replace(HELD, contact_ms=20 * DAY_MS))
    assert before_it_was_mine == due


def test_an_open_deal_stops_the_clock_for_deals_alone() -> None:
    quiet = Rule(id="1", name="Deals", deal_days=90)
    assert pool.due((quiet,), replace(HELD, has_open_deal=True, deal_ms=1)) is None
    closed = pool.due((quiet,), replace(HELD, deal_ms=150 * DAY_MS))
    assert closed is not None
    assert (closed.at_ms, closed.why) == (240 * DAY_MS, Why.DEAL)


def test_a_rule_says_its_figures() -> None:
    def refusal(rule: Rule, taken: Taken, now_ms: int = 0, **how: Any) -> str:
        said = pool.claim_refusal(
            rule, taken, person_id="me", now_ms=now_ms, **{"last_owner_id": None, "returned_ms": None, **how}
        )
        return "" if said is None else str(said)

    limits = replace(RULE, most_held=50, claims_a_day=3, claims_a_week=10, barred_days=14)
    assert refusal(limits, Taken(held=49, day=2, week=9)) == ""
    assert refusal(limits, Taken(held=50)) == "You hold 50 of the 50 customers one may hold (Everybody)"
    assert "3 customers in 24 hours; 3" in refusal(limits, Taken(day=3))
    assert "10 customers in 7 days; 10" in refusal(limits, Taken(week=10))
    barred = {"last_owner_id": "me", "returned_ms": 100 * DAY_MS}
    assert "again in 4 days" in refusal(limits, Taken(), now_ms=110 * DAY_MS, **barred)
    assert refusal(limits, Taken(), now_ms=114 * DAY_MS, **barred) == ""
    assert refusal(limits, Taken(), now_ms=110 * DAY_MS, last_owner_id="other", returned_ms=0) == ""


def test_a_rule_is_for_customers_or_for_leads_and_says_what_fits_them() -> None:
    rows = [
        row(id="1", name="old"),
        row(id="2", name="c", kind="customer"),
        row(id="3", name="l", kind="lead"),
    ]
    assert [rule.name for rule in pool.rules_of(rows)] == ["old", "c"]
    assert [rule.name for rule in pool.rules_of(rows, pool.LEAD)] == ["l"]
    limits = {"kind": "lead", "most_held": 3, "claims_a_day": 1, "barred_days": 2, "spared": False}
    assert pool.problems_of_rule(limits) == []
    wrong = pool.problems_of_rule({**limits, "contact_days": 30, "level": "A", "spared": True})
    assert [problem.field for problem in wrong] == ["level", "spared", "contact_days"]


days = st.integers(0, 400).map(lambda day: day * DAY_MS)
rules = st.builds(
    Rule,
    id=st.just("1"),
    name=st.just("R"),
    contact_days=st.none() | st.integers(1, 60),
    deal_days=st.none() | st.integers(1, 60),
    remind_days=st.integers(0, 10),
    spared=st.booleans(),
)
standings = st.builds(
    Standing,
    owner_id=st.just("me"),
    holding=st.sampled_from([None, "held", "locked", "pool"]),
    level=st.none(),
    status=st.none(),
    since_ms=days,
    contact_ms=st.none() | days,
    deal_ms=st.none() | days,
    has_open_deal=st.booleans(),
)


@given(rules, standings)
def test_locked_and_spared_customers_never_return(rule: Rule, standing: Standing) -> None:
    due = pool.due((rule,), standing)
    if rule.spared or standing.holding in ("locked", "pool"):
        assert due is None
    elif due is not None:
        assert due.at_ms > standing.since_ms


@given(rules, standings, days)
def test_a_contact_never_shortens_the_time(rule: Rule, standing: Standing, at_ms: int) -> None:
    before = pool.due((rule,), standing)
    later = replace(standing, contact_ms=max(at_ms, standing.contact_ms or 0))
    after = pool.due((rule,), later)
    if before is None:
        assert after is None
    else:
        assert after is not None
        assert after.at_ms >= before.at_ms


@given(rules, standings, st.lists(days, max_size=4), days)
def test_in_which_order_contacts_are_heard_of_makes_no_difference(
    rule: Rule, standing: Standing, contacts: list[int], returned_ms: int
) -> None:
    """What would have been, had all been known in time, is what is found in the end."""
    known = max([standing.contact_ms or 0, *contacts])
    whole = replace(standing, contact_ms=known or None)
    one_by_one = standing
    for contact in contacts:
        one_by_one = replace(one_by_one, contact_ms=max(contact, one_by_one.contact_ms or 0) or None)
    assert pool.due((rule,), whole) == pool.due((rule,), one_by_one)
    assert pool.comes_back((rule,), whole, returned_ms) is pool.comes_back((rule,), one_by_one, returned_ms)
