"""A report counted record by record, as anybody would by hand: what the database's answer must equal."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.money import digits
from crm_core.reporting.source import ITSELF, itself
from crm_core.rules.customer_value import worth_fields
from crm_core.rules.reports import (
    OF_TARGETS,
    Currencies,
    Days,
    FieldAt,
    Figure,
    Group,
    Measure,
    Number,
    Period,
    Report,
    Sign,
    Take,
    Term,
    Unit,
)
from crm_core.schema.field import Field, Kind
from crm_desktop.models.replica import Replica
from tests.support import plain_targets

Row = Mapping[str, Any]
Rows = Mapping[str, Mapping[str, Row]]
"""By entity and id, what the living records somebody sees hold."""
Fits = Callable[[Any, Row], bool]
"""Tells whether a record of the report's entity meets a rule."""


def living_rows(replica: Replica) -> dict[str, dict[str, dict[str, Any]]]:
    """Return everything that lives on a laptop as plain rows, by entity and id."""
    with replica.read() as session:
        return {
            name: {
                row["id"]: dict(row)
                for row in session.execute(select(schema.table)).mappings()
                if row["life"] % 2
            }
            for name, schema in SCHEMAS.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """What a report comes to: figures by keys of row and column and by currency, and the records counted."""

    cells: Mapping[tuple[tuple[Any, ...], tuple[Any, ...], str], tuple[Figure, ...]]
    rows: Mapping[tuple[tuple[Any, ...], str], int]
    counted: int


class PlainReport:
    """Counts one report over plain rows."""

    def __init__(
        self,
        report: Report,
        rows: Rows,
        fits: Fits,
        currency: str,
        rates: Mapping[str, Decimal],
        today: datetime.date,
    ) -> None:
        self._today = today.isoformat()
        self._report, self._rows, self._fits = report, rows, fits
        self._currency, self._rates = currency, rates

    def counted(self) -> Plain:
        """Return what it comes to."""
        report = self._report
        if any(each.take in OF_TARGETS for each in report.measures):
            return self._of_targets()
        records = [row for row in self._rows[report.entity].values() if self._fits(report.rule, row)]
        money = [each for each in report.measures if self._unit(each) is Unit.MONEY]
        apart = report.currencies is Currencies.APART and bool(money)
        present = {
            self._currency_of(each.of, row)
            for each in money
            for row in records
            if (each.only is None or self._fits(each.only, row)) and self._value(each.of, row) is not None
        } - {None}
        usual = next(iter(present)) if len(present) == 1 else self._currency
        grouped: dict[tuple[tuple[Any, ...], tuple[Any, ...], str], list[Row]] = {}
        for row in records:
            own = ""
            if apart:
                told = self._currency_of(money[0].of, row)
                own = told if told in present else usual
            for keys in self._keys(report.rows, row):
                for heads in self._keys(report.columns, row):
                    grouped.setdefault((keys, heads, own), []).append(row)
        cells = {
            at: tuple(self.figure(measure, several) for measure in report.measures)
            for at, several in grouped.items()
        }
        rows: dict[tuple[tuple[Any, ...], str], int] = {}
        for (keys, _, own), several in grouped.items():
            rows[keys, own] = rows.get((keys, own), 0) + len(several)
        return Plain(cells=cells, rows=rows, counted=len(records))

    def _of_targets(self) -> Plain:
        report, today = self._report, datetime.date.fromisoformat(self._today)
        found = [row for row in self._rows[report.entity].values() if self._fits(report.rule, row)]
        if "field='year'" not in repr(report.rule):
            found = [row for row in found if row["year"] == today.year]
        grouped: dict[tuple[tuple[Any, ...], tuple[Any, ...], str], list[Row]] = {}
        for row in found:
            for keys in self._keys(report.rows, row):
                grouped.setdefault((keys, (), row["currency"] or ""), []).append(row)
        cells = {
            at: tuple(self.figure(each, several) for each in report.measures)
            for at, several in grouped.items()
        }
        rows = {(keys, own): len(several) for (keys, _, own), several in grouped.items()}
        return Plain(cells=cells, rows=rows, counted=len(found))

    def figure(self, measure: Measure, records: Iterable[Row]) -> Figure:
        """Return what a measure comes to over some records."""
        every = list(records)
        if measure.take in OF_TARGETS:
            today = datetime.date.fromisoformat(self._today)
            return plain_targets.figure(self._rows, measure.take, every, today, self._report.zone)
        chosen = [row for row in every if measure.only is None or self._fits(measure.only, row)]
        if measure.take is Take.COUNT:
            return len(chosen)
        if measure.take is Take.SHARE:
            return _six(Fraction(len(chosen), len(every))) if every else None
        assert measure.of is not None
        if measure.take is Take.DISTINCT:
            assert isinstance(measure.of, FieldAt)
            return len({self.at(measure.of.path, row) for row in chosen} - {None, ""})
        values = []
        for row in chosen:
            value = self._value(measure.of, row)
            if value is not None and self._unit(measure) is Unit.MONEY:
                value = self._exchanged(value, self._currency_of(measure.of, row))
            if value is not None:
                values.append(value)
        if measure.take is Take.SUM:
            found = sum(values, Fraction(0))
        elif not values:
            return None
        elif measure.take is Take.AVERAGE:
            found = sum(values, Fraction(0)) / len(values)
        else:
            found = min(values) if measure.take is Take.LEAST else max(values)
        return _half_up(found) if self._unit(measure) is Unit.MONEY else _six(found)

    def at(self, path: str, row: Row) -> Any:
        """Return the value at a path; None where a record on the way is not there."""
        link, dot, further = path.partition(".")
        entity = self._report.entity
        at: Row | None = row
        while dot and at is not None:
            entity = str(SCHEMAS[entity].fields[link].target)
            at = self._rows[entity].get(at[link])
            link, dot, further = further.partition(".")
        if at is None:
            return None
        if _field(entity, link).kind is Kind.BOOLEAN:
            return bool(at[link])
        return at[link]

    def _keys(self, groups: Iterable[Group], row: Row) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = [()]
        for group in groups:
            value = self.at(group.field, row)
            several = (value or [None]) if isinstance(value, list) else [value]
            keys = several if self._kind(group.field) is Kind.TAGS else [self._key(group, value)]
            keys = [None] if self._kind(group.field) is Kind.TAGS and not value else keys
            found = [(*start, key) for start in found for key in keys]
        return found

    def _key(self, group: Group, value: Any) -> Any:
        if value is None or value == "":
            return None
        if self._kind(group.field) not in (Kind.DATE, Kind.INSTANT):
            return value
        moment = self._moment(value)
        day = moment.date()
        match group.period:
            case Period.WEEK:
                back = (day.weekday() - self._report.first_weekday) % 7
                return (day - datetime.timedelta(days=back)).isoformat()
            case Period.MONTH:
                return f"{day:%Y-%m}"
            case Period.QUARTER:
                return f"{day.year}-Q{(day.month + 2) // 3}"
            case Period.YEAR:
                return f"{day:%Y}"
            case Period.WEEKDAY:
                return day.weekday()
            case Period.HOUR:
                return moment.hour
            case _:
                return day.isoformat()

    def _moment(self, value: Any) -> datetime.datetime:
        if isinstance(value, str):
            return datetime.datetime.fromisoformat(value)
        return datetime.datetime.fromtimestamp(value / 1000, ZoneInfo(self._report.zone))

    def _value(self, term: Term | None, row: Row) -> Fraction | None:
        match term:
            case FieldAt(path):
                value = self.at(path, row)
                return None if value in (None, "") else Fraction(value)
            case Number(value):
                return Fraction(value)
            case Days(first, last):
                ends = [self.at(path, row) if path else self._today for path in (first, last)]
                if None in ends:
                    return None
                days = [self._moment(end).date().toordinal() for end in ends]
                return Fraction(days[1] - days[0])
            case None:
                return None
        left, right = self._value(term.left, row), self._value(term.right, row)
        if term.sign in (Sign.PLUS, Sign.MINUS) and (left is not None or right is not None):
            left, right = left or Fraction(0), right or Fraction(0)
        if left is None or right is None:
            return None
        match term.sign:
            case Sign.PLUS:
                return left + right
            case Sign.MINUS:
                return left - right
            case Sign.TIMES:
                return _cut(left * right)
            case _:
                return _cut(left / right) if right else None

    def _unit(self, measure: Measure) -> Unit:
        if measure.take in (Take.COUNT, Take.SHARE, Take.DISTINCT):
            return Unit.COUNT
        return Unit.MONEY if self._money(measure.of) else Unit.NUMBER

    def _money(self, term: Term | None) -> str | None:
        """Return the path of an amount where a term is one."""
        match term:
            case FieldAt(path):
                return path if self._kind(path) is Kind.MONEY else None
            case None | Number() | Days():
                return None
        left, right = self._money(term.left), self._money(term.right)
        return None if left and right and term.sign is Sign.OVER else left or right

    def _currency_of(self, term: Term | None, row: Row) -> str | None:
        path = self._money(term) or ""
        links, dot, name = path.rpartition(".")
        entity = self._report.entity
        for link in links.split(".") if links else ():
            entity = str(SCHEMAS[entity].fields[link].target)
        field = _field(entity, name)
        return field.unit or self.at(f"{links}{dot}{field.currency}", row) or None

    def _exchanged(self, value: Fraction, currency: str | None) -> Fraction | None:
        if self._report.currencies is Currencies.APART or currency in (None, self._currency):
            return value
        rate = self._rates.get(str(currency))
        if rate is None:
            return None
        return value * Fraction(rate) * Fraction(10) ** (digits(self._currency) - digits(str(currency)))

    def _kind(self, path: str) -> Kind:
        entity = self._report.entity
        *links, last = path.split(".")
        for link in links:
            entity = str(SCHEMAS[entity].fields[link].target)
        return _field(entity, last).kind


def _field(entity: str, name: str) -> Field:
    if name == ITSELF:
        return itself(entity)
    return worth_fields(entity).get(name) or SCHEMAS[entity].fields[name]


def _cut(value: Fraction) -> Fraction:
    return Fraction(math.trunc(value * 10**6), 10**6)


def _half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2)) if value >= 0 else -math.floor(-value + Fraction(1, 2))


def _six(value: Fraction) -> Decimal:
    return Decimal(_half_up(value * 10**6)).scaleb(-6)
