"""Service levels as records say them: which one a ticket has, and what follows for its deadlines. No I/O.

Laptops and HQ ask the same functions. What is not on a laptop (a customer's level its user may not read)
HQ alone can judge; its word comes with the next sync and stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from crm_core.entities import SCHEMAS
from crm_core.entities._choices import LEVELS, PRIORITIES
from crm_core.entities.ticket import TICKET_STATES
from crm_core.errors import Problem, UserError
from crm_core.i18n import N_, message
from crm_core.ids import is_id
from crm_core.rules import segments
from crm_core.rules.conditions import Condition, demand_fitting
from crm_core.rules.holding import holds
from crm_core.rules.recurrence import zone_of
from crm_core.rules.relative_days import RelativeDay
from crm_core.rules.segments import AllOf, Rule
from crm_core.rules.sla import (
    BY_VOICE,
    ENDED,
    PAUSING,
    Promise,
    Promised,
    Said,
    Terms,
    pressing,
    promises,
)
from crm_core.rules.working_time import NINE_TO_SIX, WorkingTime, working_time_of
from crm_core.schema.field import Field, Kind
from crm_core.times import MINUTE_MS

MOST_MINUTES: Final = 60 * 24 * 400
MOST_LEVELS: Final = 9
TO: Final = ("assignee", "manager", "flag", "reassign")
"""Whom a level of escalation turns to: who has the ticket, the head of his team, whoever administers by a
mark on the ticket, or somebody else who gets it."""
CUSTOMER_LEVEL: Final = Field(
    no=0,
    name="customer_level",
    label=N_("Level of the customer"),
    kind=Kind.CHOICE,
    choices=LEVELS,
    computed=True,
    read_only=True,
    in_form=False,
)
"""What a service level may ask besides the ticket's own fields."""
_ASKED: Final = frozenset(
    ("kind", "priority", "category_id", "product_id", "team_id", "channel", "tags", "customer_id")
)
DUE: Final[Mapping[Promised, str]] = MappingProxyType(
    {Promised.REPLY: "reply_due_at", Promised.NEXT: "next_due_at", Promised.SOLVE: "solve_due_at"}
)
FAILED: Final[Mapping[Promised, str]] = MappingProxyType(
    {
        Promised.REPLY: "reply_failed_at",
        Promised.NEXT: "next_failed_at",
        Promised.SOLVE: "solve_failed_at",
    }
)
ASKED: Final[Mapping[str, Field]] = MappingProxyType(
    {
        CUSTOMER_LEVEL.name: CUSTOMER_LEVEL,
        **{name: field for name, field in SCHEMAS["ticket"].fields.items() if name in _ASKED},
    }
)
"""What a service level may ask of a ticket, by name."""
READ: Final = frozenset((*_ASKED, "status", "steps", "created_at", "policy_id", *DUE.values(), "replied_at"))
"""Fields of a ticket its deadlines follow from, and those that hold them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A level of escalation: `after_ms` of working time after a promise broke."""

    after_ms: int
    to: str
    user_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A service level in use. `limits` are working milliseconds by priority and promise."""

    id: str
    name: str
    rule: Rule
    time: WorkingTime
    limits: Mapping[str, Mapping[Promised, int]]
    pausing: frozenset[str] = PAUSING
    warn_ms: int = 0
    levels: tuple[Level, ...] = ()

    def terms(self, priority: str) -> Terms:
        """Return what tickets of a priority are promised."""
        return Terms(time=self.time, limits=self.limits.get(priority, {}), pausing=self.pausing)


def policies_of(
    rows: Iterable[Mapping[str, Any]], calendars: Iterable[Mapping[str, Any]]
) -> tuple[Policy, ...]:
    """Return the service levels in use, of the rows that live, in the order they are asked.

    One a newer program wrote and this cannot read is left out; HQ says what counts.
    """
    times = {row["id"]: row for row in calendars}
    usual = _standard_of(times.values())
    found = []
    for row in sorted(rows, key=lambda each: (each["rank"] or 0, each["id"])):
        rule = segments.rule_of(row["rules"]) if row["rules"] else AllOf()
        if row["active"] is False or rule is None or problems_of_promised(row):
            continue
        found.append(
            Policy(
                id=row["id"],
                name=row["name"] or "",
                rule=rule,
                time=_time_of(times.get(row["calendar_id"]) or usual),
                limits={
                    priority: {Promised(name): minutes * MINUTE_MS for name, minutes in limits.items()}
                    for priority, limits in (row["promised"] or {}).items()
                },
                pausing=PAUSING if row["pausing"] is None else frozenset(row["pausing"]),
                warn_ms=(row["warn_minutes"] or 0) * MINUTE_MS,
                levels=tuple(
                    Level(after_ms=each["after"] * MINUTE_MS, to=each["to"], user_id=each.get("user"))
                    for each in row["escalations"] or ()
                ),
            )
        )
    return tuple(found)


def policy_for(
    policies: Sequence[Policy], ticket: Mapping[str, Any], customer_level: str | None
) -> Policy | None:
    """Return the service level of a ticket; None where nothing is promised."""
    values = {**ticket, CUSTOMER_LEVEL.name: customer_level}
    return next((each for each in policies if holds(each.rule, values, ASKED)), None)


def standing(
    policy: Policy | None, ticket: Mapping[str, Any], messages: Iterable[Mapping[str, Any]]
) -> dict[Promised, Promise]:
    """Return how the promises of a ticket stand by its record and its messages'; none without a policy."""
    if policy is None or not ticket.get("created_at"):
        return {}
    priority = str(ticket.get("priority") or "normal")
    steps = steps_of(ticket)
    began = steps[0][1] if steps else str(ticket.get("status") or "new")
    moved = [(at_ms, after) for at_ms, _before, after in steps]
    return promises(policy.terms(priority), ticket["created_at"], began, moved, said_in(messages))


def derived(
    standing: Mapping[Promised, Promise], policy: Policy | None, answered: int | None
) -> dict[str, Any]:
    """Return what a ticket's record keeps of how its promises stand."""
    first = pressing(standing)
    return {
        "policy_id": policy.id if policy is not None else None,
        "replied_at": answered,
        "due_at": first[1].due_at if first is not None else None,
        **{
            name: standing[which].due_at if which in standing and standing[which].met_at is None else None
            for which, name in DUE.items()
        },
    }


def answered_at(ticket: Mapping[str, Any], messages: Iterable[Mapping[str, Any]]) -> int | None:
    """Return when the customer was first answered, None where he was not yet; never before it was opened."""
    first = min((each.at_ms for each in said_in(messages) if not each.by_customer), default=None)
    return None if first is None else max(first, ticket.get("created_at") or first)


def ended_at(ticket: Mapping[str, Any], now_ms: int) -> int | None:
    """Return when a ticket came to its end, None for one that did not; now where its steps do not say."""
    if ticket.get("status") not in ENDED:
        return None
    ends = [at_ms for at_ms, before, after in steps_of(ticket) if before not in ENDED and after in ENDED]
    return ends[-1] if ends else ticket.get("closed_at") or now_ms


def said_in(messages: Iterable[Mapping[str, Any]]) -> list[Said]:
    """Return what was said between us and the customer: no notes, nothing that has not reached him.

    Whoever writes down what was said names when; nothing was said after it was written down.
    """
    found = []
    for row in messages:
        if row.get("internal"):
            continue
        by_customer = bool(row.get("from_customer"))
        at_ms = row.get("sent_at")
        if by_customer or row.get("channel") in BY_VOICE:
            named, noted = row.get("written_at"), row.get("created_at")
            at_ms = noted if named is None or (noted is not None and named > noted) else named
        if at_ms is not None:
            found.append(Said(at_ms=at_ms, by_customer=by_customer))
    return found


def steps_of(ticket: Mapping[str, Any]) -> list[tuple[int, str, str]]:
    """Return the steps a ticket took, the oldest first: when, from where, to where."""
    steps = ticket.get("steps")
    if not isinstance(steps, list):
        return []
    return sorted(((at_ms, before, after) for at_ms, before, after in steps), key=lambda step: step[0])


def problems_of_policy(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a service level's record as it would be saved."""
    return [*problems_of_promised(values), *problems_of_rule(values.get("rules"))]


def problems_of_promised(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with what a service level promises."""
    problems = []
    if not _is_promised(values.get("promised") or {}):
        said = message(N_("Say for each priority within how many working minutes, from 1 on"))
        problems.append(Problem(field="promised", message=said))
    pausing = values.get("pausing")
    states = {choice.value for choice in TICKET_STATES} - ENDED
    if pausing is not None and not (isinstance(pausing, list) and states.issuperset(map(str, pausing))):
        said = message(N_("Only states of an open ticket can stop the clock"))
        problems.append(Problem(field="pausing", message=said))
    warn = values.get("warn_minutes")
    if warn is not None and not 0 <= warn <= MOST_MINUTES:
        said = message(N_("Say how many working minutes before, or none"))
        problems.append(Problem(field="warn_minutes", message=said))
    if not _are_levels(values.get("escalations") or []):
        said = message(N_("Say for each level how long after the deadline, rising, and who is told"))
        problems.append(Problem(field="escalations", message=said))
    return problems


def _is_promised(promised: Any) -> bool:
    if not isinstance(promised, dict) or not {choice.value for choice in PRIORITIES}.issuperset(promised):
        return False
    names = {each.value for each in Promised}
    return all(
        isinstance(limits, dict)
        and names.issuperset(limits)
        and all(_is_minutes(minutes) and minutes > 0 for minutes in limits.values())
        for limits in promised.values()
    )


def _are_levels(levels: Any) -> bool:
    if not isinstance(levels, list) or len(levels) > MOST_LEVELS:
        return False
    reached = -1
    for level in levels:
        if not isinstance(level, dict) or level.get("to") not in TO or not _is_minutes(level.get("after")):
            return False
        user = level.get("user")
        is_named = isinstance(user, str) and is_id(user)
        if level["after"] < reached or not (is_named or (user is None and level["to"] != "reassign")):
            return False
        reached = level["after"]
    return True


def _is_minutes(minutes: Any) -> bool:
    return isinstance(minutes, int) and not isinstance(minutes, bool) and 0 <= minutes <= MOST_MINUTES


def problems_of_rule(stored: Any) -> list[Problem]:
    """Return what is wrong with a rule that says for which tickets something is, as a record keeps it."""
    if not stored:
        return []
    rule = segments.rule_of(stored)
    if rule is None:
        return [Problem(field="rules", message=message(N_("These rules cannot be read")))]
    for leaf in segments.leaves(rule):
        field = ASKED.get(leaf.field) if isinstance(leaf, Condition) else None
        if field is None or not isinstance(leaf, Condition) or isinstance(leaf.value, RelativeDay):
            name = leaf.field if isinstance(leaf, Condition) else leaf.entity
            told = message(N_("There is no field called “{field}”"), field=name)
            return [Problem(field="rules", message=told)]
        try:
            demand_fitting(field, leaf)
        except UserError as error:
            return [Problem(field="rules", message=error.message)]
    return []


def standard_time(calendars: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> WorkingTime:
    """Return the working time of the standard calendar, of the rows that live.

    Monday to Friday from nine to six in `zone` where there is none.
    """
    found = _standard_of(calendars)
    return WorkingTime(zone=zone, hours=NINE_TO_SIX) if found is None else _time_of(found)


def _standard_of(calendars: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return min((row for row in calendars if row["standard"]), key=_by_id, default=None)


def _by_id(row: Mapping[str, Any]) -> str:
    return str(row["id"])


def _time_of(calendar: Mapping[str, Any] | None) -> WorkingTime:
    if calendar is None:
        return _STANDARD
    kept = [calendar[name] for name in ("time_zone", "hours", "holidays", "made_up")]
    return _time(json.dumps(kept))


@lru_cache(maxsize=64)
def _time(kept: str) -> WorkingTime:
    zone, hours, holidays, made_up = json.loads(kept)
    values = {"hours": hours, "holidays": holidays, "made_up": made_up}
    return working_time_of(values, zone_of(zone, _STANDARD.zone))


STANDARD_ZONE: Final = ZoneInfo("Asia/Shanghai")
_STANDARD: Final = WorkingTime(zone=STANDARD_ZONE, hours=NINE_TO_SIX)
"""Where no calendar says anything else."""
