"""Who complains often and who recommends us: rules over what was heard, whatever order it comes in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.feedback import (
    BOTH,
    COMPLAINS,
    PROMOTES,
    USUAL,
    FeedbackTerms,
    Heard,
    ScoreHeard,
    TicketHeard,
    heard_by,
    judge,
    mark_of,
    problems_of_terms,
    terms_of,
)
from crm_core.times import DAY_MS

NOW = 1_800_000_000_000
ROW: dict[str, Any] = {
    "id": "a",
    "name": "Often",
    "kind": COMPLAINS,
    "days": 90,
    "tickets": 3,
    "share_percent": None,
    "late": None,
    "scores": None,
    "bound": None,
    "referrals": None,
    "task": True,
    "task_days": None,
    "active": True,
}
moments = st.integers(0, 400).map(lambda days: NOW - days * DAY_MS)
tickets = st.builds(
    TicketHeard, st.sampled_from(("complaint", "praise", "question")), moments, is_late=st.booleans()
)
scores = st.builds(ScoreHeard, st.integers(0, 100), moments)
heard = st.builds(
    Heard,
    tickets=st.lists(tickets, max_size=12).map(tuple),
    scores=st.lists(scores, max_size=8).map(tuple),
    referrals=st.lists(moments, max_size=4).map(tuple),
)
numbers = st.none() | st.integers(1, 4)
terms = st.builds(
    FeedbackTerms,
    id=st.just("a"),
    kind=st.sampled_from((COMPLAINS, PROMOTES)),
    days=st.integers(1, 400),
    tickets=numbers,
    share_percent=st.none() | st.integers(0, 100),
    late=numbers,
    scores=numbers,
    bound=st.integers(0, 100),
    referrals=numbers,
)


def marked(found: Heard, rule: FeedbackTerms) -> bool:
    return bool(judge(found, (rule,), NOW))


@given(heard, terms, st.randoms())
def test_the_order_in_which_things_were_heard_says_nothing(
    found: Heard, rule: FeedbackTerms, random: Any
) -> None:
    shuffled = Heard(**{n: tuple(random.sample(v, len(v))) for n, v in vars_of(found).items()})
    assert judge(found, (rule,), NOW) == judge(shuffled, (rule,), NOW)


@given(heard, terms)
def test_a_customer_is_marked_where_plain_counting_says_so(found: Heard, rule: FeedbackTerms) -> None:
    since = NOW - rule.days * DAY_MS
    such_kind = {COMPLAINS: "complaint", PROMOTES: "praise"}[rule.kind]
    recent = [each for each in found.tickets if each.at_ms >= since]
    such = [each for each in recent if each.kind == such_kind]
    given = [each.percent for each in found.scores if each.at_ms >= since]
    good = [each for each in given if (each <= rule.bound if rule.kind == COMPLAINS else each >= rule.bound)]
    is_share = rule.share_percent is None or len(such) * 100 >= rule.share_percent * len(recent)
    by_tickets = rule.tickets is not None and len(such) >= rule.tickets and is_share
    by_scores = rule.scores is not None and len(good) >= rule.scores
    late = sum(each.is_late for each in found.tickets)
    by_late = rule.kind == COMPLAINS and rule.late is not None and late >= rule.late
    brought = sum(each >= since for each in found.referrals)
    by_referrals = rule.kind == PROMOTES and rule.referrals is not None and brought >= rule.referrals
    (judged,) = judge(found, (rule,), NOW) or (None,)
    assert (judged is not None) == (by_tickets or by_scores or by_late or by_referrals)
    wanted = [by_tickets, by_late, by_scores, by_referrals].count(True)
    assert len(judged.reasons if judged else ()) == wanted, "each reason is said"


@given(heard, terms, tickets)
def test_one_complaint_more_never_takes_the_mark_of_complaining_away_unless_a_share_is_asked(
    found: Heard, rule: FeedbackTerms, more: TicketHeard
) -> None:
    if rule.kind == COMPLAINS and rule.share_percent is None and marked(found, rule):
        assert marked(Heard(**{**vars_of(found), "tickets": (*found.tickets, more)}), rule)


@given(heard)
def test_the_mark_says_which_kinds_of_rules_hold(found: Heard) -> None:
    judged = judge(found, USUAL, NOW)
    kinds = {each.terms.kind for each in judged}
    wanted = {frozenset(): None, frozenset((COMPLAINS,)): COMPLAINS, frozenset((PROMOTES,)): PROMOTES}
    assert mark_of(judged) == wanted.get(frozenset(kinds), BOTH)


def vars_of(found: Heard) -> dict[str, Any]:
    return {"tickets": found.tickets, "scores": found.scores, "referrals": found.referrals}


def test_the_usual_rule_of_a_kind_counts_until_somebody_makes_one() -> None:
    assert terms_of([]) == USUAL
    own = terms_of([ROW])
    assert [(each.id, each.kind, each.bound) for each in own] == [
        ("a", COMPLAINS, 25),
        ("usual promotes", PROMOTES, 90),
    ]
    off = terms_of([{**ROW, "active": False}])
    assert [each.kind for each in off] == [PROMOTES], "one that is off turns the usual one off"


def test_rows_are_put_together_by_customer() -> None:
    ticket = {"customer_id": "c", "kind": "complaint", "created_at": NOW - DAY_MS, "status": "open"}
    late = {**ticket, "solve_due_at": NOW - 1, "solve_failed_at": None}
    done = {**ticket, "status": "closed", "solve_due_at": None, "solve_failed_at": NOW - 5}
    found = heard_by(
        [late, done],
        [{"customer_id": "c", "percent": 0, "answered_at": NOW}],
        [{"referred_by_id": "d", "created_at": NOW}],
        NOW,
    )
    assert [each.is_late for each in found["c"].tickets] == [True, False], "what is solved is late no more"
    assert found["d"].referrals == (NOW,)
    assert mark_of(judge(found["d"], USUAL, NOW)) == PROMOTES


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"days": 0}, "days"),
        ({"days": None}, "days"),
        ({"tickets": 0}, "tickets"),
        ({"tickets": None, "referrals": 2}, "tickets"),
        ({"bound": 101}, "bound"),
        ({"kind": "sleeps"}, "kind"),
    ],
)
def test_a_rule_that_cannot_hold_is_told_at_its_field(wrong: dict[str, Any], field: str) -> None:
    assert field in [each.field for each in problems_of_terms({**ROW, **wrong})]
    assert problems_of_terms(ROW) == []
