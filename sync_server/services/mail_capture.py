"""Mails taken in: of people who are known and of colleagues as activities, of anybody else as a lead."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError, Unreachable, UserError
from crm_core.i18n import N_
from crm_core.ids import named_id
from resources import translation
from sync_server.services.assigning import decided
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind
from sync_server.services.letters import Letter, read_letter
from sync_server.services.mail_people import colleague_by, known_by
from sync_server.services.own_mail import file_own

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
    INTERNAL = "internal"
    """Of a colleague, to colleagues or the box alone."""
    UNREADABLE = "unreadable"


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
    box = hq.settings.mail_user.strip().lower()
    colleague = colleague_by(hq, letter.author) if letter.author != box else None
    if letter.automatic or (letter.address == box and colleague is None):
        return Fate.AUTOMATIC
    record_id = named_id("mail", letter.id)
    if any(_is_there(hq, entity, record_id) for entity in ("activity", "lead")):
        return Fate.KNOWN
    subject = letter.subject or translation(hq.settings.language)(N_("Mail without a subject"))
    activity: dict[str, Any] = {
        "kind": "mail",
        "subject": subject,
        "notes": letter.text,
        "happened_at": now_ms,
        "done": True,
    }
    lead: dict[str, Any] = {"status": "new", "channel": "mail", "source": "other"}
    if colleague is not None:
        filed = file_own(hq, letter, colleague, activity, lead)
        _write(hq, filed.edits)
        return Fate.LEAD if filed.new_lead else Fate.JOINED if filed.edits else Fate.INTERNAL
    known = known_by(hq, letter.address)
    if known is not None:
        _create(hq, "activity", record_id, activity | known.links | {"owner_id": known.owner_id})
        return Fate.JOINED
    lead |= {
        "name": letter.name or letter.address.partition("@")[0],
        "email": letter.address,
        "needs": "\n\n".join(part for part in (letter.subject, letter.text) if part),
    }
    _create(hq, "lead", record_id, decided(hq, lead, now_ms))
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
    _write(hq, (Edit(kind=EditKind.CREATE, entity=entity, record_id=record_id, values=values),))


def _write(hq: Headquarters, edits: Sequence[Edit]) -> None:
    def given(edit: Edit) -> Edit:
        return replace(edit, values={n: value for n, value in edit.values.items() if value not in (None, "")})

    if edits:
        hq.records.write_all([given(edit) for edit in edits])


def _is_there(hq: Headquarters, entity: str, record_id: str) -> bool:
    """Tell whether there is or was such a record: a lead deleted as spam does not come back."""
    table = SCHEMAS[entity].table
    with hq.database.read() as snapshot:
        query = select(table.c.id).where(table.c.id == record_id)
        return snapshot.connection.execute(query).first() is not None


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
