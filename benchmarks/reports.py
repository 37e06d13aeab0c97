"""What standard reports cost on a laptop with 100,000 customers, 20,000 deals and 300,000 activities.

Floors: hand-written SQL of the same answer over the same rows in plain SQLite, unencrypted, without an index.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from benchmarks.desktop_lists import Plain
from benchmarks.figures import Figure
from benchmarks.filled_profile import filled_profile
from benchmarks.timing import with_floor
from crm_core.entities import SCHEMAS
from crm_core.rules.standard_reports import STANDARD_REPORTS
from crm_desktop.models.replica import Replica
from crm_desktop.models.report_source import LaptopSource
from crm_desktop.services import reports

TITLE = "Reports of 100,000 customers"
SAME_ANSWER = "the same answer by plain SQL"
_WON = "stage_id IN (SELECT id FROM stage WHERE kind = 'won')"
_LIVES = "life % 2 = 1"
_YEAR = "close_date >= strftime('%Y-01-01', 'now')"
PLAINLY: Final = {
    "funnel": "SELECT stage_id, currency, count(*), sum(amount), sum(amount * probability) FROM deal"
    f" WHERE {_LIVES} AND stage_id NOT IN (SELECT id FROM stage WHERE kind = 'lost') GROUP BY 1, 2",
    "won_by_month": "SELECT substr(close_date, 1, 7), currency, count(*), sum(amount) FROM deal"
    f" WHERE {_LIVES} AND {_WON} AND close_date >= date('now', 'start of month', '-11 months') GROUP BY 1, 2",
    "ranking": "SELECT owner_id, currency, count(*), sum(amount) FROM deal"
    f" WHERE {_LIVES} AND {_WON} AND {_YEAR} GROUP BY 1, 2",
    "won_by_region": "SELECT c.province, d.currency, count(*), sum(d.amount) FROM deal d LEFT JOIN customer c"
    f" ON c.id = d.customer_id AND c.{_LIVES} WHERE d.{_LIVES} AND d.{_WON} AND d.{_YEAR} GROUP BY 1, 2",
    "customer_growth": "SELECT strftime('%Y-%m', created_at / 1000, 'unixepoch'), count(*) FROM customer"
    f" WHERE {_LIVES} GROUP BY 1",
    "activities": "SELECT owner_id, kind, count(*) FROM activity WHERE"
    f" {_LIVES} AND kind IN ('call', 'mail', 'visit', 'meeting')"
    " AND happened_at >= strftime('%s', 'now', 'start of month') * 1000 GROUP BY 1, 2",
}


def measure() -> list[Figure]:
    """Return the figures: medians of five."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with filled_profile(folder / "profile") as filled:
            replica = filled.app.replica
            with Plain(replica, folder / "plain.db", more=("stage",)) as plain:
                found = [_report(replica, plain, key) for key in PLAINLY]
                return [*found, *_behind(replica)]


def _report(replica: Replica, plain: Plain, key: str) -> Figure:
    standard = STANDARD_REPORTS[key]
    table = reports.count(replica, standard.report)
    ours, floor = with_floor(
        partial(reports.count, replica, standard.report), partial(plain.run, PLAINLY[key])
    )
    note = f"{len(table.rows)} rows of {table.counted:,} records"
    return Figure(standard.title, ours, "s", floor, SAME_ANSWER, note)


def _behind(replica: Replica) -> list[Figure]:
    """Return what finding the records behind a cell costs."""
    table = reports.count(replica, STANDARD_REPORTS["ranking"].report)
    rule = table.rule_at(0, 0)

    def find() -> int:
        entity = SCHEMAS["deal"].table
        with replica.read() as session:
            source = LaptopSource(session, replica.person)
            meets = source.where("deal", rule)
            return session.scalar(select(func.count(entity.c.id)).where(source.visible("deal"), meets)) or 0

    ours, _ = with_floor(find, lambda: None)
    return [Figure("the deals behind a row of the ranking", ours, "s", note=f"{find():,} deals")]
