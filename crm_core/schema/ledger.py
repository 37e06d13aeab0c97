"""Entries of an account: written once, never changed, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Makes an entity an account's entries: each is signed, and the account is what they add up to."""

    amount: str
    """Name of the whole number an entry adds; below zero it takes away."""
    account: str
    """Name of the link to the record whose account it is."""
    total: str
    """Name of the computed field of that record that holds the sum."""
    below_zero: str
    """English subject of the task opened where the sum falls below zero; `{title}` is the record's."""
