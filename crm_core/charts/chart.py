"""A chart as data: what it shows of which categories. How it is drawn is for `layout` to say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from crm_core.i18n import Message, message

Number = int | Decimal
Text = str | Message


_NOTHING = message("Nothing to show yet")


class Kind(StrEnum):
    """Which chart. The values are kept in saved reports and dashboards."""

    FIGURE = "figure"
    BAR = "bar"
    LINE = "line"
    PIE = "pie"
    FUNNEL = "funnel"
    GAUGE = "gauge"
    HEAT_MAP = "heat_map"
    MAP = "map"
    TABLE = "table"


class Unit(StrEnum):
    """What a value counts: days and minutes of time, a share in hundredths, an amount in major units."""

    NUMBER = "number"
    MONEY = "money"
    PERCENT = "percent"
    DAYS = "days"
    MINUTES = "minutes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How values are written: `decimals` None writes as many as there are; `thousands` counts in them.

    `adds`: whether they add up to something, as averages, shares and several measures side by side do not.
    """

    unit: Unit = Unit.NUMBER
    currency: str = ""
    decimals: int | None = None
    thousands: bool = False
    adds: bool = True


class Role(StrEnum):
    """What a series is to the chart."""

    PLAIN = "plain"
    EARLIER = "earlier"
    """The same of an earlier period, to compare: dashed."""
    PART = "part"
    """What part of the first series counts: drawn over it (weighted by chance)."""
    EXPECTED = "expected"
    """What the first series is expected to come to, itself included: hatched above it."""
    RUNNING = "running"
    """The value of a period that has not ended: it stands apart from the line."""
    TARGET = "target"
    """What is to be reached: a tick across."""
    BESIDE = "beside"
    """Written beside a value, not drawn (how many records)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A place on the axis, slice, stage, row or province. `name` in full where the label is short."""

    key: str
    label: Text
    name: Text = ""
    current: bool = False
    """Whether it is the one that runs now."""

    @property
    def full(self) -> Text:
        """Its name, or the label where that says it all."""
        return self.name or self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A value for each category, None where there is none. `form` where it is not the chart's."""

    key: str
    label: Text
    values: tuple[Number | None, ...]
    role: Role = Role.PLAIN
    form: Form | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A forecast with its range, aligned with the categories; None where none is given."""

    label: Text
    middle: tuple[Number | None, ...]
    low: tuple[Number | None, ...]
    high: tuple[Number | None, ...]


class Tone(StrEnum):
    """How a value is judged."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """How values from `since` on are judged, up to the next band's; the first holds below its own too."""

    since: Number
    tone: Tone
    label: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What is shown.

    FIGURE and GAUGE show the last category of the first series; FIGURE draws those before it as a small
    line. PIE, FUNNEL and MAP take a value a category (MAP: codes of `CodeList.PROVINCE` as keys), HEAT_MAP a
    row a series, TABLE a row a category and a column a series.
    """

    kind: Kind
    title: Text
    categories: tuple[Category, ...] = ()
    series: tuple[Series, ...] = ()
    form: Form = Form()
    subtitle: Text = ""
    """Unit and what it counts, beside the title."""
    note: Text = ""
    """One sentence below it: what was left out, how it was brought to one currency."""
    empty: Text = _NOTHING
    stacked: bool = False
    lying: bool = False
    """Bars from left to right."""
    ring: bool = True
    """A pie with the whole in its middle."""
    bands: tuple[Band, ...] = ()
    interval: Interval | None = None

    def __post_init__(self) -> None:
        rows: list[tuple[str, Sequence[Number | None]]] = [(each.key, each.values) for each in self.series]
        if self.interval is not None:
            rows += [("interval", self.interval.middle), ("low", self.interval.low)]
            rows += [("high", self.interval.high)]
        for key, values in rows:
            if len(values) != len(self.categories):
                raise ValueError(f"{key} has {len(values)} values for {len(self.categories)} categories")
        if list(self.bands) != sorted(self.bands, key=lambda band: band.since):
            raise ValueError("bands go upwards")

    def of(self, role: Role) -> Series | None:
        """Return the first series of a role."""
        return next((each for each in self.series if each.role is role), None)

    @property
    def plain(self) -> tuple[Series, ...]:
        """The series that stand side by side."""
        return tuple(each for each in self.series if each.role is Role.PLAIN)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw: no value but zeros; zero itself is a figure."""
        zero_tells = self.kind in (Kind.FIGURE, Kind.GAUGE, Kind.TABLE)
        return not any(value or (zero_tells and value is not None) for value in self._drawn())

    def _drawn(self) -> Iterator[Number | None]:
        for each in self.series:
            yield from each.values
        if self.interval is not None:
            yield from self.interval.middle

    def form_of(self, series: Series) -> Form:
        """Return how the values of a series are written."""
        return series.form or self.form

    def band_of(self, value: Number) -> Band | None:
        """Return how a value is judged; None where the chart judges none."""
        reached = [band for band in self.bands if band.since <= value]
        return reached[-1] if reached else next(iter(self.bands), None)


def latest(series: Series) -> Number | None:
    """Return the value of the last category: what FIGURE and GAUGE show."""
    return series.values[-1] if series.values else None


def major(minor: int, digits: int) -> Decimal:
    """Return an amount in major units, as charts count amounts."""
    return Decimal(minor).scaleb(-digits)
