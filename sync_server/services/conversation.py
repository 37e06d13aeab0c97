"""Answers to tickets as they reach HQ: taken for sending, or held where a colleague was first."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, message
from crm_core.ids import named_id
from crm_core.rules.mailing import MOST_SUBJECT
from crm_core.rules.sla import BY_VOICE
from crm_core.schema.machine import Machine
from crm_core.sync.clock import ms_of
from sync_server.services import errands
from sync_server.services.errands import Errand
from sync_server.services.hq_pen import Pen
from sync_server.services.records import Record, Records
from sync_server.services.registers import blank
from sync_server.services.scopes import ScopeKeeper
from sync_server.store.database import HqTransaction

TICKET: Final = SCHEMAS["ticket"]
MESSAGE: Final = SCHEMAS["ticket_message"]
CONTACT: Final = SCHEMAS["contact"]
MAIL: Final = SCHEMAS["outgoing_mail"]
BY_MAIL: Final = frozenset(("mail", "web"))
"""Channels by which the customer wrote and is answered by mail."""
_CHAT: Final = ("conversation", "chat_name")
WRITTEN, HELD, SENT = "written", "held", "sent"


def settle(hq: HqTransaction, records: Records, scopes: ScopeKeeper, server_ms: int) -> None:
    """Take or hold the answers this batch brought, in the order they were written."""
    fresh = [
        each
        for each in records.touched()
        if each.schema is MESSAGE and each.is_new and each.lives and _is_answer(each.values)
    ]
    pen = Pen(hq, records, server_ms)
    _share_chats(pen)
    told = []
    for answer in sorted(fresh, key=lambda each: each.made.seq):
        if answer.values.get("status") not in (None, WRITTEN):
            continue
        other = _answered_meanwhile(records, answer)
        step = _machine().named("take" if other is None else "hold")
        assert step is not None
        pen.write(answer, **_machine().effects(step, ms_of(pen.mark().hlc), held=answer.values))
        if other is not None:
            told.append(_told(records, answer))
    errands.open_tasks(hq, records, scopes, told, server_ms)
    changed = [each for each in records.touched() if each.schema is MESSAGE and "status" in each.changed]
    for answer in sorted({each.id: each for each in (*fresh, *changed)}.values(), key=lambda each: each.id):
        if answer.lives and answer.values.get("status") == SENT:
            _mail(pen, scopes, answer)


def _share_chats(pen: Pen) -> None:
    """Have a ticket that was split off answered in the chat the customer wrote in."""
    for ticket in list(pen.records.touched()):
        origin_id = ticket.values.get("split_from_id") if ticket.schema is TICKET else None
        if not origin_id or not (ticket.is_new or "split_from_id" in ticket.changed):
            continue
        origin = pen.records.get(TICKET.no, origin_id)
        if origin is not None and ticket.lives and not ticket.values.get("conversation"):
            pen.write(ticket, **{name: origin.values.get(name) for name in _CHAT})


def say(
    pen: Pen,
    scopes: ScopeKeeper,
    ticket: Record,
    message_id: str,
    body: str,
    author_id: str,
    *,
    internal: bool = False,
) -> None:
    """Add what HQ says for somebody to a ticket: an answer that goes out, or a note among colleagues."""
    records = pen.records
    if records.get(MESSAGE.no, message_id) is not None:
        return
    seen = [each.id for each in _answers_of(records, ticket.id)]
    made = pen.mark()
    moment = ms_of(made.hlc)
    values: dict[str, Any] = {
        **blank(MESSAGE.no),
        "id": message_id,
        "ticket_id": ticket.id,
        "body": body,
        "internal": internal,
        "from_customer": False,
        "author_id": author_id,
        "written_at": moment,
        "answers_seen": seen or None,
        "status": WRITTEN if internal else SENT,
        "sent_at": None if internal else moment,
        **dict.fromkeys(("created_at", "updated_at"), moment),
        **dict.fromkeys(("created_by", "updated_by"), author_id),
    }
    record = Record(schema=MESSAGE, id=message_id, values=values, made=made, is_new=True)
    records.add(record)
    scopes.of_new(record)
    if not internal:
        _mail(pen, scopes, record)


def mail_of_answer(message_id: str) -> str:
    """Return the id of the mail by which an answer goes out."""
    return named_id("mail of answer", message_id)


def _is_answer(values: dict[str, Any]) -> bool:
    return not values.get("internal") and not values.get("from_customer")


def _answered_meanwhile(records: Records, answer: Record) -> Record | None:
    """Return an answer by somebody else that the writer of this one could not know; None: there is none.

    By phone or on the spot it is said already, and cannot be held. What goes on from an answer that is held
    is held as well.
    """
    values = answer.values
    if values.get("channel") in BY_VOICE:
        return None
    seen = values.get("answers_seen") or ()
    for other in _answers_of(records, values["ticket_id"]):
        if other is answer or other.values.get("status") not in (SENT, HELD):
            continue
        is_own = other.values.get("author_id") == values.get("author_id")
        if (other.values["status"] == HELD) if is_own else (other.id not in seen):
            return other
    return None


def _answers_of(records: Records, ticket_id: str) -> list[Record]:
    records.noticed_kinds.add(MESSAGE.no)
    columns = MESSAGE.table.c
    query = select(columns.id).where(columns.ticket_id == ticket_id, columns.life % 2 == 1)
    records.load({MESSAGE.no: records.connection.execute(query).scalars().all()})
    found = records.linking(MESSAGE, "ticket_id", ticket_id)
    return [each for each in found if each.lives and _is_answer(each.values)]


def _mail(pen: Pen, scopes: ScopeKeeper, answer: Record) -> None:
    """Write down the mail by which an answer goes to a customer who wrote by mail or by the web form."""
    records, values = pen.records, answer.values
    ticket = records.get(TICKET.no, values["ticket_id"])
    if ticket is None or ticket.values.get("channel") not in BY_MAIL or values.get("channel") in BY_VOICE:
        return
    contact_id = ticket.values.get("contact_id")
    contact = records.get(CONTACT.no, contact_id) if contact_id else None
    address = ticket.values.get("from_address") or (contact.values.get("email") if contact else None)
    mail_id = mail_of_answer(answer.id)
    if not address or records.get(MAIL.no, mail_id) is not None:
        return
    number = ticket.values.get("number")
    subject = f"Re: {' '.join(str(ticket.values.get('subject') or '').split())}"
    writer_id = values.get("author_id") or values.get("created_by")
    made = pen.mark()
    moment = ms_of(made.hlc)
    mail: dict[str, Any] = {
        **blank(MAIL.no),
        "id": mail_id,
        "record_entity": TICKET.name,
        "record_id": ticket.id,
        "recipients": address,
        "subject": f"{subject[: MOST_SUBJECT - 50]} [{number}]" if number else subject[:MOST_SUBJECT],
        "body": values.get("body"),
        "files": values.get("files"),
        "status": "queued",
        "created_at": moment,
        "created_by": writer_id,
        "updated_at": moment,
        "updated_by": writer_id,
    }
    record = Record(schema=MAIL, id=mail_id, values=mail, made=made, is_new=True)
    records.add(record)
    scopes.of_new(record)


def _told(records: Records, answer: Record) -> Errand:
    ticket = records.get(TICKET.no, answer.values["ticket_id"])
    number = str((ticket.values.get("number") if ticket is not None else None) or "")
    said = message(
        N_("Your answer to ticket {number} is held: a colleague answered first. Send it, or drop it"),
        number=number,
    )
    return Errand(subject=said, about=ticket or answer, owner_id=answer.values.get("author_id"))


def _machine() -> Machine:
    machine = MESSAGE.meta.machine
    assert machine is not None
    return machine
