"""What standard reports are declared with: the report under its name, and conditions in few words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from crm_core.i18n import N_
from crm_core.rules.conditions import Condition, Op, Value
from crm_core.rules.relative_days import RelativeDay, Unit
from crm_core.rules.reports import FieldAt, Number, Question, Reckoned, Report, Sign, Sort

TODAY: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardReport:
    """A report with its name, what it tells, and the kind of chart it is best seen as."""

    key: str
    title: str
    tells: str
    report: Report
    chart: str = "bar"
    """A kind of `crm_core.charts.chart`."""


def is_(field: str, value: Value) -> Condition:
    return Condition(field=field, op=Op.EQUAL, value=value)


def is_in(field: str, *values: str) -> Condition:
    return Condition(field=field, op=Op.IN, value=values)


def since(field: str, unit: Unit, offset: int) -> Condition:
    return Condition(field=field, op=Op.AT_LEAST, value=RelativeDay(unit, offset))


def asked(field: str, unit: Unit = Unit.YEAR, offset: int = 0) -> Question:
    """Return the question since when: by default since the beginning of a stretch of the calendar."""
    return Question(key="since", label=N_("Since"), condition=since(field, unit, offset))


NET_LINE: Final = Reckoned(
    Reckoned(FieldAt("unit_price"), Sign.TIMES, FieldAt("quantity")),
    Sign.TIMES,
    Reckoned(
        Number(Decimal(1)),
        Sign.MINUS,
        Reckoned(FieldAt("discount_percent"), Sign.OVER, Number(Decimal(100))),
    ),
)
"""An order's line: unit price x quantity less the line's own discount; with tax where prices include it."""
LARGEST_FIRST: Final = Sort(place=0, by_measure=True, descending=True)
