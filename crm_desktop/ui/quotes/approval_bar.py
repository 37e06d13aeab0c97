"""On a quote or contract: what has become of its approval, and what to do about it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_core.i18n import message
from crm_core.rules.approval import State
from crm_desktop.models.records import Record
from crm_desktop.services import approvals
from crm_desktop.services.approvals import RequestView
from crm_desktop.ui.approvals import words
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.widgets.info_bar import InfoBar
from crm_desktop.ui.widgets.paint import Tone

FOLLOWED = frozenset(
    ("quote_line", "quote_group", "contact", "approval_request", "approval_decision", "mandate")
)
"""Kinds of record after whose change a quote is read anew."""


class ApprovalBar(QWidget):
    """One line: where the newest request stands, or that sending the quote asks for approval."""

    needed = Signal(bool)
    """Whether sending the draft on screen asks for approval."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._quote: Record | None = None
        self._view: RequestView | None = None
        self.bar = InfoBar("", Tone.INFO, icon="shield")
        self.bar.action_clicked.connect(self._on_action_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 0, 24, 0)
        row.addWidget(self.bar)
        self.hide()

    def show_quote(self, quote: Record) -> None:
        """Show the approval of a quote or contract; it is read off the main thread."""
        replica, self._quote = self._context.replica, quote

        def show(found: tuple[RequestView | None, bool]) -> None:
            if self._quote is not None and self._quote.id == quote.id:
                self._show(*found, state=str(quote.get("status") or "draft"))

        self._context.tasks.read(
            self,
            lambda: approvals.of_record(replica, quote.entity, quote.id),
            show,
            self._context.show_error,
            topic="approval",
        )

    def _show(self, view: RequestView | None, needed: bool, *, state: str) -> None:
        self._view = view
        is_draft = state == "draft"
        now_ms = self._context.replica.clock.now_ms()
        waits = view is not None and view.standing.state is State.WAITING
        ended = view is not None and is_draft and view.standing.state is not State.APPROVED
        if view is not None and (waits or ended):
            self.bar.say(
                words.standing_words(view, now_ms),
                words.TONES[view.standing.state],
                lead=words.state_words(view),
                action=message("Decide…") if view.seats else message("Withdraw") if view.mine else "",
                icon="shield",
            )
        elif needed and is_draft:
            quotes = self._quote is not None and self._quote.entity == "quote"
            told = (
                message("The discount is beyond what you may give: sending it asks for approval")
                if quotes
                else message("Sending it asks for approval")
            )
            self.bar.say(told, Tone.INFO, icon="shield")
        self.setVisible(waits or ended or (needed and is_draft))
        self.needed.emit(needed and is_draft)

    def _on_action_clicked(self) -> None:
        view, replica = self._view, self._context.replica
        if view is None:
            return
        if view.seats:
            self._context.go.emit(Place(page="approvals", record_id=view.request.id))
            return
        self._context.change(
            self, lambda: approvals.withdraw(replica, view.request.id), told=message("Withdrawn")
        )
