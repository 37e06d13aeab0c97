"""Entries of accounts: written once, never changed, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose account an entry belongs to."""

    link: str
    """Name of the entry's link to that record."""
    total: str
    """Name of the computed field of that record that holds the sum."""
    below_zero: str = ""
    """English subject of the task opened where the sum falls below zero; `{title}` is the record's. Empty:
    what is below zero there is nothing to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Makes an entity entries: each is signed, and each of its accounts is what its entries add up to."""

    amount: str
    """Name of the whole number an entry adds; below zero it takes away."""
    accounts: tuple[Account, ...]
