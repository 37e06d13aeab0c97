"""What an operation wants, read from the wire and checked by itself: nothing here knows any record."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgspec

from crm_core.entities import BY_NO
from crm_core.i18n import N_, Message, message
from crm_core.ids import is_id
from crm_core.schema.field import Field, FieldClass, Kind
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.schema.validate import is_fit, is_storable, problem_with, problems_of
from crm_core.sync.protocol import Code, Op, OpKind
from sync_server.services.custom import CustomFields
from sync_server.services.rights import Refused

MAX_DEPTH: Final = 12  # of a structure; views and rights need four
MAX_WORD: Final = 100  # characters of a tag
MAX_DOTS: Final = 1000  # additions one removal may name
_BASE64_ID: Final = 24  # characters of 16 bytes in base64, as JSON carries an id
_MANY: Final = 20  # creations alike from which it pays to look at them column by column
_TEXTUAL: Final = frozenset((Kind.TEXT, Kind.LONG_TEXT, Kind.PHONE, Kind.EMAIL, Kind.URL, Kind.CHOICE))
_LISTS: Final = frozenset((Kind.TAGS, Kind.JSON))

UNREADABLE = message(N_("HQ could not read this change"))


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a creation; a batch has thousands of the same."""

    fields: tuple[Field, ...]
    names: tuple[str, ...]
    links: tuple[int, ...]
    """Indexes of those that come as bytes."""
    special: tuple[Field, ...]
    """Those whose values need a look of their own."""
    classes: frozenset[FieldClass]


_NO_SHAPE: Final = Shape((), (), (), (), frozenset())


class Wanted(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One operation in HQ's terms."""

    kind: OpKind
    schema: Schema
    row_id: str
    register: str = ""
    """SET, TAG_ADD, TAG_DEL: number of the leading field as text, or `x:key`."""
    fields: tuple[Field, ...] = ()
    """Fields written."""
    shape: Shape = _NO_SHAPE
    """CREATE: what its fields have in common with other creations."""
    values: dict[str, Any] = {}  # msgspec gives each its own
    """CREATE, SET: value of each field by name."""
    life: int = 0
    """DELETE, RESTORE: the life counter the writer saw."""
    word: str = ""
    dots: frozenset[str] = frozenset()
    """TAG_DEL: the additions the writer saw."""
    step: str = ""
    """COMMAND: name of the step. `values` are what goes with it, `fields` the state alone."""
    expected: str = ""
    """COMMAND: the state the writer saw."""


def read_ops(ops: Sequence[Op], custom: CustomFields) -> list[Wanted | Refused]:
    """Return for each operation what it wants, or why it is refused, as `read_op` does one by one.

    A first upload is thousands of creations with the same fields: those are checked column by column.
    """
    read: list[Wanted | Refused | None] = [None] * len(ops)
    alike: dict[tuple[int, tuple[Any, ...]], list[int]] = {}
    for place, op in enumerate(ops):
        if op.kind == OpKind.CREATE:
            match op.value:
                case [[*numbers], list()] if all(type(number) is int for number in numbers):
                    alike.setdefault((op.entity, tuple(numbers)), []).append(place)
    for (entity, shared), places in alike.items():
        if len(places) >= _MANY:
            wanted = _read_alike(entity, shared, [ops[place] for place in places])
            for place, each in zip(places, wanted, strict=False):
                read[place] = each
    return [known or _read_or_refuse(op, custom) for known, op in zip(read, ops, strict=True)]


def _read_or_refuse(op: Op, custom: CustomFields) -> Wanted | Refused:
    try:
        return read_op(op, custom)
    except Refused as refused:
        return refused


def _read_alike(entity: int, numbers: tuple[int, ...], ops: Sequence[Op]) -> list[Wanted]:
    """Return what creations with the same fields want; none where one of them may have to be refused."""
    schema = BY_NO.get(entity)
    rows = [op.row.hex() for op in ops]
    given = [op.value[1] for op in ops]
    if schema is None or not all(map(is_id, rows)) or any(len(values) != len(numbers) for values in given):
        return []
    try:
        shape = _declared_shape(entity, numbers)
    except Refused:
        return []
    columns: list[Sequence[Any]] = list(zip(*given, strict=True))
    for index in shape.links:
        columns[index] = [unpack(shape.fields[index], value) for value in columns[index]]
    by_name = dict(zip(shape.names, columns, strict=True))
    for required in schema.required_fields:
        column = by_name.get(required.name)
        if column is None or None in column or [] in column:
            return []
    ledger = schema.meta.ledger
    if ledger is not None and 0 in by_name[ledger.amount]:
        return []
    for declared, column in zip(shape.fields, columns, strict=True):
        if [] in column or not is_fit(declared, column):
            return []
    try:
        if any(_problem_beyond(each, value) for each in shape.special for value in by_name[each.name]):
            return []
    except Refused:
        return []
    return [
        Wanted(
            kind=OpKind.CREATE,
            schema=schema,
            row_id=row_id,
            fields=shape.fields,
            shape=shape,
            values=dict(zip(shape.names, values, strict=False)),
        )
        for row_id, values in zip(rows, zip(*columns, strict=True), strict=True)
    ]


def read_op(op: Op, custom: CustomFields) -> Wanted:
    """Return what an operation wants. Raises `Refused` for one that cannot be meant by any record."""
    schema = BY_NO.get(op.entity)
    row_id = op.row.hex()
    if schema is None:
        raise Refused(Code.INVALID, message(N_("HQ does not know this kind of record; it may be older")))
    if not is_id(row_id):
        raise _unreadable()
    match op.kind:
        case OpKind.CREATE:
            return _read_create(schema, row_id, op, custom)
        case OpKind.SET:
            return _read_set(schema, row_id, op, custom)
        case OpKind.DELETE | OpKind.RESTORE:
            if not isinstance(op.value, int) or isinstance(op.value, bool) or not 0 < op.value < 2**31:
                raise _unreadable()
            return Wanted(kind=OpKind(op.kind), schema=schema, row_id=row_id, life=op.value)
        case OpKind.TAG_ADD | OpKind.TAG_DEL:
            return _read_tag(schema, row_id, op, custom)
        case OpKind.COMMAND:
            return _read_command(schema, row_id, op)
        case _:
            raise Refused(Code.INVALID, message(N_("HQ does not know this kind of change; it may be older")))


def _unreadable() -> Refused:
    return Refused(Code.INVALID, UNREADABLE)


def _read_create(schema: Schema, row_id: str, op: Op, custom: CustomFields) -> Wanted:
    match op.value:
        case [[*numbers], [*given]] if len(numbers) == len(given):
            pass
        case _:
            raise _unreadable()
    if all(type(number) is int for number in numbers):
        shape = _declared_shape(schema.no, tuple(numbers))
    else:
        shape = _shape(schema, numbers, custom)
    for index in shape.links:
        given[index] = unpack(shape.fields[index], given[index])
    values = dict(zip(shape.names, given, strict=True))
    special = shape.fields if "" in given or [] in given else shape.special
    _check(schema, values, special, partial=False)
    return Wanted(
        kind=OpKind.CREATE, schema=schema, row_id=row_id, fields=shape.fields, shape=shape, values=values
    )


def _shape(schema: Schema, numbers: Sequence[Any], custom: CustomFields) -> Shape:
    fields = tuple(_written(schema, number, custom) for number in numbers)
    return _shape_of(fields)


@lru_cache(maxsize=1024)
def _declared_shape(entity: int, numbers: tuple[int, ...]) -> Shape:
    schema = BY_NO[entity]
    return _shape_of(tuple(_demand_written(schema.by_no.get(number)) for number in numbers))


def _shape_of(fields: tuple[Field, ...]) -> Shape:
    names = tuple(each.name for each in fields)
    if len(set(names)) != len(names):
        raise _unreadable()
    return Shape(
        fields=fields,
        names=names,
        links=tuple(index for index, each in enumerate(fields) if each.kind is Kind.REF),
        special=tuple(each for each in fields if each.no == 0 or each.kind in _LISTS),
        classes=frozenset(each.field_class for each in fields),
    )


def _read_set(schema: Schema, row_id: str, op: Op, custom: CustomFields) -> Wanted:
    declared = _written(schema, op.field, custom)
    if declared.kind is Kind.TAGS:
        raise _unreadable()
    if declared.group is None:
        fields: tuple[Field, ...] = (declared,)
        given: Sequence[Any] = (op.value,)
    else:
        fields = schema.register(declared)
        if declared is not fields[0] or not isinstance(op.value, list) or len(op.value) != len(fields):
            raise _unreadable()
        given = op.value
    values = {each.name: unpack(each, value) for each, value in zip(fields, given, strict=True)}
    _check(schema, values, fields, partial=True)
    return Wanted(
        kind=OpKind.SET,
        schema=schema,
        row_id=row_id,
        register=register_of(declared),
        fields=fields,
        values=values,
    )


def _read_tag(schema: Schema, row_id: str, op: Op, custom: CustomFields) -> Wanted:
    declared = _written(schema, op.field, custom)
    if declared.kind is not Kind.TAGS:
        raise _unreadable()
    dots: frozenset[str] = frozenset()
    word = op.value
    if op.kind == OpKind.TAG_DEL:
        match op.value:
            case [word, [*seen]] if len(seen) <= MAX_DOTS and all(isinstance(each, str) for each in seen):
                dots = frozenset(seen)
            case _:
                raise _unreadable()
    _check_word(word)
    return Wanted(
        kind=OpKind(op.kind),
        schema=schema,
        row_id=row_id,
        register=register_of(declared),
        fields=(declared,),
        word=word,
        dots=dots,
    )


def _read_command(schema: Schema, row_id: str, op: Op) -> Wanted:
    machine = schema.meta.machine
    if machine is None or op.field != schema.fields[machine.field].no:
        raise _unreadable()
    match op.value:
        case [str() as name, str() as expected, [[*numbers], [*given]]] if len(numbers) == len(given):
            pass
        case _:
            raise _unreadable()
    step = machine.named(name)
    fields = [_demand_written(schema.by_no.get(no) if type(no) is int else None) for no in numbers]
    values = {each.name: unpack(each, value) for each, value in zip(fields, given, strict=True)}
    if step is None or not set(values) <= set(step.takes):
        raise Refused(Code.INVALID, message(N_("HQ does not know this step; it may be older")))
    _check(schema, values, fields, partial=True)
    state = schema.fields[machine.field]
    return Wanted(
        kind=OpKind.COMMAND,
        schema=schema,
        row_id=row_id,
        register=register_of(state),
        fields=(state,),
        values=values,
        step=name,
        expected=expected,
    )


def register_of(declared: Field) -> str:
    """Return the name of a leading field's register: its number as text, or a custom field's `x:key`."""
    return str(declared.no) if declared.no else declared.name


def field_of(schema: Schema, register: str, custom: CustomFields) -> Field | None:
    """Return the leading field of a register; None where it is gone."""
    if register.startswith(CUSTOM_PREFIX):
        return custom.held(schema.name).get(register)
    return schema.by_no.get(int(register))


def _written(schema: Schema, number: Any, custom: CustomFields) -> Field:
    """Return the field with this number; `Refused` unless it travels as an operation."""
    declared = None
    if isinstance(number, str):
        declared = custom.of(schema.name).get(number)
    elif isinstance(number, int) and not isinstance(number, bool):
        declared = schema.by_no.get(number)
    return _demand_written(declared)


def _demand_written(declared: Field | None) -> Field:
    if declared is None:
        raise Refused(Code.INVALID, message(N_("HQ does not know this field; it may be older")))
    if declared.computed or declared.field_class is FieldClass.SYSTEM:
        raise Refused(Code.INVALID, kept_by_the_program(declared))
    return declared


def kept_by_the_program(declared: Field) -> Message:
    """Return what is said to who sets a field that nobody types."""
    return message(N_("“{field}” is kept by the program"), field=Message(declared.label))


def unpack(declared: Field, value: Any) -> Any:
    """Return a field's value from the wire: a link is 16 bytes, in JSON base64 or 32 digits."""
    if declared.kind is not Kind.REF:
        return value
    if isinstance(value, bytes):
        return value.hex() if value else None
    if isinstance(value, str) and len(value) == _BASE64_ID:
        try:
            return base64.b64decode(value, validate=True).hex()
        except binascii.Error:
            return value
    return value or None


def _check(schema: Schema, values: Mapping[str, Any], fields: Iterable[Field], *, partial: bool) -> None:
    """Raise `Refused` with the first thing wrong."""
    for problem in problems_of(schema, values, partial=partial):
        declared = schema.fields.get(problem.field or "")
        raise Refused(
            Code.INVALID,
            message(
                N_("{field}: {problem}"),
                field=Message(declared.label if declared else problem.field or ""),
                problem=problem.message,
            ),
        )
    for declared in fields:
        wrong = _problem_beyond(declared, values[declared.name])
        if wrong is not None:
            raise Refused(
                Code.INVALID,
                message(N_("{field}: {problem}"), field=Message(declared.label), problem=wrong),
            )


def _problem_beyond(declared: Field, value: Any) -> Message | None:
    """Return what is wrong with a value that a form could not have sent."""
    if value is None:
        return None
    if value == "" or value == []:
        fits = declared.kind in (_TEXTUAL if value == "" else _LISTS)
        return None if fits else UNREADABLE
    wrong = problem_with(declared, value) if declared.no == 0 else None
    if wrong is None and declared.kind is Kind.TAGS:
        for word in value:
            _check_word(word)
    if wrong is None and declared.kind is Kind.JSON and not is_plain(value):
        return UNREADABLE
    return wrong


def _check_word(word: Any) -> None:
    if not isinstance(word, str) or not word.strip() or len(word) > MAX_WORD or not is_storable(word):
        raise Refused(Code.INVALID, message(N_("A tag has 1 to {longest} characters"), longest=MAX_WORD))


def is_plain(value: Any, depth: int = 0) -> bool:
    """Tell whether a structure holds only what every engine stores alike: no floats, no bytes, no depth."""
    if depth > MAX_DEPTH:
        return False
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(item, depth + 1) for key, item in value.items())
    if isinstance(value, list):
        return all(is_plain(item, depth + 1) for item in value)
    if isinstance(value, str):
        return is_storable(value)
    return value is None or (isinstance(value, int) and abs(value) < 2**63)
