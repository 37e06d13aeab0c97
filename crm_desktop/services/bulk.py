"""One change to many records: tried beforehand, made in steps that let others save, taken back as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.errors import Invalid, UserError
from crm_core.i18n import Message
from crm_core.schema.field import Field, Kind, Plain
from crm_core.schema.standards import mended
from crm_core.sync.merge import lives
from crm_desktop.models.records import record_of
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.services import records

STEP = 20
"""Records a transaction changes: some fiftieths of a second, which a save may wait."""
NAMED = 20
"""Refused records that are named; of the others only how many there are is told."""

OnStep = Callable[[int, int], None]
IsCancelled = Callable[[], bool]


class How(StrEnum):
    """What becomes of the field."""

    SET = "set"
    CLEAR = "clear"
    ADD = "add"
    """Of a set: the words join."""
    TAKE = "take"
    """Of a set: the words leave."""
    MEND = "mend"
    """Its standard form, where that is clear; nothing else changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkChange:
    """One change for many records; `values` by field name, an amount with its currency."""

    entity: str
    field: Field
    how: How
    values: Mapping[str, Plain]

    def of(self, present: Mapping[str, Plain]) -> dict[str, Plain]:
        """Return what it sets in a record that holds `present`; nothing where it is so already."""
        name = self.field.name
        if self.how is How.CLEAR:
            wanted: dict[str, Plain] = {name: [] if self.field.kind is Kind.TAGS else None}
        elif self.how is How.SET:
            wanted = dict(self.values)
        elif self.how is How.MEND:
            clear = mended(self.field, present.get(name), present)
            wanted = {} if clear is None else {name: clear}
        else:
            held, given = _words(present.get(name)), _words(self.values.get(name))
            wanted = {name: [*sorted(held | given if self.how is How.ADD else held - given)]}
        return {key: value for key, value in wanted.items() if (present.get(key) or None) != (value or None)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A record that stays as it is, and why."""

    title: str
    reason: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOutcome:
    """What came of a change, or what would come of it."""

    changed: int
    same: int
    """Records that are so already."""
    refused: int
    refusals: tuple[Refusal, ...]
    """The first of those refused."""
    stopped: bool
    """Somebody cancelled: the other records were not looked at."""
    undo: tuple[tuple[str, Mapping[str, Plain], Mapping[str, Plain]], ...] = ()
    """(id, values before, values after) of each record changed."""


class _Tried(Exception):
    """Ends a transaction that was only to be tried."""


def preview(
    replica: Replica,
    change: BulkChange,
    ids: Sequence[str],
    step: OnStep = lambda done, total: None,
    cancelled: IsCancelled = lambda: False,
) -> BulkOutcome:
    """Return what `apply` would do now: every record is changed by the same rules, and put back at once."""
    return _through(replica, change, ids, step, cancelled, keep=False)


def apply(
    replica: Replica,
    change: BulkChange,
    ids: Sequence[str],
    step: OnStep = lambda done, total: None,
    cancelled: IsCancelled = lambda: False,
) -> BulkOutcome:
    """Change the records; what is refused stays as it is. Stopped, what was done so far stands."""
    return _through(replica, change, ids, step, cancelled, keep=True)


def take_back(
    replica: Replica,
    entity: str,
    undo: Sequence[tuple[str, Mapping[str, Plain], Mapping[str, Plain]]],
    step: OnStep = lambda done, total: None,
) -> int:
    """Put the values before back, where nobody changed them since; return in how many records."""
    back = 0
    for start in range(0, len(undo), STEP):
        step(start, len(undo))
        with replica.write() as session:
            for record_id, before, after in undo[start : start + STEP]:
                try:
                    records.update_in(session, replica, entity, record_id, before, after, restores=True)
                except UserError:
                    continue  # changed or deleted meanwhile: that is newer than the batch
                back += 1
    step(len(undo), len(undo))
    return back


def _through(
    replica: Replica,
    change: BulkChange,
    ids: Sequence[str],
    step: OnStep,
    cancelled: IsCancelled,
    *,
    keep: bool,
) -> BulkOutcome:
    changed = same = refused = 0
    refusals: list[Refusal] = []
    undo: list[tuple[str, Mapping[str, Plain], Mapping[str, Plain]]] = []
    stopped = False
    for start in range(0, len(ids), STEP):
        step(start, len(ids))
        if cancelled():
            stopped = True
            break
        some = _Some()
        try:
            with replica.write() as session:
                _change(session, replica, change, ids[start : start + STEP], some)
                if not keep:
                    raise _Tried
        except _Tried:
            pass
        changed, same = changed + len(some.undo), same + some.same
        refused += len(some.refusals)
        refusals += some.refusals[: max(0, NAMED - len(refusals))]
        undo += some.undo if keep else ()
    else:
        step(len(ids), len(ids))
    return BulkOutcome(
        changed=changed,
        same=same,
        refused=refused,
        refusals=tuple(refusals),
        stopped=stopped,
        undo=tuple(undo),
    )


class _Some:
    """What came of one transaction."""

    def __init__(self) -> None:
        self.same = 0
        self.refusals: list[Refusal] = []
        self.undo: list[tuple[str, Mapping[str, Plain], Mapping[str, Plain]]] = []


def _change(
    session: WriteSession, replica: Replica, change: BulkChange, ids: Sequence[str], some: _Some
) -> None:
    model = SCHEMAS[change.entity].model
    # Held to the end: the session forgets rows nobody holds, and would read each of them twice more.
    rows = {row.id: row for row in session.scalars(select(model).where(model.id.in_(ids)))}
    for record_id in ids:
        row = rows.get(record_id)
        if row is None or not lives(row.life):
            continue  # gone since the list was read
        record = record_of(row)
        wanted = change.of(record.values)
        if not wanted:
            some.same += 1
            continue
        before = {name: record.values.get(name) for name in wanted}
        try:
            after = records.update_in(session, replica, change.entity, record_id, wanted, before)
        except UserError as error:
            some.refusals.append(Refusal(title=record.title, reason=reason_of(error)))
            continue
        some.undo.append((record_id, before, {name: after.values.get(name) for name in wanted}))


def reason_of(error: UserError) -> Message:
    """Return why a change is refused: the first field's problem, where it names any."""
    if isinstance(error, Invalid) and error.problems:
        return error.problems[0].message
    return error.message


def _words(value: Plain) -> set[str]:
    return {str(word) for word in value} if isinstance(value, list) else set()
