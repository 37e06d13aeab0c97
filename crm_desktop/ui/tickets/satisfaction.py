"""What the customer answered when he was asked about the ticket."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities.survey import ASKING_STATES
from crm_core.i18n import Message, message
from crm_core.rules.surveys import SATISFIED, UNHAPPY
from crm_desktop.services.ticket_answers import AnswerRow
from crm_desktop.ui.format import near_date
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, S
from crm_desktop.ui.tickets.words import moment
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.labels import Heading, IconLabel, Label
from crm_desktop.ui.widgets.live import Live

_STATES = {choice.value: Message(choice.label) for choice in ASKING_STATES}


class Satisfaction(Live, QWidget):
    """The askings about a ticket, the newest first; hidden where nobody was asked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._answers: tuple[AnswerRow, ...] = ()
        self._rows = QVBoxLayout()
        self._column = QVBoxLayout(self)
        self._column.addWidget(Heading(message("Satisfaction")))
        self._column.addLayout(self._rows)
        self.retint()

    def show_answers(self, answers: Sequence[AnswerRow]) -> None:
        """Show other askings."""
        self._answers = tuple(answers)
        while self._rows.count():
            widget = self._rows.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for answer in self._answers:
            self._rows.addWidget(_AnswerCard(answer))
        self.setVisible(bool(self._answers))

    def retranslate(self) -> None:
        """Say days and states in the language on screen."""
        self.setAccessibleName(tr("Satisfaction"))
        self.show_answers(self._answers)

    def retint(self) -> None:
        """Take the measures of the theme."""
        self._column.setContentsMargins(0, 0, 0, theme().px(L))
        self._column.setSpacing(theme().px(S))
        self._rows.setSpacing(theme().px(L))


class _AnswerCard(QWidget):
    """One asking: the score and its day, the words, and the further answers."""

    def __init__(self, answer: AnswerRow) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme().px(4))
        day = near_date(moment(answer.at_ms).date())
        if answer.score is None or answer.percent is None:
            state = _STATES.get(answer.status, Message(answer.status))
            said = message("{state} · {day}", state=state, day=day)
            column.addWidget(Label(said, color="text-soft", wrap=True))
            return
        ink = _ink(answer.percent)
        head = QHBoxLayout()
        head.setSpacing(theme().px(S))
        head.addWidget(IconLabel("star", color=ink, size=14))
        score = Label(message("{score} of {most}", score=answer.score, most=answer.most), weight=600)
        score.set_color(ink)
        head.addWidget(score)
        head.addStretch(1)
        head.addWidget(Label(day, color="text-soft"))
        column.addLayout(head)
        if answer.words:
            column.addWidget(Label(answer.words, wrap=True))
        for question, given in answer.answers:
            column.addWidget(Label(question, color="text-soft", step="caption", wrap=True))
            column.addWidget(Label(given, wrap=True))
        if not answer.counted:
            said = message("A newer answer about this ticket counts")
            column.addWidget(Label(said, color="text-soft", step="caption", wrap=True))


def _ink(percent: int) -> str:
    if percent >= SATISFIED:
        return "good"
    return "bad" if percent <= UNHAPPY else "warn"
