"""What a list or a form on screen needs beside the rows: linked titles, marks, fields, records to link to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from crm_core.entities import SCHEMAS, schema_of
from crm_core.errors import UserError
from crm_core.rules.access import Action, ClassRight, Reach, decide
from crm_core.schema.field import Choice, Field, FieldClass, Kind, ScopeSource
from crm_core.schema.values import links_of
from crm_desktop.models import derived, query
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.custom import custom_fields, fields_of, is_custom
from crm_desktop.models.narrowing import segment_filter, worth_filter
from crm_desktop.models.query import MAX_LIMIT, Cursor, ListQuery, is_walked
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records, search
from crm_desktop.services.absences import AwayNow, away_in
from crm_desktop.services.company import company
from crm_desktop.services.marks import Marks, marks_of
from crm_desktop.services.outcome import Outcome

Titles = Mapping[tuple[str, str], str]
"""What linked records are called, by (entity, id)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """A page of a list with what its cells show."""

    rows: tuple[Record, ...]
    titles: Titles
    marks: Marks
    next: Cursor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownField:
    """A field the person may read; `writable` where they may also change it."""

    field: Field
    writable: bool
    sortable: bool
    """An index holds its order, so a list sorted by it costs nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A record that a link may point to; `line` says where else the typed text was found."""

    id: str
    title: str
    line: str = ""
    away: AwayNow | None = None
    """Of somebody who is away now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSetup:
    """What a list must know before its first page."""

    fields: tuple[ShownField, ...]
    currency: str
    """The company's."""
    user_id: str
    owner_field: str | None
    """The field that says whose a record is; None where it belongs to nobody."""
    reach: Reach
    """How far the person's right to read goes."""
    filters: tuple[Field, ...]
    """What the list is narrowed by besides its fields."""
    may_create: bool
    may_delete: bool
    may_export: bool


def setup_of(replica: Replica, entity: str) -> ListSetup:
    """Return what a list of an entity must know. `AccessDenied` where the person may not read it."""
    person = replica.person
    decide(person, Action.READ, entity).demand()
    with replica.read() as session:
        filters = worth_filter(session, person, entity)
    owner = next((f.name for f in schema_of(entity).scope_fields if f.scope is ScopeSource.OWN), None)
    return ListSetup(
        fields=shown_fields(replica, entity),
        currency=company_currency(replica),
        user_id=person.user_id,
        owner_field=owner,
        reach=person.rights.reach_of(entity, Action.READ),
        filters=(*(segment_filter(entity) if decide(person, Action.READ, "segment") else ()), *filters),
        may_create=bool(decide(person, Action.CREATE, entity)),
        may_delete=bool(decide(person, Action.DELETE, entity)),
        may_export=bool(decide(person, Action.EXPORT, entity)),
    )


def page(replica: Replica, wanted: ListQuery, links: Collection[str] = ()) -> ListPage:
    """Return one page of a list; `links` are the fields whose records are called by name."""
    with replica.read() as session:
        found = query.page(session, replica.person, wanted)
        by_target: dict[str, set[str]] = {}
        custom = custom_fields(session, wanted.entity) if any(map(is_custom, links)) else ()
        for entity, record_id in _linked(wanted.entity, custom, found.rows, links):
            by_target.setdefault(entity, set()).add(record_id)
        titles = {
            (entity, record_id): title
            for entity, ids in by_target.items()
            for record_id, title in query.labels(session, entity, ids).items()
        }
        marks = marks_of(session, wanted.entity, [row.id for row in found.rows])
    return ListPage(rows=found.rows, titles=titles, marks=marks, next=found.next)


def all_ids(replica: Replica, wanted: ListQuery) -> tuple[str, ...]:
    """Return the id of every record of a list, in its order, however many pages that takes."""
    ids: list[str] = []
    part = replace(wanted, limit=MAX_LIMIT, after=None, fields=())
    with replica.read() as session:
        while True:
            found = query.page(session, replica.person, part)
            ids.extend(row.id for row in found.rows)
            if found.next is None:
                return tuple(ids)
            part = replace(part, after=found.next)


def shown_fields(replica: Replica, entity: str) -> tuple[ShownField, ...]:
    """Return the fields of an entity the person may read, custom ones last; record keeping is left out."""
    schema = schema_of(entity)
    rights = replica.person.rights
    changes = bool(
        decide(replica.person, Action.EDIT, entity) or decide(replica.person, Action.CREATE, entity)
    )
    with replica.read() as session:
        fields = fields_of(session, entity)
    shown = []
    for field in fields.values():
        right = rights.class_right(entity, field.field_class)
        if right < ClassRight.READ or field.field_class is FieldClass.SYSTEM:
            continue
        if not derived.readable(replica.person, field):
            continue
        kept = field.read_only or field.computed or field.by_hq
        shown.append(
            ShownField(
                field=_chosen_from_kinds(field) if field.names_entity else field,
                writable=changes and right >= ClassRight.WRITE and not kept,
                sortable=is_walked(schema, field) or derived.is_derived(entity, field),
            )
        )
    return tuple(shown)


def _chosen_from_kinds(field: Field) -> Field:
    """Return a field that names a kind of record as a choice of those there are."""
    kinds = tuple(Choice(value=name, label=schema.meta.plural) for name, schema in SCHEMAS.items())
    return replace(field, kind=Kind.CHOICE, choices=kinds)


def options(replica: Replica, entity: str, text: str, limit: int = 12) -> tuple[Option, ...]:
    """Return living records of an entity to link to: those a text is found in, or the first by name."""
    schema, asked = schema_of(entity), text.strip()
    names = (schema.meta.title, *((schema.title_zh,) if schema.title_zh else ()))
    hits = search.find(replica, text, limit, (entity,)) if asked else ()
    with replica.read() as session:
        away = away_in(session, replica.clock.now_ms()) if entity == "user" else {}
        if hits:
            return tuple(
                Option(id=hit.id, title=hit.title, line=hit.snippet, away=away.get(hit.id)) for hit in hits
            )
        found: dict[str, Option] = {}
        for name in names if asked else names[:1]:
            wanted = ListQuery(
                entity=entity,
                conditions=(Condition(field=name, op=Op.CONTAINS, value=asked),) if asked else (),
                sort=((names[0], False),),
                limit=limit,
                fields=names,
            )
            for row in query.page(session, replica.person, wanted).rows:
                found[row.id] = Option(id=row.id, title=row.title, away=away.get(row.id))
    return tuple(found.values())[:limit]


def delete_all(replica: Replica, entity: str, ids: Collection[str]) -> Outcome[tuple[str, ...]]:
    """Delete records, each by itself; return the ids of those deleted.

    What may not be deleted is left alone; where that is every one of them, says why.
    """
    return _each(ids, lambda record_id: records.delete(replica, entity, record_id))


def restore_all(replica: Replica, entity: str, ids: Collection[str]) -> Outcome[tuple[str, ...]]:
    """Bring deleted records back, each by itself; return the ids of those that came back."""
    return _each(ids, lambda record_id: records.restore(replica, entity, record_id))


def _each(ids: Collection[str], change: Callable[[str], Outcome[Record]]) -> Outcome[tuple[str, ...]]:
    done: list[str] = []
    changed: set[tuple[str, str]] = set()
    refused: UserError | None = None
    for record_id in ids:
        try:
            outcome = change(record_id)
        except UserError as error:
            refused = refused or error
            continue
        done.append(record_id)
        changed |= outcome.changed
    if refused is not None and not done:
        raise refused
    return Outcome(tuple(done), frozenset(changed))


def known_tags(replica: Replica) -> tuple[str, ...]:
    """Return the names of the labels the company keeps, in order."""
    wanted = ListQuery(entity="tag", sort=(("name", False),), limit=500, fields=("name",))
    if not decide(replica.person, Action.READ, "tag"):
        return ()
    with replica.read() as session:
        return tuple(row.title for row in query.page(session, replica.person, wanted).rows)


def company_currency(replica: Replica) -> str:
    """Return the currency amounts of the company are in."""
    with replica.read() as session:
        return company(session).currency


def _linked(
    entity: str, custom: Collection[Field], rows: Collection[Record], links: Collection[str]
) -> set[tuple[str, str]]:
    declared = {**SCHEMAS[entity].fields, **{field.name: field for field in custom}}
    fields = [declared[name] for name in links if name in declared]
    return {
        link for field in fields for row in rows for link in links_of(field, row.values) if link[0] in SCHEMAS
    }
