"""Records that may be the same, found at HQ whoever made them, on laptops that knew nothing of each other.

It follows the feed after the merges: by what each living record is looked up stands in a table, and a record
whose keys changed is compared with those that have one in common. So a merge does nothing for it. Who is
told of a pair is decided in `sync_server.services.alike_tasks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select, union, update

from crm_core.entities import SCHEMAS
from crm_core.rules.duplicates import (
    COMPARED,
    DISTINCT,
    LIKELY_FROM,
    SHOWN_FROM,
    compare,
    compared_columns,
    is_half,
    keys_of,
    traits_of,
)
from crm_core.rules.uniqueness import key_of
from crm_core.schema.reading import Schema
from crm_core.sync.merge import lives
from sync_server.services.alike_pairs import Pair, note_pairs
from sync_server.services.records import CELL, META, chunks
from sync_server.services.unique_keys import UNIQUE
from sync_server.store.alike import AlikeKey, AlikePair
from sync_server.store.bulk import insert_rows
from sync_server.store.database import Database
from sync_server.store.tables import Setting, table_of

STANDING: Final = "alike"
"""Setting with how far the tables are: `[position in the feed, position until which nobody is told]`."""
WINDOW: Final = 5_000  # positions of the feed looked at in one go
MOST_WINDOWS: Final = 10  # of one run: another chore waits meanwhile
MOST_OF_A_KEY: Final = 20
MOST_OF_A_HALF: Final = 40
"""Records of one key compared: a few are enough to tell somebody; the page of duplicates shows them all."""
MOST_OF_A_RECORD: Final = 5
"""Pairs of one record written down, the likest: a list brought in a hundred times makes no millions."""
FOLLOWED: Final = tuple(SCHEMAS[name] for name in dict.fromkeys((*COMPARED, *UNIQUE)))

_keys = table_of(AlikeKey)
_pairs = table_of(AlikePair)
_settings = table_of(Setting)


@dataclass(slots=True)
class _Step:
    """What a stretch of the feed changes."""

    until: int
    quiet_until: int
    keys: dict[str, frozenset[str]] = field(default_factory=dict)
    """New keys of records that have others now."""
    pairs: list[Pair] = field(default_factory=list)
    settled: list[Pair] = field(default_factory=list)


def follow(database: Database) -> int:
    """Bring keys and pairs up to date with the feed; return how many pairs were found.

    Of the processes of an HQ one at a time does so.
    """
    found = 0
    for _ in range(MOST_WINDOWS):
        with database.read() as snapshot:
            position, quiet_until = _standing(snapshot.connection)
            if position >= snapshot.head:
                break
            step = _Step(min(position + WINDOW, snapshot.head), quiet_until)
            for schema in FOLLOWED:
                _look(snapshot.connection, schema, position, step)
        with database.note() as connection:
            _keep(connection, step)
        found += len(step.pairs)
    return found


def is_behind(database: Database) -> bool:
    """Tell whether there is anything in the feed that was not followed yet."""
    with database.read() as snapshot:
        return _standing(snapshot.connection)[0] < snapshot.head


def _standing(connection: Connection) -> tuple[int, int]:
    held = connection.execute(select(_settings.c.value).where(_settings.c.key == STANDING)).scalar()
    return (int(held[0]), int(held[1])) if held else (0, 0)


def _look(connection: Connection, schema: Schema, after: int, step: _Step) -> None:
    """Find out what the changes of one kind of record in a stretch mean."""
    ids = _changed(connection, schema, after, step.until)
    fresh: dict[str, frozenset[str]] = {}
    for some in chunks(ids):
        rows = values_of(connection, schema, some)
        if schema.name in COMPARED:
            held: dict[str, set[str]] = {}
            query = select(_keys.c.row_id, _keys.c.key).where(_keys.c.row_id.in_(some))
            for row in connection.execute(query):
                held.setdefault(row.row_id, set()).add(row.key)
            for row_id in some:
                values = rows.get(row_id)
                keys = frozenset(keys_of(traits_of(schema.name, values)) if values else ())
                if keys != held.get(row_id, set()):
                    fresh[row_id] = keys
        step.settled.extend(_settled(connection, schema, some, rows))
    step.keys.update(fresh)
    if step.until > step.quiet_until:
        step.pairs.extend(_new_pairs(connection, schema, fresh))


def _changed(connection: Connection, schema: Schema, after: int, until: int) -> list[str]:
    sources = (META.c.seq, META.c.life_seq, CELL.c.seq)
    changed = union(
        *(
            select(seq.table.c.row_id).where(seq.table.c.entity == schema.no, seq > after, seq <= until)
            for seq in sources
        )
    )
    return sorted(connection.execute(changed).scalars())


def values_of(connection: Connection, schema: Schema, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return what living records are compared by, by id."""
    names = compared_columns(schema.name)
    names += [each.name for each in UNIQUE.get(schema.name, ()) if each.name not in names]
    table = schema.table
    found: dict[str, Mapping[str, Any]] = {}
    for some in chunks(ids):
        columns = [table.c[name] for name in ("id", "life", *names)]
        for row in connection.execute(select(*columns).where(table.c.id.in_(some))).mappings():
            if lives(row["life"]):
                found[row["id"]] = dict(row)
    return found


def _new_pairs(connection: Connection, schema: Schema, fresh: Mapping[str, frozenset[str]]) -> Iterator[Pair]:
    """Yield the pairs that records with new keys make with others, and among themselves."""
    having: dict[str, list[str]] = {key: [] for keys in fresh.values() for key in keys}
    for key, row_id in _others_having(connection, sorted(having)):
        if row_id not in fresh:
            having[key].append(row_id)
    for row_id, keys in fresh.items():
        for key in keys:
            having[key].append(row_id)
    wanted: dict[tuple[str, str], None] = {}
    for row_id, keys in fresh.items():
        for key in keys:
            for other in having[key][: _most_of(key)]:
                if other != row_id and (other, row_id) not in wanted:
                    wanted[row_id, other] = None
    if not wanted:
        return
    rows = values_of(connection, schema, sorted({row_id for pair in wanted for row_id in pair}))
    traits = {row_id: traits_of(schema.name, values) for row_id, values in rows.items()}
    alike: dict[str, list[tuple[int, str]]] = {}
    for one, other in wanted:
        if one in traits and other in traits and not _are_distinct(rows[one], rows[other]):
            score = compare(traits[one], traits[other]).score
            if score >= LIKELY_FROM:
                alike.setdefault(one, []).append((score, other))
    for one, others in alike.items():
        others.sort(key=lambda each: -each[0])
        yield from ((schema.no, one, other) for _, other in others[:MOST_OF_A_RECORD])


def _most_of(key: str) -> int:
    return MOST_OF_A_HALF if is_half(key) else MOST_OF_A_KEY


def _others_having(connection: Connection, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    place = func.row_number().over(partition_by=_keys.c.key, order_by=_keys.c.row_id).label("place")
    for some in chunks(keys):
        numbered = select(_keys.c.key, _keys.c.row_id, place).where(_keys.c.key.in_(some)).subquery()
        query = select(numbered.c.key, numbered.c.row_id).where(numbered.c.place <= MOST_OF_A_HALF)
        for row in connection.execute(query):
            yield row.key, row.row_id


def _pairs_of(connection: Connection, schema: Schema, ids: Iterable[str], *extra: Any) -> list[Pair]:
    found: list[Pair] = []
    for some in chunks(list(dict.fromkeys(ids))):
        query = select(_pairs.c.entity, _pairs.c.one_id, _pairs.c.other_id).where(
            _pairs.c.entity == schema.no, or_(_pairs.c.one_id.in_(some), _pairs.c.other_id.in_(some)), *extra
        )
        found.extend((row.entity, row.one_id, row.other_id) for row in connection.execute(query))
    return list(dict.fromkeys(found))


def _settled(
    connection: Connection, schema: Schema, ids: Sequence[str], rows: Mapping[str, Mapping[str, Any]]
) -> list[Pair]:
    """Return the pairs of changed records that are none any more."""
    open_pairs = _pairs_of(connection, schema, ids, _pairs.c.settled.is_(False))
    if not open_pairs:
        return []
    missing = {row_id for pair in open_pairs for row_id in pair[1:]} - set(ids)
    rows = {**rows, **values_of(connection, schema, sorted(missing))}
    return [pair for pair in open_pairs if not _are_alike(schema, rows.get(pair[1]), rows.get(pair[2]))]


def _are_alike(schema: Schema, one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    if one is None or other is None or _are_distinct(one, other):
        return False
    for each in UNIQUE.get(schema.name, ()):
        key = key_of(each, one[each.name])
        if key is not None and key == key_of(each, other[each.name]):
            return True
    if schema.name not in COMPARED:
        return False
    return compare(traits_of(schema.name, one), traits_of(schema.name, other)).score >= SHOWN_FROM


def _are_distinct(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return other["id"] in (one.get(DISTINCT) or ()) or one["id"] in (other.get(DISTINCT) or ())


def _keep(connection: Connection, step: _Step) -> None:
    for some in chunks(sorted(step.keys)):
        connection.execute(delete(_keys).where(_keys.c.row_id.in_(some)))
    rows = [(row_id, key) for row_id, keys in step.keys.items() for key in sorted(keys)]
    insert_rows(connection, _keys, ("row_id", "key"), rows)
    if step.settled:
        of_pair = and_(
            _pairs.c.entity == bindparam("of"),
            _pairs.c.one_id == bindparam("one"),
            _pairs.c.other_id == bindparam("other"),
        )
        values = [dict(zip(("of", "one", "other"), pair, strict=True)) for pair in step.settled]
        connection.execute(update(_pairs).where(of_pair).values(settled=True, told=True), values)
    note_pairs(connection, step.pairs, told=False)
    value = [step.until, step.quiet_until]
    stood = connection.execute(update(_settings).where(_settings.c.key == STANDING).values(value=value))
    if not stood.rowcount:
        connection.execute(insert(_settings).values(key=STANDING, value=value))
