"""Mails of customers to the service address: tickets and messages of tickets, each once.

Anybody may have sent one. What answers a mail of a ticket goes to that ticket; a number in a subject counts
only from somebody of its customer. Whatever machines send makes nothing, so that nothing goes round in
circles; a report that an answer was not delivered is told to who wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import structlog
from sqlalchemy import func, select

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError
from crm_core.i18n import N_, message
from crm_core.ids import is_id, named_id
from crm_core.times import HOUR_MS
from resources import translation
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind
from sync_server.services.letters import Letter, forwarded_from, read_letter
from sync_server.services.mail_people import colleague_by, known_by
from sync_server.services.mailbox import Box, new_mails, own_address
from sync_server.services.told import task_for

AN_HOUR_MOST: Final = 30
"""Mails of one sender taken in within an hour; more of them are machines that answer each other."""
_NUMBER: Final = re.compile(r"\[([^\[\]\s]{1,40})\]")
_OURS: Final = re.compile(r"<([0-9a-f]{32})@[^<>\s]+>")
_TICKET, _MESSAGE, _MAIL = (SCHEMAS[name].table for name in ("ticket", "ticket_message", "outgoing_mail"))
_REPORT_MOST: Final = 1_000

log = structlog.get_logger("satchel.mail")


class Fate(StrEnum):
    """What became of a mail."""

    TICKET = "tickets"
    MESSAGE = "messages"
    NOTE = "notes"
    """Of a colleague: a note among colleagues."""
    BOUNCED = "bounced"
    AUTOMATIC = "automatic"
    KNOWN = "known"
    LOOP = "loops"
    UNREADABLE = "unreadable"


def fetch(hq: Headquarters, now_ms: int) -> dict[str, int]:
    """Take in the new mails of the service address; return how many had which fate.

    Raises `Unreachable`, `UserError`. A mail taken twice, because the line broke, changes nothing.
    """
    counts = dict.fromkeys((fate.value for fate in Fate), 0)
    settings = hq.settings
    box = Box(
        server=settings.service_server,
        user=settings.service_user,
        password=settings.service_password,
        folder=settings.service_folder,
        called="service",
    )
    for uid, raw in new_mails(box):
        letter = read_letter(raw, stands_for_id=f"{settings.service_user} {uid} {len(raw)}")
        if letter is None:
            log.info("unreadable mail", uid=uid, bytes=len(raw))
            counts[Fate.UNREADABLE] += 1
            continue
        try:
            counts[take(hq, letter, now_ms)] += 1
        except CrmError as error:  # of this mail alone; the others still come
            log.warning("a mail was not taken in", uid=uid, reason=error.message.text)
            counts[Fate.UNREADABLE] += 1
    return counts


def take(hq: Headquarters, letter: Letter, now_ms: int) -> Fate:
    """Make of a mail what it is: a ticket, a message of one, or nothing."""
    record_id = named_id("ticket mail", letter.id)
    if _row(hq, _MESSAGE, record_id) is not None:
        return Fate.KNOWN
    ticket = _thread(hq, letter)
    if letter.is_report:
        return _bounced(hq, letter, ticket, record_id, now_ms)
    if letter.automatic or letter.address == own_address(hq.settings):
        return Fate.AUTOMATIC
    if _sent_lately(hq, letter.address, now_ms) >= AN_HOUR_MOST:
        return Fate.LOOP
    said: dict[str, Any] = {"body": _body(hq, letter), "written_at": now_ms, "mail_id": letter.id[:400]}
    colleague = colleague_by(hq, letter.author)
    handed_on = forwarded_from(letter.text) if colleague is not None else None
    if colleague is not None and ticket is not None and handed_on is None:
        note = {**said, "ticket_id": ticket["id"], "internal": True, "author_id": colleague.id}
        _write(hq, _create("ticket_message", record_id, note))
        return Fate.NOTE
    address, name = (
        (handed_on.address, handed_on.name) if handed_on is not None else (letter.address, letter.name)
    )
    links = _links(hq, address)
    said |= {"from_customer": True, "contact_id": links.get("contact_id")}
    if ticket is not None and ticket["status"] != "closed":
        edits = [_create("ticket_message", record_id, {**said, "ticket_id": ticket["id"]})]
        if ticket["status"] in ("waiting", "solved"):
            again = {"status": "open"}
            edits.append(Edit(kind=EditKind.UPDATE, entity="ticket", record_id=ticket["id"], values=again))
        _write(hq, *edits)
        return Fate.MESSAGE
    ticket_id = named_id("ticket by mail", letter.id)
    opened = {
        "subject": letter.subject or _words(hq, N_("Mail without a subject")),
        "channel": "mail",
        "kind": "question",
        "from_address": address,
        "parent_id": ticket["id"] if ticket is not None else None,
        **links,
    }
    if not links:
        said["body"] = f"{name} <{address}>\n\n{said['body']}" if name else f"{address}\n\n{said['body']}"
    _write(
        hq,
        _create("ticket", ticket_id, opened),
        _create("ticket_message", record_id, {**said, "ticket_id": ticket_id}),
    )
    return Fate.TICKET


def _thread(hq: Headquarters, letter: Letter) -> Mapping[str, Any] | None:
    """Return the ticket a mail belongs to; None for one that begins anew."""
    for reference in letter.references:
        ours = _OURS.fullmatch(reference)
        sent = _row(hq, _MAIL, ours[1]) if ours and is_id(ours[1]) else None
        if sent is not None and sent["record_entity"] == "ticket":
            return _living(hq, sent["record_id"])
        theirs = _row(hq, _MESSAGE, named_id("ticket mail", reference))
        if theirs is not None:
            return _living(hq, theirs["ticket_id"])
    for number in _NUMBER.findall(letter.subject):
        with hq.database.read() as snapshot:
            query = select(_TICKET).where(_TICKET.c.number == number, _TICKET.c.life % 2 == 1).limit(1)
            found = snapshot.connection.execute(query).mappings().first()
        if found is None:
            continue
        customer_id = _links(hq, letter.address).get("customer_id")
        if found["from_address"] == letter.address or (customer_id and found["customer_id"] == customer_id):
            return dict(found)
    return None


def _living(hq: Headquarters, ticket_id: str | None) -> Mapping[str, Any] | None:
    """Return a ticket, or the one it was merged into."""
    seen: set[str] = set()
    while ticket_id and ticket_id not in seen:
        seen.add(ticket_id)
        found = _row(hq, _TICKET, ticket_id)
        if found is None or found["life"] % 2 == 1:
            return found
        ticket_id = found["merged_into_id"]
    return None


def _bounced(
    hq: Headquarters, letter: Letter, ticket: Mapping[str, Any] | None, record_id: str, now_ms: int
) -> Fate:
    """Tell who wrote an answer that it was not delivered."""
    sent = next(
        (
            row
            for reference in letter.references
            if (ours := _OURS.fullmatch(reference)) and (row := _row(hq, _MAIL, ours[1])) is not None
        ),
        None,
    )
    if ticket is None or sent is None:
        return Fate.AUTOMATIC
    said = _words(hq, N_("An answer could not be delivered:")) + "\n\n" + letter.text[:_REPORT_MOST]
    note = {"ticket_id": ticket["id"], "internal": True, "body": said, "written_at": now_ms}
    told = message(N_("An answer to ticket {number} could not be delivered"), number=ticket["number"] or "")
    _write(
        hq,
        _create("ticket_message", record_id, {**note, "mail_id": letter.id[:400]}),
        task_for(hq, told, ("ticket", ticket["id"]), sent["created_by"], now_ms),
    )
    return Fate.BOUNCED


def _links(hq: Headquarters, address: str) -> dict[str, str]:
    """Return the customer and contact behind an address; none for a stranger."""
    known = known_by(hq, address)
    names = ("customer_id", "contact_id")
    return {name: known.links[name] for name in names if name in known.links} if known is not None else {}


def _sent_lately(hq: Headquarters, address: str, now_ms: int) -> int:
    """Return how many messages of tickets an address wrote within the last hour."""
    query = (
        select(func.count())
        .select_from(_MESSAGE.join(_TICKET, _TICKET.c.id == _MESSAGE.c.ticket_id))
        .where(_TICKET.c.from_address == address, _MESSAGE.c.from_customer.is_(True))
        .where(_MESSAGE.c.created_at > now_ms - HOUR_MS)
    )
    with hq.database.read() as snapshot:
        return snapshot.connection.execute(query).scalar_one()


def _row(hq: Headquarters, table: Any, record_id: str) -> Mapping[str, Any] | None:
    """Return a record, a deleted one too: a mail deleted as spam does not come back."""
    with hq.database.read() as snapshot:
        found = snapshot.connection.execute(select(table).where(table.c.id == record_id)).mappings().first()
    return dict(found) if found is not None else None


def _body(hq: Headquarters, letter: Letter) -> str:
    return letter.text or letter.subject or _words(hq, N_("Mail without a subject"))


def _words(hq: Headquarters, text: str) -> str:
    return translation(hq.settings.language)(text)


def _create(entity: str, record_id: str, values: Mapping[str, Any]) -> Edit:
    given = {name: value for name, value in values.items() if value not in (None, "")}
    return Edit(kind=EditKind.CREATE, entity=entity, record_id=record_id, values=given)


def _write(hq: Headquarters, *edits: Edit) -> None:
    hq.records.write_all(list(edits))
