"""One editor for each kind of field. Each fills itself from a row and reads back what it sets.

An editor has `edited` (a person changed it), `fill(values, titles)` and `read(values)`, which returns the
fields it sets, empty as None, and raises `UserError` for what cannot be read. Links and tags have modules of
their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from crm_core.i18n import Message, message
from crm_core.money import Money
from crm_core.schema.field import Choice, Field, Kind, Plain
from crm_core.schema.phones import shown_form
from crm_core.schema.values import DEFAULT_CURRENCY, currency_of, parse_text
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.code_list_editor import CodeListEditor
from crm_desktop.ui.forms.day_editors import DayEditor, MomentEditor
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.forms.member_editor import MemberEditor
from crm_desktop.ui.forms.several import SeveralEditor
from crm_desktop.ui.forms.tag_editor import TagEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.live import Live

CURRENCIES = ("CNY", "USD", "EUR", "GBP", "HKD", "JPY")
LONG_TEXT_LINES, MOST_TEXT_LINES = 4, 14
"""How many lines a long text shows: at least, and at most before it scrolls."""


class Editor(Protocol):
    """What a form asks of each of its editors; all are widgets."""

    edited: Signal

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the row's value; `titles` are what its links are called, by field name."""

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return what the editor sets. `UserError` where it cannot be read."""


def make_editor(context: Context, field: Field, currency: str = DEFAULT_CURRENCY) -> Any:
    """Return a new editor for a field; `currency` is the one a new amount is in."""
    match field.kind:
        case Kind.LONG_TEXT:
            return LongTextEditor(field)
        case Kind.MONEY:
            return MoneyEditor(field, currency)
        case Kind.BOOLEAN:
            return BooleanEditor(field)
        case Kind.DATE:
            return DayEditor(field)
        case Kind.INSTANT:
            return MomentEditor(field)
        case Kind.CHOICE:
            return ChoiceEditor(field)
        case Kind.CURRENCY:
            return ChoiceEditor(field, [Choice(value=code, label=code) for code in CURRENCIES])
        case Kind.REF:
            return LinkEditor(context, field)
        case Kind.TAGS if field.members:
            return MemberEditor(context, field)
        case Kind.TAGS if field.choices:
            return SeveralEditor(field)
        case Kind.TAGS:
            return TagEditor(context, field)
        case _ if field.code_list is not None:
            return CodeListEditor(field)
        case _:
            return LineEditor(field)


class LineEditor(QLineEdit):
    """One line: text, phone, mail and web addresses, numbers."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._shown: str | None = None
        self._kept: Plain = None
        if field.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.PERCENT):
            self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.textEdited.connect(self.edited)

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the row's value."""
        value = values.get(self.field.name)
        self._shown = None
        if self.field.kind is Kind.MONEY and value is not None:
            value = Money(value, currency_of(self.field, values)).decimal()
        if self.field.kind is Kind.PHONE and value is not None:
            self._kept, self._shown = value, shown_form(str(value))
            value = self._shown
        self.setText("" if value is None else str(value))

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return what was typed, read as the field's kind; an amount in the row's currency."""
        if self._shown is not None and self.text() == self._shown:
            return {self.field.name: self._kept}  # whoever leaves a number alone does not rewrite it
        return parse_text(self.field, self.text(), values)


class LongTextEditor(QPlainTextEdit):
    """Several lines; Tab leaves it."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._filling = False
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.textChanged.connect(self._on_text_changed)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self.updateGeometry())

    def sizeHint(self) -> QSize:
        """Be as high as the text, within bounds."""
        lines = max(LONG_TEXT_LINES, min(MOST_TEXT_LINES, round(self.document().size().height())))
        height = lines * self.fontMetrics().lineSpacing() + theme().px(18)
        return QSize(super().sizeHint().width(), height)

    def minimumSizeHint(self) -> QSize:
        """Never be squeezed into a line."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the row's value."""
        self._filling = True
        self.setPlainText(str(values.get(self.field.name) or ""))
        self._filling = False

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return what was typed."""
        return {self.field.name: self.toPlainText().rstrip() or None}

    def _on_text_changed(self) -> None:
        if not self._filling:
            self.edited.emit()


_AROUND_WORDS = 2  # px Qt leaves free around the words of a combo box, which its own hint does not count


class QuietCombo(QComboBox):
    """A combo box the mouse wheel does not change while a form is scrolled past it.

    A choice for which there is no room ends in "…".
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        """Ask for the room the longest choice takes with what is left free around it."""
        return super().sizeHint() + QSize(_AROUND_WORDS, 0)

    def minimumSizeHint(self) -> QSize:
        """Ask for no less than that."""
        return super().minimumSizeHint() + QSize(_AROUND_WORDS, 0)

    def words_shown(self) -> str:
        """Return the choice as far as there is room for it."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        width = room.width() - _AROUND_WORDS
        return self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, width)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the box, its words cut at a letter."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        option.currentText = self.words_shown()
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the form unless the box has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ChoiceEditor(Live, QuietCombo):
    """One of a list, or nothing; a value of a newer version is kept and shown as it is."""

    edited = Signal()

    def __init__(
        self, field: Field, choices: Sequence[Choice] | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.field = field
        self._choices = tuple(field.choices if choices is None else choices)
        self.addItem("", None)
        self._choices = tuple(choice for choice in self._choices if not choice.retired)
        for choice in self._choices:
            self.addItem(choice.value, choice.value)
        self.activated.connect(self.edited)
        self.retranslate()

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the row's value."""
        self.choose(values.get(self.field.name))

    def choose(self, value: str | None) -> None:
        """Show a value."""
        place = self.findData(value) if value else 0
        if place < 0:
            self.addItem(self._not_offered(str(value)), value)
            place = self.count() - 1
        self.setCurrentIndex(place)

    def _not_offered(self, value: str) -> str:
        """Return what a value is called that stays where it is and is not chosen anew."""
        retired = any(choice.value == value for choice in self.field.choices)
        words = tr(self.field.choice_label(value))
        return tr("{value} (no longer offered)", value=words) if retired else words

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the value chosen."""
        return {self.field.name: self.currentData()}

    def retranslate(self) -> None:
        """Name the choices in the language on screen."""
        for place, choice in enumerate(self._choices, start=1):
            self.setItemText(place, tr(choice.label))
        for place in range(len(self._choices) + 1, self.count()):
            self.setItemText(place, self._not_offered(str(self.itemData(place))))


class BooleanEditor(Live, QCheckBox):
    """Yes or no."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.clicked.connect(self.edited)
        self.retranslate()

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the row's value."""
        self.setChecked(bool(values.get(self.field.name)))

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return whether it is ticked."""
        return {self.field.name: self.isChecked()}

    def retranslate(self) -> None:
        """Say what a tick means."""
        self.setText(tr("Yes"))


class MoneyEditor(QWidget):
    """An amount and its currency."""

    edited = Signal()

    def __init__(self, field: Field, currency: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._usual = currency
        self.amount = QLineEdit()
        self.amount.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.currency = QuietCombo()
        self.currency.addItems([field.unit] if field.unit else list(CURRENCIES))
        self.currency.setMinimumContentsLength(len("CNY") + 1)
        self.currency.setEnabled(not field.unit)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.amount, 1)
        row.addWidget(self.currency)
        self.setFocusProxy(self.amount)
        self.amount.textEdited.connect(self.edited)
        self.currency.activated.connect(self.edited)
        self.show_currency(currency)

    def show_currency(self, code: str) -> None:
        """Show a currency, one beyond the usual ones too."""
        place = self.currency.findText(code)
        if place < 0:
            self.currency.addItem(code)
            place = self.currency.count() - 1
        self.currency.setCurrentIndex(place)

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the row's amount."""
        minor = values.get(self.field.name)
        code = str(values.get(self.field.currency or "") or self.field.unit or self._usual)
        self.amount.setText("" if minor is None else str(Money(minor, code).decimal()))
        self.show_currency(code)

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return amount and currency; without an amount only that there is none."""
        code = self.currency.currentText()
        typed = self.amount.text().strip()
        return parse_text(self.field, f"{typed} {code}" if typed else "", values)

    def event(self, event: QEvent) -> bool:
        """Show the mark of a wrong value, and say the name, on the amount."""
        if event.type() == QEvent.Type.DynamicPropertyChange:
            self.amount.setProperty("error", self.property("error"))
            self.amount.style().unpolish(self.amount)
            self.amount.style().polish(self.amount)
        return super().event(event)

    def setAccessibleName(self, name: str) -> None:
        """Name the amount after the field, and the currency after both."""
        super().setAccessibleName(name)
        self.amount.setAccessibleName(name)
        self.currency.setAccessibleName(tr("Currency of “{field}”", field=name))


def label_of(field: Field) -> Text:
    """Return what a field is called, translated when it is shown."""
    return Message(field.label)


def accessible(editor: QWidget, field: Field, required: bool = False) -> None:
    """Name an editor that stands without a label beside it."""
    words = show(label_of(field))
    editor.setAccessibleName(show(message("{label} (required)", label=words)) if required else words)
