"""What a person at a laptop does in a history: writes, looks, syncs, and has all of it written down."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.errors import Unreachable, UserError
from crm_core.ids import new_id
from crm_core.sync.protocol import Code, OpKind
from crm_desktop.models.device_tables import OutboxOp, Returned
from crm_desktop.models.records import field_key
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.sync.report import RoundReport
from tests.support.hq import Projection
from tests.sync.histories.events import HQ, Event, Kind

REGISTERS: Final = ("industry", "notes", "intent", "city")
"""Plain fields, a long text, and by its city the address: a group, whose members are written alike here."""
_CUSTOMER, _ENTRY = SCHEMAS["customer"], SCHEMAS["point_entry"]
_BY_KEY: Final = {field_key(_CUSTOMER.leader(_CUSTOMER.fields[name])): name for name in REGISTERS}
_STANDS: Final = (Code.SUPERSEDED,)
"""Answers that say that another edit stands; the others say that this one was not to be."""


class Diary:
    """A file of events, to which lines are added whole: whoever is killed leaves no half of one."""

    def __init__(self, path: Path, who: str) -> None:
        self.path, self.who = path, who
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(self, kind: Kind, **what: Any) -> None:
        """Add an event."""
        event = Event(kind=kind, who=self.who, at_s=time.monotonic(), **what)
        os.write(self._file, msgspec.json.encode(event) + b"\n")

    def begun(self) -> int:
        """Return how many values were begun to be written, in all the lives of this laptop."""
        return self.path.read_bytes().count(b'"kind":"began"')

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class Worker:
    """One person at one laptop. `customers` are there already and everybody may change them."""

    def __init__(
        self,
        diary: Diary,
        replica: Callable[[], Replica],
        sync: Callable[[], RoundReport],
        customers: Sequence[str],
        chance: Random,
    ) -> None:
        self._diary, self._replica, self._sync = diary, replica, sync
        self._customers, self._chance = customers, chance
        self._number = diary.begun()

    def step(self) -> None:
        """Write something and look at everything."""
        customer = self._chance.choice(self._customers)
        self._chance.choice(
            (self._set, self._set, self._set, self._set, self._put_in, self._take_out, self._enter)
        )(customer)
        self.look()

    def look(self, kind: Kind = Kind.READ, **more: Any) -> None:
        """Write down what is seen."""
        with self._replica().read() as session:
            rows = [
                dict(row)
                for schema in (_CUSTOMER, _ENTRY)
                for row in session.execute(select(schema.table)).mappings()
            ]
        self._diary.note(kind, **_sight(rows, self._customers), **more)

    def round(self) -> bool:
        """Make a round; return whether it came to its end."""
        self._diary.note(Kind.ROUND)
        try:
            report = self._sync()
        except (Unreachable, UserError):  # the second: a disk that is full
            self.look()
            return False
        self.look()
        if report.up_to_date:
            self._diary.note(Kind.EVEN)
        return report.up_to_date

    def rest(self) -> None:
        """Write down how it ended here; `AssertionError` where something still waits."""
        replaced, refused = [], []
        with self._replica().read() as session:
            assert session.scalars(select(OutboxOp.no)).first() is None, (
                f"{self._diary.who} has work that waits"
            )
            for edit in session.scalars(select(Returned)):
                named = _named(edit)
                if named is not None:
                    (replaced if edit.code in _STANDS else refused).append(named)
        self.look(Kind.RESTED, replaced=replaced, refused=refused)

    def _set(self, customer: str) -> None:
        name = self._chance.choice(REGISTERS)
        value = self._next()
        change = {"city": value, "address": value} if name == "city" else {name: value}
        place = f"{customer}.{name}"
        self._write(place, value, lambda: records.update(self._replica(), "customer", customer, change))

    def _put_in(self, customer: str) -> None:
        word = self._next()

        def put() -> object:
            return records.change_tags(self._replica(), "customer", customer, add={word})

        self._write(f"{customer}.tags", word, put, into_set=True)

    def _take_out(self, customer: str) -> None:
        words = records.get(self._replica(), "customer", customer).get("tags") or []
        if not words:
            return
        word = self._chance.choice(sorted(words))

        def take() -> object:
            return records.change_tags(self._replica(), "customer", customer, remove={word})

        self._write(f"{customer}.tags", word, take, out_of_set=True)

    def _enter(self, customer: str) -> None:
        entry = new_id()
        values = {"customer_id": customer, "points": 1, "reason": self._diary.who}

        def enter() -> object:
            return records.create(self._replica(), "point_entry", values, record_id=entry)

        self._write(f"{customer}.points", entry, enter, into_set=True)

    def _next(self) -> str:
        self._number += 1
        return f"{self._diary.who}-{self._number}"

    def _write(self, place: str, value: str, write: Callable[[], object], **how: bool) -> None:
        self._diary.note(Kind.BEGAN, place=place, value=value, **how)
        try:
            write()
        except UserError:
            self._diary.note(Kind.FAILED, place=place, value=value, **how)
        else:
            self._diary.note(Kind.WROTE, place=place, value=value, **how)


def rest_of_hq(shown: Projection, customers: Sequence[str]) -> Event:
    """Return what HQ ends with."""
    rows = []
    for (entity, row_id), values in shown.items():
        if entity in (_CUSTOMER.no, _ENTRY.no):
            words = sorted({word for word, _ in values.get("tags") or []})
            rows.append({**values, "id": row_id, "tags": words, "entity": entity})
    return Event(kind=Kind.RESTED, who=HQ, **_sight(rows, customers))


def _sight(rows: Sequence[dict[str, Any]], customers: Sequence[str]) -> dict[str, Any]:
    seen: dict[str, str | None] = {}
    members: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    entries: dict[str, list[str]] = {}
    for row in rows:
        if "customer_id" in row:
            entries.setdefault(f"{row['customer_id']}.points", []).append(row["id"])
        elif row["id"] in customers:
            for name in REGISTERS:
                value = row.get(name)
                if name == "city" and value != row.get("address"):
                    value = f"{value} torn from {row.get('address')}"
                seen[f"{row['id']}.{name}"] = value
            members[f"{row['id']}.tags"] = sorted(row.get("tags") or [])
            members[f"{row['id']}.points"] = []
            counts[f"{row['id']}.points"] = row.get("points") or 0
    for place, found in entries.items():
        members[place] = sorted(found)
    return {"seen": seen, "members": members, "counts": counts}


def _named(edit: Returned) -> tuple[str, str] | None:
    """Return place and value of what came back."""
    if edit.entity == "point_entry":
        return ("", edit.row_id)
    place = f"{edit.row_id}.{_BY_KEY.get(edit.field, 'tags')}"
    if edit.kind == OpKind.SET:
        value = edit.mine[2] if isinstance(edit.mine, list) else edit.mine
        return (place, value)
    return (place, edit.mine if isinstance(edit.mine, str) else edit.mine[0])
