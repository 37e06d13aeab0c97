"""Tickets people outside open by a form: on the one customer where his address or number is known.

Beside the ticket colleagues read what the visitor consented to and what else he said of himself. Who gave an
address gets a mail with the ticket's number; what he answers to it stands in the ticket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_core.ids import named_id
from crm_core.rules import capture as rules
from crm_core.rules.mailing import is_address
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_core.schema.values import instant_text
from crm_core.times import DAY_MS
from resources import translation
from sync_server.services.headquarters import Headquarters
from sync_server.services.intake import TICKET, Desk, create, fingerprint, one_line
from sync_server.services.letter_parts import LetterFile
from sync_server.services.senders import Sender

ACKNOWLEDGED_MOST: Final = 3
"""Mails that say “we have it” to one address within a day: nobody has somebody else's box filled by us."""
_SUBJECT_LEAST: Final = 80
_MAIL: Final = SCHEMAS["outgoing_mail"].table
_INSTALLED: Final = SCHEMAS["installed_product"].table


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a visitor asked for, checked; `consent` is None where the form asks for none."""

    form_id: str
    values: Mapping[str, Any]
    """By the names the form asks them under."""
    kept: Mapping[str, Any]
    """The form itself."""
    language: str
    consent: Message | None
    files: Sequence[LetterFile] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The ticket it became; nothing of it where the sender is barred, which is not told to him."""

    ticket_id: str = ""
    number: str = ""
    was_there: bool = False
    is_too_much: bool = False


def open_ticket(hq: Headquarters, asked: Asked, now_ms: int) -> Opened:
    """Make a ticket of a form that was filled in; sent twice within a day it is the same one."""
    said = asked.values
    sender = Sender(
        name=str(said.get("name") or ""),
        address=str(said.get("email") or "").lower(),
        phone=str(said.get("phone") or ""),
    )
    body = str(said.get("body") or "")
    mark = fingerprint("\n".join((sender.address, sender.phone, str(said.get("subject") or ""), body)))
    message_id = named_id("message by form", f"{asked.form_id} {now_ms // rules.FOLD_MS} {mark}")
    ticket_id = named_id("ticket by form", message_id)
    with hq.records.writing() as writing:
        desk = Desk(hq, writing, now_ms)
        held = desk.row(TICKET, ticket_id)
        if held is not None:
            return Opened(ticket_id=ticket_id, number=str(held["number"] or ""), was_there=True)
        if desk.senders.is_barred(sender):
            return Opened()
        if desk.is_too_fast(sender):
            return Opened(is_too_much=True)
        links = desk.senders.links(sender)
        values = {
            "subject": one_line(str(said.get("subject") or "")) or _begin(body),
            "kind": said.get("kind") or "question",
            "channel": "web",
            "assignee_id": asked.kept["owner_id"],
            "team_id": asked.kept["team_id"],
            "category_id": asked.kept["category_id"],
            **{name: value for name, value in said.items() if name.startswith(CUSTOM_PREFIX)},
            **_installed(desk, str(said.get("serial") or ""), links),
        }
        edits = desk.open_ticket(
            ticket_id,
            message_id,
            sender,
            values,
            {"body": body},
            links=links,
            notes=_notes(asked),
            files=asked.files,
        )
        desk.write(edits)
        opened = desk.row(TICKET, ticket_id)
        number = str(opened["number"] or "") if opened is not None else ""
        _acknowledge(desk, ticket_id, number, sender, asked.language)
    return Opened(ticket_id=ticket_id, number=number)


def acknowledgement_id(ticket_id: str) -> str:
    """Return the id of the mail that says to a customer that HQ has what he wrote."""
    return named_id("acknowledgement of ticket", ticket_id)


def consent_note(text: str, version: str, address: str, at_ms: int) -> Message:
    """Return what is kept of a consent beside a ticket."""
    return message(
        N_("Consent given from {address} at {moment}, version {version}: {text}"),
        address=address,
        moment=instant_text(at_ms),
        version=version,
        text=text,
    )


def _begin(body: str) -> str:
    """Return the beginning of what was asked, cut between words where there are some."""
    line = one_line(body, 2 * _SUBJECT_LEAST)
    return line if len(line) <= _SUBJECT_LEAST else f"{line[:_SUBJECT_LEAST].rpartition(' ')[0] or line}…"


def _notes(asked: Asked) -> list[Message]:
    said, notes = asked.values, []
    for name, told in (
        ("company", N_("Company, as the form says: {text}")),
        ("serial", N_("Serial number, as the form says: {text}")),
    ):
        if said.get(name):
            notes.append(message(told, text=str(said[name])))
    return [*notes, asked.consent] if asked.consent is not None else notes


def _installed(desk: Desk, serial: str, links: Mapping[str, str]) -> dict[str, Any]:
    """Return the links to the product a serial number names, of the customer who asks alone."""
    customer_id = links.get("customer_id")
    if not serial or not customer_id:
        return {}
    query = select(_INSTALLED.c.id, _INSTALLED.c.product_id).where(
        _INSTALLED.c.serial == serial, _INSTALLED.c.customer_id == customer_id, _INSTALLED.c.life % 2 == 1
    )
    found = desk.connection.execute(query.limit(2)).all()
    return {"installed_id": found[0].id, "product_id": found[0].product_id} if len(found) == 1 else {}


def _acknowledge(desk: Desk, ticket_id: str, number: str, sender: Sender, language: str) -> None:
    """Write down the mail that says that HQ has it, and what number it has.

    It says nothing a stranger typed: who gives somebody else's address sends him no words of his own.
    """
    if not desk.hq.settings.smtp_server or not is_address(sender.address):
        return
    query = select(func.count()).where(
        _MAIL.c.recipients == sender.address,
        _MAIL.c.created_by == desk.founder_id,
        _MAIL.c.created_at > desk.now_ms - DAY_MS,
    )
    if int(desk.connection.execute(query).scalar_one()) >= ACKNOWLEDGED_MOST:
        return
    tr = translation(language)
    company = desk.hq.settings.company_name(language)
    received = N_("We have received what you wrote and will answer soon. It has the number {number}.")
    lines = [
        message(received, number=number).show(tr),
        tr(N_("If you want to add something, answer this mail.")),
        *([company] if company else []),
    ]
    values = {
        "record_entity": "ticket",
        "record_id": ticket_id,
        "recipients": sender.address,
        "subject": message(N_("We have received your message [{number}]"), number=number).show(tr),
        "body": "\n\n".join(lines),
    }
    desk.write([create("outgoing_mail", acknowledgement_id(ticket_id), values)])
