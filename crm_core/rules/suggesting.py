"""Who should do a task: by how much each has to do, and how well each knows the work and the customer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crm_core.i18n import Message, message

WINDOW_DAYS = 90
"""So far back work done counts as knowing it."""
_MOST_KNOWN = 10
"""More of the same kind makes nobody better at it."""
_CUSTOMER_WEIGHT = 4
"""Who met the customer goes before who merely does such work often."""
_LATE_WEIGHT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody a task could be given to, as far as this laptop knows his work."""

    user_id: str
    name: str
    open_tasks: int = 0
    late_tasks: int = 0
    same_kind_done: int = 0
    with_customer: int = 0

    @property
    def score(self) -> int:
        """How well the task is with him: what he knows, less what he has to do."""
        known = min(self.same_kind_done, _MOST_KNOWN) + _CUSTOMER_WEIGHT * min(
            self.with_customer, _MOST_KNOWN
        )
        return known - self.open_tasks - _LATE_WEIGHT * self.late_tasks

    @property
    def reason(self) -> Message:
        """Why he stands where he does."""
        return message(
            "{open} open, {late} late; {done} of this kind and {met} with this customer in {days} days",
            open=self.open_tasks,
            late=self.late_tasks,
            done=self.same_kind_done,
            met=self.with_customer,
            days=WINDOW_DAYS,
        )


def ranked(colleagues: Iterable[Colleague]) -> list[Colleague]:
    """Return them, the best first; of equals who has less to do, then by name."""
    return sorted(colleagues, key=lambda each: (-each.score, each.open_tasks, each.name, each.user_id))
