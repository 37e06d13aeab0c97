"""Fourth step: what would become of each row, before anything is written; wrong cells are mended in place."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QTableView, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.exchange.plan import ImportPlan, Step
from crm_core.i18n import Message, message, plural
from crm_desktop.interchange.importing import plan_table
from crm_desktop.interchange.mending import bad_cells, mend, same_cells
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import figure
from crm_desktop.ui.imports.choices import Choices
from crm_desktop.ui.imports.step import ImportStep
from crm_desktop.ui.imports.tables import LINE, STEP, WHY, CellDelegate, CheckedRow, CheckModel
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.info_bar import InfoBar
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.progress import ProgressLine
from crm_desktop.ui.widgets.rows import dress
from crm_desktop.ui.widgets.tabs import Tab, TabRow

SHOWN_ROWS = 100
MOST_NOTES = 5
ALL = "all"
_TABS: tuple[tuple[str, Message], ...] = (
    (ALL, message("All rows")),
    (Step.CREATE.value, message("To be made")),
    (Step.UPDATE.value, message("To be changed")),
    (Step.SKIP.value, message("Left alone")),
    (Step.REJECT.value, message("Rejected")),
)
_LEAST, _MOST, _WHY = 88, 220, 340
_ROOM_FOR_NOTES = 360


class CheckStep(ImportStep):
    """Works out the plan whenever a choice is another, and shows the first rows of each outcome."""

    checked = Signal()
    """A plan is there."""
    refused = Signal(object)
    """The `Message` that says what is wrong with the whole."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, message("Check"))
        self._job: Job | None = None
        self._rows: dict[str, list[CheckedRow]] = {}
        self._wanted: tuple[int, int] | None = None
        self._same: tuple[tuple[int, ...], int, str] | None = None
        self.tabs = TabRow([Tab(key=key, text=text) for key, text in _TABS], name=message("Rows of the file"))
        self.tabs.chosen.connect(lambda _key: self._show_rows())
        self.progress = ProgressLine(message("Checking the rows…"), action=message("Cancel"))
        self.progress.action_clicked.connect(self._on_cancelled)
        self.bar = InfoBar("", Tone.INFO, action="", closable=True)
        self.bar.hide()
        self.bar.action_clicked.connect(self._on_same_wanted)
        self.model = CheckModel(self)
        self.model.mended.connect(self._on_mended)
        self.table = CheckTable()
        self.table.setModel(self.model)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._delegate = dress(self.table, self.model.kinds(), compact=True, delegate_class=CellDelegate)
        self._more = Label(step="caption", color="text-soft", wrap=True)
        self._noted = QWidget()
        self._notes = QVBoxLayout(self._noted)
        self._notes.setContentsMargins(0, 0, 0, 0)
        self._notes.setSpacing(4)
        self._shown = QWidget()
        inside = QVBoxLayout(self._shown)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        inside.addWidget(self._noted)
        inside.addWidget(self.tabs)
        inside.addWidget(self.bar)
        inside.addWidget(self.table, 1)
        inside.addWidget(self._more)
        waiting = QHBoxLayout()
        waiting.addWidget(self.progress)
        self._waiting = QWidget()
        self._waiting.setLayout(waiting)
        self._waiting.setMaximumWidth(theme().px(520))
        self.body.addWidget(self._waiting)
        self.body.addWidget(self._shown, 1)
        self._blank = QWidget()
        self.body.addWidget(self._blank, 1)
        context.tasks.jobs_changed.connect(self._on_jobs_changed)
        self.retranslate()

    @property
    def ready(self) -> bool:
        """Whether there is something to write."""
        plan = self.choices.plan
        return (
            plan is not None
            and self._job is None
            and bool(plan.steps(Step.CREATE) or plan.steps(Step.UPDATE))
        )

    def begin(self, choices: Choices) -> None:
        """Forget the rows of another import."""
        self.stop()
        super().begin(choices)
        self.bar.hide()

    def enter(self) -> None:
        """Work the plan out, unless the one there still holds."""
        self.bar.hide()
        if self.choices.plan is None:
            self.tabs.choose(ALL)
            self.check()
        else:
            self._show_plan()
            self.table.setFocus()

    def stop(self) -> None:
        """Let go of the plan that is being worked out."""
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def check(self) -> None:
        """Work out what would become of each row."""
        self.stop()
        choices, replica = self.choices, self.context.replica
        read = choices.read
        assert read is not None
        assert choices.path is not None
        source, mended, title = read.table, dict(choices.mended), choices.path.stem
        target, rules, options = choices.target, choices.rules, choices.options()
        self._show_running(choices.plan is None)

        def work(job: Job) -> tuple[ImportPlan, dict[str, list[CheckedRow]]]:
            table = mend(source, mended)
            plan = plan_table(replica, table, target, rules, options, title, job.step, job.is_cancelled)
            shown: dict[str, list[CheckedRow]] = {key: [] for key, _ in _TABS}
            for row in plan.rows:
                wanting = [key for key in (ALL, row.step.value) if len(shown[key]) < SHOWN_ROWS]
                if not wanting:
                    continue
                bad = bad_cells(row, table, rules, target) if row.step is Step.REJECT else {}
                checked = CheckedRow(planned=row, bad=bad)
                for key in wanting:
                    shown[key].append(checked)
            return plan, shown

        def done(found: tuple[ImportPlan, dict[str, list[CheckedRow]]]) -> None:
            if job is self._job:
                self._job = None
                choices.plan, self._rows = found
                self._show_plan()
                self.checked.emit()
                self.ready_changed.emit()

        def failed(error: CrmError) -> None:
            if job is self._job:
                self._job = None
                self._waiting.hide()
                self.refused.emit(error.message)
                self.ready_changed.emit()

        job = self._job = self.context.tasks.run(self, message("Checking the rows…"), work, done, failed)
        self.ready_changed.emit()

    def retranslate(self) -> None:
        """Name everything in the language on screen."""
        self.table.setAccessibleName(tr("Rows of the file"))
        if self.choices.plan is not None:
            self._show_plan()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the rows the room where there is little; the result says the notes too."""
        super().resizeEvent(event)
        self._noted.setVisible(self.height() >= theme().px(_ROOM_FOR_NOTES))

    def _show_running(self, first: bool) -> None:
        self._waiting.show()
        self.progress.set_progress(0, None)
        if first:
            self._shown.hide()
            self._blank.show()
        self.ready_changed.emit()

    def _show_plan(self) -> None:
        plan = self.choices.plan
        assert plan is not None
        self._waiting.hide()
        self._blank.hide()
        self._shown.show()
        counts = {step.value: len(plan.steps(step)) for step in Step}
        self.tabs.set_counts({ALL: len(plan.rows), **counts})
        self._show_notes(plan.notes)
        self._show_rows()

    def _show_rows(self) -> None:
        plan = self.choices.plan
        if plan is None:
            return
        key = self.tabs.key
        rows = self._rows.get(key, [])
        columns = sorted({rule.column for rule in self.choices.rules})
        self.model.show_rows(plan.table.headers, columns, rows)
        self._delegate.set_kinds(self.model.kinds())
        self._fit()
        number = len(plan.rows) if key == ALL else len(plan.steps(Step(key)))
        if number > len(rows):
            self._more.say(
                message("The first {shown} of {count} are shown.", shown=len(rows), count=figure(number))
            )
        elif not rows:
            self._more.say(message("No row of this kind."))
        else:
            self._more.say(message("Type over a cell to mend it: F2 or a double click."))
        self._go_to_wanted()

    def _fit(self) -> None:
        """Give each column the width of what is in it, within bounds."""
        self.table.resizeColumnsToContents()
        head = self.table.horizontalHeader()
        for place in range(head.count()):
            least, most = theme().px(_LEAST), theme().px(_MOST)
            if place == LINE:
                least = theme().px(48)
            elif place == STEP:
                least = theme().px(112)
            elif place == WHY:
                least, most = theme().px(_LEAST), theme().px(_WHY)
            head.resizeSection(place, min(max(head.sectionSize(place) + theme().px(8), least), most))
        self.table.setColumnHidden(WHY, not any(row.planned.reasons for row in self.model.rows))
        head.setStretchLastSection(True)

    def _show_notes(self, notes: Sequence[Message]) -> None:
        while self._notes.count():
            old = self._notes.takeAt(0).widget()
            old.hide()
            old.deleteLater()
        for note in notes[:MOST_NOTES]:
            self._notes.addWidget(Label(note, color="text-soft", wrap=True))

    def _go_to_wanted(self) -> None:
        """Go on from the cell just mended: to the next that is wrong, else to itself."""
        at = self.model.first_bad()
        if self._wanted is not None:
            mended = self.model.place_of(*self._wanted)
            at = mended if mended.isValid() and not self._is_bad_after(mended) else at
            self._wanted = None
        if not at.isValid() and self.model.rowCount():
            at = self.model.index(0, STEP)
        if at.isValid():
            self.table.setCurrentIndex(at)
            self.table.scrollTo(at)
        if self.isVisible() and not self.tabs.hasFocus() and not self.bar.action.hasFocus():
            self.table.setFocus()

    def _is_bad_after(self, mended: QModelIndex) -> bool:
        """Tell whether a row from the mended one on still has a wrong cell."""
        return any(row.bad for row in self.model.rows[mended.row() :])

    def _on_mended(self, line: int, column: int, text: str) -> None:
        plan = self.choices.plan
        if plan is None:
            return
        others = same_cells(plan.table, line, column)
        self.choices.mended[line, column] = text
        self._wanted = (line, column)
        self._same = (others, column, text) if others else None
        self.bar.setVisible(bool(others))
        if others:
            said = plural(
                len(others),
                message("1 more row says the same in “{column}”", column=plan.table.headers[column]),
                message(
                    "{count} more rows say the same in “{column}”",
                    count=figure(len(others)),
                    column=plan.table.headers[column],
                ),
            )
            self.bar.say(said, Tone.INFO, action=message("Change them too"))
        self.check()

    def _on_same_wanted(self) -> None:
        if self._same is None:
            return
        others, column, text = self._same
        self.choices.mended.update({(line, column): text for line in others})
        self._same = None
        self.bar.hide()
        self.check()

    def _on_cancelled(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _on_jobs_changed(self) -> None:
        if self._job is not None:
            self.progress.set_progress(self._job.done, self._job.total or None)


class CheckTable(QTableView):
    """Rows whose cells are typed over; Enter and F2 open a cell."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the current cell by Enter too."""
        editing = self.state() == QAbstractItemView.State.EditingState
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not editing:
            index = self.currentIndex()
            if index.flags() & Qt.ItemFlag.ItemIsEditable:
                self.edit(index)
                return
        super().keyPressEvent(event)
