"""Links to the acceptance page, made on this laptop without asking anybody.

A link's token follows from chance only this laptop has and from the id of the link's record, so it is written
down nowhere: it stands in the documents and mails that carry it, and the record holds its hash.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.outgoing import Acceptance
from crm_core.ids import new_id
from crm_core.rules import signing
from crm_core.rules.answers import version_of
from crm_core.schema.field import Plain
from crm_core.times import DAY_MS
from crm_desktop.models import state
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.models.state import Key
from crm_desktop.services import records
from crm_desktop.services.company import company
from crm_desktop.services.outcome import Outcome

OPEN_DAYS = 30
"""How long a link is open where the document itself has no last day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Minted:
    """A link that was drawn: the id its record will have, its token, and its address."""

    id: str
    token: str
    url: str


def mint(replica: Replica) -> Minted | None:
    """Return a new link; None where HQ has no address customers reach it by."""
    with replica.read() as session:
        public_url = company(session).public_url
        key = state.read(session, Key.LINK_KEY)
    if not public_url:
        return None
    if not key:
        with replica.applying() as writing:
            key = state.read(writing, Key.LINK_KEY) or secrets.token_bytes(signing.TOKEN_BYTES)
            state.write(writing, {Key.LINK_KEY: key})
    link_id = new_id()
    token = _token(key, link_id)
    return Minted(id=link_id, token=token, url=signing.link_of(public_url, token))


def open_for(
    replica: Replica, document: Record, minted: Minted, *, attachment_id: str, sha256: str, language: str
) -> Outcome[Record]:
    """Make the record of a link to a kept file of a document."""
    with replica.write() as session:
        link = open_in(session, replica, document, minted, attachment_id, sha256, language)
    return Outcome(link, frozenset(session.changed))


def open_in(
    session: WriteSession,
    replica: Replica,
    document: Record,
    minted: Minted,
    attachment_id: str,
    sha256: str,
    language: str,
) -> Record:
    """Make the record of a link inside an open transaction."""
    values: dict[str, Plain] = {
        "record_entity": document.entity,
        "record_id": document.id,
        "version": version_of(document.values),
        "token_hash": signing.token_hash(minted.token),
        "attachment_id": attachment_id,
        "sha256": sha256,
        "expires_at": expiry(replica, document),
        "language": language,
    }
    return records.create_in(session, replica, "acceptance", values, minted.id)


def known_url(session: Session, document: Record, at_ms: int = 0) -> str | None:
    """Return the address of the newest open link to a document that this laptop made; None without one.

    One that is over at `at_ms` is left out.
    """
    key, public_url = state.read(session, Key.LINK_KEY), company(session).public_url
    if not key or not public_url:
        return None
    for link in open_links(session, document):
        if (link.expires_at or 0) <= at_ms:
            continue
        token = _token(key, link.id)
        if signing.token_hash(token) == link.token_hash:
            return signing.link_of(public_url, token)
    return None


def open_links(session: Session, document: Record) -> list[Acceptance]:
    """Return the open links to the present version of a document, newest first."""
    query = (
        select(Acceptance)
        .where(
            Acceptance.record_entity == document.entity,
            Acceptance.record_id == document.id,
            Acceptance.version == version_of(document.values),
            Acceptance.status == "open",
            Acceptance.life % 2 == 1,
        )
        .order_by(Acceptance.created_at.desc(), Acceptance.id.desc())
    )
    return list(session.scalars(query))


def _token(key: bytes, link_id: str) -> str:
    return signing.token_of(hmac.new(key, link_id.encode(), hashlib.sha256).digest())


def expiry(replica: Replica, document: Record) -> int:
    """Return when a link ends: with the last day the document holds, in the time of this place."""
    until = document.get("valid_until")
    if not until:
        return replica.clock.now_ms() + OPEN_DAYS * DAY_MS
    ends = datetime.date.fromisoformat(str(until)) + datetime.timedelta(days=1)
    return int(datetime.datetime.combine(ends, datetime.time()).astimezone().timestamp() * 1000)
