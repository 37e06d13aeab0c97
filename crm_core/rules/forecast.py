"""What deals are expected to bring in a period: their category, the sums of each, and what changed in a week.

An open deal is *commit*, *best case*, *pipeline* or *left out*: as somebody set it by hand, else as its
probability says. Amounts are minor units.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from crm_core.errors import Problem
from crm_core.i18n import N_, message
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.pipeline import LOST, OPEN, WON
from crm_core.rules.relative_days import RelativeDay, Unit
from crm_core.rules.reports import (
    Currencies,
    FieldAt,
    Group,
    Measure,
    Number,
    Question,
    Reckoned,
    Report,
    Sign,
    Take,
    all_of,
)
from crm_core.rules.segments import AllOf, AnyOf, Not, Rule
from crm_core.rules.targets import FIRST_YEAR, LAST_YEAR

COMMIT_FROM: Final = 75
"""Per cent of probability from which a deal is committed unless somebody says otherwise."""
BEST_FROM: Final = 50


class Category(StrEnum):
    """How far an open deal is counted on."""

    COMMIT = "commit"
    BEST = "best"
    PIPELINE = "pipeline"
    OMITTED = "omitted"


def category_of(by_hand: str | None, probability: int | None) -> Category:
    """Return how far an open deal is counted on. A category of a newer program counts as none set."""
    if by_hand in set(Category):
        return Category(by_hand)
    if probability is None:
        return Category.PIPELINE
    if probability >= COMMIT_FROM:
        return Category.COMMIT
    if probability >= BEST_FROM:
        return Category.BEST
    return Category.PIPELINE if probability > 0 else Category.OMITTED


def _at(op: Op, value: int) -> Condition:
    return Condition(field="probability", op=op, value=value)


_OPEN: Final = Condition(field="stage_id.kind", op=Op.EQUAL, value=OPEN)
WON_RULE: Final = Condition(field="stage_id.kind", op=Op.EQUAL, value=WON)
_NO_CHANCE_SAID: Final = Condition(field="probability", op=Op.EMPTY)
_BY_CHANCE: Final[Mapping[Category, Rule]] = {
    Category.COMMIT: _at(Op.AT_LEAST, COMMIT_FROM),
    Category.BEST: AllOf((_at(Op.AT_LEAST, BEST_FROM), _at(Op.LESS, COMMIT_FROM))),
    Category.PIPELINE: AnyOf((AllOf((_at(Op.MORE, 0), _at(Op.LESS, BEST_FROM))), _NO_CHANCE_SAID)),
    Category.OMITTED: _at(Op.AT_MOST, 0),
}
_KNOWN: Final = tuple(each.value for each in Category)


def rule_of(category: Category) -> Rule:
    """Return what finds the open deals of a category; it agrees with `category_of`."""
    by_hand = Condition(field="forecast", op=Op.EQUAL, value=category.value)
    none = Not(Condition(field="forecast", op=Op.IN, value=_KNOWN))
    return AllOf((_OPEN, AnyOf((by_hand, AllOf((none, _BY_CHANCE[category]))))))


COUNTED_RULE: Final[Rule] = AnyOf(tuple(rule_of(each) for each in Category if each is not Category.OMITTED))
"""Open deals that are not left out."""
_AMOUNT: Final = FieldAt("amount")
_WEIGHTED: Final = Reckoned(
    Reckoned(_AMOUNT, Sign.TIMES, FieldAt("probability")), Sign.OVER, Number(Decimal(100))
)
MEASURES: Final = (
    Measure(take=Take.SUM, of=_AMOUNT, only=WON_RULE, label=N_("Won so far")),
    Measure(take=Take.SUM, of=_AMOUNT, only=rule_of(Category.COMMIT), label=N_("Commit")),
    Measure(take=Take.SUM, of=_AMOUNT, only=rule_of(Category.BEST), label=N_("Best case")),
    Measure(take=Take.SUM, of=_AMOUNT, only=rule_of(Category.PIPELINE), label=N_("Pipeline, uncertain")),
    Measure(take=Take.SUM, of=_AMOUNT, only=rule_of(Category.OMITTED), label=N_("Left out")),
    Measure(take=Take.SUM, of=_WEIGHTED, only=COUNTED_RULE, label=N_("Open, weighted")),
    Measure(only=AnyOf((WON_RULE, COUNTED_RULE)), label=N_("Deals counted")),
)
"""In this order: won so far, commit, best case, pipeline, left out, open weighted, number of deals."""
WON_AT, COMMIT_AT, BEST_AT, PIPELINE_AT, OMITTED_AT, WEIGHTED_AT, COUNT_AT = range(7)


def forecast_report(
    rows: tuple[Group, ...] = (Group(field="owner_id"),),
    first: datetime.date | None = None,
    last: datetime.date | None = None,
    people: Iterable[str] | None = None,
) -> Report:
    """Return the report of a forecast; of deals that close from `first` to `last` and belong to `people`.

    Without days it asks for the period, by default this quarter.
    """
    parts: list[Rule] = [Condition(field="stage_id.kind", op=Op.NOT_EQUAL, value=LOST)]
    questions: tuple[Question, ...] = ()
    if first is not None and last is not None:
        parts.append(Condition(field="close_date", op=Op.AT_LEAST, value=first.isoformat()))
        parts.append(Condition(field="close_date", op=Op.AT_MOST, value=last.isoformat()))
    else:
        this_quarter = Condition(field="close_date", op=Op.EQUAL, value=RelativeDay(Unit.QUARTER))
        questions = (Question(key="period", label=N_("Period"), condition=this_quarter),)
    if people is not None:
        parts.append(Condition(field="owner_id", op=Op.IN, value=tuple(people)))
    return Report(
        entity="deal",
        rule=all_of(parts),
        rows=rows,
        measures=MEASURES,
        questions=questions,
        currencies=Currencies.COMPANY,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DealThen:
    """A deal at one moment, as far as a forecast asks. `kind` is that of its stage."""

    amount: int
    close_date: str | None
    kind: str

    @property
    def decided(self) -> bool:
        """Whether it is won or lost."""
        return self.kind in (WON, LOST)


class Change(StrEnum):
    """What became of a deal for a period."""

    NEW = "new"
    MOVED_IN = "moved_in"
    MOVED_OUT = "moved_out"
    GREW = "grew"
    SHRANK = "shrank"
    WON = "won"
    LOST = "lost"


def change_of(
    before: DealThen | None, after: DealThen | None, first: str, last: str
) -> tuple[Change, int] | None:
    """Return what happened to a deal for the period from `first` to `last` (ISO days), and by how much.

    `before` None: it was not there; `after` None: it is there no more. Won and lost tell more than a new
    amount or day: of these, the amount it now has. None: nothing that a forecast shows.
    """
    was = before is not None and _within(before, first, last)
    now = after is not None and _within(after, first, last)
    if before is not None and before.decided:
        return None
    if after is not None and after.decided and (was or now):
        return (Change.WON if after.kind == WON else Change.LOST), after.amount
    if now and after is not None:
        if before is None:
            return Change.NEW, after.amount
        if not was:
            return Change.MOVED_IN, after.amount
        more = after.amount - before.amount
        return None if not more else (Change.GREW if more > 0 else Change.SHRANK, more)
    if was and before is not None:
        return Change.MOVED_OUT, -before.amount
    return None


def _within(deal: DealThen, first: str, last: str) -> bool:
    return deal.close_date is not None and first <= deal.close_date <= last


def problems_of_call(values: Mapping[str, Any]) -> list[Problem]:
    """Return what keeps a judgement from being one, at the fields to change."""
    found = []
    year = values.get("year")
    if isinstance(year, int) and not FIRST_YEAR <= year <= LAST_YEAR:
        years = message(
            N_("This is not a year from {first} to {last}"), first=str(FIRST_YEAR), last=str(LAST_YEAR)
        )
        found.append(Problem(field="year", message=years))
    amount = values.get("amount")
    if isinstance(amount, int) and amount < 0:
        found.append(Problem(field="amount", message=message(N_("Nobody expects less than nothing"))))
    if values.get("user_id") and values.get("team_id"):
        either = message(N_("A judgement is about a person or a team, not both"))
        found.append(Problem(field="team_id", message=either))
    return found
