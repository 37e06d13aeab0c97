"""Charts of every kind with as many values as asked for: what pictures and tests are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from crm_core.charts.chart import (
    Band,
    Category,
    Chart,
    Form,
    Interval,
    Kind,
    Role,
    Series,
    Tone,
    Unit,
)
from crm_core.i18n import message
from crm_core.schema.code_lists import CodeList, entries

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WON = (310, 355, 420, 290, 460, 515, 390, 470, 601, 548)
BEFORE = (280, 300, 340, 330, 390, 420, 350, 380, 470, 455, 430, 510)
CNY = Form(unit=Unit.MONEY, currency="CNY")
FAMILIES = ("Flow meters", "Valves", "Pump sets", "Service", "Gateways", "Seals", "Cables", "Training")
REASONS = ("Price", "No budget", "Chose a rival", "Timing", "No answer")
BANDS = (
    Band(since=0, tone=Tone.BAD, label=message("Below 50 %")),
    Band(since=50, tone=Tone.WARN, label=message("Behind")),
    Band(since=90, tone=Tone.GOOD, label=message("On target")),
)


def named(count: int, names: tuple[str, ...] = ()) -> tuple[Category, ...]:
    """Return categories, by the names where there are as many."""
    return tuple(
        Category(key=f"k{place}", label=names[place] if place < len(names) else f"Name {place + 1}")
        for place in range(count)
    )


def series(key: str, values: tuple[int | Decimal | None, ...], role: Role = Role.PLAIN) -> Series:
    """Return a series called like its key."""
    return Series(key=key, label=key, values=values, role=role)


def renamed(chart: Chart, names: tuple[str, ...]) -> Chart:
    """Return the chart with other names of its categories and series, in turn."""
    return replace(
        chart,
        categories=tuple(
            replace(each, label=names[place % len(names)]) for place, each in enumerate(chart.categories)
        ),
        series=tuple(
            replace(each, label=names[place % len(names)]) for place, each in enumerate(chart.series)
        ),
    )


def figure(count: int) -> Chart:
    before = tuple(80 + 3 * place for place in range(count))
    return Chart(
        kind=Kind.FIGURE,
        title="Won this quarter",
        categories=named(count, MONTHS),
        series=(
            series("Won", tuple(60 + 7 * place % 50 for place in range(count))),
            series("Before", before, Role.EARLIER),
            series("Target", (100,) * count, Role.TARGET),
        ),
        bands=BANDS,
    )


def months(count: int) -> Chart:
    won = tuple(300 + 37 * place % 210 for place in range(count))
    expected = tuple(None if place < count - 2 else won[place] + 90 for place in range(count))
    return Chart(
        kind=Kind.BAR,
        title="Won by month",
        subtitle="thousand CNY",
        categories=named(count, MONTHS),
        series=(
            series("Won", won),
            series("Forecast", expected, Role.EXPECTED),
            series("Target", (420,) * count, Role.TARGET),
        ),
    )


def grouped(count: int) -> Chart:
    return Chart(
        kind=Kind.BAR,
        title="Meters against valves",
        categories=named(count, MONTHS),
        series=(
            series("Meters", WON[:1] * count),
            series("Valves", tuple(120 + 9 * n for n in range(count))),
        ),
    )


def stacked(count: int) -> Chart:
    return Chart(
        kind=Kind.BAR,
        title="By region",
        subtitle="thousand CNY",
        categories=named(count, ("East", "South", "North", "UK", "EU")),
        series=(
            series("Meters", tuple(420 - 60 * (n % 7) for n in range(count))),
            series("Valves", tuple(260 - 20 * (n % 9) for n in range(count))),
            series("Pumps", tuple(180 - 25 * (n % 5) for n in range(count))),
        ),
        stacked=True,
        lying=True,
    )


def lying(count: int) -> Chart:
    return Chart(
        kind=Kind.BAR,
        title="Why deals were lost",
        subtitle="82 deals",
        categories=named(count, REASONS),
        series=(series("Lost", tuple(Decimal(max(1, 31 - 5 * n)) for n in range(count))),),
        form=Form(unit=Unit.PERCENT),
        lying=True,
        note="Price leads in South; rivals named most: 3. Team figures are from the last snapshot, 09:08.",
    )


def losses(count: int) -> Chart:
    return Chart(
        kind=Kind.BAR,
        title="Above and below",
        categories=named(count, MONTHS),
        series=(series("Change", tuple((-1) ** n * (n + 1) * 12 for n in range(count))),),
    )


def line(count: int) -> Chart:
    known = max(0, count - 2)
    ahead = tuple(None if place < known else Decimal(520 - 40 * (place - known)) for place in range(count))
    return Chart(
        kind=Kind.LINE,
        title="Won by month, thousand CNY",
        categories=named(count, MONTHS),
        series=(
            series("2026", tuple(WON[n % 10] if n < known else None for n in range(count))),
            series("2025", tuple(BEFORE[n % 12] for n in range(count)), Role.EARLIER),
            series("so far", tuple(372 if n == known else None for n in range(count)), Role.RUNNING),
        ),
        interval=Interval(
            label="forecast, 80 % range",
            middle=ahead,
            low=tuple(None if v is None else v - 40 - 45 * (n - known) for n, v in enumerate(ahead)),
            high=tuple(None if v is None else v + 40 + 45 * (n - known) for n, v in enumerate(ahead)),
        ),
    )


def many_lines(count: int) -> Chart:
    return Chart(
        kind=Kind.LINE,
        title="By product family",
        categories=named(count, MONTHS),
        series=tuple(
            series(name, tuple(100 + 40 * place + (17 * n * (place + 1)) % 90 for n in range(count)))
            for place, name in enumerate(FAMILIES)
        ),
    )


def pie(count: int) -> Chart:
    return Chart(
        kind=Kind.PIE,
        title="By product family",
        categories=named(count, FAMILIES),
        series=(series("CNY, 2026", tuple(1_800_000 // (n + 1) for n in range(count))),),
        form=CNY,
    )


def disc(count: int) -> Chart:
    return Chart(
        kind=Kind.PIE,
        title="By source",
        categories=named(count),
        series=(series("Leads", tuple(40 - n % 30 for n in range(count))),),
        ring=False,
    )


def funnel(count: int) -> Chart:
    stages = ("New", "Qualified", "Offer", "Negotiation", "Verbal yes")
    return Chart(
        kind=Kind.FUNNEL,
        title="Pipeline",
        subtitle="CNY",
        categories=named(count, stages),
        series=(
            series("All open", tuple(900_000 // (n + 1) for n in range(count))),
            series("Weighted", tuple(300_000 // (n + 1) for n in range(count)), Role.PART),
            Series(
                key="deals",
                label="Deals",
                values=tuple(40 - n % 40 for n in range(count)),
                role=Role.BESIDE,
                form=Form(),
            ),
        ),
        form=CNY,
    )


def gauge(count: int) -> Chart:
    return Chart(
        kind=Kind.GAUGE,
        title="Attainment",
        categories=named(count, MONTHS),
        series=(
            series("Reached", tuple(72 for _ in range(count))),
            series("Target", (100,) * count, Role.TARGET),
        ),
        form=Form(unit=Unit.PERCENT),
        bands=BANDS,
    )


def heat(count: int) -> Chart:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri")
    return Chart(
        kind=Kind.HEAT_MAP,
        title="Visits by hour",
        subtitle="last 90 days",
        categories=named(count, tuple(str(9 + n) for n in range(15))),
        series=tuple(
            series(day, tuple((3 * n + 2 * place + n * place) % 8 for n in range(count)))
            for place, day in enumerate(days)
        ),
    )


def provinces(count: int) -> Chart:
    codes = [each for each in entries(CodeList.PROVINCE) if each.code.startswith("CN-")]
    return Chart(
        kind=Kind.MAP,
        title="Customers by province",
        categories=tuple(
            Category(key=codes[n].code, label=codes[n].english)
            if n < len(codes)
            else Category(key=f"x{n}", label=f"Elsewhere {n}")
            for n in range(count)
        ),
        series=(series("Customers", tuple(1 + n * 37 % 214 for n in range(count))),),
    )


def table(count: int) -> Chart:
    return Chart(
        kind=Kind.TABLE,
        title="Ranking",
        categories=named(count, ("Zhou Min", "Tom Becker", "Li Na")),
        series=(
            series("Won", tuple(900_000 - 7000 * n for n in range(count))),
            Series(key="rate", label="Win rate", values=(34,) * count, form=Form(unit=Unit.PERCENT)),
        ),
    )


MAKERS: Mapping[str, Callable[[int], Chart]] = {
    maker.__name__: maker
    for maker in (
        figure,
        months,
        grouped,
        stacked,
        lying,
        losses,
        line,
        many_lines,
        pie,
        disc,
        funnel,
        gauge,
        heat,
        provinces,
        table,
    )
}
"""Every kind and way of drawing it, by name."""
USUAL: Mapping[str, int] = {
    "figure": 12,
    "months": 12,
    "grouped": 6,
    "stacked": 5,
    "lying": 5,
    "losses": 6,
    "line": 12,
    "many_lines": 12,
    "pie": 8,
    "disc": 5,
    "funnel": 5,
    "gauge": 1,
    "heat": 9,
    "provinces": 36,
    "table": 8,
}
