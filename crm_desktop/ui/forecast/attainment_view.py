"""How far the targets of a period are reached, people below their teams; and what does not add up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_core.entities.target import MEASURES
from crm_core.errors import AccessDenied
from crm_core.i18n import N_, Message, message
from crm_core.rules.stretches import Stretch
from crm_core.rules.target_plan import Parts, Sum, differing
from crm_desktop.models.conditions import Condition
from crm_desktop.models.replica import Replica
from crm_desktop.services import target_plans
from crm_desktop.services.forecast_scopes import Scope
from crm_desktop.services.target_plans import Attained, Row
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.forecast.view import View
from crm_desktop.ui.forecast.words import STANDINGS, amount, fit_rows, stretch_words
from crm_desktop.ui.format import figure, percent
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, M
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.text_table import TextTable

_COLUMNS = (
    (message("Whose"), CellKind.TEXT, 0),
    (message("To be reached"), CellKind.RIGHT, 108),
    (message("Reached"), CellKind.RIGHT, 108),
    (message("Attained"), CellKind.RIGHT, 76),
    (message("Due by today"), CellKind.RIGHT, 100),
    (message("State"), CellKind.TEXT, 120),
    (message("Still to go"), CellKind.RIGHT, 104),
    (message("Each working day"), CellKind.RIGHT, 120),
)
_INDENT = "\N{EM SPACE}"
_PARTS = {
    Parts.MONTHS: N_("its months"),
    Parts.QUARTERS: N_("its quarters"),
    Parts.TEAMS: N_("the teams below"),
    Parts.PEOPLE: N_("the people"),
}


class AttainmentView(View):
    """Enter on a row opens what counts for it."""

    follows = frozenset(
        ("target", "deal", "stage", "order", "receipt", "customer", "activity", "user", "team", "product")
    )

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context, parent)
        self.shown: Attained | None = None
        self.stretch: Stretch | None = None
        self.asks_anew: Callable[[], None] = lambda: None
        self.measure = QuietCombo()
        for choice in MEASURES:
            self.measure.addItem("", choice.value)
        self.measure.activated.connect(lambda _place: self.asks_anew())
        self.plan_button = Button(message("Plan a year…"), icon="pen")
        self.plan_button.clicked.connect(lambda: context.go.emit(Place(page="target_plan")))
        self.all_button = Button(message("All targets…"), icon="trophy")
        self.all_button.clicked.connect(lambda: context.go.emit(Place(page="targets")))
        row = QHBoxLayout()
        row.setSpacing(theme().px(M))
        row.addWidget(self.measure)
        row.addStretch(1)
        row.addWidget(self.all_button)
        row.addWidget(self.plan_button)
        self.column.addLayout(row)
        self.table = TextTable(_COLUMNS, message("Attainment of targets"))
        self.table.opened.connect(self._on_opened)
        self.card = Card(message("Attainment of targets"), flush=True)
        self.card.body.addWidget(self.table)
        self.nothing = Label(color="text-soft", wrap=True)
        self.nothing.setContentsMargins(theme().px(L), theme().px(M), theme().px(L), theme().px(L))
        self.card.body.addWidget(self.nothing)
        self.column.addWidget(self.card)
        self.differences = Card(message("What does not add up"))
        self.column.addWidget(self.differences)
        self.column.addStretch(1)
        self.retranslate()

    def reader(self, replica: Replica, stretch: Stretch, scope: Scope) -> Callable[[], Any]:
        """Return what counts the targets; they do not follow the scope, for they say whose they are."""
        measure = str(self.measure.currentData())

        def read() -> tuple[Stretch, Attained | None]:
            try:
                return stretch, target_plans.attained(replica, stretch.year, stretch.period, measure)
            except AccessDenied:
                return stretch, None

        return read

    def take(self, read: Any) -> None:
        """Show targets."""
        self.stretch, self.shown = read
        self._show()

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        if not hasattr(self, "measure"):
            return
        for place, choice in enumerate(MEASURES):
            self.measure.setItemText(place, tr(choice.label))
        self.measure.setAccessibleName(tr("What counts"))
        if self.stretch is not None:
            self._show()

    def _show(self) -> None:
        shown, stretch = self.shown, self.stretch
        assert stretch is not None
        rows = shown.rows if shown is not None else ()
        self.table.show_rows([self._cells(row) for row in rows])
        fit_rows(self.table, rows, 18)
        self.table.setVisible(bool(rows))
        self.nothing.setVisible(not rows)
        self.nothing.say(
            message("You see no targets.")
            if shown is None
            else message("There is no target of this kind for {period}.", period=show(stretch_words(stretch)))
        )
        self.plan_button.setVisible(shown is not None and shown.may_set)
        self.all_button.setVisible(shown is not None)
        self._show_differences()

    def _cells(self, row: Row) -> tuple[Text, ...]:
        told = row.attainment
        goal = told.goal
        words, _, _ = STANDINGS[told.standing]
        whose: Text = row.whose or row.product or message("Whole company")
        if row.whose and row.product:
            whose = message("{whose} · {name}", whose=row.whose, name=row.product)
        return (
            f"{_INDENT * 2 * row.depth}{show(whose)}",
            amount(goal.goal, goal.currency),
            amount(told.reached, goal.currency),
            percent(told.percent),
            percent(told.due_percent),
            message(words),
            amount(told.gap, goal.currency),
            "—" if told.a_day is None or not told.gap else amount(told.a_day, goal.currency),
        )

    def _show_differences(self) -> None:
        clear(self.differences.body)
        shown, stretch = self.shown, self.stretch
        assert stretch is not None
        sums = shown.sums if shown is not None else ()
        told = [each for each in differing(sums) if each.whole.period == stretch.period]
        for each in told:
            self.differences.body.addWidget(Label(self._difference(each), wrap=True))
        self.differences.setVisible(bool(told))

    def _difference(self, each: Sum) -> Message:
        assert self.shown is not None
        whole = each.whole
        named = self.shown.names.get(whole.user_id or whole.team_id or "")
        places = {
            "whose": named or show(message("Whole company")),
            "goal": amount(whole.goal, whole.currency),
            "parts": message(_PARTS[each.parts]),
            "count": figure(each.count),
            "sum": amount(each.total, whole.currency),
            "difference": amount(abs(each.difference), whole.currency),
        }
        if each.difference > 0:
            return message(
                "{whose}: {goal}, but {parts} ({count}) come to {sum}, {difference} more.", **places
            )
        return message("{whose}: {goal}, but {parts} ({count}) come to {sum}, {difference} less.", **places)

    def _on_opened(self, row: int) -> None:
        shown, replica = self.shown, self.context.replica
        if shown is None:
            return
        found = shown.rows[row]
        goal = found.attainment.goal
        title = message(
            "{whose} · {name}", whose=found.whose or show(message("Whole company")), name=goal.name
        )

        def go(read: tuple[str, tuple[Condition, ...]]) -> None:
            entity, conditions = read
            options = {"conditions": conditions, "title": title}
            self.context.go.emit(Place(page=PAGE_OF_ENTITY[entity], options=options))

        self.context.tasks.read(
            self,
            lambda: target_plans.records_behind(replica, goal),
            go,
            self.context.show_error,
            topic="drill",
        )
