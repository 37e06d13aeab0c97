"""Deciding what becomes of edits that came back, of one or of all of a kind, and taking a decision back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError, NotFound, UserError
from crm_core.i18n import N_, Message
from crm_core.schema.field import Plain
from crm_core.schema.reading import Schema
from crm_core.sync.protocol import OFFERED, Code, Judgement, OpKind
from crm_desktop.models import repository, state
from crm_desktop.models.device_tables import OutboxOp, Returned, UntoldVerdict
from crm_desktop.models.records import Record, field_named
from crm_desktop.models.refused import parts_of, waits_by_itself
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.models.state import Key
from crm_desktop.services import records, waiting
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.replaying import changed_values, filled_by, typed_values
from crm_desktop.services.returned_edits import alike
from crm_desktop.services.syncing import titles_in

KEPT_DAYS: Final = 30
"""How long a decided edit can be looked at, copied and decided otherwise."""
_KEPT_MS: Final = KEPT_DAYS * 24 * 60 * 60 * 1000


class Verdict(StrEnum):
    """What becomes of an edit that came back."""

    MINE = "mine"
    HQ = "hq"
    OTHER = "other"
    OWNER = "owner"
    """Whoever may change the record is to decide: HQ shows it to them."""


_STATES: Final = {
    Verdict.MINE: "redone",
    Verdict.OTHER: "redone",
    Verdict.HQ: "discarded",
    Verdict.OWNER: "handed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one edit; `value` is the third value, typed here."""

    verdict: Verdict
    value: Plain = None
    values: Mapping[str, Plain] | None = None
    """Instead of `value` by field name: of fields that are set together, as an amount and its currency, or
    what a record that was to be made is made with."""
    alike: bool = False
    """The same for every other open edit of its kind; not for a third value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """An edit that stays open, because the answer given to all of its kind does not do for it."""

    title: str
    reason: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided: numbers of edits, in their order."""

    ids: tuple[int, ...]
    skipped: tuple[Skipped, ...] = ()
    record: Record | None = None
    """The record the last one was made again on."""


def decide(replica: Replica, decisions: Iterable[tuple[int, Decision]]) -> Outcome[Decided]:
    """Carry out decisions by the edits' numbers, in one transaction.

    Raises what making an edit again raises; then nothing is decided. Of those decided along with one of
    their kind, the ones that cannot be are skipped.
    """
    with replica.write() as session:
        decided = _decide_in(session, replica, decisions)
    return Outcome(decided, frozenset(session.changed))


def preview(replica: Replica, decisions: Iterable[tuple[int, Decision]]) -> Outcome[Decided]:
    """Return what `decide` would do, having done nothing. Raises what it would raise."""
    try:
        with replica.write() as session:
            raise _Previewed(_decide_in(session, replica, decisions))
    except _Previewed as previewed:
        return Outcome(previewed.decided, frozenset())


def undo(replica: Replica, ids: Iterable[int]) -> Outcome[int]:
    """Open decided edits again, as if nothing had been decided; return how many.

    What was made again and is not sent yet is taken back. Where it may have reached HQ, the record gets
    the value it had before as a new edit. One transaction; `NotFound` for an edit there is none of.
    """
    with replica.applying() as session:
        named = [_decided_edit(session, edit_id) for edit_id in ids]
        edits = list(dict.fromkeys(each for edit in named for each in (edit, *parts_of(session, edit))))
        edits.sort(key=lambda edit: (edit.decided_ms or 0, edit.id), reverse=True)
        notes = [(edit, _Undo.of(edit)) for edit in edits]
        taken = _taken_back(session, replica, [note for _, note in notes])
        with session.recording(replica.clock.now_ms):
            for edit, note in notes:
                if (edit.entity, note.row_id, edit.field) not in taken:
                    _put_back(session, replica, edit, note)
        for edit in edits:
            if edit.state != _STATES[Verdict.OWNER]:
                _tell(session, edit, Judgement.OFFER, opposite=Judgement.WITHDRAW)
            opened = {"state": "open", "decided_ms": None, "undo": None}
            session.execute(update(Returned).where(Returned.id == edit.id).values(opened))
            session.touch(edit.entity, [edit.row_id])
    return Outcome(len(named), frozenset(session.changed))


def forget_old(replica: Replica) -> int:
    """Remove edits that were decided more than 30 days ago, values and all; return how many."""
    old = (Returned.state != "open", Returned.decided_ms < replica.clock.now_ms() - _KEPT_MS)
    with replica.read() as session:
        if session.scalar(select(Returned.id).where(*old).limit(1)) is None:
            return 0
    with replica.applying() as session:
        gone = session.execute(delete(Returned).where(*old))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def redo(replica: Replica, returned_id: int) -> Outcome[Record]:
    """Make a returned edit again, on top of what HQ has now: keep mine."""
    outcome = decide(replica, [(returned_id, Decision(verdict=Verdict.MINE))])
    assert outcome.value.record is not None
    return Outcome(outcome.value.record, outcome.changed)


def discard(replica: Replica, returned_id: int) -> None:
    """Let HQ's value stand: keep HQ's. The lost value can be looked at for 30 days."""
    decide(replica, [(returned_id, Decision(verdict=Verdict.HQ))])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Undo:
    """What a decision did, as `Returned.undo` keeps it."""

    row_id: str
    """The record that was changed or made."""
    readings: list[int]
    """Clock readings of the operations it left: unlike their numbers, these stay."""
    before: dict[str, Plain]
    """The fields it changed, with the values before."""

    @classmethod
    def of(cls, edit: Returned) -> _Undo:
        kept = edit.undo or {}
        return cls(
            row_id=kept.get("row", edit.row_id),
            readings=kept.get("readings", []),
            before=kept.get("before", {}),
        )

    def kept(self) -> dict[str, Any]:
        return {"row": self.row_id, "readings": self.readings, "before": self.before}


class _Previewed(Exception):
    """Rolls back what was tried."""

    def __init__(self, decided: Decided) -> None:
        super().__init__()
        self.decided = decided


def _decide_in(session: WriteSession, replica: Replica, decisions: Iterable[tuple[int, Decision]]) -> Decided:
    done: dict[int, Record | None] = {}
    skipped: list[Skipped] = []
    wanted = [(_open_edit(session, edit_id), decision) for edit_id, decision in decisions]
    for edit, decision in wanted:
        done[edit.id] = _carry_out(session, replica, edit, decision)
    for edit, decision in wanted:
        for other_id in alike(session, edit) if decision.alike else ():
            other = session.get_one(Returned, other_id)
            try:
                done[other_id] = _carry_out(session, replica, other, decision)
            except CrmError as error:
                skipped.append(Skipped(title=_title(session, other), reason=error.message))
    last = next((record for record in reversed(done.values()) if record is not None), None)
    return Decided(ids=tuple(done), skipped=tuple(skipped), record=last)


def _open_edit(session: Session, returned_id: int) -> Returned:
    edit = session.scalar(select(Returned).where(Returned.id == returned_id, waits_by_itself()))
    if edit is None:
        raise NotFound(N_("There is no such returned edit"))
    return edit


def _decided_edit(session: Session, returned_id: int) -> Returned:
    edit = session.get(Returned, returned_id)
    if edit is None or edit.state in ("open", "accepted"):
        raise NotFound(N_("There is no such decision to undo"))
    return edit


def _title(session: Session, edit: Returned) -> str:
    return titles_in(session, [(edit.entity, edit.row_id)]).get((edit.entity, edit.row_id), "")


def _carry_out(session: WriteSession, replica: Replica, edit: Returned, decision: Decision) -> Record | None:
    """Do what was decided of an edit and close it; return the record where one was written.

    What was typed into a record HQ did not take is decided with it.
    """
    verdict = decision.verdict
    parts = parts_of(session, edit)
    record: Record | None = None
    note = _Undo(row_id=edit.row_id, readings=[], before={})
    if verdict is Verdict.OWNER:
        if edit.code not in OFFERED or edit.kind == OpKind.CREATE:
            raise UserError(N_("Nobody else could make this edit either: HQ's rules forbid it"))
    elif verdict is Verdict.HQ:
        session.touch(edit.entity, [edit.row_id])
    else:
        first_op = state.read(session, Key.NEXT_OP)
        changes = _changes(session, edit, decision)
        before = {} if changes is None else _values(session, edit, changes)
        record = _again(session, replica, edit, changes, decision.values, parts)
        session.flush()
        readings = list(session.scalars(select(OutboxOp.hlc).where(OutboxOp.no >= first_op)))
        note = _Undo(row_id=record.id, readings=readings, before=before)
    at_ms = replica.clock.now_ms()
    nothing = _Undo(row_id=note.row_id, readings=[], before={})
    for each in (edit, *parts):
        if verdict is not Verdict.OWNER:
            _tell(session, each, Judgement.WITHDRAW, opposite=Judgement.OFFER)
        did = note if each is edit else nothing
        closed = {"state": _STATES[verdict], "decided_ms": at_ms, "undo": did.kept()}
        session.execute(update(Returned).where(Returned.id == each.id).values(closed))
    return record


def _changes(session: Session, edit: Returned, decision: Decision) -> Mapping[str, Plain] | None:
    """Return the fields an edit sets when it is made again; None where it is of the record as a whole."""
    kind, schema = OpKind(edit.kind), SCHEMAS[edit.entity]
    if kind is OpKind.CREATE:
        return None
    if decision.verdict is Verdict.OTHER:
        if kind not in (OpKind.SET, OpKind.COMMAND):
            raise UserError(N_("Only a single field can be edited here"))
        about = filled_by(schema, kind, edit.mine)
        field = schema.fields[about] if about else field_named(schema, edit.field)
        name = edit.field if field is None else field.name
        if decision.values is None:
            return {name: decision.value}
        together = {name, *(member.name for member in (schema.register(field) if field is not None else ()))}
        return {each: value for each, value in decision.values.items() if each in together}
    if kind in (OpKind.DELETE, OpKind.RESTORE):
        return None
    present = _present(session, edit)
    return _typed(schema, changed_values(schema, present.values, kind, edit.field, edit.mine))


def _present(session: Session, edit: Returned) -> Record:
    record = repository.get(session, edit.entity, edit.row_id)
    if record is None:
        raise NotFound(N_("This record is not on this laptop any more; the value can be copied"))
    return record


def _values(session: Session, edit: Returned, names: Iterable[str]) -> dict[str, Plain]:
    present = _present(session, edit)
    return {name: present.values.get(name) for name in names}


def _again(
    session: WriteSession,
    replica: Replica,
    edit: Returned,
    changes: Mapping[str, Plain] | None,
    instead: Mapping[str, Plain] | None,
    parts: Iterable[Returned],
) -> Record:
    if changes is not None:
        return records.update_in(session, replica, edit.entity, edit.row_id, changes)
    schema, kind = SCHEMAS[edit.entity], OpKind(edit.kind)
    if kind is OpKind.CREATE:
        # Numbers and totals are given anew.
        given = _typed(schema, typed_values(schema, edit, parts) if instead is None else instead)
        return records.create_in(session, replica, edit.entity, given, _id_again(session, edit))
    present = _present(session, edit)
    if kind is OpKind.DELETE:
        return repository.delete(session, edit.entity, edit.row_id) if present.alive else present
    return present if present.alive else repository.restore(session, edit.entity, edit.row_id)


def _id_again(session: Session, edit: Returned) -> str | None:
    """Return the id to make a record with again, which others that came back refer to; None for a new one."""
    is_spent = edit.code in (Code.ID_TAKEN, Code.STALE_LIFE)
    return None if is_spent or repository.get(session, edit.entity, edit.row_id) else edit.row_id


def _typed(schema: Schema, values: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return the values a person writes; numbers, totals and times are the program's."""
    kept = {name for name, field in schema.fields.items() if field.read_only or field.computed}
    return {name: value for name, value in values.items() if name not in kept}


def _tell(session: Session, edit: Returned, judgement: Judgement, *, opposite: Judgement) -> None:
    """Let HQ hear whether an edit it keeps is still meant; two opposite words it never heard are none."""
    if edit.code not in OFFERED:
        return
    key = {"incarnation": edit.incarnation, "op_no": edit.op_no}
    untold = session.get(UntoldVerdict, (edit.incarnation, edit.op_no))
    if untold is not None and untold.verdict == opposite:
        session.execute(delete(UntoldVerdict).filter_by(**key))
        return
    statement = insert(UntoldVerdict).values(**key, verdict=int(judgement))
    session.execute(
        statement.on_conflict_do_update(index_elements=list(key), set_={"verdict": int(judgement)})
    )


# Taking back


def _taken_back(session: WriteSession, replica: Replica, notes: Sequence[_Undo]) -> set[tuple[str, str, str]]:
    """Take back the operations decisions left, where none of a decision's may have reached HQ.

    Returns what they were of: entity, record, register.
    """
    sent = state.read(session, Key.SENT_OP)
    wanted = sorted({reading for note in notes for reading in note.readings})
    rows = session.execute(select(OutboxOp.hlc, OutboxOp.no).where(OutboxOp.hlc.in_(wanted))).all()
    unsent = {row.hlc: row.no for row in rows if row.no > sent}
    numbers = {
        unsent[reading]
        for note in notes
        if all(reading in unsent for reading in note.readings)
        for reading in note.readings
    }
    if not numbers:
        return set()
    everything = waiting.all_waiting(session)
    made = {(op.entity, op.row_id) for op in everything if op.no in numbers and op.kind is OpKind.CREATE}
    # What was put below a record that goes, goes with it.
    below = {op.no for op in waiting.with_followers(everything, made)} if made else set()
    taken = [op for op in everything if op.no in numbers | below]
    late = [op for op in taken if op.no <= sent]
    if late:
        return set()
    waiting.take_off(session, taken, replica.clock.now_ms())
    return {(op.entity, op.row_id, op.field) for op in taken}


def _put_back(session: WriteSession, replica: Replica, edit: Returned, note: _Undo) -> None:
    """Give the record the state from before a decision, as a new edit."""
    kind = OpKind(edit.kind)
    present = repository.get(session, edit.entity, note.row_id)
    if edit.state != "redone" or present is None or not (note.readings or note.before):
        return
    if kind in (OpKind.CREATE, OpKind.RESTORE):
        if present.alive:
            repository.delete(session, edit.entity, note.row_id)
    elif kind is OpKind.DELETE:
        if not present.alive:
            repository.restore(session, edit.entity, note.row_id)
    else:
        differing = {name: value for name, value in note.before.items() if present.get(name) != value}
        if differing:
            records.update_in(session, replica, edit.entity, note.row_id, differing)
