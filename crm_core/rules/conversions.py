"""What open deals bring by their stage: of those that came so far before and were decided, the part won."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

LEAST_DECIDED: Final = 20
"""Deals that must have come as far as a stage and been decided, before their part won says more than the
probability a deal has."""
Z: Final = 1.2816
"""Standard deviations on either side that hold 80 % of a normal distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRate:
    """Of the deals that came as far as a stage and were decided, how many were won."""

    stage_id: str
    decided: int
    won: int

    @property
    def rate(self) -> float | None:
        """Return the part won; None where too few were decided to say."""
        return self.won / self.decided if self.decided >= LEAST_DECIDED else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FromStages:
    """What open deals come to by these parts, with the ends of the middle 80 %; minor units."""

    low: float
    middle: float
    high: float
    counted: int
    by_probability: int
    """Of these deals, those of stages that too few have left."""


def from_stages(deals: Iterable[tuple[str, int, int | None]], known: Mapping[str, StageRate]) -> FromStages:
    """Return what open deals come to, each given as (stage, amount, probability in per cent).

    Each is won or not by itself, so the variance is the sum of amount² x part x (1 - part); the interval is
    that of a normal distribution, never below nothing or above all of them.
    """
    middle = variance = whole = 0.0
    counted = by_probability = 0
    for stage, amount, probability in deals:
        found = known[stage].rate if stage in known else None
        rate = (probability or 0) / 100 if found is None else found
        by_probability += found is None
        counted += 1
        whole += amount
        middle += amount * rate
        variance += amount * amount * rate * (1 - rate)
    off = Z * math.sqrt(max(variance, 0.0))
    return FromStages(
        low=max(middle - off, 0.0),
        middle=middle,
        high=max(min(middle + off, whole), middle),
        counted=counted,
        by_probability=by_probability,
    )
