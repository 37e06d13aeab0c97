"""The charts of the home page: own pipeline, what was won by month and by owner."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from crm_core.i18n import message
from crm_core.rules.access import Action, Reach
from crm_desktop.models.replica import Replica
from crm_desktop.services import deals, figures
from crm_desktop.services.calendar import local, months_back
from crm_desktop.services.figures import MONTHS, Chart, Part
from crm_desktop.ui.charts.bar_months import BarMonths
from crm_desktop.ui.charts.funnel import Funnel
from crm_desktop.ui.charts.horizontal_bars import HorizontalBars
from crm_desktop.ui.charts.values import Bar, MonthBar, Number, StageBar
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import clock, figure
from crm_desktop.ui.home import words
from crm_desktop.ui.home.home_card import HomeCard
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text

_HEIGHT = 258


class PipelineCard(HomeCard):
    """The person's open deals stage by stage."""

    key = "pipeline"
    half = True
    follows = frozenset(("deal", "stage", "pipeline"))

    def __init__(self, context: Context) -> None:
        super().__init__(context, message("My pipeline"))
        self._read: tuple[Chart, datetime.datetime] | None = None
        self.chart = Funnel(
            message("My pipeline"), empty=message("No open deals of yours"), show_number=words.whole
        )
        self.chart.part_clicked.connect(self._on_part_clicked)
        self.body.addWidget(self.chart, 1)

    def reader(self, replica: Replica) -> Callable[[], Any]:
        """Return what reads the funnel of the first pipeline."""

        def read() -> tuple[Chart, datetime.datetime]:
            first = next(iter(deals.pipelines(replica)), None)
            chart = figures.funnel(replica, first.id if first else None, replica.person.user_id)
            return chart, local(replica.clock.now_ms())

        return read

    def take(self, read: Any) -> None:
        """Show the funnel."""
        self._read = read
        self._show()

    def retint(self) -> None:
        """Keep the height at the person's font scale."""
        self.setMinimumHeight(theme().px(_HEIGHT))

    def _show(self) -> None:
        if self._read is None:
            return
        chart, read_at = self._read
        self.chart.show_stages(
            [
                StageBar(
                    key=part.key,
                    label=part.label,
                    count=part.count,
                    amount=words.major(part.amount_minor, chart.currency),
                    weighted=words.major(part.weighted_minor, chart.currency),
                )
                for part in chart.parts
            ]
        )
        if chart.others:
            others = figure(chart.others)
            self.set_remark(
                message(
                    "{currency}, {count} in other currencies left out", currency=chart.currency, count=others
                )
            )
        else:
            self.set_remark(
                message("{currency}, computed here {time}", currency=chart.currency, time=clock(read_at))
            )

    def _on_part_clicked(self, key: str) -> None:
        part = _part(self._read[0] if self._read else None, key)
        if part is not None:
            self.drill("pipeline", part.conditions, part.label)


class WonMonthsCard(HomeCard):
    """What was won in each of the last twelve months."""

    key = "won_months"
    half = True
    follows = frozenset(("deal", "stage"))

    def __init__(self, context: Context) -> None:
        super().__init__(context, message("Won by month"))
        self._chart: Chart | None = None
        self._thousands = False
        self.chart = BarMonths(
            message("Won by month"), empty=message("Nothing won yet"), show_number=self._number
        )
        self.chart.part_clicked.connect(self._on_part_clicked)
        self.body.addWidget(self.chart, 1)

    def reader(self, replica: Replica) -> Callable[[], Any]:
        """Return what reads the months."""
        return lambda: figures.won_by_month(replica, local(replica.clock.now_ms()).date())

    def take(self, read: Any) -> None:
        """Show the months."""
        self._chart = read
        self._show()

    def retranslate(self) -> None:
        """Name the months in the language on screen."""
        super().retranslate()
        if getattr(self, "_chart", None) is not None:
            self._show()

    def retint(self) -> None:
        """Keep the height at the person's font scale."""
        self.setMinimumHeight(theme().px(_HEIGHT))

    def _show(self) -> None:
        chart = self._chart
        if chart is None:
            return
        thousands = words.counts_in_thousands(chart)
        self._thousands = thousands
        last = len(chart.parts) - 1
        self.chart.show_months(
            [
                MonthBar(
                    key=part.key,
                    label=words.month_letter(_first_day(part.key)),
                    name=words.month_name(_first_day(part.key)),
                    won=words.major(part.amount_minor, chart.currency),
                    current=place == last,
                )
                for place, part in enumerate(chart.parts)
            ]
        )
        self.set_remark(_unit(chart, thousands))

    def _number(self, value: Number) -> str:
        return words.thousands(value) if self._thousands else words.whole(value)

    def _on_part_clicked(self, key: str) -> None:
        part = _part(self._chart, key)
        if part is not None:
            month = words.month_name(_first_day(key))
            self.drill("pipeline", part.conditions, message("Won in {month}", month=month))


class WonOwnersCard(HomeCard):
    """Who won how much in the last twelve months; for whoever sees more than own deals."""

    key = "won_owners"
    follows = frozenset(("deal", "stage", "user"))

    def __init__(self, context: Context) -> None:
        super().__init__(context, message("Won by owner"))
        self._chart: Chart | None = None
        self._thousands = False
        self.chart = HorizontalBars(
            message("Won by owner"), empty=message("Nothing won yet"), show_number=self._number
        )
        self.chart.part_clicked.connect(self._on_part_clicked)
        self.body.addWidget(self.chart, 1)

    def reader(self, replica: Replica) -> Callable[[], Any]:
        """Return what reads the owners; None where the person sees nobody else's deals."""

        def read() -> Chart | None:
            if replica.person.rights.reach_of("deal", Action.READ) <= Reach.OWN:
                return None
            months = months_back(local(replica.clock.now_ms()).date(), MONTHS)
            return figures.won_by_owner(replica, _first_day(months[0]))

        return read

    def take(self, read: Any) -> None:
        """Show the owners."""
        self.offered = read is not None
        self._chart = read
        if read is None:
            return
        chart: Chart = read
        thousands = words.counts_in_thousands(chart)
        self._thousands = thousands
        self.chart.show_bars(
            [
                Bar(
                    key=part.key,
                    label=part.label or message("Nobody"),
                    values=(words.major(part.amount_minor, chart.currency),),
                )
                for part in chart.parts
            ]
        )
        unit = _unit(chart, thousands)
        self.set_remark(message("12 months, {unit}", unit=unit))
        self.chart.updateGeometry()

    def _number(self, value: Number) -> str:
        return words.thousands(value) if self._thousands else words.whole(value)

    def _on_part_clicked(self, key: str) -> None:
        part = _part(self._chart, key)
        if part is not None:
            owner = part.label or message("Nobody")
            self.drill("pipeline", part.conditions, message("Won by {owner}", owner=owner))


def _unit(chart: Chart, thousands: bool) -> Text:
    if thousands:
        return message("thousand {currency}", currency=chart.currency)
    return chart.currency


def _part(chart: Chart | None, key: str) -> Part | None:
    parts: Mapping[str, Part] = {part.key: part for part in chart.parts} if chart else {}
    return parts.get(key)


def _first_day(month: str) -> datetime.date:
    return datetime.date.fromisoformat(f"{month}-01")
