"""Refused edits that others may accept: the list HQ shows this person, and what became of own ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.sync.codec import unpack_value
from crm_core.sync.protocol import OFFERED, Judged, Judgement, Offers, OpKind
from crm_desktop.models import state
from crm_desktop.models.device_tables import History, Offer, Returned, SyncEvent
from crm_desktop.models.state import Key
from crm_desktop.sync import pending

Row = tuple[str, str]
OFFERED_MS = 30 * 24 * 60 * 60 * 1000
"""So long HQ shows a refused edit to whoever may accept it."""


def is_open(now_ms: int) -> list[ColumnElement[bool]]:
    """Return what holds for the edits of others that this person may decide about now."""
    return [Offer.answer == "", Offer.at_ms > now_ms - OFFERED_MS]


def take_offers(session: Session, message: Offers) -> None:
    """Replace the list by a newer one: what is not in it was decided, withdrawn or is out of sight."""
    held = {offer.id: offer for offer in session.scalars(select(Offer))}
    shown = {offer.id for offer in message.offers}
    me = state.read(session, Key.USER_ID)
    for offer in held.values():
        if offer.id not in shown:
            if offer.answer == "accept":
                _name_writer(session, offer, offer.value, judge=me, writer=offer.user_id)
            session.execute(delete(Offer).where(Offer.id == offer.id))
    rows = [
        {
            "id": offer.id,
            "kind": offer.kind,
            "entity": BY_NO[offer.entity].name,
            "row_id": offer.row.hex(),
            "field": str(offer.field or ""),
            "value": _unpacked(offer.value),
            "code": offer.code,
            "user_id": unpack_value(offer.user),
            "at_ms": offer.at_ms,
        }
        for offer in message.offers
        if offer.id not in held and offer.entity in BY_NO
    ]
    if rows:
        session.execute(insert(Offer), rows)


def take_judgement(session: Session, judged: Judged) -> Iterator[Row]:
    """Note what became of an own refused edit, or that one accepted here could not be; yield its record."""
    if judged.judgement == Judgement.FAILED:
        failed = {"answer": "", "reason": judged.reason, "places": judged.places}
        session.execute(update(Offer).where(Offer.id == judged.id).values(failed))
        return
    own = session.scalar(
        select(Returned).where(
            Returned.incarnation == judged.incarnation,
            Returned.op_no == judged.op_no,
            Returned.code.in_(sorted(OFFERED)),
        )
    )
    if own is None or own.verdict:
        return
    judge = unpack_value(judged.user)
    accepted = judged.judgement == Judgement.ACCEPT
    changed: dict[str, Any] = {
        "verdict": "accepted" if accepted else "declined",
        "judge": judge,
        "judged_ms": judged.at_ms,
    }
    if accepted and own.state in ("open", "handed"):
        changed |= {"state": "accepted", "decided_ms": judged.at_ms}
        _name_writer(session, own, own.mine, judge=judge, writer=state.read(session, Key.USER_ID))
    elif not accepted and own.state == "handed":
        changed |= {"state": "open", "decided_ms": None, "undo": None}
    session.execute(update(Returned).where(Returned.id == own.id).values(changed))
    detail = {"entity": own.entity, "id": own.row_id, "field": own.field, "accepted": accepted, "who": judge}
    session.execute(insert(SyncEvent).values(at_ms=judged.at_ms, kind="judged", detail=detail))
    yield own.entity, own.row_id


def forget_offers(session: Session) -> None:
    """Drop the list, where everything comes again; what was answered here is still told."""
    session.execute(delete(Offer).where(Offer.answer == ""))


def _name_writer(
    session: Session, edit: Offer | Returned, value: Any, *, judge: str | None, writer: str | None
) -> None:
    """Let the record's history say whose edit it was that somebody accepted."""
    members = pending.members_of(SCHEMAS[edit.entity], edit.field) if edit.kind == OpKind.SET else ()
    keys = [str(member.no) for member in members] or [edit.field]
    values = value if len(keys) > 1 else [value]
    for key, accepted in zip(keys, values, strict=False):
        newest = session.scalar(
            select(History)
            .where(
                History.entity == edit.entity,
                History.row_id == edit.row_id,
                History.user_id == judge,
                History.field == key,
                History.origin == "hq",
            )
            .order_by(History.id.desc())
            .limit(1)
        )
        # Of fields that move together some may have held the value before.
        if newest is not None and (edit.kind != OpKind.SET or newest.new == accepted) and writer != judge:
            session.execute(update(History).where(History.id == newest.id).values(typed_by=writer))


def _unpacked(value: Any) -> Any:
    return [_unpacked(item) for item in value] if isinstance(value, list) else unpack_value(value)
