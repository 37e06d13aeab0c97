"""Putting records together to one, side by side and field by field, and taking them apart again.

A merge is one set of ordinary operations that stands or falls as a whole: HQ judges each as any edit. What
hangs on the merged records and their author may not move, HQ moves (`sync_server.services.joining`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS, schema_of
from crm_core.entities.merge import BEFORE
from crm_core.errors import NotFound, StaleRecord, UserError
from crm_core.i18n import N_
from crm_core.rules.access import Action, ClassRight, Person
from crm_core.rules.duplicates import DISTINCT
from crm_core.rules.merging import (
    KEPT_DAYS,
    MOST_RECORDS,
    all_words,
    best_kept,
    best_value,
    is_empty,
    joined_text,
)
from crm_core.rules.standing import is_fixed
from crm_core.schema.field import Field, FieldClass, Kind
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.sync.protocol import TxnFlag
from crm_core.times import DAY_MS
from crm_desktop.models import counting, repository
from crm_desktop.models.custom import custom_fields
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.services import records, rights
from crm_desktop.services.outcome import Outcome

ALL: Final = "*"
"""Instead of a record's id: every long text, one below the other; every word of a set."""
INTO: Final = "merged_into_id"
MOST_MOVES: Final = 2_000
"""Records a merge moves itself; what is left HQ moves."""
_UNMOVED: Final = frozenset((INTO, "created_by", "updated_by"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A field, or a group of fields that go together, across the records that are compared."""

    name: str
    """Of the leading field."""
    fields: tuple[Field, ...]
    values: tuple[tuple[Any, ...], ...]
    """One for each record: the values of `fields`."""
    taken: str
    """Id of the record whose value is taken by rule, or `ALL`."""
    differs: bool
    writable: bool
    """Whether the person may change it; if not, the kept record's stands."""

    @property
    def label(self) -> str:
        """English label of the field, or of what its group is of."""
        first = self.fields[0]
        return N_("Address") if first.group == "address" else first.label

    @property
    def may_join(self) -> bool:
        """Whether all values can be taken together."""
        return self.fields[0].kind in (Kind.LONG_TEXT, Kind.TAGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """Records as they are looked at before they are merged."""

    entity: str
    records: tuple[Record, ...]
    kept: str
    """Id of the one that is kept by rule, or as it was asked for."""
    rows: tuple[Row, ...]
    """Those that differ first; a field empty in all is left out."""
    hanging: tuple[Mapping[str, int], ...] = ()
    """For each record how many of which kind belong or refer to it, as far as they are here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """What is written to the kept record."""

    changes: dict[str, Any] = field(default_factory=dict)
    before: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By field of the record of the merge."""


def compare(replica: Replica, entity: str, ids: Sequence[str], kept: str | None = None) -> SideBySide:
    """Return records side by side, with what the merge would take by rule. `NotFound`, `UserError`."""
    wanted = _demand_several(entity, ids)
    rights.may_do(replica, Action.READ, entity).demand()
    with replica.read() as session:
        held = _known(session, entity, wanted)
        return _side_by_side(session, replica.person, entity, held, kept)


def merge(
    replica: Replica,
    entity: str,
    kept: str,
    others: Sequence[str],
    take: Mapping[str, str] | None = None,
) -> Outcome[Record]:
    """Merge records into `kept` and return the record that tells of it.

    `take` names for a field the record whose value is kept, or `ALL`; other fields go by rule. The others
    are deleted and say where they went.
    """
    wanted = _demand_several(entity, [kept, *others])
    with replica.write(flags=TxnFlag.ALL_OR_NOTHING) as session:
        person = replica.person
        held = _known(session, entity, wanted)
        for record in held[1:]:
            rights.may(session, person, Action.DELETE, entity, record.values).demand()
        rights.may(session, person, Action.EDIT, entity, held[0].values).demand()
        shown = _side_by_side(session, person, entity, held, kept)
        taken = _taken(session, person, shown, take or {})
        if taken.changes:
            records.update_in(session, replica, entity, kept, taken.changes)
        moves = list(_move(session, person, held[0], held[1:]))
        told: dict[str, Any] = {
            "name": " ← ".join((held[0].title, ", ".join(record.title for record in held[1:]))),
            "kept_entity": entity,
            "kept_id": kept,
            "merged": [record.id for record in held[1:]],
            "moves": moves,
            **{name: values for name, values in taken.before.items() if values},
        }
        made = records.create_in(session, replica, "merge", told)
        for record in held[1:]:
            repository.update(session, entity, record.id, {INTO: kept})
            counting.follow(session, repository.delete(session, entity, record.id))
    return Outcome(made, frozenset(session.changed))


def take_apart(replica: Replica, merge_id: str) -> Outcome[Record]:
    """Undo a merge and return the kept record: what was merged is there again, with what hung on it.

    Edits made since stay with the kept record. `StaleRecord` where it was undone already or is too old.
    """
    with replica.write(flags=TxnFlag.ALL_OR_NOTHING) as session:
        person = replica.person
        told = repository.get(session, "merge", merge_id)
        if told is None or not told.alive:
            raise NotFound(N_("There is no such record on this laptop"))
        if told.get("taken_apart_at"):
            raise StaleRecord(N_("This merge was taken apart already"))
        if replica.clock.now_ms() - int(told.get("created_at") or 0) > KEPT_DAYS * DAY_MS:
            raise StaleRecord(N_("A merge can be taken apart for {days} days"), days=KEPT_DAYS)
        entity, kept_id = str(told["kept_entity"]), str(told["kept_id"])
        merged = [str(each) for each in told.get("merged") or ()]
        kept, *others = _held_of_merge(session, entity, [kept_id, *merged])
        if not kept.alive:
            raise StaleRecord(N_("“{title}” was deleted. Restore it first"), title=kept.title)
        rights.may(session, person, Action.EDIT, entity, kept.values).demand()
        # Those that went into this one and are not elsewhere or back by now.
        went = [other for other in others if other.get(INTO) == kept_id]
        for other in went:
            rights.may(session, person, Action.DELETE, entity, other.values).demand()
            if not other.alive:
                counting.follow(session, repository.restore(session, entity, other.id))
            repository.update(session, entity, other.id, {INTO: None})
        back = {other.id for other in went}
        for move in told.get("moves") or ():
            if isinstance(move, list) and len(move) == 4 and move[3] in back:
                _move_back(session, person, kept, move)
        changes = _values_before(kept, told)
        if changes:
            records.update_in(session, replica, entity, kept_id, changes)
        repository.update(session, "merge", merge_id, {"taken_apart_at": replica.clock.now_ms()})
        now = repository.get(session, entity, kept_id)
        assert now is not None
    return Outcome(now, frozenset(session.changed))


def recent_merges(
    replica: Replica, entity: str | None = None, record_id: str | None = None
) -> tuple[Record, ...]:
    """Return the merges that can be taken apart still, of all records or into one, the newest first."""
    rights.may_do(replica, Action.READ, "merge").demand()
    since = replica.clock.now_ms() - KEPT_DAYS * DAY_MS
    table = SCHEMAS["merge"].table
    query = select(table.c.id).where(
        table.c.life % 2 == 1, table.c.taken_apart_at.is_(None), table.c.created_at >= since
    )
    if record_id is not None:
        query = query.where(table.c.kept_entity == entity, table.c.kept_id == record_id)
    with replica.read() as session:
        ids = list(session.connection().scalars(query.order_by(table.c.created_at.desc(), table.c.id)))
        known = repository.get_many(session, "merge", ids)
    return tuple(known[each] for each in ids)


def say_distinct(replica: Replica, entity: str, record_id: str, others: Iterable[str]) -> Outcome[Record]:
    """Note that a record is another than these, however alike: it is said of them no more, on any laptop."""
    if DISTINCT not in schema_of(entity).fields:
        raise UserError(N_("Records of this kind are not compared"))
    return records.change_tags(replica, entity, record_id, DISTINCT, add=others)


def unsay_distinct(replica: Replica, entity: str, record_id: str, others: Iterable[str]) -> Outcome[Record]:
    """Take back what `say_distinct` noted."""
    return records.change_tags(replica, entity, record_id, DISTINCT, remove=others)


def _demand_several(entity: str, ids: Sequence[str]) -> list[str]:
    schema_of(entity)
    if INTO not in SCHEMAS[entity].fields:
        raise UserError(N_("Records of this kind cannot be merged"))
    wanted = list(dict.fromkeys(ids))
    if len(wanted) < 2:
        raise UserError(N_("Choose at least two records to merge"))
    if len(wanted) > MOST_RECORDS:
        raise UserError(N_("At most {count} records are merged at once"), count=MOST_RECORDS)
    return wanted


def _known(session: Session, entity: str, ids: Sequence[str]) -> list[Record]:
    known = repository.get_many(session, entity, ids)
    for record_id in ids:
        if record_id not in known:
            raise NotFound(N_("There is no such record on this laptop"))
        if not known[record_id].alive:
            raise StaleRecord(N_("This record was deleted"))
    return [known[record_id] for record_id in ids]


def _held_of_merge(session: Session, entity: str, ids: Sequence[str]) -> list[Record]:
    known = repository.get_many(session, entity, ids)
    if len(known) < len(ids):
        raise NotFound(
            N_("Not all records of this merge are on your laptop. Whoever sees all of them can take it apart")
        )
    return [known[record_id] for record_id in ids]


def _side_by_side(
    session: Session, person: Person, entity: str, held: Sequence[Record], kept: str | None
) -> SideBySide:
    schema = SCHEMAS[entity]
    registers = [register for register in _registers(session, person, schema) if _is_filled(held, register)]
    filled = [sum(not is_empty(_values(record, each)) for each in registers) for record in held]
    made = [int(record.get("created_at") or 0) for record in held]
    ids = [record.id for record in held]
    place = best_kept(filled, made) if kept is None else ids.index(kept)
    changed = [int(record.get("updated_at") or 0) for record in held]
    rows = []
    for register in registers:
        values = tuple(_values(record, register) for record in held)
        differs = any(each != values[0] for each in values)
        writable = person.rights.class_right(entity, register[0].field_class) is ClassRight.WRITE
        taken = ids[best_value(values, place, changed)]
        if register[0].kind in (Kind.LONG_TEXT, Kind.TAGS) and differs:
            taken = ALL
        rows.append(
            Row(
                name=register[0].name,
                fields=register,
                values=values,
                taken=taken if writable else ids[place],
                differs=differs,
                writable=writable,
            )
        )
    rows.sort(key=lambda row: not row.differs)
    return SideBySide(
        entity=entity,
        records=tuple(held),
        kept=ids[place],
        rows=tuple(rows),
        hanging=tuple(_count_hanging(session, person, record) for record in held),
    )


def _registers(session: Session, person: Person, schema: Schema) -> Iterator[tuple[Field, ...]]:
    """Yield what is chosen between: registers the person may read and a person writes, custom fields too."""
    seen = set()
    for each in (*schema.written(), *custom_fields(session, schema.name)):
        if each.read_only or each.name == DISTINCT:
            continue
        if person.rights.class_right(schema.name, each.field_class) is ClassRight.MASK:
            continue
        register = schema.register(each) if each.no else (each,)
        if register[0].name not in seen:
            seen.add(register[0].name)
            yield register


def _values(record: Record, register: tuple[Field, ...]) -> tuple[Any, ...]:
    return tuple(record.values.get(each.name) for each in register)


def _is_filled(held: Sequence[Record], register: tuple[Field, ...]) -> bool:
    return any(not is_empty(_values(record, register)) for record in held)


def _taken(session: Session, person: Person, shown: SideBySide, take: Mapping[str, str]) -> _Taken:
    """Return what the kept record takes from the others, and what it had before."""
    ids = [record.id for record in shown.records]
    known = {each.name: row for row in shown.rows for each in row.fields}
    for name, record_id in take.items():
        if name not in known and name not in SCHEMAS[shown.entity].fields:
            raise UserError(N_("There is no field “{field}” to choose"), field=name)
        if record_id != ALL and record_id not in ids:
            raise UserError(N_("A value can be taken only from the records that are merged"))
    chosen = {known[name].name: record_id for name, record_id in take.items() if name in known}
    place = ids.index(shown.kept)
    kept = shown.records[place]
    may_share = bool(rights.may(session, person, Action.SHARE, shown.entity, kept.values))
    result = _Taken()
    for row in shown.rows:
        if not row.differs or (row.fields[0].members and not may_share):
            continue
        source = chosen.get(row.name, row.taken)
        after = _joined(row) if source == ALL and row.may_join else row.values[ids.index(source)]
        before = row.values[place]
        if after == before:
            continue
        result.changes.update((each.name, value) for each, value in zip(row.fields, after, strict=True))
        column = BEFORE.get(row.fields[0].field_class, BEFORE[FieldClass.CORE])
        noted = result.before.setdefault(column, {})
        if row.fields[0].kind is Kind.TAGS:
            noted[row.name] = sorted({*(after[0] or ())} - {*(before[0] or ())})
        else:
            pairs = zip(row.fields, before, after, strict=True)
            noted.update((each.name, [was, now]) for each, was, now in pairs)
    distinct = {*all_words([record.get(DISTINCT) for record in shown.records])} - {*ids}
    if distinct - {*(kept.get(DISTINCT) or ())}:
        result.changes[DISTINCT] = sorted(distinct | {*(kept.get(DISTINCT) or ())})
    return result


def _joined(row: Row) -> tuple[Any, ...]:
    columns = [values[0] for values in row.values]
    if row.fields[0].kind is Kind.TAGS:
        return (all_words(columns),)
    return (joined_text(columns),)


def _values_before(kept: Record, told: Record) -> dict[str, Any]:
    """Return what the kept record gets back: fields nobody changed since, sets without what came."""
    schema = kept.schema
    changes: dict[str, Any] = {}
    for column in BEFORE.values():
        for name, noted in (told.get(column) or {}).items():
            declared = schema.fields.get(name)
            if declared is None and not name.startswith(CUSTOM_PREFIX):
                continue
            present = kept.values.get(name)
            if declared is not None and declared.kind is Kind.TAGS:
                changes[name] = sorted({*all_words([present])} - {*map(str, noted or ())})
            elif isinstance(noted, list) and len(noted) == 2 and present == noted[1]:
                changes[name] = noted[0]
    groups = [group for group in schema.groups.values() if any(each.name in changes for each in group)]
    for group in groups:
        # Members of a group go together: if one was changed since, all stay.
        if not all(each.name in changes for each in group):
            for each in group:
                changes.pop(each.name, None)
    return changes


def _links_to(name: str) -> Iterator[tuple[Schema, Field]]:
    for schema in SCHEMAS.values():
        if schema.name == "merge":
            continue
        for link in schema.fields.values():
            if link.kind is Kind.REF and link.target in (name, "*") and link.name not in _UNMOVED:
                yield schema, link


def _hanging_query(schema: Schema, link: Field, entity: str, record_id: str, columns: Sequence[Any]) -> Any:
    table = schema.table
    query = select(*columns).where(table.c[link.name] == record_id, table.c.life % 2 == 1)
    if link.target == "*" and link.target_field:
        query = query.where(table.c[link.target_field] == entity)
    return query


def _count_hanging(session: Session, person: Person, record: Record) -> Mapping[str, int]:
    counted: dict[str, int] = {}
    for schema, link in _links_to(record.entity):
        if not person.rights.reach_of(schema.name, Action.READ):
            continue
        query = _hanging_query(schema, link, record.entity, record.id, [func.count()])
        count = int(session.connection().scalar(query) or 0)
        if count:
            counted[schema.name] = counted.get(schema.name, 0) + count
    return counted


def _move(
    session: WriteSession, person: Person, kept: Record, others: Sequence[Record]
) -> Iterator[list[str]]:
    """Put what hangs on the others below the kept record; yield what was moved.

    What the person may not change, what a sent quote fixes and entries of accounts are left to HQ.
    """
    left = MOST_MOVES
    for other in others:
        for schema, link in _links_to(other.entity):
            if schema.meta.stands or link.read_only:
                continue
            query = _hanging_query(schema, link, other.entity, other.id, [schema.table.c.id]).limit(left)
            ids = list(session.connection().scalars(query.order_by(schema.table.c.id)))
            for child in repository.get_many(session, schema.name, ids).values():
                if not _is_movable(session, person, child, link):
                    continue
                target = None if (child.entity, child.id) == (kept.entity, kept.id) else kept.id
                moved = repository.update(session, schema.name, child.id, {link.name: target})
                counting.follow(session, moved)
                left -= 1
                yield [schema.name, child.id, link.name, other.id]


def _is_movable(session: Session, person: Person, child: Record, link: Field) -> bool:
    if child.entity == "quote" and child.get("status") not in (None, "draft"):
        return False
    if is_fixed(child.schema, child.values):
        return False
    return bool(rights.may(session, person, Action.EDIT, child.entity, child.values, [link]))


def _move_back(session: WriteSession, person: Person, kept: Record, move: Sequence[Any]) -> None:
    entity, row_id, name, other_id = move
    known = {(schema.name, link.name): link for schema, link in _links_to(kept.entity)}
    link = known.get((entity, name))
    child = repository.get(session, entity, row_id) if link is not None else None
    if link is None or child is None or not child.alive:
        return
    expected = None if row_id == kept.id else kept.id
    if child.values.get(name) == expected and _is_movable(session, person, child, link):
        counting.follow(session, repository.update(session, entity, row_id, {name: other_id}))
