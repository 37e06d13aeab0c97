"""Chats and social media: a program with a key brings what customers say there, and carries answers back.

A conversation is what that program calls it. Its messages become a ticket and messages of it, each once,
in the order of their own times; after the ticket is closed, the next one begins another. Whose a ticket is
follows from the sender's name in the chat, which is kept. An answer written here waits until the program
says what became of it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.entities.ticket import OUTCOMES
from crm_core.errors import Invalid, NotFound, Problem
from crm_core.i18n import N_, Message, message
from crm_core.ids import is_id, named_id
from crm_core.rules.access import Action, decide
from crm_core.rules.mailing import is_address
from crm_core.rules.scopes import EVERYONE
from crm_core.rules.sla import BY_VOICE
from crm_core.schema.phones import standard_form
from crm_core.schema.said import as_typed
from crm_core.schema.validate import MAX_LONG_TEXT
from crm_core.schema.values import instant_text, parse_instant
from crm_core.times import DAY_MS
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind, Writing
from sync_server.services.intake import CLOSED, MESSAGE, TICKET, Desk, create, one_line
from sync_server.services.letter_parts import LetterFile, file_name, media_type_of
from sync_server.services.reading import NO_SUCH, Reader
from sync_server.services.records import chunks
from sync_server.services.senders import Sender
from sync_server.services.told import task_for

CHANNELS: Final = ("chat", "social")
MESSAGES_MOST: Final = 100
FILES_MOST: Final = 10
NAME_MOST: Final = 120
ID_MOST: Final = 200
ANSWERED_DAYS: Final = 14
"""How long an answer nobody asked for is offered."""
_USER: Final = SCHEMAS["user"].table
_ATTACHMENT: Final = SCHEMAS["attachment"].table
_EARLIEST: Final = 946_684_800_000  # 2000: whatever is before that is no time of a chat
_OF_FILE: Final = ("name", "media_type", "size_bytes", "sha256")
_SUBJECT_MOST: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of a conversation."""

    id: str
    at_ms: int
    text: str
    by_customer: bool
    name: str
    files: tuple[LetterFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """What a program brings of one conversation, checked."""

    channel: str
    sender: Sender
    subject: str
    messages: tuple[Said, ...]


def read_chat(body: Mapping[str, Any], now_ms: int) -> Chat:
    """Return what a request says. Raises `Invalid`, naming what is wrong."""
    problems: list[Problem] = []
    channel = body.get("channel", CHANNELS[0])
    if channel not in CHANNELS:
        allowed = ", ".join(CHANNELS)
        told = message(N_("“{text}” is none of {allowed}"), text=channel, allowed=allowed)
        _wrong(problems, "channel", told)
    service = _text(problems, body, "service", 40, required=True)
    author = body.get("author")
    author = author if isinstance(author, Mapping) else {}
    own_name = _text(problems, author, "handle", ID_MOST, required=True, place="author.handle")
    email = _text(problems, author, "email", 254, place="author.email")
    if email and not is_address(email):
        _wrong(problems, "author.email", message(N_("This is not an e-mail address")))
    phone = _text(problems, author, "phone", 40, place="author.phone")
    name = _text(problems, author, "name", NAME_MOST, place="author.name")
    listed = body.get("messages")
    if not isinstance(listed, list) or not listed or len(listed) > MESSAGES_MOST:
        _wrong(problems, "messages", message(N_("From 1 to {most} messages"), most=MESSAGES_MOST))
        listed = []
    said = [_said(problems, each, place, now_ms) for place, each in enumerate(listed)]
    subject = _text(problems, body, "subject", 200)
    if problems:
        raise Invalid(problems)
    return Chat(
        channel=str(channel),
        sender=Sender(
            name=one_line(name, NAME_MOST),
            address=email.lower(),
            phone=standard_form(phone) or phone,
            chat_name=f"{service.lower()}:{own_name}",
        ),
        subject=one_line(subject),
        messages=tuple(sorted((each for each in said if each is not None), key=lambda each: each.at_ms)),
    )


def take(hq: Headquarters, writing: Writing, conversation: str, chat: Chat, now_ms: int) -> dict[str, Any]:
    """Take messages in within the transaction of a request; return what became of them, to be shown.

    Raises `AccessDenied` for a key that may not make tickets and messages of all of them.
    """
    person = writing.reader().person
    for entity in ("ticket", "ticket_message"):
        decide(person, Action.CREATE, entity, (EVERYONE,)).demand()
    desk = Desk(hq, writing.as_hq(), now_ms)
    if desk.senders.is_barred(chat.sender):
        return {"barred": True, "messages": [{"id": each.id, "taken": False} for each in chat.messages]}
    own = f"{person.user_id}:{conversation}"
    ticket, before = _ticket(desk, own)
    shown: list[dict[str, Any]] = []
    for each in chat.messages:
        message_id = named_id("chat message", f"{own}\n{each.id}")
        is_known = desk.row(MESSAGE, message_id) is not None
        if not is_known:
            if ticket is None:
                ticket = _open(desk, chat, each, message_id, own, before)
            else:
                _go_on(desk, chat, each, message_id, ticket)
            ticket = desk.row(TICKET, str(ticket["id"]))
            assert ticket is not None
        shown.append({"id": each.id, "message_id": message_id, "taken": not is_known})
    ticket = ticket or before
    about = {} if ticket is None else {name: ticket[name] for name in ("number", "customer_id", "contact_id")}
    return {
        "barred": False,
        "ticket_id": ticket["id"] if ticket is not None else None,
        **about,
        "messages": shown,
    }


def answers(reader: Reader, now_ms: int, limit: int) -> list[dict[str, Any]]:
    """Return the answers a program is to carry, oldest first: those it has not told the outcome of."""
    for entity in ("ticket", "ticket_message"):
        decide(reader.person, Action.READ, entity).demand()
    own = f"{reader.person.user_id}:"
    query = (
        select(MESSAGE.c.id, MESSAGE.c.body, MESSAGE.c.sent_at, MESSAGE.c.ticket_id, MESSAGE.c.files)
        .add_columns(TICKET.c.conversation, TICKET.c.chat_name, TICKET.c.number, _USER.c.name.label("by"))
        .join(TICKET, TICKET.c.id == MESSAGE.c.ticket_id)
        .outerjoin(_USER, _USER.c.id == MESSAGE.c.author_id)
        .where(MESSAGE.c.created_at > now_ms - ANSWERED_DAYS * DAY_MS, MESSAGE.c.life % 2 == 1)
        .where(MESSAGE.c.status == "sent", MESSAGE.c.outcome.is_(None))
        .where(MESSAGE.c.internal.is_not(True), MESSAGE.c.from_customer.is_not(True))
        .where(MESSAGE.c.channel.is_(None) | MESSAGE.c.channel.not_in(BY_VOICE))
        .where(TICKET.c.conversation.startswith(own, autoescape=True), TICKET.c.life % 2 == 1)
        .order_by(MESSAGE.c.sent_at, MESSAGE.c.id)
        .limit(limit)
    )
    rows = reader.connection.execute(query).all()
    there = _files_along(reader, [each for row in rows for each in row.files or ()])
    return [
        {
            "message_id": row.id,
            "conversation": row.conversation.removeprefix(own),
            "to": row.chat_name,
            "text": row.body,
            "by": row.by or "",
            "at": instant_text(row.sent_at or 0),
            "ticket_id": row.ticket_id,
            "number": row.number,
            "files": [
                {"id": each, **{name: there[each][name] for name in _OF_FILE}}
                for each in row.files or ()
                if each in there
            ],
        }
        for row in rows
    ]


def _files_along(reader: Reader, ids: Sequence[str]) -> dict[str, Any]:
    """Return the files that go along with answers, by id, for a key that may read files.

    As with the answers themselves: who carries one has what the customer gets, whoever else sees the ticket.
    """
    found: dict[str, Any] = {}
    for some in chunks(sorted(set(ids))) if decide(reader.person, Action.READ, "attachment") else ():
        query = select(_ATTACHMENT).where(_ATTACHMENT.c.id.in_(some), _ATTACHMENT.c.life % 2 == 1)
        found.update({row["id"]: row for row in reader.connection.execute(query).mappings()})
    return found


def demand_along(reader: Reader, message_id: str, file_id: str) -> None:
    """Raise `NotFound` for a file that does not go along with an answer the asker carries."""
    query = select(MESSAGE.c.files).join(TICKET, TICKET.c.id == MESSAGE.c.ticket_id)
    own = (
        *(MESSAGE.c.id == message_id, MESSAGE.c.life % 2 == 1, MESSAGE.c.status == "sent"),
        *(MESSAGE.c.internal.is_not(True), MESSAGE.c.from_customer.is_not(True)),
        TICKET.c.conversation.startswith(f"{reader.person.user_id}:", autoescape=True),
    )
    found = reader.connection.execute(query.where(*own)).scalar_one_or_none()
    if file_id not in (found or ()) or file_id not in _files_along(reader, [file_id]):
        raise NotFound(NO_SUCH)


def note_outcome(
    hq: Headquarters, writing: Writing, message_id: str, body: Mapping[str, Any], now_ms: int
) -> dict[str, Any]:
    """Keep what became of an answer; who wrote one that failed gets a task. Raises `NotFound`, `Invalid`."""
    person = writing.reader().person
    decide(person, Action.EDIT, "ticket_message", (EVERYONE,)).demand()
    outcome, problems = body.get("outcome"), list[Problem]()
    if outcome not in [choice.value for choice in OUTCOMES]:
        allowed = ", ".join(choice.value for choice in OUTCOMES)
        _wrong(
            problems, "outcome", message(N_("“{text}” is none of {allowed}"), text=outcome, allowed=allowed)
        )
    reason = one_line(_text(problems, body, "reason", 500), 500)
    if problems:
        raise Invalid(problems)
    desk = Desk(hq, writing.as_hq(), now_ms)
    answer = desk.row(MESSAGE, message_id) if is_id(message_id) else None
    ticket = desk.living(answer["ticket_id"]) if answer is not None and answer["life"] % 2 == 1 else None
    if (
        answer is None
        or ticket is None
        or answer["from_customer"]
        or answer["internal"]
        or not str(ticket["conversation"] or "").startswith(f"{person.user_id}:")
    ):
        raise NotFound(NO_SUCH)
    values = {"outcome": outcome, "outcome_said": reason or None}
    edits = [
        Edit(kind=EditKind.UPDATE, entity="ticket_message", record_id=message_id, values=values),
    ]
    if outcome == "failed" and answer["outcome"] != "failed":
        told = message(
            N_("An answer to ticket {number} could not be delivered: {reason}"),
            number=ticket["number"] or "",
            reason=reason,
        )
        about = ("ticket", str(ticket["id"]))
        edits.append(task_for(hq, told, about, answer["author_id"] or answer["created_by"], now_ms))
    desk.write(edits)
    return {"message_id": message_id, "outcome": outcome}


def _ticket(desk: Desk, own: str) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """Return the ticket a conversation goes on in, and else the closed one it follows.

    The newest of those that are open, where some of it was split off; what it was merged into, where it was.
    """
    query = (
        select(TICKET)
        .where(TICKET.c.conversation == own, (TICKET.c.life % 2 == 1) | TICKET.c.merged_into_id.is_not(None))
        .order_by(TICKET.c.life % 2 == 0, TICKET.c.status == CLOSED)
        .order_by(TICKET.c.created_at.desc(), TICKET.c.id.desc())
        .limit(1)
    )
    row = desk.connection.execute(query).mappings().first()
    found = desk.living(row["id"]) if row is not None else None
    if found is None:
        return None, None
    return (None, dict(found)) if found["status"] == CLOSED else (dict(found), None)


def _open(
    desk: Desk, chat: Chat, said: Said, message_id: str, own: str, before: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    first = next((each.text for each in chat.messages if each.by_customer and each.text), said.text)
    values = {
        "subject": chat.subject
        or one_line(first, _SUBJECT_MOST)
        or chat.sender.name
        or chat.sender.chat_name,
        "channel": chat.channel,
        "conversation": own,
        "parent_id": before["id"] if before is not None else None,
    }
    ticket_id = named_id("ticket by chat", message_id)
    edits = desk.open_ticket(
        ticket_id,
        message_id,
        chat.sender,
        values,
        _values(said),
        links=desk.senders.links(chat.sender),
        files=said.files,
    )
    desk.write(edits)
    made = desk.row(TICKET, ticket_id)
    assert made is not None
    return made


def _go_on(desk: Desk, chat: Chat, said: Said, message_id: str, ticket: Mapping[str, Any]) -> None:
    if said.by_customer:
        desk.write(desk.go_on(ticket, message_id, chat.sender, _values(said), files=said.files))
        return
    values = {**_values(said), "ticket_id": ticket["id"]}
    kept = desk.keep_files(str(ticket["id"]), message_id, said.files)
    desk.write([create("ticket_message", message_id, values), *kept])


def _values(said: Said) -> dict[str, Any]:
    """Return the values of a message. What a machine there said is a note: it needs no answer and is none."""
    names = ", ".join(file.name for file in said.files)
    values: dict[str, Any] = {"body": said.text or names, "written_at": said.at_ms, "from_name": said.name}
    return values if said.by_customer else {**values, "from_customer": False, "internal": True}


def _said(problems: list[Problem], given: Any, place: int, now_ms: int) -> Said | None:
    at = f"messages.{place}"
    if not isinstance(given, Mapping):
        _wrong(problems, at, message(N_("“{name}” must be an object"), name=at))
        return None
    own_id = _text(problems, given, "id", ID_MOST, required=True, place=f"{at}.id")
    text = _text(problems, given, "text", MAX_LONG_TEXT, place=f"{at}.text")
    moment = _text(problems, given, "at", 40, place=f"{at}.at")
    at_ms = now_ms
    if moment:
        try:
            at_ms = parse_instant(moment)
        except (ValueError, OverflowError):
            _wrong(problems, f"{at}.at", message(N_("This is not a moment such as 2026-11-30T08:15:00Z")))
    by = given.get("from", "customer")
    if by not in ("customer", "machine"):
        allowed = "customer, machine"
        _wrong(problems, f"{at}.from", message(N_("“{text}” is none of {allowed}"), text=by, allowed=allowed))
    files = _files(problems, given.get("files") or [], at)
    if not text and not files:
        _wrong(problems, f"{at}.text", message(N_("This is required")))
    return Said(
        id=own_id,
        at_ms=min(max(at_ms, _EARLIEST), now_ms),
        text=text,
        by_customer=by == "customer",
        name=one_line(_text(problems, given, "name", NAME_MOST, place=f"{at}.name"), NAME_MOST),
        files=files,
    )


def _files(problems: list[Problem], given: Any, at: str) -> tuple[LetterFile, ...]:
    if not isinstance(given, list) or len(given) > FILES_MOST:
        _wrong(problems, f"{at}.files", message(N_("At most {most} files"), most=FILES_MOST))
        return ()
    files: list[LetterFile] = []
    for number, each in enumerate(given):
        place = f"{at}.files.{number}"
        if not isinstance(each, Mapping):
            _wrong(problems, place, message(N_("“{name}” must be an object"), name=place))
            continue
        try:
            content = base64.b64decode(str(each.get("content") or ""), validate=True)
        except (binascii.Error, ValueError):
            _wrong(problems, f"{place}.content", message(N_("This is not Base64")))
            continue
        kind = media_type_of(str(each.get("media_type") or ""))
        name = file_name(str(each.get("name") or ""), kind, number)
        files.append(LetterFile(name=name, media_type=kind, content=content))
    return tuple(files)


def _text(
    problems: list[Problem],
    given: Mapping[str, Any],
    name: str,
    most: int,
    *,
    required: bool = False,
    place: str = "",
) -> str:
    """Return a text of a request without what no engine stores; note what is wrong with it."""
    said = given.get(name)
    if said is not None and not isinstance(said, str):
        _wrong(problems, place or name, message(N_("This must be text")))
        return ""
    kept = as_typed(said or "").strip()
    if not kept and required:
        _wrong(problems, place or name, message(N_("This is required")))
    if len(kept) > most:
        _wrong(problems, place or name, message(N_("At most {most} characters"), most=most))
    return kept


def _wrong(problems: list[Problem], place: str, said: Message) -> None:
    problems.append(Problem(field=place, message=said))
