"""A counted report as rows of text and as plain values: what is printed, and what goes into files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from crm_core.i18n import N_, Translate, message
from crm_core.money import Money, digits
from crm_core.rules.reports import Figure, ReportColumn, ReportRow, ReportTable, Unit
from crm_core.schema.field import Plain

TOTAL = message(N_("Total"))
CURRENCY = message(N_("Currency"))


def heads(table: ReportTable, translate: Translate) -> list[str]:
    """Return the heads of all columns, each once: groups, the currency where there are amounts, figures."""
    named = [each.show(translate) for each in table.groups]
    if table.currencies:
        named.append(CURRENCY.show(translate))
    named += [column_head(column, translate) for column in table.columns]
    if table.report.columns:
        for place in range(len(table.report.measures)):
            label = table.columns[place].label.show(translate) if table.columns else ""
            named.append(f"{TOTAL.show(translate)} · {label}")
    seen: dict[str, int] = {}
    once = []
    for name in named:
        seen[name] = seen.get(name, 0) + 1
        once.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return once


def column_head(column: ReportColumn, translate: Translate) -> str:
    """Return the head of a column of figures: what its records share, and what is measured."""
    label = column.label.show(translate)
    measured = f"{label}, %" if column.unit is Unit.SHARE else label
    return " · ".join([*(head.label.show(translate) for head in column.heads), measured])


def rows(table: ReportTable, translate: Translate) -> Iterator[tuple[ReportRow, list[str | Decimal | None]]]:
    """Yield each row with its cells, those of the totals last: texts, and numbers as people read them.

    Amounts are in major units, shares in hundredths.
    """
    for row in table.rows:
        yield row, _cells(table, row, [head.label.show(translate) for head in row.heads])
    if table.report.rows:
        for row in table.totals:
            first = [TOTAL.show(translate)] + [""] * (len(table.report.rows) - 1)
            yield row, _cells(table, row, first)


def _cells(table: ReportTable, row: ReportRow, first: Sequence[str]) -> list[str | Decimal | None]:
    cells: list[str | Decimal | None] = [*first]
    if table.currencies:
        cells.append(row.currency)
    figures = (*row.figures, *row.across)
    return cells + [
        number(figure, unit, row.currency) for figure, unit in zip(figures, units(table), strict=True)
    ]


def units(table: ReportTable) -> list[Unit]:
    """Return what the figures of each column are, those over all columns last."""
    found = [column.unit for column in table.columns]
    if table.report.columns:
        found += found[: len(table.report.measures)] or [Unit.NUMBER] * len(table.report.measures)
    return found


def number(figure: Figure, unit: Unit, currency: str) -> Decimal | None:
    """Return a figure as people read it: amounts in major units, shares in hundredths."""
    if figure is None:
        return None
    if unit is Unit.MONEY:
        return Money(int(figure), currency).decimal()
    value = Decimal(figure) * 100 if unit is Unit.SHARE else Decimal(figure)
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


def text(cell: str | Decimal | None) -> str:
    """Return a cell as text."""
    return "" if cell is None else cell if isinstance(cell, str) else f"{cell:f}"


def number_format(unit: Unit, currency: str) -> str:
    """Return how a spreadsheet writes a number, so that it reads as on the screen."""
    decimals = digits(currency) if unit is Unit.MONEY else 0
    if unit in (Unit.NUMBER, Unit.DAYS, Unit.SHARE):
        return "#,##0.######"
    return "#,##0" + ("." + "0" * decimals if decimals else "")


def plain_rows(table: ReportTable, translate: Translate) -> Iterator[dict[str, Any]]:
    """Yield each row as one flat object: keys and labels of the groups, figures by their heads.

    Amounts are text such as `1299.00 CNY`, other numbers decimal text (shares in hundredths), numbers of
    records whole numbers.
    """
    figures = heads(table, translate)[len(table.groups) + bool(table.currencies) :]
    groups = [group.field for group in table.report.rows]
    for row in table.rows:
        flat: dict[str, Any] = {}
        for name, head in zip(groups, row.heads, strict=True):
            flat[name] = "other" if head.is_other else head.key
            flat[f"{name}.label"] = head.label.show(translate)
        yield {**flat, **_plain_figures(table, row, figures)}
    if groups:
        for row in table.totals:
            yield {"total": True, **_plain_figures(table, row, figures)}


def _plain_figures(table: ReportTable, row: ReportRow, names: Sequence[str]) -> dict[str, Plain]:
    told: dict[str, Plain] = {"counted": row.counted}
    for name, figure, unit in zip(names, (*row.figures, *row.across), units(table), strict=True):
        if figure is None or unit is Unit.COUNT:
            told[name] = figure if figure is None else int(figure)
        elif unit is Unit.MONEY:
            told[name] = str(Money(int(figure), row.currency))
        else:
            told[name] = text(number(figure, unit, row.currency))
    return told


def notes(table: ReportTable, translate: Translate) -> list[str]:
    """Return what is to be known beside the figures: rates used, what was left out, how much is together."""
    said = []
    for rate in table.rates:
        told = message(
            N_("1 {currency} = {rate} {company} (rate from {day})"),
            currency=rate.currency,
            rate=f"{rate.rate:f}",
            company=rate.to_currency,
            day=rate.valid_from.isoformat(),
        )
        said.append(told.show(translate))
    if table.left_out:
        told = message(
            N_("Records with an amount there is no exchange rate for: {count}"), count=table.left_out
        )
        said.append(told.show(translate))
    if table.rest:
        said.append(message(N_("Rows not shown one by one: {count}"), count=table.rest).show(translate))
    return said
