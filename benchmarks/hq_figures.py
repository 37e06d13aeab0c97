"""What figures cost at an HQ on PostgreSQL with 1,000,000 activities, 200,000 deals and 100,000 tickets.

Somebody who sees all, a manager of ten who sell, and one of these; a dashboard of eight tiles, every standard
report, the first page behind a cell. Floors: hand-written SQL of the same answer over the same tables.
`SATCHEL_HQ_FIGURES=FOLDER` keeps the cluster between runs; without it, it is filled anew. Only what reports
read is filled: records and the scopes they lie in.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from benchmarks.figures import Figure
from benchmarks.timing import with_floor
from crm_core.charts.chart import Kind
from crm_core.charts.looks import Look, plain_look
from crm_core.charts.tiles import Counted
from crm_core.entities import SCHEMAS
from crm_core.i18n import Message
from crm_core.ids import named_id
from crm_core.rules.dashboards import Tile
from crm_core.rules.standard_reports import STANDARD_REPORTS
from crm_core.times import DAY_MS
from sync_server.services import founding
from sync_server.services.auth import now_ms
from sync_server.services.dashboards import DashboardEntry, count_dashboard
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.hq import Edit, EditKind
from sync_server.services.narrowing import Narrowing
from sync_server.services.reading import Reader, read_person
from sync_server.services.reports import count, wall_time
from sync_server.settings import fresh_settings, read_settings
from tests.support import postgres

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
    with _filled() as (hq, seconds):
        found = [Figure("filling the tables", seconds, "s")] if seconds else []
        for who in _people(hq):
            found += _dashboard(hq, who)
        found += [_behind(hq, who) for who in _people(hq)]
        admin = _people(hq)[0]
        found += [_report(hq, admin, key) for key in STANDARD_REPORTS]
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
    return Figure(f"standard report: {key}", time.perf_counter() - begun, "s", note=note)


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

    owner = who.owners[0] if who.owners else _user(1)
    sql = (
        f"SELECT * FROM deal WHERE {_LIVES} AND {who.sight('owner_id')} AND {_WON} AND {_YEAR}"
        f" AND owner_id = '{owner}' ORDER BY close_date DESC, id LIMIT 50"
    )
    value, floor = with_floor(work, partial(_plain, hq, sql), RUNS)
    return Figure(f"{who.name}: first page behind a cell", value, "s", floor, SAME_ANSWER)


# What there is


def _user(number: int) -> str:
    return f"{number:032x}"


def _people(hq: Headquarters) -> tuple[Somebody, Somebody, Somebody]:
    team = tuple(_user(each) for each in range(1, SELLERS + 1) if each % TEAMS == 1)
    return (
        Somebody(name="administrator", user_id=hq.records.founder_id()),
        Somebody(name="manager of ten", user_id=_user(1_001), owners=team),
        Somebody(name="who sells", user_id=_user(1), owners=(_user(1),)),
    )


@contextmanager
def _filled() -> Iterator[tuple[Headquarters, float]]:
    """Give HQ with everything in it, and the seconds it took to fill; 0 where it was kept from before."""
    kept = os.environ.get(KEPT_IN)
    with tempfile.TemporaryDirectory(prefix="hq-figures-") as name:
        place = Path(kept) if kept else Path(name)
        with postgres.cluster_in(place / "postgres") as server:
            data = place / "hq"
            if (data / "filled").exists():
                hq = open_headquarters(read_settings(data))
                try:
                    yield hq, 0.0
                finally:
                    hq.close()
                return
            settings = fresh_settings(data, database=server)
            founding.found(settings, ADMIN, PASSWORD)
            hq = open_headquarters(settings)
            try:
                begun = time.perf_counter()
                _people_of(hq)
                with hq.database.engine.begin() as connection:
                    connection.execute(text("SET LOCAL statement_timeout = 0"))
                    for statement in _filling():
                        connection.execute(text(statement))
                with hq.database.engine.connect() as connection:
                    _analyse(connection)
                seconds = time.perf_counter() - begun
                (data / "filled").touch()
                yield hq, seconds
            finally:
                hq.close()


def _people_of(hq: Headquarters) -> None:
    """Make users and teams by the way of every change, for rights are read from them."""

    def make(entity: str, record_id: str, **values: object) -> Edit:
        return Edit(kind=EditKind.CREATE, entity=entity, record_id=record_id, values=values)

    sales, manages = named_id("role", "sales"), named_id("role", "sales_manager")
    teams = [make("team", f"{2_000 + n:032x}", name=f"Team {n}") for n in range(TEAMS)]
    hq.records.write_all(teams)
    users = [
        make("user", _user(n), name=f"Seller {n}", role_id=sales, team_id=f"{2_000 + n % TEAMS:032x}")
        for n in range(1, SELLERS + 1)
    ]
    boss = make("user", _user(1_001), name="Manager", role_id=manages, team_id=f"{2_001:032x}")
    hq.records.write_all([*users, boss])


def _filling() -> Iterator[str]:
    """Yield the statements that fill the tables: everything is the customer's owner's."""
    day, now = f"{DAY_MS}::bigint", "extract(epoch FROM now())::bigint * 1000"
    owner = f"lpad(to_hex(1 + {{}} % {SELLERS}), 32, '0')"
    yield "CREATE TEMP TABLE stages AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM stage"
    yield (
        "INSERT INTO customer (id, life, name, owner_id, province, level, status, created_at, updated_at)"
        f" SELECT md5('customer' || n), 1, 'Customer ' || n, {owner.format('n')},"
        " (ARRAY['Shanghai', 'Beijing', 'Guangdong', 'Zhejiang', 'Sichuan'])[1 + n % 5],"
        f" (ARRAY['A', 'B', 'C'])[1 + n % 3], 'active', {now} - (n % 1000) * {day}, {now}"
        f" FROM generate_series(1, {CUSTOMERS}) n"
    )
    yield (
        "INSERT INTO deal (id, life, name, customer_id, owner_id, stage_id, amount, currency, probability,"
        " close_date, engaged_on, stage_since, source, created_at, updated_at)"
        f" SELECT md5('deal' || n), 1, 'Deal ' || n, md5('customer' || (1 + n % {CUSTOMERS})),"
        f" {owner.format(f'(1 + n % {CUSTOMERS})')}, s.id, 1000000 + (n * 7919) % 9000000, 'CNY',"
        " (n % 10) * 10, to_char(now() - (n % 900) * interval '1 day', 'YYYY-MM-DD'),"
        " to_char(now() - (n % 900 + 60) * interval '1 day', 'YYYY-MM-DD'),"
        f" {now} - (n % 90) * {day}, (ARRAY['exhibition', 'referral', 'web'])[1 + n % 3],"
        f" {now} - (n % 900) * {day}, {now}"
        f" FROM generate_series(1, {DEALS}) n"
        " JOIN stages s ON s.place = n % (SELECT count(*) FROM stages)"
    )
    yield (
        "INSERT INTO activity (id, life, subject, kind, customer_id, owner_id, happened_at, done,"
        " duration_minutes, created_at, updated_at)"
        " SELECT md5('activity' || n), 1, 'Activity ' || n,"
        " (ARRAY['call', 'mail', 'visit', 'meeting', 'note'])[1 + n % 5],"
        f" md5('customer' || (1 + n % {CUSTOMERS})), {owner.format(f'(1 + n % {CUSTOMERS})')},"
        f" {now} - (n % 1000) * {day} - (n % 24) * 3600000, true, 15, {now} - (n % 1000) * {day}, {now}"
        f" FROM generate_series(1, {ACTIVITIES}) n"
    )
    yield (
        "INSERT INTO ticket (id, life, subject, status, priority, customer_id, assignee_id, created_at,"
        " closed_at, updated_at)"
        " SELECT md5('ticket' || n), 1, 'Ticket ' || n, CASE WHEN n % 4 = 0 THEN 'open' ELSE 'closed' END,"
        f" 'normal', md5('customer' || (1 + n % {CUSTOMERS})), {owner.format(f'(1 + n % {CUSTOMERS})')},"
        f" {now} - (n % 1000) * {day} - (n % 24) * 3600000,"
        f" CASE WHEN n % 4 = 0 THEN NULL ELSE {now} - (n % 1000) * {day} END, {now}"
        f" FROM generate_series(1, {TICKETS}) n"
    )
    for name, owned in (
        ("customer", "owner_id"),
        ("deal", "owner_id"),
        ("activity", "owner_id"),
        ("ticket", "assignee_id"),
    ):
        yield (
            "INSERT INTO row_scope (entity, row_id, scope, in_seq)"
            f" SELECT {SCHEMAS[name].no}, id, 'own:' || {owned}, 1 FROM {name} WHERE {owned} IS NOT NULL"
            " ON CONFLICT DO NOTHING"
        )


def _analyse(connection: Connection) -> None:
    """Have the planner know what is there, as it does by itself in a while."""
    with connection.execution_options(isolation_level="AUTOCOMMIT") as plain:
        plain.execute(text("SET statement_timeout = 0"))
        plain.execute(text("VACUUM ANALYZE"))
        plain.execute(text("RESET statement_timeout"))
