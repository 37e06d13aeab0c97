"""When an open deal is neglected: nobody spoke about it, or it stays in its stage for too long."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.i18n import N_, Message, message
from crm_core.times import DAY_MS

DEAL_DAYS = 21
"""Days without contact where the pipeline says none: three weekly rounds of calls without its turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neglect:
    """Why a deal is neglected; a side that is fine is None."""

    quiet_days: int | None
    stuck_days: int | None
    limit_days: int | None = None
    """How long its stage plans for."""

    def __bool__(self) -> bool:
        return self.quiet_days is not None or self.stuck_days is not None

    @property
    def said(self) -> Message:
        """The same in words, the lack of contact first."""
        if self.quiet_days is not None:
            return message(N_("No contact for {days} days"), days=self.quiet_days)
        return message(
            N_("In its stage for {days} days, planned {limit}"), days=self.stuck_days, limit=self.limit_days
        )


def neglect(
    now_ms: int,
    *,
    contact_ms: int | None,
    made_ms: int | None,
    stage_since_ms: int | None,
    neglect_days: int | None,
    age_limit_days: int | None,
) -> Neglect:
    """Return how an open deal is neglected; falsy where it is not.

    Without any contact the days count from when it was made. A stage's limit is passed the day after it.
    """
    quiet_since = max((each for each in (contact_ms, made_ms) if each is not None), default=now_ms)
    quiet = (now_ms - quiet_since) // DAY_MS
    stuck = (now_ms - (stage_since_ms if stage_since_ms is not None else now_ms)) // DAY_MS
    return Neglect(
        quiet_days=quiet if quiet >= (neglect_days or DEAL_DAYS) else None,
        stuck_days=stuck if age_limit_days and stuck > age_limit_days else None,
        limit_days=age_limit_days,
    )
