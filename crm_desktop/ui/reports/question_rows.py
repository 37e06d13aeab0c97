"""What is asked when a report is run, as rows: what the question is called, of which field, and what is taken
where nobody answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.reports import Question
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.services.report_offers import ReportOffers
from crm_desktop.ui.conditions.row import Offered, Said
from crm_desktop.ui.conditions.value import ConditionValue
from crm_desktop.ui.context import Context
from crm_desktop.ui.lists.conditions import NO_VALUE
from crm_desktop.ui.reports.choices import further_of
from crm_desktop.ui.reports.rows import PartRow, RowsEditor
from crm_desktop.ui.segments.rule_rows import FieldRow, Further, condition_in, said_of
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.translate import tr

MOST_QUESTIONS = 8


class QuestionRow(PartRow):
    """One question."""

    def __init__(
        self,
        context: Context,
        offers: ReportOffers,
        question: Question | None,
        key: Callable[[], str],
        name: Message,
        parent: QWidget,
    ) -> None:
        """`key` gives one that no other question has."""
        super().__init__(name, parent)
        self._kept, self._key = question, key
        self.called = QLineEdit(self)
        self.first.addWidget(self.called, 1)
        said = _said(question.condition, offers) if question is not None else None
        self.asked = FieldRow(
            context,
            (),
            said,
            further=_askable(further_of(offers, totals=False)),
            currency=DEFAULT_CURRENCY,
            only=True,
            parent=self,
        )
        below = QVBoxLayout()
        below.addWidget(self.asked)
        self.column.insertLayout(self.column.indexOf(self.fault), below)
        if question is not None:
            self.called.setText(tr(question.label))
        self.called.editingFinished.connect(self.edited)
        self.asked.edited.connect(self.edited)
        self.retranslate()
        self.retint()

    def value(self) -> Question:
        """Return the question. `UserError` where it has no name or no field."""
        label = self.called.text().strip()
        if not label:
            raise UserError(N_("Say what is asked"))
        kept = self._kept
        if kept is not None and label == tr(kept.label):
            label = kept.label
        key = kept.key if kept is not None else self._key()
        made = Question(key=key, label=label, condition=self._condition())
        self._kept = made
        return made

    def controls(self) -> Iterator[QWidget]:
        """Yield name and condition."""
        yield self.called
        yield from self.asked.stops()

    def retranslate(self) -> None:
        """Name everything in the language on screen."""
        super().retranslate()
        self.called.setPlaceholderText(tr("What is asked, such as “Closed since”"))
        self.name_control(self.called, tr("what is asked"))

    def retint(self) -> None:
        """Take the measures of the theme."""
        super().retint()
        self.asked.setContentsMargins(0, 0, theme().px(S), 0)

    def _condition(self) -> Condition:
        """Return what is compared; without a value where none is taken when nobody answers."""
        editor = self.asked.value_editor
        name = self.asked.field_box.currentData()
        if name is not None and isinstance(editor, ConditionValue) and editor.is_empty:
            return Condition(field=str(name), op=Op(self.asked.comparison_box.currentData()), value=None)
        return condition_in(self.asked.said())


def _said(condition: Condition, offers: ReportOffers) -> Said:
    if condition.value is None:
        return Said(field=condition.field, comparison=condition.op.value, values={condition.field: None})
    said: Said = said_of(condition, offers.rules.titles)
    return said


def _askable(further: Further) -> Further:
    """Leave out comparisons that are with nothing: there would be nothing to ask."""
    alone = {op.value for op in NO_VALUE}

    def offered(key: str) -> Offered | None:
        found = further.offered(key)
        if found is None:
            return None
        return replace(
            found, comparisons=tuple(each for each in found.comparisons if each.value not in alone)
        )

    return replace(further, offered=offered)


class QuestionsEditor(RowsEditor[Question]):
    """The questions."""

    def __init__(self, context: Context, name: Message, parent: QWidget | None = None) -> None:
        super().__init__(message("Add a question"), name, MOST_QUESTIONS, parent)
        self._context = context
        self._offers: ReportOffers | None = None

    def offer(self, offers: ReportOffers) -> None:
        """Take the fields there are; what is shown is shown anew by the caller."""
        self._offers = offers

    def make_row(self, value: Question | None) -> QuestionRow:
        """Return a row for a question."""
        assert self._offers is not None
        return QuestionRow(self._context, self._offers, value, self._new_key, self._name, self)

    def _new_key(self) -> str:
        taken = {row._kept.key for row in self.rows if isinstance(row, QuestionRow) and row._kept}
        return next(key for number in range(1, MOST_QUESTIONS + 2) if (key := f"q{number}") not in taken)
