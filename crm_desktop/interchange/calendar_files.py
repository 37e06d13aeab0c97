"""Calendar files (`.ics`) on the laptop: what is planned goes out, what other calendars hold comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from crm_core.entities.activity import Activity
from crm_core.rules.access import Action, decide
from crm_core.rules.calendar_file import OURS, Event, Unread, read_calendar, write_calendar
from crm_core.schema.field import Plain
from crm_desktop.interchange.saving import write_pieces
from crm_desktop.models import query, repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.platform.calendar_content import calendar_content
from crm_desktop.platform.time_zone import usual_zone
from crm_desktop.services import records
from crm_desktop.services.calendar_period import key_parts, period, usual_minutes
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.planning import A_DAY_MINUTES, Planned

_KEPT = frozenset(("kind", "time_zone"))
"""What an event says of itself only where it comes in the first time: people here may know better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What became of a file's events. `planned` takes all of it back."""

    created: int
    updated: int
    unchanged: int
    unread: tuple[Unread, ...]
    planned: Planned


def export_calendar(
    replica: Replica,
    file: Path,
    begins_ms: int,
    ends_ms: int,
    title: str,
    people: tuple[str, ...] | None = None,
) -> int:
    """Write what stands in a period to a file, and return how many events it holds.

    A repeating activity of which one time lies in the period goes along with its rule.
    """
    decide(replica.person, Action.EXPORT, "activity").demand()
    items = period(replica, begins_ms, ends_ms, people)
    ids = list(dict.fromkeys(key_parts(item.key)[0] for item in items if item.planned))
    with replica.read() as session:
        found = repository.get_many(session, "activity", ids)
        customers = query.labels(
            session, "customer", {str(each.get("customer_id")) for each in found.values()}
        )
    written = [
        (each, found[each].values, customers.get(str(found[each].get("customer_id")), ""))
        for each in ids
        if each in found
    ]
    write_pieces(file, (write_calendar(written, usual_zone(), title),))
    return len(written)


def import_calendar(replica: Replica, file: Path) -> Outcome[Brought]:
    """Bring the events of a file in, in one transaction: new ones are made, known ones follow the file."""
    events, unread = read_calendar(calendar_content(file), usual_zone())
    with replica.write() as session:
        taking = _Taking(session, replica)
        for event in sorted(events, key=lambda each: each.of_series is not None):
            taking.take(event)
    brought = Brought(
        created=len(taking.made),
        updated=len(taking.before),
        unchanged=taking.unchanged,
        unread=tuple(unread),
        planned=Planned(made=tuple(taking.made), before=taking.before),
    )
    return Outcome(brought, frozenset(session.changed))


class _Taking:
    """Events as they come in."""

    def __init__(self, session: WriteSession, replica: Replica) -> None:
        self._session = session
        self._replica = replica
        self._known: dict[str, str] = {}
        self.made: list[str] = []
        self.before: dict[str, dict[str, Plain]] = {}
        self.unchanged = 0

    def take(self, event: Event) -> None:
        values = dict(event.values)
        if event.of_series is not None:
            series_id = self._find(event.of_series, None)
            if series_id is not None:
                values["series_id"] = series_id
                self._leave_out(series_id, str(values["occurs_on"]))
        known = self._find(event.uid, event.record_id)
        if known is None:
            given = {name: value for name, value in values.items() if value not in (None, "", [])}
            made = records.create_in(self._session, self._replica, "activity", given).id
            self.made.append(made)
            self._known[event.uid] = made
            return
        record = repository.get(self._session, "activity", known)
        if record is None or not record.alive:  # deleted here: a file does not bring it back
            self.unchanged += 1
            return
        changes = {name: value for name, value in values.items() if _differs(record, event, name, value)}
        self._update(record, changes)

    def _update(self, record: Record, changes: Mapping[str, Plain]) -> None:
        if not changes:
            self.unchanged += 1
            return
        records.update_in(self._session, self._replica, "activity", record.id, changes)
        before = {name: record.get(name) for name in changes}
        self.before[record.id] = {**before, **self.before.get(record.id, {})}

    def _leave_out(self, series_id: str, day: str) -> None:
        series = repository.get(self._session, "activity", series_id)
        if series is None or day in (series.get("skipped") or ()):
            return
        skipped: list[Plain] = [*sorted({*(series.get("skipped") or ()), day})]
        records.update_in(self._session, self._replica, "activity", series_id, {"skipped": skipped})
        if series_id not in self.made:
            self.before.setdefault(series_id, {}).setdefault("skipped", series.get("skipped"))

    def _find(self, uid: str, record_id: str | None) -> str | None:
        """Return the id of the activity an event is, living or deleted; None where it is new."""
        if uid in self._known:
            return self._known[uid]
        own = record_id or (uid.removesuffix(OURS) if uid.endswith(OURS) else None)
        if own is not None and repository.get(self._session, "activity", own) is not None:
            return own
        found: str | None = self._session.scalar(select(Activity.id).where(Activity.uid == uid).limit(1))
        return found


def _differs(record: Record, event: Event, name: str, value: Plain) -> bool:
    """Tell whether an event says something else of an activity than it is."""
    held = record.get(name)
    if name in _KEPT or (name == "uid" and event.record_id) or held == value:
        return False
    if name == "duration_minutes" and not held:  # a file always says how long, also where nobody did
        return value not in (None, usual_minutes(record.get("kind") or "task"), A_DAY_MINUTES)
    return bool(held) or bool(value)
