"""A report counted: the one way from a `Report` to its `ReportTable`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.reporting.attaining import is_of_targets, table_of_targets
from crm_core.reporting.counting import Keys
from crm_core.reporting.gathering import Gathered, Line
from crm_core.reporting.moments import demand_zone
from crm_core.reporting.source import Source
from crm_core.reporting.tallies import Cell, rounded
from crm_core.reporting.terms import exactly
from crm_core.rules.conditions import Value
from crm_core.rules.report_words import group_words, measure_words
from crm_core.rules.reports import (
    MOST_GROUPS,
    MOST_MEASURES,
    MOST_ROWS,
    OTHER,
    RUNNING_PERIODS,
    Figure,
    Head,
    Over,
    Report,
    ReportColumn,
    ReportRow,
    ReportTable,
    Take,
    Unit,
    all_of,
)
from crm_core.rules.segments import AnyOf, Not, Rule

_PARTS: Final = (Over.OF_TOTAL, Over.CHANGE, Over.KEPT, Over.YEAR, Over.AGAINST, Over.PART)
"""What is made of a measure that is a part of one, whatever the measure itself is."""
_ADDED: Final = (Over.RUNNING, Over.ONWARD, Over.KEPT)
"""What is made of a measure by adding up rows."""
_IN_TIME: Final = (Over.CHANGE, Over.YEAR)
"""What a measure is compared with in time."""
BESIDE: Final = (Over.AGAINST, Over.PER, Over.PART)
"""What is made of a measure and the one before it."""


def run(
    source: Source, report: Report, answers: Mapping[str, Value] | None = None, as_of_ms: int | None = None
) -> ReportTable:
    """Return a report counted over the records the source's person may see.

    `answers` to its questions by key; a question without one takes what it says. `UserError` where the report
    means nothing, `AccessDenied` where it asks what the person may not read.
    """
    report = answered(report, answers or {})
    demand_countable(report)
    if is_of_targets(report):
        return table_of_targets(source, report, as_of_ms)
    return _Table(source, report).table(as_of_ms)


def answered(report: Report, answers: Mapping[str, Value]) -> Report:
    """Return a report with its questions among its conditions."""
    parts: list[Rule] = [report.rule]
    for question in report.questions:
        value = answers.get(question.key, question.condition.value)
        if value is not None:
            parts.append(replace(question.condition, value=value))
    unknown = answers.keys() - {question.key for question in report.questions}
    if unknown:
        raise UserError(N_("The report does not ask for “{name}”"), name=sorted(unknown)[0])
    return replace(report, rule=all_of(parts), questions=())


def demand_countable(report: Report) -> None:
    """Raise `UserError` where a report means nothing, whatever its fields are."""
    demand_zone(report.zone)
    if not 0 <= report.first_weekday <= 6:
        raise UserError(N_("A week begins on a weekday from 0 (Monday) to 6 (Sunday)"))
    if not report.measures or len(report.measures) > MOST_MEASURES:
        raise UserError(N_("A report measures 1 to {most} things"), most=MOST_MEASURES)
    if max(len(report.rows), len(report.columns)) > MOST_GROUPS:
        raise UserError(
            N_("A report has at most {most} groups in its rows, and in its columns"), most=MOST_GROUPS
        )
    if report.top < 0 or report.top > MOST_ROWS:
        raise UserError(N_("A report shows 1 to {most} rows"), most=MOST_ROWS)
    if report.sort is not None:
        places = report.measures if report.sort.by_measure else report.rows
        if not 0 <= report.sort.place < len(places):
            raise UserError(N_("The report is sorted by something it does not have"))
    for measure in report.measures:
        if measure.over in _ADDED and measure.take not in (Take.COUNT, Take.SUM):
            raise UserError(N_("Only numbers and sums have a running total"))
        running = any(group.period in RUNNING_PERIODS for group in (*report.rows, *report.columns))
        if measure.over in _IN_TIME and not running:
            raise UserError(N_("A change against the period before needs a group by period"))
    if report.measures[0].over in BESIDE:
        raise UserError(N_("The first measure has none before it to be compared with"))


class _Table:
    """Rows and columns as they are shown."""

    def __init__(self, source: Source, report: Report) -> None:
        self._source, self._report = source, report
        self._gathered = Gathered(source, report)
        self._plan = self._gathered.plan
        self._measures = range(len(report.measures))

    def table(self, as_of_ms: int | None) -> ReportTable:
        """Return the finished table."""
        gathered, report = self._gathered, self._report
        keys = gathered.column_keys()
        lines = gathered.lines()
        shown = _first(lines, report.top) if report.top else lines
        if len(shown) > MOST_ROWS:
            raise UserError(
                N_("These are {count} rows: narrow the report, or show only the first ones"), count=len(shown)
            )
        whole = gathered.whole()
        sums = gathered.sums(whole)
        return ReportTable(
            report=report,
            groups=tuple(
                group_words(each.group, report.entity, self._source.fields) for each in self._plan.rows
            ),
            columns=self._columns(keys),
            rows=self._rows(lines, shown, keys, sums),
            totals=tuple(self._total(line, keys) for line in sums),
            counted=sum(line.whole.counted for line in sums),
            as_of_ms=as_of_ms,
            left_out=gathered.left_out(whole),
            rates=tuple(gathered.rates_used()),
            rest=len(lines) - len(shown),
            kinds=self._plan.kinds(),
        )

    def _columns(self, keys: Sequence[Keys]) -> tuple[ReportColumn, ...]:
        groups, report = self._plan.columns, self._report
        heads = [self._gathered.heads.heads(each, {key[n] for key in keys}) for n, each in enumerate(groups)]
        words = [measure_words(each, report.entity, self._source.fields) for each in report.measures]
        return tuple(
            ReportColumn(
                measure=place,
                label=words[place],
                unit=_unit(report.measures[place].over, self._plan.unit(place)),
                heads=tuple(heads[n][part] for n, part in enumerate(key)),
                rule=all_of(each.rule(part) for each, part in zip(groups, key, strict=True)),
            )
            for key in keys
            for place in self._measures
        )

    def _rows(
        self, lines: Sequence[Line], cut: Sequence[Line], columns: Sequence[Keys], sums: Sequence[Line]
    ) -> tuple[ReportRow, ...]:
        groups, gathered = self._plan.rows, self._gathered
        heads = [gathered.heads.heads(each, {line.keys[n] for line in cut}) for n, each in enumerate(groups)]
        figures = _Over(gathered, lines, sums)
        shown: list[ReportRow] = []
        for currency in dict.fromkeys(line.currency for line in cut):
            own = gathered.of_currency(currency)
            mine = [line for line in cut if line.currency == currency]
            rules = []
            for line in mine:
                rules.append(all_of(each.rule(key) for each, key in zip(groups, line.keys, strict=True)))
                head = tuple(heads[n][key] for n, key in enumerate(line.keys))
                shown.append(self._row(line, head, all_of([rules[-1], *own]), columns, figures))
            beyond = [line for line in lines if line.currency == currency][len(mine) :]
            if beyond and not self._plan.has_set:
                others = tuple(Head(key=None, label=OTHER, is_other=True) for _ in groups)
                rule = all_of([Not(AnyOf(tuple(rules))), *own])
                shown.append(self._row(gathered.together(currency, beyond), others, rule, columns, figures))
        return tuple(shown)

    def _row(
        self, line: Line, heads: tuple[Head, ...], rule: Rule, columns: Sequence[Keys], figures: _Over
    ) -> ReportRow:
        return ReportRow(
            heads=heads,
            figures=tuple(figures.shown(place, line, key) for key in columns for place in self._measures),
            across=tuple(figures.shown(place, line, None) for place in self._measures)
            if self._plan.columns
            else (),
            counted=line.whole.counted,
            currency=self._gathered.money(line.currency),
            rule=rule,
        )

    def _total(self, line: Line, columns: Sequence[Keys]) -> ReportRow:
        gathered = self._gathered

        def total(place: int, cell: Cell | None) -> Figure:
            found = gathered.figure(place, cell)
            over = self._report.measures[place].over
            match over:
                case Over.OF_TOTAL:
                    return Decimal(1) if found else None
                case Over.CHANGE | Over.KEPT | Over.YEAR:
                    return None
                case Over.AGAINST | Over.PER | Over.PART:
                    return _beside(over, found, gathered.figure(place - 1, cell), self._plan.unit(place))
                case _:
                    return found

        return ReportRow(
            heads=(),
            figures=tuple(total(place, line.cells.get(key)) for key in columns for place in self._measures),
            across=tuple(total(place, line.whole) for place in self._measures) if self._plan.columns else (),
            counted=line.whole.counted,
            currency=gathered.money(line.currency),
            rule=all_of(gathered.of_currency(line.currency)),
        )


class _Over:
    """Figures as their measures show them: as they are, or what is made of them over the table."""

    def __init__(self, gathered: Gathered, lines: Sequence[Line], sums: Sequence[Line]) -> None:
        self._gathered = gathered
        self._totals = {line.currency: line for line in sums}
        self._lines = {(line.currency, line.keys): line for line in lines}
        self._running: dict[tuple[str, int, Keys | None], int | Decimal] = {}
        self._onward: dict[tuple[str, int, Keys | None], dict[Keys, Fraction]] = {}

    def shown(self, place: int, line: Line, key: Keys | None) -> Figure:
        """Return a figure, row by row from the first; `key` None: over all columns."""
        found = self._gathered.figure(place, _cell(line, key))
        over = self._gathered.report.measures[place].over
        match over:
            case Over.NOTHING:
                return found
            case Over.RUNNING:
                at = (line.currency, place, key)
                self._running[at] = self._running.get(at, 0) + (found or 0)
                return self._running[at]
            case Over.OF_TOTAL:
                total = self._totals.get(line.currency)
                whole = self._gathered.figure(place, _cell(total, key)) if total is not None else None
                return None if found is None or not whole else exactly(Fraction(found) / Fraction(whole))
            case Over.ONWARD:
                came = self._came_as_far(place, line, key).get(line.keys)
                return None if came is None else exactly(came) if isinstance(found, Decimal) else int(came)
            case Over.KEPT:
                return self._kept(place, line, key)
            case Over.AGAINST | Over.PER | Over.PART:
                left = self._gathered.figure(place - 1, _cell(line, key))
                return _beside(over, found, left, self._gathered.plan.unit(place))
        earlier = self._gathered.figure(place, self._before(line, key, a_year=over is Over.YEAR))
        return _change(found, earlier)

    def _came_as_far(self, place: int, line: Line, key: Keys | None) -> dict[Keys, Fraction]:
        """Return, for each row of a line's currency, the sum from it to the last."""
        at = (line.currency, place, key)
        if at not in self._onward:
            total, sums = Fraction(0), {}
            for (currency, keys), each in reversed(self._lines.items()):
                if currency == line.currency:
                    total += Fraction(self._gathered.figure(place, _cell(each, key)) or 0)
                    sums[keys] = total
            self._onward[at] = sums
        return self._onward[at]

    def _kept(self, place: int, line: Line, key: Keys | None) -> Figure:
        sums = self._came_as_far(place, line, key)
        keys = [each for currency, each in self._lines if currency == line.currency]
        at = keys.index(line.keys) if line.keys in sums else 0
        if not at or not sums[keys[at - 1]]:
            return None
        return exactly(sums[line.keys] / sums[keys[at - 1]])

    def _before(self, line: Line, key: Keys | None, *, a_year: bool) -> Cell | None:
        """Return what there was in the period before, or a year before; a period of the rows counts first."""
        plan = self._gathered.plan
        for n, each in enumerate(plan.rows[: len(line.keys)]):
            if each.group.period in RUNNING_PERIODS and line.keys[n] is not None:
                earlier_key = each.before(line.keys[n], a_year=a_year)
                keys = (*line.keys[:n], earlier_key, *line.keys[n + 1 :])
                earlier = self._lines.get((line.currency, keys))
                return _cell(earlier, key) if earlier is not None else None
        for n, each in enumerate(plan.columns):
            if key is not None and each.group.period in RUNNING_PERIODS and key[n] is not None:
                return line.cells.get((*key[:n], each.before(key[n], a_year=a_year), *key[n + 1 :]))
        return None


def _unit(over: Over, unit: Unit) -> Unit:
    if over in _PARTS:
        return Unit.SHARE
    return Unit.NUMBER if over is Over.PER and unit is Unit.COUNT else unit


def _change(found: Figure, earlier: Figure) -> Figure:
    if found is None or not earlier:
        return None
    return exactly((Fraction(found) - Fraction(earlier)) / abs(Fraction(earlier)))


def _beside(over: Over, found: Figure, left: Figure, unit: Unit) -> Figure:
    """Return what is made of a figure and the one before it; nothing where that is nothing."""
    if over is Over.AGAINST:
        return _change(found, left)
    if found is None or not left:
        return None
    part = Fraction(found) / Fraction(left)
    return exactly(part) if over is Over.PART else rounded(part, unit)


def _cell(line: Line, key: Keys | None) -> Cell | None:
    return line.whole if key is None else line.cells.get(key)


def _first(lines: Sequence[Line], top: int) -> list[Line]:
    """Return the first rows of each currency."""
    taken: Counter[str] = Counter()
    shown = []
    for line in lines:
        taken[line.currency] += 1
        if taken[line.currency] <= top:
            shown.append(line)
    return shown
