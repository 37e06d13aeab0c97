"""The next thing to do for a customer or a deal: its earliest open activity with a due time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from crm_core.entities.activity import Activity
from crm_desktop.models.repository import IDS_A_STATEMENT


class When(StrEnum):
    """How urgent a next step is. Today is by the calendar of this machine."""

    OVERDUE = "overdue"
    TODAY = "today"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """An open activity that is due."""

    activity_id: str
    kind: str
    subject: str
    due_at: int
    when: When


def when(due_at: int, now_ms: int, end_of_today_ms: int) -> When:
    """Return how urgent something due at a time is."""
    if due_at < now_ms:
        return When.OVERDUE
    return When.TODAY if due_at <= end_of_today_ms else When.PLANNED


def next_steps(
    session: Session,
    link: InstrumentedAttribute[str | None],
    ids: Sequence[str],
    now_ms: int,
    end_of_today_ms: int,
) -> dict[str, NextStep]:
    """Return the next step of each record that has one; `link` is the activity's link to such records."""
    found: dict[str, NextStep] = {}
    for start in range(0, len(ids), IDS_A_STATEMENT):
        rank = func.row_number().over(partition_by=link, order_by=(Activity.due_at, Activity.id))
        ranked = (
            select(link.label("link"), Activity.id, Activity.kind, Activity.subject, Activity.due_at)
            .add_columns(rank.label("rank"))
            .where(
                link.in_(ids[start : start + IDS_A_STATEMENT]),
                Activity.due_at.is_not(None),
                Activity.done.isnot(True),
                func.coalesce(Activity.repeats, "") == "",  # begun long ago, it would be late for ever
                Activity.life % 2 == 1,
            )
            .subquery()
        )
        for row in session.execute(select(ranked).where(ranked.c.rank == 1)):
            found[row.link] = NextStep(
                activity_id=row.id,
                kind=row.kind or "task",
                subject=row.subject or "",
                due_at=row.due_at,
                when=when(row.due_at, now_ms, end_of_today_ms),
            )
    return found
