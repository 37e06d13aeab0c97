"""The box over the time line: what was done, how it went, what is next. Four fields, Ctrl+Enter saves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError, UserError
from crm_core.i18n import Message, message
from crm_core.schema.field import Plain
from crm_desktop.models.records import Record
from crm_desktop.services import activities, drafts, records, timeline
from crm_desktop.services.calendar import local
from crm_desktop.services.drafts import KeptDraft
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.timeline import TimelineItem
from crm_desktop.ui.context import Context
from crm_desktop.ui.files.chosen import ChosenFiles
from crm_desktop.ui.format import clock
from crm_desktop.ui.forms.day_editors import MomentEditor
from crm_desktop.ui.forms.editors import ChoiceEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.ending_keys import is_taking
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

KINDS = (("visit", "pin"), ("call", "phone"), ("mail", "mail"), ("meeting", "people"))
DRAFT_MS = 3_000
MOST_LINES = 4
ONE_LINE_FROM = 480  # px before the font scale
# (row, column, columns taken) of outcome, next step, its time, files, Save.
_ONE_LINE = ((0, 0, 1), (0, 1, 1), (0, 2, 1), (0, 3, 1), (0, 4, 1))
_TWO_LINES = ((0, 0, 1), (1, 0, 3), (0, 1, 4), (1, 3, 1), (1, 4, 1))
_FIELDS = SCHEMAS["activity"].fields


class QuickLogBox(Live, QFrame):
    """Logs an activity with one customer. What is typed is kept as a draft of that customer's."""

    logged = Signal(object)
    """The `TimelineItem` of what was logged."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._customer_id = ""
        self._filling = False
        self._changed = False
        self._places: object = None
        self.setProperty("role", "field")
        self.kinds = SegmentedSwitch(
            [
                Segment(key=key, text=Message(_FIELDS["kind"].choice_label(key)), icon=icon)
                for key, icon in KINDS
            ],
            name=message("Kind"),
            small=True,
        )
        self.state = Label(step="caption", color="text-soft")
        self.text = QPlainTextEdit()
        self.text.setProperty("frameless", "true")
        self.text.setTabChangesFocus(True)
        self.text.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.outcome = ChoiceEditor(_FIELDS["outcome"])
        self.next_step = QLineEdit()
        self.due = MomentEditor(_FIELDS["due_at"], hint=message("e.g. Fri 14:00"))
        self._chosen: dict[str, tuple[Path, ...]] = {}
        """Files to go with what is logged, by customer."""
        self.files = ChosenFiles(context)
        self.save_button = Button(message("Save"), Kind.PRIMARY)
        self.wrong = Label(step="caption", color="bad", wrap=True)
        self.wrong.hide()
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(DRAFT_MS)
        self._timer.timeout.connect(self._keep)
        self.kinds.chosen.connect(self._on_changed)
        self.text.textChanged.connect(self._on_changed)
        self.outcome.edited.connect(self._on_changed)
        self.next_step.textEdited.connect(self._on_changed)
        self.due.edited.connect(self._on_changed)
        self.files.changed.connect(self._on_files_chosen)
        self.setAcceptDrops(True)
        self.save_button.clicked.connect(self.save)
        for widget in (self.text, self.outcome, self.next_step, self.due):
            widget.installEventFilter(self)
        self.retranslate()
        self.retint()

    def show_customer(self, customer_id: str) -> None:
        """Be for a customer; what was typed for another stays with that one."""
        if customer_id == self._customer_id:
            return
        self._keep()
        self._customer_id = customer_id
        self._clear()
        self._show_chosen()
        replica = self._context.replica
        self._context.tasks.read(
            self,
            lambda: drafts.kept(replica, "activity", _draft_id(customer_id)),
            self._on_draft_read,
            topic="draft",
        )

    def attach(self, paths: Sequence[Path]) -> None:
        """Choose the files that go with what is logged; none for an empty list."""
        self._chosen[self._customer_id] = tuple(paths)
        self._show_chosen()

    def begin(self, kind: str | None = None) -> None:
        """Put the focus in the box, for a kind of activity."""
        if kind is not None:
            self.kinds.choose(kind)
        self.text.setFocus()

    def save(self) -> None:
        """Log what was typed."""
        lines = self.text.toPlainText().strip().splitlines()
        if not lines:
            self._say_wrong(message("Say in a few words what was done."))
            self.text.setFocus()
            return
        try:
            due = self.due.moment()
        except UserError as error:
            self._say_wrong(error.message)
            self.due.setFocus()
            return
        replica, customer_id, kind = self._context.replica, self._customer_id, self.kinds.key
        subject, notes = lines[0].strip(), "\n".join(lines[1:]).strip() or None
        outcome = self.outcome.currentData()
        step = self.next_step.text().strip() or None
        due_at = None if due is None else round(due.timestamp() * 1000)
        made: list[tuple[str, str]] = []
        entries: list[TimelineItem | None] = []

        def work() -> Outcome[Record]:
            done = activities.log(
                replica,
                kind,
                subject,
                customer_id=customer_id,
                notes=notes,
                outcome=outcome,
                next_step=step,
                next_due_at=due_at,
            )
            drafts.drop(replica, "activity", _draft_id(customer_id))
            made.extend(each for each in done.changed if each[0] == "activity")
            entries.append(timeline.activity_item(replica, done.value.id))
            return done

        def saved(record: Record) -> None:
            self._on_saved(record)
            self.logged.emit(entries[0])

        self.save_button.setEnabled(False)
        self._context.change(
            self,
            work,
            saved,
            self._on_refused,
            told=message("Logged: {subject}", subject=subject),
            undo=lambda: [records.delete(replica, entity, record_id) for entity, record_id in made],
        )

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files where the role may add some."""
        self.files.welcome(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Choose what was dropped, beside what was chosen before."""
        self.files.take(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Save by Ctrl+Enter."""
        if is_taking(event):
            self.save()
            return
        super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Show the frame of focus around the whole box; save by Ctrl+Enter in any of its fields."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            focused = watched is self.text and event.type() == QEvent.Type.FocusIn
            self.setProperty("focused", "true" if focused else "false")
            self.style().unpolish(self)
            self.style().polish(self)
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and is_taking(event):
            self.save()
            return True
        return super().eventFilter(watched, event)

    def retranslate(self) -> None:
        """Say what each field is for."""
        self.setAccessibleName(tr("Quick log"))
        self.text.setPlaceholderText(tr("What was done? The first line is the subject."))
        self.text.setAccessibleName(tr("What was done"))
        self.outcome.setItemText(0, tr("Outcome"))
        self.outcome.setAccessibleName(tr("Outcome"))
        self.next_step.setPlaceholderText(tr("Next step"))
        self.next_step.setAccessibleName(tr("Next step"))
        self.due.setAccessibleName(tr("When the next step is due"))

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self._grow()
        self.outcome.setMinimumWidth(theme().px(112))
        self.due.setMinimumWidth(theme().px(112))
        self.due.setMaximumWidth(theme().px(168))
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use one line or two."""
        super().resizeEvent(event)
        self._arrange()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.kinds)
        head.addStretch(1)
        head.addWidget(self.state)
        self._foot = QGridLayout()
        self._foot.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.text)
        column.addWidget(self.files)
        column.addWidget(self.wrong)
        column.addLayout(self._foot)
        self._arrange()
        self._show_chosen()  # shown before it has its place, it would be a window

    def _arrange(self) -> None:
        """Put outcome, next step, its time and Save in one line, or in two where there is little room."""
        one_line = self.width() >= theme().px(ONE_LINE_FROM)
        places = _ONE_LINE if one_line else _TWO_LINES
        if places is self._places:
            return
        self._places = places
        for widget, (row, column, span) in zip(
            (self.outcome, self.next_step, self.due, self.files.clip, self.save_button), places, strict=True
        ):
            self._foot.removeWidget(widget)
            self._foot.addWidget(widget, row, column, 1, span)
        for column in range(5):
            self._foot.setColumnStretch(column, 1 if column == 1 else 0)

    def _grow(self) -> None:
        """Give the text as many lines as it has, up to a few."""
        lines = max(1, min(self.text.document().blockCount(), MOST_LINES))
        self.text.setFixedHeight(lines * theme().line_height() + theme().px(10))

    def _on_changed(self) -> None:
        self._grow()
        if self._filling:
            return
        self._changed = True
        self.wrong.hide()
        self.state.say("")
        if not self._timer.isActive():
            self._timer.start()

    def _keep(self) -> None:
        if not self._changed or not self._customer_id:
            return
        self._changed = False
        replica, draft_id = self._context.replica, _draft_id(self._customer_id)
        values: dict[str, Plain] = {
            "kind": self.kinds.key,
            "text": self.text.toPlainText(),
            "outcome": self.outcome.currentData(),
            "next_step": self.next_step.text(),
            "due": self.due.text(),
        }
        empty = not any(values[name] for name in ("text", "outcome", "next_step", "due"))

        def work() -> int:
            if empty:
                drafts.drop(replica, "activity", draft_id)
                return 0
            return drafts.keep(replica, "activity", draft_id, values)

        self._context.tasks.write(
            self, work, lambda at_ms: self._on_kept(draft_id, at_ms), self._context.show_error
        )

    def _on_kept(self, draft_id: str, at_ms: int) -> None:
        if at_ms and draft_id == _draft_id(self._customer_id):
            self.state.say(message("Draft kept {time}", time=clock(local(at_ms))))

    def _on_draft_read(self, draft: KeptDraft | None) -> None:
        if draft is None or self._changed:
            return
        self._fill(draft.values)
        self.state.say(message("Draft kept {time}", time=clock(local(draft.at_ms))))

    def _fill(self, values: Any) -> None:
        self._filling = True
        if values.get("kind") in dict(KINDS):
            self.kinds.choose(str(values["kind"]))
        self.text.setPlainText(str(values.get("text") or ""))
        self.outcome.choose(values.get("outcome"))
        self.next_step.setText(str(values.get("next_step") or ""))
        self.due.setText(str(values.get("due") or ""))
        self._filling = False

    def _clear(self) -> None:
        self._changed = False
        self._timer.stop()
        self._fill({"kind": KINDS[0][0]})
        self.state.say("")
        self.wrong.hide()

    def _say_wrong(self, text: Message) -> None:
        self.wrong.say(text)
        self.wrong.show()

    def _show_chosen(self) -> None:
        self.files.show_paths(self._chosen.get(self._customer_id, ()))

    def _on_files_chosen(self) -> None:
        self._chosen[self._customer_id] = self.files.paths

    def _on_saved(self, record: Record) -> None:
        self.save_button.setEnabled(True)
        self.files.put_on("activity", record.id, self._chosen.pop(str(record.get("customer_id")), ()))
        self._clear()
        self._show_chosen()

    def _on_refused(self, error: CrmError) -> None:
        self.save_button.setEnabled(True)
        self._say_wrong(error.message)


def _draft_id(customer_id: str) -> str:
    """Return under what a customer's draft is kept: no activity has that id."""
    return f"log:{customer_id}"
