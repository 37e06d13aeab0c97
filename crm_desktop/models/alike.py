"""Records that may be the same, looked up by their keys in the search index.

Only living records of this replica are in it, and of those only fields that came here: what the person may
not see is neither found nor told apart from what there is not.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.rules.duplicates import (
    DISTINCT,
    Traits,
    compared_columns,
    is_half,
    is_site,
    keys_of,
    like_among,
    telling_columns,
    traits_of,
)
from crm_core.rules.names import name_of, person_of

MOST_OF_A_KEY: Final = 200
"""Records of one key looked at: more have it in common than could ever be told apart by hand."""
MOST_OF_A_HALF: Final = 80
"""The same of a key that is half a name: beyond that it is a common word, and says nothing."""
_PAIRED_OF_A_KEY: Final = 40
_PAIRED_OF_A_WORD: Final = 4
"""The same of a half that is a common word: what was entered twice in a row is found by it."""
_IDS_A_STATEMENT: Final = 500
_ID_BITS: Final = 32


def with_keys(session: Session, entity: str, keys: Iterable[str]) -> list[str]:
    """Return the ids of living records that have one of these keys, each once."""
    return list(_titles_with(session, entity, keys))


def candidates(session: Session, entity: str, wanted: Traits, *, halves: bool) -> list[str]:
    """Return the ids of living records that may be one with these traits, each once.

    `halves`: also those with half a name in common and nothing else, as in `pairs`; not where the whole of
    it is not alike: the index knows their titles, and reading so many records elsewhere would take most of
    the time.
    """
    keys = keys_of(wanted)
    found = list(_titles_with(session, entity, (key for key in keys if not is_half(key))))
    if not halves:
        return found
    having = _titles_with(session, entity, filter(is_half, keys))
    some = list(having.keys() - set(found))
    for read in (name_of, person_of):  # which of them it is, the record itself would say
        titles = [_without_umlauts(read(having[each]).loose) for each in some]
        places = like_among(_without_umlauts(wanted.name.loose), titles)
        found.extend(some[place] for place in places)
    return list(dict.fromkeys(found))


def _without_umlauts(name: str) -> str:
    """Return a name as titles of the index are written: without what `name_of` makes of an umlaut."""
    return name.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def _titles_with(session: Session, entity: str, keys: Iterable[str]) -> dict[str, str]:
    """Return the folded titles of living records that have one of these keys, by id."""
    run = session.connection().exec_driver_sql
    docs: dict[int, None] = {}
    for key in keys:
        query = (
            "SELECT rowid FROM search_keys WHERE search_keys MATCH ?"
            " AND +rowid NOT IN (SELECT id FROM search_retired) LIMIT ?"
        )
        most = MOST_OF_A_HALF if is_half(key) else MOST_OF_A_KEY
        having = [row[0] for row in run(query, (key, most + 1))]
        if len(having) <= most or not (is_half(key) or is_site(key)):
            docs.update(dict.fromkeys(having[:most]))
    found: dict[str, str] = {}
    wanted = list(docs)
    for start in range(0, len(wanted), _IDS_A_STATEMENT):
        some = wanted[start : start + _IDS_A_STATEMENT]
        marks = ", ".join("?" * len(some))
        query = f"SELECT row_id, title FROM search_doc WHERE entity = ? AND id IN ({marks}) ORDER BY id"
        found.update((row[0], row[1] or "") for row in run(query, (entity, *some)))
    return found


def _naming_columns(entity: str) -> list[str]:
    schema = SCHEMAS[entity]
    return [name for name in (schema.meta.title, "kind") if name in schema.fields]


def values_of(
    session: Session, entity: str, ids: Collection[str], names: Sequence[str] | None = None
) -> dict[str, Mapping[str, Any]]:
    """Return the compared values of living records, by id; of `names` alone where some are given."""
    table = SCHEMAS[entity].table
    names = compared_columns(entity) if names is None else names
    columns = [table.c.id, *(table.c[name] for name in names)]
    found: dict[str, Mapping[str, Any]] = {}
    wanted = list(ids)
    for start in range(0, len(wanted), _IDS_A_STATEMENT):
        some = wanted[start : start + _IDS_A_STATEMENT]
        rows = session.connection().execute(
            select(*columns).where(table.c.id.in_(some), table.c.life % 2 == 1)
        )
        found.update((row["id"], dict(row)) for row in rows.mappings())
    return found


def pairs(
    session: Session,
    entity: str,
    progress: Callable[[int, int], None],
    stopped: Callable[[], bool],
    *,
    halves: bool,
) -> Iterator[tuple[str, str]]:
    """Yield pairs of living records with a key in common, each pair once, those of one record together.

    `halves`: also those with half a name in common where the whole of it may be similar. `progress` hears
    how many of how many entries of the index were read. Ends early where `stopped`.
    """
    run = session.connection().exec_driver_sql
    in_index = run("SELECT id, row_id FROM search_doc WHERE entity = ?", (entity,))
    ids = {int(doc): str(row_id) for doc, row_id in in_index}
    loose = _loose_names(session, entity) if halves else {}
    found = array("Q")
    paired = _pairs_in(_buckets(run, ids, progress, stopped), loose)
    while chunk := _take(paired, 100_000):
        found.extend(chunk)
    before = -1
    for pair in sorted(found):
        if stopped():
            return
        if pair != before:
            yield ids[pair >> _ID_BITS], ids[pair & (1 << _ID_BITS) - 1]
        before = pair


def _loose_names(session: Session, entity: str) -> dict[int, str]:
    """Return the names of all records in the index by their place in it, as `Name.loose`."""
    table, names = SCHEMAS[entity].table, _naming_columns(entity)
    columns = ", ".join(f"record.{name}" for name in names)
    rows = session.connection().exec_driver_sql(
        f"SELECT entry.id, {columns} FROM search_doc AS entry JOIN {table.name} AS record"
        " ON record.id = entry.row_id WHERE entry.entity = ?",
        (entity,),
    )
    return {doc: traits_of(entity, dict(zip(names, values, strict=True))).name.loose for doc, *values in rows}


def _buckets(
    run: Any, ids: Mapping[int, str], progress: Callable[[int, int], None], stopped: Callable[[], bool]
) -> Iterator[tuple[str, list[int]]]:
    """Yield each key of the index with the places of the records that have it."""
    held: list[int] = []
    of_key = ""
    total = len(ids) * 8  # about as many keys has a record; the last words are true
    for done, (key, doc) in enumerate(run("SELECT term, doc FROM search_keys_in_order")):
        if done % 10_000 == 0:
            progress(min(done, total), total)
            if stopped():
                return
        if key != of_key:
            yield of_key, held
            held, of_key = [], key
        if doc in ids:
            held.append(doc)
    yield of_key, held


def _pairs_in(buckets: Iterable[tuple[str, list[int]]], loose: Mapping[int, str]) -> Iterator[int]:
    for key, docs in buckets:
        if len(docs) < 2:
            continue
        docs.sort()
        if is_half(key):
            if loose:
                yield from _similar_in(docs, loose)
            continue
        if is_site(key) and len(docs) > MOST_OF_A_KEY:
            continue
        # Of a key that very many have each is compared with those next to it alone: enough to find what was
        # entered twice in a row.
        for place, doc in enumerate(docs):
            for other in docs[place + 1 : place + 1 + _PAIRED_OF_A_KEY]:
                yield doc << _ID_BITS | other


def _similar_in(docs: Sequence[int], loose: Mapping[int, str]) -> Iterator[int]:
    names = [loose.get(doc, "") for doc in docs]
    reach = _PAIRED_OF_A_KEY if len(docs) <= MOST_OF_A_HALF else _PAIRED_OF_A_WORD
    for place, doc in enumerate(docs):
        after = place + 1
        for other in like_among(names[place], names[after : after + reach]):
            yield doc << _ID_BITS | docs[after + other]


def _take(pairs_found: Iterator[int], count: int) -> list[int]:
    taken = []
    for pair in pairs_found:
        taken.append(pair)
        if len(taken) == count:
            break
    return taken


class TraitsReader:
    """Reads what records are compared by, a few hundred at a time, and forgets the oldest.

    With one record that all are compared with, what that one says nothing of is left out.
    """

    MOST = 20_000

    def __init__(self, session: Session, entity: str, wanted: Traits | None = None) -> None:
        self._session = session
        self._entity = entity
        self._names = None if wanted is None else telling_columns(wanted)
        self._known: dict[str, Traits | None] = {}
        self.titles: dict[str, str] = {}
        self._distinct: dict[str, frozenset[str]] = {}

    def know(self, ids: Sequence[str]) -> None:
        """Read those of `ids` that are not known yet."""
        wanted = [record_id for record_id in dict.fromkeys(ids) if record_id not in self._known]
        if not wanted:
            return
        if len(self._known) + len(wanted) > self.MOST:
            self._known.clear()
            self.titles.clear()
            self._distinct.clear()
            wanted = list(dict.fromkeys(ids))
        title = SCHEMAS[self._entity].meta.title
        found = values_of(self._session, self._entity, wanted, self._names)
        for record_id in wanted:
            values = found.get(record_id)
            self._known[record_id] = None if values is None else traits_of(self._entity, values)
            if values is not None:
                self.titles[record_id] = str(values.get(title) or "")
                if values.get(DISTINCT):
                    self._distinct[record_id] = frozenset(values[DISTINCT])

    def of(self, record_id: str) -> Traits | None:
        """Return what a known record is compared by; None where it does not live."""
        return self._known.get(record_id)

    def are_distinct(self, one: str, other: str) -> bool:
        """Tell whether somebody said of one of two known records that it is not the other."""
        return other in self._distinct.get(one, ()) or one in self._distinct.get(other, ())
