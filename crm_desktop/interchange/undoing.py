"""Take an import back: what it made is deleted, what it changed gets its old values again.

What people have changed since stays as they left it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.rules.access import Action
from crm_core.rules.scopes import EVERYONE
from crm_core.schema.field import Plain
from crm_desktop.interchange.writing_rows import may_be_gathered
from crm_desktop.models import counting, repository
from crm_desktop.models.device_tables import ImportBatch, ImportChange
from crm_desktop.models.read_once import reading_once
from crm_desktop.models.records import Record, record_of
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.services import records, rights

ROWS_A_TRANSACTION = 1_000

OnProgress = Callable[[int, int], None]
"""Told (records looked at, records in all)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One import, for the list of those that can be undone."""

    id: str
    entity: str
    at_ms: int
    file_name: str
    rows: int
    undone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoReport:
    """What taking an import back did."""

    removed: int
    restored: int
    kept: int
    """Records left alone: changed since, gone, or out of the person's reach."""
    finished: bool = True
    """False where it was stopped on the way: it can be gone on with."""


def imports(replica: Replica) -> tuple[Import, ...]:
    """Return the imports made on this laptop, newest first."""
    with replica.read() as session:
        counted = select(ImportChange.batch_id, func.count()).group_by(ImportChange.batch_id)
        counts = {row[0]: row[1] for row in session.execute(counted)}
        found = session.scalars(select(ImportBatch).order_by(ImportBatch.at_ms.desc(), ImportBatch.id.desc()))
        return tuple(
            Import(
                id=each.id,
                entity=each.entity,
                at_ms=each.at_ms,
                file_name=each.file_name,
                rows=counts.get(each.id, 0),
                undone=each.undone_ms is not None,
            )
            for each in found
        )


def records_of(replica: Replica, batch_id: str, entity: str, link: str = "") -> tuple[str, ...]:
    """Return the ids of the records an import made or changed; with a `link`, of those they link to by it."""
    written = select(ImportChange.row_id).where(ImportChange.batch_id == batch_id)
    with replica.read() as session:
        if not link:
            return tuple(session.scalars(written.order_by(ImportChange.row_id)))
        table = SCHEMAS[entity].table
        linked = select(table.c[link]).where(table.c.id.in_(written), table.c[link].is_not(None)).distinct()
        return tuple(session.scalars(linked))


def undo_import(
    replica: Replica,
    batch_id: str,
    progress: OnProgress = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> UndoReport:
    """Take an import back. Raises `NotFound`, or `UserError` where that was done already.

    Stopped between two transactions, what was taken back stays so, and the rest can be taken back later.
    """
    with replica.read() as session:
        batch = session.get(ImportBatch, batch_id)
        if batch is None:
            raise NotFound(N_("There is no import “{id}” on this laptop"), id=batch_id)
        if batch.undone_ms is not None:
            raise UserError(N_("This import was taken back already"))
        entity = batch.entity
        # In the order of their ids backwards, which is that of the file: what came last goes first.
        changes = session.execute(
            select(ImportChange.row_id, ImportChange.before, ImportChange.after)
            .where(ImportChange.batch_id == batch_id)
            .order_by(ImportChange.row_id.desc())
        ).all()
    removed = restored = 0
    for start in range(0, len(changes), ROWS_A_TRANSACTION):
        some = changes[start : start + ROWS_A_TRANSACTION]
        progress(start, len(changes))
        if cancelled():
            return UndoReport(
                removed=removed, restored=restored, kept=start - removed - restored, finished=False
            )
        with replica.write() as session:
            held = repository.hold(session, entity, (change.row_id for change in some))
            present = {row.id: record_of(row) for row in held}
            changed = [(change.row_id, change.before) for change in some if change.before is not None]
            made: list[Record] = []
            with (
                nullcontext() if SCHEMAS[entity].meta.reference else reading_once(session),
                session.gathering() if may_be_gathered(SCHEMAS[entity], held, changed) else nullcontext(),
            ):
                for change in some:
                    record = present.get(change.row_id)
                    if record is None or not record.alive:
                        continue
                    if change.before is not None:
                        restored += _put_back(session, replica, record, change.before, change.after)
                    elif _may_go(session, replica, record, change.after):
                        made.append(record)
            _remove(session, replica, made)
            removed += len(made)
            del held
    with replica.write() as session:
        now_ms = replica.clock.now_ms()
        session.execute(update(ImportBatch).where(ImportBatch.id == batch_id).values(undone_ms=now_ms))
    return UndoReport(removed=removed, restored=restored, kept=len(changes) - removed - restored)


def _may_go(session: WriteSession, replica: Replica, record: Record, after: Mapping[str, Plain]) -> bool:
    """Tell whether a record is as the import made it and the person may delete it."""
    if any(_differ(record.get(name), value) for name, value in after.items()):
        return False
    person = replica.person
    action = Action.DELETE if record.schema.meta.ledger is None else Action.CREATE
    if EVERYONE in person.acts_in(person.rights.reach_of(record.entity, action)):
        return True
    return bool(rights.may(session, person, action, record.entity, record.values))


def _remove(session: WriteSession, replica: Replica, made: Sequence[Record]) -> None:
    """Delete records of one entity in one flush: one by one takes twice as long for thousands.

    Entries of an account stay as they were written; others are written against them.
    """
    if not made:
        return
    ledger = made[0].schema.meta.ledger
    if ledger is not None:
        kept = [field.name for field in made[0].schema.written()]
        for record in made:
            values = {name: record.values[name] for name in kept if record.get(name) is not None}
            records.create_in(
                session, replica, record.entity, {**values, ledger.amount: -record[ledger.amount]}
            )
        return
    model = SCHEMAS[made[0].entity].model
    rows = session.scalars(select(model).where(model.id.in_([record.id for record in made]))).all()
    for row in rows:
        row.life += 1
    session.flush()
    for record in made:
        counting.follow(session, record)


def _put_back(
    session: WriteSession,
    replica: Replica,
    record: Record,
    before: Mapping[str, Plain],
    after: Mapping[str, Plain],
) -> bool:
    """Give the fields that still hold what the import set their old values; tell whether any did."""
    old = {name: value for name, value in before.items() if not _differ(record.get(name), after.get(name))}
    try:
        records.update_in(session, replica, record.entity, record.id, old)
    except UserError:
        return False  # out of reach by now; counted among what was left alone
    return bool(old)


def _differ(one: Any, other: Any) -> bool:
    """Tell whether two values differ; an empty set and an empty text are nothing."""
    return (None if one in ("", []) else one) != (None if other in ("", []) else other)
