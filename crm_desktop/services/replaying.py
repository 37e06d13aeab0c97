"""What a recorded operation did, as values to do it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from crm_core.schema.field import Plain
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.sync.protocol import OpKind
from crm_desktop.models.device_tables import Returned


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
    return given if step.stays else {machine.field: step.ends, **given}


def wanted_value(schema: Schema, kind: int, register: str, value: Plain) -> Plain:
    """Return what an operation wanted of its register: of a step the state it leads to, or what it fills."""
    if kind != OpKind.COMMAND:
        return value
    _name, expected, _given = cast("list[Plain]", value)
    about = filled_by(schema, kind, value)
    given = stepped_values(schema, value)
    return given.get(about) if about else given.get(schema.by_no[int(register)].name, expected)


def filled_by(schema: Schema, kind: int, value: Plain) -> str:
    """Return the field a step is about that leaves the state as it is, such as the owner; '' of any other."""
    if kind != OpKind.COMMAND or schema.meta.machine is None:
        return ""
    step = schema.meta.machine.named(str(cast("list[Plain]", value)[0]))
    return "" if step is None else step.fills or step.empties


def changed_values(
    schema: Schema, held: Mapping[str, Any], kind: OpKind, register: str, value: Any
) -> Mapping[str, Plain]:
    """Return what setting a register, or adding or taking a word, makes of the fields of a record so far."""
    if register.startswith(CUSTOM_PREFIX):
        return {register: value}
    field = schema.by_no[int(register)]
    if kind is OpKind.COMMAND:
        return stepped_values(schema, value)
    if kind is OpKind.TAG_ADD:
        return {field.name: sorted({*(held.get(field.name) or ()), value})}
    if kind is OpKind.TAG_DEL:
        return {field.name: sorted({*(held.get(field.name) or ())} - {value[0]})}
    members = schema.register(field)
    values = value if len(members) > 1 else [value]
    return {member.name: each for member, each in zip(members, values, strict=True)}


def typed_values(schema: Schema, creation: Returned, parts: Iterable[Returned]) -> dict[str, Plain]:
    """Return what a record that HQ did not take holds, by field name, with what was typed into it later."""
    values = created_values(schema, creation.mine)
    for part in parts:
        values.update(changed_values(schema, values, OpKind(part.kind), part.field, part.mine))
    return {name: value for name, value in values.items() if value not in (None, "", [])}
