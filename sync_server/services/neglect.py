"""Telling a manager of deals his people do not look after: each deal once, until somebody does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import CONTACT_KINDS
from crm_core.i18n import N_, Message, message, plural
from crm_core.rules import pipeline
from crm_core.rules.neglect import neglect
from sync_server.services import errands
from sync_server.services.errands import Errand
from sync_server.services.records import Records, chunks
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.storing import store_all
from sync_server.store.database import Database, HqTransaction
from sync_server.store.tables import NeglectNotice, table_of

NAMED: Final = 3
"""So many deals are named in a task; the rest is counted."""
_deals, _stages, _pipelines, _activities, _users, _teams = (
    SCHEMAS[name].table for name in ("deal", "stage", "pipeline", "activity", "user", "team")
)
_notices = table_of(NeglectNotice)


@dataclass(frozen=True, slots=True)
class _Neglected:
    deal_id: str
    name: str
    owner_id: str
    since_ms: int
    """Since when; another contact or move begins anew."""


def tell_managers(database: Database, now_ms: int) -> int:
    """Open a task for each manager with newly neglected deals of one of his people; return how many deals."""
    with database.read() as snapshot:
        found = _neglected(snapshot.connection, now_ms)
        managers = managers_of(snapshot.connection)
        told = _told(snapshot.connection)
    if not found and not told:
        return 0
    if {each.deal_id: each.since_ms for each in found if each.owner_id in managers} == told:
        return 0
    with database.write() as hq:
        return _tell(hq, now_ms)


def _tell(hq: HqTransaction, now_ms: int) -> int:
    """Do it as things stand now that nobody comes between."""
    managers = managers_of(hq.connection)
    found = [each for each in _neglected(hq.connection, now_ms) if each.owner_id in managers]
    told = _told(hq.connection)
    fresh = [each for each in found if told.get(each.deal_id) != each.since_ms]
    by_owner: dict[str, list[_Neglected]] = {}
    for each in sorted(fresh, key=lambda deal: (deal.since_ms, deal.deal_id)):
        by_owner.setdefault(each.owner_id, []).append(each)
    records = Records(hq.connection)
    scopes = ScopeKeeper(records, hq.positions)
    user = SCHEMAS["user"]
    records.load({user.no: by_owner})
    tasks = []
    for owner_id, deals in sorted(by_owner.items()):
        owner = records.get(user.no, owner_id)
        if owner is not None:
            subject = _subject(str(owner.values["name"] or ""), deals)
            tasks.append(Errand(subject=subject, about=owner, owner_id=managers[owner_id]))
    errands.open_tasks(hq, records, scopes, tasks, now_ms)
    store_all(hq, records, scopes)
    gone = told.keys() - {each.deal_id for each in found}
    for some in chunks(sorted(gone | {each.deal_id for each in fresh})):
        hq.connection.execute(delete(_notices).where(_notices.c.deal_id.in_(some)))
    if fresh:
        rows = [{"deal_id": each.deal_id, "since_ms": each.since_ms} for each in fresh]
        hq.connection.execute(insert(_notices), rows)
    return len(fresh)


def _subject(owner: str, deals: list[_Neglected]) -> Message:
    names = ", ".join(each.name for each in deals[:NAMED])
    return plural(
        len(deals),
        message(N_("{owner} does not look after a deal: {deals}"), owner=owner, deals=names),
        message(
            N_("{owner} does not look after {count} deals: {deals}"),
            owner=owner,
            count=len(deals),
            deals=names + (" …" if len(deals) > NAMED else ""),
        ),
    )


def _neglected(connection: Connection, now_ms: int) -> list[_Neglected]:
    contact = (
        select(func.max(_activities.c.happened_at))
        .where(
            _activities.c.deal_id == _deals.c.id,
            _activities.c.kind.in_(CONTACT_KINDS),
            _activities.c.life % 2 == 1,
        )
        .correlate(_deals)
        .scalar_subquery()
    )
    query = (
        select(
            _deals.c.id,
            _deals.c.name,
            _deals.c.owner_id,
            _deals.c.created_at,
            _deals.c.stage_since,
            _stages.c.age_limit_days,
            _pipelines.c.neglect_days,
            contact.label("contact_ms"),
        )
        .join(_stages, _stages.c.id == _deals.c.stage_id)
        .join(_pipelines, _pipelines.c.id == _deals.c.pipeline_id, isouter=True)
        .where(_stages.c.kind == pipeline.OPEN, _deals.c.life % 2 == 1, _deals.c.owner_id.is_not(None))
    )
    found = []
    for row in connection.execute(query):
        why = neglect(
            now_ms,
            contact_ms=row.contact_ms,
            made_ms=row.created_at,
            stage_since_ms=row.stage_since,
            neglect_days=row.neglect_days,
            age_limit_days=row.age_limit_days,
        )
        if why:
            quiet_since = max(row.contact_ms or 0, row.created_at or 0)
            since = quiet_since if why.quiet_days is not None else row.stage_since or 0
            found.append(
                _Neglected(deal_id=row.id, name=row.name or "", owner_id=row.owner_id, since_ms=since)
            )
    return found


def managers_of(connection: Connection) -> dict[str, str]:
    """Return for each user who leads his team, or the next one above that he does not lead himself."""
    teams: Mapping[str, Any] = {
        row.id: row
        for row in connection.execute(
            select(_teams.c.id, _teams.c.parent_id, _teams.c.manager_id).where(_teams.c.life % 2 == 1)
        )
    }
    users = connection.execute(
        select(_users.c.id, _users.c.team_id, _users.c.active).where(_users.c.life % 2 == 1)
    ).all()
    active = {row.id for row in users if row.active is not False}
    found: dict[str, str] = {}
    for user in users:
        team, seen = teams.get(user.team_id), set[str]()
        while team is not None and team.id not in seen:
            seen.add(team.id)
            if team.manager_id in active and team.manager_id != user.id:
                found[user.id] = team.manager_id
                break
            team = teams.get(team.parent_id)
    return found


def _told(connection: Connection) -> dict[str, int]:
    return {row.deal_id: row.since_ms for row in connection.execute(select(_notices))}
