"""Dashboards: kept as records, their tiles counted over what the person sees here."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.charts import tiles as counting
from crm_core.charts.chart import Kind
from crm_core.charts.tiles import Counted
from crm_core.entities import schema_of
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message, message
from crm_core.ids import new_id
from crm_core.rules.access import Action, Person, decide
from crm_core.rules.dashboards import Tile, plain_tiles, tiles_of
from crm_core.rules.report_form import stored_report
from crm_core.rules.reports import Report
from crm_core.rules.segments import AllOf, Rule
from crm_core.schema.field import Plain
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.narrowing import Narrowing
from crm_desktop.models.query import MAX_LIMIT, ListQuery
from crm_desktop.models.records import Record
from crm_desktop.models.replica import LOCAL_USER, Replica
from crm_desktop.services import records, reports
from crm_desktop.services.outcome import Outcome

DASHBOARD = "dashboard"
REPORT = "report"
MOST_FOUND = 50_000
"""Records a click can lead to where no list of conditions says which they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardRow:
    """A dashboard. `fault` says why its tiles cannot be shown."""

    id: str
    name: str
    tiles: tuple[Tile, ...]
    period: str
    own: bool
    """The person's own; another's is one that is shown to him."""
    shown_to: tuple[str, ...] = ()
    fault: Message | None = None


def dashboards_of(replica: Replica) -> tuple[DashboardRow, ...]:
    """Return the person's dashboards and those shown to him, his own first, each in its order."""
    wanted = ListQuery(entity=DASHBOARD, sort=(("rank", False), ("name", False)), limit=MAX_LIMIT)
    person = replica.person
    found = []
    for row in records.page(replica, wanted).rows:
        own = row.get("owner_id") in (None, person.user_id)
        shown_to = tuple(row.get("shown_to") or ())
        # A far reach brings those of others here, too.
        if own or person.circles.intersection(shown_to):
            found.append(_row_of(row, own=own, shown_to=shown_to))
    return tuple(sorted(found, key=lambda each: not each.own))


def _row_of(row: Record, *, own: bool, shown_to: tuple[str, ...]) -> DashboardRow:
    tiles: tuple[Tile, ...] = ()
    fault = None
    try:
        tiles = tiles_of(row.get("tiles"))
    except UserError as error:
        fault = error.message
    period = str(row.get("period") or "")
    return DashboardRow(
        id=row.id, name=row.title, tiles=tiles, period=period, own=own, shown_to=shown_to, fault=fault
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A report that can become a tile. Title and what it tells are English sources."""

    title: str
    tells: str
    report: Report
    kind: Kind
    """The chart it is best seen as."""
    tile: Tile


def reports_offered(replica: Replica) -> tuple[Offered, ...]:
    """Return the reports a tile can show: those the person has, then the standard ones."""
    return tuple(
        Offered(
            title=each.name.text,
            tells=each.tells.text,
            report=each.report,
            kind=Kind(each.chart) if each.chart in set(Kind) else Kind.TABLE,
            tile=Tile(id=each.key, standard=each.key)
            if each.standard
            else Tile(id=each.key, report_id=each.key),
        )
        for each in reports.reports_of(replica)
    )


def create(replica: Replica, name: str, tiles: Sequence[Tile], period: str = "") -> Outcome[Record]:
    """Keep a dashboard under a name; its tiles get ids of their own."""
    if not name.strip():
        raise UserError(N_("A dashboard needs a name"))
    own = [named_anew(tile) for tile in tiles]
    values: dict[str, Plain] = {"name": name.strip(), "tiles": plain_tiles(own), "period": period or None}
    return records.create(replica, DASHBOARD, values)


def named_anew(tile: Tile) -> Tile:
    """Return a tile with an id of its own."""
    return dataclasses.replace(tile, id=new_id())


def titled(tile: Tile, title: str) -> Tile:
    """Return a tile called so."""
    return dataclasses.replace(tile, title=title)


def keep_tiles(replica: Replica, dashboard_id: str, tiles: Sequence[Tile]) -> Outcome[Record]:
    """Let a dashboard hold these tiles in this order."""
    return records.update(replica, DASHBOARD, dashboard_id, {"tiles": plain_tiles(tiles)})


def show_to(replica: Replica, dashboard_id: str, role_id: str, *, shown: bool) -> Outcome[Record]:
    """Show a dashboard to everybody who holds a role, or to them no more."""
    joins, leaves = ((role_id,), ()) if shown else ((), (role_id,))
    return records.change_tags(replica, DASHBOARD, dashboard_id, "shown_to", add=joins, remove=leaves)


def count_tiles(
    replica: Replica, tiles: Sequence[Tile], period: str = "", person_id: str = ""
) -> tuple[Counted, ...]:
    """Return each tile counted over what the person sees here; what one may not be counted by is said in its
    place, the others are shown."""
    today = replica.clock.today()
    return counting.count_tiles(
        tiles,
        lambda report: reports.count(replica, report),
        lambda report_id: _kept(replica, report_id),
        today,
        period,
        person_id,
    )


def _kept(replica: Replica, report_id: str) -> tuple[str, Report]:
    try:
        kept = records.get(replica, REPORT, report_id)
    except NotFound as error:
        raise NotFound(N_("This tile's report is not on this laptop")) from error
    report = stored_report(kept.get("definition"))
    if report is None:
        raise UserError(N_("This report was made by a newer version, or is damaged"))
    return kept.title, report


def conditions_for(replica: Replica, entity: str, rule: Rule, shown_with: str = "") -> tuple[Condition, ...]:
    """Return what narrows a list to the very records that meet a rule; or, where they have no list of their
    own, the list of the kind they are `shown_with`, to those they belong to.

    Its own conditions where a list has such fields, so that the list follows later changes; else the records
    found now. `UserError` where these are too many.
    """
    with replica.read() as session:
        return conditions_within(session, replica.person, entity, rule, shown_with)


def conditions_within(
    session: Session, person: Person, entity: str, rule: Rule, shown_with: str = ""
) -> tuple[Condition, ...]:
    """Return the same in a reading that is open already."""
    parts = rule.parts if isinstance(rule, AllOf) else (rule,)
    simple = [part for part in parts if isinstance(part, Condition) and "." not in part.field]
    if not shown_with and len(simple) == len(parts) and not any("@" in part.field for part in simple):
        return tuple(simple)
    decide(person, Action.READ, entity).demand()
    table = schema_of(entity).table
    meets = Narrowing(session, person).by_rule(rule, entity)
    column = table.c[f"{shown_with}_id"] if shown_with else table.c.id
    wanted = select(column).where(table.c.life % 2 == 1, meets).distinct().limit(MOST_FOUND + 1)
    found = tuple(session.scalars(wanted))
    if len(found) > MOST_FOUND:
        raise UserError(
            message(N_("These are more than {count} records: narrow them first"), count=MOST_FOUND)
        )
    return (Condition(field="id", op=Op.IN, value=found),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChoice:
    """Somebody a dashboard can be narrowed to."""

    user_id: str
    name: str
    own: bool


def people_of(replica: Replica) -> tuple[PersonChoice, ...]:
    """Return the users known here by name, the person signed in first."""
    own = replica.person.user_id
    rows = records.page(replica, ListQuery(entity="user", sort=(("name", False),), fields=("name",))).rows
    found = [PersonChoice(user_id=row.id, name=row.title, own=row.id == own) for row in rows]
    if own == LOCAL_USER:
        found = [each for each in found if not each.own]
    return tuple(sorted(found, key=lambda each: not each.own))
