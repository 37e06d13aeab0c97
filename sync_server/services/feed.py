"""One page of what a laptop may see: first what a change of rights asks for, then the news.

The decisions are those of `crm_core.sync.plan`, where their order is explained; here they are fed from the
database. Every row is judged by the rights of now, in one snapshot, so a page can be late but never show what
is forbidden. A page holds at most one state of a row, and is built anew when it comes out too large.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    Text,
    cast,
    distinct,
    func,
    literal,
    null,
    select,
    union_all,
)

from crm_core.entities import BY_NO, FILL_ORDER
from crm_core.ids import to_bytes
from crm_core.rules.scopes import EVERYONE
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import Schema
from crm_core.sync import codec
from crm_core.sync.clock import ms_of
from crm_core.sync.plan import (
    Entitlement,
    Phase,
    Send,
    Step,
    Steps,
    Token,
    advance,
    at,
    current_step,
    judge_arrival,
    judge_change,
    judge_exit,
    prepare,
)
from crm_core.sync.protocol import DropFields, LostEdit, Msg, MsgKind, Progress, Purge
from sync_server.services.custom import CustomFields
from sync_server.services.entitlements import ever_had
from sync_server.services.projection import Projection, Shown, put, size_of, value_of
from sync_server.services.records import CELL, META, ROW_SCOPE, Key
from sync_server.services.wanted import field_of
from sync_server.store.database import Snapshot
from sync_server.store.tables import LostEditLog, ScopeExit, table_of

LEAST_BYTES: Final = 2 * 1024
USUAL_RATIO: Final = 3  # of plain to compressed bytes in a page of customers; a page too large is built again
EVENTS_AT_ONCE: Final = 2000
ROWS_AT_ONCE: Final = 500
LOST_MOST: Final = 200  # of a laptop that begins anew
EVENT_BYTES: Final = 24  # of a changed field besides its value

_exits = table_of(ScopeExit)
_lost = table_of(LostEditLog)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """For whom a page is built."""

    user_id: str
    device: int
    incarnation: int
    schema: int
    """Schema version of the laptop's program."""
    now: Entitlement
    past: Mapping[int, Entitlement]
    hide: Callable[[int], int]
    """Gives the number that stands for a position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What goes down, and where the laptop stands with it."""

    msgs: list[Msg]
    token: Token
    more: bool


class _Kind(IntEnum):
    CELL = 1
    BORN = 2
    LIFE = 3
    ENTER = 4
    EXIT = 5
    LOST = 6


def next_page(
    snapshot: Snapshot,
    reader: Reader,
    token: Token,
    want_bytes: int,
    *,
    also: Collection[Key] = (),
    own: Collection[Key] = (),
) -> Page:
    """Return the page after `token`, of at most `want_bytes` compressed bytes unless one row is larger.

    `also` are records whose state goes along whatever the feed says, and whatever the size: whole, or as a
    purge where they are out of sight. `own` are records the laptop wrote to and begins anew with: those out
    of sight are purged, for the feed that begins at the head does not tell.
    """
    budget = want_bytes * USUAL_RATIO
    while True:
        builder = _Builder(snapshot, reader, token, budget)
        builder.take_along(also, own)
        page = builder.build()
        if builder.parts <= 1:
            return page
        size = len(codec.encode(page.msgs))
        if size <= want_bytes:
            return page
        budget = min(budget // 2, budget * want_bytes // size * 9 // 10)


def missed_lost_edits(snapshot: Snapshot, reader: Reader, after: int) -> list[LostEdit]:
    """Return the newest lost edits of a laptop that begins anew at the head, which its feed leaves out."""
    query = select(_lost).where(_lost.c.device == reader.device, _lost.c.seq > after)
    rows = snapshot.connection.execute(query.order_by(_lost.c.seq.desc()).limit(LOST_MOST)).all()
    custom = CustomFields(snapshot.connection)
    projection = Projection(snapshot.connection, reader.now, reader.schema, custom)
    shown = projection.load((row.entity, row.row_id) for row in rows)
    found = []
    for row in reversed(rows):
        schema, there = BY_NO[row.entity], shown.get((row.entity, row.row_id))
        visible = there if there is not None and projection.sees(schema, there) else None
        found.append(lost_edit(projection, custom, schema, visible, row))
    return found


class _Builder:
    """Packs one page."""

    def __init__(self, snapshot: Snapshot, reader: Reader, token: Token, budget: int) -> None:
        self._snapshot = snapshot
        self._reader = reader
        self._budget = budget
        self._start = token
        custom = CustomFields(snapshot.connection)
        self._custom = custom
        self._projection = Projection(snapshot.connection, reader.now, reader.schema, custom)
        self._full: dict[Key, Shown] = {}
        self._parts: dict[Key, tuple[Shown, set[str]]] = {}
        self._purged: dict[Key, None] = {}
        self._others: list[Msg] = []
        self._dropped: list[Msg] = []
        self._size = 0
        self._is_closed = False
        self.parts = 0
        """How many things it holds; a page of one cannot be made smaller."""

    def take_along(self, also: Collection[Key], own: Collection[Key]) -> None:
        """Put in what goes whatever the feed says."""
        for key, shown in self._projection.load({*also, *own}).items():
            if not self._projection.sees(BY_NO[key[0]], shown):
                self._purged[key] = None
            elif key in also:
                self._full[key] = shown

    def build(self) -> Page:
        token, steps = prepare(
            self._start,
            now=self._reader.now,
            past=self._reader.past,
            schema=self._reader.schema,
            grown=self._grown(),
            order=FILL_ORDER,
        )
        while token.plan is not None and self._room():
            token = self._do(token, steps, current_step(token, steps))
        done = False
        if token.plan is None and self._room():
            token, done = self._follow(token)
        if token.plan is not None and token.plan.phase is Phase.FILL:
            self._others.append(self._progress(token, current_step(token, steps)))
        # Only a page that reaches the head has shown everything there is of a row.
        base = self._snapshot.head if done else token.seq
        return Page(msgs=self._messages(base), token=token, more=not done)

    def _grown(self) -> set[int]:
        held = self._start.schema
        return {
            no
            for no, schema in BY_NO.items()
            if any(held < declared.since <= self._reader.schema for declared in schema.fields.values())
        }

    def _room(self) -> bool:
        return not self._is_closed and (self.parts == 0 or self._size < self._budget)

    def _fits(self, size: int) -> bool:
        """Tell whether something of this size still goes in, and if so count it."""
        if self.parts and self._size + size > self._budget:
            self._is_closed = True
            return False
        self.parts += 1
        self._size += size
        return True

    # The plan

    def _do(self, token: Token, steps: Steps, step: Step) -> Token:
        if step.phase is Phase.DROP_FIELDS:
            self._drop_fields(step)
            return advance(token, steps)
        plan = token.plan
        ids = self._ids(step, plan.after if plan else "")
        rows = self._projection.load((step.entity, record_id) for record_id in ids)
        reached = None
        for record_id in ids:
            key = (step.entity, record_id)
            shown = rows[key]
            visible = self._projection.sees(BY_NO[step.entity], shown)
            if visible and step.phase is Phase.FILL:
                if not self._add_full(key, shown):
                    return advance(token, steps, reached) if reached else token
            elif not visible and step.phase is Phase.DROP_ROWS and not self._add_purge(key):
                return advance(token, steps, reached) if reached else token
            reached = record_id
        return advance(token, steps, reached if len(ids) == ROWS_AT_ONCE else None)

    def _drop_fields(self, step: Step) -> None:
        for entity in sorted({number for number, _ in step.classes}):
            schema = BY_NO[entity]
            lost = {field_class for number, field_class in step.classes if number == entity}
            declared = (*schema.fields.values(), *self._custom.of(schema.name).values())
            fields = [each.no or each.name for each in declared if each.field_class in lost]
            if fields:
                self._dropped.append(DropFields(MsgKind.DROP_FIELDS, 0, entity, fields))
                self._size += 4 * len(fields)

    def _ids(self, step: Step, after: str) -> list[str]:
        run = self._snapshot.connection.execute
        query = self._rows_of(step, META.c.row_id, ROW_SCOPE.c.row_id)
        column = query.selected_columns[0]
        return list(run(query.where(column > after).order_by(column).limit(ROWS_AT_ONCE)).scalars())

    def _rows_of(self, step: Step, of_all: Any, of_scopes: Any) -> Select[Any]:
        if EVERYONE in step.scopes:
            return select(of_all).where(META.c.entity == step.entity)
        inside = ROW_SCOPE.c.scope.in_(sorted(step.scopes))
        return select(of_scopes).distinct().where(ROW_SCOPE.c.entity == step.entity, inside)

    def _progress(self, token: Token, step: Step) -> Progress:
        run = self._snapshot.connection.execute
        after = token.plan.after if token.plan else ""
        total, column = func.count(distinct(ROW_SCOPE.c.row_id)), ROW_SCOPE.c.row_id
        if EVERYONE in step.scopes:
            total, column = func.count(), META.c.row_id
        query = self._rows_of(step, total, total)
        rows = int(run(query).scalar_one())
        done = int(run(query.where(column <= after)).scalar_one()) if after else 0
        return Progress(MsgKind.PROGRESS, 1, step.entity, done, rows)

    # The feed

    def _follow(self, token: Token) -> tuple[Token, bool]:
        """Handle the events after the token; tell whether all were."""
        seq = token.seq
        while True:
            events = self._events(seq)
            news = self._news(events)
            rows = self._projection.load((event.entity, event.row_id) for event in news)
            exits = [(event.entity, event.what) for event in news if event.kind == _Kind.EXIT]
            ever = ever_had(self._snapshot.connection, self._reader.user_id, exits)
            own_ms = self._own_times(news)
            for event in news:
                if not self._add(event, rows.get((event.entity, event.row_id)), ever, own_ms):
                    return at(token, seq), False
                seq = event.seq
            seq = events[-1].seq if events else seq
            if len(events) < EVENTS_AT_ONCE:
                return at(token, self._snapshot.head), True
            if not self._room():
                return at(token, seq), False

    def _events(self, after: int) -> list[Any]:
        query = events_after(after, EVENTS_AT_ONCE, self._reader.device)
        return list(self._snapshot.connection.execute(query).all())

    def _news(self, events: list[Any]) -> list[Any]:
        """Leave out what needs no look at its record: own births, and scopes entered with the birth."""
        born = {event.seq for event in events if event.kind == _Kind.BORN}
        return [
            event
            for event in events
            if not (event.kind == _Kind.ENTER and event.seq in born)
            and not (event.kind == _Kind.BORN and self._is_own(event.device, event.incarnation))
        ]

    def _is_own(self, device: int | None, incarnation: int | None) -> bool:
        return (device, incarnation) == (self._reader.device, self._reader.incarnation)

    def _own_times(self, events: list[Any]) -> dict[Key, int]:
        """Return when this laptop last changed each row itself."""
        times: dict[Key, int] = {}
        for event in events:
            if event.kind == _Kind.CELL and self._is_own(event.device, event.incarnation):
                key = (event.entity, event.row_id)
                times[key] = max(times.get(key, 0), ms_of(event.hlc))
        return times

    def _add(
        self, event: Any, shown: Shown | None, ever: set[tuple[int, str]], own_ms: Mapping[Key, int]
    ) -> bool:
        """Put what an event makes HQ send into the page; False where it does not fit any more."""
        schema = BY_NO.get(event.entity)
        if schema is None:
            return True
        key = (event.entity, event.row_id)
        visible = shown is not None and self._projection.sees(schema, shown)
        if event.kind == _Kind.LOST:
            return self._add_lost(event, schema, shown if visible else None)
        if event.kind == _Kind.EXIT:
            send = judge_exit(visible=visible, ever=(event.entity, event.what) in ever)
            return send is not Send.PURGE or self._add_purge(key)
        if shown is None:
            return True
        if event.kind == _Kind.CELL:
            return self._add_change(event, schema, shown, visible, own_ms.get(key))
        if event.kind == _Kind.ENTER and not self._projection.has(event.entity, event.what):
            return True
        if event.kind in (_Kind.BORN, _Kind.ENTER) and self._is_own_birth(shown, event.seq):
            return True
        return judge_arrival(visible=visible) is not Send.ROW or self._add_full(key, shown)

    def _is_own_birth(self, shown: Shown, seq: int) -> bool:
        """Tell whether at this position this laptop itself made the row, which it therefore holds."""
        return seq == shown.born_seq and self._is_own(shown.born_device, shown.born_incarnation)

    def _add_change(
        self, event: Any, schema: Schema, shown: Shown, visible: bool, own_ms: int | None
    ) -> bool:
        members = self._projection.members(schema, event.what)
        if self._is_echo(event, schema, shown, own_ms):
            return True
        send = judge_change(
            visible=visible,
            readable=bool(members or self._projection.signature(schema)),
            arriving=self._is_arriving(event.entity, shown),
        )
        key = (event.entity, event.row_id)
        if send is Send.ROW:
            return self._add_full(key, shown)
        if send is not Send.FIELD or key in self._full:
            return True
        known = self._parts.get(key)
        if known is not None and event.what in known[1]:
            return True
        if not self._fits(EVENT_BYTES + size_of(shown, members)):
            return False
        self._parts.setdefault(key, (shown, set()))[1].add(event.what)
        return True

    def _is_echo(self, event: Any, schema: Schema, shown: Shown, own_ms: int | None) -> bool:
        """Tell whether the laptop holds what the event would bring, having made the change itself.

        Not so for a set, which others may have changed before it; nor where somebody else's edit counts as
        the record's last.
        """
        if not self._is_own(event.device, event.incarnation):
            return False
        leader = field_of(schema, event.what, self._custom)
        if leader is not None and leader.kind is Kind.TAGS:
            return False
        last = (shown.values.get("updated_at"), shown.values.get("updated_by"))
        return not self._projection.signature(schema) or last == (own_ms, self._reader.user_id)

    def _is_arriving(self, entity: int, shown: Shown) -> bool:
        seq = self._start.seq
        born = shown.born_seq > seq and not self._is_own_birth(shown, shown.born_seq)
        if born or shown.life_seq > seq:
            return True
        return any(
            entered > seq and self._projection.has(entity, scope) and not self._is_own_birth(shown, entered)
            for scope, entered in shown.scopes.items()
        )

    # What the page holds

    def _add_full(self, key: Key, shown: Shown) -> bool:
        if key in self._full:
            return True
        if not self._fits(size_of(shown)):
            return False
        self._full[key] = shown
        self._parts.pop(key, None)
        return True

    def _add_purge(self, key: Key) -> bool:
        if key in self._purged:
            return True
        if not self._fits(codec.ID_BYTES):
            return False
        self._purged[key] = None
        return True

    def _add_lost(self, event: Any, schema: Schema, shown: Shown | None) -> bool:
        query = select(_lost).where(_lost.c.seq == event.seq)
        lost = self._snapshot.connection.execute(query).one()
        message = lost_edit(self._projection, self._custom, schema, shown, lost)
        if not self._fits(len(codec.encode(message))):
            return False
        self._others.append(message)
        return True

    def _messages(self, base: int) -> list[Msg]:
        msgs: list[Msg] = [*self._dropped]
        purged: dict[int, list[str]] = {}
        for entity, record_id in self._purged:
            purged.setdefault(entity, []).append(record_id)
        msgs.extend(
            Purge(MsgKind.PURGE, 0, entity, codec.pack_ids(ids)) for entity, ids in sorted(purged.items())
        )
        # A whole row holds everything up to the snapshot.
        head = self._reader.hide(self._snapshot.head)
        for entity in FILL_ORDER:
            rows = [shown for (number, _), shown in self._full.items() if number == entity]
            if rows:
                schema = BY_NO[entity]
                msgs.append(put(schema, rows, self._projection.fields(schema), full=True, base=head))
        together: dict[tuple[int, tuple[Field, ...]], list[Shown]] = {}
        for (entity, _), (shown, registers) in self._parts.items():
            schema = BY_NO[entity]
            members = {
                each.name: each for name in registers for each in self._projection.members(schema, name)
            }
            fields = (*(members[name] for name in sorted(members)), *self._projection.signature(schema))
            together.setdefault((entity, fields), []).append(shown)
        partial = self._reader.hide(base)
        for (entity, fields), rows in together.items():
            msgs.append(put(BY_NO[entity], rows, fields, full=False, base=partial))
        return [*msgs, *self._others]


def events_after(after: int, limit: int, device: int) -> Select[Any]:
    """Return the query for the next events: (seq, kind, entity, row_id, what, device, incarnation, hlc).

    Each source is cut off by itself, so that every one is read through the index of its position.
    """

    def source(kind: _Kind, seq: Any, *columns: Any) -> Select[Any]:
        table = seq.table
        query = select(
            seq.label("seq"), literal(int(kind)).label("kind"), table.c.entity, table.c.row_id, *columns
        )
        if kind is _Kind.LOST:
            query = query.where(table.c.device == device)
        inner = query.where(seq > after).order_by(seq).limit(limit).subquery()
        return select(inner)

    # PostgreSQL asks for the type of what is empty.
    no_word = cast(null(), Text).label("what")
    nothing = (
        cast(null(), Integer).label("device"),
        cast(null(), Integer).label("incarnation"),
        cast(null(), BigInteger).label("hlc"),
    )
    made = (META.c.device, META.c.incarnation, META.c.hlc)
    changed = (CELL.c.device, CELL.c.incarnation, CELL.c.hlc)
    union = union_all(
        source(_Kind.CELL, CELL.c.seq, CELL.c.field.label("what"), *changed),
        source(_Kind.BORN, META.c.seq, no_word, *made),
        source(_Kind.LIFE, META.c.life_seq, no_word, *made),
        source(_Kind.ENTER, ROW_SCOPE.c.in_seq, ROW_SCOPE.c.scope.label("what"), *nothing),
        source(_Kind.EXIT, _exits.c.seq, _exits.c.scope.label("what"), *nothing),
        source(_Kind.LOST, _lost.c.seq, _lost.c.field.label("what"), *nothing),
    ).subquery()
    return select(union).order_by(union.c.seq, union.c.kind).limit(limit)


def lost_edit(
    projection: Projection, custom: CustomFields, schema: Schema, shown: Shown | None, lost: Any
) -> LostEdit:
    """Return the message about a lost edit; the winner only as far as it is visible (`shown`) now."""
    leader = field_of(schema, lost.field, custom)
    members = schema.register(leader) if leader is not None else ()
    readable = shown is not None and bool(members) and projection.members(schema, lost.field) == members
    theirs = None
    if shown is not None and readable:
        values = [value_of(shown, each) for each in members]
        theirs = values if len(values) > 1 else values[0]
    return LostEdit(
        kind=MsgKind.LOST_EDIT,
        optional=0,
        op_no=lost.op_no,
        incarnation=lost.incarnation,
        entity=lost.entity,
        row=to_bytes(lost.row_id),
        field=lost.field if not lost.field.isdigit() else int(lost.field),
        mine=lost.mine,
        theirs=theirs,
        user=to_bytes(lost.user_id) if readable and lost.user_id else None,
        at_ms=lost.at_ms,
    )
