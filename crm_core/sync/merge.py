"""How two versions of a field become one. The same functions decide on laptop and HQ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from crm_core.sync.clock import Stamp


class Verdict(Enum):
    """What becomes of an incoming edit of a register."""

    APPLIED = "applied"
    """It is newer and nothing else happened since the writer looked."""
    MERGED = "merged"
    """It is newer and wins over an edit the writer had not seen; the other's value is logged."""
    SUPERSEDED = "superseded"
    """A newer edit is already there; the writer gets his value back."""


@dataclass(frozen=True, slots=True)
class Held:
    """What HQ knows of a register: its stamp and the feed position it changed at."""

    stamp: Stamp
    seq: int


def judge(held: Held | None, incoming: Stamp, base_seq: int) -> Verdict:
    """Decide between the register as held and an incoming edit made on top of position `base_seq`."""
    if held is None:
        return Verdict.APPLIED
    unseen = held.seq > base_seq and held.stamp.device != incoming.device
    if incoming > held.stamp:
        return Verdict.MERGED if unseen else Verdict.APPLIED
    return Verdict.SUPERSEDED


def after_seen(held: Held | None, incoming: Stamp, *, seen: bool) -> Stamp:
    """Return the stamp of an edit whose writer had seen, or written, what is held: later than that.

    A clock that jumped between two edits would put one before what was on the screen when it was made.
    """
    if held is None or not seen or incoming > held.stamp:
        return incoming
    return incoming._replace(hlc=held.stamp.hlc + 1)


def lives(life: int) -> bool:
    """Tell whether a life counter means alive."""
    return life % 2 == 1


def next_life(life: int, seen: int, *, restore: bool) -> int | None:
    """Return the life after a delete or restore that saw `seen`; None where it is stale.

    Deleting what is deleted, or restoring what lives, changes nothing and is stale too.
    """
    if seen != life or lives(life) is restore:
        return None
    return life + 1


def members(dots: Iterable[tuple[str, str]]) -> list[str]:
    """Return the present members of an add-wins set from its (value, dot) pairs, sorted."""
    return sorted({value for value, _ in dots})


def dot(device: int, incarnation: int, op_no: int) -> str:
    """Return the name of one addition to a set: the operation that added it."""
    return f"{device}.{incarnation}.{op_no}"
