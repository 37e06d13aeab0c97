"""What stays as it is while a record is in a state: said by its machine, asked on laptop and HQ alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crm_core.i18n import N_, Message, message
from crm_core.schema.field import Field
from crm_core.schema.reading import Schema

_FIXED = N_("“{state}”: this stays as it is")


def why_fixed(schema: Schema, values: Mapping[str, Any], changed: Iterable[str] | None) -> Message | None:
    """Return why a record stays as it is; None where it may be changed. `changed` None: it is deleted."""
    machine = schema.meta.machine
    if machine is None or not machine.stands:
        return None
    here = machine.state_of(values.get(machine.field))
    if here not in machine.stands or (changed is not None and not machine.fixes(here, changed)):
        return None
    return message(_FIXED, state=Message(state_field(schema).choice_label(here)))


def why_not_deleted(schema: Schema, values: Mapping[str, Any]) -> Message | None:
    """Return why a record is not deleted in its state; None where it may be."""
    machine = schema.meta.machine
    if machine is not None and machine.state_of(values.get(machine.field)) in machine.deletable:
        return None
    return why_fixed(schema, values, None)


def state_field(schema: Schema) -> Field:
    """Return the field that holds the state of records that have one."""
    machine = schema.meta.machine
    assert machine is not None, schema.name
    return schema.fields[machine.field]


def is_fixed(schema: Schema, values: Mapping[str, Any]) -> bool:
    """Tell whether a record is in a state in which it stays as it is."""
    return why_fixed(schema, values, None) is not None
