"""Dashboards counted at HQ for one reader and kept for his laptop: by his rights, and gone with them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from crm_core.charts.form import plain_chart
from crm_core.errors import NotFound
from crm_core.i18n import plain_places
from crm_core.ids import named_id
from crm_core.rules.access import Person
from sync_server.services import dashboards, report_contents
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind
from sync_server.services.reading import Reader, read_person

SNAPSHOT: Final = "dashboard_snapshot"


def keep(
    hq: Headquarters, dashboard_id: str, reader_id: str, schedule: Mapping[str, Any], now_ms: int
) -> None:
    """Count a dashboard for a reader and put it in the place of what was counted for him before.

    `AccessDenied` or `UserError` where the maker of the schedule does not see the dashboard any more.
    """
    with hq.database.read() as snapshot:
        person = read_person(snapshot.connection, reader_id)
        owner = hq.records.author(snapshot.connection, str(schedule["owner_id"])).person
        try:
            subject = report_contents.subject_of(Reader(snapshot.connection, owner), schedule)
        except NotFound as error:
            raise NotFound(report_contents.NO_SUCH) from error
        if subject.dashboard is None:
            raise NotFound(report_contents.NO_SUCH)
        reader = Reader(snapshot.connection, person)
        counted = dashboards.count_dashboard(
            reader, subject.dashboard, hq.settings.currency, now_ms, zone=str(schedule["zone"] or "")
        )
    tiles: list[Any] = []
    for each in counted:
        if each.drawn is not None:
            tiles.append({"id": each.tile.id, "title": each.title, "chart": plain_chart(each.drawn.chart)})
        elif each.fault is not None:
            fault = [each.fault.text, plain_places(each.fault)]
            tiles.append({"id": each.tile.id, "title": each.title, "fault": fault})
    values: dict[str, Any] = {"as_of": now_ms, "tiles": tiles, "rights": mark_of(person)}
    record_id = named_id(SNAPSHOT, f"{dashboard_id}/{reader_id}")
    if hq.records.has(SNAPSHOT, record_id):
        hq.records.update(SNAPSHOT, record_id, values)
        return
    made = {**values, "dashboard_id": dashboard_id, "shown_to": [reader_id]}
    if record_id in {each for each, _ in hq.records.all(SNAPSHOT, deleted=True)}:
        restored = Edit(kind=EditKind.RESTORE, entity=SNAPSHOT, record_id=record_id)
        changed = Edit(kind=EditKind.UPDATE, entity=SNAPSHOT, record_id=record_id, values=values)
        hq.records.write_all([restored])
        hq.records.write_all([changed])
        return
    hq.records.write_all([Edit(kind=EditKind.CREATE, entity=SNAPSHOT, record_id=record_id, values=made)])


def drop_stale(hq: Headquarters) -> int:
    """Delete what was counted by rights its reader has no more, or of a dashboard or a reader that is gone;
    return how many."""
    kept = hq.records.all(SNAPSHOT)
    if not kept:
        return 0
    users = {user_id for user_id, row in hq.records.all("user") if row["active"] is not False}
    boards = {dashboard_id for dashboard_id, _ in hq.records.all("dashboard")}
    marks: dict[str, str] = {}
    gone: list[str] = []
    with hq.database.read() as snapshot:
        for record_id, values in kept:
            reader_id = next(iter(values["shown_to"] or ()), "")
            if reader_id in users and reader_id not in marks:
                marks[reader_id] = mark_of(read_person(snapshot.connection, reader_id))
            if values["rights"] != marks.get(reader_id) or values["dashboard_id"] not in boards:
                gone.append(record_id)
    hq.records.write([Edit(kind=EditKind.DELETE, entity=SNAPSHOT, record_id=each) for each in gone])
    return len(gone)


def mark_of(person: Person) -> str:
    """Return a mark of everything a person's sight follows from: another sight has another mark."""
    rights = person.rights
    parts = [
        person.user_id,
        rights.administers,
        sorted((entity, sorted(reach.items())) for entity, reach in rights.reach.items()),
        sorted((entity, sorted(classes.items())) for entity, classes in rights.classes.items()),
        sorted((int(reach), sorted(scopes)) for reach, scopes in person.scopes.items()),
        sorted(person.circles),
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
