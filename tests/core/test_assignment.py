"""Who gets a lead: fair in turn, by load and by weight, and how long somebody had to answer."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.rules.assignment import (
    MOST_WEIGHT,
    Candidate,
    Rule,
    Standing,
    Way,
    decide,
)

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
        found = decide({}, [one], Standing(given=given, load=load))
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
    none = Standing(given={}, load={"u0": 3})
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
    nobody = Standing(given={}, load={})
    alone, next_one = rule(Way.NAMED, 1), rule(Way.ROUND_ROBIN, 2)
    found = decide({}, [alone, next_one], nobody, besides="u0")
    assert found is not None
    assert found.user_id == "u1"
    assert decide({}, [alone], nobody, besides="u0") is None
    assert decide({}, [], nobody) is None
