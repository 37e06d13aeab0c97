"""What the entries of an account come to: the same function on laptop and HQ."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

MOST: Final = 2**31 - 1  # what a whole number's column holds on every engine


def total(amounts: Iterable[int | None]) -> int:
    """Return the sum of an account's entries, at most what a whole number holds; below zero is allowed."""
    return max(-MOST, min(MOST, sum(amount or 0 for amount in amounts)))


def falls_below_zero(before: int | None, after: int) -> bool:
    """Tell whether the account was at zero or more, and is not any longer."""
    return (before or 0) >= 0 > after
