"""Colleagues asked about tickets: who is asked sees the ticket and is told; who asked hears the answer."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, message
from crm_core.sync.merge import dot
from sync_server.services import errands
from sync_server.services.errands import Errand
from sync_server.services.hq_pen import Pen
from sync_server.services.records import Record, Records
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.wanted import register_of
from sync_server.store.database import HqTransaction

QUESTION: Final = SCHEMAS["ticket_question"]
TICKET: Final = SCHEMAS["ticket"]
USER: Final = SCHEMAS["user"]
OPEN, ANSWERED = "open", "answered"
_SHOWN: Final = TICKET.fields["shown_to"]
_OF_QUESTIONS: Final = 3  # incarnation in the names of what HQ adds to the set by itself for questions
_LONGEST: Final = 80


def settle(hq: HqTransaction, records: Records, scopes: ScopeKeeper, server_ms: int) -> None:
    """Show tickets to who is asked, while he is; tell who is asked, and who asked of an answer."""
    changed = [
        each
        for each in list(records.touched())
        if each.schema is QUESTION and (each.is_new or each.changed or each.meta_changed)
    ]
    if not changed:
        return
    pen, told = Pen(hq, records, server_ms), []
    for question in sorted(changed, key=lambda each: each.id):
        ticket = records.get(TICKET.no, question.values.get("ticket_id") or "")
        if ticket is None:
            continue
        asked, asker = question.values.get("asked_id"), question.values.get("created_by")
        status = question.values.get("status") or OPEN
        newly_asked = question.is_new or "asked_id" in question.changed
        if question.lives and status == OPEN and newly_asked and asked != asker:
            said = message(
                N_("{name} asks you about ticket {number}: {text}"),
                name=_name(records, asker),
                number=str(ticket.values.get("number") or ""),
                text=_short(question.values.get("question")),
            )
            told.append(Errand(subject=said, about=ticket, owner_id=asked))
        if (
            question.lives
            and status == ANSWERED
            and "status" in question.changed
            and asker
            and asked != asker
        ):
            said = message(
                N_("{name} answered about ticket {number}: {text}"),
                name=_name(records, asked),
                number=str(ticket.values.get("number") or ""),
                text=_short(question.values.get("answer")),
            )
            told.append(Errand(subject=said, about=ticket, owner_id=asker))
        _show(pen, scopes, ticket)
    errands.open_tasks(hq, records, scopes, told, server_ms)


def _show(pen: Pen, scopes: ScopeKeeper, ticket: Record) -> None:
    """Let those see a ticket who are asked about it now; nobody by a question that came to its end."""
    records = pen.records
    records.noticed_kinds.add(QUESTION.no)
    columns = QUESTION.table.c
    query = select(columns.id).where(columns.ticket_id == ticket.id)
    records.load({QUESTION.no: records.connection.execute(query).scalars().all()})
    wanted = {
        str(each.values["asked_id"])
        for each in records.linking(QUESTION, "ticket_id", ticket.id)
        if each.lives and (each.values.get("status") or OPEN) == OPEN and each.values.get("asked_id")
    }
    wanted = {each for each in wanted if records.get(USER.no, each) is not None}
    register = register_of(_SHOWN)
    pairs = ticket.dots.get(register, set())
    ours = {pair for pair in pairs if _is_ours(pair[1])}
    if {word for word, _ in ours} == wanted:
        return
    records.change(ticket)
    scopes.lend(ticket)
    mark = pen.mark()
    kept = {pair for pair in pairs if pair not in ours or pair[0] in wanted}
    held = {word for word, _ in ours}
    ticket.dots[register] = kept | {(word, dot(0, _OF_QUESTIONS, mark.hlc)) for word in wanted - held}
    ticket.set("shown_to", sorted({word for word, _ in ticket.dots[register]}) or None)
    ticket.stamp(register, mark)
    scopes.changed(ticket)
    scopes.lend(ticket)


def _is_ours(name: str) -> bool:
    return name.startswith(dot(0, _OF_QUESTIONS, 0).removesuffix("0"))


def _name(records: Records, user_id: Any) -> str:
    user = records.get(USER.no, user_id) if user_id else None
    return str(user.values.get("name") or "") if user is not None else ""


def _short(text: Any) -> str:
    line = " ".join(str(text or "").split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
