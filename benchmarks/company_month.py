"""What becomes of a month's edits of a company whose people are away, share customers and are reorganised.

`SATCHEL_BENCH_MONTH=50,500 python -m benchmarks company_month` takes so many people and laptops.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from benchmarks.figures import Figure
from crm_core.sync.protocol import Code
from tests.support.company_month import Month, Outcome, Size
from tests.support.hq import Office

TITLE = "A month of a company"
PEOPLE, LAPTOPS = 12, 24
CUSTOMERS_EACH = 20
SEED = 1


def measure() -> list[Figure]:
    """Return what was answered to a month's edits; the last two must be 0."""
    people, laptops = (
        int(number) for number in os.environ.get("SATCHEL_BENCH_MONTH", f"{PEOPLE},{LAPTOPS}").split(",")
    )
    size = Size(
        people=people,
        laptops=laptops,
        territories=max(2, people // 10),
        customers=people * CUSTOMERS_EACH,
        edits_a_day=4,
        days=30,
    )
    with tempfile.TemporaryDirectory() as name:
        office = Office(Path(name) / "hq")
        outcome = Month(office, size, SEED).run()
        office.close()
    note = f"{people} people, {laptops} laptops, {size.days} days, {outcome.rounds:,} rounds"
    return [
        Figure("edits made", outcome.edits, "", note=note),
        Figure(
            "… that stood",
            outcome.count(Code.APPLIED, Code.MERGED),
            "",
            note=_share(outcome, Code.APPLIED, Code.MERGED),
        ),
        Figure("… that came back: a newer one stood already", outcome.count(Code.SUPERSEDED), ""),
        Figure(
            "… that came back: not to be",
            outcome.refused,
            "",
            note=f"{outcome.moved} customers changed hands",
        ),
        Figure("… that stood and were replaced unseen, their writers told", outcome.told, ""),
        Figure("… lost", len(outcome.lost), ""),
        Figure("records that differ at the end", len(outcome.uneven), "", note="of all laptops together"),
    ]


def _share(outcome: Outcome, *codes: Code) -> str:
    return f"{100 * outcome.count(*codes) / outcome.edits:.1f} %"
