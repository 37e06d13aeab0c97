"""The questions of a request form in rows: what is asked, how it is answered, in which order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLineEdit, QWidget

from crm_core.entities import SCHEMAS
from crm_core.entities.setup import CUSTOM_KINDS
from crm_core.errors import UserError
from crm_core.i18n import N_, message
from crm_core.rules.custom_fields import choices_of
from crm_core.rules.request_forms import FILE, MOST_QUESTIONS, key_for
from crm_core.schema.field import Field, Kind, Plain
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.ui.forms.editors import CURRENCIES, QuietCombo
from crm_desktop.ui.settings.rows_editor import ADD_QUESTION, RowsEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

_KINDS: Final = (*((choice.value, choice.label) for choice in CUSTOM_KINDS), (FILE, N_("File")))
_TARGETS: Final = (
    *("customer", "contact", "product", "installed_product", "deal", "quote", "order", "contract"),
    *("ticket", "user", "team"),
)
_WITH_CHOICES: Final = (Kind.CHOICE.value, Kind.TAGS.value)
_BETWEEN: Final = re.compile(r"[,，;；]")


def choices_text(stored: Any) -> str:
    """Return the choices of a question as they are typed: `Gift = 礼品, Repair`."""
    parts = []
    for choice in choices_of(stored):
        if not choice.retired:
            chinese = getattr(choice.label, "chinese", "")
            parts.append(f"{choice.label} = {chinese}" if chinese else str(choice.label))
    return ", ".join(parts)


def parse_choices(text: str, stored: Any) -> list[Plain]:
    """Return typed choices as a question keeps them; one that goes on being called so keeps its value."""
    values = {str(choice.label): choice.value for choice in choices_of(stored)}
    found: list[Plain] = []
    for part in _BETWEEN.split(text):
        label, _, chinese = (each.strip() for each in part.partition("="))
        if label:
            found.append({"value": values.get(label, label), "label": label, "label_zh": chinese})
    return found


class QuestionRow(Live, QWidget):
    """One question. `number` is its place among the rows."""

    edited = Signal()
    removed = Signal()
    moved = Signal(int)
    """By so many places."""

    def __init__(self, question: Mapping[str, Any], number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._held, self._number = dict(question), number
        self.place = Label("", weight=600)
        self.english, self.chinese = QLineEdit(), QLineEdit()
        self.hint, self.hint_zh = QLineEdit(), QLineEdit()
        self.choices = QLineEdit()
        self.kind, self.target, self.currency = QuietCombo(), QuietCombo(), QuietCombo()
        self.required = QCheckBox()
        self.up = IconButton("up", message("Earlier"), small=True)
        self.down = IconButton("down", message("Later"), small=True)
        self.remove_button = IconButton("x", message("Remove the question"), small=True)
        for value, _label in _KINDS:
            self.kind.addItem("", value)
        for name in _TARGETS:
            self.target.addItem("", name)
        for code in CURRENCIES:
            self.currency.addItem(code, code)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        for button in (self.up, self.down, self.remove_button):
            buttons.addWidget(button)
        self._grid.addWidget(self.place, 0, 0)
        self._grid.addWidget(self.english, 0, 1)
        self._grid.addWidget(self.chinese, 0, 2)
        self._grid.addLayout(buttons, 0, 3)
        self._grid.addWidget(self.kind, 1, 1)
        for widget in (self.target, self.currency):
            self._grid.addWidget(widget, 1, 2)
        self._grid.addWidget(self.choices, 2, 1, 1, 2)
        self._grid.addWidget(self.hint, 3, 1)
        self._grid.addWidget(self.hint_zh, 3, 2)
        self._grid.addWidget(self.required, 4, 1)
        for column in (1, 2):
            self._grid.setColumnStretch(column, 1)
        self.setFocusProxy(self.english)
        self._fill()
        for line in (self.english, self.chinese, self.hint, self.hint_zh, self.choices):
            line.textEdited.connect(self.edited)
        for box in (self.kind, self.target, self.currency):
            box.activated.connect(self._on_chosen)
        self.required.clicked.connect(self.edited)
        self.remove_button.clicked.connect(self.removed)
        self.up.clicked.connect(lambda: self.moved.emit(-1))
        self.down.clicked.connect(lambda: self.moved.emit(1))
        self.retranslate()
        self.retint()

    @property
    def key(self) -> str:
        """The key it has had since it was made; '' for a new one."""
        return str(self._held.get("key") or "")

    def question(self, taken: set[str]) -> dict[str, Plain]:
        """Return it as the form keeps it. `UserError` where it says nothing."""
        label, kind = self.english.text().strip(), str(self.kind.currentData())
        if not label:
            raise UserError(
                N_("Question {number}: {problem}"),
                number=self._number,
                problem=message(N_("Say what is asked")),
            )
        found: dict[str, Plain] = {
            "key": self.key or key_for(label, taken),
            "label": label,
            "label_zh": self.chinese.text().strip(),
            "kind": kind,
            "required": self.required.isChecked(),
            "hint": self.hint.text().strip(),
            "hint_zh": self.hint_zh.text().strip(),
        }
        if kind in _WITH_CHOICES:
            found["choices"] = parse_choices(self.choices.text(), self._held.get("choices"))
        elif kind == Kind.REF:
            found["target"] = self.target.currentData()
        elif kind == Kind.MONEY:
            found["currency"] = self.currency.currentData()
        return {name: value for name, value in found.items() if value not in (None, "", [], False)}

    def renumber(self, number: int, many: int) -> None:
        """Take another place among so many rows."""
        self._number = number
        self.up.setEnabled(number > 1)
        self.down.setEnabled(number < many)
        self.retranslate()

    def retranslate(self) -> None:
        """Name everything in the language on screen."""
        number = self._number
        self.place.say(str(number))
        for place, (_value, label) in enumerate(_KINDS):
            self.kind.setItemText(place, tr(label))
        for place, name in enumerate(_TARGETS):
            self.target.setItemText(place, tr(SCHEMAS[name].meta.label))
        self.required.setText(tr("Must be answered"))
        for line, words in (
            (self.english, tr("Question in English")),
            (self.chinese, tr("Question in Chinese")),
            (self.hint, tr("Hint in English")),
            (self.hint_zh, tr("Hint in Chinese")),
            (self.choices, tr("Choices, like Gift = 礼品, Repair = 维修")),
        ):
            line.setPlaceholderText(words)
            line.setAccessibleName(tr("{number}: {what}", number=number, what=words))
        for widget, words in (
            (self.kind, tr("How it is answered")),
            (self.target, tr("What it leads to")),
            (self.currency, tr("Currency")),
            (self.required, tr("Must be answered")),
            (self.up, tr("Earlier")),
            (self.down, tr("Later")),
            (self.remove_button, tr("Remove the question")),
        ):
            widget.setAccessibleName(tr("{number}: {what}", number=number, what=words))

    def retint(self) -> None:
        """Take the measures of the theme."""
        self._grid.setHorizontalSpacing(theme().px(S))
        self._grid.setVerticalSpacing(theme().px(4))
        self._grid.setColumnMinimumWidth(0, theme().px(20))

    def _fill(self) -> None:
        held = self._held
        for line, name in (
            (self.english, "label"),
            (self.chinese, "label_zh"),
            (self.hint, "hint"),
            (self.hint_zh, "hint_zh"),
        ):
            line.setText(str(held.get(name) or ""))
        self.choices.setText(choices_text(held.get("choices")))
        self.choices.setCursorPosition(0)
        for box, value in (
            (self.kind, held.get("kind") or Kind.TEXT.value),
            (self.target, held.get("target") or "customer"),
            (self.currency, held.get("currency") or DEFAULT_CURRENCY),
        ):
            box.setCurrentIndex(max(0, box.findData(value)))
        self.required.setChecked(bool(held.get("required")))
        self._show_what_fits()

    def _show_what_fits(self) -> None:
        kind = str(self.kind.currentData())
        self.choices.setVisible(kind in _WITH_CHOICES)
        self.target.setVisible(kind == Kind.REF)
        self.currency.setVisible(kind == Kind.MONEY)

    def _on_chosen(self) -> None:
        self._show_what_fits()
        self.edited.emit()


class QuestionsEditor(RowsEditor[QuestionRow]):
    """The questions in their order."""

    adds_named = ADD_QUESTION

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, message("Add a question"), MOST_QUESTIONS, parent)

    def make_row(self, held: Mapping[str, Any]) -> QuestionRow:
        """Return the row of a question."""
        return QuestionRow(held, 1, self)

    def first_of(self, row: QuestionRow) -> QWidget:
        """Return the question in English."""
        return row.english

    def place_row(self, row: QuestionRow, number: int, many: int) -> None:
        """Number the questions."""
        row.renumber(number, many)

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the questions as the record keeps them. `UserError` where one says nothing."""
        taken = {row.key for row in self.rows if row.key}
        found: list[Plain] = []
        for row in self.rows:
            question = row.question(taken)
            taken.add(str(question["key"]))
            found.append(question)
        return {self.field.name: found or None}
