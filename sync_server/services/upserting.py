"""Records made, changed and deleted from JSON, one at a time or many with what belongs to them.

Whoever asks may name a record by an id of his own (`external_id`): the same name again means the same record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from crm_core.entities import SCHEMAS, schema_of
from crm_core.errors import CrmError, Invalid, NotFound, Problem, StaleRecord, UserError
from crm_core.i18n import N_, Message
from crm_core.ids import is_id, new_id
from crm_core.rules.sheets import SHEETS
from crm_core.schema.reading import Schema
from sync_server.services import outside
from sync_server.services.hq import Edit, EditKind, Writing
from sync_server.services.outside import EXTERNAL
from sync_server.services.plain import values_of
from sync_server.services.reading import NO_SUCH, Reader, Values

RECORDS_MOST: Final = 500
"""Of one request, lines and other children among them."""
PORTION: Final = 40
"""Records, their children counted, that are written in one transaction: laptops wait with their uploads
meanwhile, half a second on a machine of today. One that has more children is a portion by itself."""
_LINES: Final = frozenset(sheet.line for sheet in SHEETS.values())
_TAKEN: Final = {"description": "name", "unit": "unit"}
_PARTS: Final = frozenset(("entity", "id", EXTERNAL, "values", "children", "delete"))


@dataclass(slots=True, kw_only=True)
class Written:
    """What became of one record of a request."""

    entity: str = ""
    record_id: str = ""
    external_id: str | None = None
    made: bool = False
    deleted: bool = False
    values: Values = field(default_factory=dict)
    """What was set, in the record's own values."""
    children: list[Written] = field(default_factory=list)
    error: CrmError | None = None
    """Why it was refused, with all that belongs to it; then nothing of it was done."""


def create(writing: Writing, entity: str, body: Mapping[str, Any]) -> Written:
    """Make a record of a JSON object. Raises `Invalid`, `AccessDenied` and the like."""
    fields, name = _named(body)
    if name is not None and outside.record_of(writing.connection, _asker(writing), entity, name) is not None:
        told = Message(N_("Another record is called “{name}” already"), {"name": name})
        raise Invalid([Problem(field=EXTERNAL, message=told)])
    wish = _Wish(written=Written(entity=entity, external_id=name), values=fields)
    _write(writing, [wish])
    return wish.written


def change(writing: Writing, entity: str, record_id: str, body: Mapping[str, Any]) -> Written:
    """Change the fields a JSON object names. Raises what `create` raises, and `NotFound`."""
    fields, name = _named(body)
    wish = _Wish(written=Written(entity=entity, record_id=record_id, external_id=name), values=fields)
    _write(writing, [wish])
    return wish.written


def upsert(writing: Writing, entity: str, name: str, body: Mapping[str, Any]) -> Written:
    """Change the record the asker calls so, or make it; a body's `id` says which existing one is meant."""
    return _one(writing, entity, {**_split(body), EXTERNAL: name})


def demand_few(items: Iterable[Any]) -> None:
    """Raise `UserError` where records with all that belongs to them are too many for one request."""
    number = sum(1 + _count(item) for item in items)
    if number > RECORDS_MOST:
        raise UserError(
            N_("A request may hold at most {most} records; this one has {number}"),
            most=RECORDS_MOST,
            number=number,
        )


def portion(items: Sequence[Any], start: int) -> Sequence[Any]:
    """Return the records from `start` on that are written in one transaction; none where there are none."""
    end, held = start, 0
    while end < len(items) and (end == start or held + 1 + _count(items[end]) <= PORTION):
        held += 1 + _count(items[end])
        end += 1
    return items[start:end]


def write_many(writing: Writing, items: Sequence[Any]) -> list[Written]:
    """Write records in their order, each with its children taken or refused by itself.

    An item is `{"entity", "external_id" or "id", "values", "children": {entity: [item, …]}, "delete"}`; of
    `children` the link to their parent is filled in. Later ones may name earlier ones.
    """
    try:
        # Mostly all is well, and then few statements do for many records.
        with writing.part():
            return _together(writing, [(_entity_of(item), item) for item in items])
    except CrmError:
        return [_by_itself(writing, item) for item in items]


def _by_itself(writing: Writing, item: Any) -> Written:
    """Write one record with its children, or return why it was refused."""
    try:
        with writing.part():
            return _one(writing, _entity_of(item), item)
    except CrmError as error:
        parts = item if isinstance(item, Mapping) else {}
        name = parts.get(EXTERNAL)
        return Written(
            entity=str(parts.get("entity", "")),
            external_id=name if isinstance(name, str) else None,
            error=error,
        )


def _one(writing: Writing, entity: str, item: Mapping[str, Any]) -> Written:
    """Write one record and its children. Raises the first error, and nothing of it may stand then."""
    (written,) = _together(writing, [(entity, item)])
    return written


def _together(writing: Writing, items: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Written]:
    """Write records and what belongs to them, level by level. Raises the first error; nothing may stand then.

    States that are reached by steps come last, parents' before children's: an order that is confirmed needs
    its lines, an instalment that is agreed its order confirmed.
    """
    level = [_read(writing, entity, item) for entity, item in items]
    top = [wish.written for wish in level]
    states: list[list[_Wish]] = []
    while level:
        _write(writing, level)
        states.append([wish for wish in level if wish.later])
        level = [child for wish in level for child in _children(writing, wish)]
    for stepping in states:
        for wish in stepping:
            wish.values = wish.later
        _write(writing, stepping)
    return top


@dataclass(slots=True, kw_only=True)
class _Wish:
    """One record as it is to be written."""

    written: Written
    values: Mapping[str, Any]
    """JSON values to write now."""
    later: Mapping[str, Any] = field(default_factory=dict)
    """Those of a state reached by a step, with what that step takes along."""
    children: Mapping[str, Any] = field(default_factory=dict)


def _read(writing: Writing, entity: str, item: Mapping[str, Any]) -> _Wish:
    """Return what an item wants of which record."""
    if unknown := sorted(item.keys() - _PARTS):
        raise UserError(N_("“{name}” is no part of a record here"), name=unknown[0])
    name = item.get(EXTERNAL)
    name = None if name is None else outside.demand_name(name)
    record_id = _meant(writing, entity, item.get("id"), name)
    children, values = item.get("children") or {}, item.get("values") or {}
    if not isinstance(children, Mapping) or not isinstance(values, Mapping):
        raise UserError(N_("“{name}” must be an object"), name="values")
    written = Written(entity=entity, record_id=record_id or "", external_id=name)
    if item.get("delete"):
        if record_id is None:
            raise NotFound(NO_SUCH)
        written.deleted = True
        return _Wish(written=written, values={})
    is_plain = record_id is not None and not children
    later = {} if is_plain else _state_apart(schema_of(entity), values)
    first = {key: value for key, value in values.items() if key not in later}
    return _Wish(written=written, values=first, later=later, children=children)


def _children(writing: Writing, wish: _Wish) -> Iterator[_Wish]:
    """Yield what is wanted of the children of a record that is written."""
    for kind, several in wish.children.items():
        link = _link_to(wish.written.entity, kind)
        for child in several if isinstance(several, list) else [several]:
            if not isinstance(child, Mapping):
                raise UserError(N_("“{name}” must be an object"), name=kind)
            held = child.get("values") or {}
            if not isinstance(held, Mapping):
                raise UserError(N_("“{name}” must be an object"), name="values")
            parts = {key: value for key, value in child.items() if key != "entity"}
            fitted = {**parts, "values": {**held, link: wish.written.record_id}}
            found = _read(writing, kind, fitted)
            wish.written.children.append(found.written)
            yield found


def _write(writing: Writing, wishes: Sequence[_Wish]) -> None:
    """Make, change or delete records at once, and keep the asker's names of them."""
    reader = writing.reader()
    edits = []
    for wish in wishes:
        written = wish.written
        if written.deleted:
            edit = Edit(kind=EditKind.DELETE, entity=written.entity, record_id=written.record_id)
            edits.append(edit)
            continue
        is_new = not written.record_id
        row = {} if is_new else reader.get(written.entity, written.record_id)
        values = _values(reader, written.entity, wish.values, row)
        if is_new and written.entity in _LINES:
            values = {**_of_product(reader, values), **values}
        kind = EditKind.CREATE if is_new else EditKind.UPDATE
        record_id = written.record_id or new_id()
        edits.append(Edit(kind=kind, entity=written.entity, record_id=record_id, values=values))
        written.made, written.record_id = written.made or is_new, record_id
        written.values |= values
    writing.write_all(edits)
    for wish in wishes:
        written = wish.written
        if written.external_id is not None and not written.deleted:
            name, asker = written.external_id, reader.person.user_id
            outside.keep_name(writing.connection, asker, written.entity, name, written.record_id)


def _values(reader: Reader, entity: str, body: Mapping[str, Any], row: Values) -> Values:
    return values_of(schema_of(entity), reader.custom(entity), outside.with_links(reader, entity, body), row)


def _of_product(reader: Reader, values: Values) -> Values:
    """Return what a line takes from its product where nothing is said: what it is called, and its unit."""
    product_id = values.get("product_id")
    if not product_id:
        return {}
    try:
        product = reader.get("product", product_id)
    except NotFound:
        return {}  # told of with the line itself
    return {name: product[key] for name, key in _TAKEN.items() if product.get(key) is not None}


def _meant(writing: Writing, entity: str, given: Any, name: str | None) -> str | None:
    """Return the id of the record meant; None where it is to be made. Raises where it is gone for good."""
    reader = writing.reader()
    if given is not None:
        if not is_id(str(given)):
            raise NotFound(NO_SUCH)
        reader.get(entity, str(given))
        return str(given)
    found = None
    if name is not None:
        found = outside.record_of(writing.connection, reader.person.user_id, entity, name)
    if found is not None:
        try:
            reader.get(entity, found)
        except NotFound as error:
            raise StaleRecord(
                N_("The record you call “{name}” was deleted, or you may not see it any more"), name=name
            ) from error
    return found


def _state_apart(schema: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state among values, where it is one no record begins in but a step leads to.

    With it what that step takes along, such as an invoice's number.
    """
    machine = schema.meta.machine
    if machine is None or values.get(machine.field) in (None, *machine.born):
        return {}
    wanted = values[machine.field]
    step = machine.between(machine.first, wanted) if isinstance(wanted, str) else None
    along = {name: values[name] for name in (step.takes if step is not None else ()) if name in values}
    return {**along, machine.field: wanted}


def _link_to(parent: str, child: str) -> str:
    if child in SCHEMAS:
        for link in schema_of(child).parent_fields:
            if link.target == parent:
                return link.name
    raise UserError(N_("“{name}” is nothing that belongs to “{parent}”"), name=child, parent=parent)


def _entity_of(item: Any) -> str:
    if not isinstance(item, Mapping):
        raise UserError(N_("“{name}” must be an object"), name="records")
    entity = item.get("entity")
    if not isinstance(entity, str) or entity not in SCHEMAS:
        raise UserError(N_("There is no kind of record called “{name}”"), name=entity or "")
    return entity


def _named(body: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Return the fields of a flat body, and the name it gives the record."""
    fields = {key: value for key, value in body.items() if key != EXTERNAL}
    return fields, outside.demand_name(body[EXTERNAL]) if EXTERNAL in body else None


def _split(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a flat body as an item of `write_many`."""
    own = {"children", "id"}
    item: dict[str, Any] = {key: value for key, value in body.items() if key in own}
    item["values"] = {key: value for key, value in body.items() if key not in own | {EXTERNAL}}
    return item


def _count(item: Any) -> int:
    children = item.get("children") if isinstance(item, Mapping) else None
    if not isinstance(children, Mapping):
        return 0
    return sum(
        1 + _count(child)
        for several in children.values()
        for child in (several if isinstance(several, list) else [several])
    )


def _asker(writing: Writing) -> str:
    return writing.reader().person.user_id
