"""Who gets a lead: fair in turn, by load and by weight, and how long somebody had to answer."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.rules.assignment import (
    MOST_WEIGHT,
    WORKDAY,
    Candidate,
    Rule,
    Standing,
    Way,
    decide,
    working_hours,
)

UTC = datetime.UTC
PEOPLE = st.integers(1, 6)


def rule(way: Way, people: int, weights: list[int] | None = None, **more: Any) -> Rule:
    named = tuple(
        Candidate(user_id=f"u{n}", name=f"U{n}", weight=(weights or [1] * people)[n]) for n in range(people)
    )
    return Rule(id="r", name="R", way=way, people=named, **more)


def given_out(one: Rule, leads: int) -> Counter[str]:
    """Give leads out one after the other, none of which anybody closes."""
    given: Counter[tuple[str, str]] = Counter()
    load: Counter[str] = Counter()
    for _ in range(leads):
        found = decide({}, [one], Standing(given=given, open_leads=load))
        assert found is not None
        given["r", found.user_id] += 1
        load[found.user_id] += 1
    return load


@given(PEOPLE, st.integers(0, 60), st.sampled_from((Way.ROUND_ROBIN, Way.LEAST_LOAD)))
def test_in_turn_and_by_load_nobody_gets_two_more_than_another(people: int, leads: int, way: Way) -> None:
    counts = given_out(rule(way, people), leads)
    each = [counts[f"u{n}"] for n in range(people)]
    assert sum(each) == leads
    assert max(each) - min(each) <= 1


@given(st.lists(st.integers(1, MOST_WEIGHT), min_size=1, max_size=5), st.integers(0, 80))
@settings(deadline=None)
def test_by_weight_each_gets_his_share_give_or_take_one_round(weights: list[int], leads: int) -> None:
    counts = given_out(rule(Way.WEIGHTED, len(weights), weights), leads)
    for n, weight in enumerate(weights):
        assert abs(counts[f"u{n}"] - leads * weight / sum(weights)) <= len(weights)
    whole = given_out(rule(Way.WEIGHTED, len(weights), weights), sum(weights))
    assert [whole[f"u{n}"] for n in range(len(weights))] == weights


def test_the_first_rule_that_fits_decides_and_says_why() -> None:
    none = Standing(given={}, open_leads={"u0": 3})
    south = rule(Way.LEAST_LOAD, 2, regions=frozenset(("苏州",)), employees_from=50)
    rest = rule(Way.NAMED, 1)
    found = decide({"city": "苏州", "employees": 80}, [south, rest], none)
    assert found is not None
    assert (found.user_id, str(found.why)) == ("u1", "Rule “R”: fewest open leads (0)")
    for lead in ({"city": "Lyon", "employees": 80}, {"city": "苏州"}, {"city": "苏州", "employees": 49}):
        other = decide(lead, [south, rest], none)
        assert other is not None
        assert str(other.why) == "Rule “R”: named"


def test_who_did_not_answer_is_passed_over_and_a_rule_without_others_leaves_it_to_the_next() -> None:
    nobody = Standing(given={}, open_leads={})
    alone, next_one = rule(Way.NAMED, 1), rule(Way.ROUND_ROBIN, 2)
    found = decide({}, [alone, next_one], nobody, besides="u0")
    assert found is not None
    assert found.user_id == "u1"
    assert decide({}, [alone], nobody, besides="u0") is None
    assert decide({}, [], nobody) is None


@given(st.integers(0, 60 * 24 * 40), st.integers(0, 60 * 24 * 40))
@settings(max_examples=40, deadline=None)
def test_working_hours_are_those_counted_hour_by_hour(start_minutes: int, length_minutes: int) -> None:
    begin = datetime.datetime(2026, 11, 2, tzinfo=UTC) + datetime.timedelta(minutes=start_minutes // 60 * 60)
    end = begin + datetime.timedelta(hours=length_minutes // 60)
    counted, at = 0, begin
    while at < end:
        counted += at.weekday() < 5 and WORKDAY[0] <= at.hour < WORKDAY[1]
        at += datetime.timedelta(hours=1)
    assert working_hours(_ms(begin), _ms(end), UTC) == counted


def test_a_night_and_a_week_end_are_no_working_hours() -> None:
    friday = datetime.datetime(2026, 11, 27, 17, 30, tzinfo=UTC)
    monday = datetime.datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
    assert working_hours(_ms(friday), _ms(monday), UTC) == 1.5
    assert working_hours(_ms(monday), _ms(friday), UTC) == 0


def _ms(moment: datetime.datetime) -> int:
    return round(moment.timestamp() * 1000)
