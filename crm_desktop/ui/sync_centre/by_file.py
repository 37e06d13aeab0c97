"""Syncing by file: write what waits, have HQ answer it, read the answer."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import Message, message, plural
from crm_desktop.interchange.stopped import Stopped
from crm_desktop.settings import EXPORT_FOLDER
from crm_desktop.sync.by_file import Written
from crm_desktop.sync.carried_contents import MAIL_BYTES, STICK_BYTES
from crm_desktop.sync.refused import Refused
from crm_desktop.sync.report import RoundReport, Step
from crm_desktop.sync.runner import Phase
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import figure
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import IconLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.progress import ProgressLine

WIDTH = 520
FIELD_WIDTH = 320
SUFFIX = ".satchel"
ALONG = (
    (message("Up to 20 MB: the file fits into a mail"), MAIL_BYTES),
    (message("Up to 4 GB: the file goes on a USB stick"), STICK_BYTES),
    (message("None"), 0),
)
_KINDS = "Satchel (*.satchel)"


class ByFile(Live, QDialog):
    """Three steps, of which HQ takes the middle one; how far it is, and what came of it."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._context = context
        self._job: Job | None = None
        self.write = Button(message("Write a file…"), Kind.PRIMARY, icon="file")
        self.write.clicked.connect(self._on_write)
        self.read = Button(message("Read the answer…"), Kind.STANDARD, icon="dl")
        self.read.clicked.connect(self._on_read)
        self.along = QComboBox()
        self._along = Field(message("Attached files that go along, and come back"), self.along)
        self._along.setMaximumWidth(theme().px(FIELD_WIDTH))
        self.progress = ProgressLine(action=message("Cancel"))
        self.progress.action_clicked.connect(self._on_cancel)
        self.progress.hide()
        self._icon = IconLabel("check", color="good")
        self.outcome = Label(wrap=True)
        told = QHBoxLayout()
        told.setSpacing(theme().px(8))
        told.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        told.addWidget(self.outcome, 1)
        self._icon.hide()
        self.outcome.hide()
        self.leave = Button(message("Close"), Kind.STANDARD)
        self.leave.clicked.connect(self.reject)
        self.leave.setAutoDefault(False)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.leave)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, XL, XL, XL)
        column.setSpacing(theme().px(12))
        column.addWidget(Label(message("Sync by file"), step="title"))
        without_line = message(
            "Where there is no network, files carry what a sync would: on a USB stick or by mail."
        )
        column.addWidget(Label(without_line, color="text-soft", wrap=True))
        for number, title, line, button in (
            (1, message("Write a file for HQ"), message("It holds what waits to be sent."), self.write),
            (
                2,
                message("Hand it to HQ"),
                message("Only your HQ can open it. Whoever looks after HQ gives you a file with the answer."),
                None,
            ),
            (
                3,
                message("Read the answer here"),
                message("It confirms what you sent and brings what is new. Until then go on working."),
                self.read,
            ),
        ):
            column.addLayout(_step_row(number, title, line, button))
            if button is self.write:
                self._along.setContentsMargins(theme().px(XL), 0, 0, 0)
                column.addWidget(self._along)
        column.addWidget(self.progress)
        column.addLayout(told)
        column.addLayout(foot)
        self.setMinimumWidth(theme().px(WIDTH))
        context.tasks.jobs_changed.connect(self._show_progress)
        self.retranslate()
        self.write.setFocus()

    def retranslate(self) -> None:
        """Name the dialog in the language on screen."""
        self.setWindowTitle(tr("Sync by file"))
        chosen = max(0, self.along.currentIndex())
        self.along.clear()
        for words, most in ALONG:
            self.along.addItem(show(words), most)
        self.along.setCurrentIndex(chosen)
        self._fit()

    def write_to(self, file: Path) -> None:
        """Write what waits to a file."""
        app, most = self._context.app, int(self.along.currentData())

        def work(job: Job) -> Written:
            written = app.write_sync_file(file, _steps(job), job.is_cancelled, most)
            app.settings.set(EXPORT_FOLDER, str(file.parent))
            return written

        self._run(message("Writing {file}", file=file.name), work, lambda done: self._on_written(file, done))

    def read_from(self, file: Path) -> None:
        """Apply HQ's answer in a file."""
        app = self._context.app

        def work(job: Job) -> RoundReport:
            return app.read_sync_file(file, _steps(job), job.is_cancelled)

        self._run(message("Reading {file}", file=file.name), work, self._on_read_done)

    def _on_write(self) -> None:
        folder = Path(self._context.app.settings.get(EXPORT_FOLDER) or Path.home())
        today = datetime.datetime.now().astimezone().date()
        offered = folder / f"{self._context.app.profile.root.name}-{today:%Y%m%d}{SUFFIX}"
        chosen, _ = QFileDialog.getSaveFileName(self, tr("Write a file for HQ"), str(offered), _KINDS)
        if chosen:
            path = Path(chosen)
            self.write_to(path if path.suffix else path.with_name(path.name + SUFFIX))

    def _on_read(self) -> None:
        folder = self._context.app.settings.get(EXPORT_FOLDER) or str(Path.home())
        chosen, _ = QFileDialog.getOpenFileName(self, tr("Read the answer here"), folder, _KINDS)
        if chosen:
            self.read_from(Path(chosen))

    def _run(self, text: Message, work: Callable[[Job], object], done: Callable[..., None]) -> None:
        runner = self._context.app.runner
        if runner is not None:
            runner.cancel()  # a round under way ends after its page and goes on later
        self._show_outcome(None)
        self.progress.say(text)
        self._job = self._context.tasks.run(self, text, work, done, self._on_failed)
        self._show_progress()

    def _on_cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _show_progress(self) -> None:
        job = self._job
        is_running = job is not None and job in self._context.tasks.jobs
        self.progress.setVisible(is_running)
        for button in (self.write, self.read):
            button.setEnabled(not is_running)
        if is_running and job is not None:
            self.progress.set_progress(job.done, job.total or None)
            self.progress.action.setEnabled(not job.is_cancelled())
        self._fit()

    def _fit(self) -> None:
        """Be as high as the words need at this width; sentences wrap."""
        width = max(self.width(), self.minimumWidth())
        self.layout().activate()
        self.resize(width, self.layout().heightForWidth(width))

    def _on_written(self, file: Path, written: Written) -> None:
        text = plural(
            written.records,
            message("1 record is in {file}. Hand this file to HQ; bring back the answer.", file=file.name),
            message(
                "{count} records are in {file}. Hand this file to HQ; bring back the answer.",
                count=figure(written.records),
                file=file.name,
            ),
        )
        if written.files:
            text = message(
                "{file} holds changed records: {records}, and attached files: {files}. Hand this file to HQ;"
                " bring back the answer.",
                records=figure(written.records),
                files=figure(written.files),
                file=file.name,
            )
        elif written.files_left:
            text = message(
                "{file} has no room for all attached files; what is left goes with the next one. Hand it to"
                " HQ.",
                file=file.name,
            )
        elif not written.records:
            text = message(
                "Nothing waits; {file} only asks HQ for what is new. Hand it to HQ.", file=file.name
            )
        self._show_outcome(text, "check", "good")

    def _on_read_done(self, report: RoundReport) -> None:
        if report.up_to_date and (report.files_sent or report.files_received):
            text = message(
                "Read: {sent} changes and {files_sent} files confirmed, {received} records and"
                " {files_received} files received. This laptop is up to date.",
                sent=figure(report.sent),
                received=figure(report.received),
                files_sent=figure(report.files_sent),
                files_received=figure(report.files_received),
            )
            self._show_outcome(text, "check", "good")
        elif report.up_to_date:
            text = message(
                "Read: {sent} changes confirmed, {received} records received. This laptop is up to date.",
                sent=figure(report.sent),
                received=figure(report.received),
            )
            self._show_outcome(text, "check", "good")
        else:
            text = message(
                "Read: {sent} changes confirmed, {received} records received. There is more to come:"
                " read the file again if you stopped it, or write the next one.",
                sent=figure(report.sent),
                received=figure(report.received),
            )
            self._show_outcome(text, "info", "accent")

    def _on_failed(self, error: CrmError) -> None:
        if isinstance(error, Refused):
            # As a round that was refused: who is shut out sees the screen that says so.
            context = self._context
            refused = {"phase": Phase.REFUSED, "refusal": error.code, "problem": error.message}
            context.on_sync_status(replace(context.sync_status, **refused))
            self.reject()
            return
        is_stopped = isinstance(error, Stopped)
        self._show_outcome(error.message, *(("info", "accent") if is_stopped else ("warn", "bad")))

    def _show_outcome(self, text: Message | None, icon: str = "check", color: str = "good") -> None:
        self._icon.setVisible(text is not None)
        self.outcome.setVisible(text is not None)
        if text is not None:
            self._icon.show_icon(icon, color)
            self.outcome.say(text)
        self._show_progress()


def _step_row(number: int, title: Message, line: Message, button: Button | None) -> QHBoxLayout:
    """Return one of the steps: its number, what it is, and a button where it is done here."""
    words = QVBoxLayout()
    words.setSpacing(2)
    words.addWidget(Label(title, weight=600))
    words.addWidget(Label(line, color="text-soft", wrap=True))
    row = QHBoxLayout()
    row.setSpacing(theme().px(12))
    row.addWidget(Label(str(number), step="title", color="text-soft"), 0, Qt.AlignmentFlag.AlignTop)
    row.addLayout(words, 1)
    if button is not None:
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
    return row


def _steps(job: Job) -> Callable[[Step], None]:
    return lambda step: job.step(step.done, step.total)
