"""A report as data: which records, put together by what, what is counted of them; and what comes out.

Nothing here reads a database or draws. `crm_core.reporting` counts a report over the records somebody may
see; charts, files and screens take the `ReportTable` that comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from crm_core.i18n import N_, Message, message
from crm_core.rules.conditions import Condition
from crm_core.rules.prices import Rate
from crm_core.rules.segments import AllOf, Rule
from crm_core.schema.field import Plain

MOST_GROUPS: Final = 3
"""Groups of the rows, and groups of the columns."""
MOST_MEASURES: Final = 8
MOST_ROWS: Final = 10_000
MOST_COLUMNS: Final = 200
"""Values side by side in a pivot; more of them nobody reads."""
ALL: Final = AllOf()
"""Every record."""
MOST_DIGITS: Final = 12
"""Digits before the point of a number somebody writes."""
PLACES: Final = 6
"""Decimals kept of a quotient, an average and a share."""


class Period(StrEnum):
    """What days and moments are put together by."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    WEEKDAY = "weekday"
    HOUR = "hour"


PERIOD_LABELS: Final[Mapping[Period, str]] = {
    Period.DAY: N_("Day"),
    Period.WEEK: N_("Week"),
    Period.MONTH: N_("Month"),
    Period.QUARTER: N_("Quarter"),
    Period.YEAR: N_("Year"),
    Period.WEEKDAY: N_("Weekday"),
    Period.HOUR: N_("Hour of the day"),
}
RUNNING_PERIODS: Final = (Period.DAY, Period.WEEK, Period.MONTH, Period.QUARTER, Period.YEAR)
"""Periods that follow each other without end; the others come round again."""


class Take(StrEnum):
    """What is made of the records of a group."""

    COUNT = "count"
    DISTINCT = "distinct"
    """How many different values there are; empty ones do not count."""
    SUM = "sum"
    AVERAGE = "average"
    """Over the records that have a value."""
    LEAST = "least"
    MOST = "most"
    SHARE = "share"
    """Which part of the records meets the measure's `only`."""
    GOAL = "goal"
    """Of targets: what is to be reached."""
    REACHED = "reached"
    """Of targets: what is reached of them, counted for each from the records it is about."""
    DUE = "due"
    """Of targets: what should be reached by today."""
    MISSING = "missing"
    """Of targets: what is missing, of each by itself."""
    ATTAINED = "attained"
    """Of targets: which part of what is to be reached is."""
    PACE = "pace"
    """Of targets: what is reached as a part of what should be by today."""


TAKE_LABELS: Final[Mapping[Take, str]] = {
    Take.COUNT: N_("How many"),
    Take.DISTINCT: N_("Number of different ones"),
    Take.SUM: N_("Added up"),
    Take.AVERAGE: N_("Average"),
    Take.LEAST: N_("Smallest"),
    Take.MOST: N_("Largest"),
    Take.SHARE: N_("Share of the records"),
    Take.GOAL: N_("To be reached"),
    Take.REACHED: N_("Reached"),
    Take.DUE: N_("Due by today"),
    Take.MISSING: N_("Still to go"),
    Take.ATTAINED: N_("Attained"),
    Take.PACE: N_("Reached of what is due"),
}
OF_TARGETS: Final = (Take.GOAL, Take.REACHED, Take.DUE, Take.MISSING, Take.ATTAINED, Take.PACE)
"""What is measured of targets alone, each counted by itself (`crm_core.reporting.attaining`)."""


class Over(StrEnum):
    """What is made of a measure over the finished table."""

    NOTHING = ""
    OF_TOTAL = "of_total"
    """Its part of the total of its column."""
    RUNNING = "running"
    """Added up from the first row down to this one."""
    CHANGE = "change"
    """How much more than in the period before, as a part of it: 0.25 is a quarter more."""
    ONWARD = "onward"
    """Added up from this row to the last one: how many came this far or further, of rows that are steps."""
    KEPT = "kept"
    """Of what came as far as the row before, the part that came this far or further."""
    YEAR = "year"
    """How much more than in the same period a year before, as a part of it."""
    AGAINST = "against"
    """How much more than the measure on the left, as a part of it."""
    PER = "per"
    """For each one of the measure on the left: this over it."""
    PART = "part"
    """Its part of the measure on the left: the same as a share."""


OVER_LABELS: Final[Mapping[Over, str]] = {
    Over.NOTHING: N_("As it is"),
    Over.OF_TOTAL: N_("Share of the total"),
    Over.RUNNING: N_("Running total"),
    Over.CHANGE: N_("Change against the period before"),
    Over.ONWARD: N_("This far or further"),
    Over.KEPT: N_("Part that went on"),
    Over.YEAR: N_("Change against a year before"),
    Over.AGAINST: N_("Change against the column before"),
    Over.PER: N_("For each one of the column before"),
    Over.PART: N_("Part of the column before"),
}


class Currencies(StrEnum):
    """What becomes of amounts in several currencies, which never add up as they are."""

    APART = "apart"
    """A row for each currency."""
    COMPANY = "company"
    """Brought to the company's currency by the exchange rates of today that are known where the report is
    counted; amounts without a rate are left out and their number is told."""


class Sign(StrEnum):
    """What two terms are joined by."""

    PLUS = "+"
    MINUS = "-"
    TIMES = "*"
    OVER = "/"


@dataclass(frozen=True, slots=True)
class FieldAt:
    """The value of a field, up to two links away: `amount`, `customer_id.credit_limit`."""

    path: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days from the day of one field to that of another; below zero where the second is earlier.

    '' in place of a field is today.
    """

    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Reckoned:
    """Two terms joined by a sign. Divided by nothing or by zero, a record has no value."""

    left: Term
    sign: Sign
    right: Term


Term = FieldAt | Number | Days | Reckoned


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What records are put together by: the value of a field, of days and moments by period.

    Grouped by `id` each record stands alone.
    """

    field: str
    period: Period | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What is counted of each group of records.

    `of` is what is added up, averaged or compared; none for numbers of records and shares. `only`: of the
    records that meet it alone; of a share, what is to be met.
    """

    take: Take = Take.COUNT
    of: Term | None = None
    only: Rule | None = None
    over: Over = Over.NOTHING
    label: str = ""
    """As somebody called it; '': what it is, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """What the rows are ordered by: the group or the measure at a place."""

    place: int = 0
    by_measure: bool = False
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked when the report is run: the value a field of the records is compared with.

    `condition` holds the comparison, and the value that is taken where none is answered; None: then the
    records are not narrowed.
    """

    key: str
    label: str
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report: records of `entity` that meet `rule`, by `rows` and, side by side, by `columns`."""

    entity: str
    rule: Rule = ALL
    rows: tuple[Group, ...] = ()
    columns: tuple[Group, ...] = ()
    measures: tuple[Measure, ...] = (Measure(),)
    sort: Sort | None = None
    """None: by the groups, in the order of their values."""
    top: int = 0
    """Rows shown, the others together as “Other”; 0: all."""
    questions: tuple[Question, ...] = ()
    currencies: Currencies = Currencies.APART
    zone: str = ""
    """Time zone (IANA) in which moments become days and hours; '': that of the place it is counted at."""
    first_weekday: int = 0
    """Weekday a week begins with: 0 Monday to 6 Sunday."""


class Unit(StrEnum):
    """What the figures of a column are."""

    COUNT = "count"
    """Whole numbers (`int`)."""
    NUMBER = "number"
    """`Decimal`."""
    MONEY = "money"
    """Minor units (`int`) of the row's currency."""
    SHARE = "share"
    """Parts of one as `Decimal`: 0.25 is 25 %."""
    DAYS = "days"
    """`Decimal`."""


Figure = int | Decimal | None
"""A figure as its column's `Unit` says; None where there is nothing to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the records of a row or column share.

    `key` is the value as rows keep it: a record's id, a choice, `2026-11-02` for a day and for the week that
    begins with it, `2026-11`, `2026-Q4`, `2026`, 0 (Monday) to 6 for a weekday, 0 to 23 for an hour; None
    where the field is empty. `label` is how people call it.
    """

    key: Plain
    label: Message
    is_other: bool = False
    """The head of the rows beyond the first ones; its key says nothing."""


NOTHING: Final = message(N_("(empty)"))
OTHER: Final = message(N_("Other"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportColumn:
    """A column of figures: a measure, in a pivot of the records its `heads` name."""

    measure: int
    """Its place in `Report.measures`."""
    label: Message
    """What is measured."""
    unit: Unit
    heads: tuple[Head, ...] = ()
    rule: Rule = ALL
    """What the records of the column meet besides the report's own rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """A row: its heads, one for each group of rows, and its figures, one for each column."""

    heads: tuple[Head, ...]
    figures: tuple[Figure, ...]
    counted: int
    """Records behind it."""
    across: tuple[Figure, ...] = ()
    """In a pivot, each measure over all columns; else nothing."""
    currency: str = ""
    """Of the amounts in it; '' where there are none."""
    rule: Rule = ALL
    """What the records of the row meet besides the report's own rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """A counted report. `report` is as it was counted: its questions answered, its zone named."""

    report: Report
    groups: tuple[Message, ...]
    """What the heads of the rows are, one for each group of rows."""
    columns: tuple[ReportColumn, ...]
    rows: tuple[ReportRow, ...]
    totals: tuple[ReportRow, ...]
    """Over all rows: one, or one for each currency. Without heads."""
    counted: int
    """Records in all."""
    as_of_ms: int | None
    """What moment the records are as of: of a laptop, when HQ was last heard; None: never."""
    left_out: int = 0
    """Records with an amount in a currency there is no rate for: no sum takes these amounts in."""
    rates: tuple[Rate, ...] = ()
    """The rates amounts were brought to one currency by."""
    rest: int = 0
    """Rows together under “Other”."""
    kinds: tuple[str, ...] = ()
    """Kinds of record, other than set-up, whose fields stand in it by a link."""

    @property
    def currencies(self) -> tuple[str, ...]:
        """Return the currencies of the rows, in the order of the totals; rows of one each where several."""
        return tuple(dict.fromkeys(row.currency for row in self.totals if row.currency))

    def rule_at(self, row: int | None = None, column: int | None = None) -> Rule:
        """Return the rule that finds the very records of `report.entity` behind a row, a column, a cell or,
        where both are None, the whole table."""
        measure = self.report.measures[self.columns[column].measure] if column is not None else None
        parts = [self.report.rule]
        if row is not None:
            parts.append(self.rows[row].rule)
        if column is not None:
            parts.append(self.columns[column].rule)
        if measure is not None and measure.only is not None and measure.take is not Take.SHARE:
            parts.append(measure.only)
        return all_of(parts)


def all_of(parts: Iterable[Rule]) -> Rule:
    """Return the rule that holds where all parts hold, without needless groups around them."""
    flat: list[Rule] = []
    for part in parts:
        flat += part.parts if isinstance(part, AllOf) else (part,)
    return flat[0] if len(flat) == 1 else AllOf(tuple(flat))
