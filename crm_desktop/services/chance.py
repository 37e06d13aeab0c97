"""Randomness of the running program, for rules that take it as an argument."""

from __future__ import annotations

import secrets


def random_below(limit: int) -> int:
    """Return a whole number from 0 to `limit` - 1."""
    return secrets.randbelow(limit)
