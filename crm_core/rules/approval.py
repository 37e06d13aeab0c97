"""Approvals: who is to decide now and what it has come to, the same on laptop and at HQ.

A flow is an ordered row of steps. Whoever must decide at a step has a *seat* there; another one may decide in
his place while he is away. A request stands at a *place*: a step, and a round that a return to an earlier
step begins. What was decided at other places is history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from crm_core.errors import Problem
from crm_core.i18n import N_, Message, message
from crm_core.ids import is_id

MOST_STEPS: Final = 20
MOST_LEVELS: Final = 10
MOST_NAMED: Final = 50


class Who(StrEnum):
    """Whom a step asks."""

    NAMED = "named"
    SUPERIOR = "superior"
    CHAIN = "chain"
    """The superior, his superior and so on: so many of them, or up to the first who holds a role."""
    ROLE = "role"


class Mode(StrEnum):
    """How many of those a step asks must approve."""

    ALL = "all"
    ANY = "any"
    SEQUENCE = "sequence"


class Nobody(StrEnum):
    """What a step comes to that finds nobody to ask."""

    REFUSE = "refuse"
    SKIP = "skip"
    ADMINISTRATOR = "administrator"


class Own(StrEnum):
    """What happens where a step would ask who asked."""

    SKIP = "skip"
    SUPERIOR = "superior"
    SELF = "self"


class Verdict(StrEnum):
    """What somebody decides."""

    APPROVE = "approve"
    RETURN = "return"
    REFUSE = "refuse"


class State(StrEnum):
    """What a request has come to."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a flow."""

    who: Who = Who.SUPERIOR
    users: tuple[str, ...] = ()
    """NAMED: whom, in this order."""
    role: str | None = None
    """ROLE: whose holders; CHAIN: the role it goes up to."""
    levels: int | None = None
    """CHAIN: how many superiors at most."""
    mode: Mode = Mode.ANY
    nobody: Nobody = Nobody.ADMINISTRATOR
    own: Own = Own.SUPERIOR
    changes: tuple[str, ...] = ()
    """Fields of the record that whoever decides at the step may change meanwhile."""


STANDARD_STEPS: Final = (Step(),)
"""What is gone through where a limit is passed and no flow says otherwise: the superior."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who works here. Built by `people_of`."""

    superior: Mapping[str, str | None]
    holders: Mapping[str, tuple[str, ...]]
    """Users by the role they hold, in the order of their names."""
    administrators: tuple[str, ...] = ()
    active: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Somebody is away from a moment until another, that one excluded, and somebody stands in for him."""

    user: str
    stand_in: str
    from_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a request stands."""

    round: int = 0
    step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What somebody decided. `seat` is in whose place, himself or who is away."""

    id: str
    by: str
    seat: str
    place: Place
    verdict: Verdict
    at_ms: int
    to_step: int | None = None
    digest: str | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a request has come to."""

    state: State
    place: Place
    seats: tuple[str, ...] = ()
    """Who may decide now; nobody where it does not wait."""
    all_seats: tuple[str, ...] = ()
    """Everybody the present step asks, also those who decided or whose turn comes later."""
    own: Own = Own.SUPERIOR
    changes: tuple[str, ...] = ()
    reason: Message | None = None
    """Why it ended, where no decision says so."""


NOBODY_FOUND: Final = message(N_("Nobody was found who could approve it"))
NOT_WAITING: Final = message(N_("This request has come to its end"))
STEP_IS_OVER: Final = message(N_("This step was decided already; look at the request again"))
NOT_IN_TURN: Final = message(N_("It is not your turn to decide this"))
NOT_STANDING_IN: Final = message(N_("You do not stand in for this person on this day"))
NOT_ONES_OWN: Final = message(N_("Nobody approves what he asked for himself"))
CHANGED_SINCE: Final = message(N_("It was changed since approval was asked for; look at it again"))
SAY_WHY_NOT: Final = message(N_("Say why in a comment"))
NO_SUCH_STEP: Final = message(N_("It can be returned to an earlier step only"))
ONLY_ASKER: Final = message(N_("Only who asked for approval withdraws it"))
ASKED_ALREADY: Final = message(N_("Approval was asked for already"))
NOT_ASKED: Final = message(N_("This needs approval: ask for it first"))
WAITS_STILL: Final = message(N_("It waits for approval still"))
REQUEST_STANDS: Final = message(N_("What was asked stays as it was; withdraw it and ask anew"))


def standing(
    steps: Sequence[Step],
    submitter: str,
    decisions: Iterable[Decision],
    people: People,
    *,
    place: Place = Place(),
    withdrawn: bool = False,
) -> Standing:
    """Return what a request has come to from where it stood, by the decisions taken since.

    It is a function of the set of decisions: in which order they are given changes nothing. Of one step a
    refusal counts before a return, and that before approvals.
    """
    if withdrawn:
        return Standing(state=State.WITHDRAWN, place=place)
    by_place: dict[Place, list[Decision]] = {}
    for decision in decisions:
        by_place.setdefault(decision.place, []).append(decision)
    while place.step < len(steps):
        step = steps[place.step]
        seats, mode = _seats(step, submitter, people)
        if seats is None:
            return Standing(state=State.REFUSED, place=place, reason=NOBODY_FOUND)
        here = [each for each in by_place.get(place, ()) if each.seat in seats]
        if any(each.verdict is Verdict.REFUSE for each in here):
            return Standing(state=State.REFUSED, place=place, all_seats=seats)
        returned = [each for each in here if each.verdict is Verdict.RETURN]
        if returned:
            earlier = [each.to_step for each in returned]
            back = None if None in earlier else min(each for each in earlier if each is not None)
            if back is None or not 0 <= back < place.step:
                return Standing(state=State.RETURNED, place=place, all_seats=seats)
            place = Place(place.round + 1, back)
            continue
        approved = {each.seat for each in here}
        left = [seat for seat in seats if seat not in approved]
        if left and not (mode is Mode.ANY and approved):
            now = tuple(left[:1]) if mode is Mode.SEQUENCE else tuple(left)
            return Standing(
                state=State.WAITING,
                place=place,
                seats=now,
                all_seats=seats,
                own=step.own,
                changes=step.changes,
            )
        place = Place(place.round, place.step + 1)
    return Standing(state=State.APPROVED, place=place)


def refusal(
    decision: Decision,
    now: Standing,
    submitter: str,
    away: Iterable[Away],
    *,
    digest: str | None,
    comes_back: bool = True,
) -> Message | None:
    """Return why a decision is not taken; None where it is. `digest` marks the values that are asked about.

    `comes_back` False leaves out what only its writer can put right, such as a comment.
    """
    if now.state is not State.WAITING:
        return NOT_WAITING
    if decision.place != now.place:
        return STEP_IS_OVER
    if decision.by == submitter and now.own is not Own.SELF:
        return NOT_ONES_OWN
    if decision.seat not in now.seats:
        return NOT_IN_TURN
    if decision.by != decision.seat and decision.by not in stand_ins(decision.seat, away, decision.at_ms):
        return NOT_STANDING_IN
    if decision.digest is not None and decision.digest != digest:
        return CHANGED_SINCE
    if decision.to_step is not None and (
        decision.verdict is not Verdict.RETURN or not 0 <= decision.to_step < now.place.step
    ):
        return NO_SUCH_STEP
    if comes_back and decision.verdict is not Verdict.APPROVE and not decision.comment.strip():
        return SAY_WHY_NOT
    return None


def stand_ins(user: str, away: Iterable[Away], at_ms: int) -> frozenset[str]:
    """Return who decides in somebody's place at a moment; of one who is away himself, his stand-in too."""
    every = [each for each in away if each.from_ms <= at_ms < each.until_ms]
    found: set[str] = set()
    asked = [user]
    while asked:
        who = asked.pop()
        for each in every:
            if each.user == who and each.stand_in not in found and each.stand_in != user:
                found.add(each.stand_in)
                asked.append(each.stand_in)
    return frozenset(found)


def seats_for(user: str, now: Standing, submitter: str, away: Sequence[Away], at_ms: int) -> tuple[str, ...]:
    """Return in whose place a person may decide now: his own first."""
    if user == submitter and now.own is not Own.SELF:
        return ()
    own = tuple(seat for seat in now.seats if seat == user)
    return own + tuple(seat for seat in now.seats if seat != user and user in stand_ins(seat, away, at_ms))


def _seats(step: Step, submitter: str, people: People) -> tuple[tuple[str, ...] | None, Mode]:
    """Return whom a step asks and how many of them must approve; None: nobody was found, it is refused."""
    found = list(dict.fromkeys(each for each in _asked(step, submitter, people) if each in people.active))
    was_own = submitter in found
    if was_own and step.own is not Own.SELF:
        superior = people.superior.get(submitter) if step.own is Own.SUPERIOR else None
        place = found.index(submitter)
        found[place : place + 1] = [superior] if superior in people.active and superior not in found else []
    if found or (was_own and step.own is Own.SKIP) or step.nobody is Nobody.SKIP:
        return tuple(each for each in found if each is not None), step.mode
    if step.nobody is Nobody.ADMINISTRATOR:
        others = [each for each in people.administrators if each in people.active]
        if step.own is not Own.SELF:
            others = [each for each in others if each != submitter]
        if others:
            return tuple(others), Mode.ANY
    return None, step.mode


def _asked(step: Step, submitter: str, people: People) -> Sequence[str]:
    match step.who:
        case Who.NAMED:
            return step.users
        case Who.ROLE:
            return people.holders.get(step.role or "", ())
        case Who.SUPERIOR:
            superior = people.superior.get(submitter)
            return [superior] if superior else []
        case Who.CHAIN:
            return _chain(step, submitter, people)


def _chain(step: Step, submitter: str, people: People) -> list[str]:
    most = min(step.levels or MOST_LEVELS, MOST_LEVELS)
    last = frozenset(people.holders.get(step.role, ())) if step.role else frozenset()
    found: list[str] = []
    above = people.superior.get(submitter)
    while above and above not in found and above != submitter and len(found) < most:
        found.append(above)
        if above in last:
            break
        above = people.superior.get(above)
    return found


# From records


def people_of(
    users: Iterable[Mapping[str, Any]],
    teams: Iterable[Mapping[str, Any]],
    roles: Iterable[Mapping[str, Any]],
) -> People:
    """Return who works here, of the rows of users, teams and roles that live."""
    team_of = {row["id"]: row for row in teams}
    rows = sorted(users, key=lambda row: (row["name"] or "", row["id"]))
    administering = {row["id"] for row in roles if (row["rights"] or {}).get("administers") is True}
    holders: dict[str, tuple[str, ...]] = {}
    active = [row for row in rows if row["active"] is not False]
    for row in active:
        if row["role_id"]:
            holders[row["role_id"]] = (*holders.get(row["role_id"], ()), row["id"])
    known = {row["id"] for row in active}
    return People(
        superior={row["id"]: _superior(row, team_of, known) for row in rows},
        holders=holders,
        administrators=tuple(row["id"] for row in active if row["role_id"] in administering),
        active=frozenset(known),
    )


def _superior(
    user: Mapping[str, Any], team_of: Mapping[str, Mapping[str, Any]], known: set[str]
) -> str | None:
    """Return who manages somebody's team, or the nearest one above that somebody else manages."""
    seen: set[str] = set()
    team_id = user["team_id"]
    while team_id and team_id not in seen and team_id in team_of:
        seen.add(team_id)
        manager = team_of[team_id]["manager_id"]
        if manager and manager != user["id"] and manager in known:
            return str(manager)
        team_id = team_of[team_id]["parent_id"]
    return None


def away_of(rows: Iterable[Mapping[str, Any]]) -> list[Away]:
    """Return the absences of records that live."""
    return [
        Away(
            user=row["owner_id"],
            stand_in=row["stand_in_id"],
            from_ms=row["begins_at"],
            until_ms=row["ends_at"],
        )
        for row in rows
        if row["owner_id"] and row["stand_in_id"] and row["begins_at"] and row["ends_at"]
    ]


def decision_of(record_id: str, values: Mapping[str, Any]) -> Decision | None:
    """Return the decision a record tells of; None where it says something this program does not know."""
    try:
        verdict = Verdict(values.get("verdict") or "")
    except ValueError:
        return None
    by = str(values.get("owner_id") or "")
    return Decision(
        id=record_id,
        by=by,
        seat=str(values.get("for_id") or by),
        place=Place(values.get("round") or 0, values.get("step") or 0),
        verdict=verdict,
        at_ms=values.get("created_at") or 0,
        to_step=values.get("to_step"),
        digest=values.get("digest"),
        comment=values.get("comment") or "",
    )


def plain_step(step: Step) -> dict[str, Any]:
    """Return a step as a flow's record keeps it."""
    return {
        "who": step.who.value,
        "users": list(step.users),
        "role": step.role,
        "levels": step.levels,
        "mode": step.mode.value,
        "nobody": step.nobody.value,
        "own": step.own.value,
        "changes": list(step.changes),
    }


def steps_of(stored: Any) -> tuple[Step, ...]:
    """Return the steps a record keeps. `ValueError`, `TypeError` or `KeyError` where they cannot be read."""
    if not isinstance(stored, list) or not 0 < len(stored) <= MOST_STEPS:
        raise ValueError(stored)
    return tuple(_step_of(each) for each in stored)


def _step_of(stored: Mapping[str, Any]) -> Step:
    if not isinstance(stored, Mapping):
        raise TypeError(stored)
    users, changes = stored.get("users") or [], stored.get("changes") or []
    levels, role = stored.get("levels"), stored.get("role")
    if not all(isinstance(each, list) for each in (users, changes)) or len(users) > MOST_NAMED:
        raise TypeError(stored)
    if not all(isinstance(each, str) and is_id(each) for each in users) or not all(
        isinstance(each, str) for each in changes
    ):
        raise TypeError(stored)
    if levels is not None and (type(levels) is not int or not 1 <= levels <= MOST_LEVELS):
        raise ValueError(stored)
    if role is not None and not (isinstance(role, str) and is_id(role)):
        raise ValueError(stored)
    return Step(
        who=Who(stored["who"]),
        users=tuple(users),
        role=role,
        levels=levels,
        mode=Mode(stored.get("mode") or Mode.ANY),
        nobody=Nobody(stored.get("nobody") or Nobody.ADMINISTRATOR),
        own=Own(stored.get("own") or Own.SUPERIOR),
        changes=tuple(changes),
    )


@dataclass(frozen=True, slots=True)
class Words:
    """What the parts of a step are called, by their English source."""

    who: Mapping[Who, str] = field(
        default_factory=lambda: {
            Who.NAMED: N_("People named"),
            Who.SUPERIOR: N_("The superior"),
            Who.CHAIN: N_("The chain of superiors"),
            Who.ROLE: N_("Whoever holds a role"),
        }
    )
    mode: Mapping[Mode, str] = field(
        default_factory=lambda: {
            Mode.ALL: N_("All of them"),
            Mode.ANY: N_("Any one of them"),
            Mode.SEQUENCE: N_("One after the other"),
        }
    )
    nobody: Mapping[Nobody, str] = field(
        default_factory=lambda: {
            Nobody.ADMINISTRATOR: N_("Ask an administrator"),
            Nobody.SKIP: N_("Go on without"),
            Nobody.REFUSE: N_("Refuse it"),
        }
    )
    own: Mapping[Own, str] = field(
        default_factory=lambda: {
            Own.SUPERIOR: N_("Ask the superior instead"),
            Own.SKIP: N_("Go on without"),
            Own.SELF: N_("Let that person approve it"),
        }
    )


WORDS: Final = Words()


def problems_of_absence(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with an absence as it would be saved."""
    problems = []
    begins, ends = values.get("begins_at"), values.get("ends_at")
    if isinstance(begins, int) and isinstance(ends, int) and begins >= ends:
        problems.append(Problem(field="ends_at", message=message(N_("It ends before it begins"))))
    if values.get("stand_in_id") and values.get("stand_in_id") == values.get("owner_id"):
        problems.append(Problem(field="stand_in_id", message=message(N_("Nobody stands in for himself"))))
    return problems
