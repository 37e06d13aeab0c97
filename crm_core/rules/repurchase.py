"""What a customer is likely to buy next, by what was ordered: again after the usual time, or beside it.

Both say what they follow from. Whole numbers and fractions alone, so every laptop with the same orders says
the same.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Final

LEAST_PURCHASES: Final = 3
"""Days on which a product was bought, below which no interval is believed."""
LEAST_TOGETHER: Final = 3
"""Orders two products must share, below which it may be chance."""
LEAST_LIFT: Final = Fraction(6, 5)
"""How much oftener than chance two products must be ordered together."""
GIVEN_UP: Final = 3
"""After so many intervals without an order nobody waits for one any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A product that is usually bought again by a day."""

    product_id: str
    times: int
    every_days: int
    last_on: datetime.date
    expected_on: datetime.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A product that is often ordered with one the customer has."""

    product_id: str
    with_id: str
    together: int
    """Orders that hold both."""
    of: int
    """Orders that hold the one the customer has."""
    lift: Fraction
    """How many times as often as by chance."""


def expected(product_id: str, days: Iterable[datetime.date]) -> Expected | None:
    """Return when a product would be bought next by the days it was bought on; None for too few of them.

    The interval is the median of those between purchases, the lower middle of an even number.
    """
    bought = sorted(set(days))
    if len(bought) < LEAST_PURCHASES:
        return None
    gaps = sorted((later - earlier).days for earlier, later in pairwise(bought))
    every = gaps[(len(gaps) - 1) // 2]
    return Expected(
        product_id=product_id,
        times=len(bought),
        every_days=every,
        last_on=bought[-1],
        expected_on=bought[-1] + datetime.timedelta(days=every),
    )


def is_due(found: Expected, today: datetime.date, within_days: int = 0) -> bool:
    """Tell whether a purchase is expected within so many days and not given up on."""
    soon = found.expected_on <= today + datetime.timedelta(days=within_days)
    return soon and (today - found.last_on).days <= (GIVEN_UP + 1) * max(found.every_days, 1)


def related(baskets: Iterable[Collection[str]], held: Collection[str]) -> list[Related]:
    """Return what is often ordered with products a customer has and that he has not, the closest first.

    `baskets` are the products of each order. Of several reasons for one product the strongest is given.
    """
    count, alone = 0, Counter[str]()
    both = Counter[tuple[str, str]]()
    have = set(held)
    for basket in baskets:
        products = sorted(set(basket))
        if not products:
            continue
        count += 1
        alone.update(products)
        both.update(combinations(products, 2))
    best: dict[str, Related] = {}
    for (first, second), together in both.items():
        for has, other in ((first, second), (second, first)):
            if has not in have or other in have or together < LEAST_TOGETHER:
                continue
            lift = Fraction(together * count, alone[has] * alone[other])
            if lift < LEAST_LIFT:
                continue
            found = Related(product_id=other, with_id=has, together=together, of=alone[has], lift=lift)
            if other not in best or _rank(found) < _rank(best[other]):
                best[other] = found
    return sorted(best.values(), key=_rank)


def _rank(found: Related) -> tuple[Fraction, int, str, str]:
    return (-found.lift, -found.together, found.product_id, found.with_id)


def all_expected(bought: Mapping[str, Iterable[datetime.date]]) -> list[Expected]:
    """Return what of the products bought, by id, is expected again, the soonest first."""
    found = (expected(product_id, days) for product_id, days in bought.items())
    return sorted(
        (each for each in found if each is not None), key=lambda each: (each.expected_on, each.product_id)
    )
