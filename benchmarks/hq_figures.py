"""What figures cost at an HQ on PostgreSQL with 1,000,000 activities, 200,000 deals and 100,000 tickets.

Somebody who sees all, a manager of ten who sell, and one of these; a dashboard of eight tiles, every standard
report, the first page behind a cell. Floors: hand-written SQL of the same answer over the same tables.
What is filled in, and how it is kept between runs, is said in `filled_hq`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from benchmarks.figures import Figure
from benchmarks.filled_hq import MANAGER, filled_hq, team, user_id
from benchmarks.timing import with_floor
from crm_core.charts.chart import Kind
from crm_core.charts.looks import Look, plain_look
from crm_core.charts.tiles import Counted
from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError
from crm_core.i18n import Message
from crm_core.rules.dashboards import Tile
from crm_core.rules.standard_reports import STANDARD_REPORTS
from sync_server.services.auth import now_ms
from sync_server.services.dashboards import DashboardEntry, count_dashboard
from sync_server.services.headquarters import Headquarters
from sync_server.services.narrowing import Narrowing
from sync_server.services.reading import Reader, read_person
from sync_server.services.reports import count, wall_time

TITLE = "Figures at an HQ of 1,000,000 activities"
SAME_ANSWER = "the same answer by plain SQL"
KEPT_IN: Final = "SATCHEL_HQ_FIGURES"
SELLERS, TEAMS = 100, 10
CUSTOMERS, DEALS, ACTIVITIES, TICKETS = 50_000, 200_000, 1_000_000, 100_000
ZONE = "Asia/Shanghai"
RUNS = 3
ADMIN, PASSWORD = "boss", "figures only"
_LIVES = "life % 2 = 1"
_WON = "stage_id IN (SELECT id FROM stage WHERE kind = 'won')"
_OVER = "stage_id IN (SELECT id FROM stage WHERE kind IN ('won', 'lost'))"
_YEAR = "close_date >= to_char(now(), 'YYYY-01-01')"
_DAY = "to_timestamp({} / 1000) AT TIME ZONE '{}'"
TILES: Final[tuple[tuple[str, Kind, str], ...]] = (
    (
        "funnel",
        Kind.FUNNEL,
        "SELECT stage_id, currency, count(*), sum(amount), sum(amount * probability::numeric),"
        " avg(current_date - (to_timestamp(stage_since / 1000))::date) FROM deal"
        f" WHERE {_LIVES} AND {{sight}} AND stage_id NOT IN (SELECT id FROM stage WHERE kind = 'lost')"
        " GROUP BY 1, 2",
    ),
    (
        "won_by_month",
        Kind.BAR,
        "SELECT substr(close_date, 1, 7), currency, count(*), sum(amount) FROM deal"
        f" WHERE {_LIVES} AND {{sight}} AND {_WON} GROUP BY 1, 2",
    ),
    (
        "ranking",
        Kind.BAR,
        "SELECT owner_id, currency, count(*), sum(amount) FROM deal"
        f" WHERE {_LIVES} AND {{sight}} AND {_WON} AND {_YEAR} GROUP BY 1, 2",
    ),
    (
        "win_rate",
        Kind.BAR,
        f"SELECT owner_id, count(*), count(*) FILTER (WHERE {_WON}) FROM deal"
        f" WHERE {_LIVES} AND {{sight}} AND {_OVER} AND {_YEAR} GROUP BY 1",
    ),
    (
        "won_by_region",
        Kind.MAP,
        "SELECT c.province, d.currency, count(*), sum(d.amount) FROM deal d"
        " LEFT JOIN (SELECT id, life, province FROM customer) c"
        f" ON c.id = d.customer_id AND c.{_LIVES} WHERE d.{_LIVES} AND {{sight}} AND d.{_WON} AND d.{_YEAR}"
        " GROUP BY 1, 2",
    ),
    (
        "activities",
        Kind.BAR,
        "SELECT owner_id, kind, count(*) FROM activity WHERE"
        f" {_LIVES} AND {{sight}} AND kind IN ('call', 'mail', 'visit', 'meeting')"
        " AND happened_at >= extract(epoch FROM date_trunc('month', now())) * 1000 GROUP BY 1, 2",
    ),
    (
        "ticket_hours",
        Kind.HEAT_MAP,
        "SELECT extract(isodow FROM {at}), extract(hour FROM {at}), count(*) FROM ticket WHERE".replace(
            "{at}", _DAY.format("created_at", ZONE)
        )
        + f" {_LIVES} AND {{assigned}} GROUP BY 1, 2",
    ),
    (
        "issues",
        Kind.BAR,
        f"SELECT category_id, count(*) FROM ticket WHERE {_LIVES} AND {{assigned}} GROUP BY 1",
    ),
)
"""Standard report, how it is drawn, and the plain SQL of the same answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """Who counts; `owners` whose records he sees, none for everybody's."""

    name: str
    user_id: str
    owners: tuple[str, ...] = ()

    def sight(self, field: str) -> str:
        """Return in SQL which rows he sees: in this company everything belongs to the customer's owner."""
        if not self.owners:
            return f"coalesce({field}, '') >= ''"
        return f"{field} IN ({', '.join(repr(each) for each in self.owners)})"

    def plainly(self, sql: str) -> str:
        """Return plain SQL of what he sees."""
        return sql.format(sight=self.sight("owner_id"), assigned=self.sight("assignee_id"))


def measure() -> list[Figure]:
    """Return the figures: medians of three, of standard reports once."""
    with filled_hq() as (hq, seconds):
        found = [Figure("filling the tables", seconds, "s")] if seconds else []
        for who in _people(hq):
            found += _dashboard(hq, who)
        found += [_behind(hq, who) for who in _people(hq)]
        found += [_report(hq, who, key) for who in _people(hq)[:2] for key in STANDARD_REPORTS]
        return found


def _counting(hq: Headquarters, who: Somebody, tiles: tuple[Tile, ...]) -> Callable[[], tuple[Counted, ...]]:
    entry = DashboardEntry(key="eight", name=Message("Eight"), tiles=tiles, period="")

    def work() -> tuple[Counted, ...]:
        with hq.database.read() as snapshot:
            reader = Reader(snapshot.connection, read_person(snapshot.connection, who.user_id))
            return count_dashboard(reader, entry, "CNY", now_ms(), zone=ZONE)

    return work


def _plain(hq: Headquarters, *statements: str) -> None:
    with hq.database.read() as snapshot:
        for each in statements:
            snapshot.connection.execute(text(each)).all()


def _dashboard(hq: Headquarters, who: Somebody) -> list[Figure]:
    tiles = tuple(Tile(id=key, standard=key, look=plain_look(Look(kind=kind))) for key, kind, _ in TILES)
    work = _counting(hq, who, tiles)
    drawn = [each.drawn for each in work()]
    seen = sum(each.table.counted for each in drawn if each is not None)
    whole, floor = with_floor(work, partial(_plain, hq, *(who.plainly(sql) for _, _, sql in TILES)), RUNS)
    note = f"{sum(each is not None for each in drawn)} of 8 tiles, {seen:,} records counted"
    found = [Figure(f"{who.name}: dashboard of eight tiles", whole, "s", floor, SAME_ANSWER, note)]
    for tile, (key, _, sql) in zip(tiles, TILES, strict=True) if not who.owners else ():
        value, least = with_floor(_counting(hq, who, (tile,)), partial(_plain, hq, who.plainly(sql)), RUNS)
        found.append(Figure(f"{who.name}: {STANDARD_REPORTS[key].title}", value, "s", least, SAME_ANSWER))
    return found


def _report(hq: Headquarters, who: Somebody, key: str) -> Figure:
    report = STANDARD_REPORTS[key].report

    def work() -> int:
        with hq.database.read() as snapshot:
            reader = Reader(snapshot.connection, read_person(snapshot.connection, who.user_id))
            return count(reader, report, "CNY", now_ms(), zone=ZONE).counted

    begun = time.perf_counter()
    try:
        note = f"{work():,} records"
    except OperationalError:
        note = "broken off by HQ's limit of a statement"
    except CrmError as error:
        note = str(error.message)
    return Figure(f"{who.name}: standard report {key}", time.perf_counter() - begun, "s", note=note)


def _behind(hq: Headquarters, who: Somebody) -> Figure:
    """Return what the first page behind a cell costs."""
    with hq.database.read() as snapshot:
        reader = Reader(snapshot.connection, read_person(snapshot.connection, who.user_id))
        rule = count(reader, STANDARD_REPORTS["ranking"].report, "CNY", now_ms(), zone=ZONE).rule_at(0, 0)
    table = SCHEMAS["deal"].table

    def work() -> int:
        with hq.database.read() as snapshot:
            reader = Reader(snapshot.connection, read_person(snapshot.connection, who.user_id))
            today = wall_time(now_ms(), ZONE).date()
            meets = Narrowing(reader, today, ZONE).by_rule(rule, "deal")
            page = (
                reader.visible("deal").where(meets).order_by(table.c.close_date.desc(), table.c.id).limit(50)
            )
            return len(snapshot.connection.execute(page).all())

    owner = who.owners[0] if who.owners else user_id(1)
    sql = (
        f"SELECT * FROM deal WHERE {_LIVES} AND {who.sight('owner_id')} AND {_WON} AND {_YEAR}"
        f" AND owner_id = '{owner}' ORDER BY close_date DESC, id LIMIT 50"
    )
    value, floor = with_floor(work, partial(_plain, hq, sql), RUNS)
    return Figure(f"{who.name}: first page behind a cell", value, "s", floor, SAME_ANSWER)


def _people(hq: Headquarters) -> tuple[Somebody, Somebody, Somebody]:
    return (
        Somebody(name="administrator", user_id=hq.records.founder_id()),
        Somebody(name="manager of ten", user_id=user_id(MANAGER), owners=team()),
        Somebody(name="who sells", user_id=user_id(1), owners=(user_id(1),)),
    )
