"""Reports and dashboards HQ sends by itself, as a laptop makes them and sees what became of them; and the
figures HQ put onto this laptop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_core.charts.chart import Chart
from crm_core.charts.form import stored_chart
from crm_core.i18n import Message
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.report_schedules import planned_from
from crm_core.schema.field import Plain
from crm_desktop.models import state
from crm_desktop.models.query import MAX_LIMIT, ListQuery
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.services import records
from crm_desktop.services.outcome import Outcome

SCHEDULE, SENDING, SNAPSHOT = "report_schedule", "report_sending", "dashboard_snapshot"
MOST_SENDINGS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is sent: `field` is one of `report_id`, `standard`, `dashboard_id`, `key` what it holds."""

    field: str
    key: str
    name: str

    @property
    def is_dashboard(self) -> bool:
        """Whether it is a dashboard."""
        return self.field == "dashboard_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRow:
    """A schedule. `next_ms` is None while HQ has not said, and once it has ended."""

    id: str
    values: Mapping[str, Any]
    readers: tuple[str, ...]
    """What users and roles it goes to are called."""
    titles: Mapping[str, str]
    """The same by id."""
    next_ms: int | None
    paused: bool
    why: Message | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingRow:
    """What became of one report for one reader."""

    due_ms: int
    to: str
    way: str
    status: str
    why: Message | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a schedule of somebody on this laptop may ask for."""

    enrolled: bool
    outside: tuple[str, ...]
    """Addresses and domains HQ lets reports go to."""


def around(replica: Replica) -> Around:
    """Return what HQ said about reports that go out."""
    with replica.read() as session:
        settings = state.read(session, Key.SETTINGS) or {}
        enrolled = bool(state.read(session, Key.DEVICE))
    return Around(enrolled=enrolled, outside=tuple(settings.get("report_outside") or ()))


def schedules_of(replica: Replica, subject: Subject) -> tuple[ScheduleRow, ...]:
    """Return the schedules of a report or a dashboard, by name."""
    only = Condition(field=subject.field, op=Op.EQUAL, value=subject.key)
    wanted = ListQuery(entity=SCHEDULE, conditions=(only,), sort=(("name", False),), limit=MAX_LIMIT)
    rows = records.page(replica, wanted).rows
    links = {
        (kind, str(each)) for row in rows for each in row.get("readers") or () for kind in ("user", "role")
    }
    known = records.titles(replica, sorted(links))
    names = {record_id: title for (_, record_id), title in known.items()}
    return tuple(_row(row, names) for row in rows)


def _row(row: Record, names: Mapping[str, str]) -> ScheduleRow:
    readers = [str(each) for each in row.get("readers") or ()]
    values = {name: row.get(name) for name in _KEPT}
    planned = row.get("planned") == planned_from(values)
    following = row.get("next_at")
    return ScheduleRow(
        id=row.id,
        values=values,
        readers=tuple(names.get(each, each) for each in readers),
        titles={each: names[each] for each in readers if each in names},
        next_ms=int(following) if planned and following else None,
        paused=bool(row.get("paused")),
        why=_said(row.get("outcome")),
    )


_KEPT = (
    *("name", "report_id", "standard", "dashboard_id", "readers", "outside", "starts_at", "repeat", "zone"),
    *("language", "by_mail", "attach_pdf", "attach_xlsx", "to_laptops", "paused"),
)


def save(replica: Replica, values: Mapping[str, Plain], schedule_id: str | None = None) -> Outcome[Record]:
    """Make a schedule, or change one. `Invalid` names what is wrong by field."""
    if schedule_id is None:
        return records.create(replica, SCHEDULE, dict(values))
    return records.update(replica, SCHEDULE, schedule_id, dict(values))


def pause(replica: Replica, schedule_id: str, *, paused: bool) -> Outcome[Record]:
    """Let a report go out no more, or again."""
    return records.update(replica, SCHEDULE, schedule_id, {"paused": paused})


def sendings_of(replica: Replica, schedule_id: str) -> tuple[SendingRow, ...]:
    """Return what went to whom as far as HQ has told, the newest first."""
    only = Condition(field="schedule_id", op=Op.EQUAL, value=schedule_id)
    wanted = ListQuery(entity=SENDING, conditions=(only,), sort=(("created_at", True),), limit=MOST_SENDINGS)
    rows = records.page(replica, wanted).rows
    readers = {("user", str(row.get("reader_id"))) for row in rows if row.get("reader_id")}
    names = records.titles(replica, sorted(readers))
    return tuple(
        SendingRow(
            due_ms=int(row.get("due_at") or 0),
            to=str(row.get("address") or names.get(("user", str(row.get("reader_id"))), "")),
            way=str(row.get("way") or ""),
            status=str(row.get("status") or ""),
            why=_said(row.get("outcome")),
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A dashboard as HQ counted it for the person. By each tile's id, its title and chart, or why none."""

    as_of_ms: int
    tiles: Mapping[str, tuple[str, Chart | Message]]


def snapshot_of(replica: Replica, dashboard_id: str) -> Snapshot | None:
    """Return the figures HQ counted of a dashboard for the person; None where there are none here."""
    only = Condition(field="dashboard_id", op=Op.EQUAL, value=dashboard_id)
    rows = records.page(replica, ListQuery(entity=SNAPSHOT, conditions=(only,), limit=MAX_LIMIT)).rows
    # Whoever sees everything has those of others here, too.
    own = replica.person.user_id
    row = next((each for each in rows if own in (each.get("shown_to") or ())), None)
    if row is None:
        return None
    tiles: dict[str, tuple[str, Chart | Message]] = {}
    for each in row.get("tiles") or ():
        if not isinstance(each, Mapping) or "id" not in each:
            continue
        chart = stored_chart(each.get("chart"))
        found = chart if chart is not None else _said(each.get("fault"))
        if found is not None:
            tiles[str(each["id"])] = str(each.get("title") or ""), found
    return Snapshot(as_of_ms=int(row.get("as_of") or 0), tiles=tiles)


def _said(stored: Any) -> Message | None:
    """Return a sentence HQ kept as its English text and what goes into it."""
    try:
        text, places = stored
        return Message(str(text), {name: Message(str(value)) for name, value in places.items()})
    except (AttributeError, TypeError, ValueError):
        return None
