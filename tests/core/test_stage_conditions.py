"""Conditions of stages: what a move asks for, and what a deal lacks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.entities import SCHEMAS
from crm_core.money import round_half_up
from crm_core.rules import stage_conditions as rules
from crm_core.rules.access import Person, read_rights
from crm_core.rules.pipeline import LOST, OPEN, WON, StageRow, weighted_minor
from crm_core.rules.stage_conditions import Condition, DealFacts
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_core.times import DAY_MS

DAY = DAY_MS
NOW = 1_800_000_000_000


def stage(name: str, rank: int, kind: str = OPEN, pipeline: str = "p", **more: Any) -> StageRow:
    return StageRow(id=name, pipeline_id=pipeline, name=name, rank=rank, probability=0, kind=kind, **more)


NEEDS, PROPOSAL = stage("needs", 1), stage("proposal", 2)
WIN, LOSS = stage("won", 8, WON), stage("lost", 9, LOST)


def facts(values: dict[str, Any], **more: Any) -> DealFacts:
    more.setdefault("last_done", {})
    return DealFacts(values=values, fields=SCHEMAS["deal"].fields, at_ms=NOW, **more)


def said(condition: Condition, known: DealFacts) -> list[str]:
    return [str(lack.said) for lack in rules.lacking([condition], known)]


def compares(field: str, operator: str, value: str) -> Condition:
    return Condition(id="c", kind=rules.COMPARES, field=field, operator=operator, value=value)


def test_a_filled_field_meets_its_condition_and_an_empty_one_is_named() -> None:
    condition = Condition(id="c", field="close_date")
    assert said(condition, facts({"close_date": "2026-12-24"})) == []
    (lack,) = rules.lacking([condition], facts({}))
    assert (lack.field, str(lack.said)) == ("close_date", "“Closing date” must be filled in")


@pytest.mark.parametrize(
    ("operator", "value", "met"),
    [
        (">=", "100", True),
        (">=", "100.01", False),
        ("<", "100 CNY", False),
        ("=", "100.00", True),
        ("!=", "100", False),
        (">=", "999 USD", True),  # another currency cannot be compared, and stops nobody
    ],
)
def test_an_amount_is_compared_in_its_own_currency(operator: str, value: str, met: bool) -> None:
    known = facts({"amount": 10_000, "currency": "CNY"})
    assert (said(compares("amount", operator, value), known) == []) is met


def test_an_empty_field_is_only_other_than_something() -> None:
    assert said(compares("amount", ">=", "100"), facts({})) == ["“Amount” must be at least 100"]
    assert said(compares("source", "!=", "web"), facts({})) == []


@pytest.mark.parametrize(("word", "met"), [("vip", True), ("new", False)])
def test_sets_are_asked_for_their_words(word: str, met: bool) -> None:
    assert (said(compares("tags", "~", word), facts({"tags": ["big", "vip"]})) == []) is met


def test_an_activity_counts_from_when_the_move_was_made() -> None:
    visit = Condition(id="c", kind=rules.ACTIVITY, activity_kind="visit", days=7)
    assert said(visit, facts({}, last_done={"visit": NOW - 7 * DAY})) == []
    assert said(visit, facts({}, last_done={"visit": NOW - 7 * DAY - 1, "call": NOW})) == [
        "“Visit” must have been done in the last 7 days"
    ]
    assert said(Condition(id="c", kind=rules.ACTIVITY), facts({}, last_done={"call": 1})) == []


def test_what_cannot_be_filled_in_names_no_field() -> None:
    quote = Condition(id="q", kind=rules.QUOTE)
    milestone = Condition(id="m", kind=rules.MILESTONE, milestone_id="m1", milestone_name="Site survey")
    lacks = rules.lacking([quote, milestone], facts({}))
    assert [lack.field for lack in lacks] == [None, None]
    assert str(lacks[1].said) == "The milestone “Site survey” must be done"
    assert not rules.lacking(
        [quote, milestone], facts({}, quote_sent=True, milestones_done=frozenset(("m1",)))
    )


def test_own_words_are_said_in_the_language_of_the_reader() -> None:
    words = {"field": "amount", "message": "Ask {finance} first", "message_zh": "先问财务"}
    (lack,) = rules.lacking([rules.condition_of("c", words)], facts({}))
    assert lack.said.show() == "Ask {finance} first"
    assert (
        lack.said.show(lambda text: text.replace("{english}{chinese:.0}", "{english:.0}{chinese}"))
        == "先问财务"
    )


def test_what_the_person_may_not_read_is_left_to_hq() -> None:
    assert said(Condition(id="c", field="amount"), facts({}, hidden=frozenset(("amount",)))) == []


def test_a_kind_of_a_newer_version_stops_nobody() -> None:
    assert said(Condition(id="c", kind="approval_given"), facts({})) == []


ON_ENTRY, ON_EXIT = Condition(id="in", field="amount"), Condition(id="out", moment="exit", field="source")


@pytest.mark.parametrize(
    ("left", "entered", "asked"),
    [
        (NEEDS, PROPOSAL, ["in", "out"]),
        (PROPOSAL, NEEDS, []),
        (NEEDS, WIN, ["in", "out"]),
        (NEEDS, LOSS, ["in"]),
        (LOSS, NEEDS, []),
        (LOSS, WIN, ["in"]),
        (None, PROPOSAL, ["in"]),
        (NEEDS, stage("other", 0, pipeline="q"), ["in"]),
    ],
)
def test_going_on_asks_and_going_back_is_free(
    left: StageRow | None, entered: StageRow, asked: list[str]
) -> None:
    found = rules.asked(left, entered, [ON_EXIT], [ON_ENTRY])
    assert [each.id for each in found] == asked


def test_a_deal_that_is_being_made_can_have_no_quote_yet() -> None:
    assert rules.asked(None, PROPOSAL, [], [Condition(id="q", kind=rules.QUOTE)]) == []


def test_the_ends_ask_for_amount_and_reason_unless_the_administrator_says_otherwise() -> None:
    assert [each.field for each in rules.conditions_of(WIN, [])] == ["amount"]
    assert [each.field for each in rules.conditions_of(LOSS, [])] == ["loss_reason"]
    lifted = [("r", {"field": "amount", "active": False}, "")]
    assert rules.conditions_of(WIN, lifted) == ()
    in_its_place = [("r", {"field": "amount", "kind": rules.COMPARES, "operator": ">", "value": "0"}, "")]
    assert [each.id for each in rules.conditions_of(WIN, in_its_place)] == ["r"]


@pytest.mark.parametrize(
    ("skip_by", "role", "may"),
    [
        ("managers", "sales", False),
        ("managers", "sales_manager", True),
        ("everybody", "sales", True),
        ("everybody", "auditor", False),
        ("nobody", "admin", False),
    ],
)
def test_who_may_skip_is_said_by_the_stage(skip_by: str, role: str, may: bool) -> None:
    person = Person(user_id="u", rights=read_rights(STANDARD_ROLES[role][1]), scopes={})
    assert rules.may_skip(person, stage("s", 1, skip_by=skip_by)) is may


@given(
    operator=st.sampled_from(("=", "!=", "<", "<=", ">", ">=")),
    held=st.integers(-1000, 1000),
    wanted=st.integers(-1000, 1000),
)
def test_numbers_compare_as_numbers(operator: str, held: int, wanted: int) -> None:
    means = {"=": held == wanted, "!=": held != wanted, "<": held < wanted, "<=": held <= wanted}
    means |= {">": held > wanted, ">=": held >= wanted}
    known = facts({"probability": held})
    assert (said(compares("probability", operator, str(wanted)), known) == []) is means[operator]


@given(amount=st.integers(-(10**12), 10**12), chance=st.integers(0, 100))
def test_a_weighted_amount_is_rounded_half_up_away_from_zero(amount: int, chance: int) -> None:
    exact = Decimal(amount) * chance / 100
    assert weighted_minor(amount, chance) == round_half_up(exact)
