"""An HQ on PostgreSQL with 1,000,000 activities, 200,000 deals and orders, and what else reports count.

`SATCHEL_HQ_FIGURES=FOLDER` keeps the cluster between runs; without it, it is filled anew. Only what reports
read is filled: records and the scopes they lie in. Everything is the customer's owner's.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from crm_core.entities import SCHEMAS
from crm_core.ids import named_id
from crm_core.rules.targets import MONTHS
from crm_core.times import DAY_MS
from sync_server.services import founding
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.hq import Edit, EditKind
from sync_server.settings import fresh_settings, read_settings
from sync_server.store import upgrading
from tests.support import postgres

KEPT_IN: Final = "SATCHEL_HQ_FIGURES"
SELLERS, TEAMS, MANAGER = 100, 10, 1_001
CUSTOMERS, DEALS, ORDERS, ACTIVITIES, TICKETS = 50_000, 200_000, 200_000, 1_000_000, 100_000
LEADS, INSTALMENTS, ANSWERS, PRODUCTS, CAMPAIGNS = 50_000, 100_000, 50_000, 40, 24
ADMIN, PASSWORD = "boss", "figures only"


def user_id(number: int) -> str:
    """Return the id of a seller, or of the manager."""
    return f"{number:032x}"


def team() -> tuple[str, ...]:
    """Return who sells under the manager."""
    return tuple(user_id(each) for each in range(1, SELLERS + 1) if each % TEAMS == 1)


@contextmanager
def filled_hq() -> Iterator[tuple[Headquarters, float]]:
    """Give HQ with everything in it, and the seconds it took to fill; 0 where it was kept from before."""
    kept = os.environ.get(KEPT_IN)
    with tempfile.TemporaryDirectory(prefix="hq-figures-") as name:
        place = Path(kept) if kept else Path(name)
        Path(name).chmod(0o711)  # PostgreSQL's own account goes down to its cluster
        with postgres.cluster_in(place / "postgres") as server:
            data = place / "hq"
            if (data / "filled").exists():
                hq = open_headquarters(read_settings(data))
                try:
                    upgrading.upgrade(hq.database.engine)
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
        make("user", user_id(n), name=f"Seller {n}", role_id=sales, team_id=f"{2_000 + n % TEAMS:032x}")
        for n in range(1, SELLERS + 1)
    ]
    boss = make("user", user_id(MANAGER), name="Manager", role_id=manages, team_id=f"{2_001:032x}")
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
    yield from _business(day, now, owner)
    for name, owned in (
        ("customer", "owner_id"),
        ("deal", "owner_id"),
        ("activity", "owner_id"),
        ("ticket", "assignee_id"),
        ("order", "owner_id"),
        ("lead", "owner_id"),
        ("campaign", "owner_id"),
        ("target", "user_id"),
        ("survey_answer", "assignee_id"),
    ):
        yield _lying_in(
            name, f"SELECT {{no}}, id, 'own:' || {owned}, 1 FROM \"{name}\" WHERE {owned} IS NOT NULL"
        )
    yield _lying_in(
        "customer",
        "SELECT DISTINCT {no}, customer_id, '~own:' || owner_id, 1 FROM deal WHERE owner_id IS NOT NULL",
    )
    for name in ("order_line", "instalment"):
        of_order = f'FROM {name} i JOIN "order" o ON o.id = i.order_id'
        yield _lying_in(name, f"SELECT {{no}}, i.id, 'own:' || o.owner_id, 1 {of_order}")


def _business(day: str, now: str, owner: str) -> Iterator[str]:
    """Yield what fills orders and what hangs on them, leads, campaigns, targets and answers to surveys."""
    money, year = "'CNY'", "extract(year FROM now())::int"
    buyer = f"(1 + floor({CUSTOMERS} * power((n * 7919 % 100003) / 100004.0, 2))::int)"
    ordered = "to_char(now() - (n * 31 % 900) * interval '1 day', 'YYYY-MM-DD')"
    yield (
        "INSERT INTO product (id, life, name, family, list_price, currency, cost, cost_currency, active)"
        f" SELECT md5('product' || n), 1, 'Product ' || n, 'Family ' || n % 5, 50000 + n, {money}, 30000 + n,"
        f" {money}, true FROM generate_series(0, {PRODUCTS - 1}) n"
    )
    yield (
        "INSERT INTO campaign (id, life, name, source, starts_on, currency, cost, mails_sent, mails_opened,"
        " owner_id) SELECT md5('campaign' || n), 1, 'Campaign ' || n, (ARRAY['exhibition', 'web',"
        " 'partner'])[1 + n % 3],"
        f" to_char(now() - n * interval '30 days', 'YYYY-MM-DD'), {money}, 1000000 + 10000 * n,"
        f" 500 + n, 10 * n, {owner.format('n')} FROM generate_series(0, {CAMPAIGNS - 1}) n"
    )
    yield (
        f"UPDATE deal SET campaign_id = md5('campaign' || abs(hashtext(id)) % {CAMPAIGNS}),"
        f" product_id = md5('product' || abs(hashtext(id)) % {PRODUCTS})"
    )
    yield (
        "INSERT INTO lead (id, life, name, source, status, campaign_id, owner_id, created_at, updated_at)"
        " SELECT md5('lead' || n), 1, 'Lead ' || n, (ARRAY['exhibition', 'web', 'referral',"
        " 'phone'])[1 + n % 4],"
        " (ARRAY['new', 'working', 'junk', 'converted', 'converted'])[1 + n % 5],"
        f" CASE WHEN n % 2 = 0 THEN md5('campaign' || n % {CAMPAIGNS}) END, {owner.format('n')},"
        f" {now} - (n % 700) * {day}, {now} FROM generate_series(1, {LEADS}) n"
    )
    yield (
        'INSERT INTO "order" (id, life, number, customer_id, owner_id, status, ordered_on, total, currency,'
        " created_at, updated_at)"
        f" SELECT md5('order' || n), 1, 'O-' || n, md5('customer' || {buyer}), {owner.format(buyer)},"
        f" (ARRAY['confirmed', 'closed', 'closed', 'draft'])[1 + n % 4], {ordered},"
        f" 100000 + (n * 7907 % 9900000), {money}, {now} - (n * 31 % 900) * {day}, {now}"
        f" FROM generate_series(1, {ORDERS}) n"
    )
    yield (
        "INSERT INTO order_line (id, life, order_id, product_id, description, quantity, unit_price, currency,"
        " discount_percent)"
        f" SELECT md5('line' || n), 1, md5('order' || (1 + n / 2)),"
        f" md5('product' || n * 13 % {PRODUCTS}), 'Line',"
        f" (1 + n % 8)::text, 10000 + (n::bigint * 7919 % 990000), {money}, (ARRAY['0', '5', '8'])[1 + n % 3]"
        f" FROM generate_series(0, {2 * ORDERS - 1}) n"
    )
    yield (
        "INSERT INTO instalment (id, life, order_id, customer_id, status, state, amount, paid,"
        " currency, due_on)"
        f" SELECT md5('instalment' || n), 1, md5('order' || n), md5('customer' || {buyer}), 'agreed',"
        " (ARRAY['open', 'part', 'paid'])[1 + n % 3], 100000 + (n * 7907 % 9900000),"
        f" CASE WHEN n % 3 = 0 THEN 0 ELSE 50000 END, {money},"
        " to_char(now() + (60 - n % 210) * interval '1 day', 'YYYY-MM-DD')"
        f" FROM generate_series(1, {INSTALMENTS}) n"
    )
    yield (
        "INSERT INTO survey_answer (id, life, ticket_id, customer_id, product_id, assignee_id,"
        " team_id, status,"
        " asked_at, answered_at, scale, score, percent, counted)"
        " SELECT md5('answer' || n), 1, md5('ticket' || n), t.customer_id,"
        f" md5('product' || n % {PRODUCTS}), t.assignee_id, lpad(to_hex(2000 + n % {TEAMS}), 32,"
        f" '0'), 'answered',"
        f" {now} - (n % 700) * {day}, CASE WHEN n % 3 > 0 THEN {now} - (n % 700) * {day} END, 'stars',"
        " 1 + n % 5, 25 * (n % 5), n % 3 > 0"
        f" FROM generate_series(1, {ANSWERS}) n JOIN ticket t ON t.id = md5('ticket' || n)"
    )
    yield (
        "INSERT INTO target (id, life, year, period, measure, amount, currency, user_id)"
        f" SELECT md5('target' || n), 1, {year}, 'year', 'won_amount', 120000000, {money},"
        f" {owner.format('n')}"
        f" FROM generate_series(1, {SELLERS}) n"
    )
    for place, month in enumerate(MONTHS):
        yield (
            "INSERT INTO target (id, life, year, period, measure, amount, currency)"
            f" VALUES (md5('month{place}'), 1, {year}, '{month}', 'won_amount', 1000000000, {money})"
        )
    yield (
        "INSERT INTO target (id, life, year, period, measure, amount, currency, product_id)"
        f" SELECT md5('made' || n), 1, {year}, 'year', 'won_amount', 100000000, {money}, md5('product' || n)"
        f" FROM generate_series(0, {PRODUCTS - 1}) n"
    )
    yield (
        "INSERT INTO target (id, life, year, period, measure, amount, currency, family)"
        f" SELECT md5('family' || n), 1, {year}, 'year', 'won_amount', 100000000, {money}, 'Family ' || n"
        " FROM generate_series(0, 4) n"
    )
    yield (
        "INSERT INTO target (id, life, year, period, measure, amount, currency, team_id)"
        f" SELECT md5('team' || n), 1, {year}, 'year', 'won_amount', 1000000000, {money},"
        f" lpad(to_hex(2000 + n), 32, '0') FROM generate_series(0, {TEAMS - 1}) n"
    )


def _lying_in(entity: str, found: str) -> str:
    """Return what writes down the scopes a query finds."""
    return (
        "INSERT INTO row_scope (entity, row_id, scope, in_seq)"
        f" {found.format(no=SCHEMAS[entity].no)} ON CONFLICT DO NOTHING"
    )


def _analyse(connection: Connection) -> None:
    """Have the planner know what is there, as it does by itself in a while."""
    with connection.execution_options(isolation_level="AUTOCOMMIT") as plain:
        plain.execute(text("SET statement_timeout = 0"))
        plain.execute(text("VACUUM ANALYZE"))
        plain.execute(text("RESET statement_timeout"))
