"""What a person wants of a record, as the operations that travel and merge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from crm_core.errors import Invalid, Problem
from crm_core.i18n import N_, Message, message
from crm_core.schema.field import Field, Kind
from crm_core.schema.machine import Machine, Step
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.sync.protocol import OpKind
from sync_server.services.custom import CustomFields
from sync_server.services.wanted import register_of
from sync_server.store.tables import SetDot, table_of

_dot = table_of(SetDot)


@dataclass(frozen=True, slots=True)
class Change:
    """One operation without its number and time."""

    kind: OpKind
    register: int | str
    value: Any


def operations_of(
    connection: Connection,
    schema: Schema,
    kind: str,
    record_id: str,
    values: Mapping[str, Any],
    row: Mapping[str, Any] | None,
    custom: CustomFields | None = None,
) -> list[Change]:
    """Return the operations for an edit of a record that stands as `row` (None: it is to be made).

    `kind` is the name of an `EditKind`. An update yields nothing for a field that has its value already.
    Raises `Invalid` for a custom field there is none of.
    """
    if kind == "DELETE" or kind == "RESTORE":
        return [Change(OpKind[kind], 0, (row or {})["life"])]
    custom = custom or CustomFields(connection)
    declared = _declared(custom, schema, values)
    if row is None:
        offered = {**schema.fields, **custom.in_use(schema.name)}
        first = {name: field.default for name, field in offered.items() if field.default is not None}
        filled = {name: value for name, value in {**first, **values}.items() if value not in (None, [], "")}
        fields = [declared.get(name) or offered[name] for name in filled]
        numbers = [_number(field) for field in fields]
        return [Change(OpKind.CREATE, 0, [numbers, list(filled.values())])]
    changes: list[Change] = []
    done: set[str] = set()
    machine = schema.meta.machine
    step = _step_to(machine, row, values) if machine is not None else None
    for name, value in values.items():
        field = declared[name]
        if step is not None and name in step.takes:
            continue
        if field.kind is Kind.TAGS:
            changes.extend(_of_words(connection, schema, record_id, field, value or []))
        elif register_of(schema.leader(field) if field.no else field) not in done:
            members = schema.register(field) if field.no else (field,)
            done.add(register_of(members[0]))
            before = [_held(row, member) for member in members]
            after = [values.get(member.name, old) for member, old in zip(members, before, strict=True)]
            after = [None if each == "" else each for each in after]
            if step is not None and machine is not None and name == machine.field:
                changes.append(_command(schema, machine, row, step, values))
            elif after != before:
                wanted = after if field.group else after[0]
                changes.append(Change(OpKind.SET, _number(members[0]), wanted))
    if machine is not None and not any(each.kind is OpKind.COMMAND for each in changes):
        changes = [_staying(schema, machine, row, each) or each for each in changes]
    # A step comes last: what is set with it may be fixed once it is taken. What a record belongs to is said
    # first, for what else it links to is looked at beside that.
    parents = {field.no for field in schema.parent_fields}
    return sorted(changes, key=lambda each: (each.kind is OpKind.COMMAND, each.register not in parents))


def _step_to(machine: Machine, row: Mapping[str, Any], values: Mapping[str, Any]) -> Step | None:
    """Return the step to the state that is wanted, None for none. Raises `Invalid` where none leads there."""
    before, after = row[machine.field], values.get(machine.field, row[machine.field]) or None
    if after == before:
        return None
    step = machine.between(before, after)
    if step is None:
        raise Invalid([Problem(field=machine.field, message=message(machine.refusal))])
    return step


def _command(
    schema: Schema, machine: Machine, row: Mapping[str, Any], step: Step, values: Mapping[str, Any]
) -> Change:
    """Return a step as the operation it travels as, with what is given along with it."""
    given = {schema.fields[name].no: values[name] or None for name in step.takes if name in values}
    value = [step.name, machine.state_of(row[machine.field]), [list(given), list(given.values())]]
    return Change(OpKind.COMMAND, schema.fields[machine.field].no, value)


def _staying(schema: Schema, machine: Machine, row: Mapping[str, Any], change: Change) -> Change | None:
    """Return the step that setting a field is while the state stays; None where it is a plain change."""
    field = schema.by_no.get(change.register) if isinstance(change.register, int) else None
    if field is None or change.kind is not OpKind.SET or field.group is not None:
        return None
    step = machine.staying(row[machine.field], {field.name: (row[field.name], change.value)})
    if step is None:
        return None
    return _command(schema, machine, row, step, {field.name: change.value})


def _declared(custom: CustomFields, schema: Schema, values: Mapping[str, Any]) -> dict[str, Field]:
    """Return the declaration of every field named."""
    declared: dict[str, Field] = {}
    problems = []
    for name in values:
        field = (
            custom.of(schema.name).get(name) if name.startswith(CUSTOM_PREFIX) else schema.fields.get(name)
        )
        if field is None:
            told = message(
                N_("{entity} has no field called “{field}”"), entity=Message(schema.meta.label), field=name
            )
            problems.append(Problem(field=name, message=told))
        else:
            declared[name] = field
    if problems:
        raise Invalid(problems)
    return declared


def _number(field: Field) -> int | str:
    return field.no or field.name


def _held(row: Mapping[str, Any], field: Field) -> Any:
    if field.no:
        return row[field.name]
    return (row["custom"] or {}).get(field.name.removeprefix(CUSTOM_PREFIX))


def _of_words(
    connection: Connection, schema: Schema, record_id: str, field: Field, wanted: list[str]
) -> list[Change]:
    """Return the additions and removals that make a set hold exactly the words wanted."""
    held: dict[str, list[str]] = {}
    query = select(_dot.c.word, _dot.c.dot).where(
        _dot.c.entity == schema.no, _dot.c.row_id == record_id, _dot.c.field == register_of(field)
    )
    for word, dot in connection.execute(query):
        held.setdefault(word, []).append(dot)
    words = {word.strip() for word in wanted}
    added = [Change(OpKind.TAG_ADD, _number(field), word) for word in sorted(words - held.keys())]
    removed = [
        Change(OpKind.TAG_DEL, _number(field), [word, sorted(held[word])])
        for word in sorted(held.keys() - words)
    ]
    return added + removed
