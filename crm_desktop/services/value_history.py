"""Going back to the value a field had before a change, through the same checks and rights as any edit."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.entities import schema_of
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message
from crm_core.schema.field import Field, FieldClass, Kind, Plain
from crm_desktop.models.custom import all_custom_fields
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore set, and what stood there: `update` with `before` takes it back."""

    label: str
    values: dict[str, Plain]
    before: dict[str, Plain]


def fields_in_history(replica: Replica, entity: str) -> dict[str, Field]:
    """Return the fields a record's history may tell of, by name: custom ones retired since are there too."""
    with replica.read() as session:
        return {**schema_of(entity).fields, **all_custom_fields(session, entity)}


def may_restore(field: Field | None) -> bool:
    """Tell whether a person could type the field's value at all; whether he may is asked when he does."""
    return (
        field is not None
        and not (field.read_only or field.computed or field.retired)
        and field.field_class is not FieldClass.SYSTEM
        and field.kind is not Kind.JSON
    )


def restore_value(replica: Replica, entity: str, record_id: str, name: str, at_ms: int) -> Outcome[Restored]:
    """Set a field as it was before its change at `at_ms`; fields of one group go back together."""
    now = records.get(replica, entity, record_id)
    with replica.read() as session:
        custom = all_custom_fields(session, entity)
    field = now.schema.fields.get(name) or custom.get(name)
    if field is None:
        raise NotFound(N_("There is no field called “{field}”"), field=name)
    if not may_restore(field):
        raise UserError(N_("“{field}” is kept by the program"), field=Message(field.label))
    group = [each for each in now.schema.register(field) if may_restore(each)] if field.group else [field]
    before: dict[str, Plain] = {each.name: now.get(each.name) for each in group}
    values = dict(before)
    for entry in records.history(replica, entity, record_id):
        if entry.at_ms < at_ms:
            break
        if entry.field in values:
            values[entry.field] = entry.old
    if values == before:
        raise UserError(N_("“{field}” has this value already"), field=Message(field.label))
    changed = {key: value for key, value in values.items() if value != before[key]}
    outcome = records.update(replica, entity, record_id, changed, {key: before[key] for key in changed})
    kept = Restored(label=field.label, values=changed, before={key: before[key] for key in changed})
    return Outcome(kept, outcome.changed)


def take_back(replica: Replica, entity: str, record_id: str, restored: Restored) -> Outcome[object]:
    """Set what stood there before a restore."""
    outcome = records.update(replica, entity, record_id, restored.before)
    return Outcome(outcome.value, outcome.changed)
