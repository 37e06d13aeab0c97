"""Who is to decide, and what it has come to: rules alone."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.rules import approval
from crm_core.rules.approval import (
    Away,
    Decision,
    Mode,
    Nobody,
    Own,
    People,
    Place,
    Standing,
    State,
    Step,
    Verdict,
    Who,
)

EVERYBODY = ("rep", "lead", "head", "boss", "legal", "finance")
PEOPLE = People(
    superior={
        "rep": "lead",
        "lead": "head",
        "head": "boss",
        "boss": None,
        "legal": "boss",
        "finance": "boss",
    },
    holders={"law": ("legal",), "money": ("finance", "boss"), "heads": ("head",), "nobody": ()},
    administrators=("boss",),
    active=frozenset(EVERYBODY),
)


def decided(
    by: str, place: tuple[int, int] = (0, 0), verdict: Verdict = Verdict.APPROVE, **said: object
) -> Decision:
    values = {"id": by, "seat": by, "at_ms": 50, "comment": "Because", **said}
    return Decision(by=by, place=Place(*place), verdict=verdict, **values)  # type: ignore[arg-type]


def standing(*steps: Step, decisions: tuple[Decision, ...] = (), by: str = "rep") -> Standing:
    return approval.standing(steps, by, decisions, PEOPLE)


@pytest.mark.parametrize(
    ("step", "seats"),
    [
        (Step(who=Who.SUPERIOR), ("lead",)),
        (Step(who=Who.NAMED, users=("legal", "finance"), mode=Mode.ALL), ("legal", "finance")),
        (Step(who=Who.NAMED, users=("legal", "finance"), mode=Mode.SEQUENCE), ("legal",)),
        (Step(who=Who.ROLE, role="money"), ("finance", "boss")),
        (Step(who=Who.CHAIN, levels=2, mode=Mode.ALL), ("lead", "head")),
        (Step(who=Who.CHAIN, role="heads", mode=Mode.ALL), ("lead", "head")),
        (Step(who=Who.CHAIN, mode=Mode.ALL), ("lead", "head", "boss")),
        (Step(who=Who.ROLE, role="nobody", nobody=Nobody.ADMINISTRATOR), ("boss",)),
        (Step(who=Who.NAMED, users=("rep", "legal"), own=Own.SKIP, mode=Mode.ALL), ("legal",)),
        (Step(who=Who.NAMED, users=("rep", "legal"), own=Own.SUPERIOR, mode=Mode.ALL), ("lead", "legal")),
        (Step(who=Who.NAMED, users=("rep", "legal"), own=Own.SELF, mode=Mode.ALL), ("rep", "legal")),
    ],
)
def test_a_step_asks_whom_it_says(step: Step, seats: tuple[str, ...]) -> None:
    now = standing(step)
    assert (now.state, now.seats) == (State.WAITING, seats)


def test_a_step_that_finds_nobody_does_what_it_says() -> None:
    step = {"who": Who.ROLE, "role": "nobody"}
    assert standing(Step(**step, nobody=Nobody.SKIP)).state is State.APPROVED  # type: ignore[arg-type]
    refused = standing(Step(**step, nobody=Nobody.REFUSE))  # type: ignore[arg-type]
    assert (refused.state, refused.reason) == (State.REFUSED, approval.NOBODY_FOUND)
    alone = approval.standing([Step(**step)], "boss", [], PEOPLE)  # type: ignore[arg-type]
    assert (alone.state, alone.reason) == (State.REFUSED, approval.NOBODY_FOUND)


def test_the_one_above_everybody_is_nobodys_to_approve_but_by_who_administers() -> None:
    assert standing(Step(), by="boss").state is State.REFUSED
    assert standing(Step(nobody=Nobody.SKIP), by="boss").state is State.APPROVED


def test_all_must_approve_in_any_order_or_one_after_the_other() -> None:
    named = {"who": Who.NAMED, "users": ("legal", "finance")}
    one, other = decided("legal"), decided("finance")
    assert standing(Step(**named, mode=Mode.ALL), decisions=(one,)).seats == ("finance",)  # type: ignore[arg-type]
    assert standing(Step(**named, mode=Mode.ALL), decisions=(other, one)).state is State.APPROVED  # type: ignore[arg-type]
    assert standing(Step(**named, mode=Mode.ANY), decisions=(other,)).state is State.APPROVED  # type: ignore[arg-type]
    in_turn = standing(Step(**named, mode=Mode.SEQUENCE), decisions=(one,))  # type: ignore[arg-type]
    assert in_turn.seats == ("finance",)


def test_a_return_lets_an_earlier_step_decide_again_or_gives_it_back() -> None:
    steps = (Step(who=Who.SUPERIOR), Step(who=Who.ROLE, role="law"))
    first = decided("lead")
    back = decided("legal", (0, 1), Verdict.RETURN, to_step=0)
    again = standing(*steps, decisions=(first, back))
    assert (again.state, again.place, again.seats) == (State.WAITING, Place(1, 0), ("lead",))
    whole = (first, back, decided("lead", (1, 0), id="2"), decided("legal", (1, 1), id="3"))
    assert standing(*steps, decisions=whole).state is State.APPROVED
    given_back = decided("legal", (0, 1), Verdict.RETURN)
    assert standing(*steps, decisions=(first, given_back)).state is State.RETURNED


def test_what_is_withdrawn_is_at_its_end() -> None:
    now = approval.standing([Step()], "rep", [], PEOPLE, withdrawn=True)
    assert now.state is State.WITHDRAWN
    assert approval.refusal(decided("lead"), now, "rep", [], digest=None) == approval.NOT_WAITING


@pytest.mark.parametrize(
    ("decision", "reason"),
    [
        (decided("lead"), None),
        (decided("legal"), approval.NOT_IN_TURN),
        (decided("rep"), approval.NOT_ONES_OWN),
        (decided("lead", (0, 1)), approval.STEP_IS_OVER),
        (decided("lead", (1, 0)), approval.STEP_IS_OVER),
        (decided("legal", seat="lead"), approval.NOT_STANDING_IN),
        (decided("lead", digest="other"), approval.CHANGED_SINCE),
        (decided("lead", digest="same"), None),
        (decided("lead", verdict=Verdict.REFUSE, comment=" "), approval.SAY_WHY_NOT),
        (decided("lead", verdict=Verdict.RETURN, to_step=0), approval.NO_SUCH_STEP),
        (decided("lead", to_step=0), approval.NO_SUCH_STEP),
    ],
)
def test_a_decision_that_does_not_count_is_refused_with_its_reason(
    decision: Decision, reason: object
) -> None:
    assert approval.refusal(decision, standing(Step()), "rep", [], digest="same") == reason


def test_a_stand_in_decides_within_his_days_alone() -> None:
    away = [Away(user="lead", stand_in="legal", from_ms=10, until_ms=100)]
    now = standing(Step())
    for at_ms, reason in (
        (9, approval.NOT_STANDING_IN),
        (10, None),
        (99, None),
        (100, approval.NOT_STANDING_IN),
    ):
        decision = decided("legal", seat="lead", at_ms=at_ms)
        assert approval.refusal(decision, now, "rep", away, digest=None) == reason, at_ms
    assert approval.refusal(decided("lead"), now, "rep", away, digest=None) is None


def test_of_a_stand_in_who_is_away_himself_another_one_decides_and_never_who_asked() -> None:
    away = [
        Away(user="lead", stand_in="legal", from_ms=0, until_ms=100),
        Away(user="legal", stand_in="rep", from_ms=0, until_ms=100),
        Away(user="rep", stand_in="finance", from_ms=0, until_ms=100),
    ]
    now = standing(Step())
    assert approval.stand_ins("lead", away, 50) == {"legal", "rep", "finance"}
    assert approval.refusal(decided("finance", seat="lead"), now, "rep", away, digest=None) is None
    assert (
        approval.refusal(decided("rep", seat="lead"), now, "rep", away, digest=None) == approval.NOT_ONES_OWN
    )
    assert approval.seats_for("rep", now, "rep", away, 50) == ()


_STEPS = st.builds(
    Step,
    who=st.sampled_from(Who),
    users=st.lists(st.sampled_from(EVERYBODY), max_size=3).map(tuple),
    role=st.sampled_from((None, "law", "money", "heads", "nobody")),
    levels=st.sampled_from((None, 1, 2, 3)),
    mode=st.sampled_from(Mode),
    nobody=st.sampled_from(Nobody),
    own=st.sampled_from(Own),
)
_FLOWS = st.lists(_STEPS, max_size=4).map(tuple)


@given(_FLOWS, st.sampled_from(EVERYBODY), st.data())
@settings(max_examples=150)
def test_every_path_ends_and_nobody_approves_what_he_may_not(
    steps: tuple[Step, ...], asks: str, data: st.DataObject
) -> None:
    """Somebody who may decides at random, at most three times a return: then it has come to an end."""
    taken: list[Decision] = []
    returns = 0
    for turn in range(60):
        now = approval.standing(steps, asks, taken, PEOPLE)
        if now.state is not State.WAITING:
            break
        who = data.draw(st.sampled_from(EVERYBODY))
        may = who in now.seats and (who != asks or now.own is Own.SELF)
        verdict = Verdict.APPROVE
        if returns < 3 and now.place.step and data.draw(st.booleans()):
            verdict, returns = Verdict.RETURN, returns + may
        decision = Decision(
            id=str(turn),
            by=who,
            seat=who,
            place=now.place,
            verdict=verdict,
            at_ms=turn,
            to_step=now.place.step - 1 if verdict is Verdict.RETURN else None,
            comment="x",
        )
        reason = approval.refusal(decision, now, asks, [], digest=None)
        assert (reason is None) is may
        if not may:
            decision = Decision(
                id=str(turn),
                by=now.seats[0],
                seat=now.seats[0],
                place=now.place,
                verdict=verdict,
                at_ms=turn,
                to_step=decision.to_step,
                comment="x",
            )
            returns += verdict is Verdict.RETURN
        assert approval.refusal(decision, now, asks, [], digest=None) is None
        taken.append(decision)
    end = approval.standing(steps, asks, taken, PEOPLE)
    assert end.state in (State.APPROVED, State.REFUSED)
    if end.state is State.REFUSED:
        assert end.reason == approval.NOBODY_FOUND
    for each in taken:
        assert each.by != asks or steps[each.place.step].own is Own.SELF


@given(
    _FLOWS,
    st.sampled_from(EVERYBODY),
    st.lists(
        st.tuples(
            st.sampled_from(EVERYBODY),
            st.integers(0, 1),
            st.integers(0, 3),
            st.sampled_from(Verdict),
            st.sampled_from((None, 0, 1)),
        ),
        max_size=4,
    ),
)
def test_the_order_in_which_decisions_arrive_changes_nothing(
    steps: tuple[Step, ...], asks: str, drawn: list[tuple[str, int, int, Verdict, int | None]]
) -> None:
    decisions = [
        decided(who, (round_, step), verdict, to_step=back, id=str(number))
        for number, (who, round_, step, verdict, back) in enumerate(drawn)
    ]
    found = {repr(approval.standing(steps, asks, some, PEOPLE)) for some in permutations(decisions)}
    assert len(found) == 1


@given(_FLOWS, st.sampled_from(EVERYBODY))
def test_steps_are_kept_as_they_are(steps: tuple[Step, ...], asks: str) -> None:
    ids = {name: f"{number:032x}" for number, name in enumerate((*EVERYBODY, *PEOPLE.holders), start=1)}
    known = tuple(
        Step(
            who=each.who,
            users=tuple(ids[user] for user in each.users),
            role=ids.get(each.role or ""),
            levels=each.levels,
            mode=each.mode,
            nobody=each.nobody,
            own=each.own,
        )
        for each in steps
    )
    if known:
        assert approval.steps_of([approval.plain_step(each) for each in known]) == known


def test_the_superior_is_who_manages_the_nearest_team_above() -> None:
    users = [
        {"id": each, "name": each, "role_id": "r", "team_id": team, "active": True}
        for each, team in (("rep", "north"), ("lead", "north"), ("head", "all"), ("left", "north"))
    ]
    users[-1]["active"] = False
    teams = [
        {"id": "north", "parent_id": "empty", "manager_id": "lead"},
        {"id": "empty", "parent_id": "all", "manager_id": "left"},
        {"id": "all", "parent_id": "north", "manager_id": "head"},
    ]
    people = approval.people_of(users, teams, [{"id": "r", "rights": {"administers": True}}])
    assert people.superior == {"rep": "lead", "lead": "head", "head": "lead", "left": "lead"}
    assert people.administrators == ("head", "lead", "rep")
