"""One segment: its name, its rule as text and in words, and whom it means now."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_core.rules.condition_words import rule_words
from crm_core.rules.segments import PICKED, Rule
from crm_core.schema.field import Field, Kind
from crm_desktop.models.conditions import Value
from crm_desktop.models.records import Record
from crm_desktop.services import records, segments
from crm_desktop.services.calendar import local
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.segments import Preview, SegmentRow
from crm_desktop.ui.context import Context
from crm_desktop.ui.field_texts import moment_text
from crm_desktop.ui.format import figure
from crm_desktop.ui.lists.conditions import value_words
from crm_desktop.ui.theme.tokens import SIZES, L, M
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.buttons import Kind as ButtonKind
from crm_desktop.ui.widgets.fields import Field as Labelled
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

PAUSE_MS = 300  # between a key and the count
_WIDTH, _LINES = 720, 4
_EXAMPLE = "level in A, B and last_contact not since today-90"


class SegmentForm(Live, QWidget):
    """Makes a segment by rule, or changes one; of one picked by hand the name alone is typed here."""

    saved = Signal(object)
    """The `Record`."""
    closed = Signal()
    shown_asked = Signal(object)
    """The `SegmentRow` whose customers a person wants to see."""

    def __init__(
        self, context: Context, row: SegmentRow | None = None, text: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._context, self._row = context, row
        self.name = QLineEdit(row.name if row is not None else "")
        self.rule = QPlainTextEdit()
        self.rule.setTabChangesFocus(True)
        self.rule.setPlaceholderText(_EXAMPLE)
        self._named = Labelled(message("Name"), self.name, required=True)
        self._ruled = Labelled(message("Who belongs to it"), self.rule, required=True)
        self.words = Label(wrap=True, color="text-soft")
        self.count = Label(weight=600)
        self.first = Label(wrap=True, color="text-soft")
        self.save_button = Button(message("Save"), ButtonKind.PRIMARY, hint="Ctrl+S")
        self.show_button = Button(message("Show customers"), icon="people")
        self.close_button = Button(message("Close"), hint="Esc")
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.look)
        self._lay_out()
        self.rule.setPlainText(text)
        if row is not None and row.kind == PICKED:
            self._ruled.hide()
        self._before = self._typed
        self.rule.textChanged.connect(self._pause.start)
        self.save_button.clicked.connect(self.save)
        self.show_button.clicked.connect(lambda: self.shown_asked.emit(self._row))
        self.show_button.setVisible(row is not None)
        self.save_button.setEnabled(row is None or row.own)
        self.close_button.clicked.connect(self.closed)
        self.retranslate()
        self.look()

    def leave(self) -> bool:
        """Return whether nothing typed would be lost."""
        if self._typed == self._before:
            return True
        self._context.tell(message("Save the segment first, or take back what you typed"))
        return False

    def look(self) -> None:
        """Count whom the rule means now, off the main thread; where it cannot be read, say so."""
        replica, text, row = self._context.replica, self.rule.toPlainText().strip(), self._row
        picked = row is not None and row.kind == PICKED
        if not text and not picked:
            self._ruled.set_error("")
            for label in (self.words, self.count, self.first):
                label.say("")
            return

        def read() -> tuple[Message | None, Preview]:
            if picked and row is not None:
                return None, segments.preview(replica, row)
            rule = segments.read_rule(replica, text)
            return self._in_words(rule), segments.preview(replica, rule)

        self._context.tasks.read(self, read, self._on_looked, self._on_refused, topic="look")

    def save(self) -> None:
        """Keep the segment."""
        replica, row = self._context.replica, self._row
        name, text = self.name.text().strip(), self.rule.toPlainText().strip()
        picked = row is not None and row.kind == PICKED
        self._named.set_error("" if name else message("This is required"))
        self._ruled.set_error("" if text or picked else message("Say who belongs to the segment"))
        if not name or not (text or picked):
            (self.rule if name else self.name).setFocus()
            return
        segment_id = row.id if row is not None else None

        def keep() -> Outcome[Record]:
            if picked and segment_id is not None:
                return segments.rename(replica, segment_id, name)
            return segments.save_text(replica, name, text, segment_id)

        told = message("Segment “{name}” saved", name=name)
        self._context.change(self, keep, self._on_saved, self._on_refused, told=told)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Save by Ctrl+S, close by Esc."""
        if event.key() == Qt.Key.Key_S and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.save_button.click()
        elif event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def retranslate(self) -> None:
        """Name the editors in the language on screen."""
        self.name.setAccessibleName(tr("Name"))
        self.rule.setAccessibleName(tr("Who belongs to it"))

    @property
    def _typed(self) -> tuple[str, str]:
        return self.name.text(), self.rule.toPlainText()

    def _lay_out(self) -> None:
        self.rule.setFixedHeight(self.rule.fontMetrics().lineSpacing() * _LINES + 20)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.save_button, self.show_button, self.close_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        body = QWidget()
        body.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(body)
        column.setContentsMargins(SIZES["page-margin"], L, SIZES["page-margin"], L)
        column.setSpacing(M)
        for widget in (self._named, self._ruled, self.words, self.count, self.first):
            column.addWidget(widget)
        column.addLayout(buttons)
        column.addStretch(1)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(body)
        outer.addStretch(1)

    def _in_words(self, rule: Rule) -> Message:
        replica = self._context.replica
        setups = {}

        def fields_of(entity: str) -> dict[str, Field]:
            if entity not in setups:
                setups[entity] = segments.fields_of_kind(replica, entity)
            return setups[entity]

        def say(field: Field, value: Value) -> str:
            values = value if isinstance(value, tuple) else (value,)
            links = {(field.target, str(each)) for each in values} if field.kind is Kind.REF else set()
            known = records.titles(replica, ((entity, each) for entity, each in links if entity))
            return value_words(field, value, {each: title for (_, each), title in known.items()})

        return rule_words(rule, fields_of, say)

    def _on_looked(self, found: tuple[Message | None, Preview]) -> None:
        words, preview = found
        self._ruled.set_error("")
        self.words.say(words or "")
        self.count.say(
            message(
                "{count} of your {all} customers, as of {time}",
                count=figure(preview.count),
                all=figure(preview.of),
                time=moment_text(local(preview.at_ms)),
            )
        )
        more = preview.count - len(preview.first)
        names = ", ".join(name for _, name in preview.first)
        self.first.say(tr("{names} and {count} more", names=names, count=figure(more)) if more > 0 else names)

    def _on_refused(self, error: CrmError) -> None:
        self._ruled.set_error(error.message)
        for label in (self.words, self.count, self.first):
            label.say("")

    def _on_saved(self, record: Record) -> None:
        self._before = self._typed
        self.saved.emit(record)
        self.closed.emit()
