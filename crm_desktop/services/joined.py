"""What a round joined without asking: fields of one record that both sides changed, each another."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.rules.access import readable_fields
from crm_core.schema.field import Field, FieldClass, Plain
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_desktop.models import repository
from crm_desktop.models.device_tables import History, SyncEvent
from crm_desktop.models.history import newest_lines
from crm_desktop.models.records import Record, field_key, field_named
from crm_desktop.models.replica import Replica
from crm_desktop.services.returned_edits import ReturnedEdit
from crm_desktop.services.syncing import custom_among, label_of


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedField:
    """A field the round took over as it was changed, with the value it has now."""

    label: str
    """English label of the field, of a large group its section's."""
    entity: str
    field: str
    """Name of the register's first field; `x:key` for a custom one."""
    value: Plain
    """Of a group the list of its members' values."""
    from_here: bool
    from_hq: bool
    customs: Mapping[str, Field] = dataclasses.field(default_factory=dict)
    """Custom fields by name, where it is one."""


def joined(
    replica: Replica, edits: Sequence[ReturnedEdit]
) -> Mapping[tuple[str, str], tuple[JoinedField, ...]]:
    """Return by record what was joined in the round its edits came back in, but the fields in question."""
    person = replica.person
    by_record: dict[tuple[str, str], list[ReturnedEdit]] = {}
    for edit in edits:
        if edit.exists:
            by_record.setdefault((edit.entity, edit.record_id), []).append(edit)
    found: dict[tuple[str, str], tuple[JoinedField, ...]] = {}
    with replica.read() as session:
        rounds = _rounds(session) if by_record else []
        for (entity, record_id), own in by_record.items():
            readable = {field.name for field in readable_fields(person, entity)}
            found[entity, record_id] = _joined(session, own, rounds, readable)
    return found


def _rounds(session: Session) -> list[int]:
    """Return where the records' history stood at the end of each round that is remembered, in order."""
    details = session.scalars(
        select(SyncEvent.detail).where(SyncEvent.kind == "round").order_by(SyncEvent.id)
    )
    return [0, *(detail["history"] for detail in details if detail and "history" in detail)]


def _joined(
    session: Session, edits: Sequence[ReturnedEdit], rounds: Sequence[int], readable: set[str]
) -> tuple[JoinedField, ...]:
    entity, record_id = edits[0].entity, edits[0].record_id
    record = repository.get(session, entity, record_id)
    if record is None:
        return ()
    asked = {_leader(record.schema, edit.field or "") for edit in edits}
    entries = newest_lines(session, entity, record_id, History.field != "")[::-1]
    named = [(_leader(record.schema, _name(record.schema, entry.field)), entry) for entry in entries]
    landed = max((e.id for name, e in named if name in asked and e.origin != "here"), default=None)
    if landed is None:
        return ()
    since = next((before for before, after in pairwise(rounds) if before < landed <= after), rounds[-1])
    until = next((after for after in rounds if after >= landed), inf)
    sides: dict[str, set[str]] = {}
    for name, entry in named:
        taken_over = entry.origin == "hq" or (entry.origin == "here" and entry.sent)
        told = name not in asked and _is_told(record.schema, name, readable)
        if since < entry.id <= until and taken_over and told:
            sides.setdefault(name, set()).add(entry.origin)
    return tuple(
        JoinedField(
            entity=entity,
            field=name,
            label=label_of(session, entity, _key_of(record.schema, name)),
            value=_value(record, name),
            from_here="here" in origins,
            from_hq="hq" in origins,
            customs=custom_among(session, entity, (name,)),
        )
        for name, origins in sides.items()
    )


def _name(schema: Schema, key: str) -> str:
    field = field_named(schema, key)
    return field.name if field else key


def _leader(schema: Schema, name: str) -> str:
    field = schema.fields.get(name)
    return schema.leader(field).name if field else name


def _key_of(schema: Schema, name: str) -> str:
    field = schema.fields.get(name)
    return field_key(field) if field else name


def _is_told(schema: Schema, name: str, readable: set[str]) -> bool:
    field = schema.fields.get(name)
    if field is None:
        return name.startswith(CUSTOM_PREFIX)
    return name in readable and field.field_class is not FieldClass.SYSTEM and not field.computed


def _value(record: Record, name: str) -> Plain:
    field = record.schema.fields.get(name)
    members = record.schema.register(field) if field else ()
    if len(members) > 1:
        return [record.values.get(member.name) for member in members]
    return record.values.get(name)
