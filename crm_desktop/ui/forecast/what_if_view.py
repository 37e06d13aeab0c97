"""What the running period would come to if things changed: the changes, and the result beside the base."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QHBoxLayout, QLineEdit, QWidget

from crm_core.charts.chart import Chart
from crm_core.errors import CrmError, UserError
from crm_core.i18n import Message, message
from crm_core.rules.access import Action, decide
from crm_core.rules.stretches import Stretch
from crm_core.rules.what_if import Changes
from crm_desktop.documents.saving import save
from crm_desktop.documents.scenario_file import ENDINGS, FORMULA, chart_of, scenario_file
from crm_desktop.models.device_tables import EXPORTED
from crm_desktop.models.replica import Replica
from crm_desktop.services import scenarios, syncing
from crm_desktop.services.forecast_scopes import Scope
from crm_desktop.services.scenarios import Compared, ScenarioRow, Setting
from crm_desktop.settings import EXPORT_FOLDER
from crm_desktop.ui.charts.chart_pane import ChartPane
from crm_desktop.ui.context import Context, Notice
from crm_desktop.ui.forecast.change_fields import ChangeFields
from crm_desktop.ui.forecast.kept_rows import KeptRows
from crm_desktop.ui.forecast.view import View
from crm_desktop.ui.forecast.words import amount, fit_rows, signed
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, M
from crm_desktop.ui.translate import tr, translator
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.text_table import TextTable

_COLUMNS = (
    ("", CellKind.TEXT, 0),
    (message("As it stands"), CellKind.RIGHT, 128),
    (message("What if"), CellKind.RIGHT, 128),
    (message("Difference"), CellKind.RIGHT, 128),
)
_CHART_HEIGHT = 176
_BESIDE_FROM = 760  # px before the font scale
Read = tuple[Setting | None, tuple[ScenarioRow, ...], tuple[Compared, ...], Message | None]


class WhatIfView(View):
    """Everything is worked out off the main thread, as one types."""

    follows = frozenset(("deal", "stage", "scenario", "target"))

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context, parent)
        self.over: Setting | None = None
        self.kept: tuple[ScenarioRow, ...] = ()
        self.found: tuple[Compared, ...] = ()
        self.editing: str | None = None
        self.fields = ChangeFields()
        self.fields.edited.connect(self._on_edited)
        self.reset_button = Button(message("Nothing different"), small=True)
        self.reset_button.clicked.connect(self.reset)
        self.changes_card = Card(message("What would be different"))
        self.changes_card.body.addWidget(self.fields)
        row = QHBoxLayout()
        row.addWidget(self.reset_button)
        row.addStretch(1)
        self.changes_card.body.addLayout(row)
        self.table = TextTable(_COLUMNS, message("Result beside what is expected now"))
        self.result_card = Card(message("What the period would come to"))
        self.result_card.body.addWidget(self.table)
        self.formula = Label(FORMULA, step="caption", color="text-soft", wrap=True)
        self.inputs = Label(step="caption", color="text-soft", wrap=True)
        self.result_card.body.addWidget(self.formula)
        self.result_card.body.addWidget(self.inputs)
        self.result_card.body.addStretch(1)
        self._top = top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        top.setSpacing(theme().px(L))
        top.addWidget(self.changes_card, 2)
        top.addWidget(self.result_card, 3)
        self.fault = Label(color="text-soft", wrap=True)
        self.column.addWidget(self.fault)
        self.column.addLayout(top)
        self.name_line = QLineEdit()
        self.name_field = Field(message("Name"), self.name_line)
        self.save_button = Button(message("Keep as a scenario"))
        self.save_button.clicked.connect(self.save)
        self.name_line.returnPressed.connect(self.save)
        self.file_button = Button(message("Save to a file…"), icon="dl")
        self.file_button.clicked.connect(self.ask_file)
        self.rows = KeptRows(self.load, self.delete)
        self.chart: ChartPane | None = None
        self.compared = Card(message("Scenarios side by side"))
        line = QHBoxLayout()
        line.setSpacing(theme().px(M))
        line.addWidget(self.name_field, 1)
        line.addWidget(self.save_button, 0, Qt.AlignmentFlag.AlignBottom)
        line.addWidget(self.file_button, 0, Qt.AlignmentFlag.AlignBottom)
        self.compared.body.addLayout(line)
        self.compared.body.addWidget(self.rows)
        self.column.addWidget(self.compared)
        self.column.addStretch(1)
        self._typed = Settling(self)
        self._typed.due.connect(self._work_out)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put what follows below what is changed where both would be too narrow."""
        super().resizeEvent(event)
        wide = self.width() >= theme().px(_BESIDE_FROM)
        ways = QBoxLayout.Direction
        self._top.setDirection(ways.LeftToRight if wide else ways.TopToBottom)

    def reader(self, replica: Replica, stretch: Stretch, scope: Scope) -> Callable[[], Any]:
        """Return what reads the figures of today and the scenarios there are."""
        changes = self.fields.changes()

        def read() -> Read:
            kept = scenarios.scenarios_of(replica)
            try:
                over = scenarios.setting(replica, stretch, scope)
            except UserError as error:
                return None, kept, (), error.message
            return over, kept, _worked_out(over, changes, kept), None

        return read

    def take(self, read: Any) -> None:
        """Show figures and scenarios."""
        self.over, self.kept, self.found, fault = read
        self.fault.say(fault or "")
        self.fault.setVisible(fault is not None)
        for card in (self.changes_card, self.result_card, self.compared):
            card.setVisible(self.over is not None)
        if self.over is not None:
            self.fields.show_stages(self.over.stages)
        self._show()

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        if not hasattr(self, "name_line"):
            return
        self.name_line.setPlaceholderText(tr("such as: price list of spring"))
        if self.over is not None:
            self._on_edited()  # the scenarios' own names are of the language, too

    def reset(self) -> None:
        """Take all changes back."""
        self.editing = None
        self.fields.show_changes(Changes())
        self._on_edited()

    def load(self, row: ScenarioRow) -> None:
        """Try the changes of a scenario that was kept; keeping again changes it."""
        self.editing = row.id if row.own else None
        self.name_line.setText(row.name)
        self.fields.show_changes(row.changes)
        self._on_edited()

    def save(self) -> None:
        """Keep the changes under the name that is typed; a scenario of one's own of that name is changed."""
        replica, name, changes = self.context.replica, self.name_line.text(), self.fields.changes()
        same = [row.id for row in self.kept if row.own and row.name.casefold() == name.strip().casefold()]
        scenario_id = same[0] if same else None
        self.context.change(
            self,
            lambda: scenarios.save(replica, name, changes, scenario_id),
            lambda _saved: self.name_field.set_error(""),
            self._on_refused,
            told=message("Scenario kept"),
        )

    def delete(self, row: ScenarioRow) -> None:
        """Delete a scenario; Undo brings it back."""
        replica = self.context.replica
        self.context.change(
            self,
            lambda: scenarios.delete(replica, row.id),
            told=message("“{name}” deleted", name=row.name),
            undo=lambda: scenarios.restore(replica, row.id),
        )

    def ask_file(self) -> None:
        """Ask where the scenarios are written to, and write them."""
        folder = Path(self.context.app.settings.get(EXPORT_FOLDER) or Path.home())
        kinds = " ".join(f"*{ending}" for ending in ENDINGS)
        chosen, _kind = QFileDialog.getSaveFileName(
            self, tr("Save the scenarios"), str(folder / f"{tr('Scenarios')}.xlsx"), kinds
        )
        if chosen:
            self.write(Path(chosen))

    def write(self, file: Path) -> None:
        """Write the scenarios side by side to a file, off the main thread."""
        over, found, language = self.over, self.found, translator().language
        replica = self.context.replica
        if over is None:
            return

        def write(_job: Job) -> None:
            decide(replica.person, Action.EXPORT, "deal").demand()
            save(scenario_file(over, found, file.suffix, language, tr), file)
            syncing.note_event(replica, EXPORTED, {"entity": "deal", "rows": len(found), "file": file.name})

        def saved(_none: None) -> None:
            text = message("Saved as {file}", file=file.name)
            self.context.notice.emit(Notice(kind="good", text=text, seconds=10))

        name = message("Saving {file}", file=file.name)
        self.context.tasks.run(self, name, write, saved, self.context.show_error)

    def _on_edited(self) -> None:
        self._typed.mark()

    def _work_out(self) -> None:
        over, kept, changes = self.over, self.kept, self.fields.changes()
        if over is None:
            return

        def done(found: tuple[Compared, ...]) -> None:
            self.found = found
            self._show()

        self.context.tasks.read(
            self,
            lambda: _worked_out(over, changes, kept),
            done,
            self.context.show_error,
            topic="what if",
        )

    def _on_refused(self, error: CrmError) -> None:
        self.name_field.set_error(error.message)
        self.name_line.setFocus()

    def _show(self) -> None:
        over = self.over
        if over is None or len(self.found) < 2:
            return
        base, tried, currency = self.found[0], self.found[1], over.currency
        rows = [
            (name, amount(before, currency), amount(after, currency), signed(after - before, currency))
            for name, before, after in (
                (message("Won so far"), base.result.won, tried.result.won),
                (message("From open deals"), base.result.pipeline, tried.result.pipeline),
                (message("From new deals"), base.result.new, tried.result.new),
                (message("Expected in all"), base.result.total, tried.result.total),
            )
        ]
        if over.goal is not None and base.gap is not None and tried.gap is not None:
            rows.append((message("Target"), amount(over.goal, currency), amount(over.goal, currency), "—"))
            rows.append(
                (
                    message("Against the target"),
                    *(signed(-gap, currency) for gap in (base.gap, tried.gap, tried.gap - base.gap)),
                )
            )
        self.table.show_rows(rows)
        fit_rows(self.table, rows)
        self.inputs.say(self._inputs(over))
        chart = self._chart(over)
        self.compared.set_remark(chart.subtitle)
        if self.chart is None:
            self.chart = ChartPane(chart)
            self.compared.body.addWidget(self.chart)
        else:
            self.chart.show_chart(chart)
        self.chart.setFixedHeight(theme().px(40 + 34 * len(self.found)))
        self.rows.show_rows(self.kept)

    def _chart(self, over: Setting) -> Chart:
        return chart_of(over, self.found)

    def _inputs(self, over: Setting) -> Message:
        basis = over.basis
        return message(
            "Today: {days} days left; {new} new deals expected, {amount} each when won, {rate} % won of those"
            " decided in the last year, {cycle} days to win one.",
            days=str(basis.days_left),
            new=f"{float(basis.new_deals):.1f}",
            amount=amount(basis.usual_amount, over.currency),
            rate=f"{float(100 * basis.win_rate):.0f}",
            cycle=f"{float(basis.cycle_days):.0f}",
        )


def _worked_out(over: Setting, changes: Changes, kept: tuple[ScenarioRow, ...]) -> tuple[Compared, ...]:
    """Return the base, what is tried, and every scenario that can be worked out."""
    found = [
        scenarios.worked_out(over, tr("As it stands"), Changes()),
        scenarios.worked_out(over, tr("What if"), changes),
    ]
    found += [scenarios.worked_out(over, row.name, row.changes) for row in kept if row.fault is None]
    return tuple(found)
