"""Charts of forecasts: what a period comes to step by step, the months carried on, scenarios side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from crm_core.charts.chart import (
    Category,
    Chart,
    Form,
    Interval,
    Kind,
    Number,
    Role,
    Series,
    Text,
    Unit,
    major,
)
from crm_core.charts.of_report import MONTHS
from crm_core.charts.words import counts_in_thousands
from crm_core.i18n import N_, message
from crm_core.money import digits
from crm_core.rules.back_test import Range
from crm_core.rules.what_if import Expected

SHOWN_MONTHS = 24
"""Months of the past beside those that are carried on."""


def form_of(values: Sequence[Number | None], currency: str) -> Form:
    """Return how amounts in major units are written, in thousands where they are large."""
    thousands = counts_in_thousands(value for value in values if value is not None)
    return Form(unit=Unit.MONEY, currency=currency, decimals=0, thousands=thousands)


def unit_words(form: Form) -> Text:
    """Return what the amounts of a chart are counted in."""
    return message(N_("thousand {currency}"), currency=form.currency) if form.thousands else form.currency


def ladder(
    title: Text, steps: Sequence[tuple[str, Text, int]], currency: str, goal: int | None = None
) -> Chart:
    """Return sums that grow from one to the next as bars: (key, label, minor units), against a target."""
    places = digits(currency)
    values = tuple(major(amount, places) for _, _, amount in steps)
    series = [Series(key="sum", label=message(N_("Amount")), values=values)]
    if goal is not None:
        target = tuple(major(goal, places) for _ in steps)
        series.append(Series(key="target", label=message(N_("Target")), values=target, role=Role.TARGET))
    form = form_of([each for one in series for each in one.values], currency)
    return Chart(
        kind=Kind.BAR,
        title=title,
        subtitle=unit_words(form),
        categories=tuple(Category(key=key, label=label) for key, label, _ in steps),
        series=tuple(series),
        form=form,
        lying=True,
    )


def months_ahead(
    title: Text,
    history: Sequence[tuple[str, int]],
    ahead: Sequence[tuple[str, Range]],
    currency: str,
    note: Text = "",
    empty: Text = "",
) -> Chart:
    """Return the last months and those carried on, with their interval, as a line. Months are `2026-11`."""
    places = digits(currency)
    shown = list(history)[-SHOWN_MONTHS:]
    past = [major(amount, places) for _, amount in shown]
    nothing: list[Decimal | None] = [None] * len(shown)

    def estimates(values: Sequence[float]) -> tuple[Decimal | None, ...]:
        return (*nothing, *(major(round(value), places) for value in values))

    middle = estimates([each.middle for _, each in ahead])
    low, high = (
        estimates([max(each.low, 0) for _, each in ahead]),
        estimates([each.high for _, each in ahead]),
    )
    form = form_of([*past, *middle, *high], currency)
    chart = Chart(
        kind=Kind.LINE,
        title=title,
        subtitle=unit_words(form),
        categories=tuple(
            _month(name) for name in [*(month for month, _ in shown), *(name for name, _ in ahead)]
        ),
        series=(Series(key="won", label=message(N_("Amount won")), values=(*past, *(None for _ in ahead))),),
        form=form,
        note=note,
        interval=Interval(label=message(N_("Carried on, 80 % interval")), middle=middle, low=low, high=high)
        if ahead
        else None,
    )
    return replace(chart, empty=empty) if empty else chart


def side_by_side(
    title: Text, found: Sequence[tuple[Text, Expected]], currency: str, goal: int | None = None
) -> Chart:
    """Return scenarios as stacked bars: what is won, what open deals bring, what new ones bring."""
    series = _parts(found, digits(currency))
    totals = [major(each.total, digits(currency)) for _, each in found]
    if goal is not None:
        series.append(_goal(goal, len(found), currency, Role.TARGET))
    form = form_of([*totals, *series[-1].values], currency)
    return Chart(
        kind=Kind.BAR,
        title=title,
        subtitle=unit_words(form),
        categories=_named(found),
        series=tuple(series),
        form=form,
        stacked=True,
        lying=True,
    )


def figures_of(
    title: Text, found: Sequence[tuple[Text, Expected]], currency: str, goal: int | None = None
) -> Chart:
    """Return the same as a table of whole amounts, with what each comes to in all."""
    places = digits(currency)
    series = _parts(found, places)
    totals = tuple(major(each.total, places) for _, each in found)
    series.append(Series(key="total", label=message(N_("Expected in all")), values=totals))
    if goal is not None:
        series.append(_goal(goal, len(found), currency, Role.PLAIN))
    form = Form(unit=Unit.MONEY, currency=currency, decimals=0)
    return Chart(
        kind=Kind.TABLE,
        title=title,
        subtitle=currency,
        categories=_named(found),
        series=tuple(series),
        form=form,
    )


def _parts(found: Sequence[tuple[Text, Expected]], places: int) -> list[Series]:
    parts = (
        ("won", N_("Won so far"), [each.won for _, each in found]),
        ("pipeline", N_("From open deals"), [each.pipeline for _, each in found]),
        ("new", N_("From new deals"), [each.new for _, each in found]),
    )
    return [
        Series(key=key, label=message(label), values=tuple(major(value, places) for value in values))
        for key, label, values in parts
    ]


def _goal(goal: int, count: int, currency: str, role: Role) -> Series:
    values = (major(goal, digits(currency)),) * count
    return Series(key="target", label=message(N_("Target")), values=values, role=role)


def _named(found: Sequence[tuple[Text, Expected]]) -> tuple[Category, ...]:
    return tuple(Category(key=str(place), label=name) for place, (name, _) in enumerate(found))


def _month(name: str) -> Category:
    year, month = name.split("-")
    label: Text = year if month == "01" else message(MONTHS[int(month) - 1])
    return Category(key=name, label=label, name=f"{year}-{month}")
