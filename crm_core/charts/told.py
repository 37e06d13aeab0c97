"""A chart in words: its rows for the table view, and one line for those who listen."""

from __future__ import annotations

from decimal import Decimal

from crm_core.charts.chart import Chart, Form, Kind, Number, Role, Series, Text, latest
from crm_core.charts.words import Words, share_of
from crm_core.i18n import message, plural

Row = tuple[str, ...]


def rows_of(chart: Chart, words: Words) -> list[Row]:
    """Return the chart as rows of text, the head first: a row a category, a column a series.

    A heat map keeps its own rows; a forecast adds its middle, low and high.
    """
    if chart.kind is Kind.HEAT_MAP:
        head = ("", *(words.show(category.full) for category in chart.categories))
        return [
            head,
            *(
                (words.show(each.label), *(words.number(value, chart.form_of(each)) for value in each.values))
                for each in chart.plain
            ),
        ]
    columns: list[tuple[Text, tuple[Number | None, ...], Form]] = [
        (each.label, each.values, chart.form_of(each)) for each in chart.series
    ]
    whole = _whole(chart)
    if chart.interval is not None:
        interval = chart.interval
        columns += [
            (interval.label, interval.middle, chart.form),
            (message("Low"), interval.low, chart.form),
            (message("High"), interval.high, chart.form),
        ]
    share = (words.tr("Share of the whole"),) if whole is not None else ()
    rows: list[Row] = [("", *(words.show(label) or words.tr("Value") for label, _, _ in columns), *share)]
    for place, category in enumerate(chart.categories):
        row = tuple(words.number(values[place], form) for _, values, form in columns)
        part = (_share(columns[0][1][place], whole),) if whole is not None else ()
        rows.append((words.show(category.full), *row, *part))
    return rows


def _whole(chart: Chart) -> Decimal | None:
    """Return what the parts of a pie come to; None for other charts."""
    if chart.kind is not Kind.PIE or not chart.plain:
        return None
    return sum((Decimal(value) for value in chart.plain[0].values if value and value > 0), Decimal(0))


def _share(value: Number | None, whole: Decimal) -> str:
    return share_of(value if value and value > 0 else 0, whole or 1)


def summary(chart: Chart, words: Words) -> str:
    """Return the chart in one line: what it comes to, where most and least is, and its state."""
    if chart.is_empty:
        return words.show(chart.empty)
    match chart.kind:
        case Kind.FIGURE | Kind.GAUGE:
            return _of_one(chart, words)
        case Kind.LINE:
            return _of_line(chart, words)
        case Kind.HEAT_MAP:
            return _of_cells(chart, words)
        case Kind.TABLE:
            return _of_table(chart, words)
        case _:
            return _of_parts(chart, words)


def _of_one(chart: Chart, words: Words) -> str:
    series = chart.plain[0]
    value = latest(series)
    said = words.number(value, chart.form_of(series))
    target = chart.of(Role.TARGET)
    goal = None if target is None else latest(target)
    if target is not None and goal is not None:
        said = words.tr("{value} of {target}", value=said, target=words.number(goal, chart.form_of(target)))
    band = chart.band_of(value) if value is not None else None
    if band is not None:
        said = words.tr("{said}, {more}", said=said, more=words.show(band.label))
    change = change_words(chart, words)
    if change:
        said = words.tr("{said}, {more}", said=said, more=change)
    return said


def change_words(chart: Chart, words: Words) -> str:
    """Return how the last value stands to the same of the earlier period, as "12 % more, was 47"."""
    earlier = chart.of(Role.EARLIER)
    value, before = latest(chart.plain[0]), None if earlier is None else latest(earlier)
    if earlier is None or value is None or before is None:
        return ""
    was = words.number(before, chart.form_of(earlier))
    if value == before:
        return words.tr("as before, {was}", was=was)
    if before <= 0 or chart.form.unit.value == "percent" or chart.categories[-1].current:
        return words.tr("was {was}", was=was)
    change = share_of(abs(Decimal(value) - Decimal(before)), before)
    if value > before:
        return words.tr("{change} more, was {was}", change=change, was=was)
    return words.tr("{change} less, was {was}", change=change, was=was)


def _known(series: Series) -> list[tuple[Number, int]]:
    return [(value, place) for place, value in enumerate(series.values) if value is not None]


def _of_line(chart: Chart, words: Words) -> str:
    said = []
    for series in chart.plain:
        known = _known(series)
        if known:
            least, most = min(known), max(known)
            said.append(
                words.tr(
                    "{line}: from {low} in {low_label} to {high} in {high_label}",
                    line=words.show(series.label),
                    low=words.number(least[0], chart.form_of(series)),
                    low_label=words.show(chart.categories[least[1]].full),
                    high=words.number(most[0], chart.form_of(series)),
                    high_label=words.show(chart.categories[most[1]].full),
                )
            )
    if chart.interval is not None:
        ahead = [place for place, value in enumerate(chart.interval.middle) if value is not None]
        if ahead:
            last = ahead[-1]
            said.append(
                words.tr(
                    "{label}: {middle} in {place}, between {low} and {high}",
                    label=words.show(chart.interval.label),
                    middle=words.number(chart.interval.middle[last], chart.form),
                    place=words.show(chart.categories[last].full),
                    low=words.number(chart.interval.low[last], chart.form),
                    high=words.number(chart.interval.high[last], chart.form),
                )
            )
    return "; ".join(said)


def _of_cells(chart: Chart, words: Words) -> str:
    value, row, place = max(
        ((value, -number, -place) for number, each in enumerate(chart.plain) for value, place in _known(each))
    )
    return words.tr(
        "most in {row}, {column}: {value}",
        row=words.show(chart.plain[-row].label),
        column=words.show(chart.categories[-place].full),
        value=words.number(value, chart.form),
    )


def _of_table(chart: Chart, words: Words) -> str:
    said = plural(
        len(chart.categories), message("1 row"), message("{count} rows", count=len(chart.categories))
    )
    return words.show(said)


def _of_parts(chart: Chart, words: Words) -> str:
    """Return the sum of what stands side by side, and where most of it is."""
    adds = chart.form.adds and chart.form.unit.value not in ("percent", "days", "minutes")
    parts = chart.plain if adds else chart.plain[:1]
    rows = [
        (sum((Decimal(each.values[place] or 0) for each in parts), Decimal(0)), -place)
        for place in range(len(chart.categories))
    ]
    most, place = max(rows)
    total = words.number(sum((value for value, _ in rows), Decimal(0)), chart.form)
    best, value = words.show(chart.categories[-place].full), words.number(most, chart.form)
    if not adds:
        return words.tr("most in {best}: {value}", best=best, value=value)
    said = plural(
        len(rows),
        message("{best}: {value}", best=best, value=value),
        message(
            "{total} in {count} parts; most in {best}: {value}",
            total=total,
            count=len(rows),
            best=best,
            value=value,
        ),
    )
    part = chart.of(Role.PART)
    if part is None:
        return words.show(said)
    counted = words.number(sum((Decimal(each or 0) for each in part.values), Decimal(0)), chart.form)
    return words.tr("{said}, {more}", said=words.show(said), more=f"{words.show(part.label)} {counted}")
