"""What a lead scores, with the reasons: the same on laptop and HQ. Values in, answer out.

Points for a field stand as long as the field does. Points for what was done halve with time, so that a lead
nobody spoke with for long sinks by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.errors import Problem, UserError
from crm_core.i18n import N_, Message, Translate, message, plural
from crm_core.schema.field import Field, Kind
from crm_core.schema.values import parse_text
from crm_core.times import DAY_MS

_LEAD: Final = SCHEMAS["lead"].fields
QUALIFY_FROM: Final = 60
NURTURE_FROM: Final = 25
MOST_TIMES: Final = 5
"""How often one rule counts activities unless it says otherwise: ten mails are no ten times better."""


class RuleKind(StrEnum):
    """What a rule looks at."""

    FIELD = "field"
    ACTIVITY = "activity"
    QUALIFY = "qualify"
    NURTURE = "nurture"


class Suggestion(StrEnum):
    """What the points suggest to do with a lead."""

    QUALIFY = "qualified"
    NURTURE = "nurture"
    NOTHING = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringRule:
    """One rule; `reason` is what it rewards."""

    reason: Message
    points: int
    kind: RuleKind = RuleKind.FIELD
    field: str = ""
    comparison: str = "filled"
    value: str = ""
    activity_kind: str = ""
    outcome: str = ""
    half_life_days: int | None = None
    most: int = MOST_TIMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Something done with a lead."""

    kind: str
    outcome: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Points, what for and how many days ago; None for what stands."""

    points: int
    what: Message
    days: int | None = None

    def told(self) -> Message:
        """Return the reason in words: “+20 asked for a price (3 days ago)”."""
        sign = f"{self.points:+d}"
        if self.days is None:
            return message(N_("{points} {reason}"), points=sign, reason=self.what)
        when = (
            message(N_("today"))
            if self.days == 0
            else plural(self.days, message(N_("1 day ago")), message(N_("{days} days ago"), days=self.days))
        )
        return message(N_("{points} {reason} ({when})"), points=sign, reason=self.what, when=when)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The points of a lead, 0 to 100, why, and what they suggest."""

    total: int
    reasons: tuple[Reason, ...]
    """The weightiest first."""
    suggestion: Suggestion
    decays: bool
    """Whether it will be another one as days go by."""


USUAL: Final = (
    ScoringRule(reason=message(N_("can be called")), points=10, field="phone"),
    ScoringRule(reason=message(N_("can be written to")), points=5, field="email"),
    ScoringRule(reason=message(N_("says what is needed")), points=10, field="needs"),
    ScoringRule(reason=message(N_("has a budget")), points=15, field="estimated_value"),
    ScoringRule(
        reason=message(N_("was recommended")), points=15, field="source", comparison="equal", value="referral"
    ),
    ScoringRule(
        reason=message(N_("large company")),
        points=10,
        field="employees",
        comparison="at_least",
        value="100",
    ),
    ScoringRule(
        reason=message(N_("good talk")),
        points=20,
        kind=RuleKind.ACTIVITY,
        outcome="positive",
        half_life_days=30,
        most=2,
    ),
    ScoringRule(
        reason=message(N_("visit")),
        points=15,
        kind=RuleKind.ACTIVITY,
        activity_kind="visit",
        half_life_days=45,
        most=2,
    ),
    ScoringRule(
        reason=message(N_("turned us down")),
        points=-25,
        kind=RuleKind.ACTIVITY,
        outcome="negative",
        half_life_days=60,
        most=2,
    ),
    ScoringRule(
        reason=message(N_("not reached")),
        points=-5,
        kind=RuleKind.ACTIVITY,
        outcome="not_reached",
        half_life_days=14,
        most=3,
    ),
)
"""What counts where an HQ has no rules of its own."""


def score(lead: Mapping[str, Any], done: Sequence[Done], rules: Sequence[ScoringRule], now_ms: int) -> Score:
    """Return what a lead scores now by the rules, or by the usual ones where there are none."""
    rules = rules or USUAL
    reasons: list[Reason] = []
    decays = False
    for rule in rules:
        if rule.kind is RuleKind.FIELD and _holds(rule, lead):
            reasons.append(Reason(points=rule.points, what=rule.reason))
        elif rule.kind is RuleKind.ACTIVITY:
            found = sorted((each for each in done if _fits(rule, each)), key=lambda each: -each.at_ms)
            for each in found[: rule.most]:
                days = max(0, (now_ms - each.at_ms) // DAY_MS)
                points = _faded(rule.points, days, rule.half_life_days)
                decays |= rule.half_life_days is not None and points != 0
                if points:
                    reasons.append(Reason(points=points, what=rule.reason, days=days))
    total = min(100, max(0, sum(reason.points for reason in reasons)))
    reasons.sort(key=lambda reason: (-abs(reason.points), reason.days or 0, reason.what.text))
    return Score(total=total, reasons=tuple(reasons), suggestion=_suggestion(total, rules), decays=decays)


def _faded(points: int, days: int, half_life_days: int | None) -> int:
    if not half_life_days or half_life_days < 0:
        return points
    return round(points * math.pow(2.0, -days / half_life_days))


def _holds(rule: ScoringRule, lead: Mapping[str, Any]) -> bool:
    held = lead.get(rule.field)
    if held in (None, "", [], False):
        return False
    declared = _LEAD.get(rule.field)
    if declared is not None and declared.kind is Kind.MONEY and rule.comparison in ("equal", "at_least"):
        return _holds_amount(rule, declared, lead)
    match rule.comparison:
        case "equal":
            words = held if isinstance(held, list) else [held]
            return any(str(word).strip().casefold() == rule.value.strip().casefold() for word in words)
        case "contains":
            text = " ".join(map(str, held)) if isinstance(held, list) else str(held)
            return bool(rule.value.strip()) and rule.value.strip().casefold() in text.casefold()
        case "at_least":
            return _number(held) is not None and (_number(held) or 0.0) >= (_number(rule.value) or 0.0)
        case _:
            return True


def _holds_amount(rule: ScoringRule, field: Field, lead: Mapping[str, Any]) -> bool:
    """Compare amounts of one currency; one in another cannot be compared."""
    currency = str(field.currency)
    try:
        wanted = parse_text(field, rule.value, lead)
    except UserError:
        return False
    if wanted[field.name] is None or wanted[currency] != (lead.get(currency) or wanted[currency]):
        return False
    held, least = int(lead[field.name]), wanted[field.name]
    return held == least if rule.comparison == "equal" else held >= int(str(least))


def _number(text: Any) -> float | None:
    try:
        return float(str(text).strip())
    except ValueError:
        return None


def _fits(rule: ScoringRule, done: Done) -> bool:
    if rule.activity_kind and done.kind != rule.activity_kind:
        return False
    return not rule.outcome or done.outcome == rule.outcome


def _suggestion(total: int, rules: Sequence[ScoringRule]) -> Suggestion:
    def least(kind: RuleKind, usual: int) -> int:
        return next((rule.points for rule in rules if rule.kind is kind), usual)

    if total >= least(RuleKind.QUALIFY, QUALIFY_FROM):
        return Suggestion.QUALIFY
    if total >= least(RuleKind.NURTURE, NURTURE_FROM):
        return Suggestion.NURTURE
    return Suggestion.NOTHING


def problems_of_rule(values: Mapping[str, Any], fields: Mapping[str, Field]) -> list[Problem]:
    """Return what is wrong with a rule's record as it would be saved; `fields` are those of leads by name."""
    problems: list[Problem] = []
    if values.get("points") is None:
        problems.append(Problem(field="points", message=message(N_("A scoring rule needs its points"))))
    if (values.get("kind") or RuleKind.FIELD) != RuleKind.FIELD:
        return problems
    name = str(values.get("field") or "")
    field = fields.get(name)
    if field is None:
        told = message(N_("Leads have no field called “{field}”"), field=name)
        problems.append(Problem(field="field", message=told))
    elif (values.get("comparison") or "filled") != "filled":
        problems += _problems_of_value(field, str(values.get("value") or ""))
    return problems


def _problems_of_value(field: Field, text: str) -> list[Problem]:
    if not text.strip():
        told = message(N_("Say with which value the field is compared"))
        return [Problem(field="value", message=told)]
    if field.kind in (Kind.MONEY, Kind.INTEGER, Kind.DECIMAL, Kind.PERCENT):
        try:
            parse_text(field, text)
        except UserError as error:
            return [Problem(field="value", message=error.message)]
    return []


def stored(rule: ScoringRule, chinese: Translate) -> dict[str, Any]:
    """Return a rule of `USUAL` as its record keeps it; `chinese` translates the reason."""
    values = {
        "name": rule.reason.text,
        "name_zh": chinese(rule.reason.text),
        "kind": rule.kind.value,
        "field": rule.field,
        "comparison": rule.comparison,
        "value": rule.value,
        "activity_kind": rule.activity_kind,
        "outcome": rule.outcome,
        "points": rule.points,
        "half_life_days": rule.half_life_days,
        "most": rule.most,
    }
    return {name: value for name, value in values.items() if value not in (None, "")} | {"active": True}


def read_rules(rows: Sequence[Mapping[str, Any]], *, chinese: bool) -> list[ScoringRule]:
    """Return the rules in use among stored ones; a reason is what its author wrote in that language."""
    kinds = set(RuleKind)
    found = []
    for row in rows:
        if row.get("active") is False or row.get("kind") not in kinds or row.get("points") is None:
            continue
        written = (row.get("name_zh") if chinese else None) or row.get("name") or ""
        found.append(
            ScoringRule(
                reason=message(N_("{text}"), text=str(written)),
                points=int(row["points"]),
                kind=RuleKind(row["kind"]),
                field=str(row.get("field") or ""),
                comparison=str(row.get("comparison") or "filled"),
                value=str(row.get("value") or ""),
                activity_kind=str(row.get("activity_kind") or ""),
                outcome=str(row.get("outcome") or ""),
                half_life_days=row.get("half_life_days"),
                most=int(row.get("most") or MOST_TIMES),
            )
        )
    return found
