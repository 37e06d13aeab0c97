"""Last step: the import at work, and what came of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QScrollArea, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.exchange.plan import ImportReport
from crm_core.i18n import Message, message
from crm_desktop.interchange.importing import run_plan, write_rejects
from crm_desktop.interchange.undoing import UndoReport, undo_import
from crm_desktop.settings import EXPORT_FOLDER
from crm_desktop.ui.context import Context, Notice
from crm_desktop.ui.format import figure
from crm_desktop.ui.imports.choices import Choices
from crm_desktop.ui.imports.opening import show_records
from crm_desktop.ui.imports.step import READ_WIDTH, ImportStep
from crm_desktop.ui.imports.words import undone_words
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import Fact
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.progress import ProgressLine

MOST_PROBLEMS = 20
REJECTS_KIND = "CSV (*.csv)"


class ResultStep(ImportStep):
    """Runs the plan, then says what was made, changed, left alone and rejected."""

    finished = Signal()
    another_asked = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context, message("Result"))
        self._job: Job | None = None
        self.report: ImportReport | None = None
        self.progress = ProgressLine(message("Importing…"), action=message("Cancel"))
        self.progress.action_clicked.connect(self.stop)
        self.head = Label(step="section", wrap=True)
        self._facts = QVBoxLayout()
        self._facts.setSpacing(6)
        self.open_button = Button(message("Show the records"), Kind.PRIMARY)
        self.rejects_button = Button(message("Save the rejected rows…"), icon="dl")
        self.undo_button = Button(message("Take the import back"), icon="undo")
        self.another_button = Button(message("Import another file"))
        self._problems = QVBoxLayout()
        self._problems.setSpacing(4)
        self._lay_out()
        self.open_button.clicked.connect(self._on_open)
        self.rejects_button.clicked.connect(self.ask_for_file)
        self.undo_button.clicked.connect(self._on_undo)
        self.another_button.clicked.connect(self.another_asked)
        context.tasks.jobs_changed.connect(self._on_jobs_changed)

    @property
    def ready(self) -> bool:
        """There is no further step."""
        return False

    @property
    def running(self) -> bool:
        """Whether rows are being written."""
        return self._job is not None

    def begin(self, choices: Choices) -> None:
        """Forget the result of another import."""
        super().begin(choices)
        self.report = None

    def enter(self) -> None:
        """Run the plan, once."""
        if self.report is None and self._job is None:
            self._run()

    def stop(self) -> None:
        """Stop after the rows that are being written."""
        if self._job is not None:
            self._job.cancel()

    def ask_for_file(self) -> None:
        """Ask where the rejected rows are to be written."""
        path = self.choices.path
        settings = self.context.app.settings
        folder = Path(settings.get(EXPORT_FOLDER) or Path.home())
        name = f"{path.stem if path is not None else ''} - {tr('rejected')}.csv"
        chosen, _ = QFileDialog.getSaveFileName(
            self, tr("Save the rejected rows"), str(folder / name), REJECTS_KIND
        )
        if chosen:
            self.save_rejects(Path(chosen))

    def save_rejects(self, file: Path) -> None:
        """Write the rejected rows with their reasons."""
        report = self.report
        if report is None:
            return

        def done(_none: None) -> None:
            text = message("The rejected rows are in {file}", file=file.name)
            self.context.notice.emit(Notice(kind="good", text=text, seconds=10))

        self.context.tasks.read(self, lambda: write_rejects(report, file, tr), done, self.context.show_error)

    def _lay_out(self) -> None:
        inner = QWidget()
        inner.setMaximumWidth(theme().px(READ_WIDTH))
        column = QVBoxLayout(inner)
        column.setContentsMargins(4, 4, 12, 0)
        column.setSpacing(12)
        column.addWidget(self.progress)
        column.addWidget(self.head)
        column.addLayout(self._facts)
        row = FlowLayout(gap=8, line_gap=8)
        for button in (self.open_button, self.rejects_button, self.undo_button, self.another_button):
            row.addWidget(button)
        column.addLayout(row)
        column.addLayout(self._problems)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(inner)
        self.leave_room_for_focus()
        self.body.addWidget(area, 1)

    def _run(self) -> None:
        plan, path, replica = self.choices.plan, self.choices.path, self.context.replica
        assert plan is not None
        assert path is not None
        self._show_running()

        def work(job: Job) -> ImportReport:
            return run_plan(replica, plan, path.name, job.step, job.is_cancelled)

        def done(report: ImportReport) -> None:
            self._job = None
            self.report = report
            self.choices.plan = None
            self._show_report(report)
            self.finished.emit()

        def failed(error: CrmError) -> None:
            self._job = None
            self._say_failed(error)
            self.finished.emit()

        text = message("Importing {file}", file=path.name)
        self._job = self.context.tasks.run(self, text, work, done, failed)

    def _show_running(self) -> None:
        self.progress.show()
        self.progress.say(message("Importing…"))
        self.progress.set_progress(0, None)
        self.head.hide()
        _empty(self._facts)
        _empty(self._problems)
        for button in (self.open_button, self.rejects_button, self.undo_button, self.another_button):
            button.hide()
        self.progress.action.setFocus()

    def _on_jobs_changed(self) -> None:
        job = self._job
        if job is None:
            return
        if job.is_cancelled():
            self.progress.say(message("Stopping after these rows…"))
        elif job.total:
            self.progress.say(
                message("{done} of {total} rows", done=figure(job.done), total=figure(job.total))
            )
        self.progress.set_progress(job.done, job.total or None)

    def _show_report(self, report: ImportReport) -> None:
        self.progress.hide()
        written = report.created + report.updated
        self.head.say(message("The import is done") if written else message("Nothing was written"))
        self.head.show()
        _empty(self._facts)
        for label, number in (
            (message("New records"), report.created),
            (message("Records changed"), report.updated),
            (message("Rows left alone"), report.skipped),
            (message("Rows rejected"), len(report.rejected)),
        ):
            self._facts.addWidget(Fact(label, figure(number), label_width=180))
        self.open_button.setVisible(bool(report.batch))
        self.undo_button.setVisible(bool(report.batch))
        self.rejects_button.setVisible(bool(report.rejected))
        self.another_button.show()
        _empty(self._problems)
        problems = report.problems()
        shown: list[Message] = problems[:MOST_PROBLEMS]
        if len(problems) > len(shown):
            more = len(problems) - len(shown)
            shown.append(
                message("{count} more reasons are in the file of rejected rows.", count=figure(more))
            )
        for note in (*report.notes, *shown):
            self._problems.addWidget(Label(note, color="text-soft", wrap=True))
        (self.open_button if report.batch else self.another_button).setFocus()

    def _say_failed(self, error: CrmError) -> None:
        self.progress.hide()
        self.head.say(error.message)
        self.head.show()
        self.another_button.show()
        self.another_button.setFocus()

    def _on_open(self) -> None:
        if self.report is not None and self.choices.path is not None:
            show_records(self.context, self, self.choices.entity, self.report.batch, self.choices.path.name)

    def _on_undo(self) -> None:
        report, replica = self.report, self.context.replica
        if report is None:
            return
        file = self.choices.path.name if self.choices.path is not None else ""

        def work(job: Job) -> UndoReport:
            return undo_import(replica, report.batch, job.step, job.is_cancelled)

        self._let_choose(False)
        text = message("Taking back {file}", file=file)
        self._job = self.context.tasks.run(self, text, work, self._on_undone, self._on_not_undone)
        self.progress.say(text)
        self.progress.set_progress(0, None)
        self.progress.show()

    def _on_undone(self, undone: UndoReport) -> None:
        self._job = None
        self.progress.hide()
        self._let_choose(True)
        if not undone.finished:
            self.head.say(message("Taking back was stopped: {what}", what=undone_words(undone)))
            return
        self.head.say(message("The import was taken back: {what}", what=undone_words(undone)))
        for button in (self.undo_button, self.open_button):
            button.hide()
        self.another_button.setFocus()

    def _on_not_undone(self, error: CrmError) -> None:
        self._job = None
        self.progress.hide()
        self._let_choose(True)
        self.context.show_error(error)

    def _let_choose(self, free: bool) -> None:
        """Let nothing else be begun while the import is being taken back."""
        for button in (self.open_button, self.undo_button, self.another_button):
            button.setEnabled(free)


def _empty(column: QVBoxLayout) -> None:
    while column.count():
        widget = column.takeAt(0).widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
