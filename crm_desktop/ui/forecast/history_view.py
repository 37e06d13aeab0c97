"""What the months before say of a period: by which method, how it did in the past, and how sure it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from crm_core.charts.of_forecast import months_ahead
from crm_core.i18n import Message, message, plural
from crm_core.rules.back_test import Carried, TooLittle
from crm_core.rules.stretches import Stretch
from crm_desktop.models.replica import Replica
from crm_desktop.services import outlooks
from crm_desktop.services.forecast_scopes import Scope
from crm_desktop.services.outlooks import Outlook
from crm_desktop.ui.charts.chart_pane import ChartPane
from crm_desktop.ui.context import Context
from crm_desktop.ui.forecast.view import View
from crm_desktop.ui.forecast.words import amount, fit_rows, stretch_words
from crm_desktop.ui.format import figure, percent
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, M
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.text_table import TextTable

_METHODS = (
    (message("By which method"), CellKind.TEXT, 0),
    (message("Tried, times"), CellKind.RIGHT, 104),
    (message("Off by, on average"), CellKind.RIGHT, 144),
    (message("MAPE"), CellKind.RIGHT, 80),
    (message("sMAPE"), CellKind.RIGHT, 80),
    (message("Within the interval"), CellKind.RIGHT, 144),
)
_STAGES = (
    (message("Stage"), CellKind.TEXT, 0),
    (message("Decided from here"), CellKind.RIGHT, 144),
    (message("Won of these"), CellKind.RIGHT, 120),
    (message("Part won"), CellKind.RIGHT, 104),
)
_CHART_HEIGHT = 240


class HistoryView(View):
    """A line with its interval, the back-test below it, and open deals by what their stage has brought."""

    follows = frozenset(("deal", "stage", "exchange_rate"))

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context, parent)
        self.shown: Outlook | None = None
        self.card = Card(message("Carried on from the months before"))
        self.said = Label(step="section", wrap=True)
        self.how = Label(color="text-soft", wrap=True)
        self.card.body.addWidget(self.said)
        self.card.body.addWidget(self.how)
        self.chart: ChartPane | None = None
        self.column.addWidget(self.card)
        self.tested = Card(message("How each method did in the past"), flush=True)
        self.methods = TextTable(_METHODS, message("How each method did in the past"))
        self.tested.body.addWidget(self.methods)
        self.column.addWidget(self.tested)
        self.stages_card = Card(message("Open deals by what their stage has brought"), flush=True)
        self.stages_said = Label(wrap=True)
        self.stages_said.setContentsMargins(theme().px(L), theme().px(M), theme().px(L), theme().px(M))
        self.stages = TextTable(_STAGES, message("Open deals by what their stage has brought"))
        self.stages_card.body.addWidget(self.stages_said)
        self.stages_card.body.addWidget(self.stages)
        self.column.addWidget(self.stages_card)
        self.column.addStretch(1)

    def reader(self, replica: Replica, stretch: Stretch, scope: Scope) -> Callable[[], Any]:
        """Return what carries the past on."""
        return lambda: outlooks.outlook(replica, stretch, scope)

    def take(self, read: Any) -> None:
        """Show an outlook."""
        self.shown = read
        self._show()

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        if getattr(self, "shown", None) is not None:
            self._show()

    def _show(self) -> None:
        shown = self.shown
        assert shown is not None
        carried = shown.carried if isinstance(shown.carried, Carried) else None
        self.said.say(self._sentence(shown))
        self.how.say(self._method(shown))
        ahead = list(zip(shown.months, carried.steps, strict=True)) if carried is not None else []
        empty = message("Nothing was won yet")
        chart = months_ahead(message("Won by month"), shown.history, ahead, shown.currency, empty=empty)
        self.card.set_remark(chart.subtitle)
        if self.chart is None:
            self.chart = ChartPane(chart)
            self.chart.setFixedHeight(theme().px(_CHART_HEIGHT))
            self.card.body.addWidget(self.chart)
        else:
            self.chart.show_chart(chart)
        tried = carried.tried if carried is not None else ()
        rows = [
            (
                message(each.method.label),
                figure(each.origins),
                amount(round(each.error), shown.currency),
                "—" if each.mape is None else percent(round(100 * each.mape)),
                percent(round(100 * each.smape)),
                percent(round(100 * each.coverage)),
            )
            for each in tried
        ]
        self.methods.show_rows(rows)
        fit_rows(self.methods, rows)
        self.tested.setVisible(bool(rows))
        self._show_stages(shown)

    def _sentence(self, shown: Outlook) -> Message:
        period = show(stretch_words(shown.stretch))
        if isinstance(shown.carried, TooLittle):
            return message("Too little history to say anything of {period}", period=period)
        if shown.total is None:
            won = amount(shown.won_so_far, shown.currency)
            return message("{period} is over: {amount} was won", period=period, amount=won)
        low, middle, high = (
            amount(round(each), shown.currency)
            for each in (shown.total.low, shown.total.middle, shown.total.high)
        )
        return message(
            "{period}: {middle}, in four of five cases between {low} and {high}",
            period=period,
            middle=middle,
            low=low,
            high=high,
        )

    def _method(self, shown: Outlook) -> Message:
        carried = shown.carried
        if isinstance(carried, TooLittle):
            return message(
                "There are {figures} whole months; {needed} are needed to try a method on the past before"
                " it is believed.",
                figures=figure(carried.figures),
                needed=figure(carried.needed),
            )
        if carried is None:
            return message("Nothing of it lies ahead.")
        best = carried.best
        name = message(best.method.label)
        off = "—" if best.mape is None else percent(round(100 * best.mape))
        return plural(
            best.origins,
            message(
                "{method}: tried once on the past, off by {off}.",
                method=name,
                off=off,
            ),
            message(
                "{method}: of {count} times it was tried on the past it was off by {off} on average, and"
                " {coverage} came within the interval.",
                method=name,
                count=figure(best.origins),
                off=off,
                coverage=percent(round(100 * best.coverage)),
            ),
        )

    def _show_stages(self, shown: Outlook) -> None:
        found = shown.pipeline
        if not found.counted:
            self.stages_said.say(message("No open deal closes in this period."))
        else:
            said = message(
                "{count} open deals come to {middle}, in four of five cases between {low} and {high}."
                " For {fallback} of them their own probability counts, for too few came that far before.",
                count=figure(found.counted),
                middle=amount(round(found.middle), shown.currency),
                low=amount(round(found.low), shown.currency),
                high=amount(round(found.high), shown.currency),
                fallback=figure(found.by_probability),
            )
            self.stages_said.say(said)
        rows = [
            (
                name,
                figure(rate.decided) if rate is not None else figure(0),
                figure(rate.won) if rate is not None else figure(0),
                "—" if rate is None or rate.rate is None else percent(round(100 * rate.rate)),
            )
            for name, rate in shown.stages
        ]
        self.stages.show_rows(rows)
        fit_rows(self.stages, rows)
        self.stages.setVisible(bool(rows))
