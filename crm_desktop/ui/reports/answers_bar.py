"""What a report asks before it is counted, answered in one line above it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_core.errors import UserError
from crm_core.i18n import Message, message
from crm_core.rules.conditions import Op, Value
from crm_core.rules.reports import Question, Report
from crm_core.rules.segments import field_at
from crm_core.schema.field import Field as ConditionField
from crm_core.schema.field import Kind
from crm_desktop.services.report_offers import ReportOffers
from crm_desktop.ui.conditions.value import ConditionValue
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import M, S
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.buttons import Kind as ButtonKind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.live import Live

PAUSE_MS = 400  # between a key and the count
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ChoiceAnswer(Live, QuietCombo):
    """One of a field's choices, or any."""

    edited = Signal()

    def __init__(self, field: ConditionField) -> None:
        super().__init__()
        self._field = field
        self.addItem("", None)
        for choice in field.choices:
            self.addItem("", choice.value)
        self.activated.connect(self.edited)
        self.retranslate()

    @property
    def is_empty(self) -> bool:
        """Whether any will do."""
        return self.currentData() is None

    def show_value(self, value: Value, _title: str) -> None:
        """Show a choice; one that is offered no more too."""
        if value is not None and self.findData(value) < 0:
            self.addItem("", value)
        self.setCurrentIndex(max(0, self.findData(value)))
        self.retranslate()

    def value(self, _op: Op) -> Value:
        """Return the choice."""
        return str(self.currentData())

    def retranslate(self) -> None:
        """Name the choices in the language on screen."""
        for place in range(self.count()):
            value = self.itemData(place)
            self.setItemText(place, tr("Any") if value is None else tr(self._field.choice_label(value)))


class AnswersBar(Live, QWidget):
    """One editor for each question. `answered` says that the report is to be counted by what stands there."""

    answered = Signal()

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.may_wait = True
        """Whether a question without an answer is waited for; a standard report says something without."""
        self._questions: dict[str, tuple[Question, ConditionValue | ChoiceAnswer, Field]] = {}
        self.count_button = Button(message("Count"), ButtonKind.PRIMARY, small=True)
        self.count_button.clicked.connect(self.answered)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._on_rest)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._row = QWidget()
        self._flow = FlowLayout(self._row, gap=M, line_gap=S)
        self._wide = QVBoxLayout()
        column.addWidget(self._row)
        column.addLayout(self._wide)
        column.addWidget(self.count_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.hide()

    @property
    def waits(self) -> bool:
        """Whether a question has no answer at all, so that the report waits for the button."""
        return not self.count_button.isHidden()

    @property
    def questions(self) -> tuple[Question, ...]:
        """What is asked."""
        return tuple(question for question, _, _ in self._questions.values())

    def show_questions(
        self,
        report: Report,
        offers: ReportOffers,
        answers: Mapping[str, Value],
        titles: Mapping[str, str] | None = None,
    ) -> None:
        """Ask what a report asks; a question stands answered as it was last, else by its own default."""
        for _, _, shown in self._questions.values():
            self._flow.removeWidget(shown)
            self._wide.removeWidget(shown)
            shown.hide()
            shown.deleteLater()
        self._questions = {}
        named = {**offers.rules.titles, **(titles or {})}
        for question in report.questions:
            asked = question.condition
            field = field_at(offers.rules.fields_of, offers.entity, asked.field)
            if field is None:
                continue
            is_one = field.kind is Kind.CHOICE and asked.op is Op.EQUAL
            editor = ChoiceAnswer(field) if is_one else ConditionValue(self._context, field, in_rule=True)
            editor.setMinimumWidth(theme().px(180))
            value = answers.get(question.key, asked.value)
            editor.show_value(value, named.get(str(value), ""))
            editor.edited.connect(self._pause.start)
            shown = Field(Message(question.label), editor)
            self._questions[question.key] = question, editor, shown
            # Boxes to tick break into lines where they have the whole width.
            (self._wide if field.kind is Kind.CHOICE and not is_one else self._flow).addWidget(shown)
            shown.show()
        unanswered = any(
            question.condition.value is None and question.key not in answers for question in report.questions
        )
        self.count_button.setVisible(unanswered and self.may_wait)
        self.setVisible(bool(self._questions))

    def answers(self) -> dict[str, Value]:
        """Return the answers; what is left empty narrows nothing. `UserError`, said in its place, where one
        cannot be read."""
        found: dict[str, Value] = {}
        wrong: UserError | None = None
        for key, (question, editor, shown) in self._questions.items():
            try:
                found[key] = None if editor.is_empty else editor.value(question.condition.op)
                shown.set_error("")
            except UserError as error:
                shown.set_error(error.message)
                wrong = wrong or error
        if wrong is not None:
            raise wrong
        return found

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter counts at once."""
        if event.key() in _ENTER:
            self._pause.stop()
            self.answered.emit()
        else:
            super().keyPressEvent(event)

    def counted(self) -> None:
        """Wait for the button no more: from now on each change counts."""
        self.count_button.hide()

    def _on_rest(self) -> None:
        if not self.waits:
            self.answered.emit()
