"""Whether a step of a state machine may be taken: HQ alone says, by the state it holds now.

Every function raises `Refused` or changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crm_core.entities import CHILDREN
from crm_core.i18n import N_, message
from crm_core.schema.field import Kind
from crm_core.schema.machine import Machine, Step
from crm_core.schema.reading import Schema
from crm_core.sync.protocol import Code, OpKind
from crm_core.times import DAY_MS
from sync_server.services import articles, delivering, payments
from sync_server.services.records import Record, Records
from sync_server.services.rights import Author, Refused, is_at_hq, speaks_for_hq
from sync_server.services.wanted import Wanted, kept_by_the_program, register_of

_MOVED_ON = message(N_("Somebody else took a step with this record first"))
_BEFORE_STEPS: Final = 2
"""Programs up to this version set what steps write like any other field."""


def sets_state(wanted: Wanted) -> bool:
    """Tell whether a setting is one of a state: an older program takes its steps that way."""
    machine = wanted.schema.meta.machine
    return machine is not None and machine.field in wanted.values


def demand_born(schema: Schema, values: Mapping[str, Any], at_ms: int) -> None:
    """A record begins where its machine lets it, and no step of it was taken after it was made."""
    machine = schema.meta.machine
    if machine is None:
        return
    if machine.born and machine.state_of(values.get(machine.field)) not in machine.born:
        raise Refused(Code.ILLEGAL_STATE, message(machine.refusal))
    for name in machine.kept_fields():
        declared = schema.fields[name]
        is_late = declared.kind is Kind.INSTANT and (values.get(name) or 0) > at_ms + DAY_MS
        is_logged = declared.kind is Kind.JSON and values.get(name) and name in machine.logged_fields()
        if is_late or is_logged:
            raise Refused(Code.INVALID, kept_by_the_program(declared))


def demand_step(records: Records, record: Record, wanted: Wanted, base: int, device: int) -> Step | None:
    """Return the step to take; None where the record stands where it leads already.

    A command says which state its writer saw. A setting says only where it leads: its writer must have seen
    the last step, by the position `base`.
    """
    machine = wanted.schema.meta.machine
    if machine is None:
        raise Refused(Code.INVALID, message(N_("HQ does not know this kind of change; it may be older")))
    here = machine.state_of(record.values[machine.field])
    if wanted.kind is OpKind.COMMAND:
        step = machine.named(wanted.step)
        if step is None:
            raise Refused(Code.INVALID, message(N_("HQ does not know this step; it may be older")))
        if here == step.ends and not step.takes:
            return None
        if here != wanted.expected and not step.stays:
            raise Refused(Code.ILLEGAL_STATE, _MOVED_ON)
        if here not in step.starts:
            raise Refused(Code.ILLEGAL_STATE, message(machine.refusal))
    else:
        there = machine.state_of(wanted.values[machine.field])
        if here == there:
            return None
        _demand_seen(machine, record, base, device)
        step = machine.between(here, there)
        if step is None:
            raise Refused(Code.ILLEGAL_STATE, message(machine.refusal))
    if machine.lacks(step, wanted.values):
        raise Refused(Code.ILLEGAL_STATE, message(step.lacking))
    _demand_child(records, record, step)
    delivering.demand_possible(records, record, step)
    payments.demand_step(records, record, step, wanted.values)
    articles.demand_possible(records, record, step)
    return step


def demand_kept(record: Record, wanted: Wanted, base: int, author: Author) -> None:
    """Only steps write what steps keep, and only HQ what is HQ's; but an older program knows of no steps.

    What such a one sets is not set over a step its writer had not seen.
    """
    machine = wanted.schema.meta.machine
    stepped = machine.named_fields() if machine is not None else frozenset()
    for field in wanted.fields:
        is_steps = field.read_only and field.since > _BEFORE_STEPS and field.name in stepped
        is_hqs = field.by_hq and not speaks_for_hq(author, wanted.schema)
        if is_hqs or (is_steps and not is_at_hq(author)):
            raise Refused(Code.INVALID, kept_by_the_program(field))
    if machine is not None and not machine.kept_fields().isdisjoint(wanted.values):
        _demand_seen(machine, record, base, author.device)


def _demand_seen(machine: Machine, record: Record, base: int, device: int) -> None:
    held = record.mark(register_of(record.schema.fields[machine.field]))
    if held.seq > base and held.device != device:
        raise Refused(Code.ILLEGAL_STATE, _MOVED_ON)


def _demand_child(records: Records, record: Record, step: Step) -> None:
    if step.needs_child is None:
        return
    kinds = {child.name for child, _ in CHILDREN[record.schema.name]}
    assert step.needs_child in kinds, step.name
    if not any(child.schema.name == step.needs_child and child.lives for child in records.children(record)):
        raise Refused(Code.ILLEGAL_STATE, message(step.lacking))
