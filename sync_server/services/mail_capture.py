"""Mails taken in: of people who are known and of colleagues as activities, of anybody else as a lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError
from crm_core.i18n import N_
from crm_core.ids import named_id
from resources import translation
from sync_server.services.assigning import decided
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind
from sync_server.services.letters import Letter, read_letter
from sync_server.services.mail_people import colleague_by, known_by
from sync_server.services.mailbox import Box, new_mails
from sync_server.services.own_mail import file_own

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
    settings = hq.settings
    box = Box(
        server=settings.mail_server,
        user=settings.mail_user,
        password=settings.mail_password,
        folder=settings.mail_folder,
        called="mail",
    )
    for uid, raw in new_mails(box):
        counts[_take_safely(hq, raw, uid, now_ms)] += 1
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
