"""What keeps search and sort keys in step with the records: triggers, so that no writer can forget.

A trigger computes sort keys with the row, retires the row's entry in the search index when a text changes
or goes, and notes the row as dirty. A retired entry is found no more. `index_pending` takes retired entries
out of the index and puts dirty rows into it: that needs the pinyin of phrases, which is slow to load, so it
waits until somebody searches or the program is idle. The words of what was taken out stay readable in the
index's own pages until these are merged: `merge_pages`, see docs/decisions/0013-search-entries-retire.md.

Thousands of rows at once are keyed after them by one statement a field (`many_rows`), which takes a third of
the time. Meanwhile the triggers hold back: an entry in `keyed_later`, gone with the transaction.

The triggers and index tables follow from the declarations. They are made anew, and everything indexed
again, when those change.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.rules.duplicates import COMPARED, KEYS_VERSION, keys_of, traits_of
from crm_core.rules.segments import CUSTOMER
from crm_core.schema.code_lists import names_in, row_of
from crm_core.schema.field import Kind
from crm_core.schema.phones import searched_digits
from crm_core.schema.reading import Schema
from crm_core.sync.merge import lives
from crm_desktop.models import custom_index, derived, pinyin, put_off, state
from crm_desktop.models.sorting import SORT_VERSION, fold, keyed_fields, sort_key, walked_names
from crm_desktop.models.state import Key

_OF_OTHERS = (
    'CREATE INDEX "lx_activity_of_customer" ON activity (customer_id, kind, happened_at, life)',
    'CREATE INDEX "lx_activity_kind_happened" ON activity (kind, happened_at, customer_id, life)',
    'CREATE INDEX "lx_deal_of_customer" ON deal (customer_id, stage_id, close_date, currency, amount, life)',
    'CREATE INDEX "lx_customer_tagged" ON customer (tags) WHERE tags IS NOT NULL',
    'CREATE INDEX "lx_activity_of_deal" ON activity (deal_id, kind, happened_at, life)',
    'CREATE INDEX "lx_instalment_owed" ON instalment'
    " (state, due_on, customer_id, currency, amount, paid, life, order_id, contract_id)",
    'CREATE INDEX "lx_deal_of_board" ON deal'
    " (stage_id, coalesce(amount, -1) DESC, id, life, amount, currency, probability, close_date)",
    'CREATE INDEX "lx_deal_of_owner" ON deal'
    " (owner_id, stage_id, pipeline_id, stage_since, created_at, life)",
    'CREATE INDEX "lx_activity_step" ON activity (deal_id, due_at, done, life) WHERE due_at IS NOT NULL',
)
"""What segments, the board, neglect, next steps and ageing ask is answered by an index alone."""
INDEX_VERSION = 4
"""Counted up when the index is built in another way."""

# `grams` finds any three characters inside a word; `words` finds single Chinese characters and beginnings of
# words, which three-character grams cannot (a query of two characters matches nothing there). `search_keys`
# finds what may be the same record, by `crm_core.rules.duplicates.keys_of`.
_INDEX_TABLES = {
    "search_words": "CREATE VIRTUAL TABLE IF NOT EXISTS search_words USING fts5(kind, title, body,"
    " tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2', content = '', contentless_delete = 1)",
    "search_grams": "CREATE VIRTUAL TABLE IF NOT EXISTS search_grams USING fts5(title, body,"
    " tokenize = 'trigram', content = '', contentless_delete = 1)",
    "search_keys": "CREATE VIRTUAL TABLE IF NOT EXISTS search_keys USING fts5(keys,"
    " tokenize = 'ascii', detail = none, content = '', contentless_delete = 1)",
}
_KEYS_IN_ORDER = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS search_keys_in_order USING fts5vocab(search_keys, instance)"
)
_VOCABULARY = "CREATE VIRTUAL TABLE IF NOT EXISTS search_vocabulary USING fts5vocab(search_words, row)"
_RETIRED = "CREATE TABLE IF NOT EXISTS search_retired (id INTEGER PRIMARY KEY)"
_KEYED_LATER = "CREATE TABLE IF NOT EXISTS keyed_later (entity TEXT PRIMARY KEY) WITHOUT ROWID"
RETIRE = "INSERT INTO search_retired SELECT id FROM search_doc WHERE"
# Percent of a part of the index taken out before it is merged; at FTS5's own 10 bringing it up to date
# after many changes takes twice as long.
_DELETED_MERGE = 40
_PAGES_A_STEP = 250  # of the index: a few hundredths of a second
MANY = 200  # rows from which on holding the triggers back saves more than it costs
CJK = re.compile(
    r"([\u2e80-\u2fff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff])"
)
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
MAX_BODY = 20_000  # characters of one record; a longer note is found by its beginning


def searched_schemas() -> tuple[Schema, ...]:
    """Return the entities a search looks into, in the order of the menus."""
    return tuple(schema for schema in SCHEMAS.values() if schema.search_fields)


def indexed_names(schema: Schema) -> tuple[str, ...]:
    """Return the fields of an entity whose values the index is made of."""
    searched = [field.name for field in schema.search_fields]
    return tuple(dict.fromkeys((*searched, *_compared_names(schema))))


def _compared_names(schema: Schema) -> tuple[str, ...]:
    compared = COMPARED.get(schema.name)
    return () if compared is None else (*compared, *(name for name in ("kind",) if name in schema.fields))


def kind_token(entity: str) -> str:
    """Return the word that marks an entity's entries in the index; no text a person types is like it."""
    return "entity" + entity.replace("_", "") + "x"


def is_current(session: Session) -> bool:
    """Tell whether index tables and triggers are the ones the declarations ask for."""
    return bool(state.read(session, Key.INDEX_VERSION) == _version())


def install(session: Session) -> None:
    """Make index tables, sort keys and triggers anew; every record is to be indexed again."""
    put_off.make_again(session.connection())
    run = session.connection().exec_driver_sql
    run(put_off.TABLE)
    ours = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND substr(name, 1, 3) = 'tr_'"
    for (name,) in run(ours).all():
        run(f'DROP TRIGGER "{name}"')
    for table, statement in _INDEX_TABLES.items():
        run(f"DROP TABLE IF EXISTS {table}")
        run(statement)
        run(f"INSERT INTO {table}({table}, rank) VALUES ('deletemerge', {_DELETED_MERGE})")
    run(_KEYS_IN_ORDER)
    run(_VOCABULARY)
    for table, statement in derived.TABLES.items():
        run(f"DROP TABLE IF EXISTS {table}")
        run(statement)
    for statement in derived.FILL:
        run(statement)
    run(_RETIRED)
    run(_KEYED_LATER)
    for emptied in ("search_doc", "search_retired", "search_dirty", "sort_key", "keyed_later"):
        run(f"DELETE FROM {emptied}")
    for schema in SCHEMAS.values():
        _key_rows(session, schema, after=0)
    for name in _own_indexes(session):
        run(f'DROP INDEX "{name}"')
    for statement in (*_indexes(), *(statement for _, statement in _triggers())):
        run(statement)
    custom_index.keep_indexes(session)
    state.write(session, {Key.INDEX_VERSION: _version()})


@contextmanager
def many_rows(session: Session, schema: Schema, count: int) -> Iterator[None]:
    """Let `count` new rows of an entity be inserted; they are keyed and marked at the end of the block."""
    if count < MANY:
        yield
        return
    last = session.connection().exec_driver_sql(f'SELECT max(rowid) FROM "{schema.name}"').scalar() or 0
    with _held_back(session, schema):
        yield
    _key_rows(session, schema, after=last)


@contextmanager
def many_changes(
    session: Session, schema: Schema, texts: Mapping[str, Mapping[str, str | None]], ids: Collection[str]
) -> Iterator[None]:
    """Let many rows of an entity be updated; they are keyed and marked at the end of the block.

    `texts` are the new values of sorted fields that change, by field and id; `ids` the rows of which what the
    index is made of or the life changes. Triggers do nothing meanwhile: no other row may be touched.
    """
    with _held_back(session, schema):
        yield
    run = session.connection().exec_driver_sql
    for field in keyed_fields(schema):
        if changed := texts.get(field.name):
            run(
                "UPDATE sort_key SET key = ? WHERE entity = ? AND row_id = ? AND field = ?",
                [(sort_key(text), schema.name, row_id, field.name) for row_id, text in changed.items()],
            )
    if schema.search_fields and ids:
        rows = [(schema.name, row_id) for row_id in ids]
        run(f"{RETIRE} entity = ? AND row_id = ?", rows)
        run("DELETE FROM search_doc WHERE entity = ? AND row_id = ?", rows)
        run("INSERT OR IGNORE INTO search_dirty VALUES (?, ?)", rows)


@contextmanager
def _held_back(session: Session, schema: Schema) -> Iterator[None]:
    run = session.connection().exec_driver_sql
    run("INSERT INTO keyed_later VALUES (?)", (schema.name,))
    yield
    run("DELETE FROM keyed_later WHERE entity = ?", (schema.name,))


def _key_rows(session: Session, schema: Schema, after: int) -> None:
    """Compute the sort keys of the rows made after the one of rowid `after`, and mark them to be indexed."""
    run = session.connection().exec_driver_sql
    for field in keyed_fields(schema):
        run(
            "INSERT INTO sort_key (entity, row_id, field, key)"
            f" SELECT '{schema.name}', id, '{field.name}', sort_key(\"{field.name}\")"
            f' FROM "{schema.name}" WHERE rowid > ?',
            (after,),
        )
    if schema.search_fields:
        run(
            f"INSERT OR IGNORE INTO search_dirty SELECT '{schema.name}', id FROM \"{schema.name}\""
            " WHERE rowid > ? AND life % 2",
            (after,),
        )


@cache
def _version() -> str:
    made = (*_INDEX_TABLES.values(), _KEYS_IN_ORDER, _RETIRED, _KEYED_LATER, put_off.TABLE)
    kept = (*derived.TABLES.values(), *derived.FILL)
    statements = [*made, *kept, *_indexes(), *(statement for _, statement in _triggers())]
    # Orders of custom texts are indexes over `sort_key`: they must not outlive the tables it reads.
    tables = (metadata.version("pypinyin"), unicodedata.unidata_version)
    told = "\n".join((*statements, str(SORT_VERSION), str(INDEX_VERSION), str(KEYS_VERSION), *tables))
    return hashlib.sha256(told.encode()).hexdigest()


def _own_indexes(session: Session) -> list[str]:
    run = session.connection().exec_driver_sql
    named = "SELECT name FROM sqlite_master WHERE type = 'index' AND substr(name, 1, 3) = 'lx_'"
    return [str(row[0]) for row in run(named).all()]


def _indexes() -> Iterator[str]:
    """Yield indexes lists need beyond those HQ has too: each listed column's order, and who lives."""
    yield from derived.INDEXES
    yield from _OF_OTHERS
    for schema in SCHEMAS.values():
        held = "life, id" if schema.name == CUSTOMER else "life"  # who lives is asked by id, of all at once
        yield f'CREATE INDEX "lx_{schema.name}_life" ON "{schema.name}" ({held})'
        for name in sorted(walked_names(schema.name)):
            field = schema.fields[name]
            if not field.indexed and field.kind is not Kind.REF and field not in keyed_fields(schema):
                yield f'CREATE INDEX "lx_{schema.name}_{name}" ON "{schema.name}" ("{name}")'


def _triggers() -> Iterator[tuple[str, str]]:
    for name, when, body in derived.TRIGGERS:
        yield _trigger(name, when, body)
    for schema in SCHEMAS.values():
        entity = schema.name
        keyed = [field.name for field in keyed_fields(schema)]
        searched = [field.name for field in schema.search_fields]
        drop = _drop_statements(entity, "OLD.id") if searched else ""
        dirty = f"INSERT OR IGNORE INTO search_dirty VALUES ('{entity}', NEW.id);" if searched else ""
        now = f"NOT EXISTS (SELECT 1 FROM keyed_later WHERE entity = '{entity}')"
        insert = dirty + "".join(
            f"INSERT INTO sort_key (entity, row_id, field, key)"
            f" VALUES ('{entity}', NEW.id, '{name}', sort_key(NEW.\"{name}\"));"
            for name in keyed
        )
        remove = f"DELETE FROM sort_key WHERE entity = '{entity}' AND row_id = OLD.id;" if keyed else ""
        if searched:
            remove += drop + f"DELETE FROM search_dirty WHERE entity = '{entity}' AND row_id = OLD.id;"
        if insert:
            yield _trigger(f"tr_{entity}_insert", f'AFTER INSERT ON "{entity}" WHEN {now}', insert)
        if remove:
            yield _trigger(f"tr_{entity}_delete", f'AFTER DELETE ON "{entity}"', remove)
        for name in keyed:
            yield _trigger(
                f"tr_{entity}_key_{name}",
                f'AFTER UPDATE OF "{name}" ON "{entity}" WHEN OLD."{name}" IS NOT NEW."{name}" AND {now}',
                f'UPDATE sort_key SET key = sort_key(NEW."{name}")'
                f" WHERE entity = '{entity}' AND row_id = NEW.id AND field = '{name}';",
            )
        if searched:
            columns = [*indexed_names(schema), "custom", "life"]
            listed = ", ".join(f'"{name}"' for name in columns)
            differs = " OR ".join(f'OLD."{name}" IS NOT NEW."{name}"' for name in columns)
            yield _trigger(
                f"tr_{entity}_search",
                f'AFTER UPDATE OF {listed} ON "{entity}" WHEN ({differs}) AND {now}',
                drop + dirty,
            )


def _trigger(name: str, when: str, body: str) -> tuple[str, str]:
    return name, f'CREATE TRIGGER "{name}" {when} BEGIN {body} END'


def _drop_statements(entity: str, row_id: str) -> str:
    where = f"entity = '{entity}' AND row_id = {row_id}"
    return f"{RETIRE} {where};DELETE FROM search_doc WHERE {where};"


def waiting(session: Session) -> int:
    """Return how many records and retired entries are still to be put into the index or taken out."""
    counted = "SELECT (SELECT count(*) FROM search_dirty) + (SELECT count(*) FROM search_retired)"
    return int(session.connection().exec_driver_sql(counted).scalar_one())


def index_pending(session: Session, limit: int) -> int:
    """Take up to `limit` retired entries out and put dirty records in; return how many of both were done."""
    run = session.connection().exec_driver_sql
    taken = take_out_retired(session, limit)
    dirty = run("SELECT entity, row_id FROM search_dirty LIMIT ?", (limit - taken,)).all()
    by_entity: dict[str, list[str]] = {}
    for entity, row_id in dirty:
        by_entity.setdefault(entity, []).append(row_id)
    for entity, ids in by_entity.items():
        if entity in SCHEMAS:
            _index(session, SCHEMAS[entity], ids)
    if dirty:
        run("DELETE FROM search_dirty WHERE entity = ? AND row_id = ?", [tuple(row) for row in dirty])
    return taken + len(dirty)


def take_out_retired(session: Session, limit: int) -> int:
    """Take up to `limit` retired entries out of the index and return how many were taken."""
    run = session.connection().exec_driver_sql
    retired = [(row[0],) for row in run("SELECT id FROM search_retired LIMIT ?", (limit,))]
    if retired:
        for table in _INDEX_TABLES:
            run(f"DELETE FROM {table} WHERE rowid = ?", retired)
        run("DELETE FROM search_retired WHERE id = ?", retired)
    return len(retired)


def merge_pages(session: Session, *, begin: bool) -> bool:
    """Do a step of merging all of the index, which leaves out what was taken out; tell whether more is to do.

    A step is short enough for somebody who wants to save meanwhile. The first one says `begin`.
    """
    run = session.connection().exec_driver_sql
    pages = -_PAGES_A_STEP if begin else _PAGES_A_STEP  # by its sign FTS5 knows that all is to be merged
    goes_on = False
    for table in _INDEX_TABLES:
        before = run("SELECT total_changes()").scalar_one()
        run(f"INSERT INTO {table}({table}, rank) VALUES ('merge', ?)", (pages,))
        # As FTS5 documents it: fewer than two rows changed where there was nothing left to merge.
        goes_on |= run("SELECT total_changes()").scalar_one() - before >= 2
    return goes_on


def _index(session: Session, schema: Schema, ids: Sequence[str]) -> None:
    table = schema.table
    title = schema.meta.title
    names = indexed_names(schema)
    columns = [table.c.id, table.c.life, table.c.custom, *(table.c[name] for name in names)]
    custom = custom_index.searched(session, schema.name)
    connection = session.connection()
    run = connection.exec_driver_sql
    docs, words, grams, keys = [], [], [], []
    next_id = 1 + max(
        run(f"SELECT max(id) FROM {table}").scalar() or 0 for table in ("search_doc", "search_retired")
    )
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        marks = ", ".join("?" * len(some))
        held = {
            row[0]
            for row in run(
                f"SELECT row_id FROM search_doc WHERE entity = ? AND row_id IN ({marks})",
                (schema.name, *some),
            )
        }
        for row in connection.execute(select(*columns).where(table.c.id.in_(some))).mappings():
            if not lives(row["life"]) or row["id"] in held:
                continue
            more = [text for key in custom if (text := (row["custom"] or {}).get(key))]
            entry = _entry(schema, title, {name: row[name] for name in names}, more)
            name = fold(str(row[title] or "")) if title in names else ""
            docs.append((next_id, schema.name, row["id"], name))
            words.append((next_id, kind_token(schema.name), entry[0], entry[1]))
            grams.append((next_id, entry[2], entry[3]))
            if schema.name in COMPARED:
                keys.append((next_id, " ".join(keys_of(traits_of(schema.name, dict(row))))))
            next_id += 1
    if docs:
        run("INSERT INTO search_doc (id, entity, row_id, title) VALUES (?, ?, ?, ?)", docs)
        run("INSERT INTO search_words (rowid, kind, title, body) VALUES (?, ?, ?, ?)", words)
        run("INSERT INTO search_grams (rowid, title, body) VALUES (?, ?, ?)", grams)
    if keys:
        run("INSERT INTO search_keys (rowid, keys) VALUES (?, ?)", keys)


def _entry(
    schema: Schema, title: str, values: dict[str, Any], more: Sequence[Any]
) -> tuple[str, str, str, str]:
    """Return what the index holds of a record: words and grams, each of its title and of the rest.

    `more` are the texts of custom fields.
    """
    name = fold(str(values.get(title) or ""))
    aliases = pinyin_of(name) if _HAN.search(name) else ()
    others = []
    numbers: list[str] = []
    for field in schema.search_fields:
        value = values.get(field.name)
        if not value or field.name == title:
            continue
        others.append(fold(str(value)))
        if field.code_list is not None:
            names = names_in(field.code_list, row_of(values))
            others.extend(fold(name) for name in names if name != value)
        if field.kind is Kind.PHONE:
            numbers.extend(searched_digits(str(value)))
    others.extend(fold(str(text)) for text in more)
    body = "\n".join(others)[:MAX_BODY]
    return (
        " ".join((spaced(name), *aliases)),
        " ".join((spaced(body), *numbers)),
        "\n".join((name, *aliases)),
        "\n".join((body, *numbers)),
    )


def spaced(text: str) -> str:
    """Return text with each Chinese character a word of its own."""
    return CJK.sub(r" \1 ", text)


def digits_of(text: str) -> str:
    """Return the digits of a phone number alone."""
    return "".join(c for c in text if c.isdigit())


def pinyin_of(text: str) -> tuple[str, ...]:
    """Return a text's pinyin written together, and its initials; readings follow from whole phrases."""

    def apart(other: str) -> Any:
        return [c for c in other if c.isalnum()]

    syllables = pinyin.reader()(text, errors=apart)
    return "".join(syllables), "".join(s[0] for s in syllables if s)
