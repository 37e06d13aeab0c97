"""Change recording: whatever is written to an entity leaves its operations in the same transaction.

A flush of changed rows writes, before the rows themselves: an outbox operation for each changed register,
the confirmed value under it (once), history, and the clock that stamped it. So the database never holds an
edit that HQ would not hear of, however the program ends.

Edits are not merged across transactions: an operation's stamp must be the time of typing, or an older edit
would win over a colleague's newer one. Within one transaction a register that is set again, with no other
row touched in between, replaces its operation's value; a row just made takes it into its creation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.errors import BrokenPromise
from crm_core.i18n import N_
from crm_core.schema.entity import Entity
from crm_core.schema.field import Field, FieldClass, Kind
from crm_core.schema.machine import Machine, Step
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.sync.clock import ms_of, tick
from crm_core.sync.merge import dot, lives, members
from crm_core.sync.protocol import OpKind, TxnFlag
from crm_desktop.models import state
from crm_desktop.models.device_tables import History, OutboxOp, OutboxTxn, RowMeta, SetDot, Shadow
from crm_desktop.models.edited_rows import bases_of, belongs_to, changes_of, step_taken
from crm_desktop.models.records import field_key
from crm_desktop.models.state import Key

# HQ takes an upload of at most 4 MB; a transaction that may be split is kept well below.
MAX_TXN_OPS = 500

_OP, _TXN, _META, _SHADOW, _DOT, _HISTORY = (
    cast(Table, model.__table__) for model in (OutboxOp, OutboxTxn, RowMeta, Shadow, SetDot, History)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """A register of a row that is set: operation, confirmed value and history all come from it."""

    entity: str
    row_id: str
    key: str
    old: Any
    new: Any
    base: int
    fields: list[tuple[str, Any, Any]]
    """What changed: field, value before, value after; members of a group apart."""
    initial: dict[int | str, Any]
    """What a creation in the same transaction takes in: field number to value."""


class Recorder:
    """Records the changes of one write transaction. Made by the replica, one for each."""

    def __init__(self, user_id: str | None, now_ms: Callable[[], int], flags: TxnFlag) -> None:
        self._user_id = user_id
        self._now_ms = now_ms
        self._flags = flags
        self._started = False
        self._device = self._incarnation = self._next_op = self._next_txn = self._hlc = 0
        self._hq_schema = 0
        self._txn_no: int | None = None
        self._txn_ops = 0
        # What a further edit of the same row may be folded into; forgotten when another row is edited.
        self._row: tuple[str, str] | None = None
        self._creation: tuple[int, dict[int | str, Any]] | None = None
        self._settings: dict[str, int] = {}
        self._pending: dict[Table, list[dict[str, Any]]] = {}
        self._bases: dict[tuple[str, str], int] = {}
        """Of the rows of one flush, where there are several."""

    def record_flush(self, session: Session) -> list[tuple[str, str]]:
        """Record what `session` is about to flush; return the (entity, id) of every changed row."""
        if any(isinstance(row, Entity) for row in session.deleted):
            raise BrokenPromise(N_("Records are deleted by their life counter, never by removing the row"))
        made = [row for row in session.new if isinstance(row, Entity)]
        edited = [row for row in session.dirty if isinstance(row, Entity) and session.is_modified(row)]
        if not made and not edited:
            return []
        self._start(session)
        # Parents before children, whatever order the objects were added in.
        order = {name: place for place, name in enumerate(SCHEMAS)}
        for row in sorted(made, key=lambda r: order[r.__tablename__]):
            self._record_creation(row)
        self._bases = bases_of(session, edited) if len(edited) > 1 else {}
        for row in edited:
            self._record_edit(session, row)
        self._bases = {}
        self.write_out(session)
        return [(row.__tablename__, row.id) for row in (*made, *edited)]

    def record_rows(self, session: Session, schema: Schema, rows: Sequence[dict[str, Any]]) -> None:
        """Record the creation of many rows at once and complete their bookkeeping fields in place.

        Each holds `id`, declared fields by name and `custom`.
        """
        self._start(session)
        for row in rows:
            self._create(schema, row["id"], row, row.get("custom") or {})
            row.update(life=1, **self._made_by())
        self.write_out(session)

    def hang_together(self) -> None:
        """Let what is recorded from here on be taken by HQ as a whole, or not at all."""
        self._txn_no = None
        self._flags |= TxnFlag.ALL_OR_NOTHING

    def write_out(self, session: Session) -> None:
        """Send what was recorded, and the clock and counters with it, to the open transaction."""
        connection = session.connection()
        for table, rows in self._pending.items():
            if not rows:
                continue
            statement = insert(table)
            connection.execute(statement.on_conflict_do_nothing() if table is _SHADOW else statement, rows)
        self._pending = {}
        state.write(session, {Key.HLC: self._hlc, Key.NEXT_OP: self._next_op, Key.NEXT_TXN: self._next_txn})

    def _start(self, session: Session) -> None:
        if self._started:
            return
        kept = state.read_all(session)
        self._device, self._incarnation = kept[Key.DEVICE], kept[Key.INCARNATION]
        self._next_op, self._next_txn, self._hlc = kept[Key.NEXT_OP], kept[Key.NEXT_TXN], kept[Key.HLC]
        self._hq_schema = state.schema_of_hq(kept)
        self._started = True

    def _made_by(self) -> dict[str, Any]:
        now = ms_of(self._hlc)
        return {
            "created_at": now,
            "created_by": self._user_id,
            "updated_at": now,
            "updated_by": self._user_id,
        }

    def _record_creation(self, row: Entity) -> None:
        schema = SCHEMAS[row.__tablename__]
        if not row.id:
            raise BrokenPromise(N_("A record needs its id before it is saved"))
        values = {f.name: getattr(row, f.name) for f in schema.fields.values()}
        row.life = row.life or 1
        self._create(schema, row.id, values, row.custom or {})
        for name, value in self._made_by().items():
            setattr(row, name, value)
        for field in schema.set_fields:
            setattr(row, field.name, sorted(set(values[field.name] or ())) or None)

    def _create(
        self, schema: Schema, row_id: str, values: Mapping[str, Any], custom: Mapping[str, Any]
    ) -> None:
        filled = {
            no: values[name] for no, name in _created_fields(schema.name) if values.get(name) is not None
        }
        initial: dict[int | str, Any] = {no: filled[no] for no in filled if not self._is_ahead(schema, no)}
        words = {CUSTOM_PREFIX + key: value for key, value in custom.items() if isinstance(value, list)}
        initial.update(
            (CUSTOM_PREFIX + key, value)
            for key, value in custom.items()
            if value is not None and CUSTOM_PREFIX + key not in words
        )
        self._turn_to(schema.name, row_id)
        value = [list(initial), list(initial.values())]
        op_no = self._operation(schema.name, row_id, OpKind.CREATE, "", value, base=0)
        self._add(_META, entity=schema.name, row_id=row_id, base=0, life=0, local=True, mark=0)
        self._remember(schema.name, row_id, "", None, 1, op_no)
        self._creation = (op_no, initial)
        words.update((field_key(field), values.get(field.name) or []) for field in schema.set_fields)
        for key, several in words.items():
            for word in sorted(set(several)):
                self._add_word(schema.name, row_id, key, word, base=0)
        for no in filled.keys() - initial.keys():
            self._set_ahead(schema.name, row_id, str(no), filled[no])

    def _is_ahead(self, schema: Schema, no: int) -> bool:
        """Tell whether HQ is older than a field: a creation that named it would be refused whole."""
        return schema.by_no[no].since > self._hq_schema

    def _set_ahead(self, entity: str, row_id: str, key: str, value: Any) -> None:
        """Set a field HQ does not know yet by an operation of its own: it alone comes back then."""
        self._shade(entity, row_id, key, None)
        op_no = self._operation(entity, row_id, OpKind.SET, key, value, base=0)
        self._settings[key] = op_no
        self._remember(entity, row_id, key, None, value, op_no)

    def _record_edit(self, session: Session, row: Entity) -> None:
        schema = SCHEMAS[row.__tablename__]
        changed = dict(changes_of(row))
        self._turn_to(schema.name, row.id)
        base = self._base(session, schema.name, row.id)
        first_op = self._next_op
        before = self._hlc
        step = step_taken(schema, row, changed)
        leaders = {
            schema.leader(schema.fields[name]).name: None
            for name in changed
            if name in schema.fields and not (step is not None and belongs_to(schema, step, name))
        }
        for leader in leaders:
            register = schema.register(schema.fields[leader])
            if register[0].computed or register[0].field_class is FieldClass.SYSTEM:
                continue
            if register[0].kind is Kind.TAGS:
                self._edit_words(session, row, field_key(register[0]), changed[leader], base)
                setattr(row, leader, sorted(set(getattr(row, leader) or ())) or None)
            else:
                self._edit_register(session, row, register, changed, base)
        if "custom" in changed:
            self._edit_custom(session, row, changed["custom"], base)
        if step is not None:
            # Last: what is set with it may be fixed once it is taken.
            self._take_step(row, schema, step, changed, base)
        if "life" in changed:
            self._edit_life(row, *changed["life"], base)
        if self._next_op != first_op or self._hlc != before:
            # Should HQ refuse the edit, the row is again as HQ's last writer left it.
            for name in ("updated_at", "updated_by"):
                self._shade(row.__tablename__, row.id, field_key(schema.fields[name]), getattr(row, name))
            row.updated_at, row.updated_by = ms_of(self._hlc), self._user_id

    def _edit_register(
        self,
        session: Session,
        row: Entity,
        register: tuple[Field, ...],
        changed: Mapping[str, tuple[Any, Any]],
        base: int,
    ) -> None:
        old = [changed[f.name][0] if f.name in changed else getattr(row, f.name) for f in register]
        new = [getattr(row, f.name) for f in register]
        pairs = zip(register, old, new, strict=True)
        grouped = register[0].group is not None
        self._set(
            session,
            _Edit(
                entity=row.__tablename__,
                row_id=row.id,
                key=field_key(register[0]),
                old=old if grouped else old[0],
                new=new if grouped else new[0],
                base=base,
                fields=[(field_key(f), was, now) for f, was, now in pairs if f.name in changed],
                initial={f.no: value for f, value in zip(register, new, strict=True)},
            ),
        )

    def _edit_custom(
        self, session: Session, row: Entity, change: tuple[dict[str, Any] | None, ...], base: int
    ) -> None:
        old, new = (values or {} for values in change)
        for bare in sorted({*old, *new}):
            was, now = old.get(bare), new.get(bare)
            key = CUSTOM_PREFIX + bare
            if isinstance(was, list) or isinstance(now, list):  # no other kind of custom field is kept so
                self._edit_words(session, row, key, (was, now), base)
            elif was != now:
                edit = _Edit(
                    entity=row.__tablename__,
                    row_id=row.id,
                    key=key,
                    old=was,
                    new=now,
                    base=base,
                    fields=[(key, was, now)],
                    initial={key: now},
                )
                self._set(session, edit)

    def _set(self, session: Session, edit: _Edit) -> None:
        ahead = any(isinstance(no, int) and self._is_ahead(SCHEMAS[edit.entity], no) for no in edit.initial)
        if self._creation is not None and not ahead:
            op_no, initial = self._creation
            self._hlc = tick(self._hlc, self._now_ms())
            initial.update(edit.initial)
            kept = {no: value for no, value in initial.items() if value is not None}
            self._replace_value(session, op_no, [list(kept), list(kept.values())])
            return
        if edit.key in self._settings:
            op_no = self._settings[edit.key]
            self._replace_value(session, op_no, edit.new)
            for field, was, now in edit.fields:
                again = update(_HISTORY).where(_HISTORY.c.op_no == op_no, _HISTORY.c.field == field)
                if not session.connection().execute(again.values(new=now)).rowcount:
                    self._remember(edit.entity, edit.row_id, field, was, now, op_no)
            return
        self._shade(edit.entity, edit.row_id, edit.key, edit.old)
        op_no = self._operation(edit.entity, edit.row_id, OpKind.SET, edit.key, edit.new, base=edit.base)
        self._settings[edit.key] = op_no
        for field, was, now in edit.fields:
            self._remember(edit.entity, edit.row_id, field, was, now, op_no)

    def _replace_value(self, session: Session, op_no: int, value: Any) -> None:
        session.connection().execute(update(_OP).where(_OP.c.no == op_no).values(value=value))

    def _edit_words(
        self, session: Session, row: Entity, key: str, change: tuple[Any, Any], base: int
    ) -> None:
        """Record what joins and leaves the set of a register."""
        entity = row.__tablename__
        old, new = set(change[0] or ()), set(change[1] or ())
        if old == new:
            return
        dots = list(
            session.connection().execute(
                select(_DOT.c.word, _DOT.c.dot).where(
                    _DOT.c.entity == entity, _DOT.c.row_id == row.id, _DOT.c.field == key
                )
            )
        )
        self._shade(entity, row.id, key, sorted([word, name] for word, name in dots))
        first = self._next_op
        for word in sorted(new - old):
            self._add_word(entity, row.id, key, word, base=base)
        for word in sorted(old - new):
            seen = sorted(name for held, name in dots if held == word)
            self._operation(entity, row.id, OpKind.TAG_DEL, key, [word, seen], base=base)
            session.connection().execute(
                _DOT.delete().where(
                    _DOT.c.entity == entity,
                    _DOT.c.row_id == row.id,
                    _DOT.c.field == key,
                    _DOT.c.word == word,
                    _DOT.c.dot.in_(seen),
                )
            )
        self._remember(entity, row.id, key, sorted(old), sorted(new), first)

    def _add_word(self, entity: str, row_id: str, key: str, word: str, *, base: int) -> None:
        op_no = self._operation(entity, row_id, OpKind.TAG_ADD, key, word, base=base)
        name = dot(self._device, self._incarnation, op_no)
        self._add(_DOT, entity=entity, row_id=row_id, field=key, word=word, dot=name)

    def _take_step(
        self, row: Entity, schema: Schema, step: Step, changed: Mapping[str, tuple[Any, Any]], base: int
    ) -> None:
        machine = cast(Machine, schema.meta.machine)
        given = {schema.fields[name].no: changed[name][1] for name in step.takes if name in changed}
        before = machine.state_of(
            changed[machine.field][0] if machine.field in changed else getattr(row, machine.field)
        )
        value = [step.name, before, [list(given), list(given.values())]]
        key = field_key(schema.fields[machine.field])
        op_no = self._operation(schema.name, row.id, OpKind.COMMAND, key, value, base=base)
        named = {schema.by_no[no].name: item for no, item in given.items()}
        old = {name: changed[name][0] if name in changed else getattr(row, name) for name in schema.fields}
        for name, written in machine.effects(step, ms_of(self._hlc), named, held=old).items():
            register = schema.register(schema.fields[name])
            confirmed = [old[member.name] for member in register]
            whole = confirmed if len(register) > 1 else confirmed[0]
            self._shade(schema.name, row.id, field_key(register[0]), whole)
            setattr(row, name, written)
            if written != old[name]:
                self._remember(schema.name, row.id, field_key(schema.fields[name]), old[name], written, op_no)
        # What follows a step must stay after it.
        self._creation, self._settings = None, {}

    def _edit_life(self, row: Entity, old: int, new: int, base: int) -> None:
        if new != old + 1:
            raise BrokenPromise(N_("A life counter goes up by one"))
        kind = OpKind.RESTORE if lives(new) else OpKind.DELETE
        op_no = self._operation(row.__tablename__, row.id, kind, "", old, base=base)
        self._remember(row.__tablename__, row.id, "", old, new, op_no)
        # What follows a deletion or restoring must stay after it.
        self._creation, self._settings = None, {}

    def _turn_to(self, entity: str, row_id: str) -> None:
        if self._row != (entity, row_id):
            self._row, self._creation, self._settings = (entity, row_id), None, {}

    def _base(self, session: Session, entity: str, row_id: str) -> int:
        if (entity, row_id) in self._bases:
            return self._bases[entity, row_id]
        found = session.connection().scalar(
            select(_META.c.base).where(_META.c.entity == entity, _META.c.row_id == row_id)
        )
        return found or 0

    def _operation(self, entity: str, row_id: str, kind: OpKind, field: str, value: Any, *, base: int) -> int:
        now = self._now_ms()
        self._hlc = tick(self._hlc, now)
        splits = TxnFlag.ALL_OR_NOTHING not in self._flags and self._txn_ops >= MAX_TXN_OPS
        if self._txn_no is None or splits:
            self._txn_no, self._txn_ops = self._next_txn, 0
            self._next_txn += 1
            self._add(_TXN, no=self._txn_no, flags=int(self._flags), hlc=self._hlc, created_ms=now)
        op_no = self._next_op
        self._next_op += 1
        self._txn_ops += 1
        self._add(
            _OP,
            no=op_no,
            txn_no=self._txn_no,
            kind=int(kind),
            entity=entity,
            row_id=row_id,
            field=field,
            value=value,
            hlc=self._hlc,
            base=base,
        )
        return op_no

    def _shade(self, entity: str, row_id: str, key: str, confirmed: Any) -> None:
        # Ignored where the register has a pending edit already: only the first stands on HQ's value.
        self._add(_SHADOW, entity=entity, row_id=row_id, field=key, value=confirmed)

    def _remember(self, entity: str, row_id: str, field: str, old: Any, new: Any, op_no: int) -> None:
        self._add(
            _HISTORY,
            entity=entity,
            row_id=row_id,
            field=field,
            old=old,
            new=new,
            at_ms=ms_of(self._hlc),
            user_id=self._user_id,
            hlc=self._hlc,
            origin="here",
            op_no=op_no,
            sent=False,
        )

    def _add(self, table: Table, **values: Any) -> None:
        self._pending.setdefault(table, []).append(values)


@cache
def _created_fields(entity: str) -> tuple[tuple[int, str], ...]:
    """Return number and name of the fields a creation carries: sets follow as operations of their own."""
    return tuple((f.no, f.name) for f in SCHEMAS[entity].written() if f.kind is not Kind.TAGS)


def adopt_identity(session: Session, device: int, incarnation: int) -> None:
    """Give this laptop the number HQ knows it by, and rename the dots of unanswered additions to it.

    Called at enrolment, and when HQ hands out a new incarnation: an operation not answered yet travels under
    the new name, so what refers to it must say so too.
    """
    kept = state.read_all(session)
    old_device, old_incarnation = kept[Key.DEVICE], kept[Key.INCARNATION]
    state.write(session, {Key.DEVICE: device, Key.INCARNATION: incarnation})
    if (old_device, old_incarnation) == (device, incarnation):
        return
    connection = session.connection()
    names = {
        dot(old_device, old_incarnation, no): dot(device, incarnation, no)
        for no in connection.scalars(select(_OP.c.no).where(_OP.c.kind == OpKind.TAG_ADD))
    }
    if not names:
        return
    connection.execute(
        update(_DOT).where(_DOT.c.dot == bindparam("was")).values(dot=bindparam("becomes")),
        [{"was": was, "becomes": becomes} for was, becomes in names.items()],
    )
    for no, (word, seen) in connection.execute(
        select(_OP.c.no, _OP.c.value).where(_OP.c.kind == OpKind.TAG_DEL)
    ).all():
        renamed = [word, [names.get(name, name) for name in seen]]
        connection.execute(update(_OP).where(_OP.c.no == no).values(value=renamed))


def present_words(session: Session, entity: str, row_id: str, field: Field) -> list[str] | None:
    """Return the sorted members of a set as its dots say; None where it is empty."""
    pairs = session.connection().execute(
        select(_DOT.c.word, _DOT.c.dot).where(
            _DOT.c.entity == entity, _DOT.c.row_id == row_id, _DOT.c.field == field_key(field)
        )
    )
    return members((word, name) for word, name in pairs) or None
