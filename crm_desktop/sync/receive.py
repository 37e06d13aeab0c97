"""What HQ's messages do to the replica: rows put, purged, fields dropped, numbers leased, edits lost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm_core.entities import BY_NO
from crm_core.schema.field import Field, Kind, Plain
from crm_core.schema.phones import set_home_region
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.sync.codec import unpack_ids
from crm_core.sync.protocol import (
    DropFields,
    Held,
    Judged,
    Lease,
    LostEdit,
    Msg,
    Offers,
    OpKind,
    OtherVersion,
    Progress,
    Purge,
    Put,
    Settings,
)
from crm_desktop.models import counting, indexing, put_off, state
from crm_desktop.models.device_tables import NumberLease, RowMeta
from crm_desktop.models.page_table import page_table
from crm_desktop.models.session import WriteSession
from crm_desktop.sync import pending
from crm_desktop.sync.collecting import no_collection
from crm_desktop.sync.differences import Differences
from crm_desktop.sync.dropping import THEIRS, drop_fields
from crm_desktop.sync.judging import take_judgement, take_offers
from crm_desktop.sync.lost_edits import take_lost_edit
from crm_desktop.sync.others import keep_other
from crm_desktop.sync.page_rows import HeldRow, PageRows, held_rows, shown_custom, shown_value
from crm_desktop.sync.pending import PendingOp, chunks, stored
from crm_desktop.sync.removing import remove_rows
from crm_desktop.sync.trashed import note_changed


@dataclass(slots=True)
class Received:
    """What a page of messages came to."""

    rows: int = 0
    purged: int = 0
    lost_edits: int = 0
    scrub: bool = False
    """Something was taken away: the write-ahead log must be emptied so that no trace stays."""
    is_repair: bool = False
    """What came is what should have been here already."""
    held: bool = False
    """HQ has more, and waits for an administrator before it says or takes anything."""
    changed: set[tuple[str, str]] = field(default_factory=set)
    progress: list[Progress] = field(default_factory=list)


@no_collection()
def receive(
    session: WriteSession, messages: Iterable[Msg], own_dot: str, mark: int = 0, *, is_repair: bool = False
) -> Received:
    """Apply a page of messages inside the session's transaction.

    `mark` is the generation of a running resync: rows HQ names get it, and `sweep` removes the others. A
    repair leaves no history: nobody changed anything.
    """
    received = Received(is_repair=is_repair)
    for message in messages:
        match message:
            case Put():
                _put(session, message, own_dot, mark, received)
            case Purge():
                _purge(session, message, received)
            case DropFields():
                received.scrub |= drop_fields(session, message)
            case Lease():
                _take_lease(session, message)
            case LostEdit():
                if told := take_lost_edit(session, message):
                    received.lost_edits += 1
                    received.changed.add(told)
            case OtherVersion():
                keep_other(session, message, received.changed)
            case Progress():
                received.progress.append(message)
            case Settings():
                _settings(session, message)
            case Held():
                received.held = True
            case Offers():
                take_offers(session, message)
            case Judged():
                received.changed.update(take_judgement(session, message))
    counting.refresh_waiting(session, received.changed)
    return received


def _put(session: Session, put: Put, own_dot: str, mark: int, received: Received) -> None:
    schema = BY_NO.get(put.entity)
    if schema is None:
        return  # a kind of record of a newer program: it comes whole once this one is newer too
    page = PageRows(schema, put)
    waiting = pending.pending_of(session, schema.name, page.ids)
    held = held_rows(session, schema, page)
    plain: list[int] = []
    tangled: list[int] = []
    for index, row_id in enumerate(page.ids):
        (tangled if row_id in waiting else plain).append(index)
    entries = _write_plain(session, schema, put, page, plain, held)
    if not received.is_repair:
        _remember(session, entries)
        note_changed(session, schema.name, page, entries)
    for index in tangled:
        row_id = page.ids[index]
        _write_under(session, schema, put, page, index, waiting[row_id], row_id in held, own_dot)
    _write_dots(session, schema, put, page, plain, held)
    session.connection().exec_driver_sql(
        "INSERT INTO row_meta (entity, row_id, base, life, local, mark) VALUES (?, ?, ?, ?, 0, ?)"
        " ON CONFLICT (entity, row_id) DO UPDATE SET"
        " base = excluded.base, life = excluded.life, local = 0, mark = excluded.mark",
        list(zip(repeat(schema.name), page.ids, repeat(put.base), page.lives, repeat(mark))),
    )
    received.rows += len(page.ids)
    received.changed.update(zip(repeat(schema.name), page.ids))


def _write_plain(
    session: Session,
    schema: Schema,
    put: Put,
    page: PageRows,
    indexes: Sequence[int],
    held: Mapping[str, HeldRow],
) -> list[tuple[Any, ...]]:
    """Write rows on which nothing is pending, new ones and known ones each in one statement.

    Returns the lines of history for what others changed.
    """
    shown = {
        known.name: [shown_value(known, value) for value in page.columns[known.name]]
        if known.kind is Kind.TAGS
        else page.columns[known.name]
        for known in page.fields
    }
    bound = {
        known.name: [stored(known, value) for value in shown[known.name]]
        if known.kind in (Kind.TAGS, Kind.JSON)
        else shown[known.name]
        for known in page.fields
    }
    emptied = [name for name in schema.fields if put.full and name not in bound]
    new = [index for index in indexes if page.ids[index] not in held]
    known_rows = [index for index in indexes if page.ids[index] in held]
    run = session.connection().exec_driver_sql
    custom = _custom_of(put, page, held)
    differences = Differences(schema, page, shown, known_rows, held)

    def of_rows(some: Sequence[int], columns: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
        if len(some) == len(page.ids):
            return list(columns)
        return [[column[index] for index in some] for column in columns]

    if new:
        # A field that is not named stays empty by itself.
        names = ("id", "life", "custom", *bound)
        put_off.before_rows(session.connection(), schema, len(new))
        columns = of_rows(new, (page.ids, page.lives, custom, *bound.values()))
        with (
            page_table(session.connection(), columns) as table,
            indexing.many_rows(session, schema, len(new)),
        ):
            quoted = ", ".join(f'"{name}"' for name in names)
            run(f'INSERT INTO "{schema.name}" ({quoted}) SELECT * FROM {table}')
        put_off.after_rows(session.connection(), schema)
    if known_rows:
        # What stays as it was is left out: its indexes would be written anew all the same.
        kept: dict[str, Sequence[Any]] = {"life": page.lives} if differences.turned else {}
        kept |= {"custom": custom} if page.custom or put.full else {}
        kept |= {name: column for name, column in bound.items() if name not in differences.same}
        assigned = [f'"{name}" = page.c{number}' for number, name in enumerate(kept, 1)]
        assigned += [f'"{name}" = NULL' for name in emptied]
        if assigned:
            # Of a whole row what is not named is emptied, which the triggers alone see.
            keyed = nullcontext() if put.full else differences.keyed_after(session)
            columns = of_rows(known_rows, (page.ids, *kept.values()))
            with page_table(session.connection(), columns) as table, keyed:
                # The sign keeps SQLite from looking for each record in the page.
                run(
                    f'UPDATE "{schema.name}" SET {", ".join(assigned)}'
                    f' FROM {table} AS page WHERE "{schema.name}".id = +page.c0'
                )
    return differences.lines()


def _custom_of(put: Put, page: PageRows, held: Mapping[str, HeldRow]) -> list[str | None]:
    """Return each row's custom values as JSON text, None for none."""
    if not page.custom:
        return [None] * len(page.ids)

    def custom(index: int) -> str | None:
        before = held.get(page.ids[index])
        values = dict((before.custom or {}) if before and not put.full else {})
        for key, column in page.custom.items():
            values[key.removeprefix(CUSTOM_PREFIX)] = shown_custom(column[index])
        present = {key: value for key, value in values.items() if value is not None}
        return json.dumps(present) if present else None

    return [custom(index) for index in range(len(page.ids))]


def _may_be_set(column: Sequence[Any]) -> bool:
    return any(isinstance(value, list) for value in column) or all(value is None for value in column)


def _remember(session: Session, entries: Sequence[tuple[Any, ...]]) -> None:
    if entries:
        session.connection().exec_driver_sql(
            "INSERT INTO history (entity, row_id, field, old, new, at_ms, user_id, hlc, origin)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 0, 'hq')",
            list(entries),
        )


def _write_dots(
    session: Session,
    schema: Schema,
    put: Put,
    page: PageRows,
    indexes: Sequence[int],
    held: Mapping[str, HeldRow],
) -> None:
    run = session.connection().exec_driver_sql
    columns = {
        str(known.no): page.columns.get(known.name, [None] * len(page.ids))
        for known in schema.set_fields
        if known.name in page.columns or put.full
    }
    known_rows = [(schema.name, page.ids[index]) for index in indexes if page.ids[index] in held]
    if put.full and known_rows:
        run("DELETE FROM set_dot WHERE entity = ? AND row_id = ? AND substr(field, 1, 2) = 'x:'", known_rows)
    # No other kind of custom field is kept as a list; one that holds none here may be a set that was emptied.
    columns.update((key, column) for key, column in page.custom.items() if _may_be_set(column))
    if columns and indexes:
        ids = page.ids if len(indexes) == len(page.ids) else [page.ids[index] for index in indexes]
        # The sign keeps SQLite from looking for each field of each record on its own.
        run(
            "DELETE FROM set_dot WHERE entity = ? AND row_id IN (SELECT value FROM json_each(?))"
            " AND +field IN (SELECT value FROM json_each(?))",
            (schema.name, json.dumps(ids), json.dumps(list(columns))),
        )
    for number, column in columns.items():
        dots = [
            (schema.name, page.ids[index], number, str(word), str(name))
            for index in indexes
            for word, name in column[index] or []
        ]
        if dots:
            run(
                "INSERT OR IGNORE INTO set_dot (entity, row_id, field, word, dot) VALUES (?, ?, ?, ?, ?)",
                dots,
            )


def _write_under(
    session: Session,
    schema: Schema,
    put: Put,
    page: PageRows,
    index: int,
    ops: Sequence[PendingOp],
    present: bool,
    own_dot: str,
) -> None:
    """Write a row that has pending edits: HQ's values go under them, the rest is shown."""
    row_id, values = page.ids[index], page.values(index)
    touched = {register for op in ops for register in pending.registers_of(schema, op)}
    touched.update(pending.BOOKKEEPING)
    shown: dict[str, Any] = {}
    if put.full:
        shown = {name: None for name in schema.fields if name not in values}
    registers: dict[str, list[Field]] = {}
    for name in (*values, *shown):
        known = schema.fields[name]
        registers.setdefault(str(schema.leader(known).no), []).append(known)
    shadows: dict[str, Plain] = {}
    for register, fields in registers.items():
        if register in touched:
            whole = pending.members_of(schema, register)
            confirmed = [values.get(known.name) for known in whole]
            is_told = put.full or any(known.name in values for known in fields)
            if len(fields) == len(whole) and is_told:
                shadows[register] = confirmed if len(whole) > 1 else confirmed[0]
            for known in fields:
                shown.pop(known.name, None)
        else:
            shown.update((known.name, shown_value(known, values.get(known.name))) for known in fields)
    life_pending = any(op.kind in (OpKind.DELETE, OpKind.RESTORE) for op in ops)
    if not life_pending:
        shown["life"] = page.lives[index]
    table = schema.table
    if present:
        if shown:
            session.execute(table.update().where(table.c.id == row_id).values(shown))
    else:
        session.execute(table.insert().values(id=row_id, **{"life": page.lives[index], **shown}))
    for register, value in shadows.items():
        pending.write_shadow(session, schema.name, row_id, register, value)
        if register not in pending.BOOKKEEPING:
            pending.rebase(session, schema, row_id, register, ops, own_dot)
    custom = {key: column[index] for key, column in page.custom.items()}
    if put.full:
        held = session.scalar(select(schema.model.custom).where(schema.model.id == row_id)) or {}
        custom = {CUSTOM_PREFIX + key: None for key in held} | custom
    for key, item in custom.items():
        if key in touched:
            pending.write_shadow(session, schema.name, row_id, key, item)
            if pending.is_custom_set(key, item, (op for op in ops if op.field == key)):
                pending.rebase(session, schema, row_id, key, ops, own_dot)
        elif item is None or isinstance(item, list):
            pending.show_set(
                session, schema, row_id, key, [(str(word), str(name)) for word, name in item or []]
            )
        else:
            pending.show_plain(session, schema, row_id, key, item)
    untouched = [known for known in schema.set_fields if str(known.no) not in touched]
    for known in untouched:
        if known.name in values or put.full:
            pairs = [(str(word), str(name)) for word, name in values.get(known.name) or []]
            pending.show_set(session, schema, row_id, str(known.no), pairs)


def sweep(session: Session, mark: int, received: Received) -> None:
    """End a resync: remove the confirmed rows HQ did not name again. What waits to be sent stays."""
    for schema in BY_NO.values():
        stale = session.scalars(
            select(RowMeta.row_id).where(
                RowMeta.entity == schema.name, RowMeta.local.is_(False), RowMeta.mark != mark
            )
        ).all()
        if stale:
            _remove(session, schema, stale, received)


def _purge(session: Session, purge: Purge, received: Received) -> None:
    schema = BY_NO.get(purge.entity)
    if schema is not None:
        _remove(session, schema, unpack_ids(purge.ids), received)


def _remove(session: Session, schema: Schema, ids: Sequence[str], received: Received) -> None:
    """Remove rows and every trace of them but the person's own unanswered and returned edits."""
    for some in chunks(ids):
        present = session.scalars(select(schema.model.id).where(schema.model.id.in_(some))).all()
        received.purged += len(present)
    remove_rows(session, schema, ids)
    run = session.connection().exec_driver_sql
    run(f"{THEIRS} AND row_id = ?", [(schema.name, row_id) for row_id in ids])
    run("DELETE FROM import_change WHERE row_id = ?", [(row_id,) for row_id in ids])
    received.scrub = True
    received.changed.update((schema.name, row_id) for row_id in ids)


def _take_lease(session: Session, lease: Lease) -> None:
    session.execute(
        delete(NumberLease).where(NumberLease.series == lease.series, NumberLease.next > NumberLease.hi)
    )
    session.connection().exec_driver_sql(
        "INSERT INTO lease (series, lo, hi, next, pattern) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (series, lo) DO NOTHING",
        (lease.series, lease.lo, lease.hi, lease.lo, lease.pattern),
    )


def _settings(session: Session, message: Settings) -> None:
    state.write(session, {state.Key.SETTINGS: message.values})
    set_home_region(message.values.get("region"))
    company = message.values.get("company")
    if isinstance(company, str):
        state.write(session, {state.Key.COMPANY: company})
