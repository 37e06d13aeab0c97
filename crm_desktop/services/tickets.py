"""Tickets: the queue by deadline, the conversation, replies and notes, closing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities.customer import Contact, Customer
from crm_core.entities.ticket import Ticket, TicketMessage
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message
from crm_core.rules.access import Action
from crm_core.rules.feedback import all_reasons, mark_of
from crm_core.rules.service_levels import DUE
from crm_core.rules.sla import Promised
from crm_core.rules.ticket_routing import waits
from crm_core.schema.field import Plain
from crm_desktop.models import query, repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import completing_requests, questions, records, rights, ticket_around
from crm_desktop.services.attachments import FileRow
from crm_desktop.services.feedback import judged_in
from crm_desktop.services.files_along import demand_mailable, files_named
from crm_desktop.services.marks import marks_of, not_sent_of
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.questions import QuestionRow
from crm_desktop.services.ticket_answers import AnswerRow, answers_in
from crm_desktop.services.ticket_around import Around
from crm_desktop.services.triage import WRITTEN

OPEN_STATES = ("new", "open", "waiting")
NEAR_MS = 2 * 3_600_000
PAGE = 100
VIEWED = frozenset(
    (
        *("ticket", "ticket_message", "ticket_question", "ticket_category", "installed_product"),
        *("survey_answer", "customer", "user", "absence", "attachment"),
    )
)
"""Kinds of record the queue and the view of a ticket are made of."""


class Queue(StrEnum):
    """The views of the ticket queue."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    NEAR = "near"
    UNKNOWN = "unknown"
    ALL = "all"


class Clock(StrEnum):
    """Which promise is counted down."""

    REPLY = "reply"
    NEXT = "next"
    SOLVE = "solve"
    PAUSED = "paused"
    NONE = "none"


_CLOCKS = {Clock.REPLY: Promised.REPLY, Clock.NEXT: Promised.NEXT, Clock.SOLVE: Promised.SOLVE}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A ticket in the queue. `due_at` is of the promise named by `clock`; None without one."""

    id: str
    number: str
    subject: str
    customer_name: str
    status: str
    priority: str
    clock: Clock
    due_at: int | None
    not_sent: bool
    waits_for: str = ""
    """Name of the colleague whose answer is waited for."""
    answered_twice: bool = False
    """An answer is held, since a colleague answered first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """A message of the conversation."""

    id: str
    body: str
    author: str
    internal: bool
    from_customer: bool
    written_at: int
    not_sent: bool
    is_held: bool = False
    """A colleague answered first, which its writer did not know: he says whether it goes out."""
    is_dropped: bool = False
    outcome: str = ""
    """What the program said that carries a chat: `delivered`, `failed`; '' where it said nothing."""
    outcome_said: str = ""
    asks: str = ""
    """Of a question to a colleague: whom."""
    is_answer: bool = False
    """A colleague's answer to such a question."""
    question_id: str = ""
    """Of a question one asked that waits for its answer: to be withdrawn."""
    files: tuple[FileRow, ...] = ()
    """Files that go along with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """A ticket with its conversation, oldest message first."""

    ticket: Record
    clock: Clock
    due_at: int | None
    customer: Record | None
    contact_name: str
    contact_phone: str
    """Of the contact; empty where it is not known."""
    assignee_name: str
    product_name: str
    messages: tuple[MessageRow, ...]
    others: tuple[QueueRow, ...]
    """Other open tickets of the customer."""
    may_edit: bool
    answers: tuple[AnswerRow, ...] = ()
    """What the customer was asked about it, the newest first."""
    team_name: str = ""
    """Whose queue it is in."""
    awaits_rules: bool = False
    """It was made here and names nobody: HQ's rules say to whom it goes once HQ has it."""
    questions: tuple[QuestionRow, ...] = ()
    """What colleagues were asked about it."""
    mine: QuestionRow | None = None
    """What one is asked oneself and has not answered."""
    around: Around = field(default_factory=Around)
    """Its category, the product it is about, its parts."""
    feedback: str | None = None
    """Whether its customer complains often, or recommends us."""
    feedback_why: Message | None = None

    @property
    def answered_twice(self) -> bool:
        """Whether an answer is held, since a colleague answered first."""
        return any(each.is_held for each in self.messages)

    @property
    def waits_for(self) -> str:
        """Name of the colleague whose answer is waited for; '' where there is none."""
        return next((each.asked for each in self.questions if each.status == questions.OPEN), "")


def queue(
    replica: Replica, which: Queue, text: str = "", limit: int = PAGE, team_id: str = ""
) -> tuple[QueueRow, ...]:
    """Return open tickets, the most pressing first; with `team_id` only those of that team."""
    with replica.read() as session:
        statement = _in_queue(replica, which)
        if team_id:
            statement = statement.where(Ticket.team_id == team_id)
        if text:
            statement = statement.where(
                Ticket.subject.contains(text, autoescape=True) | Ticket.number.contains(text, autoescape=True)
            )
        order = (Ticket.due_at.is_(None), Ticket.due_at, Ticket.created_at, Ticket.id)
        rows = session.scalars(statement.order_by(*order).limit(limit)).all()
        return _queue_rows(session, rows)


def counts(replica: Replica) -> dict[Queue, int]:
    """Return how many tickets each queue holds."""
    with replica.read() as session:
        return {which: _count(session, replica, which) for which in Queue}


def count_near(replica: Replica) -> int:
    """Return how many tickets are near or past what was promised."""
    with replica.read() as session:
        return _count(session, replica, Queue.NEAR)


def view(replica: Replica, ticket_id: str) -> TicketView:
    """Return a ticket with its conversation. `NotFound` where it is not on this laptop."""
    with replica.read() as session:
        ticket = repository.get(session, "ticket", ticket_id)
        if ticket is None:
            raise NotFound(N_("There is no such record on this laptop"))
        messages = session.scalars(
            select(TicketMessage)
            .where(TicketMessage.ticket_id == ticket_id, TicketMessage.life % 2 == 1)
            .order_by(TicketMessage.written_at, TicketMessage.id)
        ).all()
        authors = query.labels(session, "user", {m.author_id for m in messages if m.author_id})
        people = query.labels(session, "contact", {m.contact_id for m in messages if m.contact_id})
        waiting = not_sent_of(session, "ticket_message", [m.id for m in messages])
        customer_id = str(ticket.get("customer_id") or "")
        customer = repository.get(session, "customer", customer_id) if customer_id else None
        others = session.scalars(
            select(Ticket)
            .where(
                Ticket.customer_id == customer_id,
                Ticket.id != ticket_id,
                Ticket.status.in_(OPEN_STATES),
                Ticket.life % 2 == 1,
            )
            .order_by(Ticket.created_at.desc())
            .limit(20)
        ).all()
        contact_id, assignee_id = ticket.get("contact_id"), ticket.get("assignee_id")
        product_id = ticket.get("product_id")
        contact = session.get(Contact, contact_id) if contact_id else None
        clock, due_at = promise(ticket.values)
        asked = questions.questions_in(session, ticket_id)
        me, now_ms = replica.person.user_id, replica.clock.now_ms()
        judged = judged_in(session, replica.person, customer_id, now_ms) if customer else ()
        team_id = ticket.get("team_id")
        said = [
            MessageRow(
                id=row.id,
                body=row.body or "",
                author=authors.get(row.author_id or "", people.get(row.contact_id or "", ""))
                or (_said_by(row, ticket) if row.from_customer else ""),
                internal=bool(row.internal),
                from_customer=bool(row.from_customer),
                written_at=row.written_at or row.created_at or 0,
                not_sent=row.id in waiting,
                is_held=row.status == "held",
                is_dropped=row.status == "dropped",
                outcome=row.outcome or "",
                outcome_said=row.outcome_said or "",
                files=files_named(session, replica, row.files or ()),
            )
            for row in messages
        ]
        said += [each for row in asked for each in _asked_and_answered(row, me)]
        return TicketView(
            ticket=ticket,
            clock=clock,
            due_at=due_at,
            customer=customer,
            contact_name=(contact.name or "") if contact else "",
            contact_phone=(contact.phone or "") if contact else "",
            assignee_name=query.labels(session, "user", {assignee_id}).get(assignee_id, "")
            if assignee_id
            else "",
            product_name=query.labels(session, "product", {product_id}).get(product_id, "")
            if product_id
            else "",
            messages=tuple(sorted(said, key=lambda each: (each.written_at, each.id))),
            others=_queue_rows(session, others) if customer_id else (),
            may_edit=bool(rights.may(session, replica.person, Action.EDIT, "ticket", ticket.values)),
            answers=answers_in(session, replica.person, ticket_id),
            team_name=query.labels(session, "team", {team_id}).get(team_id, "") if team_id else "",
            awaits_rules=waits(ticket.values) and ticket_id in not_sent_of(session, "ticket", [ticket_id]),
            around=ticket_around.around(session, ticket, replica.clock.today()),
            questions=asked,
            feedback=mark_of(judged),
            feedback_why=all_reasons(judged),
            mine=next((e for e in asked if e.asked_id == me and e.status == questions.OPEN), None),
        )


def _asked_and_answered(row: QuestionRow, me: str) -> list[MessageRow]:
    """Return a question to a colleague, and its answer, as messages of the conversation."""
    if row.status == questions.WITHDRAWN:
        return []
    asked = MessageRow(
        id=row.id,
        body=row.question,
        author=row.asker,
        internal=True,
        from_customer=False,
        written_at=row.asked_at,
        not_sent=row.not_sent,
        asks=row.asked,
        question_id=row.id if row.status == questions.OPEN and row.asker_id in (None, me) else "",
    )
    if row.status != questions.ANSWERED:
        return [asked]
    answered = replace(
        asked,
        id=f"{row.id}/answer",
        body=row.answer,
        author=row.asked,
        written_at=max(row.answered_at or 0, row.asked_at + 1),
        asks="",
        is_answer=True,
    )
    return [replace(asked, not_sent=False), answered]


def promise(values: Mapping[str, Any]) -> tuple[Clock, int | None]:
    """Return which promise of a ticket with these values counts down, and until when."""
    if values.get("status") not in OPEN_STATES or not values.get("policy_id"):
        return Clock.NONE, None
    due_at = values.get("due_at")
    if due_at is None:
        return Clock.PAUSED, None
    for clock, which in _CLOCKS.items():
        if values.get(DUE[which]) == due_at:
            return clock, due_at
    return Clock.SOLVE, due_at


def promise_values(ticket: Ticket) -> dict[str, Any]:
    """Return what `promise` reads of a ticket."""
    return {name: getattr(ticket, name) for name in ("status", "policy_id", "due_at", *DUE.values())}


def create(replica: Replica, values: Mapping[str, Plain], first_message: str = "") -> Outcome[Record]:
    """Open a ticket with what the customer said, in one step; it goes to whoever opens it."""
    with replica.write() as session:
        given: dict[str, Plain] = {"assignee_id": replica.person.user_id, **values}
        ticket = records.create_in(session, replica, "ticket", given)
        if first_message.strip():
            said: dict[str, Plain] = {"ticket_id": ticket.id, "body": first_message, "from_customer": True}
            if given.get("contact_id"):
                said["contact_id"] = given["contact_id"]
            records.create_in(session, replica, "ticket_message", said)
    return Outcome(ticket, frozenset(session.changed))


def reply(
    replica: Replica,
    ticket_id: str,
    body: str,
    *,
    internal: bool = False,
    close: bool = False,
    with_parts: bool = False,
    files: Sequence[str] = (),
) -> Outcome[Record]:
    """Add an answer or an internal note; it waits for the next sync and may be changed until then.

    The first answer to the customer opens a new ticket; `close` solves it, `with_parts` its open parts too.
    `files` are ids of files of the ticket that go along: of an answer the customer gets them, by mail.
    """
    if not body.strip():
        raise UserError(N_("Write something first"))
    said: dict[str, Plain] = {"ticket_id": ticket_id, "body": body, "internal": internal}
    if files:
        said["files"] = list(files)
    with replica.write() as session:
        if files and not internal:
            demand_mailable(session, files)
        message = records.create_in(session, replica, "ticket_message", said)
        ticket = repository.get(session, "ticket", ticket_id)
        if ticket is not None and not internal:
            changes: dict[str, Plain] = {}
            if close:
                changes["status"] = "solved"
                completing_requests.demand_workable(session, ticket, changes)
            elif ticket.get("status") == "new" and not completing_requests.is_held(session, ticket_id):
                changes["status"] = "open"
            if changes:
                rights.may(session, replica.person, Action.EDIT, "ticket", ticket.values).demand()
                repository.update(session, "ticket", ticket_id, changes)
            if close and with_parts:
                ticket_around.end_parts(session, replica, ticket_id, "solved")
    return Outcome(message, frozenset(session.changed))


def change_reply(replica: Replica, message_id: str, body: str) -> Outcome[Record]:
    """Change a message that was not sent yet."""
    with replica.read() as session:
        if message_id not in not_sent_of(session, "ticket_message", [message_id]):
            raise UserError(N_("This message was sent already"))
    return records.update(replica, "ticket_message", message_id, {"body": body})


def set_status(replica: Replica, ticket_id: str, status: str) -> Outcome[Record]:
    """Change a ticket's state."""
    return records.update(replica, "ticket", ticket_id, {"status": status})


def _count(session: Session, replica: Replica, which: Queue) -> int:
    return session.scalar(select(func.count()).select_from(_in_queue(replica, which).subquery())) or 0


def _in_queue(replica: Replica, which: Queue) -> Any:
    statement = select(Ticket).where(Ticket.life % 2 == 1, Ticket.status.in_(OPEN_STATES))
    if which is Queue.MINE:
        return statement.where(Ticket.assignee_id == replica.person.user_id)
    if which is Queue.UNASSIGNED:
        return statement.where(Ticket.assignee_id.is_(None))
    if which is Queue.UNKNOWN:
        return statement.where(
            Ticket.customer_id.is_(None), Ticket.contact_id.is_(None), Ticket.channel.in_(WRITTEN)
        )
    if which is Queue.NEAR:
        limit = replica.clock.now_ms() + NEAR_MS
        return statement.where(Ticket.due_at <= limit)
    return statement


def _said_by(row: TicketMessage, ticket: Record) -> str:
    """Return what somebody calls himself who is no contact here."""
    return row.from_name or str(ticket.get("from_name") or "")


def _from(ticket: Ticket) -> str:
    """Return from where a ticket of nobody came."""
    return ticket.from_address or ticket.from_phone or ticket.chat_name or ""


def _queue_rows(session: Session, tickets: Sequence[Ticket]) -> tuple[QueueRow, ...]:
    names = {
        row.id: row.name or ""
        for row in session.execute(
            select(Customer.id, Customer.name).where(
                Customer.id.in_({ticket.customer_id for ticket in tickets if ticket.customer_id})
            )
        )
    }
    ids = [ticket.id for ticket in tickets]
    ticket_of = {
        row.id: row.ticket_id
        for row in session.execute(
            select(TicketMessage.id, TicketMessage.ticket_id).where(
                TicketMessage.ticket_id.in_(ids), TicketMessage.life % 2 == 1
            )
        )
    }
    unsent = not_sent_of(session, "ticket_message", list(ticket_of))
    # A reply that waits makes its ticket one that waits, whether or not the ticket itself changed.
    marks = marks_of(session, "ticket", ids)
    waiting = marks.not_sent | {ticket_of[message_id] for message_id in unsent}
    asked = questions.waits_for(session, ids)
    result = []
    for ticket in tickets:
        clock, due_at = promise(promise_values(ticket))
        result.append(
            QueueRow(
                id=ticket.id,
                number=ticket.number or "",
                subject=ticket.subject or "",
                customer_name=names.get(ticket.customer_id or "", "") or ticket.from_name or _from(ticket),
                status=ticket.status or "new",
                priority=ticket.priority or "normal",
                clock=clock,
                due_at=due_at,
                not_sent=ticket.id in waiting,
                waits_for=asked.get(ticket.id, ""),
                answered_twice=ticket.id in marks.answered_twice,
            )
        )
    return tuple(result)
