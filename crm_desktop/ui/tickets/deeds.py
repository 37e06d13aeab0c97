"""What else is done with a ticket: canned answers, macros, splitting, merging, held answers, surveys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from crm_core.i18n import Message, message
from crm_desktop.documents import answers
from crm_desktop.documents.template_records import Template
from crm_desktop.models.records import Record
from crm_desktop.services import merging, records, ticket_work
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.ticket_work import Done, MacroRow
from crm_desktop.services.tickets import TicketView
from crm_desktop.ui.context import Context, Place

_LONGEST = 60
"""Characters of a message or subject in a menu."""

Ask = Callable[[Mapping[str, Message | str], str, Callable[[str], None]], None]
"""Shows a menu of values, the present one, and takes the chosen one."""


class TicketDeeds(QObject):
    """Does it, with the page's own menu. `ask` shows a choice."""

    answer_chosen = Signal(str)
    """The text a canned answer says of the ticket."""
    done = Signal()

    def __init__(self, context: Context, ask: Ask, parent: QObject) -> None:
        super().__init__(parent)
        self._context, self._ask = context, ask
        self._view: TicketView | None = None

    def show_view(self, view: TicketView) -> None:
        """Work on this ticket from now on."""
        self._view = view

    def do(self, deed: str) -> None:
        """Begin one of `answer`, `macro`, `split`, `merge` and `survey`."""
        if self._view is not None and self._view.may_edit:
            {
                "answer": self._ask_answer,
                "macro": self._ask_macro,
                "split": self._ask_message,
                "merge": self._ask_other,
                "survey": self._turn_survey,
            }[deed]()

    def decide(self, message_id: str, send: bool) -> None:
        """Send an answer that was held, or leave it unsent."""
        replica = self._context.replica
        deed = ticket_work.send_held if send else ticket_work.drop_held
        told = message("The answer goes out") if send else message("The answer is not sent")
        self._context.change(self, lambda: deed(replica, message_id), lambda _: self.done.emit(), told=told)

    # Canned answers

    def _ask_answer(self) -> None:
        replica = self._context.replica
        self._context.tasks.read(
            self,
            lambda: answers.answers(replica),
            self._show_answers,
            self._context.show_error,
            topic="answers",
        )

    def _show_answers(self, there: tuple[Template, ...]) -> None:
        if not there:
            self._context.remark(
                message("There are no canned answers yet; an administrator makes them under Templates")
            )
            return
        words = {str(place): each.name for place, each in enumerate(there)}
        self._ask(words, "", lambda key: self._fill(there[int(key)]))

    def _fill(self, template: Template) -> None:
        view, replica = self._view, self._context.replica
        if view is None:
            return
        ticket_id = view.ticket.id
        self._context.tasks.read(
            self,
            lambda: answers.text_of(replica, template, ticket_id),
            self.answer_chosen.emit,
            self._context.show_error,
            topic="answer",
        )

    # Macros

    def _ask_macro(self) -> None:
        replica = self._context.replica
        self._context.tasks.read(
            self,
            lambda: ticket_work.macros(replica),
            self._show_macros,
            self._context.show_error,
            topic="macros",
        )

    def _show_macros(self, there: Sequence[MacroRow]) -> None:
        if not there:
            self._context.remark(message("There are no macros yet; an administrator makes them"))
            return
        by_id = {each.id: each for each in there}
        self._ask({each.id: each.name for each in there}, "", lambda key: self._run(by_id[key]))

    def _run(self, macro: MacroRow) -> None:
        view, replica = self._view, self._context.replica
        if view is None:
            return
        ticket_id = view.ticket.id

        def run() -> Outcome[Done]:
            said = answers.text_by_id(replica, macro.answer_id, ticket_id) if macro.answer_id else ""
            return ticket_work.run_macro(replica, ticket_id, macro.id, said)

        kept: list[Done] = []

        def ran(done: Done) -> None:
            kept.append(done)
            self.done.emit()

        self._context.change(
            self,
            run,
            ran,
            told=message("Macro “{name}” done", name=macro.name),
            undo=lambda: ticket_work.take_back(replica, kept[-1]),
        )

    # Surveys

    def _turn_survey(self) -> None:
        """Have the customer of this ticket asked how satisfied he is, or not asked."""
        view, replica = self._view, self._context.replica
        if view is None:
            return
        ticket_id, asks_not = view.ticket.id, not view.ticket.get("no_survey")
        told = message("The customer will not be asked") if asks_not else message("The customer may be asked")
        self._context.change(
            self,
            lambda: records.update(replica, "ticket", ticket_id, {"no_survey": asks_not}),
            lambda _: self.done.emit(),
            told=told,
            undo=lambda: records.update(replica, "ticket", ticket_id, {"no_survey": not asks_not}),
        )

    # Splitting and merging

    def _ask_message(self) -> None:
        view = self._view
        if view is None:
            return
        words: dict[str, Message | str] = {each.id: _short(each.body) for each in view.messages[1:]}
        if not words:
            self._context.remark(message("A ticket with one message cannot be split"))
            return
        self._ask(words, "", partial(self._split, view.ticket.id))

    def _split(self, ticket_id: str, message_id: str) -> None:
        replica = self._context.replica
        made: list[str] = []

        def opened(ticket: Record) -> None:
            made.append(ticket.id)
            self._context.go.emit(Place(page="tickets", record_id=ticket.id))

        self._context.change(
            self,
            lambda: ticket_work.split(replica, ticket_id, message_id),
            opened,
            told=message("Another ticket was opened with these messages"),
            undo=lambda: ticket_work.join_again(replica, made[-1]),
        )

    def _ask_other(self) -> None:
        view = self._view
        if view is None:
            return
        words: dict[str, Message | str] = {
            each.id: f"{each.number} {_short(each.subject)}" for each in view.others
        }
        if not words:
            self._context.remark(message("This customer has no other open ticket"))
            return
        self._ask(words, "", partial(self._merge, view.ticket.id))

    def _merge(self, ticket_id: str, kept_id: str) -> None:
        replica = self._context.replica
        merges: list[str] = []

        def merged(told: Record) -> None:
            merges.append(told.id)
            self._context.go.emit(Place(page="tickets", record_id=kept_id))

        self._context.change(
            self,
            lambda: ticket_work.merge_into(replica, ticket_id, kept_id),
            merged,
            told=message("The two tickets are one now"),
            undo=lambda: merging.take_apart(replica, merges[-1]),
        )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
