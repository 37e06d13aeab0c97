"""One record's edits that came back, field by field: before, mine, HQ's, and what is to stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import Message, message
from crm_core.schema.field import Kind as FieldKind
from crm_core.schema.values import parse_text, to_text
from crm_core.sync.protocol import Code
from crm_desktop.services.deciding import Decision, Verdict
from crm_desktop.services.returned_edits import ReturnedEdit
from crm_desktop.ui.format import near_moment
from crm_desktop.ui.sync_centre.typed_values import TypedValues
from crm_desktop.ui.sync_centre.values import Titles, register_of, value_words
from crm_desktop.ui.sync_words import moment
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import LINES, S
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind
from crm_desktop.ui.widgets.labels import ElidedLabel, Label
from crm_desktop.ui.widgets.live import Live

COLUMNS = (72, 152, 206, 206)
NAME_WIDTH = 92
ROW = 58
HEAD = 28
_NOT_EDITABLE = (FieldKind.REF, FieldKind.TAGS, FieldKind.JSON, FieldKind.POSITION)


def label_of(edit: ReturnedEdit) -> Text:
    """Return what an edit is of."""
    return Message(edit.label) if edit.label else message("The record")


def _padded(label: QWidget) -> QWidget:
    """Return a label with the padding of a cell."""
    cell = QWidget()
    row = QHBoxLayout(cell)
    row.setContentsMargins(theme().px(S), 0, theme().px(4), 0)
    row.addWidget(label)
    return cell


def _cell(widget: QWidget) -> QWidget:
    """Let a widget take the width of its column, whatever it holds, so that the columns of all rows agree."""
    widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return widget


def _name_cell(label: QWidget) -> QWidget:
    """Return the cell of a field's name, wide enough for the longest word of one."""
    cell = _cell(_padded(label))
    cell.setMinimumWidth(theme().px(NAME_WIDTH))
    return cell


class CompareHead(Live, QWidget):
    """The line over the fields."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        texts = (message("Field"), message("Before"), message("Mine"), message("HQ"))
        for width, text in zip(COLUMNS, texts, strict=True):
            label = Label(text, step="caption", color="text-soft")
            row.addWidget(_cell(_padded(label)) if row.count() else _name_cell(label), width)
        self.setFixedHeight(theme().px(HEAD))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the sunken ground between hairlines."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("sunken"))
        painter.fillRect(QRect(0, 0, self.width(), 1), theme().color("line"))
        painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), theme().color("line"))
        painter.end()


class CompareRow(Live, QWidget):
    """A field: its three values, the decision, and below it the result with what can be chosen."""

    decided = Signal()
    focused = Signal(object)
    """The row itself."""
    later_wanted = Signal()
    form_wanted = Signal()
    """The record HQ did not take is to be changed in its form."""
    copied = Signal()

    def __init__(self, edit: ReturnedEdit, titles: Titles) -> None:
        super().__init__()
        self.edit, self._titles = edit, titles
        self.decision: Decision | None = None
        self._present = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.mine = _Side(edit, edit.mine, titles, _mine_line(edit))
        self.theirs = _Side(edit, edit.theirs, titles, _theirs_line(edit))
        self.mine.chosen.connect(lambda: self.decide(Verdict.MINE))
        self.theirs.chosen.connect(lambda: self.decide(Verdict.HQ))
        before = QWidget()
        column = QVBoxLayout(before)
        column.setContentsMargins(theme().px(S), 0, theme().px(S), 0)
        column.setSpacing(0)
        column.addStretch(1)
        column.addWidget(ElidedLabel(value_words(edit, edit.base, titles), color="text-soft"))
        since: Text = ""
        if edit.base_at_ms:
            since = message("{date}, both sides", date=near_moment(moment(edit.base_at_ms)))
        self.before = ElidedLabel(since, step="caption", color="text-soft")
        column.addWidget(self.before)
        self.before.setVisible(bool(since))
        column.addStretch(1)
        name = Label(label_of(edit), weight=600, wrap=True)
        values = QHBoxLayout()
        values.setContentsMargins(0, 0, 0, 0)
        values.setSpacing(0)
        for width, widget in zip(COLUMNS, (_name_cell(name), before, self.mine, self.theirs), strict=True):
            values.addWidget(_cell(widget), width)
            widget.setMinimumHeight(theme().px(ROW))
        self._result = ElidedLabel(weight=600)
        self.editor = QLineEdit()
        self.editor.setAccessibleName(tr("Another value"))
        self.editor.setMaximumWidth(theme().px(240))
        self.editor.hide()
        self.editor.textEdited.connect(self._on_value_edited)
        self.keep_mine = Button(message("Keep mine"), hint="1", small=True)
        self.keep_hq = Button(
            message("Keep HQ") if edit.typed is None else message("Discard"), hint="2", small=True
        )
        self.other = Button(message("Edit"), hint="3", small=True)
        self.later = Button(message("Later"), hint="4", small=True)
        self.hand_over = Button(message("Leave it to the owner"), hint="5", small=True)
        self.hand_over.clicked.connect(self._on_hand_over)
        self.keep_mine.clicked.connect(lambda: self.decide(Verdict.MINE))
        self.keep_hq.clicked.connect(lambda: self.decide(Verdict.HQ))
        self.other.clicked.connect(self.begin_edit)
        self.later.clicked.connect(self.later_wanted)
        self.other.setEnabled(edit.typed is not None or (self._field() is not None and edit.exists))
        self.copy = IconButton("file", message("Copy"), hint="Ctrl+C", color="text-soft", small=True)
        self.copy.clicked.connect(self._on_copy)
        self.change = Button(message("Change"), Kind.LINK)
        self.change.clicked.connect(lambda: self.setFocus())
        below = QHBoxLayout()
        below.setContentsMargins(theme().px(S), theme().px(6), theme().px(S), theme().px(8))
        below.setSpacing(theme().px(S))
        self.typed = TypedValues(edit, titles)
        self._caption = Label(message("Result"), step="caption", color="text-soft")
        below.addWidget(self._caption)
        below.addWidget(self._result, 1)
        below.addWidget(self.editor, 1)
        self.keep_mine.setEnabled(edit.can_be_made)
        answers = (self.keep_mine, self.keep_hq, self.other, self.later, self.hand_over)
        for button in (self.copy, *answers, self.change):
            below.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 1)
        column.setSpacing(0)
        column.addLayout(values)
        column.addWidget(self.typed)
        column.addLayout(below)
        self._show()
        self.retranslate()

    def decide(self, verdict: Verdict) -> None:
        """Decide for one of the two values, or to leave it to whoever may change the record."""
        if verdict is Verdict.MINE and not self.edit.can_be_made:
            return
        self.decision = Decision(verdict=verdict)
        self.editor.hide()
        self._show()
        self.decided.emit()

    def take_over(self, decision: Decision | None) -> None:
        """Show what was decided before for the same edit; nothing is told."""
        self.decision = decision
        if decision is not None and decision.verdict is Verdict.OTHER:
            self.editor.setText(self._as_typed(self._held() | dict(decision.values or {})))
            self.editor.show()
        self._show()

    def undecide(self) -> None:
        """Leave it open."""
        self.decision = None
        self.editor.hide()
        self._show()

    def show_present(self, present: bool) -> None:
        """Offer the answers on the present row alone; the others can be made it."""
        self._present = present
        self.update()
        for button in (self.keep_mine, self.keep_hq, self.other, self.later):
            button.setVisible(present)
        self.hand_over.setVisible(present and self.edit.may_be_handed)
        self.change.setVisible(not present)

    def begin_edit(self) -> None:
        """Let a third value be typed, or a record HQ did not take be changed before it is made."""
        if self.edit.typed is not None:
            self.form_wanted.emit()
            return
        if self._field() is None or not self.edit.exists:
            return
        words = self._as_typed(self._held())
        self.editor.setText(words)
        self.editor.show()
        self._result.hide()
        self.editor.setFocus()
        self.editor.selectAll()
        self._on_value_edited(words)

    def retranslate(self) -> None:
        """Say the field and its values to those who listen."""
        self.setAccessibleName(
            tr(
                "{label}: mine {mine}, HQ {theirs}",
                label=show(label_of(self.edit)),
                mine=show(value_words(self.edit, self.edit.mine, self._titles)),
                theirs=show(value_words(self.edit, self.edit.theirs, self._titles)),
            )
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Decide with the keys 1 to 5; copy with the system's key."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self._on_copy()
            return
        acts = {
            Qt.Key.Key_1: lambda: self.decide(Verdict.MINE),
            Qt.Key.Key_2: lambda: self.decide(Verdict.HQ),
            Qt.Key.Key_3: self.begin_edit,
            Qt.Key.Key_4: self.later_wanted.emit,
            Qt.Key.Key_5: self._on_hand_over,
        }
        act = acts.get(Qt.Key(event.key()))
        if act is None or event.modifiers():
            super().keyPressEvent(event)
            return
        act()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tell that this row is the present one."""
        super().focusInEvent(event)
        self.focused.emit(self)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Paint anew."""
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the hairline under the row and the edge of the present one."""
        painter = QPainter(self)
        for y in (theme().px(ROW), self.height() - 1):
            painter.fillRect(QRect(0, y, self.width(), 1), theme().color("line"))
        if self._present:
            edge = LINES["selected-item-edge"]
            painter.fillRect(QRect(0, 0, edge, theme().px(ROW)), theme().color("accent"))
        if self.hasFocus():
            paint.focus_frame(painter, self.rect().adjusted(0, 0, 0, -1), 0)
        painter.end()

    def _on_copy(self) -> None:
        words = [
            self.accessibleName(),
            self.typed.spoken(),
            "" if self.edit.code is Code.SUPERSEDED else show(self.edit.reason),
        ]
        QApplication.clipboard().setText("\n".join(filter(None, words)))
        self.copied.emit()

    def _on_hand_over(self) -> None:
        if self.edit.may_be_handed:
            self.decide(Verdict.OWNER)

    def _field(self) -> object | None:
        fields = register_of(self.edit)
        grouped = len(fields) > 1 and fields[0].kind is not FieldKind.MONEY
        if not fields or grouped or fields[0].kind in _NOT_EDITABLE or fields[0].read_only:
            return None
        return fields[0]

    def _as_typed(self, values: Mapping[str, Any]) -> str:
        """Return the value in the form in which it is understood when it is typed."""
        return to_text(SCHEMAS[self.edit.entity].fields[self.edit.field or ""], values)

    def _held(self) -> dict[str, Any]:
        """Return what was typed by field name: an amount written without a currency keeps that one."""
        fields, mine = register_of(self.edit), self.edit.mine
        held = mine if len(fields) > 1 and isinstance(mine, list) else [mine]
        return dict(zip((field.name for field in fields), held, strict=False))

    def _on_value_edited(self, text: str) -> None:
        schema = SCHEMAS[self.edit.entity]
        field = schema.fields[self.edit.field or ""]
        try:
            held = self._held()
            values = parse_text(field, text, held)
        except UserError as error:
            self.decision = None
            self.editor.setToolTip(show(error.message))
            self.editor.setProperty("error", "true")
        else:
            whole = [*(held | values).values()]
            value = whole if len(whole) > 1 else whole[0]
            self.decision = Decision(verdict=Verdict.OTHER, value=value, values=values)
            self.editor.setToolTip("")
            self.editor.setProperty("error", "false")
        self.editor.style().unpolish(self.editor)
        self.editor.style().polish(self.editor)
        self.mine.show_chosen(False)
        self.theirs.show_chosen(False)
        self.decided.emit()

    def _show(self) -> None:
        verdict = self.decision.verdict if self.decision else None
        self.mine.show_chosen(verdict is Verdict.MINE)
        self.theirs.show_chosen(verdict is Verdict.HQ)
        self._result.setVisible(self.editor.isHidden())
        mine, theirs = self.edit.mine, self.edit.theirs
        undecided = verdict is None and not self.edit.declined_by and self.edit.code is not Code.SUPERSEDED
        self._caption.say(message("Reason") if undecided else message("Result"))
        if verdict is Verdict.MINE:
            self._result.say(
                message("{value}, yours", value=show(value_words(self.edit, mine, self._titles)))
            )
        elif verdict is Verdict.HQ and self.edit.typed is not None:
            self._result.say(message("it is not made"))
        elif verdict is Verdict.HQ:
            self._result.say(
                message("{value}, from HQ", value=show(value_words(self.edit, theirs, self._titles)))
            )
        elif verdict is Verdict.OWNER:
            self._result.say(message("whoever may change the record decides"))
        elif self.edit.declined_by:
            self._result.say(message("{who} declined it", who=self.edit.declined_by))
        elif self.edit.code is Code.SUPERSEDED:
            self._result.say(message("not decided; HQ's value holds"))
        else:
            self._result.say(self.edit.reason)


def _mine_line(edit: ReturnedEdit) -> Text:
    if edit.mine_at_ms is None:
        return message("You, here")
    return message("You, here, {time}", time=near_moment(moment(edit.mine_at_ms)))


def _theirs_line(edit: ReturnedEdit) -> Text:
    at = near_moment(moment(edit.theirs_ms or edit.at_ms))
    if edit.who:
        return message("{who}, at HQ, {time}", who=edit.who, time=at)
    return message("At HQ, {time}", time=at)


class _Side(Live, QWidget):
    """A value with its radio button: one of the two that may stay."""

    chosen = Signal()

    def __init__(self, edit: ReturnedEdit, value: object, titles: Titles, line: Text) -> None:
        super().__init__()
        self.radio = QRadioButton()
        self.radio.setAutoExclusive(False)
        self.radio.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.radio.clicked.connect(self.chosen)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addStretch(1)
        self._value = ElidedLabel(value_words(edit, value, titles))
        words.addWidget(self._value)
        self.line = ElidedLabel(line, step="caption", color="text-soft")
        words.addWidget(self.line)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme().px(10), 0, theme().px(S), 0)
        row.setSpacing(theme().px(S))
        row.addWidget(self.radio)
        row.addLayout(words, 1)
        self.radio.setAccessibleName(self._value.text())

    def show_chosen(self, chosen: bool) -> None:
        """Show whether this value stays."""
        self.radio.setChecked(chosen)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose by a click anywhere."""
        self.chosen.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the soft ground while chosen, and the hairline at the left."""
        painter = QPainter(self)
        if self.radio.isChecked():
            painter.fillRect(self.rect(), theme().color("accent-soft"))
        painter.fillRect(QRect(0, 0, 1, self.height()), theme().color("line"))
        painter.end()


def grouped(edits: Sequence[ReturnedEdit]) -> list[list[ReturnedEdit]]:
    """Return edits by record, in the order in which they came back."""
    groups: dict[tuple[str, str], list[ReturnedEdit]] = {}
    for edit in edits:
        groups.setdefault((edit.entity, edit.record_id), []).append(edit)
    return list(groups.values())
