"""What people expect of a period beside what is counted, with their reasons; said anew each time."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout

from crm_core.errors import CrmError, Invalid, UserError
from crm_core.i18n import N_, message
from crm_core.money import parse_money
from crm_desktop.services import forecasts
from crm_desktop.services.calendar import local
from crm_desktop.services.forecasts import Forecast
from crm_desktop.ui.context import Context
from crm_desktop.ui.forecast.words import amount
from crm_desktop.ui.format import near_moment
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import M, S
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label

SHOWN = 6


class JudgementsCard(Card):
    """The latest judgements, and a line to say another."""

    def __init__(self, context: Context) -> None:
        super().__init__(message("Judgements"))
        self._context = context
        self._shown: Forecast | None = None
        self.amount_line, self.reason_line = QLineEdit(), QLineEdit()
        self.amount_line.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.amount_field = Field(message("Amount expected"), self.amount_line)
        self.reason_field = Field(message("Why"), self.reason_line)
        self.save_button = Button(message("Say so"))
        self.save_button.clicked.connect(self.save)
        self.reason_line.returnPressed.connect(self.save)
        self.lines = QVBoxLayout()
        self.lines.setSpacing(theme().px(S))
        self.form = QHBoxLayout()
        self.form.setSpacing(theme().px(M))
        self.form.addWidget(self.amount_field, 2)
        self.form.addWidget(self.reason_field, 3)
        self.form.addWidget(self.save_button, 0, Qt.AlignmentFlag.AlignBottom)
        self.body.addLayout(self.lines)
        self.body.addStretch(1)
        self.body.addLayout(self.form)
        self.retranslate()

    def show_calls(self, shown: Forecast) -> None:
        """Show the judgements of a period and scope; what is being typed stays."""
        before = self._shown
        if before is not None and (before.stretch, before.scope.key) != (shown.stretch, shown.scope.key):
            self.amount_field.set_error("")
            self.reason_field.set_error("")
        self._shown = shown
        self._show()

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        super().retranslate()
        if not hasattr(self, "save_button"):
            return
        self.amount_line.setPlaceholderText(tr("such as 840000"))
        self.reason_line.setPlaceholderText(tr("what the figures do not know"))
        if self._shown is not None:
            self._show()

    def save(self) -> None:
        """Keep what is typed as a judgement of its own."""
        shown, replica = self._shown, self._context.replica
        if shown is None:
            return
        try:
            said = parse_money(self.amount_line.text(), shown.currency)
            if said.currency != shown.currency:
                raise UserError(N_("A judgement is in the company's currency"))
        except UserError as error:
            self.amount_field.set_error(error.message)
            self.amount_line.setFocus()
            return
        self.amount_field.set_error("")
        reason = self.reason_line.text()
        self._context.change(
            self,
            lambda: forecasts.judge(replica, shown.stretch, shown.scope, said.minor, reason),
            lambda _saved: self._on_saved(),
            self._on_refused,
            told=message("Judgement kept"),
        )

    def _on_saved(self) -> None:
        self.amount_line.clear()
        self.reason_line.clear()
        self.reason_field.set_error("")

    def _on_refused(self, error: CrmError) -> None:
        if not isinstance(error, Invalid):
            self._context.show_error(error)
            return
        for problem in error.problems:
            field = self.reason_field if problem.field == "reason" else self.amount_field
            field.set_error(problem.message)

    def _show(self) -> None:
        shown = self._shown
        assert shown is not None
        clear(self.lines)
        for each in shown.calls[:SHOWN]:
            said = message(
                "{amount} · {who}, {when}",
                amount=amount(each.amount, each.currency or shown.currency),
                who=each.said_by,
                when=near_moment(local(each.at_ms)),
            )
            self.lines.addWidget(Label(said, weight=600, wrap=True))
            self.lines.addWidget(Label(each.reason, color="text-soft", wrap=True))
        if not shown.calls:
            nothing = message("Nobody has said what he expects beside these figures.")
            self.lines.addWidget(Label(nothing, color="text-soft", wrap=True))
        for widget in (self.amount_field, self.reason_field, self.save_button):
            widget.setVisible(shown.may_judge)
