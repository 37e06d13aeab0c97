"""What the entries of an account come to: the same function on laptop and HQ."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from crm_core.money import MAX_MINOR
from crm_core.schema.field import Field, Kind

MOST: Final = 2**31 - 1  # what a whole number's column holds on every engine


def total(amounts: Iterable[int | None], most: int = MOST) -> int:
    """Return the sum of an account's entries, at most what its field holds; below zero is allowed."""
    return max(-most, min(most, sum(amount or 0 for amount in amounts)))


def most_of(field: Field) -> int:
    """Return the largest sum a field of an account's holder can hold."""
    return MAX_MINOR if field.kind is Kind.MONEY else MOST


def falls_below_zero(before: int | None, after: int) -> bool:
    """Tell whether the account was at zero or more, and is not any longer."""
    return (before or 0) >= 0 > after
