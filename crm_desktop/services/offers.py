"""Edits of others that HQ refused and this person may accept: shown beside what the record holds now."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound
from crm_core.i18n import N_, Message, sentence_of
from crm_core.schema.field import Field, Plain
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_core.sync.protocol import Code, OpKind
from crm_desktop.models import query, repository
from crm_desktop.models.device_tables import Offer
from crm_desktop.models.records import Record, field_named
from crm_desktop.models.replica import Replica
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.replaying import wanted_value
from crm_desktop.services.syncing import SHOWN, custom_among, label_of
from crm_desktop.sync.judging import is_open

REASONS: Final = {
    Code.FORBIDDEN_ROW: N_("The record was not theirs to change"),
    Code.FORBIDDEN_FIELD: N_("The field was not theirs to change"),
    Code.FORBIDDEN_ASSIGN: N_("They may not hand records to this person"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedEdit:
    """An edit somebody was not allowed to make, on a record this person may change."""

    id: int
    entity: str
    record_id: str
    title: str
    field: str | None
    """Field name; None where the edit was of the record as a whole."""
    label: str
    kind: OpKind
    value: Plain
    """What was typed."""
    present: Plain
    """What the record holds now."""
    who: str
    """Who typed it."""
    at_ms: int
    code: Code
    reason: Message
    """Why HQ refused it."""
    problem: Message | None
    """Why it could not be accepted, where that was tried."""
    customs: Mapping[str, Field] = dataclasses.field(default_factory=dict)
    """Custom fields by name, where the edit is of one."""


def offered(replica: Replica, limit: int = SHOWN) -> tuple[OfferedEdit, ...]:
    """Return the edits of others that wait for this person's word, newest first."""
    with replica.read() as session:
        rows = session.scalars(
            select(Offer).where(*is_open(replica.clock.now_ms())).order_by(Offer.id.desc()).limit(limit)
        ).all()
        names = query.labels(session, "user", {row.user_id for row in rows if row.user_id})
        return tuple(_edit(session, row, names.get(row.user_id or "", "")) for row in rows)


def accept(replica: Replica, ids: Iterable[int]) -> Outcome[int]:
    """Make edits of others one's own: HQ does it with the next round, if the record still allows it."""
    return _answer(replica, ids, "accept")


def decline(replica: Replica, ids: Iterable[int]) -> Outcome[int]:
    """Let edits of others stay refused; their writers are told."""
    return _answer(replica, ids, "decline")


def take_back(replica: Replica, ids: Iterable[int]) -> Outcome[int]:
    """Undo an answer HQ has not heard. `NotFound` where it has."""
    return _answer(replica, ids, "")


def _answer(replica: Replica, ids: Iterable[int], answer: str) -> Outcome[int]:
    numbers = sorted(set(ids))
    with replica.applying() as session:
        for number in numbers:
            offer = session.get(Offer, number)
            if offer is None or bool(offer.answer) == bool(answer):
                raise NotFound(N_("There is no such edit to decide about"))
            given = {"answer": answer, "reason": "", "places": None}
            session.execute(update(Offer).where(Offer.id == number).values(given))
            session.touch(offer.entity, [offer.row_id])
    return Outcome(len(numbers), frozenset(session.changed))


def _edit(session: Session, row: Offer, who: str) -> OfferedEdit:
    record = repository.get(session, row.entity, row.row_id)
    field = field_named(SCHEMAS[row.entity], row.field) if row.field else None
    code = Code(row.code)
    return OfferedEdit(
        id=row.id,
        entity=row.entity,
        record_id=row.row_id,
        title=record.title if record else "",
        field=field.name if field else row.field or None,
        label=label_of(session, row.entity, row.field) if row.field else "",
        kind=OpKind(row.kind),
        value=wanted_value(SCHEMAS[row.entity], row.kind, row.field, row.value),
        present=_present(record, row) if record else None,
        who=who,
        at_ms=row.at_ms,
        code=code,
        reason=Message(REASONS[code]),
        problem=sentence_of(row.reason, row.places or {}) if row.reason else None,
        customs=custom_among(session, row.entity, (row.field,)),
    )


def _present(record: Record, row: Offer) -> Plain:
    if not row.field:
        return record.life
    if row.field.startswith(CUSTOM_PREFIX):
        return record.values.get(row.field)
    field = field_named(record.schema, row.field)
    members = record.schema.register(field) if field else ()
    values: list[Plain] = [record.values.get(member.name) for member in members]
    return values if len(values) > 1 else values[0] if values else None
