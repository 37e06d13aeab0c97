"""What the clock of service levels costs: how the promises of 10,000 open tickets stand, by working time.

Processor time of the rules both programs compute by, without a database. Floor: when the last word of each
ticket was said and a day after it, by plain SQL in SQLite in memory, which knows no working time.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from typing import Any, Final

from benchmarks.figures import Figure
from benchmarks.timing import with_floor
from crm_core.rules.service_levels import derived, policies_of, standing
from crm_core.times import DAY_MS, HOUR_MS

TITLE = "Deadlines of 10,000 open tickets"
TICKETS: Final = 10_000
TARGET: Final = "target 0.2 s"
_LEVEL: Final[dict[str, Any]] = {
    "id": "level",
    "name": "Usual",
    "rank": 1,
    "rules": None,
    "active": True,
    "calendar_id": None,
    "promised": {each: {"reply": 240, "next": 480, "solve": 2_400} for each in ("low", "normal", "high")},
    "pausing": None,
    "warn_minutes": 60,
    "escalations": [],
}
_PLAIN: Final = (
    "SELECT t.id, max(coalesce(m.written_at, t.created_at)) + 86400000 FROM ticket t"
    " LEFT JOIN message m ON m.ticket_id = t.id GROUP BY t.id"
)


def measure() -> list[Figure]:
    """Return what it takes: medians of five, in processor time."""
    (policy,) = policies_of([_LEVEL], [])
    tickets = list(_tickets(time.time_ns() // 1_000_000))
    plain = _plainly(tickets)

    def work() -> int:
        kept = (derived(standing(policy, ticket, said), policy, None) for ticket, said in tickets)
        return sum(each["due_at"] is not None for each in kept)

    ours, floor = with_floor(work, lambda: plain.execute(_PLAIN).fetchall(), clock=time.process_time)
    note = f"{TARGET}; {work():,} with a deadline"
    return [Figure(f"how {TICKETS:,} open tickets stand", ours, "s", floor, "last words by plain SQL", note)]


def _tickets(now: int) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Yield open tickets of the last month with the messages of each."""
    chance = random.Random("deadlines")
    for number in range(TICKETS):
        made = now - chance.randrange(30 * DAY_MS)
        ticket = {
            "id": f"{number:032x}",
            "created_at": made,
            "status": "open",
            "steps": None,
            "priority": chance.choice(("low", "normal", "high")),
        }
        yield ticket, [_message(made + place * 5 * HOUR_MS, place) for place in range(chance.randrange(4))]


def _message(at_ms: int, place: int) -> dict[str, Any]:
    said = {"internal": False, "from_customer": place % 2 == 0, "channel": "mail"}
    return {**said, "written_at": at_ms, "sent_at": at_ms, "created_at": at_ms}


def _plainly(tickets: list[tuple[dict[str, Any], list[dict[str, Any]]]]) -> sqlite3.Connection:
    plain = sqlite3.connect(":memory:")
    plain.execute("CREATE TABLE ticket (id TEXT PRIMARY KEY, created_at)")
    plain.execute("CREATE TABLE message (ticket_id, written_at)")
    for ticket, said in tickets:
        plain.execute("INSERT INTO ticket VALUES (?, ?)", (ticket["id"], ticket["created_at"]))
        plain.executemany(
            "INSERT INTO message VALUES (?, ?)", [(ticket["id"], each["written_at"]) for each in said]
        )
    plain.execute("CREATE INDEX message_of ON message (ticket_id)")
    return plain
