"""The editor of a survey's further questions, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from crm_core.i18n import N_, message
from crm_core.rules.surveys import MOST_QUESTIONS
from crm_core.schema.field import Field, Kind, Plain
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import LongTextEditor, QuietCombo
from crm_desktop.ui.settings.rows_editor import ADD_QUESTION, RowsEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.live import Live

_KINDS = {"text": message("Answered in words"), "choice": message("One answer chosen")}
_OPTIONS = Field(no=0, name="options", label=N_("Answers to choose from"), kind=Kind.LONG_TEXT)
_BETWEEN = "|"
"""Between the English and the Chinese text of an answer."""


def options_text(options: list[Any]) -> str:
    """Return what may be chosen, a line each: English, and Chinese behind a stroke."""
    lines = [(str(en or ""), str(zh or "")) for en, zh in options]
    return "\n".join(f"{en} {_BETWEEN} {zh}" if zh else en for en, zh in lines)


def parse_options(text: str) -> list[list[str]]:
    """Return the answers typed a line each. A full-width stroke counts as one too."""
    lines = [line.replace("｜", _BETWEEN) for line in text.splitlines() if line.strip()]
    pairs = [line.partition(_BETWEEN) for line in lines]
    return [[en.strip(), zh.strip()] for en, _, zh in pairs]


class QuestionRow(Live, QWidget):
    """One question: its kind, its text in both languages, and what may be chosen."""

    edited = Signal()
    removed = Signal()

    def __init__(self, question: Mapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = QuietCombo()
        self.english, self.chinese = QLineEdit(), QLineEdit()
        self.options = LongTextEditor(_OPTIONS)
        self.remove_button = IconButton("x", message("Remove the question"), small=True)
        for each in _KINDS:
            self.kind.addItem("", each)
        self.kind.setCurrentIndex(max(0, self.kind.findData(question.get("kind"))))
        self.english.setText(str(question.get("en") or ""))
        self.chinese.setText(str(question.get("zh") or ""))
        self.options.fill({"options": options_text(question.get("options") or [])}, {})
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.addWidget(self.kind, 0, 0)
        self._grid.addWidget(self.remove_button, 0, 1, Qt.AlignmentFlag.AlignRight)
        self._grid.addWidget(self.english, 1, 0, 1, 2)
        self._grid.addWidget(self.chinese, 2, 0, 1, 2)
        self._grid.addWidget(self.options, 3, 0, 1, 2)
        self._grid.setColumnStretch(0, 1)
        self.setFocusProxy(self.english)
        for line in (self.english, self.chinese):
            line.textEdited.connect(lambda _text: self.edited.emit())
        self.options.edited.connect(self.edited)
        self.kind.activated.connect(self._on_kind)
        self.remove_button.clicked.connect(self.removed)
        self._show_what_fits()
        self.retranslate()
        self.retint()

    def question(self) -> dict[str, Plain]:
        """Return the question as the record keeps it."""
        found: dict[str, Plain] = {
            "kind": str(self.kind.currentData()),
            "en": self.english.text().strip(),
            "zh": self.chinese.text().strip(),
        }
        if found["kind"] == "choice":
            found["options"] = [list(each) for each in parse_options(self.options.toPlainText())]
        return found

    def retranslate(self) -> None:
        """Name everything in the language on screen."""
        for place, text in enumerate(_KINDS.values()):
            self.kind.setItemText(place, show(text))
        self.kind.setAccessibleName(tr("How it is answered"))
        for line, words in (
            (self.english, tr("Question in English")),
            (self.chinese, tr("Question in Chinese")),
        ):
            line.setAccessibleName(words)
            line.setPlaceholderText(words)
        self.options.setAccessibleName(tr("Answers to choose from"))
        self.options.setPlaceholderText(tr("An answer a line, like: Too slow | 太慢"))

    def retint(self) -> None:
        """Take the measures of the theme."""
        self._grid.setHorizontalSpacing(theme().px(S))
        self._grid.setVerticalSpacing(theme().px(4))

    def _on_kind(self) -> None:
        self._show_what_fits()
        self.edited.emit()

    def _show_what_fits(self) -> None:
        self.options.setVisible(self.kind.currentData() == "choice")


class QuestionsEditor(RowsEditor[QuestionRow]):
    """The further questions of a survey, in the order they are asked."""

    adds_named = ADD_QUESTION

    def __init__(self, _context: Context, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, message("Add a further question"), MOST_QUESTIONS, parent)

    def make_row(self, held: Mapping[str, Any]) -> QuestionRow:
        """Return the row of a question."""
        return QuestionRow(held, self)

    def first_of(self, row: QuestionRow) -> QWidget:
        """Return the question in English."""
        return row.english

    def value_of(self, row: QuestionRow) -> Plain:
        """Return the question."""
        return row.question()
