"""Conditions and rules of segments in words, to be shown in either language."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_core.rules.conditions import Condition, Op, Value
from crm_core.rules.moment_parts import split_part
from crm_core.rules.relative_days import RelativeDay, Unit, relative_words
from crm_core.rules.segments import (
    CUSTOMER,
    IN_SEGMENT,
    AllOf,
    AnyOf,
    FieldsOf,
    Not,
    Related,
    Rule,
    asks_of_segments,
    bare,
    field_at,
)
from crm_core.schema.field import Field

Say = Callable[[Field, Value], object]
"""Gives the text of what a field is compared with, as the reader's place and language write it."""

_SIGNS = {Op.LESS: "<", Op.AT_MOST: "≤", Op.MORE: ">", Op.AT_LEAST: "≥"}


def condition_words(condition: Condition, field: Field, say: Say, label: Message | None = None) -> Message:
    """Return a condition in few words; `label` instead of the field's own."""
    label = label or Message(field.label)
    op, value = condition.op, condition.value
    if op is Op.EMPTY or (op is Op.EQUAL and value in (None, "")):
        return message(N_("{field}: empty"), field=label)
    if op is Op.DOUBTFUL:
        return message(N_("{field}: to be mended"), field=label)
    if op is Op.FILLED or (op is Op.NOT_EQUAL and value in (None, "")):
        return message(N_("{field}: filled"), field=label)
    if isinstance(value, RelativeDay):
        return _day_words(op, label, value)
    said = say(field, value)
    if op in (Op.EQUAL, Op.IN):
        return message(N_("{field}: {value}"), field=label, value=said)
    if op is Op.NOT_EQUAL:
        return message(N_("{field}: not {value}"), field=label, value=said)
    if op is Op.NOT_SINCE:
        return message(N_("{field}: not since {value}"), field=label, value=said)
    if op is Op.CONTAINS:
        return message(N_("{field} contains “{value}”"), field=label, value=said)
    return Message("{field} {sign} {value}", {"field": label, "sign": _SIGNS[op], "value": said})


def leaf_words(leaf: Condition | Related, fields_of: FieldsOf, say: Say, entity: str = CUSTOMER) -> Message:
    """Return one condition of a rule on records of `entity` in words."""
    if isinstance(leaf, Condition):
        return _of_entity(leaf, entity, fields_of, say)
    records: Message = Message(SCHEMAS[leaf.entity].meta.plural)
    if leaf.conditions:
        inner = _joined(_of_entity(each, leaf.entity, fields_of, say) for each in leaf.conditions)
        records = message(N_("{records} ({conditions})"), records=records, conditions=inner)
    total = fields_of(leaf.entity).get(leaf.total) if leaf.total else None
    if total is not None:
        said = say(total, leaf.value)
        records = message(N_("{field} of all {records}"), field=Message(total.label), records=records)
    elif _is_none(leaf):
        return message(N_("no {records}"), records=records)
    else:
        said = leaf.value
    if leaf.op is Op.EQUAL:
        return message(N_("{field}: {value}"), field=records, value=said)
    return Message("{field} {sign} {value}", {"field": records, "sign": _SIGNS[leaf.op], "value": said})


def rule_words(rule: Rule, fields_of: FieldsOf, say: Say, entity: str = CUSTOMER) -> Message:
    """Return a whole rule as one line."""
    match rule:
        case AllOf(()):
            return message(N_("everybody"))
        case AnyOf(()):
            return message(N_("nobody"))
        case AllOf(parts) | AnyOf(parts):
            words = [_bracketed(part, rule_words(part, fields_of, say, entity)) for part in parts]
            first, *others = words
            for other in others:
                both = N_("{first} and {second}") if isinstance(rule, AllOf) else N_("{first} or {second}")
                first = Message(both, {"first": first, "second": other})
            return first
        case Not(part):
            return message(N_("not ({condition})"), condition=rule_words(part, fields_of, say, entity))
        case _:
            return leaf_words(rule, fields_of, say, entity)


def path_words(fields_of: FieldsOf, entity: str, name: str) -> Message:
    """Return what a field is called that may lie some links away: “Name of the Territory of the Customer”."""
    field = field_at(fields_of, entity, name)
    said = Message(field.label) if field is not None else Message(name)
    *links, _ = split_part(name)[0].split(".")
    for place in range(len(links), 0, -1):
        link = field_at(fields_of, entity, ".".join(links[:place]))
        above = Message(link.label) if link is not None else Message(links[place - 1])
        said = message(N_("{field} of the {record}"), field=said, record=above)
    return said


def _bracketed(part: Rule, words: Message) -> Message:
    part = bare(part)
    joined = isinstance(part, AllOf | AnyOf) and part.parts
    return Message("({words})", {"words": words}) if joined else words


def _is_none(leaf: Related) -> bool:
    return (leaf.op, leaf.value) in ((Op.EQUAL, 0), (Op.LESS, 1), (Op.AT_MOST, 0))


def _of_entity(condition: Condition, entity: str, fields_of: FieldsOf, say: Say) -> Message:
    field = field_at(fields_of, entity, condition.field)
    if condition.field == IN_SEGMENT.name and asks_of_segments(entity):
        field = IN_SEGMENT
    if field is None:
        if isinstance(condition.value, tuple):
            return message(N_("Chosen records: {count}"), count=len(condition.value))
        return Message(condition.field)
    return condition_words(condition, field, say, path_words(fields_of, entity, condition.field))


def _joined(words: Iterable[Message]) -> Message:
    joined: Message | None = None
    for each in words:
        joined = message(N_("{first}, {second}"), first=joined, second=each) if joined is not None else each
    return joined or Message("")


def _day_words(op: Op, label: Message, day: RelativeDay) -> Message:
    said = relative_words(day)
    stretch = day.unit is not Unit.DAY
    texts = {
        Op.EQUAL: N_("{field}: {day}"),
        Op.LESS: N_("{field} before {day}"),
        Op.AT_MOST: N_("{field} until {day}"),
        Op.MORE: N_("{field} after {day}"),
        Op.AT_LEAST: N_("{field} since the beginning of {day}") if stretch else N_("{field} since {day}"),
        Op.NOT_SINCE: N_("{field}: not since {day}"),
    }
    return Message(texts.get(op, texts[Op.EQUAL]), {"field": label, "day": said})
