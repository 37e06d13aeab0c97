"""What a field is compared with in a condition: boxes to tick for a choice, else one editor."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules.conditions import condition_of
from crm_core.rules.relative_days import RelativeDay, parse_relative, relative_words
from crm_core.schema.field import Field, Kind
from crm_core.schema.values import parse_text
from crm_desktop.models.conditions import Op, Value
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.day_editors import DayEditor
from crm_desktop.ui.forms.editors import LineEditor
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.live import Live

_NUMBERS = frozenset((Kind.INTEGER, Kind.DECIMAL, Kind.PERCENT))


class ConditionValue(Live, QWidget):
    """Fills itself from what a condition compares with and reads it back.

    `in_rule`: it is of a rule that is kept. Boxes stand side by side, and “today” moves with the calendar.
    """

    edited = Signal()

    def __init__(
        self, context: Context, field: Field, *, in_rule: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.field, self._in_rule = field, in_rule
        self._boxes: dict[str, QCheckBox] = {}
        self._yes: QComboBox | None = None
        self._line: QLineEdit | None = None
        self._name = tr("Value")
        column: FlowLayout | QVBoxLayout
        if field.kind is Kind.CHOICE and in_rule:
            column = FlowLayout(self, gap=16, line_gap=6)
            policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
        else:
            column = QVBoxLayout(self)
            column.setSpacing(6)
        column.setContentsMargins(0, 0, 0, 0)
        self._column = column
        if field.kind is Kind.CHOICE:
            for choice in field.choices:
                self._add_box(choice.value)
        elif field.kind is Kind.BOOLEAN:
            self._yes = QComboBox()
            self._yes.addItem("", True)
            self._yes.addItem("", False)
            self._yes.activated.connect(self.edited)
            self.setFocusProxy(self._yes)
            column.addWidget(self._yes)
        else:
            self._line = self._make_line(context)
            self.setFocusProxy(self._line)
            column.addWidget(self._line)
        self.retranslate()

    @property
    def title(self) -> str:
        """What the linked record is called; '' for anything but a link."""
        return self._line.text() if isinstance(self._line, LinkEditor) else ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is typed or ticked."""
        if self._line is not None:
            return not self._line.text().strip()
        return self._yes is None and not any(box.isChecked() for box in self._boxes.values())

    def fill(self, values: Mapping[str, Value], titles: Mapping[str, str]) -> None:
        """Show what the field is compared with, by its name."""
        self.show_value(values.get(self.field.name), titles.get(self.field.name, ""))

    def show_value(self, value: Value, title: str) -> None:
        """Show what a condition compares with."""
        values = value if isinstance(value, tuple) else (value,)
        if self.field.kind is Kind.CHOICE:
            for each in values:
                if each is not None and str(each) not in self._boxes:
                    self._add_box(str(each))  # one that is offered no more
        for choice, box in self._boxes.items():
            box.setChecked(choice in values)
        if self._yes is not None:
            self._yes.setCurrentIndex(0 if value else 1)
        if isinstance(self._line, LinkEditor):
            self._line.link(str(value) if value else None, title)
        elif self._line is not None and value is not None:
            self._line.setText(_typed(self.field, value))

    def value(self, op: Op) -> Value:
        """Return what to compare with. `UserError` where nothing or nonsense was given."""
        if self.field.kind is Kind.CHOICE:
            return self._ticked(op)
        if self._yes is not None:
            return bool(self._yes.currentData())
        assert self._line is not None
        text = self._line.text().strip()
        if not text:
            raise UserError(N_("Say what to compare with"))
        return self._parsed(op, text)

    def setAccessibleName(self, name: str) -> None:
        """Name what is ticked or typed after its condition."""
        super().setAccessibleName(name)
        self._name = name
        self.retranslate()

    def retranslate(self) -> None:
        """Name the choices in the language on screen."""
        for value, box in self._boxes.items():
            words = tr(self.field.choice_label(value))
            box.setText(words)
            box.setAccessibleName(tr("{field}: {value}", field=self._name, value=words))
        if self._yes is not None:
            self._yes.setItemText(0, tr("Yes"))
            self._yes.setItemText(1, tr("No"))
            self._yes.setAccessibleName(self._name)
        if self._line is not None:
            self._line.setAccessibleName(self._name)

    def _add_box(self, value: str) -> None:
        box = self._boxes[value] = QCheckBox()
        box.clicked.connect(self.edited)
        self._column.addWidget(box)
        if self.focusProxy() is None:
            self.setFocusProxy(box)
        self.retranslate()

    def _ticked(self, op: Op) -> Value:
        ticked = tuple(value for value, box in self._boxes.items() if box.isChecked())
        if not ticked:
            raise UserError(N_("Tick at least one"))
        if op is Op.IN:
            return ticked
        if len(ticked) > 1:
            raise UserError(N_("Tick one alone"))
        return ticked[0]

    def _parsed(self, op: Op, text: str) -> Value:
        assert self._line is not None
        if isinstance(self._line, DayEditor) and (day := self._moving_day(text)) is not None:
            return day
        if isinstance(self._line, LinkEditor | DayEditor):
            plain = self._line.read({})[self.field.name]
            if self.field.kind is Kind.INSTANT and isinstance(plain, str):
                return _moment_of(plain, op)
            if plain is None:
                raise UserError(N_("Say what to compare with"))
            return str(plain)
        if self.field.kind is Kind.MONEY or op is Op.IN:
            return condition_of(self.field.name, self.field, op, text).value
        if self.field.kind in _NUMBERS:
            parsed = parse_text(self.field, text)[self.field.name]
            return parsed if isinstance(parsed, int | str) else None
        return text

    def _moving_day(self, text: str) -> RelativeDay | None:
        if self._in_rule:
            return RelativeDay() if text in (tr("today"), "today") else parse_relative(text)
        return moving_day(text)

    def _make_line(self, context: Context) -> QLineEdit:
        line: LinkEditor | LineEditor | DayEditor
        if self.field.members or (self.field.kind is Kind.REF and self.field.target != "*"):
            line = LinkEditor(context, self.field)
        elif self.field.kind in (Kind.DATE, Kind.INSTANT):
            line = _MovingDay(self.field, message("Day, or “90 days ago”"), self._moving_day)
        else:
            line = LineEditor(self.field)
        line.edited.connect(self.edited)
        return line


class _MovingDay(DayEditor):
    """A day, or one that moves with the calendar: “90 days ago”, “this quarter”."""

    def __init__(self, field: Field, hint: Message, moves: Callable[[str], RelativeDay | None]) -> None:
        super().__init__(field, hint)
        self._moves = moves

    def _on_editing_finished(self) -> None:
        if self._moves(self.text().strip()) is None:
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
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return show(str(value))
