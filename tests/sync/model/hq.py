"""The toy HQ: rows in scopes, fields in classes, an event log, and pages of the visible feed."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeAlias

from crm_core.sync.clock import Stamp, accept, ms_of, reading
from crm_core.sync.merge import Held, Verdict, judge, lives, next_life
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
    fresh,
    is_caught_up,
    judge_arrival,
    judge_change,
    judge_exit,
    prepare,
    versions_held,
)

CUSTOMER: Final = 1
DEAL: Final = 2
ENTITIES: Final = (CUSTOMER, DEAL)  # parents first

NAME, PHONE, AMOUNT, TAGS, NOTE = range(5)  # AMOUNT is a group: (amount, currency) moves as one
CLASS_OF: Final = ("core", "comms", "money", "core", "core")
SINCE: Final = (1, 1, 1, 1, 2)  # schema version that brought the field
CLASSES: Final = ("core", "comms", "money")
SCOPES: Final[tuple[str, ...]] = (
    "own:0",
    "own:1",
    "team:a",
    "terr:n",
    "~own:0",
)  # the last is lent, never set directly
NEWEST_SCHEMA: Final = 2
LEASE_SIZE: Final = 2

CELL, BORN, LIFE, ENTER, EXIT, NOTICE = range(6)  # kinds of event
PUT_ROW, PUT_FIELD, PURGE, DROP, LOST_EDIT = range(5)  # kinds of message
SET, CREATE, DELETE, RESTORE, TAG_ADD, TAG_DEL = range(6)  # kinds of operation
APPLIED, SUPERSEDED, STALE, REJECTED = "applied", "superseded", "stale_life", "rejected"

Cell: TypeAlias = tuple[int, Any]  # position of the last change, value
Msg: TypeAlias = tuple[Any, ...]


class Violation(Exception):
    """An invariant broken; the first word is its name."""


class Op(NamedTuple):
    """One operation as it travels."""

    no: int
    kind: int
    rid: str
    field: int
    value: Any
    hlc: int
    base: int


class Request(NamedTuple):
    """One request of a laptop; `room` is how many messages and events fit into the page."""

    device: int
    token: Token | None
    ops: tuple[Op, ...]
    sent_hlc: int
    schema: int
    room: int
    leases_held: int
    wants_lease: bool
    round: int  # the laptop's own count, raised where it gives up what is under way


class Response(NamedTuple):
    """HQ's answer; `asked` and `round` are the token and the round of the request."""

    device: int
    asked: Token | None
    round: int
    token: Token
    restart: bool
    answers: list[tuple[int, str, int]]  # operation, code, position accepted at
    messages: list[Msg]
    first_lease: int
    leases: list[tuple[int, int]]
    server_ms: int


class Row:
    """One row with its place in the event log."""

    __slots__ = (
        "been", "born_at", "cascade", "cells", "children", "entity", "held", "life", "life_at", "own",
        "parent", "rid", "scopes",
    )  # fmt: skip

    def __init__(self, rid: str, entity: int, parent: Row | None) -> None:
        self.rid = rid
        self.entity = entity
        self.parent = parent
        self.children: list[Row] = []
        self.life = 1
        self.life_at = 0
        self.born_at = 0
        self.own: frozenset[str] = frozenset()  # scopes its own links name
        self.scopes: dict[str, int] = {}  # scope to the position it was entered at
        self.been: set[str] = set()  # every scope it ever lay in
        self.cells: dict[int, Cell] = {}
        self.held: dict[int, Held] = {}
        self.cascade: int = 0  # position of the deletion of its parent that deleted it


class Rights(NamedTuple):
    """A choice of rights in the shapes the hot loop reads."""

    scopes: frozenset[tuple[int, str]]
    classes: frozenset[tuple[int, str]]
    see: dict[int, frozenset[str]]
    fields: dict[tuple[int, int, bool], tuple[int, ...]]  # (entity, schema, whole) to readable fields


@cache
def rights_of(bits: int) -> Rights:
    """Return the rights for 16 bits: five scopes of customers and of deals, three classes of each."""
    scopes = frozenset(
        (entity, SCOPES[n]) for i, entity in enumerate(ENTITIES) for n in range(5) if bits >> (5 * i + n) & 1
    )
    classes = frozenset(
        (entity, CLASSES[n])
        for i, entity in enumerate(ENTITIES)
        for n in range(3)
        if bits >> (10 + 3 * i + n) & 1
    )
    see = {entity: frozenset(s for e, s in scopes if e == entity) for entity in ENTITIES}
    fields: dict[tuple[int, int, bool], tuple[int, ...]] = {}
    for entity in ENTITIES:
        for schema in (1, 2):
            fields[entity, schema, False] = ()
            fields[entity, schema, True] = tuple(
                f for f in range(5) if SINCE[f] <= schema and (entity, CLASS_OF[f]) in classes
            )
    return Rights(scopes, classes, see, fields)


class User:
    """A person with the history of his rights."""

    __slots__ = ("bits", "ever", "history", "now", "rights")

    rights: Rights
    now: Entitlement

    def __init__(self) -> None:
        self.history: dict[int, Entitlement] = {}
        self.ever: set[tuple[int, str]] = set()
        self.bits: list[int] = []


class HQ:
    """The only merger and the only authority on rights."""

    def __init__(self, users: int, trash_whole: bool) -> None:
        self.now_ms = 1_000_000
        self.head = 0
        self.floor = 0
        self.log: list[tuple[int, Row, Any] | None] = [None]
        self.rows: dict[str, Row] = {}
        self.ids: dict[int, list[str]] = {entity: [] for entity in ENTITIES}
        self.users = [User() for _ in range(users)]
        self.user_of: dict[int, int] = {0: 0}
        self.trash_whole = trash_whole  # whether a deleted row is sent with its fields or its life alone
        self.answered: dict[tuple[int, int], tuple[str, int]] = {}
        self.last_accepted: dict[int, int] = {}
        self.office_op = 0
        self.leases: dict[int, list[tuple[int, int]]] = {}
        self.next_number = 1
        self.numbers: set[int] = set()
        self.effects: set[tuple[int, int]] = set()  # the oracle's: operations that took effect
        self.newest: dict[tuple[str, int], Stamp] = {}  # the oracle's: highest stamp accepted
        self.notices: dict[int, list[int]] = {}  # the oracle's: positions of each device's notices

    # Events

    def record(self, kind: int, row: Row, what: Any = None) -> int:
        """Append an event and return its position."""
        self.head += 1
        self.log.append((kind, row, what))
        return self.head

    def set_rights(self, user: int, bits: int) -> None:
        """Decide what a person may read from now on; the version is a position of its own."""
        person = self.users[user]
        self.head += 1
        self.log.append(None)
        rights = rights_of(bits)
        person.rights = rights
        person.now = Entitlement(version=self.head, scopes=rights.scopes, classes=rights.classes)
        person.history[self.head] = person.now
        person.ever |= rights.scopes
        person.bits.append(bits)

    def collect_garbage(self, floor: int) -> None:
        """Forget exits and rights no laptop at or above `floor` can need."""
        self.floor = max(self.floor, floor)
        for seq in range(1, self.floor + 1):
            event = self.log[seq]
            if event is not None and event[0] == EXIT:
                self.log[seq] = None
        for person in self.users:
            versions = sorted(person.history)
            for version, following in pairwise(versions):
                if following <= self.floor:
                    del person.history[version]

    def write(self, row: Row, field: int, value: Any, stamp: Stamp) -> int:
        """Set a register and return the position of the change."""
        old = row.cells[field][0]
        if old != row.born_at:
            self.log[old] = None
        seq = self.record(CELL, row, field)
        row.cells[field] = (seq, value)
        row.held[field] = Held(stamp, seq)
        return seq

    def rescope(self, row: Row, exits_first: bool) -> None:
        """Derive the scopes of a row and of those below and beside it, each change an event."""
        wanted = set(row.own)
        if row.parent is not None:
            wanted.update(scope for scope in row.parent.scopes if scope[0] != "~")
        elif any("own:0" in child.own for child in row.children):
            wanted.add("~own:0")
        if wanted != row.scopes.keys():
            left = [scope for scope in row.scopes if scope not in wanted]
            entered = [scope for scope in SCOPES if scope in wanted and scope not in row.scopes]
            for entering in (not exits_first, exits_first):
                if entering:
                    for scope in entered:
                        row.scopes[scope] = self.record(ENTER, row, scope)
                        row.been.add(scope)
                else:
                    for scope in left:
                        self.log[row.scopes.pop(scope)] = None
                        self.record(EXIT, row, scope)
            for child in row.children:
                self.rescope(child, exits_first)

    def move(self, row: Row, own: Iterable[str], exits_first: bool) -> None:
        """Give a row other scopes of its own."""
        row.own = frozenset(own)
        self.rescope(row, exits_first)
        if row.parent is not None:
            self.rescope(row.parent, exits_first)

    def create(self, rid: str, parent: Row | None, own: Iterable[str], value: Any, stamp: Stamp) -> Row:
        """Store a new row: one event for all its fields, one for each scope."""
        entity = CUSTOMER if parent is None else DEAL
        row = Row(rid, entity, parent)
        self.rows[rid] = row
        insort(self.ids[entity], rid)
        row.born_at = seq = self.record(BORN, row)
        held = Held(stamp, seq)
        row.cells = {
            NAME: (seq, value),
            PHONE: (seq, value),
            AMOUNT: (seq, (value, value)),
            TAGS: (seq, frozenset()),
            NOTE: (seq, value),
        }
        row.held = dict.fromkeys(range(5), held)
        if parent is not None:
            parent.children.append(row)
        self.move(row, own, exits_first=False)
        return row

    def set_life(self, row: Row, life: int) -> int:
        """Delete or restore one row."""
        if row.life_at:
            self.log[row.life_at] = None
        row.life = life
        row.life_at = self.record(LIFE, row)
        return row.life_at

    def change_life(self, row: Row, life: int, restore: bool) -> int:
        """Delete a row with its living children, or restore it with exactly those it took along."""
        taken = row.life_at
        seq = self.set_life(row, life)
        for child in row.children:
            if restore and child.cascade == taken and not lives(child.life):
                child.cascade = 0
                self.set_life(child, child.life + 1)
            elif not restore and lives(child.life):
                self.set_life(child, child.life + 1)
                child.cascade = seq
        return seq

    def office_edit(self, row: Row, field: int, value: int) -> None:
        """Change a field at HQ itself, as an administrator does."""
        self.office_op += 1
        stamp = Stamp(reading(self.now_ms), 0, self.office_op)
        if stamp > row.held[field].stamp:
            self.note_newest(row.rid, field, stamp)
            self.write(row, field, (value, value) if field == AMOUNT else value, stamp)

    def office_create(self, rid: str, parent: Row | None, own: Iterable[str]) -> None:
        """Create a row at HQ itself."""
        self.office_op += 1
        stamp = Stamp(reading(self.now_ms), 0, self.office_op)
        self.create(rid, parent, own, self.head, stamp)

    def note_newest(self, rid: str, field: int, stamp: Stamp) -> None:
        """Keep for the oracle what must win."""
        key = (rid, field)
        if key not in self.newest or stamp > self.newest[key]:
            self.newest[key] = stamp

    # Uploads

    def readings(self, device: int, ops: list[Op], sent_hlc: int) -> list[int]:
        """Return the clock readings the operations are accepted with."""
        return accept([op.hlc for op in ops], sent_hlc, self.now_ms, self.last_accepted.get(device, 0))

    def is_known(self, device: int, op_no: int) -> bool:
        """Tell whether an operation was answered before."""
        return (device, op_no) in self.answered

    def take(self, request: Request) -> list[tuple[int, str, int]]:
        """Merge the operations of a request and return the answers, the same for a repeated one."""
        device = request.device
        new = [op for op in request.ops if not self.is_known(device, op.no)]
        if new:
            last = self.last_accepted.get(device, 0)
            for op, hlc in zip(new, self.readings(device, new, request.sent_hlc), strict=True):
                if ms_of(hlc) > self.now_ms:
                    raise Violation(f"I4 operation {device}.{op.no} is stamped after HQ's now")
                if hlc <= last:
                    raise Violation(f"I4 operation {device}.{op.no} is stamped before an earlier one")
                last = hlc
                code, seq = self.apply(op, Stamp(hlc, device, op.no))
                if code in (APPLIED, SUPERSEDED):
                    if (device, op.no) in self.effects:
                        raise Violation(f"I3 operation {device}.{op.no} took effect twice")
                    self.effects.add((device, op.no))
                self.answered[device, op.no] = (code, seq)
            self.last_accepted[device] = last
        return [(op.no, *self.answered[device, op.no]) for op in request.ops]

    def apply(self, op: Op, stamp: Stamp) -> tuple[str, int]:
        """Merge one operation; return the answer and the position it took effect at (0: none)."""
        device = stamp.device
        person = self.users[self.user_of[device]]
        rights = person.rights
        if op.kind == CREATE:
            parent_id, own, value, number = op.value
            parent = self.rows.get(parent_id) if parent_id else None
            if op.rid in self.rows or (parent_id and (parent is None or not self.visible(parent, rights))):
                return REJECTED, 0
            if number is not None:
                if number in self.numbers:
                    raise Violation(f"I11 number {number} was used twice")
                if not any(low <= number <= high for low, high in self.leases.get(device, ())):
                    return REJECTED, 0
                self.numbers.add(number)
            row = self.create(op.rid, parent, own, value, stamp)
            return APPLIED, row.born_at
        row = self.rows.get(op.rid)  # type: ignore[assignment]
        if row is None or not self.visible(row, rights):
            return REJECTED, 0
        if op.kind in (DELETE, RESTORE):
            life = next_life(row.life, op.value, restore=op.kind == RESTORE)
            if life is None:
                return STALE, 0
            return APPLIED, self.change_life(row, life, op.kind == RESTORE)
        field = op.field
        if field not in rights.fields[row.entity, NEWEST_SCHEMA, True]:
            return REJECTED, 0
        if op.kind == SET:
            held = row.held[field]
            self.note_newest(op.rid, field, stamp)
            if judge(held, stamp, op.base) is Verdict.SUPERSEDED:
                return SUPERSEDED, 0
            loser = held.stamp.device
            seq = self.write(row, field, op.value, stamp)
            if loser not in (device, 0) and held.seq > op.base:
                self.notices.setdefault(loser, []).append(self.record(NOTICE, row, (loser, field)))
            return APPLIED, seq
        dots = row.cells[TAGS][1]
        changed = dots | {(device, op.no)} if op.kind == TAG_ADD else dots - op.value
        if changed == dots:
            return APPLIED, 0
        return APPLIED, self.write(row, TAGS, changed, stamp)

    def lease(self, request: Request) -> list[tuple[int, int]]:
        """Return the leases the laptop has not got yet, a new one only when none is under way."""
        given = self.leases.setdefault(request.device, [])
        if request.wants_lease and request.leases_held == len(given):
            given.append((self.next_number, self.next_number + LEASE_SIZE - 1))
            self.next_number += LEASE_SIZE
        return given[request.leases_held :]

    # Downloads

    def visible(self, row: Row, rights: Rights) -> bool:
        """Tell whether a row lies in a scope of these rights."""
        return not rights.see[row.entity].isdisjoint(row.scopes)

    def readable(self, row: Row, rights: Rights, schema: int) -> tuple[int, ...]:
        """Return the fields of a visible row that these rights and this schema show."""
        return rights.fields[row.entity, schema, self.trash_whole or row.life & 1 == 1]

    def whole(self, row: Row, rights: Rights, schema: int) -> Msg:
        """Return the message that replaces a row by its visible projection."""
        cells = row.cells
        fields = self.readable(row, rights, schema)
        return (PUT_ROW, row.rid, row.entity, row.life, {f: cells[f] for f in fields})

    def arriving(self, row: Row, rights: Rights, seq: int) -> bool:
        """Tell whether the laptop at `seq` may not hold the row, or holds it in another life."""
        if row.born_at > seq or row.life_at > seq:
            return True
        see = rights.see[row.entity]
        return any(entered > seq and scope in see for scope, entered in row.scopes.items())

    def had(self, person: User, entity: int, scope: str, seq: int) -> bool:
        """Tell whether the person has or had a scope at any time."""
        return (entity, scope) in person.ever

    def past(self, token: Token, person: User) -> dict[int, Entitlement]:
        """Return the rights a page of which the laptop may hold."""
        return {version: person.history[version] for version in versions_held(token)}

    def prepare(self, token: Token, person: User, schema: int) -> tuple[Token, Steps]:
        """Return the token with the plan that is due, and its steps."""
        past = self.past(token, person)
        grown = ENTITIES if token.schema < schema else ()
        return prepare(token, now=person.now, past=past, schema=schema, grown=grown, order=ENTITIES)

    def advance(self, token: Token, steps: Steps, reached: str | None) -> Token:
        """Return the token after a part of the plan."""
        return advance(token, steps, reached)

    def drop(self, step: Step) -> list[Msg]:
        """Return the messages that take classes away."""
        return [(DROP, step.classes)]

    def arrival(self, row: Row, rights: Rights, request: Request, seq: int) -> Msg | None:
        """Return the message for a scope entered or a life changed."""
        visible = self.visible(row, rights)
        return self.whole(row, rights, request.schema) if judge_arrival(visible=visible) is Send.ROW else None

    def change(self, row: Row, field: int, rights: Rights, request: Request, seq: int) -> Msg | None:
        """Return the message for a field changed, to a laptop at `seq`."""
        visible = self.visible(row, rights)
        if not visible:
            return None
        send = judge_change(
            visible=visible,
            readable=field
            in rights.fields[row.entity, request.schema, self.trash_whole or row.life & 1 == 1],
            arriving=self.arriving(row, rights, seq),
        )
        if send is Send.ROW:
            return self.whole(row, rights, request.schema)
        return (PUT_FIELD, row.rid, field, row.cells[field]) if send is Send.FIELD else None

    def echo(self, request: Request, seq: int) -> list[Msg]:
        """Return the state of what the operations touched, as it is now: answers carry no values.

        A repeated request hears of operations taken long ago; the row may be out of sight since.
        """
        rights = self.users[self.user_of[request.device]].rights
        messages = []
        for op in request.ops:
            if self.answered[request.device, op.no][0] in (APPLIED, SUPERSEDED):
                row = self.rows[op.rid]
                message: Msg | None
                if not self.visible(row, rights):
                    message = (PURGE, op.rid)
                elif op.kind in (CREATE, DELETE, RESTORE):
                    message = self.arrival(row, rights, request, seq)
                else:
                    message = self.change(row, op.field, rights, request, seq)
                if message is not None:
                    messages.append(message)
        return messages

    def run_plan(self, token: Token, steps: Steps, person: User, request: Request, page: list[Msg]) -> Token:
        """Fill the page from the running plan, every row judged by the rights of now."""
        rights = person.rights
        room = request.room
        while (plan := token.plan) is not None and len(page) < room:
            step = current_step(token, steps)
            if step.phase is Phase.DROP_FIELDS:
                page.extend(self.drop(step))
                token = self.advance(token, steps, None)
                continue
            ids = self.ids[step.entity]
            reached: str | None = None
            fill = step.phase is Phase.FILL
            for index in range(bisect_right(ids, plan.after), len(ids)):
                row = self.rows[ids[index]]
                if step.scopes.isdisjoint(row.scopes):
                    continue
                if self.visible(row, rights):
                    if fill:
                        page.append(self.whole(row, rights, request.schema))
                elif not fill:
                    page.append((PURGE, row.rid))
                if len(page) >= room:
                    reached = row.rid if index + 1 < len(ids) else None
                    break
            token = self.advance(token, steps, reached)
        return token

    def run_feed(self, token: Token, person: User, request: Request, page: list[Msg]) -> Token:
        """Fill the page from the events after the token, every event judged by the rights of now."""
        rights = person.rights
        start = token.seq
        room = request.room
        rest = self.log[start + 1 :]
        sent: set[str] = set()  # rows wholly sent in this page, which need no second message
        for offset, event in enumerate(rest):
            if event is None:
                continue
            kind, row, what = event
            message: Msg | None = None
            if kind == CELL:
                if row.rid not in sent:
                    message = self.change(row, what, rights, request, start)
            elif kind == EXIT:
                ever = self.had(person, row.entity, what, start)
                if judge_exit(visible=self.visible(row, rights), ever=ever) is Send.PURGE:
                    message = (PURGE, row.rid)
            elif kind == NOTICE:
                device, field = what
                if device == request.device:
                    message = self.lost_edit(row, field, rights, start + 1 + offset)
            elif row.rid not in sent and (kind != ENTER or what in rights.see[row.entity]):
                message = self.arrival(row, rights, request, start)
            if message is not None:
                page.append(message)
                if message[0] == PUT_ROW:
                    sent.add(row.rid)
                if len(page) >= room:
                    return self.stand(token, start + 1 + offset)
        return self.stand(token, self.head)

    def stand(self, token: Token, seq: int) -> Token:
        """Return the token after the feed up to `seq`."""
        return at(token, seq)

    def lost_edit(self, row: Row, field: int, rights: Rights, seq: int) -> Msg:
        """Tell a device that its edit was replaced; the winner only as far as it is visible now."""
        readable = self.visible(row, rights) and field in rights.fields[row.entity, NEWEST_SCHEMA, True]
        return (LOST_EDIT, row.rid, field, row.cells[field] if readable else None, seq)

    def missed_notices(self, device: int, after: int, rights: Rights, until: int) -> list[Msg]:
        """Return the notices a laptop that starts anew would skip: the fill brings rows, not notices."""
        return [
            self.lost_edit(event[1], event[2][1], rights, seq)
            for seq in range(after + 1, until + 1)
            if (event := self.log[seq]) is not None and event[0] == NOTICE and event[2][0] == device
        ]

    def answer(self, request: Request) -> Response:
        """Take the uploads, then build one page in the same snapshot."""
        person = self.users[self.user_of[request.device]]
        answers = self.take(request)
        token = request.token
        restart = token is None or token.seq < self.floor
        if token is None or restart:
            token = fresh(self.head)
        held = request.token.seq if request.token is not None else 0
        messages = self.echo(request, held) if request.ops else []
        page: list[Msg] = []
        token, steps = self.prepare(token, person, request.schema)
        if token.plan is not None:
            token = self.run_plan(token, steps, person, request, page)
        if token.plan is None and len(page) < request.room:
            token = self.run_feed(token, person, request, page)
        messages += page
        if restart and request.token is not None:
            messages += self.missed_notices(request.device, request.token.seq, person.rights, token.seq)
        self.check_leaks(messages, person, {op.rid for op in request.ops})
        return Response(
            request.device, request.token, request.round, token, restart, answers, messages,
            request.leases_held, self.lease(request), self.now_ms,
        )  # fmt: skip

    def may_repair(self, request: Request, person: User) -> bool:
        """Tell whether rows may be sent outside the feed."""
        token = request.token
        return token is not None and is_caught_up(token, version=person.now.version, schema=request.schema)

    def repair(self, request: Request, rids: Iterable[str]) -> list[Msg]:
        """Return rows the laptop found to differ, as they are now: whole, or a purge."""
        person = self.users[self.user_of[request.device]]
        if not self.may_repair(request, person):
            return []
        messages: list[Msg] = []
        for rid in rids:
            row = self.rows.get(rid)
            if row is not None and self.visible(row, person.rights):
                messages.append(self.whole(row, person.rights, request.schema))
            else:
                messages.append((PURGE, rid))
        self.check_leaks(messages, person, set(rids))
        return messages

    # The oracle's side: everything below reads the definition, not the decisions

    def check_leaks(self, messages: list[Msg], person: User, named: set[str]) -> None:
        """Raise when a message holds what its reader may not read now; ids he `named` himself he knows."""
        scopes, classes = person.now.scopes, person.now.classes
        for message in messages:
            kind = message[0]
            if kind == DROP:
                continue
            if kind == PURGE and message[1] in named:
                continue
            row = self.rows[message[1]]
            entity = row.entity
            if kind == PURGE:
                if not any((entity, scope) in person.ever for scope in row.been):
                    raise Violation(f"I2 the id of {row.rid} goes to someone who never could read it")
                continue
            if kind == PUT_ROW:
                fields: Iterable[int] = message[4]
            elif message[3] is not None:
                fields = (message[2],)
            else:
                continue
            if not any((entity, scope) in scopes for scope in row.scopes):
                raise Violation(f"I2 row {row.rid} goes to someone who may not read it")
            for field in fields:
                if (entity, CLASS_OF[field]) not in classes:
                    raise Violation(f"I2 field {field} of {row.rid} goes to someone who may not read it")

    def projection(self, user: int, schema: int) -> dict[str, tuple[int, int, dict[int, Cell]]]:
        """Return what a laptop of this user must hold, by definition."""
        now = self.users[user].now
        expected = {}
        for rid, row in self.rows.items():
            if any((row.entity, scope) in now.scopes for scope in row.scopes):
                shown = self.trash_whole or row.life % 2 == 1
                cells = {
                    field: cell
                    for field, cell in row.cells.items()
                    if shown and SINCE[field] <= schema and (row.entity, CLASS_OF[field]) in now.classes
                }
                expected[rid] = (row.entity, row.life, cells)
        return expected
