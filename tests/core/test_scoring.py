"""What a lead scores: by fields, by what was done, less and less as time goes by, and why."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crm_core.entities import SCHEMAS
from crm_core.i18n import message
from crm_core.rules.scoring import (
    USUAL,
    Done,
    RuleKind,
    ScoringRule,
    Suggestion,
    read_rules,
    score,
)
from crm_core.times import DAY_MS

NOW = 1_000 * DAY_MS


def talk(days: int, outcome: str = "positive", kind: str = "call") -> Done:
    return Done(kind=kind, outcome=outcome, at_ms=NOW - days * DAY_MS)


def test_points_come_with_their_reasons_the_weightiest_first() -> None:
    found = score({"phone": "1", "source": "referral"}, [talk(3)], (), NOW)
    assert found.total == 44
    assert [str(reason.told()) for reason in found.reasons] == [
        "+19 good talk (3 days ago)",
        "+15 was recommended",
        "+10 can be called",
    ]
    assert (found.suggestion, found.decays) == (Suggestion.NURTURE, True)
    assert score({}, [], (), NOW).suggestion is Suggestion.NOTHING


def test_what_was_done_counts_half_after_its_half_life_and_fields_stand() -> None:
    rule = ScoringRule(reason=message("call"), points=40, kind=RuleKind.ACTIVITY, half_life_days=10)
    points = [score({}, [talk(days)], [rule], NOW).total for days in (0, 10, 20, 400)]
    assert points == [40, 20, 10, 0]
    stands = score({"email": "a@b.example"}, [], (), NOW)
    assert not stands.decays
    assert stands == score({"email": "a@b.example"}, [], (), NOW + 900 * DAY_MS)


@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from(("positive", "negative", ""))), max_size=12))
def test_a_score_lies_between_0_and_100_and_asks_for_no_order(done: list[tuple[int, str]]) -> None:
    activities = [talk(days, outcome) for days, outcome in done]
    found = score({"phone": "1"}, activities, (), NOW)
    assert 0 <= found.total <= 100
    assert found.total == score({"phone": "1"}, activities[::-1], (), NOW).total


def test_a_rule_counts_only_so_often_and_thresholds_are_rules_too() -> None:
    rules = read_rules(
        [
            {"name_zh": "邮件", "kind": "activity", "activity_kind": "mail", "points": 10, "most": 2},
            {"name": "Ripe", "kind": "qualify", "points": 20},
            {"name": "Off", "kind": "field", "field": "phone", "points": 50, "active": False},
            {"kind": "field", "field": "employees", "comparison": "at_least", "value": "50", "points": 3},
            {"name": "Newer", "kind": "of a later version", "points": 50},
        ],
        chinese=True,
    )
    mails = [talk(days, "", "mail") for days in range(5)]
    found = score({"phone": "1", "employees": 50}, mails, rules, NOW)
    assert (found.total, found.suggestion) == (23, Suggestion.QUALIFY)
    assert str(found.reasons[0].told()) == "+10 邮件 (today)"
    assert score({"employees": 49}, [], rules, NOW).total == 0


def test_the_usual_rules_look_at_fields_leads_have() -> None:
    fields = {rule.field for rule in USUAL if rule.kind is RuleKind.FIELD}
    assert fields <= SCHEMAS["lead"].fields.keys()
