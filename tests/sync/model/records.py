"""What the toy HQ keeps: rows in scopes, the event log, rights and their history."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from crm_core.sync.clock import Stamp, reading
from crm_core.sync.merge import Held, lives
from crm_core.sync.plan import Entitlement
from tests.sync.model.values import (
    AMOUNT,
    BORN,
    CELL,
    CUSTOMER,
    DEAL,
    ENTER,
    ENTITIES,
    EXIT,
    LIFE,
    NAME,
    NOTE,
    PHONE,
    SCOPES,
    TAGS,
    Rights,
    Row,
    User,
    rights_of,
)


class Records:
    """The state of HQ; every change of it is an event with a position of its own."""

    def __init__(self, users: int, trash_whole: bool) -> None:
        self.now_ms = 1_000_000
        self.head = 0
        self.floor = 0
        self.log: list[tuple[int, Row, Any] | None] = [None]
        self.rows: dict[str, Row] = {}
        self.graves: dict[str, Row] = {}
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
        for pair in rights.scopes & person.lapsed.keys():
            del person.lapsed[pair]
        person.bits.append(bits)

    def collect_garbage(self, floor: int) -> None:
        """Forget exits and rights no laptop at or above `floor` can need; bury what was deleted before."""
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
            self.shrink_ever(person)
        for row in list(self.rows.values()):
            if not lives(row.life) and row.life_at <= self.floor and not row.children:
                self.bury(row)

    def shrink_ever(self, person: User) -> None:
        """Forget the scopes of rights that are forgotten, once no exit from them can be news to anybody.

        A row that left the scope before a laptop carried out its plan is purged by that exit alone.
        """
        kept = {pair for rights in person.history.values() for pair in rights.scopes}
        for pair in person.ever - kept:
            if person.lapsed.setdefault(pair, self.head) <= self.floor:
                person.ever.remove(pair)
                del person.lapsed[pair]

    def bury(self, row: Row) -> None:
        """Take a deleted row away for good; whoever may hold it is told as of one that left every scope."""
        for cell in row.cells.values():
            self.log[cell[0]] = None
        self.log[row.born_at] = self.log[row.life_at] = None
        for scope in list(row.scopes):
            self.log[row.scopes.pop(scope)] = None
            self.record(EXIT, row, scope)
        del self.rows[row.rid]
        self.ids[row.entity].remove(row.rid)
        self.graves[row.rid] = row
        if row.parent is not None:
            row.parent.children.remove(row)
            self.rescope(row.parent, exits_first=False)

    def write(self, row: Row, field: int, value: Any, stamp: Stamp) -> int:
        """Set a register and return the position of the change."""
        old = row.cells[field][0]
        if old != row.born_at:
            self.log[old] = None
        seq = self.record(CELL, row, field)
        row.cells[field] = (seq, value)
        row.held[field] = Held(stamp, seq)
        return seq

    def named_scopes(self, row: Row) -> set[str]:
        """Return the scopes a row's own fields name."""
        return set(row.own)

    def rescope(self, row: Row, exits_first: bool) -> None:
        """Derive the scopes of a row and of those below and beside it, each change an event."""
        wanted = self.named_scopes(row)
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

    def visible(self, row: Row, rights: Rights) -> bool:
        """Tell whether a row lies in a scope of these rights."""
        return not rights.see[row.entity].isdisjoint(row.scopes)
