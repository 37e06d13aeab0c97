"""What the records of a group come to, exact, and put together with those of other groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from crm_core.reporting.terms import exactly
from crm_core.rules.reports import Figure, Measure, Take, Unit


@dataclass(slots=True)
class Numbers:
    """Whole numbers of one currency: how many, their sum, the least and the most."""

    count: int = 0
    total: int = 0
    least: int | None = None
    most: int | None = None

    def add(self, other: Numbers) -> None:
        """Take in others."""
        self.count += other.count
        self.total += other.total
        if other.least is not None and (self.least is None or other.least < self.least):
            self.least = other.least
        if other.most is not None and (self.most is None or other.most > self.most):
            self.most = other.most


@dataclass(slots=True)
class Tally:
    """What one measure comes to over some records."""

    count: int = 0
    """Records that count."""
    met: int = 0
    """Of a share: those that meet it."""
    values: set[Any] | frozenset[Any] = frozenset()
    """Different values, where these are what is counted."""
    numbers: dict[str, Numbers] = field(default_factory=dict)
    """By currency; '' for what is no amount."""

    def add(self, other: Tally) -> None:
        """Take in others."""
        self.count += other.count
        self.met += other.met
        if other.values:
            if isinstance(self.values, set):
                self.values |= other.values
            else:
                self.values = set(other.values)
        for currency, numbers in other.numbers.items():
            mine = self.numbers.get(currency)
            if mine is None:
                mine = self.numbers[currency] = Numbers()
            mine.add(numbers)


@dataclass(slots=True)
class Cell:
    """What all measures come to over some records."""

    tallies: list[Tally]
    counted: int = 0

    def add(self, other: Cell) -> None:
        """Take in others."""
        self.counted += other.counted
        for mine, its in zip(self.tallies, other.tallies, strict=True):
            mine.add(its)


def empty_cell(measures: Sequence[Measure]) -> Cell:
    """Return what no records at all come to."""
    return Cell(tallies=[Tally() for _ in measures])


def added(cells: Sequence[Cell], measures: Sequence[Measure]) -> Cell:
    """Return what the records of several groups come to; of one alone the very same, to be read only."""
    if len(cells) == 1:
        return cells[0]
    total = empty_cell(measures)
    for each in cells:
        total.add(each)
    return total


_AS_IT_IS: Final = Fraction(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """How amounts are brought to one currency: the factor from minor units to minor units, by currency."""

    currency: str
    factors: Mapping[str, Fraction]

    def factor(self, currency: str) -> Fraction | None:
        """Return it; None where there is no rate."""
        return _AS_IT_IS if currency in ("", self.currency) else self.factors.get(currency)


def figure(measure: Measure, tally: Tally, unit: Unit, scale: int, exchange: Exchange) -> Figure:
    """Return a measure's figure. Amounts of several currencies are exchanged; those without a rate are not
    in it."""
    match measure.take:
        case Take.COUNT:
            return tally.count
        case Take.DISTINCT:
            return len(tally.values)
        case Take.SHARE:
            return exactly(Fraction(tally.met, tally.count)) if tally.count else None
    if measure.take is Take.SUM and unit is Unit.MONEY and not scale and len(tally.numbers) == 1:
        ((currency, only),) = tally.numbers.items()
        if exchange.factor(currency) is _AS_IT_IS:
            return only.total  # as most are: whole minor units of one currency
    count, total = 0, Fraction(0)
    least: list[Fraction] = []
    most: list[Fraction] = []
    for currency, numbers in tally.numbers.items():
        by = exchange.factor(currency)
        if by is None or not numbers.count:
            continue
        count += numbers.count
        total += numbers.total * by
        least += [numbers.least * by] if numbers.least is not None else []
        most += [numbers.most * by] if numbers.most is not None else []
    by_scale = Fraction(1, 10**scale)
    match measure.take:
        case Take.SUM:
            return rounded(total * by_scale, unit)
        case Take.AVERAGE:
            return rounded(total * by_scale / count, unit) if count else None
        case Take.LEAST:
            return rounded(min(least) * by_scale, unit) if least else None
        case _:
            return rounded(max(most) * by_scale, unit) if most else None


def rounded(value: Fraction, unit: Unit) -> Figure:
    """Return a figure as its unit keeps it: minor units, else six decimals, halves away from zero."""
    if unit is not Unit.MONEY:
        return exactly(value)
    size = abs(value)
    whole = (2 * size.numerator + size.denominator) // (2 * size.denominator)
    return whole if value >= 0 else -whole
