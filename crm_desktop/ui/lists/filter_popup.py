"""The small form behind "+ Filter": a field, a comparison, a value."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.errors import UserError
from crm_core.i18n import N_, message
from crm_core.rules.relative_days import RelativeDay, parse_relative, relative_words
from crm_core.schema.field import Field, Kind
from crm_core.schema.values import canonical_decimal, parse_text
from crm_desktop.models.conditions import Condition, Op, Value
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import DayEditor, LineEditor
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.lists.conditions import NO_VALUE, can_filter, op_words, ops_of
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.buttons import Kind as ButtonKind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

_NUMBERS = frozenset((Kind.INTEGER, Kind.DECIMAL, Kind.PERCENT, Kind.MONEY))


class FilterPopup(Live, QFrame):
    """Makes one condition. `made` carries it and, for a link, what the record is called."""

    made = Signal(object, str)

    def __init__(
        self,
        context: Context,
        fields: Sequence[Field],
        condition: Condition | None = None,
        title: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("role", "popup")
        self._context = context
        self._fields = [field for field in fields if can_filter(field)]
        self._editor: _ValueEditor | None = None
        self.field_box = QComboBox()
        self.op_box = QComboBox()
        self._place = QVBoxLayout()
        self._wrong = Label(step="caption", color="bad", wrap=True)
        self._wrong.hide()
        self.apply_button = Button(message("Apply"), ButtonKind.PRIMARY)
        self._cancel = Button(message("Cancel"))
        self._lay_out()
        for field in self._fields:
            self.field_box.addItem(tr(field.label), field.name)
        self.field_box.currentIndexChanged.connect(self._on_field_chosen)
        self.op_box.currentIndexChanged.connect(self._on_op_chosen)
        self.apply_button.clicked.connect(self.apply)
        self._cancel.clicked.connect(self.close)
        if condition is not None:
            self._show_condition(condition, title)
        else:
            self._on_field_chosen()
        self.retranslate()

    @property
    def field(self) -> Field:
        """The field chosen."""
        return self._fields[max(self.field_box.currentIndex(), 0)]

    @property
    def op(self) -> Op:
        """The comparison chosen."""
        return Op(self.op_box.currentData())

    def open_below(self, button: QWidget) -> None:
        """Show the form under what opened it, within the screen."""
        self.adjustSize()
        corner = button.mapToGlobal(QPoint(0, button.height() + 4))
        room = button.screen().availableGeometry()
        corner.setX(min(corner.x(), room.right() - self.width()))
        self.move(corner)
        self.show()
        self.field_box.setFocus()

    def choose_field(self, name: str) -> None:
        """Choose a field."""
        self.field_box.setCurrentIndex(self.field_box.findData(name))

    def apply(self) -> None:
        """Make the condition and close; say what is wrong where none can be made."""
        try:
            value: Value = (
                None if self.op in NO_VALUE or self._editor is None else self._editor.value(self.op)
            )
        except UserError as error:
            self._wrong.say(error.message)
            self._wrong.show()
            self.adjustSize()
            return
        title = self._editor.title if self._editor is not None else ""
        self.made.emit(Condition(field=self.field.name, op=self.op, value=value), title)
        self.close()

    def retranslate(self) -> None:
        """Name the boxes in the language on screen."""
        self.setAccessibleName(tr("Filter"))
        self.field_box.setAccessibleName(tr("Field"))
        self.op_box.setAccessibleName(tr("Comparison"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Apply by Enter, close by Esc."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.apply()
        elif event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.field_box)
        column.addWidget(self.op_box)
        column.addLayout(self._place)
        column.addWidget(self._wrong)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(self._cancel)
        row.addWidget(self.apply_button)
        column.addSpacing(4)
        column.addLayout(row)
        self.setMinimumWidth(theme().px(280))

    def _show_condition(self, condition: Condition, title: str) -> None:
        self.field_box.setCurrentIndex(max(0, self.field_box.findData(condition.field)))
        self._on_field_chosen()
        op = Op.IN if condition.op is Op.EQUAL and Op.EQUAL not in ops_of(self.field) else condition.op
        self.op_box.setCurrentIndex(max(0, self.op_box.findData(op.value)))
        if self._editor is not None:
            self._editor.fill(condition.value, title)

    def _on_field_chosen(self, _place: int = 0) -> None:
        self.op_box.clear()
        for op in ops_of(self.field):
            self.op_box.addItem(op_words(self.field, op), op.value)
        if self._editor is not None:
            self._place.removeWidget(self._editor)
            self._editor.hide()
            self._editor.deleteLater()
        self._editor = _ValueEditor(self._context, self.field)
        self._place.addWidget(self._editor)
        self._on_op_chosen()

    def _on_op_chosen(self, _place: int = 0) -> None:
        if self._editor is not None and self.op_box.count():
            self._editor.setVisible(self.op not in NO_VALUE)
            self._wrong.hide()
            self.adjustSize()


class _ValueEditor(QWidget):
    """What a field is compared with: boxes to tick for a choice, else one editor."""

    def __init__(self, context: Context, field: Field) -> None:
        super().__init__()
        self._field = field
        self._boxes: dict[str, QCheckBox] = {}
        self._yes: QComboBox | None = None
        self._line: QLineEdit | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        if field.kind is Kind.CHOICE:
            for choice in field.choices:
                box = QCheckBox()
                box.setText(tr(choice.label))
                self._boxes[choice.value] = box
                column.addWidget(box)
            return
        if field.kind is Kind.BOOLEAN:
            self._yes = QComboBox()
            self._yes.addItem(tr("Yes"), True)
            self._yes.addItem(tr("No"), False)
            self._yes.setAccessibleName(tr("Value"))
            column.addWidget(self._yes)
            return
        self._line = self._make_line(context)
        self._line.setAccessibleName(tr("Value"))
        column.addWidget(self._line)

    @property
    def title(self) -> str:
        """What the linked record is called; '' for anything but a link."""
        return self._line.text() if isinstance(self._line, LinkEditor) else ""

    def fill(self, value: Value, title: str) -> None:
        """Show what a condition compares with."""
        values = value if isinstance(value, tuple) else (value,)
        for choice, box in self._boxes.items():
            box.setChecked(choice in values)
        if self._yes is not None:
            self._yes.setCurrentIndex(0 if value else 1)
        if isinstance(self._line, LinkEditor):
            self._line.link(str(value) if value else None, title)
        elif self._line is not None and value is not None:
            self._line.setText(_typed(self._field, value))

    def value(self, op: Op) -> Value:
        """Return what to compare with. `UserError` where nothing or nonsense was given."""
        if self._field.kind is Kind.CHOICE:
            ticked = tuple(value for value, box in self._boxes.items() if box.isChecked())
            if not ticked:
                raise UserError(N_("Tick at least one"))
            return ticked
        if self._yes is not None:
            return bool(self._yes.currentData())
        assert self._line is not None
        text = self._line.text().strip()
        if not text:
            raise UserError(N_("Say what to compare with"))
        return self._parsed(op, text)

    def _parsed(self, op: Op, text: str) -> Value:
        assert self._line is not None
        if isinstance(self._line, DayEditor) and (day := moving_day(text)) is not None:
            return day
        if isinstance(self._line, LinkEditor | DayEditor):
            plain = self._line.read({})[self._field.name]
            if self._field.kind is Kind.INSTANT and isinstance(plain, str):
                return _moment_of(plain, op)
            if plain is None:
                raise UserError(N_("Say what to compare with"))
            return str(plain)
        if self._field.kind is Kind.MONEY:
            try:
                return Decimal(canonical_decimal(text))
            except ValueError:
                raise UserError(N_("“{text}” is not a number"), text=text) from None
        if self._field.kind in _NUMBERS:
            parsed = parse_text(self._field, text)[self._field.name]
            return parsed if isinstance(parsed, int | str) else None
        return text

    def _make_line(self, context: Context) -> QLineEdit:
        if self._field.members or (self._field.kind is Kind.REF and self._field.target != "*"):
            return LinkEditor(context, self._field)
        if self._field.kind in (Kind.DATE, Kind.INSTANT):
            return _FilterDay(self._field, message("Day, or “90 days ago”"))
        return LineEditor(self._field)


class _FilterDay(DayEditor):
    """A day, or one that moves with the calendar: “90 days ago”, “this quarter”."""

    def _on_editing_finished(self) -> None:
        if moving_day(self.text()) is None:
            super()._on_editing_finished()


def moving_day(text: str) -> RelativeDay | None:
    """Return the day that moves with the calendar as typed; None for a day that stays, today among them."""
    day = parse_relative(text)
    return None if day == RelativeDay() else day


def _moment_of(day: str, op: Op) -> int:
    """Return the first or the last millisecond of a day here."""
    start = datetime.datetime.combine(datetime.date.fromisoformat(day), datetime.time())
    if op is Op.AT_MOST:
        start += datetime.timedelta(days=1, milliseconds=-1)
    return round(start.astimezone().timestamp() * 1000)


def _typed(field: Field, value: Value) -> str:
    if field.kind is Kind.INSTANT and isinstance(value, int):
        return datetime.datetime.fromtimestamp(value / 1000).astimezone().date().isoformat()
    if isinstance(value, RelativeDay):
        said = show(relative_words(value))
        return said if parse_relative(said) == value else str(value)
    return show(str(value))
