"""A counted report as a chart, and from a mark of the chart back to the records behind it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from crm_core.charts.chart import Category, Chart, Form, Kind, Number, Role, Series, Text, Unit
from crm_core.charts.drawing import Mark
from crm_core.charts.looks import Look, bands_of
from crm_core.charts.words import counts_in_thousands
from crm_core.i18n import N_, Message, message
from crm_core.money import digits
from crm_core.rules import reports
from crm_core.rules.reports import Figure, Head, Over, Period, ReportTable, Take
from crm_core.rules.segments import AnyOf, Rule
from crm_core.schema.code_lists import CHINA, CodeList, find

_UNITS = {
    reports.Unit.COUNT: Unit.NUMBER,
    reports.Unit.NUMBER: Unit.NUMBER,
    reports.Unit.MONEY: Unit.MONEY,
    reports.Unit.SHARE: Unit.PERCENT,
    reports.Unit.DAYS: Unit.DAYS,
}
_TARGET = message("Target")
_ADDED = (Take.COUNT, Take.SUM, Take.GOAL, Take.REACHED, Take.DUE, Take.MISSING)
_MONTH_KEY = re.compile(r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])\Z")
MONTHS = (
    N_("Jan"),
    N_("Feb"),
    N_("Mar"),
    N_("Apr"),
    N_("May"),
    N_("Jun"),
    N_("Jul"),
    N_("Aug"),
    N_("Sep"),
    N_("Oct"),
    N_("Nov"),
    N_("Dec"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A chart of a report. `rows` are the table's for each category, `columns` those for each series, None
    where it is none of the table's; in a `turned` one the other way round."""

    chart: Chart
    table: ReportTable
    rows: tuple[tuple[int, ...], ...]
    columns: tuple[int | None, ...]
    turned: bool = False

    def rule_of(self, mark: Mark) -> Rule:
        """Return the rule that finds the very records behind a mark."""
        series, places = mark.series, mark.gathered
        if mark.category is not None:
            places = (mark.category,)
        if self.turned:
            rows = self.rows[series] if series is not None else ()
            column = self.columns[places[0]] if places else None
        else:
            rows = tuple(row for place in places for row in self.rows[place])
            column = self.columns[series] if series is not None else None
        found = tuple(self.table.rule_at(row, column) for row in rows)
        if not found:
            return self.table.rule_at(None, column)
        return found[0] if len(found) == 1 else AnyOf(found)


def chart_of(
    table: ReportTable,
    look: Look,
    title: Text,
    *,
    today: datetime.date | None = None,
    subtitle: Text = "",
    before: ReportTable | None = None,
    runs: bool = False,
) -> Drawn:
    """Return a counted report drawn as its look says. `today` marks the period that runs.

    `before` is the same counted over the time before, which one figure is compared with; `runs` that the time
    counted has not ended.

    Amounts of several currencies are never drawn side by side: those of the first currency are, and the
    note tells of the others; a table shows them all. Measures of another unit than the first are written
    beside the values, or stand in the table view alone.
    """
    if look.kind is Kind.HEAT_MAP and any(column.heads for column in table.columns):
        return _cells(table, look, title, subtitle)
    if look.kind in (Kind.FIGURE, Kind.GAUGE) and not _is_in_time(table):
        return _whole(table, look, title, subtitle, before, runs=runs)
    kept, left_out = _in_one_currency(table, look)
    rows: tuple[tuple[int, ...], ...] = tuple((place,) for place in kept)
    categories = tuple(_category(table, place, today) for place in kept)
    if look.kind is Kind.MAP:
        categories, rows = _by_province(categories, rows, table)
    several = len(_currencies(table)) > 1
    if look.kind is Kind.TABLE and several:
        categories = tuple(
            _with_currency(each, table.rows[own[0]].currency)
            for each, own in zip(categories, rows, strict=True)
        )
    currency = next((table.rows[own[0]].currency for own in rows if table.rows[own[0]].currency), "")
    series, columns = _series(table, look, rows, currency)
    if look.kind is Kind.LINE:
        series, columns = _set_running_apart(series, columns, categories)
    if look.kind in (Kind.FIGURE, Kind.GAUGE) and series:
        series, columns = (*series[:1], *_before(series[0])), (*columns[:1], None)
    if look.goal is not None and series and look.kind in (Kind.FIGURE, Kind.GAUGE, Kind.BAR, Kind.LINE):
        series, columns = (*series, _goal(look.goal, len(categories))), (*columns, None)
    return Drawn(
        chart=_chart(table, look, title, subtitle, categories, series, currency, left_out),
        table=table,
        rows=rows,
        columns=columns,
    )


def numbers_of(table: ReportTable, title: Text, *, today: datetime.date | None = None) -> Chart:
    """Return every number of a report as a table: its rows and what they come to, of a pivot also across."""
    drawn = chart_of(table, Look(kind=Kind.TABLE), title, today=today)
    rows = [*(table.rows[own[0]] for own in drawn.rows), *(table.totals if table.report.rows else ())]
    several = len(_currencies(table)) > 1
    totals = tuple(
        _with_currency(Category(key=f"total {row.currency}", label=message("Total")), row.currency * several)
        for row in rows[len(drawn.rows) :]
    )
    currency = next((row.currency for row in rows if row.currency), "")

    def column(key: str, label: Text, unit: reports.Unit, figures: Iterable[Figure]) -> Series:
        values = tuple(_plain(figure, unit, row.currency) for figure, row in zip(figures, rows, strict=True))
        return Series(key=key, label=label, values=values, form=_form(unit, currency, []))

    series = [
        column(each.key, each.label, table.columns[place].unit, (row.figures[place] for row in rows))
        for place, each in enumerate(drawn.chart.series)
    ]
    if table.report.columns:
        series += [
            column(
                f"total {place}",
                message("{first} · {second}", first=message("Total"), second=table.columns[place].label),
                table.columns[place].unit,
                (row.across[place] for row in rows),
            )
            for place in range(len(table.report.measures) if table.columns else 0)
        ]
    return replace(drawn.chart, categories=(*drawn.chart.categories, *totals), series=tuple(series))


def _currencies(table: ReportTable) -> tuple[str, ...]:
    """Return the currencies of the rows, in the order of the totals."""
    return tuple(dict.fromkeys(row.currency for row in table.totals if row.currency))


def _is_in_time(table: ReportTable) -> bool:
    """Tell whether the rows follow each other in time."""
    groups = table.report.rows
    return len(groups) == 1 and groups[0].period in reports.RUNNING_PERIODS and bool(table.rows)


def _whole(
    table: ReportTable, look: Look, title: Text, subtitle: Text, before: ReportTable | None, *, runs: bool
) -> Drawn:
    """Return one figure over all rows: of amounts in several currencies that of the first."""
    totals = table.totals[:1]
    categories = tuple(Category(key="all", label="", current=runs) for _ in totals)
    column = table.columns[0] if table.columns else None
    currency = totals[0].currency if totals else ""
    series: tuple[Series, ...] = ()
    if column is not None and totals:
        value = _plain(totals[0].figures[0], column.unit, currency)
        series = (
            Series(key="0", label=column.label, values=(value,), form=_form(column.unit, currency, [])),
        )
        earlier = _total(before, currency, column.unit) if before is not None else None
        if earlier is not None:
            label = message("The period before")
            was = Series(key="before", label=label, values=(earlier,), role=Role.EARLIER, form=series[0].form)
            series = (*series, was)
        if look.goal is not None:
            series = (*series, _goal(look.goal, 1))
    left_out = len(table.totals) - len(totals)
    return Drawn(
        chart=_chart(table, look, title, subtitle, categories, series, currency, left_out),
        table=table,
        rows=((),),
        columns=(0, *(None for _ in series[1:])) if series else (),
    )


def _total(table: ReportTable, currency: str, unit: reports.Unit) -> Number | None:
    """Return the first measure over all rows of a currency; None where there are none of it."""
    row = next((each for each in table.totals if each.currency in ("", currency)), None)
    return None if row is None else _plain(row.figures[0], unit, currency)


def _cells(table: ReportTable, look: Look, title: Text, subtitle: Text) -> Drawn:
    """Return a pivot of one measure as cells: a row of the table a series, a column a category."""
    places = tuple(place for place, column in enumerate(table.columns) if column.measure == 0)
    kept, left_out = _in_one_currency(table, look)
    currency = table.rows[kept[0]].currency if kept else ""
    unit = table.columns[places[0]].unit if places else reports.Unit.COUNT
    categories = tuple(
        Category(key=str(place), label=_joined(table.columns[place].heads)) for place in places
    )
    series = tuple(
        Series(
            key=str(row),
            label=_joined(table.rows[row].heads),
            values=tuple(_plain(table.rows[row].figures[place], unit, currency) for place in places),
        )
        for row in kept
    )
    return Drawn(
        chart=_chart(table, look, title, subtitle, categories, series, currency, left_out),
        table=table,
        rows=tuple((row,) for row in kept),
        columns=places,
        turned=True,
    )


def _in_one_currency(table: ReportTable, look: Look) -> tuple[tuple[int, ...], int]:
    """Return the rows that can be drawn side by side, and how many cannot."""
    every = tuple(range(len(table.rows)))
    if look.kind is Kind.TABLE or len(_currencies(table)) < 2:
        return every, 0
    first = _currencies(table)[0]
    kept = tuple(place for place in every if table.rows[place].currency in ("", first))
    return kept, len(every) - len(kept)


def _category(table: ReportTable, place: int, today: datetime.date | None) -> Category:
    row = table.rows[place]
    current = False
    if today is not None and len(table.report.rows) == 1 and row.heads:
        current = _holds(table.report.rows[0].period, row.heads[0], today)
    full = _joined(row.heads)
    short = _short(table.report.rows[0].period, row.heads[0]) if len(row.heads) == 1 else None
    return Category(key=str(place), label=short or full, name=full if short else "", current=current)


def _short(period: Period | None, head: Head) -> Text | None:
    """Return a month as an axis names it, January by its year; None for what has no shorter name."""
    found = _MONTH_KEY.match(str(head.key)) if period is Period.MONTH else None
    if found is None:
        return None
    month = int(found["month"])
    return found["year"] if month == 1 else Message(MONTHS[month - 1])


def _holds(period: Period | None, head: Head, today: datetime.date) -> bool:
    """Tell whether a period holds a day."""
    key = str(head.key)
    match period:
        case Period.DAY:
            return key == today.isoformat()
        case Period.WEEK:
            try:
                first = datetime.date.fromisoformat(key)
            except ValueError:
                return False
            return first <= today < first + datetime.timedelta(days=7)
        case Period.MONTH:
            return key == f"{today:%Y-%m}"
        case Period.QUARTER:
            return key == f"{today.year}-Q{(today.month + 2) // 3}"
        case Period.YEAR:
            return key == str(today.year)
        case _:
            return False


def _joined(heads: Sequence[Head]) -> Text:
    if not heads:
        return message("All")
    label: Message = heads[0].label
    for head in heads[1:]:
        label = message("{first} · {second}", first=label, second=head.label)
    return label


def _with_currency(category: Category, currency: str) -> Category:
    if not currency:
        return category
    label = message("{name}, {currency}", name=category.label, currency=currency)
    return Category(key=category.key, label=label, current=category.current)


def _by_province(
    categories: tuple[Category, ...], rows: tuple[tuple[int, ...], ...], table: ReportTable
) -> tuple[tuple[Category, ...], tuple[tuple[int, ...], ...]]:
    """Return one category a province, however its name is written; other places stay as they are."""
    found: dict[str, tuple[Category, tuple[int, ...]]] = {}
    for category, own in zip(categories, rows, strict=True):
        head = table.rows[own[0]].heads[0] if table.rows[own[0]].heads else None
        entry = None
        if head is not None and isinstance(head.key, str):
            entry = find(CodeList.PROVINCE, head.key, {CodeList.COUNTRY: CHINA})
        key = category.key if entry is None else entry.code
        before = found[key][1] if key in found else ()
        found[key] = (Category(key=key, label=category.label), (*before, *own))
    return tuple(each for each, _ in found.values()), tuple(own for _, own in found.values())


def _series(
    table: ReportTable, look: Look, rows: tuple[tuple[int, ...], ...], currency: str
) -> tuple[tuple[Series, ...], tuple[int | None, ...]]:
    """Return a series for each column: of the first measure's unit side by side, others written beside."""
    first = table.columns[0].unit if table.columns else reports.Unit.COUNT
    measures = {column.measure for column in table.columns}
    found: list[Series] = []
    columns: list[int | None] = []
    for place, column in enumerate(table.columns):
        values = tuple(_sum(table, own, place, column.unit) for own in rows)
        label: Text = _joined(column.heads) if column.heads else column.label
        if column.heads and len(measures) > 1:
            label = message("{first} · {second}", first=label, second=column.label)
        alone = look.kind in (Kind.PIE, Kind.MAP, Kind.FUNNEL) and found
        # A share, a running total or a change of what is drawn would only stand in its way.
        made_of_it = place > 0 and table.report.measures[column.measure].over is not Over.NOTHING
        beside = look.kind is not Kind.TABLE and (column.unit is not first or bool(alone) or made_of_it)
        role = Role.BESIDE if beside else Role.PLAIN
        written = None
        if beside or look.kind is Kind.TABLE:
            written = _form(column.unit, currency, [])
        found.append(Series(key=str(place), label=label, values=values, role=role, form=written))
        columns.append(place)
    return tuple(found), tuple(columns)


def _adds_up(table: ReportTable, place: int) -> bool:
    """Tell whether the figures of a column add up to that of its rows together."""
    if place >= len(table.columns):
        return True
    measure = table.report.measures[table.columns[place].measure]
    return measure.take in _ADDED and measure.over in (Over.NOTHING, Over.OF_TOTAL)


def _sum(table: ReportTable, rows: Iterable[int], place: int, unit: reports.Unit) -> Number | None:
    """Return a figure, or the sum of those of several rows; of shares and averages there is none."""
    found = [_plain(table.rows[row].figures[place], unit, table.rows[row].currency) for row in rows]
    if len(found) == 1:
        return found[0]
    known = [value for value in found if value is not None]
    if not known or not _adds_up(table, place):
        return None
    return sum(known, Decimal(0))


def _set_running_apart(
    series: tuple[Series, ...], columns: tuple[int | None, ...], categories: tuple[Category, ...]
) -> tuple[tuple[Series, ...], tuple[int | None, ...]]:
    """Take the period that runs out of the first line: it has not come to its end."""
    lines = [each for each in series if each.role is Role.PLAIN]
    if len(lines) != 1 or len(categories) < 2 or not categories[-1].current:
        return series, columns
    line = lines[0]
    last = (None,) * (len(categories) - 1) + line.values[-1:]
    running = Series(key="running", label=message("so far"), values=last, role=Role.RUNNING, form=line.form)
    known = replace(line, values=(*line.values[:-1], None))
    place = series.index(line)
    return (
        (*series[:place], known, *series[place + 1 :], running),
        (*columns, columns[place]),
    )


def _before(series: Series) -> tuple[Series, ...]:
    """Return each value of the period before, to compare with."""
    if len(series.values) < 2:
        return ()
    values = (None, *series.values[:-1])
    return (
        Series(
            key="before",
            label=message("The period before"),
            values=values,
            role=Role.EARLIER,
            form=series.form,
        ),
    )


def _goal(goal: Decimal, count: int) -> Series:
    return Series(key="goal", label=_TARGET, values=(goal,) * count, role=Role.TARGET)


def _chart(
    table: ReportTable,
    look: Look,
    title: Text,
    subtitle: Text,
    categories: tuple[Category, ...],
    series: tuple[Series, ...],
    currency: str,
    left_out: int,
) -> Chart:
    unit = table.columns[0].unit if table.columns else reports.Unit.COUNT
    drawn = [
        value for each in series if each.role is not Role.BESIDE for value in each.values if value is not None
    ]
    form = _form(unit, currency, drawn if look.kind not in (Kind.FIGURE, Kind.TABLE) else [])
    beside = {int(each.key) for each in series if each.role is Role.BESIDE and each.key.isdecimal()}
    measured = {each.measure for place, each in enumerate(table.columns) if place not in beside}
    form = replace(form, adds=len(measured) < 2 and _adds_up(table, 0))
    units: Text = subtitle
    if unit is reports.Unit.MONEY and currency:
        counted: Text = message("thousand {currency}", currency=currency) if form.thousands else currency
        units = message("{first} · {second}", first=subtitle, second=counted) if subtitle else counted
    return Chart(
        kind=look.kind,
        title=title,
        subtitle=units,
        categories=categories,
        series=series,
        form=form,
        stacked=look.stacked,
        lying=look.lying,
        bands=bands_of(look) if look.kind in (Kind.FIGURE, Kind.GAUGE) else (),
        note=_note(table, left_out),
    )


def _note(table: ReportTable, left_out: int) -> Text:
    """Say what the picture does not hold, and by which rates amounts were brought together."""
    said: list[Message] = []
    if left_out:
        said.append(message("{count} rows in other currencies are left out", count=left_out))
    if table.left_out:
        said.append(message("Without a rate, left out: {count} amounts", count=table.left_out))
    if table.rates:
        said.append(message("Other currencies by the rates of today"))
    if not said:
        return ""
    whole = said[0]
    for each in said[1:]:
        whole = message("{said}; {more}", said=whole, more=each)
    return whole


def _form(unit: reports.Unit, currency: str, values: list[Number]) -> Form:
    drawn = _UNITS[unit]
    thousands = drawn is Unit.MONEY and counts_in_thousands(values)
    return Form(unit=drawn, currency=currency if drawn is Unit.MONEY else "", thousands=thousands)


def _plain(figure: Figure, unit: reports.Unit, currency: str) -> Number | None:
    """Return a figure as charts count: amounts in major units, shares in hundredths."""
    if figure is None:
        return None
    if unit is reports.Unit.MONEY:
        return Decimal(figure).scaleb(-digits(currency))
    return Decimal(figure) * 100 if unit is reports.Unit.SHARE else figure
