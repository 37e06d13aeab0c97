"""When a report or a dashboard goes out by itself, to whom, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities.report_schedule import SENDING_STATES, WAYS
from crm_core.i18n import Message, message
from crm_desktop.services import records, report_schedules
from crm_desktop.services.calendar import local
from crm_desktop.services.report_schedules import Around, ScheduleRow, SendingRow, Subject
from crm_desktop.ui.context import Context
from crm_desktop.ui.field_texts import moment_text
from crm_desktop.ui.reports.schedule_form import ScheduleForm
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, M
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.text_table import TextTable

WIDTH, HEIGHT = 720, 520
_STATES = {each.value: each.label for each in SENDING_STATES}
_WAYS = {each.value: each.label for each in WAYS}


class SchedulesDialog(Live, QDialog):
    """The schedules of one report or dashboard, and below what went to whom of the one chosen."""

    def __init__(self, context: Context, subject: Subject, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._subject = context, subject
        self._around: Around | None = None
        self._rows: tuple[ScheduleRow, ...] = ()
        self.form: ScheduleForm | None = None
        self.table = TextTable(
            [
                (message("Name"), CellKind.TEXT, 0),
                (message("To whom"), CellKind.SOFT, 200),
                (message("Next time"), CellKind.SOFT, 150),
            ],
            message("Times it goes out"),
        )
        self.log = TextTable(
            [
                (message("When"), CellKind.TEXT, 120),
                (message("To whom"), CellKind.TEXT, 0),
                (message("How"), CellKind.SOFT, 110),
                (message("State"), CellKind.SOFT, 130),
                (message("Reason"), CellKind.SOFT, 180),
            ],
            message("What went to whom"),
        )
        self.words = Label(color="text-soft", wrap=True)
        self.add_button = Button(message("New…"), Kind.PRIMARY, icon="plus")
        self.change_button = Button(message("Change…"))
        self.pause_button = Button(message("Pause"))
        self.delete_button = Button(message("Delete"))
        self.close_button = Button(message("Close"), hint="Esc")
        self.add_button.clicked.connect(lambda: self.open_form(None))
        self.change_button.clicked.connect(lambda: self.open_form(self.current))
        self.pause_button.clicked.connect(self.pause)
        self.delete_button.clicked.connect(self.delete)
        self.close_button.clicked.connect(self.reject)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._on_chosen())
        self.table.opened.connect(lambda _row: self.open_form(self.current))
        self._lay_out()
        context.records_changed.connect(self._on_records_changed)
        self.retranslate()
        self.retint()
        self.refresh()

    @property
    def current(self) -> ScheduleRow | None:
        """The schedule chosen."""
        place = self.table.currentIndex().row()
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def refresh(self) -> None:
        """Read the schedules anew."""
        replica, subject = self._context.replica, self._subject
        self._context.tasks.read(
            self,
            lambda: (report_schedules.around(replica), report_schedules.schedules_of(replica, subject)),
            lambda found: self._on_read(*found),
            self._context.show_error,
            topic="schedules",
        )

    def open_form(self, row: ScheduleRow | None) -> None:
        """Make a schedule, or change one."""
        if self._around is None or not self._around.enrolled:
            return
        self.form = ScheduleForm(self._context, self._subject, self._around, row, self)
        self.form.open()

    def pause(self) -> None:
        """Let it go out no more, or again."""
        row, replica = self.current, self._context.replica
        if row is None:
            return
        paused = not row.paused
        told = (
            message("It goes out no more") if paused else message("It goes out again from its next time on")
        )
        self._context.change(
            self,
            lambda: report_schedules.pause(replica, row.id, paused=paused),
            told=told,
            undo=lambda: report_schedules.pause(replica, row.id, paused=not paused),
        )

    def delete(self) -> None:
        """Delete it; that can be taken back."""
        row, replica = self.current, self._context.replica
        if row is not None:
            self._context.change(
                self,
                lambda: records.delete(replica, report_schedules.SCHEDULE, row.id),
                told=message("It goes out no more"),
                undo=lambda: records.restore(replica, report_schedules.SCHEDULE, row.id),
            )

    def retranslate(self) -> None:
        """Speak the language on screen."""
        self.setWindowTitle(tr("Send {name} by itself", name=self._subject.name))
        self._show_rows()

    def retint(self) -> None:
        """Keep the size of the theme."""
        self.resize(theme().px(WIDTH), theme().px(HEIGHT))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        margin = theme().px(XL)
        column.setContentsMargins(margin, margin, margin, margin)
        column.setSpacing(theme().px(M))
        heading = message("Send {name} by itself", name=self._subject.name)
        column.addWidget(Label(heading, step="title", wrap=True))
        column.addWidget(self.words)
        column.addWidget(self.table, 1)
        row = QHBoxLayout()
        row.setSpacing(theme().px(M))
        for button in (self.add_button, self.change_button, self.pause_button, self.delete_button):
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(Label(message("What went to whom"), weight=600))
        column.addWidget(self.log, 1)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        column.addLayout(foot)

    def _on_read(self, around: Around, rows: tuple[ScheduleRow, ...]) -> None:
        held = self.current.id if self.current is not None else ""
        self._around, self._rows = around, rows
        self._show_rows()
        if rows:
            self.table.selectRow(next((n for n, row in enumerate(rows) if row.id == held), 0))
        self._on_chosen()

    def _show_rows(self) -> None:
        self.table.show_rows(
            [(str(row.values["name"] or ""), ", ".join(_to(row)), _next(row)) for row in self._rows]
        )
        if self._around is not None and not self._around.enrolled:
            self.words.say(message("This laptop is not connected to a headquarters, which would send it."))
        elif not self._rows:
            self.words.say(message("It does not go out by itself yet."))
        else:
            self.words.say(message("Each reader gets it counted by his own rights, never by yours."))

    def _on_chosen(self) -> None:
        row = self.current
        enrolled = self._around is not None and self._around.enrolled
        self.add_button.setEnabled(enrolled)
        for button in (self.change_button, self.pause_button, self.delete_button):
            button.setEnabled(row is not None)
        self.pause_button.say(message("Resume") if row is not None and row.paused else message("Pause"))
        if row is None:
            self.log.show_rows([])
            return
        replica = self._context.replica
        self._context.tasks.read(
            self,
            lambda: report_schedules.sendings_of(replica, row.id),
            self._on_log,
            self._context.show_error,
            topic="log",
        )

    def _on_log(self, found: Sequence[SendingRow]) -> None:
        self.log.show_rows(
            [
                (
                    moment_text(local(each.due_ms)),
                    each.to,
                    Message(_WAYS.get(each.way, "")),
                    Message(_STATES.get(each.status, "")),
                    each.why or "",
                )
                for each in found
            ]
        )

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        kinds = (report_schedules.SCHEDULE, report_schedules.SENDING)
        if any(entity in kinds for entity, _ in changed):
            self.refresh()


def _to(row: ScheduleRow) -> tuple[str, ...]:
    outside = row.values["outside"]
    return (*row.readers, str(outside)) if outside else row.readers


def _next(row: ScheduleRow) -> Text:
    if row.paused:
        return message("Paused: {reason}", reason=row.why) if row.why is not None else message("Paused")
    if row.next_ms is None:
        return message("After the next sync")
    return show(moment_text(local(row.next_ms)))
