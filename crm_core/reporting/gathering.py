"""What the database found for a report, by currency, row and column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.reporting.counting import Keys, Plan
from crm_core.reporting.keys import Grouping, Heads
from crm_core.reporting.source import Source
from crm_core.reporting.tallies import Cell, Exchange, added, empty_cell
from crm_core.reporting.tallies import figure as figure_of
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.prices import Rate, factor
from crm_core.rules.reports import MOST_COLUMNS, Currencies, Figure, Report
from crm_core.rules.segments import AnyOf, Not, Rule

_MOST_FILLED: Final = 1_000
"""Periods shown for there being none of a kind in between: three years of days."""

Cells = dict[str, dict[Keys, dict[Keys, Cell]]]
"""By currency, keys of the row, keys of the column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row before it is shown."""

    currency: str
    keys: Keys
    cells: Mapping[Keys, Cell]
    whole: Cell
    """Over all columns."""


class Gathered:
    """Cells put into the rows and columns of a report, in their order."""

    def __init__(self, source: Source, report: Report) -> None:
        self._source, self.report = source, report
        self.plan = Plan(source, report)
        self.heads = Heads(source)
        self.apart = report.currencies is Currencies.APART
        if self.apart and len(self.plan.currencies) > 1:
            raise UserError(
                N_("These amounts are in currencies of their own: bring them to the company's currency")
            )
        self._exchange = _exchange(source)
        self.cells = self._read(without_set=False)
        self._others = sorted(self.cells) if len(self.cells) > 1 else []

    def whole(self) -> Cells:
        """Return the same with each record in one row alone, also where it stands in several by its words."""
        return self._read(without_set=True) if self.plan.has_set else self.cells

    def column_keys(self) -> list[Keys]:
        """Return the columns side by side."""
        plan = self.plan
        if not plan.columns:
            return [()]
        present = {col for by_row in self.cells.values() for each in by_row.values() for col in each}
        keys = self._filled(plan.columns, present)
        if len(keys) * len(self.report.measures) > MOST_COLUMNS:
            raise UserError(N_("More than {most} columns would stand side by side"), most=MOST_COLUMNS)
        return self._ordered(plan.columns, keys)

    def lines(self) -> list[Line]:
        """Return the rows in their order, those of each currency together."""
        plan, report = self.plan, self.report
        lines: list[Line] = []
        for currency, by_row in self.cells.items():
            keys: Iterable[Keys] = by_row
            if not report.top and not (report.sort and report.sort.by_measure):
                keys = self._filled(plan.rows, by_row.keys())
            for row in keys:
                cells = by_row.get(row, {})
                whole = added(list(cells.values()), report.measures)
                lines.append(Line(currency=currency, keys=row, cells=cells, whole=whole))
        if not plan.rows and not lines:
            currency = self._source.currency if plan.currencies else ""
            lines = [Line(currency=currency, keys=(), cells={}, whole=empty_cell(report.measures))]
        return self._sorted(lines)

    def sums(self, whole: Cells) -> list[Line]:
        """Return what all rows come to, for each currency."""
        measures = self.report.measures
        sums = []
        order = self._currency_order(whole)
        for currency in sorted(whole, key=lambda each: order[each]):
            by_column: dict[Keys, list[Cell]] = {}
            for cells in whole[currency].values():
                for col, cell in cells.items():
                    by_column.setdefault(col, []).append(cell)
            cells_of = {col: added(each, measures) for col, each in by_column.items()}
            total = added(list(cells_of.values()), measures)
            sums.append(Line(currency=currency, keys=(), cells=cells_of, whole=total))
        return sums or [Line(currency="", keys=(), cells={}, whole=empty_cell(measures))]

    def together(self, currency: str, lines: Sequence[Line]) -> Line:
        """Return rows put together to one."""
        by_column: dict[Keys, list[Cell]] = {}
        for line in lines:
            for col, cell in line.cells.items():
                by_column.setdefault(col, []).append(cell)
        cells = {col: added(each, self.report.measures) for col, each in by_column.items()}
        whole = added(list(cells.values()), self.report.measures)
        return Line(currency=currency, keys=(), cells=cells, whole=whole)

    def figure(self, place: int, cell: Cell | None) -> Figure:
        """Return what a measure comes to, before anything is made of it over the table."""
        measure = self.report.measures[place]
        unit, scale = self.plan.unit(place), self.plan.scale(place)
        tally = (cell or empty_cell(self.report.measures)).tallies[place]
        return figure_of(measure, tally, unit, scale, self._exchange_of(tally.numbers))

    def of_currency(self, currency: str) -> list[Rule]:
        """Return what the records of a currency's rows meet, where there are several."""
        if not self._others or not self.plan.currencies:
            return []
        at = self.plan.currencies[0]
        usual = self._source.currency
        if currency != usual:
            return [Condition(field=at, op=Op.EQUAL, value=currency)]
        others = tuple(Condition(field=at, op=Op.EQUAL, value=each) for each in self._others if each != usual)
        return [Not(AnyOf(others))]

    def money(self, currency: str) -> str:
        """Return the currency the amounts of a row are in."""
        if not self.plan.currencies:
            return ""
        return currency if self.apart else self._exchange.currency

    def left_out(self, cells: Cells) -> int:
        """Return how many records have an amount without a rate."""
        if self.apart:
            return 0
        return sum(
            max((self._unexchanged(tally.numbers) for tally in cell.tallies), default=0)
            for by_row in cells.values()
            for by_column in by_row.values()
            for cell in by_column.values()
        )

    def rates_used(self) -> list[Rate]:
        """Return the rates amounts were exchanged by."""
        if self.apart:
            return []
        used = {
            currency
            for by_row in self.cells.values()
            for by_column in by_row.values()
            for cell in by_column.values()
            for tally in cell.tallies
            for currency, numbers in tally.numbers.items()
            if numbers.count and currency not in ("", self._exchange.currency)
        }
        rates = (each for each in self._source.rates if each.to_currency == self._exchange.currency)
        return sorted((each for each in rates if each.currency in used), key=lambda rate: rate.currency)

    def _read(self, *, without_set: bool) -> Cells:
        plan = self.plan
        rows = len([each for each in plan.rows if not (without_set and each.is_set)])
        cells: Cells = {}
        present: set[str] = set()
        for found in plan.find(without_set=without_set):
            row, col = found.keys[:rows], found.keys[rows:]
            by_row = cells.setdefault(found.currency if self.apart else "", {})
            by_column = by_row.setdefault(row, {})
            if col in by_column:
                by_column[col].add(found.cell)
            else:
                by_column[col] = found.cell
            if any(n.count for tally in found.cell.tallies for n in tally.numbers.values()):
                present.add(found.currency)
        if not self.apart or not plan.currencies:
            return cells
        # Records without an amount stand with those of the one currency there is, or the company's.
        usual = next(iter(present)) if len(present) == 1 else self._source.currency
        together: Cells = {}
        for currency, by_row in cells.items():
            into = together.setdefault(currency if currency in present else usual, {})
            for row, by_column in by_row.items():
                for col, cell in by_column.items():
                    known = into.setdefault(row, {}).setdefault(col, empty_cell(self.report.measures))
                    known.add(cell)
        return together

    def _unexchanged(self, numbers: Mapping[str, Any]) -> int:
        return sum(
            each.count for currency, each in numbers.items() if self._exchange.factor(currency) is None
        )

    def _filled(self, groups: Sequence[Grouping], present: Iterable[Keys]) -> list[Keys]:
        """Return the keys there are; of one group by period those in between as well."""
        keys = list(present)
        if len(groups) != 1 or not keys:
            return keys
        return [(key,) for key in groups[0].all_of_period((key for (key,) in keys), _MOST_FILLED)]

    def _ordered(self, groups: Sequence[Grouping], keys: Iterable[Keys]) -> list[Keys]:
        wanted = list(keys)
        orders = [self.heads.order(each, {key[n] for key in wanted}) for n, each in enumerate(groups)]
        return sorted(wanted, key=lambda key: [order(part) for order, part in zip(orders, key, strict=True)])

    def _sorted(self, lines: list[Line]) -> list[Line]:
        report, plan = self.report, self.plan
        currencies = self._currency_order(line.currency for line in lines)
        if report.sort is not None and report.sort.by_measure:
            place, down = report.sort.place, report.sort.descending

            def by_figure(line: Line) -> Any:
                found = self.figure(place, line.whole)
                size = found or 0
                text = tuple((key is None, str(key)) for key in line.keys)
                return (currencies[line.currency], found is None, -size if down else size, text)

            return sorted(lines, key=by_figure)
        orders = [
            self.heads.order(each, {line.keys[n] for line in lines}) for n, each in enumerate(plan.rows)
        ]
        first = report.sort.place if report.sort is not None else 0
        places = [first, *(n for n in range(len(orders)) if n != first)] if orders else []
        lines = sorted(lines, key=lambda line: [orders[n](line.keys[n]) for n in places])
        if report.sort is not None and report.sort.descending:
            lines.reverse()
        return sorted(lines, key=lambda line: currencies[line.currency])

    def _currency_order(self, currencies: Iterable[str]) -> dict[str, int]:
        """Return the company's currency first, then the others by their codes."""
        known = sorted(set(currencies), key=lambda each: (each != self._source.currency, each))
        return {currency: place for place, currency in enumerate(known)}

    def _exchange_of(self, numbers: Iterable[str]) -> Exchange:
        """Return how amounts are exchanged: apart there is only one currency, which stays as it is."""
        if self.apart:
            return Exchange(currency=next((each for each in numbers if each), ""), factors={})
        return self._exchange


def _exchange(source: Source) -> Exchange:
    company = source.currency
    factors = {rate.currency: factor(rate) for rate in source.rates if rate.to_currency == company}
    return Exchange(currency=company, factors=factors)
