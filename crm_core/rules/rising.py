"""What is heard more often than in the period before, and whether that may be chance.

The test is the exact binomial one: of all times something was heard in two periods of the same length, how
likely is it that so many or more fell into the later one if nothing had changed. Where more is heard of
everything, that share of all that was heard is what nothing having changed means. Of many things tested at
once some look as if they rose; which of them stand is decided by Benjamini and Hochberg (1995).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from statistics import NormalDist
from typing import Final

LEAST: Final = 3
"""Times something must have been heard in the later period to be told of."""
LIKELY: Final = 0.05
"""Chance up to which something is told of as risen, and the share of false ones among those that stand."""
_EXACT_UP_TO: Final = 2_000


def chance(now: int, before: int, all_now: int, all_before: int) -> float:
    """Return how likely so many or more are now, of `now + before`, if nothing had changed.

    `all_now`, `all_before`: how much was heard of anything in each period.
    """
    times = now + before
    if not times:
        return 1.0
    share = max(Fraction(1, 2), Fraction(all_now, max(1, all_now + all_before)))
    if share >= 1:
        return 1.0
    if times <= _EXACT_UP_TO:
        logs = math.log(share), math.log(1 - share)
        chances = (
            math.exp(
                math.lgamma(times + 1)
                - math.lgamma(many + 1)
                - math.lgamma(times - many + 1)
                + many * logs[0]
                + (times - many) * logs[1]
            )
            for many in range(now, times + 1)
        )
        return min(1.0, math.fsum(chances))
    middle, spread = times * float(share), math.sqrt(times * float(share) * float(1 - share))
    return 1.0 - NormalDist(middle, spread).cdf(now - 0.5)


def standing(chances: Sequence[float], most_false: float = LIKELY) -> list[bool]:
    """Return which of several things tested at once stand, at most that share of them by chance."""
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    last = 0
    for rank, place in enumerate(order, start=1):
        if chances[place] <= most_false * rank / len(chances):
            last = rank
    stands = [False] * len(chances)
    for place in order[:last]:
        stands[place] = True
    return stands
