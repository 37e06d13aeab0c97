"""One page of what a laptop may see: first what a change of rights asks for, then the news.

The decisions are those of `crm_core.sync.plan`, where their order is explained; here they are fed from the
database. Every row is judged by the rights of now, in one snapshot, so a page can be late but never show what
is forbidden. A page holds at most one state of a row, and is built anew when it comes out too large.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import BY_NO, FILL_ORDER
from crm_core.rules.scopes import EVERYONE, LENT, own_scope
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import Schema
from crm_core.sync import codec
from crm_core.sync.clock import ms_of
from crm_core.sync.plan import (
    Mine,
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
from crm_core.sync.protocol import DropFields, Msg, MsgKind, Purge
from sync_server.services.custom import CustomFields
from sync_server.services.entitlements import ever_had
from sync_server.services.events import EventKind, events_after
from sync_server.services.filling import Counts, announced, ids_of, kinds_there, progress
from sync_server.services.judging import judged_message
from sync_server.services.lost_edits import LOST, lost_edit
from sync_server.services.outcomes import Stretch
from sync_server.services.projection import Projection, Reader, Shown, Writer, put, size_of, writers_of
from sync_server.services.records import Key, chunks
from sync_server.services.wanted import field_of
from sync_server.store.database import Snapshot

LEAST_BYTES: Final = 2 * 1024
USUAL_RATIO: Final = 3  # of plain to compressed bytes in a page of customers; a page too large is built again
EVENTS_AT_ONCE: Final = 2000
NEWS_AT_ONCE: Final = 500
ROWS_AT_ONCE: Final = 500
_OWNED: Final = frozenset(no for no, schema in BY_NO.items() if not schema.meta.reference)
EVENT_BYTES: Final = 24  # of a changed field besides its value


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What goes down, and where the laptop stands with it."""

    msgs: list[Msg]
    token: Token
    more: bool


def next_page(
    snapshot: Snapshot,
    reader: Reader,
    token: Token,
    want_bytes: int,
    *,
    also: Collection[Key] = (),
    own: Collection[Key] = (),
    written: Stretch | None = None,
    counts: Counts | None = None,
) -> Page:
    """Return the page after `token`, of at most `want_bytes` compressed bytes unless one row is larger.

    `also` are records whose state goes along whatever the feed says, and whatever the size: whole, or as a
    purge where they are out of sight. `own` are records the laptop wrote to and begins anew with: those out
    of sight are purged, for the feed that begins at the head does not tell. `written` is what the reader's
    laptop just added itself and need not hear; `counts` what is known already of how far fills are.
    """
    budget = want_bytes * USUAL_RATIO
    while True:
        builder = _Builder(snapshot, reader, token, budget, written, counts or Counts())
        builder.take_along(also, own)
        page = builder.build()
        if builder.parts <= 1:
            return page
        size = len(codec.encode(page.msgs))
        if size <= want_bytes:
            return page
        budget = min(budget // 2, budget * want_bytes // size * 9 // 10)


def _mine(user_id: str) -> Mine:
    """Return what of a fill somebody gets first: what he owns, what belongs to it, and whose deals he has."""
    own = own_scope(user_id)
    return Mine(scopes=frozenset((own, LENT + own)), entities=_OWNED, everyone=EVERYONE)


@cache
def _grown(held: int, schema: int) -> frozenset[int]:
    """Return the kinds that have something, or are, newer than `held` and no newer than `schema`."""
    return frozenset(
        no
        for no, kind in BY_NO.items()
        if any(
            held < since <= schema
            for since in (kind.meta.since, *(declared.since for declared in kind.fields.values()))
        )
    )


class _Builder:
    """Packs one page."""

    def __init__(
        self,
        snapshot: Snapshot,
        reader: Reader,
        token: Token,
        budget: int,
        written: Stretch | None,
        counts: Counts,
    ) -> None:
        self._snapshot = snapshot
        self._reader = reader
        self._budget = budget
        self._start = token
        self._written = written
        self._counts = counts
        custom = CustomFields(snapshot.connection)
        self._custom = custom
        self._projection = Projection(snapshot.connection, reader, custom)
        self._full: dict[Key, Shown] = {}
        self._parts: dict[Key, tuple[Shown, dict[str, Writer]]] = {}
        self._purged: dict[Key, None] = {}
        self._others: list[Msg] = []
        self._dropped: list[Msg] = []
        self._size = 0
        self._is_closed = False
        self._there: set[int] | None = None
        """The kinds of which there is any record; None before the first step that finds none."""
        self.parts = 0
        """How many things it holds; a page of one cannot be made smaller."""

    def take_along(self, also: Collection[Key], own: Collection[Key]) -> None:
        """Put in what goes whatever the feed says."""
        keys = {key for key in (*also, *own) if key[0] in BY_NO}
        known = self._projection.load(keys)
        for key in sorted(keys):
            shown = known.get(key)
            if shown is None or not self._projection.sees(BY_NO[key[0]], shown):
                self._purged[key] = None
            elif key in also:
                self._full[key] = shown

    def build(self) -> Page:
        token, steps = prepare(
            self._start,
            now=self._reader.now,
            past=self._reader.past,
            schema=self._reader.schema,
            grown=_grown(self._start.schema, self._reader.schema),
            order=[no for no in FILL_ORDER if self._knows(BY_NO[no])],
            mine=_mine(self._reader.user_id),
        )
        while token.plan is not None and self._room():
            token = self._do(token, steps, current_step(token, steps))
        done = False
        if token.plan is None and self._room():
            token, done = self._follow(token)
        if token.plan is not None and token.plan.phase.fills:
            connection, before = self._snapshot.connection, self._start.plan
            if before is None or not before.phase.fills:
                self._others += announced(connection, token, steps, self._counts)
            self._others.append(progress(connection, token, steps, self._start, self._counts))
        # Only a page that reaches the head has shown everything there is of a row.
        base = self._snapshot.head if done else token.seq
        return Page(msgs=self._messages(base), token=token, more=not done)

    def _knows(self, schema: Schema) -> bool:
        """Tell whether the reader's program knows this kind of record."""
        return schema.meta.since <= self._reader.schema

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
        if self._there is not None and step.entity not in self._there:
            return advance(token, steps)
        plan = token.plan
        ids = ids_of(self._snapshot.connection, step, token.seq, plan.after if plan else "", ROWS_AT_ONCE)
        if not ids and self._there is None:
            self._there = kinds_there(self._snapshot.connection)
        rows = self._projection.load((step.entity, record_id) for record_id in ids)
        reached = None
        for record_id in ids:
            key = (step.entity, record_id)
            shown = rows[key]
            visible = self._projection.sees(BY_NO[step.entity], shown)
            if visible and step.phase.fills:
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
            declared = (*schema.fields.values(), *self._custom.held(schema.name).values())
            fields = [each.no or each.name for each in declared if each.field_class in lost]
            if fields:
                self._dropped.append(DropFields(MsgKind.DROP_FIELDS, 0, entity, fields))
                self._size += 4 * len(fields)

    # The feed

    def _follow(self, token: Token) -> tuple[Token, bool]:
        """Handle the events after the token; tell whether all were."""
        seq = token.seq
        if self._written is not None and self._written.after == seq:
            seq = self._written.last
        while True:
            events = events_after(self._snapshot.connection, seq, EVENTS_AT_ONCE, self._reader.device)
            news = self._news(events)
            own_ms = self._own_times(news)
            for some in chunks(news, NEWS_AT_ONCE):  # those after the end of the page are not even read
                rows = self._projection.load_visible((event.entity, event.row_id) for event in some)
                exits = [(event.entity, event.what) for event in some if event.kind == EventKind.EXIT]
                ever = ever_had(self._snapshot.connection, self._reader.user_id, exits)
                for event in some:
                    if not self._add(event, rows.get((event.entity, event.row_id)), ever, own_ms):
                        return at(token, seq), False
                    seq = event.seq
            seq = events[-1].seq if events else seq
            if len(events) < EVENTS_AT_ONCE:
                return at(token, self._snapshot.head), True
            if not self._room():
                return at(token, seq), False

    def _news(self, events: Sequence[Any]) -> list[Any]:
        """Leave out what needs no look at its record: own births, and scopes entered with the birth."""
        born = {event.seq for event in events if event.kind == EventKind.BORN}
        return [
            event
            for event in events
            if not (event.kind == EventKind.ENTER and event.seq in born)
            and not (event.kind == EventKind.BORN and self._is_own(event.device, event.incarnation))
        ]

    def _is_own(self, device: int | None, incarnation: int | None) -> bool:
        return (device, incarnation) == (self._reader.device, self._reader.incarnation)

    def _own_times(self, events: Sequence[Any]) -> dict[Key, int]:
        """Return when this laptop last changed each row itself."""
        times: dict[Key, int] = {}
        for event in events:
            if event.kind == EventKind.CELL and self._is_own(event.device, event.incarnation):
                key = (event.entity, event.row_id)
                times[key] = max(times.get(key, 0), ms_of(event.hlc))
        return times

    def _add(
        self, event: Any, shown: Shown | None, ever: set[tuple[int, str]], own_ms: Mapping[Key, int]
    ) -> bool:
        """Put what an event makes HQ send into the page; False where it does not fit any more."""
        schema = BY_NO.get(event.entity)
        if schema is None or not self._knows(schema):
            return True
        key = (event.entity, event.row_id)
        visible = shown is not None and self._projection.sees(schema, shown)
        if event.kind == EventKind.LOST:
            return self._add_lost(event, schema, shown if visible else None)
        if event.kind == EventKind.JUDGED:
            return self._add_other(judged_message(self._snapshot, event.seq, self._reader.device))
        if event.kind == EventKind.EXIT:
            send = judge_exit(visible=visible, ever=(event.entity, event.what) in ever)
            return send is not Send.PURGE or self._add_purge(key)
        if shown is None:
            return True
        if event.kind == EventKind.BORN:  # first, for there are most of them
            is_own = self._is_own(event.device, event.incarnation)
            return is_own or judge_arrival(visible=visible) is not Send.ROW or self._add_full(key, shown)
        if event.kind == EventKind.CELL:
            return self._add_change(event, schema, shown, visible, own_ms.get(key))
        if event.kind == EventKind.ENTER and not self._projection.has(event.entity, event.what):
            return True
        if event.kind == EventKind.ENTER and self._is_own_birth(shown, event.seq):
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
        writer = (event.user_id, ms_of(event.hlc))
        self._parts.setdefault(key, (shown, {}))[1][event.what] = writer
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
        if not self._projection.signature(schema):
            return True
        return (shown.column("updated_at"), shown.column("updated_by")) == (own_ms, self._reader.user_id)

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
        query = select(LOST).where(LOST.c.seq == event.seq)
        lost = self._snapshot.connection.execute(query).one()
        message = lost_edit(self._projection, self._custom, schema, shown, lost)
        return message is None or self._add_other(message)

    def _add_other(self, message: Msg) -> bool:
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
        together: dict[tuple[int, tuple[Field, ...]], list[tuple[Shown, dict[str, Writer]]]] = {}
        for (entity, _), (shown, registers) in self._parts.items():
            schema = BY_NO[entity]
            # Of a masked register not even its number goes out, though it moved `updated_at`.
            readable = {
                name: each for name, each in registers.items() if self._projection.members(schema, name)
            }
            members = {
                each.name: each for name in readable for each in self._projection.members(schema, name)
            }
            fields = (*(members[name] for name in sorted(members)), *self._projection.signature(schema))
            together.setdefault((entity, fields), []).append((shown, readable))
        partial = self._reader.hide(base)
        for (entity, fields), changed in together.items():
            rows = [shown for shown, _ in changed]
            writers = [writers_of(shown, registers) for shown, registers in changed]
            msgs.append(put(BY_NO[entity], rows, fields, full=False, base=partial, writers=writers))
        return [*msgs, *self._others]
