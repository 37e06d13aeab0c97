"""Logging a call, a visit or a note in a few seconds, from anywhere."""

from __future__ import annotations

import datetime

from PySide6.QtCore import QDate, QEvent, QPoint, Qt, QTime
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QTimeEdit,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_core.rules.typed_moment import TypedMoment, read_moment
from crm_desktop.models.records import Record
from crm_desktop.models.search import Hit
from crm_desktop.services import activities, records, search
from crm_desktop.services.activities import LogSubject
from crm_desktop.services.calendar import local
from crm_desktop.services.outcome import Outcome
from crm_desktop.ui.calendar.plan_popup import NOT_UNDERSTOOD, moment_words
from crm_desktop.ui.context import Context
from crm_desktop.ui.files.chosen import ChosenFiles
from crm_desktop.ui.shell.palette import Choice, Palette
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, S
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.ending_keys import is_taking
from crm_desktop.ui.widgets.fields import DateField, Field
from crm_desktop.ui.widgets.labels import ElidedLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch
from crm_desktop.ui.widgets.shadow import lift

WIDTH = 440
LEAST_FIELDS = 64
FIRST_HOUR = 9
TIME_MARGIN = 6  # as every other field has by the theme's sheet
KINDS = (("visit", "pin"), ("call", "phone"), ("mail", "mail"), ("meeting", "people"), ("note", "note"))
OUTSIDE = ("visit", "meeting")
"""Kinds that have a place."""
_KIND = SCHEMAS["activity"].fields["kind"]
_OUTCOME = SCHEMAS["activity"].fields["outcome"]
_PLACE = Message(SCHEMAS["activity"].fields["place"].label)


class QuickLog(Live, QWidget):
    """A small form over the page; Ctrl+Enter saves, Esc leaves it."""

    def __init__(self, context: Context, window: QWidget) -> None:
        super().__init__(window)
        self._context = context
        self._customer: tuple[str, str] | None = None
        self._about = LogSubject()
        self._left: QWidget | None = None
        self._frame = QFrame(self)
        self._frame.setProperty("role", "popup")
        self.kinds = SegmentedSwitch(
            [Segment(key=key, text=Message(_KIND.choice_label(key)), icon=icon) for key, icon in KINDS],
            name=message("Kind"),
            small=True,
        )
        self.customer = QLineEdit()
        self._customer_field = Field(message("Customer"), self.customer)
        self._found = Palette(self.customer, window)
        self.customer.textEdited.connect(self._on_customer_typed)
        self.subject = QLineEdit()
        self._subject_field = Field(message("What happened"), self.subject, required=True)
        self.outcome = QComboBox()
        self.next_contact = QLineEdit()
        self._contact_field = Field(message("Next contact"), self.next_contact)
        self._on = ElidedLabel(color="text-soft", step="caption")
        self.next_step = QLineEdit()
        self.day = DateField()
        self.time = QTimeEdit()
        self.time.setDisplayFormat("HH:mm")
        # Its buttons have no width by the theme's sheet; without any, Qt leaves its text none either.
        self.time.lineEdit().setTextMargins(theme().px(TIME_MARGIN), 0, 0, 0)
        self.where = QLineEdit()
        self._place_field = Field(_PLACE, self.where)
        self._due = QWidget()
        due = QHBoxLayout(self._due)
        due.setContentsMargins(0, 0, 0, 0)
        due.setSpacing(S)
        due.addWidget(Field(message("Due on"), self.day), 2)
        due.addWidget(Field(message("at"), self.time), 1)
        self.files = ChosenFiles(context)
        self.setAcceptDrops(True)
        self.save = Button(message("Save"), Kind.PRIMARY, hint="Ctrl+Enter")
        self.save.clicked.connect(self._on_save)
        leave = Button(message("Cancel"), Kind.FLAT)
        leave.clicked.connect(self.leave)
        foot = QHBoxLayout()
        foot.addWidget(self.files.clip)
        foot.addStretch(1)
        foot.addWidget(leave)
        foot.addWidget(self.save)
        column = QVBoxLayout(self._frame)
        column.setContentsMargins(L, 12, L, L)
        column.setSpacing(10)
        column.addWidget(Label(message("Quick log"), step="section"))
        column.addWidget(self.kinds)
        self._fields = QWidget()
        fields = QVBoxLayout(self._fields)
        fields.setContentsMargins(0, 0, 0, 0)
        fields.setSpacing(10)
        for part in (
            *(self._customer_field, self._on, self._subject_field, Field(message("Outcome"), self.outcome)),
            *(self._contact_field, Field(message("Next step"), self.next_step), self._due),
            *(self._place_field, self.files),
        ):
            fields.addWidget(part)
        self._scroll = QScrollArea()
        self._scroll.setFixedHeight(theme().px(LEAST_FIELDS))
        self._scroll.setWidget(self._fields)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for ground in (self._fields, self._scroll.viewport()):
            ground.setAutoFillBackground(False)
        column.addWidget(self._scroll)
        column.addSpacing(2)
        column.addLayout(foot)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 4, 16, 24)  # room for the shadow
        outer.addWidget(self._frame)
        lift(self._frame)
        self.next_step.textChanged.connect(lambda _text: self._show_due())
        self.next_contact.textChanged.connect(self._on_contact_typed)
        self.kinds.chosen.connect(lambda _kind: self._show_where())
        self._due.hide()
        self.hide()
        self.retranslate()

    def open_under(self, anchor: QWidget, shown: tuple[str, str] | None = None) -> None:
        """Show an empty form under a button; `shown` is the record in front (its kind, its id): for that."""
        if not self.isVisible():
            self._left = self.window().focusWidget()
        self._clear()
        self._anchor = anchor
        self.show()
        self.raise_()
        self._place()
        if shown is not None:
            replica = self._context.replica
            self._context.tasks.read(
                self, lambda: activities.subject_of(replica, *shown), self._on_subject_read, topic="about"
            )
        self._go_to(self.subject if shown else self.customer)

    def leave(self) -> None:
        """Close, and give the keyboard back to where it was."""
        self.hide()
        left, self._left = self._left, None
        back = left is not None and isValid(left) and left.isVisible()
        (left if left is not None and back else self.window()).setFocus()

    def retranslate(self) -> None:
        """Say everything in the language on screen."""
        self.setAccessibleName(tr("Quick log"))
        self.customer.setPlaceholderText(tr("Name, pinyin, phone or tax number"))
        self.next_step.setPlaceholderText(tr("What is to be done next, if anything"))
        self.next_contact.setPlaceholderText(tr("tomorrow 9, fri 14:00-15:30, in 3 days"))
        chosen = self.outcome.currentData()
        self.outcome.clear()
        self.outcome.addItem("", None)
        for choice in _OUTCOME.choices:
            self.outcome.addItem(tr(choice.label), choice.value)
        self.outcome.setCurrentIndex(max(0, self.outcome.findData(chosen)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Save with Ctrl+Enter, leave with Esc."""
        if is_taking(event):
            self._on_save()
        elif event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files where the role may add some."""
        self.files.welcome(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Choose what was dropped, beside what was chosen before."""
        self.files.take(event)

    def event(self, event: QEvent) -> bool:
        """Stay beside the button when what the form holds grows; keep Ctrl+Enter from a form of the page."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and is_taking(event):
            event.accept()
            return True
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            self._place()
        return super().event(event)

    def _place(self) -> None:
        """Stand below the button; where the window is too low for all of it, the fields scroll."""
        width = theme().px(WIDTH) + 32
        corner = self._anchor.mapTo(self.parentWidget(), QPoint(self._anchor.width(), self._anchor.height()))
        around = self.layout().sizeHint().height() - self._scroll.minimumHeight()
        room = self.parentWidget().height() - corner.y() - around
        fields = max(min(self._fields.sizeHint().height(), room), theme().px(LEAST_FIELDS))
        if self._scroll.minimumHeight() != fields:
            self._scroll.setFixedHeight(fields)
        self.setGeometry(max(0, corner.x() - width + 16), corner.y(), width, around + fields)

    def _go_to(self, field: QWidget) -> None:
        field.setFocus()
        self._scroll.ensureWidgetVisible(field)

    def _clear(self) -> None:
        self._customer = None
        self._about = LogSubject()
        self._on.hide()
        for line in (self.customer, self.subject, self.next_contact, self.next_step, self.where):
            line.clear()
        self._show_where()
        self._contact_field.set_error("")
        self.outcome.setCurrentIndex(0)
        self.files.show_paths(())
        self._subject_field.set_error("")
        self._customer_field.set_error("")
        tomorrow = datetime.datetime.now().astimezone().date() + datetime.timedelta(days=1)
        self.day.setDate(QDate(tomorrow.year, tomorrow.month, tomorrow.day))
        self.time.setTime(QTime(FIRST_HOUR, 0))

    def _on_subject_read(self, found: LogSubject) -> None:
        """Fill in what the record in front is about, unless somebody was faster."""
        if self.customer.text():
            return
        self._show_about(found)
        if found.customer_id is not None:
            self._customer = (found.customer_id, found.customer_name)
            self.customer.setText(found.customer_name)
        elif found.lead_id is None and not self.subject.text():
            self.customer.setFocus()

    def _show_about(self, found: LogSubject) -> None:
        self._about = found
        if found.title:
            self._on.say(message("On {title}", title=found.title))
            self._on.show()

    def _on_contact_typed(self, text: str) -> None:
        self._contact_field.set_error("")
        typed = self._typed_moment()
        if typed is not None:
            self.day.setDate(QDate(typed.day.year, typed.day.month, typed.day.day))
            at = typed.at or datetime.time(FIRST_HOUR)
            self.time.setTime(QTime(at.hour, at.minute))
        self._contact_field.set_note(moment_words(typed) if typed is not None else "")
        self._show_due()

    def _typed_moment(self) -> TypedMoment | None:
        return read_moment(self.next_contact.text(), local(self._context.replica.clock.now_ms()))

    def _show_due(self) -> None:
        self._due.setVisible(bool(self.next_step.text().strip()) or self._typed_moment() is not None)

    def _show_where(self) -> None:
        self._place_field.setVisible(self.kinds.key in OUTSIDE)

    def _on_customer_typed(self, text: str) -> None:
        self._customer = None
        self._about = LogSubject()
        self._on.hide()
        self._customer_field.set_error("")
        if not text.strip():
            self._found.hide()
            return
        replica = self._context.replica
        self._context.tasks.read(
            self,
            lambda: search.find(replica, text, 8, entities={"customer"}),
            lambda hits: self._show_found(text, hits),
            topic="customer",
        )

    def _show_found(self, text: str, hits: tuple[Hit, ...]) -> None:
        if self.customer.hasFocus() and self.customer.text() == text:
            choices = [
                Choice(
                    icon="people",
                    text=hit.title,
                    remark=hit.snippet,
                    run=lambda hit=hit: self._take(hit.id, hit.title),
                )
                for hit in hits
            ]
            self._found.show_choices(choices, text)

    def _take(self, record_id: str, title: str) -> None:
        self._customer = (record_id, title)
        self.customer.setText(title)
        self.subject.setFocus()
        replica = self._context.replica
        self._context.tasks.read(
            self,
            lambda: activities.subject_of(replica, "customer", record_id),
            self._on_taken_read,
            topic="about",
        )

    def _on_taken_read(self, found: LogSubject) -> None:
        if self._customer is not None and self._customer[0] == found.customer_id:
            self._show_about(found)

    def _on_save(self) -> None:
        if self.customer.text().strip() and self._customer is None:
            self._customer_field.set_error(message("Choose a customer from the list, or leave this empty"))
            self._go_to(self.customer)
            return
        if not self.subject.text().strip():
            self._subject_field.set_error(message("This is required"))
            self._go_to(self.subject)
            return
        again = bool(self.next_contact.text().strip())
        if again and self._typed_moment() is None:
            self._contact_field.set_error(NOT_UNDERSTOOD)
            self._go_to(self.next_contact)
            return
        replica = self._context.replica
        made: list[tuple[str, str]] = []
        kind, subject = self.kinds.key, self.subject.text()
        customer_id = self._customer[0] if self._customer else None
        outcome, step, due_at = self.outcome.currentData(), self.next_step.text(), self._due_at()
        about, day = self._about, self.day.date().toString(Qt.DateFormat.ISODate)
        where = self.where.text().strip() if kind in OUTSIDE else ""
        if again and not step.strip():
            step = tr("Get in touch again")

        def work() -> Outcome[Record]:
            logged = activities.log(
                replica,
                kind,
                subject,
                customer_id=customer_id,
                deal_id=about.deal_id,
                lead_id=about.lead_id,
                outcome=outcome,
                place=where,
                next_step=step,
                next_due_at=due_at,
                next_contact_on=day if again else None,
            )
            made.extend(each for each in logged.changed if each[0] == "activity")
            return logged

        self.save.setEnabled(False)
        self._context.change(
            self,
            work,
            self._on_saved,
            self._on_refused,
            told=message("Logged: {subject}", subject=subject.strip()),
            undo=lambda: [records.delete(replica, entity, record_id) for entity, record_id in made],
        )

    def _due_at(self) -> int:
        day, time = self.day.date(), self.time.time()
        moment = datetime.datetime(
            day.year(), day.month(), day.day(), time.hour(), time.minute()
        ).astimezone()
        return round(moment.timestamp() * 1000)

    def _on_saved(self, record: Record) -> None:
        self.save.setEnabled(True)
        self.files.put_on("activity", record.id, self.files.paths)
        self.leave()

    def _on_refused(self, error: CrmError) -> None:
        self.save.setEnabled(True)
        self._subject_field.set_error(error.message)
