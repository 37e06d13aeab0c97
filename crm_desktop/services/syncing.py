"""What waits, what came back and what to do about it, what happened: the Sync centre's facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message, plain_places, sentence_of
from crm_core.schema.field import Plain
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.sync.protocol import Code, OpKind
from crm_desktop.models import numbers, query, repository, state
from crm_desktop.models.device_tables import History, OutboxOp, OutboxTxn, Returned, SyncEvent
from crm_desktop.models.records import Record, field_named
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.models.state import Key
from crm_desktop.services import records
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.replaying import changed_values, created_values, stepped_values

EVENTS_KEPT = 500
SHOWN = 200
_AT_ONCE = 1  # a moment long past

REASONS = {
    Code.SUPERSEDED: N_("Somebody changed the same field later"),
    Code.STALE_LIFE: N_("It was deleted or restored meanwhile"),
    Code.FORBIDDEN_ROW: N_("You may not change this record any more"),
    Code.FORBIDDEN_FIELD: N_("You may not change this field"),
    Code.FORBIDDEN_ASSIGN: N_("You may not hand records to this person"),
    Code.INVALID: N_("HQ's rules do not allow this value"),
    Code.ILLEGAL_STATE: N_("The record's state does not allow this any more"),
    Code.PARENT: N_("The record it belongs to is gone"),
    Code.QUOTA: N_("A limit at HQ is reached"),
    Code.QUARANTINED: N_("HQ keeps it until somebody has looked"),
    Code.ID_TAKEN: N_("HQ has another record under this id"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncStatus:
    """What the status command and the status bar say. Times are milliseconds since 1970 UTC."""

    enrolled: bool
    server: str
    user_name: str
    company: str
    waiting_records: int
    waiting_operations: int
    oldest_waiting_ms: int | None
    returned: int
    last_ok_ms: int | None
    device: int
    quote_numbers_left: int
    rows: dict[str, int]
    """Living records on this laptop, by entity."""
    interval_s: int
    clock_off_ms: int = 0
    """HQ's time less this laptop's, as of the last sync."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedEdit:
    """An edit HQ refused, or a newer one replaced."""

    id: int
    entity: str
    record_id: str
    title: str
    field: str | None
    """Field name; None where the edit was of the record as a whole."""
    label: str
    base: Plain
    mine: Plain
    theirs: Plain
    code: Code
    reason: Message
    who: str
    at_ms: int
    """When it was changed at HQ, or refused."""
    exists: bool
    """Whether the record is still on this laptop."""
    mine_at_ms: int | None
    """When the edit was made here, as far as the record's history says."""
    base_at_ms: int | None
    """When the value before it came about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A line of the sync history."""

    at_ms: int
    kind: str
    detail: dict[str, Any]

    @property
    def reason(self) -> Message:
        """Why a round failed; empty where it did not."""
        return sentence_of(str(self.detail.get("reason", "")), self.detail.get("places") or {})


def status(replica: Replica) -> SyncStatus:
    """Return where this laptop stands with HQ."""
    with replica.read() as session:
        known = state.read_all(session)
        waiting = session.execute(
            select(OutboxOp.entity, OutboxOp.row_id, func.count()).group_by(OutboxOp.entity, OutboxOp.row_id)
        ).all()
        return SyncStatus(
            enrolled=bool(known[Key.DEVICE]),
            server=known[Key.SERVER_URL],
            user_name=known[Key.USER_NAME],
            company=known[Key.COMPANY],
            waiting_records=len(waiting),
            waiting_operations=sum(row[2] for row in waiting),
            oldest_waiting_ms=session.scalar(select(func.min(OutboxTxn.created_ms))),
            returned=session.scalar(select(func.count()).where(Returned.state == "open")) or 0,
            last_ok_ms=known[Key.LAST_OK_MS] or None,
            device=known[Key.DEVICE],
            quote_numbers_left=numbers.left(session, "quote"),
            rows={
                name: session.scalar(select(func.count()).where(schema.model.life % 2 == 1)) or 0
                for name, schema in SCHEMAS.items()
            },
            interval_s=interval_of(known[Key.SETTINGS]),
            clock_off_ms=known[Key.OFFSET_MS],
        )


def has_waiting(replica: Replica) -> bool:
    """Tell whether anything waits to be sent."""
    with replica.read() as session:
        return session.scalar(select(OutboxOp.no).limit(1)) is not None


def interval_of(settings: Any) -> int:
    """Return the seconds between rounds that HQ asks for, within sane bounds."""
    asked = settings.get("interval_s") if isinstance(settings, dict) else None
    return max(10, min(asked, 86_400)) if isinstance(asked, int) else 120


def returned(replica: Replica, limit: int = SHOWN) -> tuple[ReturnedEdit, ...]:
    """Return the edits that came back and wait for a decision, oldest first."""
    with replica.read() as session:
        rows = session.scalars(
            select(Returned).where(Returned.state == "open").order_by(Returned.id).limit(limit)
        ).all()
        return _edits(session, rows)


def redo(replica: Replica, returned_id: int) -> Outcome[Record]:
    """Make a returned edit again, on top of what HQ has now: keep mine."""
    with replica.write() as session:
        edit = _open_edit(session, returned_id)
        record = _again(session, replica, edit)
        _close(session, edit.id, "redone")
    return Outcome(record, frozenset(session.changed))


def set_value(replica: Replica, returned_id: int, value: Plain) -> Outcome[Record]:
    """Settle a returned edit with a third value."""
    with replica.write() as session:
        edit = _open_edit(session, returned_id)
        field = field_named(SCHEMAS[edit.entity], edit.field)
        if field is None:
            raise UserError(N_("Only a single field can be edited here"))
        record = records.update_in(session, replica, edit.entity, edit.row_id, {field.name: value})
        _close(session, edit.id, "redone")
    return Outcome(record, frozenset(session.changed))


def discard(replica: Replica, returned_id: int) -> None:
    """Let HQ's value stand: keep HQ's. The lost value stays in the returned edits' history."""
    with replica.write() as session:
        edit = _open_edit(session, returned_id)
        _close(session, edit.id, "discarded")
        session.touch(edit.entity, [edit.row_id])


def reopen(replica: Replica, returned_id: int) -> None:
    """Undo a discard."""
    with replica.write() as session:
        session.execute(
            update(Returned)
            .where(Returned.id == returned_id, Returned.state == "discarded")
            .values(state="open")
        )


def events(replica: Replica, limit: int = SHOWN) -> tuple[Event, ...]:
    """Return the history of rounds, newest first."""
    with replica.read() as session:
        rows = session.scalars(select(SyncEvent).order_by(SyncEvent.id.desc()).limit(limit)).all()
        return tuple(Event(at_ms=row.at_ms, kind=row.kind, detail=row.detail or {}) for row in rows)


def note_event(replica: Replica, kind: str, detail: dict[str, Any]) -> None:
    """Add a line to the history; the oldest beyond 500 go."""
    with replica.applying() as session:
        note_event_in(session, replica.clock.now_ms(), kind, detail)


def note_event_in(session: Session, at_ms: int, kind: str, detail: dict[str, Any]) -> None:
    """Add a line to the history, as `note_event`, in the caller's transaction."""
    session.add(SyncEvent(at_ms=at_ms, kind=kind, detail=detail))
    session.flush()
    newest = session.scalar(select(func.max(SyncEvent.id))) or 0
    session.execute(SyncEvent.__table__.delete().where(SyncEvent.id <= newest - EVENTS_KEPT))  # type: ignore[attr-defined]


def note_round(session: Session, at_ms: int, report: dict[str, Any]) -> None:
    """Add a round to the history, and how far the records' own history went when it ended."""
    newest = session.scalar(select(func.max(History.id))) or 0
    note_event_in(session, at_ms, "round", {**report, "history": newest})


def ask_to_compare(replica: Replica) -> None:
    """Let the next round compare everything that is here with HQ, and repair what differs."""
    with replica.applying() as session:
        if not state.read(session, Key.DEVICE):
            raise UserError(N_("This laptop is not connected to an HQ. Sign in first"))
        state.write(session, {Key.COMPARE_AT_MS: _AT_ONCE})


def is_comparison_asked(replica: Replica) -> bool:
    """Tell whether somebody asked for a comparison that no round has got to yet."""
    with replica.read() as session:
        return bool(state.read(session, Key.COMPARE_AT_MS) == _AT_ONCE)


def told(sentence: Message) -> dict[str, Any]:
    """Return a sentence as a line of the history keeps it, to be shown in the language of then."""
    return {"reason": sentence.text, "places": plain_places(sentence)}


def _open_edit(session: Session, returned_id: int) -> Returned:
    edit = session.get(Returned, returned_id)
    if edit is None or edit.state != "open":
        raise NotFound(N_("There is no such returned edit"))
    return edit


def _close(session: Session, returned_id: int, state_name: str) -> None:
    session.execute(update(Returned).where(Returned.id == returned_id).values(state=state_name))


def _again(session: WriteSession, replica: Replica, edit: Returned) -> Record:
    schema = SCHEMAS[edit.entity]
    kind = OpKind(edit.kind)
    if kind is OpKind.CREATE:
        # Numbers and totals are given anew, and so is the id: HQ did not take the old one.
        given = _typed(schema, created_values(schema, edit.mine))
        return records.create_in(session, replica, edit.entity, given)
    record = repository.get(session, edit.entity, edit.row_id)
    if record is None:
        raise NotFound(N_("This record is not on this laptop any more; the value can be copied"))
    if kind is OpKind.DELETE:
        return repository.delete(session, edit.entity, edit.row_id) if record.alive else record
    if kind is OpKind.RESTORE:
        return record if record.alive else repository.restore(session, edit.entity, edit.row_id)
    changes = _typed(schema, changed_values(record, kind, edit.field, edit.mine))
    return records.update_in(session, replica, edit.entity, edit.row_id, changes)


def _typed(schema: Schema, values: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return the values a person writes; numbers, totals and times are the program's."""
    kept = {name for name, field in schema.fields.items() if field.read_only or field.computed}
    return {name: value for name, value in values.items() if name not in kept}


def _edits(session: Session, rows: Any) -> tuple[ReturnedEdit, ...]:
    titles = titles_in(session, {(row.entity, row.row_id) for row in rows})
    names = query.labels(session, "user", {row.who for row in rows if row.who})
    edits = []
    for row in rows:
        field = field_named(SCHEMAS[row.entity], row.field) if row.field else None
        code = Code(row.code)
        made = _made(session, row)
        edits.append(
            ReturnedEdit(
                id=row.id,
                entity=row.entity,
                record_id=row.row_id,
                title=titles.get((row.entity, row.row_id), ""),
                field=field.name if field else row.field or None,
                label=label_of(row.entity, row.field) if row.field else "",
                base=row.base if row.base is not None else made.base,
                mine=_typed_here(row),
                theirs=row.theirs,
                code=code,
                reason=sentence_of(row.reason or REASONS.get(code, ""), row.places or {}),
                who=names.get(row.who or "", ""),
                at_ms=row.at_ms,
                exists=(row.entity, row.row_id) in titles,
                mine_at_ms=made.at_ms,
                base_at_ms=made.base_at_ms,
            )
        )
    return tuple(edits)


def _typed_here(row: Returned) -> Plain:
    """Return what the person wanted: of a step the state it leads to."""
    if row.kind != OpKind.COMMAND:
        return row.mine  # type: ignore[no-any-return]
    schema = SCHEMAS[row.entity]
    return stepped_values(schema, row.mine).get(schema.by_no[int(row.field)].name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What the record's history says of an edit that came back."""

    at_ms: int | None = None
    base: Plain = None
    base_at_ms: int | None = None


def _made(session: Session, row: Returned) -> _Made:
    schema = SCHEMAS[row.entity]
    field = field_named(schema, row.field)
    keys = [str(member.no) for member in schema.register(field)] if field else [row.field]
    of_record = (History.entity == row.entity, History.row_id == row.row_id)
    entries = session.scalars(
        select(History)
        .where(*of_record, History.op_no == row.op_no, History.origin == "here", History.field.in_(keys))
        .order_by(History.id.desc())
        .limit(len(keys))
    ).all()
    if not entries:
        return _Made()
    before = session.scalar(
        select(func.max(History.at_ms)).where(
            *of_record, History.field.in_([*keys, ""]), History.id < entries[-1].id
        )
    )
    if before is None:
        before = session.scalar(select(schema.table.c.created_at).where(schema.table.c.id == row.row_id))
    # Of a group the history holds the members that changed; alone it says no whole value.
    base = entries[0].old if len(keys) == 1 and keys[0] else None
    return _Made(at_ms=entries[-1].at_ms, base=base, base_at_ms=before)


def titles_in(session: Session, links: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return what records are called, by (entity, id); unknown ones are left out."""
    by_entity: dict[str, set[str]] = {}
    for entity, record_id in links:
        by_entity.setdefault(entity, set()).add(record_id)
    return {
        (entity, record_id): title
        for entity, ids in by_entity.items()
        for record_id, title in query.labels(session, entity, ids).items()
    }


def label_of(entity: str, field: str) -> str:
    """Return the English label of a register, by its key: of a large group its section's."""
    schema = SCHEMAS[entity]
    known = field_named(schema, field)
    if known is None:
        return field.removeprefix(CUSTOM_PREFIX)
    members = schema.register(known)
    if len(members) > 2 and known.section:
        return known.section
    return next((member for member in members if member.in_list), known).label
