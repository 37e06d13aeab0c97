"""What changed since a position, as one reader may see it: the feed for programs that are no laptops.

Of each record the last state is told, once, however often it changed. A cursor stands for a position without
telling how much happens at HQ (`services.cursor`), and for one HQ: after a restore it is unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.access import Action, decide
from crm_core.rules.scopes import EVERYONE
from sync_server.services.cursor import Disguise
from sync_server.services.events import EventKind, events_after
from sync_server.services.faults import Refusal
from sync_server.services.reading import Reader, Values
from sync_server.services.records import ROW_SCOPE, Key, chunks
from sync_server.store.database import Snapshot

PAGE_EVENTS: Final = 1000
SCANNED_MOST: Final = 20 * PAGE_EVENTS
"""Events looked at for one answer; where few of them are for the reader, it says that there is more."""
NOW: Final = "now"
"""The cursor that stands for this moment."""
CREATED, UPDATED, DELETED, REMOVED = "created", "updated", "deleted", "removed"
HAPPENINGS: Final = (CREATED, UPDATED, DELETED, REMOVED)
"""Made, brought back or come in sight; changed; deleted; gone out of sight."""
_ANY_DEVICE: Final = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one record."""

    entity: str
    record_id: str
    what: str
    """One of `HAPPENINGS`."""
    values: Values | None = None
    """What the reader sees of it; None where it is gone."""

    @property
    def event(self) -> str:
        """The change as subscriptions name it, such as `order.created`."""
        return f"{self.entity}.{self.what}"


@dataclass(slots=True)
class Found:
    """Some changes, and the position up to which there are no others."""

    position: int
    changes: list[Change] = field(default_factory=list)
    more: bool = False


def changes_after(
    snapshot: Snapshot, reader: Reader, after: int, entities: Collection[str], limit: int
) -> Found:
    """Return about `limit` changes after a position of kinds of record the reader may read.

    Raises `Refusal` `anew` where HQ has forgotten what happened then.
    """
    if after and not snapshot.knows_after(after):
        raise Refusal("anew", N_("HQ does not know any more what changed since then; read everything anew"))
    wanted = {
        SCHEMAS[name].no for name in entities if name in SCHEMAS and decide(reader.person, Action.READ, name)
    }
    found, scanned, told = Found(after), 0, dict[Key, Change]()
    while len(told) < limit and scanned < SCANNED_MOST:
        events = events_after(snapshot.connection, found.position, PAGE_EVENTS, _ANY_DEVICE)
        some = _up_to(events, limit - len(told), wanted)
        for change in _read(reader, found.position, [each for each in some if each.entity in wanted]):
            key = SCHEMAS[change.entity].no, change.record_id
            before = told.pop(key, None)
            is_new = before is not None and before.what == CREATED and change.what == UPDATED
            told[key] = replace(change, what=CREATED) if is_new else change
        scanned += len(events)
        if len(some) == len(events) < PAGE_EVENTS:
            found.position = snapshot.head
            break
        found.position = some[-1].seq
    found.changes = list(told.values())
    found.more = found.position < snapshot.head
    return found


def cursor_of(disguise: Disguise, snapshot: Snapshot, position: int) -> str:
    """Return the cursor that stands for a position."""
    return f"{snapshot.epoch[:8]}.{disguise.hide(position)}"


def position_of(disguise: Disguise, snapshot: Snapshot, cursor: str | None) -> int:
    """Return the position a cursor stands for; 0 without one. Raises `UserError`, and `Refusal` `anew`."""
    if not cursor:
        return 0
    if cursor == NOW:
        return snapshot.head
    epoch, _, number = cursor.partition(".")
    if epoch != snapshot.epoch[:8] or not number.isdecimal():
        raise Refusal("anew", N_("HQ does not know any more what changed since then; read everything anew"))
    position = disguise.reveal(int(number), snapshot.head) if number != "0" else 0
    if number != "0" and not position:
        raise UserError(N_("The list cannot go on from there; start it anew"))
    return position


def _up_to(events: Sequence[Any], limit: int, wanted: Collection[int]) -> Sequence[Any]:
    """Return the events until so many records of the kinds wanted are among them."""
    seen: set[Key] = set()
    for place, event in enumerate(events):
        if event.entity in wanted:
            seen.add((event.entity, event.row_id))
        if len(seen) > limit:
            return events[:place]
    return events


def _read(reader: Reader, after: int, events: Iterable[Any]) -> Iterator[Change]:
    """Yield what became of the records of events, in the order of the last event of each."""
    kinds: dict[Key, set[EventKind]] = {}
    left: dict[Key, set[str]] = {}
    for event in events:
        if event.kind in (EventKind.LOST, EventKind.JUDGED) or event.entity not in BY_NO:
            continue
        key = event.entity, event.row_id
        kinds[key] = kinds.pop(key, set()) | {EventKind(event.kind)}
        if event.kind == EventKind.EXIT:
            left.setdefault(key, set()).add(event.what)
    by_entity: dict[int, list[str]] = {}
    for entity, row_id in kinds:
        by_entity.setdefault(entity, []).append(row_id)
    told: dict[Key, Change] = {}
    for no, ids in by_entity.items():
        name = BY_NO[no].name
        if not decide(reader.person, Action.READ, name):
            continue
        within = reader.person.reads_in(name)
        living, dead = reader.several(name, ids), reader.several(name, ids, deleted=True)
        held = _held_before(
            reader, no, [each for each in living if EventKind.ENTER in kinds[no, each]], after
        )
        for row_id in ids:
            key = no, row_id
            if row_id in living:
                is_new = _is_new(kinds[key], in_all=EVERYONE in within, held=row_id in held)
                told[key] = Change(name, row_id, CREATED if is_new else UPDATED, living[row_id])
            elif row_id in dead:
                told[key] = Change(name, row_id, DELETED)
            elif not within.isdisjoint(left.get(key, ())):
                told[key] = Change(name, row_id, REMOVED)
    yield from (told[key] for key in kinds if key in told)


def _is_new(kinds: set[EventKind], *, in_all: bool, held: bool) -> bool:
    if EventKind.BORN in kinds or EventKind.LIFE in kinds:
        return True
    return EventKind.ENTER in kinds and not in_all and not held


def _held_before(reader: Reader, no: int, ids: list[str], after: int) -> set[str]:
    """Return which records lay in one of the reader's scopes before the position."""
    within = reader.person.reads_in(BY_NO[no].name)
    if EVERYONE in within:
        return set(ids)
    found: set[str] = set()
    for some in chunks(ids):
        of_rows = (ROW_SCOPE.c.entity == no, ROW_SCOPE.c.row_id.in_(some), ROW_SCOPE.c.in_seq <= after)
        query = select(ROW_SCOPE.c.row_id).where(*of_rows, ROW_SCOPE.c.scope.in_(sorted(within)))
        found.update(reader.connection.execute(query).scalars())
    return found
