"""What deals bring in a period: sums that grow, by person, what changed in a week, and judgements beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_core.charts.of_forecast import ladder
from crm_core.errors import CrmError
from crm_core.i18n import N_, Message, message, plural
from crm_core.rules.forecast import BEST_AT, COMMIT_AT, OMITTED_AT, PIPELINE_AT, WON_AT
from crm_core.rules.stretches import Stretch
from crm_core.rules.targets import Standing
from crm_desktop.models.conditions import Condition
from crm_desktop.models.replica import Replica
from crm_desktop.services import dashboards, forecast_changes, forecasts
from crm_desktop.services.forecast_changes import Changed
from crm_desktop.services.forecast_scopes import Scope
from crm_desktop.services.forecasts import Forecast
from crm_desktop.ui.charts.chart_pane import ChartPane
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.forecast.changes_card import ChangesCard
from crm_desktop.ui.forecast.judgements_card import JudgementsCard
from crm_desktop.ui.forecast.tiles import FigureTile
from crm_desktop.ui.forecast.view import View
from crm_desktop.ui.forecast.words import STANDINGS, amount, fit_rows, stretch_words
from crm_desktop.ui.format import figure, percent
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.text_table import TextTable

_COLUMNS = (
    (message("Person"), CellKind.TEXT, 0),
    (message("Won so far"), CellKind.RIGHT, 112),
    (message("Commit"), CellKind.RIGHT, 112),
    (message("Best case"), CellKind.RIGHT, 112),
    (message("Pipeline, uncertain"), CellKind.RIGHT, 128),
    (message("Left out"), CellKind.RIGHT, 104),
    (message("Weighted, with won"), CellKind.RIGHT, 136),
    (message("Deals counted"), CellKind.RIGHT, 96),
)
_CHART_HEIGHT = 132
_STEPS = (
    ("won", N_("Won so far"), (WON_AT,)),
    ("commit", N_("With commit"), (WON_AT, COMMIT_AT)),
    ("best", N_("With best case"), (WON_AT, COMMIT_AT, BEST_AT)),
    ("weighted", N_("Weighted"), (WON_AT, COMMIT_AT, BEST_AT, PIPELINE_AT)),
)
"""Sums as tiles and bars, and the columns whose deals are behind each."""
_EVERY = (WON_AT, COMMIT_AT, BEST_AT, PIPELINE_AT, OMITTED_AT)


class DealsView(View):
    """Each figure, bar and row opens its deals."""

    follows = frozenset(("deal", "stage", "user", "team", "target", "forecast_call", "exchange_rate"))

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context, parent)
        self.shown: Forecast | None = None
        self.tiles = {
            key: FigureTile(
                message(name), lambda columns=columns, name=name: self._open(columns, message(name))
            )
            for key, name, columns in _STEPS
        }
        self.target = FigureTile(message("Target"))
        flow = FlowLayout(gap=theme().px(L), line_gap=theme().px(L))
        for tile in (*self.tiles.values(), self.target):
            flow.addWidget(tile)
        self.sums = Card(message("What the period brings"))
        self.sums.body.addLayout(flow)
        self.chart: ChartPane | None = None
        self.note = Label(step="caption", color="text-soft", wrap=True)
        self.sums.body.addWidget(self.note)
        self.table = TextTable(_COLUMNS, message("Forecast by person"))
        self.table.opened.connect(self._on_row_opened)
        self.people = Card(message("Forecast by person"), flush=True)
        self.people.body.addWidget(self.table)
        self.changes = ChangesCard(context)
        self.judgements = JudgementsCard(context)
        self.column.addWidget(self.sums)
        self.column.addWidget(self.people)
        row = QHBoxLayout()
        row.setSpacing(theme().px(L))
        row.addWidget(self.changes, 1)
        row.addWidget(self.judgements, 1)
        self.column.addLayout(row)
        self.column.addStretch(1)

    def reader(self, replica: Replica, stretch: Stretch, scope: Scope) -> Callable[[], Any]:
        """Return what counts the forecast and what changed."""

        def read() -> tuple[Forecast, Changed]:
            counted = forecasts.forecast(replica, stretch, scope)
            return counted, forecast_changes.changed(replica, stretch, scope)

        return read

    def take(self, read: Any) -> None:
        """Show a forecast."""
        self.shown, changed = read
        self.changes.show_changes(changed)
        self.judgements.show_calls(self.shown)
        self._show()

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        if getattr(self, "shown", None) is not None:
            self._show()

    def _show(self) -> None:
        shown = self.shown
        assert shown is not None
        total, currency = shown.total, shown.currency
        values = {
            "won": total.won,
            "commit": total.with_commit,
            "best": total.with_best,
            "weighted": total.weighted,
        }
        for key, tile in self.tiles.items():
            tile.say(amount(values[key], currency), self._of_target(values[key]))
        self._show_target()
        goal = shown.target.goal.goal if shown.target is not None else None
        steps = [(key, message(name), values[key]) for key, name, _ in _STEPS]
        chart = ladder(message("What the period brings"), steps, currency, goal)
        self.sums.set_remark(chart.subtitle)
        if self.chart is None:
            self.chart = ChartPane(chart)
            self.chart.setFixedHeight(theme().px(_CHART_HEIGHT))
            self.chart.opened.connect(lambda mark: self._open_step(mark.category))
            self.sums.body.insertWidget(1, self.chart)
        else:
            self.chart.show_chart(chart)
        self.note.say(self._note())
        rows = [
            (
                name,
                *(amount(value, currency) for value in (each.won, each.commit, each.best, each.pipeline)),
                amount(each.omitted, currency),
                amount(each.weighted, currency),
                figure(each.count),
            )
            for name, each in shown.people
        ]
        self.table.show_rows(rows)
        fit_rows(self.table, rows)
        self.people.setVisible(bool(rows))

    def _of_target(self, value: int) -> Message | str:
        target = self.shown.target if self.shown is not None else None
        if target is None or target.goal.goal <= 0:
            return ""
        return message("{percent} of target", percent=percent(value * 100 // target.goal.goal))

    def _show_target(self) -> None:
        shown = self.shown
        assert shown is not None
        target = shown.target
        if target is None:
            self.target.say("—", message("None set for this period"))
            return
        words, tone, icon = STANDINGS[target.standing]
        said: Message = message(words)
        if target.standing is not Standing.MET and target.a_day is not None:
            a_day = amount(target.a_day, shown.currency)
            said = message("{state}: {amount} each working day", state=message(words), amount=a_day)
        self.target.say(amount(target.goal.goal, shown.currency), said, (icon, tone))

    def _note(self) -> Message:
        shown = self.shown
        assert shown is not None
        parts = [
            message(
                "Weighted is what is won and each open deal times its probability. Deals left out by hand, or"
                " without any chance, count nowhere."
            )
        ]
        if shown.undated:
            parts.append(
                plural(
                    shown.undated,
                    message("1 open deal has no closing date."),
                    message("{count} open deals have no closing date.", count=figure(shown.undated)),
                )
            )
        if shown.table.left_out:
            parts.append(
                plural(
                    shown.table.left_out,
                    message("1 deal is in a currency without a rate."),
                    message(
                        "{count} deals are in currencies without a rate.", count=figure(shown.table.left_out)
                    ),
                )
            )
        said = parts[0]
        for more in parts[1:]:
            said = message("{first} {second}", first=said, second=more)
        return said

    def _open_step(self, place: int | None) -> None:
        if place is not None and place < len(_STEPS):
            _, name, columns = _STEPS[place]
            self._open(columns, message(name))

    def _on_row_opened(self, row: int) -> None:
        if self.shown is not None:
            self._open(_EVERY, Message(self.shown.people[row][0]), row)

    def _open(self, columns: tuple[int, ...], what: Message, row: int | None = None) -> None:
        shown, replica = self.shown, self.context.replica
        if shown is None:
            return
        rule = forecasts.rule_of(shown, columns, row)
        title = message("{period}: {what}", period=show(stretch_words(shown.stretch)), what=show(what))

        def go(conditions: tuple[Condition, ...]) -> None:
            options = {"conditions": conditions, "title": title}
            self.context.go.emit(Place(page="pipeline", options=options))

        def failed(error: CrmError) -> None:
            self.context.show_error(error)

        self.context.tasks.read(
            self, lambda: dashboards.conditions_for(replica, "deal", rule), go, failed, topic="drill"
        )
