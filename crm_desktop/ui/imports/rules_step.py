"""Third step: may rows make records, change them, or both; what tells them apart; what is left out."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from crm_core.exchange.mapping import RECORD_ID
from crm_core.exchange.plan import Mode
from crm_core.i18n import message
from crm_core.rules.duplicates import COMPARED
from crm_core.schema.field import Field as Declared
from crm_core.schema.field import Kind
from crm_desktop.interchange.known_rows import Doubles
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.imports.step import READ_WIDTH, ImportStep
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, IconButton
from crm_desktop.ui.widgets.buttons import Kind as ButtonKind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.option_card import OptionCard

_WHOLE = frozenset((Kind.TAGS, Kind.LONG_TEXT, Kind.TEXT, Kind.PHONE, Kind.EMAIL, Kind.URL, Kind.INTEGER))
_YES, _NO = "yes", "no"  # as a file says it
_NO_DEFAULT = frozenset((Kind.JSON, Kind.POSITION))


class RulesStep(ImportStep):
    """Mode, key, currency and values for what the rows do not say."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, message("Rules"))
        self.modes = {
            Mode.CREATE: OptionCard(
                message("Make new records"),
                message("Rows whose key is there already are left alone."),
            ),
            Mode.UPDATE: OptionCard(
                message("Change records that are there"),
                message("Rows whose key is not there are left alone."),
            ),
            Mode.BOTH: OptionCard(
                message("Both"),
                message("Rows whose key is there change that record, the others make a new one."),
            ),
        }
        group = QButtonGroup(self)
        for mode, card in self.modes.items():
            group.addButton(card.radio)
            card.radio.toggled.connect(lambda on, mode=mode: self._on_mode(mode, on))
        self.key = QuietCombo()
        self._key = Field(message("Key: records are the same where this is the same"), self.key)
        self.currency = QLineEdit()
        self.currency.setMaxLength(3)
        self._currency = Field(message("Currency of amounts that name none"), self.currency)
        self.doubles = QuietCombo()
        self._doubles = Field(message("Rows that are probably here already"), self.doubles)
        self.add_button = Button(message("Add a value"), ButtonKind.LINK, icon="plus", weight=400)
        self.defaults: list[DefaultLine] = []
        self._lines = QVBoxLayout()
        self._lines.setSpacing(8)
        self._lay_out()
        self.key.activated.connect(self._on_key_chosen)
        self.currency.textEdited.connect(self._on_currency_typed)
        self.doubles.activated.connect(self._on_doubles_chosen)
        self.add_button.clicked.connect(lambda: self.add_default())

    def enter(self) -> None:
        """Show the rules as they are."""
        self._show()
        self.modes[self.choices.mode].radio.setFocus()

    def retranslate(self) -> None:
        """Name fields in the language on screen."""
        if self.isVisible() and self.choices.read is not None:
            self._show()

    def add_default(self, name: str = "", text: str = "") -> DefaultLine | None:
        """Add a line for a field the file leaves out."""
        taken = {line.name for line in self.defaults}
        free = [field for field in self._free() if field.name not in taken]
        if not free:
            return None
        line = DefaultLine(free, name, text)
        line.changed.connect(self._on_defaults_changed)
        line.removed.connect(lambda: self._on_removed(line))
        self.defaults.append(line)
        self._lines.addWidget(line)
        self._on_defaults_changed()
        if not name:
            line.field.setFocus()
        return line

    def _lay_out(self) -> None:
        inner = QWidget()
        inner.setMaximumWidth(theme().px(READ_WIDTH))
        column = QVBoxLayout(inner)
        column.setContentsMargins(4, 4, 12, 0)
        column.setSpacing(12)
        for card in self.modes.values():
            column.addWidget(card)
        fields = QHBoxLayout()
        fields.setSpacing(16)
        fields.addWidget(self._key, 1)
        fields.addWidget(self._currency, 1)
        column.addLayout(fields)
        column.addWidget(self._doubles)
        column.addSpacing(8)
        column.addWidget(Label(message("Values for new records whose row says nothing"), step="section"))
        column.addLayout(self._lines)
        row = QHBoxLayout()
        row.addWidget(self.add_button)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inner)
        self.leave_room_for_focus()
        self.body.addWidget(area, 1)

    def _free(self) -> list[Declared]:
        """Return the fields no column fills."""
        filled = self.choices.filled()
        return [
            field
            for field in self.choices.fields().values()
            if field.name not in filled and field.kind not in _NO_DEFAULT
        ]

    def _show(self) -> None:
        choices = self.choices
        self.modes[choices.mode].radio.setChecked(True)
        self._show_keys()
        fields = choices.fields()
        priced = any(fields[name].kind is Kind.MONEY for name in choices.filled() if name in fields)
        self._currency.setVisible(priced)
        self._show_doubles()
        self.currency.setText(choices.currency)
        self.currency.setPlaceholderText(tr("The company's"))
        for line in self.defaults:
            line.hide()
            line.deleteLater()
        self.defaults = []
        free = {field.name for field in self._free()}
        kept = {name: text for name, text in choices.defaults.items() if name in free}
        for name, text in kept.items():
            self.add_default(name, text)
        choices.defaults = kept

    def _show_doubles(self) -> None:
        """Offer what may become of probable duplicates, where records of the kind are compared."""
        self._doubles.setVisible(self.choices.entity in COMPARED)
        self.doubles.clear()
        for doubles, words in (
            (Doubles.CREATE, tr("Make them all the same")),
            (Doubles.SKIP, tr("Leave them out")),
            (Doubles.MERGE, tr("Fill in what the record here lacks")),
        ):
            self.doubles.addItem(words, doubles)
        self.doubles.setCurrentIndex(max(0, self.doubles.findData(self.choices.doubles)))

    def _show_keys(self) -> None:
        choices = self.choices
        filled, fields = choices.filled(), choices.fields()
        self.key.clear()
        if choices.mode is Mode.CREATE:
            self.key.addItem(tr("None: every row is a new record"), "")
        else:
            self.key.addItem(tr("The usual one: code or name"), "")
        if RECORD_ID in filled:
            self.key.addItem(tr("Record ID"), RECORD_ID)
        for name, field in fields.items():
            if name in filled and field.kind in _WHOLE:
                self.key.addItem(tr(field.label), name)
        place = self.key.findData(choices.key)
        if place < 0:
            choices.key, place = "", 0
        self.key.setCurrentIndex(place)

    def _on_mode(self, mode: Mode, chosen: bool) -> None:
        self.modes[mode].update()
        if chosen and mode is not self.choices.mode:
            self.choices.mode, self.choices.plan = mode, None
            self._show_keys()

    def _on_key_chosen(self) -> None:
        self.choices.key, self.choices.plan = str(self.key.currentData() or ""), None

    def _on_doubles_chosen(self) -> None:
        self.choices.doubles, self.choices.plan = Doubles(self.doubles.currentData()), None

    def _on_currency_typed(self, text: str) -> None:
        self.choices.currency, self.choices.plan = text.strip().upper(), None

    def _on_defaults_changed(self) -> None:
        told = {line.name: line.text for line in self.defaults if line.text}
        if told != self.choices.defaults:
            self.choices.defaults, self.choices.plan = told, None

    def _on_removed(self, line: DefaultLine) -> None:
        self.defaults.remove(line)
        line.hide()
        line.deleteLater()
        self._on_defaults_changed()
        self.add_button.setFocus()


class DefaultLine(QWidget):
    """A field and the value new records get in it."""

    changed = Signal()
    removed = Signal()

    def __init__(self, fields: list[Declared], name: str, text: str) -> None:
        super().__init__()
        self._fields = {field.name: field for field in fields}
        self.field = QuietCombo()
        for field in fields:
            self.field.addItem(tr(field.label), field.name)
        self.field.setCurrentIndex(max(0, self.field.findData(name)))
        self.field.setAccessibleName(tr("Field"))
        self.field.setFixedWidth(theme().px(220))
        self._value: QWidget = QWidget()
        remove = IconButton("x", message("Take this value away"), small=True)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._row.addWidget(self.field)
        self._row.addWidget(self._value, 1)
        self._row.addWidget(remove)
        self.field.activated.connect(self._on_field_chosen)
        remove.clicked.connect(self.removed)
        self._make_value(text)

    @property
    def name(self) -> str:
        """The field."""
        return str(self.field.currentData())

    @property
    def text(self) -> str:
        """The value as a file would say it."""
        if isinstance(self._value, QComboBox):
            return str(self._value.currentData() or "")
        assert isinstance(self._value, QLineEdit)
        return self._value.text().strip()

    @property
    def value(self) -> QWidget:
        """The widget the value is given in."""
        return self._value

    def _make_value(self, text: str) -> None:
        field = self._fields[self.name]
        made: QComboBox | QLineEdit
        if field.kind in (Kind.CHOICE, Kind.BOOLEAN):
            made = QuietCombo()
            if field.kind is Kind.BOOLEAN:
                made.addItem(tr("Yes"), _YES)
                made.addItem(tr("No"), _NO)
            for choice in field.choices:
                made.addItem(tr(choice.label), choice.value)
            made.setCurrentIndex(max(0, made.findData(text)))
            made.activated.connect(lambda _place: self.changed.emit())
        else:
            made = QLineEdit(text)
            if field.kind is Kind.REF:
                made.setPlaceholderText(tr("Name"))
            made.textEdited.connect(lambda _text: self.changed.emit())
        made.setAccessibleName(tr("Value of “{field}”", field=tr(field.label)))
        self._row.replaceWidget(self._value, made)
        self._value.hide()
        self._value.deleteLater()
        self._value = made

    def _on_field_chosen(self) -> None:
        self._make_value("")
        self.changed.emit()
