"""What of the edits HQ refused is shown to whom: those a person could make, newest first."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, and_, or_, select

from crm_core.entities import SCHEMAS
from crm_core.rules.access import Action, Person
from crm_core.rules.scopes import EVERYONE
from crm_core.sync.codec import encode
from crm_core.sync.protocol import OFFERED, Msg, MsgKind, Offer, Offers, Told
from crm_core.times import DAY_MS
from sync_server.services.cursor import Standing
from sync_server.services.quarantine import KEPT, Judge, read_kept
from sync_server.services.records import ROW_SCOPE, chunks
from sync_server.store.database import Snapshot

OFFERS_MOST: Final = 100
"""Of one reader; the next ones come as these are decided."""
OFFER_BYTES: Final = 16 * 1024  # a longer text is for the command line at HQ
OFFERS_BYTES: Final = 128 * 1024
OFFERED_DAYS: Final = 30
_LOOKED_AT: Final = 1000  # of one reader and round


def offers_for(snapshot: Snapshot, person: Person, schema_version: int, now_ms: int) -> list[Offer]:
    """Return the refused edits of others that a person may accept or decline, newest first."""
    within = _may_change(person)
    if within is None:
        return []
    query = (
        select(KEPT)
        .where(
            KEPT.c.state == "open",
            KEPT.c.device != 0,  # whoever calls HQ's interface was told at once
            KEPT.c.user_id != person.user_id,
            KEPT.c.code.in_(sorted(OFFERED)),
            KEPT.c.at_ms > now_ms - OFFERED_DAYS * DAY_MS,
            within,
        )
        .order_by(KEPT.c.seq.desc(), KEPT.c.id.desc())
        .limit(_LOOKED_AT)
    )
    found = [read_kept(row) for row in snapshot.connection.execute(query).mappings()]
    judge = Judge(snapshot.connection, person)
    judge.know(found)
    offers: list[Offer] = []
    size = 0
    for kept in found:
        wanted = judge.wanted(kept)
        op = kept.op
        if wanted is None or op is None or any(each.since > schema_version for each in wanted.fields):
            continue
        size += (length := len(msgspec.msgpack.encode(op.value)))
        if length > OFFER_BYTES:
            continue
        if len(offers) == OFFERS_MOST or size > OFFERS_BYTES:
            break
        offers.append(
            Offer(
                id=kept.id,
                kind=op.kind,
                entity=op.entity,
                row=op.row,
                field=op.field,
                value=op.value,
                code=kept.code,
                user=bytes.fromhex(kept.user_id),
                at_ms=kept.at_ms,
            )
        )
    return offers


def renewed(
    snapshot: Snapshot, person: Person, schema_version: int, now_ms: int, held: int
) -> tuple[list[Msg], int]:
    """Return the message for a laptop that holds the list of mark `held`, where it differs, and the mark."""
    offers = offers_for(snapshot, person, schema_version, now_ms)
    mark = mark_of(offers)
    return ([] if mark == held else [Offers(MsgKind.OFFERS, 1, offers)]), mark


def told(
    snapshot: Snapshot,
    person: Person,
    said: Told | None,
    schema_version: int,
    now_ms: int,
    held: int | None,
    *,
    is_due: bool,
) -> tuple[list[Msg], int | None]:
    """Return what a laptop is told of refused edits in answer to what it said of itself, and the mark.

    `is_due`: it now holds everything, and something may have changed. Nothing and no mark for a program that
    knows of no offers.
    """
    if said is None:
        return [], None
    if said.verdicts:  # whoever has decided something waits to see it gone
        return renewed(snapshot, person, schema_version, now_ms, -1)
    return (
        renewed(snapshot, person, schema_version, now_ms, held or 0) if is_due or held is None else ([], held)
    )


def mark_of(offers: Sequence[Offer]) -> int:
    """Return a number that tells one list of offers from another; 0 for none."""
    return (zlib.crc32(encode(offers)) or 1) if offers else 0


def are_news(
    snapshot: Snapshot, person: Person, schema_version: int, now_ms: int, standing: Standing
) -> bool:
    """Tell whether a laptop that stands so would be sent another list than the one it holds."""
    if standing.offers is None or not _is_moved(snapshot, standing.token.seq):
        return False
    return bool(renewed(snapshot, person, schema_version, now_ms, standing.offers)[0])


def _is_moved(snapshot: Snapshot, after: int) -> bool:
    """Tell whether an edit was refused, or one that had been was decided, after a position."""
    for column in (KEPT.c.seq, KEPT.c.judged_seq):
        if snapshot.connection.execute(select(KEPT.c.id).where(column > after).limit(1)).first():
            return True
    return False


def _may_change(person: Person) -> ColumnElement[bool] | None:
    """Return the condition that a record lies where the person may change such; None for nowhere."""
    by_scopes: dict[frozenset[str], list[int]] = {}
    for name, schema in SCHEMAS.items():
        if scopes := person.within(Action.EDIT, name) | person.within(Action.DELETE, name):
            by_scopes.setdefault(scopes, []).append(schema.no)
    conditions = []
    for scopes, entities in by_scopes.items():
        condition: ColumnElement[bool] = KEPT.c.entity.in_(entities)
        if EVERYONE not in scopes:
            inside = or_(*(ROW_SCOPE.c.scope.in_(some) for some in chunks(sorted(scopes))))
            there = select(ROW_SCOPE.c.row_id).where(
                ROW_SCOPE.c.entity == KEPT.c.entity, ROW_SCOPE.c.row_id == KEPT.c.row_id, inside
            )
            condition = and_(condition, there.exists())
        conditions.append(condition)
    return or_(*conditions) if conditions else None
