"""Mails to the company taken in: to who is known as an activity, from anybody else as a lead."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from sqlalchemy import func, select

from crm_core.entities import SCHEMAS
from crm_core.entities.lead import OPEN
from crm_core.errors import CrmError, Unreachable, UserError
from crm_core.i18n import N_
from crm_core.ids import named_id
from resources import translation
from sync_server.services.assigning import decided
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind
from sync_server.services.letters import Letter, read_letter

AT_ONCE: Final = 100  # mails of one run; the next run takes the rest
BYTES_MOST: Final = 256 * 1024
"""Of a mail: its text stands before its attachments, which are left with the mail server."""
TIMEOUT_S: Final = 30.0
_PORT, _PORT_TLS = 143, 993

log = structlog.get_logger("satchel.mail")


class Fate(StrEnum):
    """What became of a mail."""

    LEAD = "leads"
    JOINED = "joined"
    AUTOMATIC = "automatic"
    KNOWN = "known"
    """It was taken in before."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sender:
    """Whom HQ knows by a mail address: the fields an activity links to, and whose it is."""

    links: dict[str, str]
    owner_id: str | None


def fetch(hq: Headquarters, now_ms: int) -> dict[str, int]:
    """Take in the new mails of the folder; return how many had which fate. `Unreachable`, `UserError`.

    A mail is marked as read when it is taken in; one taken twice, because the line broke, changes nothing.
    """
    counts = dict.fromkeys((fate.value for fate in Fate), 0)
    with _folder(hq) as box:
        _status, found = box.uid("SEARCH", "UNSEEN")
        uids = (found[0] or b"").split()[:AT_ONCE]
        for uid in uids:
            raw = _mail(box, uid)
            fate = _take_safely(hq, raw, uid.decode("ascii", "replace"), now_ms)
            counts[fate] += 1
            box.uid("STORE", uid.decode(), "+FLAGS", r"(\Seen)")
    return counts


def take(hq: Headquarters, letter: Letter, now_ms: int) -> Fate:
    """Make of a mail what it is: an activity with who is known, or a lead."""
    if letter.automatic or letter.address == hq.settings.mail_user.strip().lower():
        return Fate.AUTOMATIC
    record_id = named_id("mail", letter.id)
    if any(_is_there(hq, entity, record_id) for entity in ("activity", "lead")):
        return Fate.KNOWN
    known = _sender(hq, letter.address)
    subject = letter.subject or translation(hq.settings.language)(N_("Mail without a subject"))
    if known is not None:
        values: dict[str, Any] = {
            "kind": "mail",
            "subject": subject,
            "notes": letter.text,
            "happened_at": now_ms,
            "done": True,
            **known.links,
        }
        if known.owner_id:
            values["owner_id"] = known.owner_id
        _create(hq, "activity", record_id, values)
        return Fate.JOINED
    values = {
        "name": letter.name or letter.address.partition("@")[0],
        "email": letter.address,
        "needs": "\n\n".join(part for part in (letter.subject, letter.text) if part),
        "status": "new",
        "channel": "mail",
        "source": "other",
    }
    _create(hq, "lead", record_id, decided(hq, values, now_ms))
    return Fate.LEAD


def _take_safely(hq: Headquarters, raw: bytes, uid: str, now_ms: int) -> Fate:
    letter = read_letter(raw, stands_for_id=f"{hq.settings.mail_user} {uid} {len(raw)}")
    if letter is None:
        log.info("unreadable mail", uid=uid, bytes=len(raw))
        return Fate.UNREADABLE
    try:
        return take(hq, letter, now_ms)
    except CrmError as error:  # of this mail alone; the others still come
        log.warning("a mail was not taken in", uid=uid, reason=error.message.text)
        return Fate.UNREADABLE


def _create(hq: Headquarters, entity: str, record_id: str, values: dict[str, Any]) -> None:
    given = {name: value for name, value in values.items() if value not in (None, "")}
    edit = Edit(kind=EditKind.CREATE, entity=entity, record_id=record_id, values=given)
    hq.records.write_all((edit,))


def _is_there(hq: Headquarters, entity: str, record_id: str) -> bool:
    """Tell whether there is or was such a record: a lead deleted as spam does not come back."""
    table = SCHEMAS[entity].table
    with hq.database.read() as snapshot:
        query = select(table.c.id).where(table.c.id == record_id)
        return snapshot.connection.execute(query).first() is not None


def _sender(hq: Headquarters, address: str) -> _Sender | None:
    """Return who has a mail address: a contact, a customer, or a lead still worked on; the newest first."""
    for entity in ("contact", "customer", "lead"):
        table = SCHEMAS[entity].table
        query = select(table).where(func.lower(table.c.email) == address, table.c.life % 2 == 1)
        if entity == "lead":
            query = query.where(func.coalesce(table.c.status, "new").in_(OPEN))
        with hq.database.read() as snapshot:
            row = snapshot.connection.execute(query.order_by(table.c.created_at.desc()).limit(1)).first()
        if row is None:
            continue
        if entity == "contact":
            customer = SCHEMAS["customer"].table
            with hq.database.read() as snapshot:
                owner_of = select(customer.c.owner_id).where(customer.c.id == row.customer_id)
                owner_id = snapshot.connection.execute(owner_of).scalar()
            return _Sender(links={"customer_id": row.customer_id, "contact_id": row.id}, owner_id=owner_id)
        return _Sender(links={f"{entity}_id": row.id}, owner_id=row.owner_id)
    return None


def _address(said: str) -> tuple[str, int, bool]:
    """Return host, port and whether the line is encrypted. `UserError` for what is no such address."""
    try:
        found = urlsplit(said if "://" in said else f"imaps://{said}")
        port = found.port
    except ValueError:
        found, port = urlsplit(""), None
    if found.scheme not in ("imap", "imaps") or not found.hostname:
        raise UserError(N_("mail_server is an address such as imaps://mail.example.com"))
    with_tls = found.scheme == "imaps"
    return found.hostname, port or (_PORT_TLS if with_tls else _PORT), with_tls


@contextmanager
def _folder(hq: Headquarters) -> Iterator[imaplib.IMAP4]:
    """Give the folder, signed in. Whatever goes wrong is said without the password."""
    settings = hq.settings
    if not settings.mail_server:
        raise UserError(N_("No mail server is set; see mail_server in crm-server.toml"))
    host, number, with_tls = _address(settings.mail_server)
    try:
        if with_tls:
            context = ssl.create_default_context()
            box: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, number, ssl_context=context, timeout=TIMEOUT_S)
        else:
            box = imaplib.IMAP4(host, number, timeout=TIMEOUT_S)
    except (OSError, imaplib.IMAP4.error) as error:
        raise Unreachable(N_("The mail server {host} does not answer"), host=host) from error
    try:
        try:
            box.login(settings.mail_user, settings.mail_password)
        except imaplib.IMAP4.error as error:
            raise UserError(N_("The mail server refused mail_user or mail_password")) from error
        status, _ = box.select(f'"{settings.mail_folder}"')
        if status != "OK":
            raise UserError(N_("The mail server has no folder “{folder}”"), folder=settings.mail_folder)
        yield box
    except (TimeoutError, imaplib.IMAP4.abort, OSError) as error:
        raise Unreachable(N_("The line to the mail server {host} broke"), host=host) from error
    finally:
        try:
            box.logout()
        except (OSError, imaplib.IMAP4.error):
            log.debug("the mail server hung up first")


def _mail(box: imaplib.IMAP4, uid: bytes) -> bytes:
    _status, found = box.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{BYTES_MOST}>)")
    for part in found or ():
        if isinstance(part, tuple) and len(part) == 2 and isinstance(part[1], bytes):
            return part[1]
    return b""
