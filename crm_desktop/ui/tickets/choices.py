"""What is chosen for a ticket: its state and priority, in whose hands it is, and which colleague is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Signal

from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_core.rules.sla import ENDED
from crm_core.schema.field import Plain
from crm_desktop.models.records import Record
from crm_desktop.services import questions, records, ticket_around, ticket_hands
from crm_desktop.services.ticket_hands import Hand, Held, TeamQueue
from crm_desktop.services.tickets import TicketView
from crm_desktop.ui.away_words import away_words
from crm_desktop.ui.context import Context
from crm_desktop.ui.tickets.words import PRIORITY_WORDS, STATES

Ask = Callable[[Mapping[str, Message | str], str, Callable[[str], None]], None]
"""Shows a menu of values, the present one, and takes the chosen one."""
_QUEUE = "queue:"


class TicketChoices(QObject):
    """Asks with the page's own menu and changes the ticket on screen."""

    taken = Signal(str)
    """The ticket that was taken out of a queue."""

    def __init__(self, context: Context, ask: Ask, parent: QObject) -> None:
        super().__init__(parent)
        self._context, self._ask = context, ask
        self._view: TicketView | None = None

    def show_view(self, view: TicketView) -> None:
        """Work on this ticket from now on."""
        self._view = view

    def do(self, choice: str) -> None:
        """Ask for one of `state`, `priority` and `assign`."""
        view = self._view
        if view is None or not view.may_edit:
            return
        number = view.ticket.get("number") or ""
        match choice:
            case "state":
                told = message("State of {ticket} changed", ticket=number)
                present = str(view.ticket.get("status") or "new")
                self._ask(STATES, present, lambda new: self._set_state(view, new, told))
            case "priority":
                told = message("Priority of {ticket} changed", ticket=number)
                present = str(view.ticket.get("priority") or "normal")
                self._ask(PRIORITY_WORDS, present, lambda new: self._set("priority", new, told))
            case "assign":
                self._ask_hands()

    def take_next(self, team_id: str | None) -> None:
        """Take the most pressing ticket of a queue, or of one's teams."""
        replica = self._context.replica
        taken: list[Record] = []

        def show(ticket: Record) -> None:
            taken.append(ticket)
            self.taken.emit(ticket.id)

        self._context.change(
            self,
            lambda: ticket_hands.take_next(replica, team_id),
            show,
            told=message("The ticket is yours"),
            undo=lambda: ticket_hands.give_back(replica, taken[-1].id),
        )

    def ask_colleague(
        self, view: TicketView, text: str, user_id: str, failed: Callable[[CrmError], None]
    ) -> None:
        """Ask somebody about a ticket; without `user_id` answer what one is asked oneself."""
        replica, ticket_id, mine = self._context.replica, view.ticket.id, view.mine
        made: list[Record] = []
        if user_id:
            self._context.change(
                self,
                lambda: questions.ask(replica, ticket_id, user_id, text),
                made.append,
                failed,
                told=message("Your colleague is asked, and sees the ticket until the answer"),
                undo=lambda: questions.retract(replica, made[-1].id),
            )
        elif mine is not None:
            self._context.change(
                self,
                lambda: questions.answer(replica, mine.id, text),
                lambda _record: None,
                failed,
                told=message("Your answer goes back into the ticket"),
            )

    def withdraw(self, question_id: str) -> None:
        """Take back a question nobody has answered."""
        replica = self._context.replica
        told = message("The question is withdrawn")
        self._context.change(self, lambda: questions.withdraw(replica, question_id), told=told)

    def ask_parts(self, view: TicketView, go: Callable[[bool], None], *, ends: bool = True) -> None:
        """Ask what becomes of the open parts, if any, of a ticket that is ended; Esc ends nothing.

        `go` is told whether they end too.
        """
        count = view.around.open_parts
        if not ends or not count:
            go(False)
            return
        words: dict[str, Message | str] = {
            "with": message("End its {count} open parts too", count=count),
            "alone": message("Leave its {count} open parts open", count=count),
        }
        self._ask(words, "", lambda key: go(key == "with"))

    def _set_state(self, view: TicketView, new: str, told: Message) -> None:
        ends = new in ENDED and view.ticket.get("status") not in ENDED

        def go(with_parts: bool) -> None:
            if not with_parts:
                self._set("status", new, told)
                return
            replica, ticket_id = self._context.replica, view.ticket.id
            before = str(view.ticket.get("status") or "new")
            parts = [(each.id, each.status) for each in view.around.parts if each.is_open]
            self._context.change(
                self,
                lambda: ticket_around.end_with_parts(replica, ticket_id, new),
                told=told,
                undo=lambda: ticket_around.begin_again(replica, ticket_id, before, parts),
            )

        self.ask_parts(view, go, ends=ends)

    def _ask_hands(self) -> None:
        replica = self._context.replica
        self._context.tasks.read(
            self,
            lambda: (ticket_hands.hands(replica), ticket_hands.team_queues(replica, every=True)),
            self._show_hands,
            self._context.show_error,
            topic="people",
        )

    def _show_hands(self, read: tuple[tuple[Hand, ...], tuple[TeamQueue, ...]]) -> None:
        people, queues = read
        if self._view is None:
            return
        ticket = self._view.ticket
        words: dict[str, Message | str] = {each.user_id: _hand_words(each) for each in people}
        for team in queues:
            words[_QUEUE + team.team_id] = message(
                "Queue of {team} · {count} waiting", team=team.name, count=team.waiting
            )
        words[""] = message("Nobody yet")
        present = str(ticket.get("assignee_id") or "")
        if not present and ticket.get("team_id"):
            present = _QUEUE + str(ticket.get("team_id"))
        self._ask(words, present, self._hand)

    def _hand(self, key: str) -> None:
        view, replica = self._view, self._context.replica
        if view is None:
            return
        before = Held(
            assignee_id=_text(view.ticket.get("assignee_id")), team_id=_text(view.ticket.get("team_id"))
        )
        new = Held(assignee_id=key or None, team_id=before.team_id)
        if key.startswith(_QUEUE):
            new = Held(assignee_id=None, team_id=key.removeprefix(_QUEUE))
        elif not key:
            new = Held(assignee_id=None, team_id=None)
        if new == before:
            return
        ticket_id = view.ticket.id
        self._context.change(
            self,
            lambda: ticket_hands.hand(replica, ticket_id, new),
            told=message("{ticket} handed over", ticket=view.ticket.get("number") or ""),
            undo=lambda: ticket_hands.hand(replica, ticket_id, before),
        )

    def _set(self, field: str, new: str, told: Message) -> None:
        view, replica = self._view, self._context.replica
        if view is None or view.ticket.get(field) == new:
            return
        ticket_id, before = view.ticket.id, view.ticket.get(field)

        def write(value: Plain) -> Callable[[], object]:
            return lambda: records.update(replica, "ticket", ticket_id, {field: value})

        self._context.change(self, write(new), told=told, undo=write(before))


def _hand_words(each: Hand) -> Message:
    told = message("{name} · {count} open", name=each.name, count=each.open_tickets)
    if each.away is None:
        return told
    return message("{who} · {away}", who=told, away=away_words(each.away))


def _text(value: Plain) -> str | None:
    return str(value) if value else None
