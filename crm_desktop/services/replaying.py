"""What a recorded operation did, as values to do it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core.schema.field import Plain
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.sync.protocol import OpKind
from crm_desktop.models.records import Record


def created_values(schema: Schema, payload: Any) -> dict[str, Plain]:
    """Return what a creation set, by field name; fields this version does not know are left out."""
    named: dict[str, Plain] = {}
    for number, value in zip(*payload, strict=True):
        if isinstance(number, str):
            named[number] = value
        elif number in schema.by_no:
            named[schema.by_no[number].name] = value
    return named


def stepped_values(schema: Schema, payload: Any) -> dict[str, Plain]:
    """Return where a step leads and what was given along with it, by field name; none of an unknown one."""
    name, _expected, (numbers, values) = payload
    machine = schema.meta.machine
    step = machine.named(name) if machine is not None else None
    if machine is None or step is None:
        return {}
    given = {schema.by_no[no].name: item for no, item in zip(numbers, values, strict=True)}
    return {machine.field: step.ends, **given}


def wanted_value(schema: Schema, kind: int, register: str, value: Plain) -> Plain:
    """Return what an operation wanted of its register: of a step the state it leads to."""
    if kind != OpKind.COMMAND:
        return value
    return stepped_values(schema, value).get(schema.by_no[int(register)].name)


def changed_values(record: Record, kind: OpKind, register: str, value: Any) -> Mapping[str, Plain]:
    """Return what setting a register, or adding or taking a word, makes of a record's fields."""
    if register.startswith(CUSTOM_PREFIX):
        return {register: value}
    field = record.schema.by_no[int(register)]
    if kind is OpKind.COMMAND:
        return stepped_values(record.schema, value)
    if kind is OpKind.TAG_ADD:
        return {field.name: sorted({*record.get(field.name, []), value})}
    if kind is OpKind.TAG_DEL:
        return {field.name: sorted(set(record.get(field.name, [])) - {value[0]})}
    members = record.schema.register(field)
    values = value if len(members) > 1 else [value]
    return {member.name: each for member, each in zip(members, values, strict=True)}
