"""Discount mandates at HQ: signing them, and judging the steps that rely on them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.entities.approval import Mandate as MandateRecord
from crm_core.i18n import N_, message
from crm_core.rules import mandates
from crm_core.rules.mandates import Mandate, Offer
from crm_core.sync.clock import tick
from crm_core.sync.protocol import Code, OpKind
from crm_core.sync.sealing import is_signed
from sync_server.services import audit
from sync_server.services.records import Mark, Record, Records
from sync_server.services.rights import Author, Refused
from sync_server.services.share_ends import day_of
from sync_server.services.wanted import Wanted, register_of
from sync_server.store.database import HqTransaction
from sync_server.store.tables import table_of

MANDATE: Final = SCHEMAS["mandate"]
MOST_RELIED_ON: Final = 20
_REGISTER: Final = register_of(MANDATE.fields["signed"])
_ONLY_ADMINISTRATORS: Final = message(N_("Only administrators give discount mandates"))
_IS_ENDED: Final = message(N_("A mandate is ended, not deleted: it shows what was allowed"))
_table = table_of(MandateRecord)


def demand_administrator(author: Author, wanted: Wanted) -> None:
    """Raise `Refused` for a mandate given by somebody who does not administer HQ, or taken out of sight."""
    if wanted.schema is not MANDATE:
        return
    if not author.person.rights.administers:
        raise Refused(Code.FORBIDDEN_ROW, _ONLY_ADMINISTRATORS)
    if wanted.kind is OpKind.DELETE:
        raise Refused(Code.ILLEGAL_STATE, _IS_ENDED)


def in_use(records: Records) -> bool:
    """Tell whether this HQ gives mandates at all, as the batch leaves it."""
    records.noticed_kinds.add(MANDATE.no)
    if any(each.schema is MANDATE and each.lives for each in records.touched()):
        return True
    query = select(_table.c.id).where(_table.c.life % 2 == 1).limit(1)
    return records.connection.execute(query).first() is not None


def sign(hq: HqTransaction, records: Records, server_ms: int) -> None:
    """Sign the mandates that were made or changed in this batch."""
    if hq.pen is None:
        return
    for record in list(records.touched()):
        if record.schema is not MANDATE or not record.lives or not (record.is_new or record.changed):
            continue
        held = record.values.get("signed") or {}
        try:
            # Of two signed in one moment the later one is the newer.
            said = _said(record, max(server_ms, held.get("at_ms", 0) + 1))
        except (ValueError, OverflowError, OSError):
            continue  # no such day: nobody can rely on it
        if any(said[name] != held.get(name) for name in mandates.SIGNED if name != "at_ms"):
            said["signature"] = hq.pen.sign(mandates.digest_of(said)).hex()
            records.change(record).set("signed", said)
            hq.hq_hlc = tick(hq.hq_hlc, server_ms)
            record.stamp(_REGISTER, Mark(hq.hq_hlc, 0, 1, 0, hq.positions.next(), None))


def _said(record: Record, server_ms: int) -> dict[str, Any]:
    made = day_of(record.values.get("created_at") or server_ms)
    begins, after = mandates.days_of(record.values, made)
    midnight = {"from": _midnight_ms(begins), "until": _midnight_ms(after)}
    return mandates.to_sign(record.id, record.values, server_ms, midnight)


def _midnight_ms(day: datetime.date) -> int:
    """Return the moment a day begins where HQ stands."""
    return int(datetime.datetime.combine(day, datetime.time()).astimezone().timestamp() * 1000)


def relied_on(
    hq: HqTransaction, records: Records, author: Author, stored: Any, offer: Offer | None, at_ms: int
) -> tuple[Mandate, ...]:
    """Return the mandates a step relies on. Raises `Refused` unless HQ signed them, for its author, they
    counted when the step was taken, and they cover the offer.

    Where HQ had signed a mandate anew by then, that counts: what the laptop had not heard of too.
    """
    if not stored:
        return ()
    if not isinstance(stored, list) or len(stored) > MOST_RELIED_ON:
        raise Refused(Code.ILLEGAL_STATE, mandates.FORGED)
    found = [_proved(hq, records, author, signed, at_ms) for signed in stored]
    covering = mandates.covering(found, offer) if offer is not None else None
    if covering is None:
        raise Refused(Code.ILLEGAL_STATE, mandates.NOT_COVERED)
    return covering


def _proved(hq: HqTransaction, records: Records, author: Author, signed: Any, at_ms: int) -> Mandate:
    user = records.get(SCHEMAS["user"].no, author.user_id)
    role_id = user.values["role_id"] if user is not None else None
    found = mandates.mandate_of(signed)
    reason = mandates.refusal(
        found, signed=_is_ours(hq, signed), user_id=author.user_id, role_id=role_id, at_ms=at_ms
    )
    if reason is not None or found is None:
        raise Refused(Code.ILLEGAL_STATE, reason or mandates.FORGED)
    record = records.get(MANDATE.no, found.id)
    if record is None:
        return found
    held = record.values.get("signed")
    newer = mandates.mandate_of(held)
    if newer is None or not found.at_ms < newer.at_ms <= at_ms:
        return found
    is_ours = _is_ours(hq, held)
    if mandates.refusal(newer, signed=is_ours, user_id=author.user_id, role_id=role_id, at_ms=at_ms):
        raise Refused(Code.ILLEGAL_STATE, mandates.ENDED)
    return newer


def _is_ours(hq: HqTransaction, signed: Any) -> bool:
    if hq.pen is None or not isinstance(signed, dict):
        return False
    return is_signed(mandates.digest_of(signed), mandates.signature_of(signed), hq.pen.public)


def note(
    records: Records, author: Author, record: Record, found: Sequence[Mandate], offer: Offer, server_ms: int
) -> None:
    """Write down that somebody relied on mandates."""
    audit.record(
        records.connection,
        "rely on mandate",
        at_ms=server_ms,
        user_id=author.user_id,
        device=author.device,
        entity=record.schema.no,
        row_id=record.id,
        detail={"mandates": [each.id for each in found], "below_list": str(offer.below_list)},
    )
