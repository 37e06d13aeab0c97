"""What a round came to, and how it tells of its progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundReport:
    """One full round, as `crm sync --json` prints it."""

    sent: int = 0
    """Operations HQ answered."""
    received: int = 0
    """Row states applied."""
    purged: int = 0
    superseded: int = 0
    """Edits of this laptop that a newer one replaced."""
    refused: int = 0
    round_trips: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    retries: int = 0
    """Trips that broke off on the way and were made again."""
    seconds: float = 0.0
    up_to_date: bool = False
    """HQ had nothing more, and nothing waits here."""
    compared: bool = False
    """What this laptop holds was compared with HQ to the end."""
    repaired: int = 0
    """Rows that differed and were fetched again, or taken away."""
    differing: int = 0
    """Kinds of records that differ though they were repaired twice."""
    files_sent: int = 0
    """Contents of files HQ has since, where a file brought them."""
    files_received: int = 0
    """Contents of files that came in a file."""
    begun_anew: str = ""
    """`COPIED` or `HQ_WENT_BACK` where HQ had this laptop begin anew; '' where it did not."""
    held: bool = False
    """HQ sends nothing until an administrator allows what it would take away."""


COPIED = "copied"
"""This laptop's data is a copy, or an older state, of what HQ has met since."""
HQ_WENT_BACK = "hq_went_back"
"""HQ was restored from a backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where a round is: `sending` operations, or `receiving` rows of `entity`; `total` 0 while unknown."""

    phase: str
    done: int
    total: int
    entity: str = ""
    part: int = 0
    """Of a fill: 1 while the person's own comes, 2 while the rest does, 0 where all comes in one part, 3
    where it is only said how much there will be."""


OnStep = Callable[[Step], None]
Cancelled = Callable[[], bool]


def ignore_step(_step: Step) -> None:
    """Tell nobody."""


def never() -> bool:
    """Go on to the end."""
    return False
