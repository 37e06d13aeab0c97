"""How far open deals are counted on, in SQL, for the board."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func

from crm_core.entities.deal import Deal
from crm_core.rules.forecast import BEST_FROM, COMMIT_FROM, Category


def categories(
    chance: ColumnElement[int],
) -> tuple[ColumnElement[bool], ColumnElement[bool], ColumnElement[bool]]:
    """Return in SQL that an open deal is committed, best case, left out, as `forecast.category_of` says."""
    by_hand = func.coalesce(Deal.forecast, "")
    none = by_hand.not_in(list(Category))
    return (
        (by_hand == Category.COMMIT) | (none & (chance >= COMMIT_FROM)),
        (by_hand == Category.BEST) | (none & (chance >= BEST_FROM) & (chance < COMMIT_FROM)),
        (by_hand == Category.OMITTED) | (none & Deal.probability.is_not(None) & (chance <= 0)),
    )


def weighted(whole: ColumnElement[int]) -> ColumnElement[int]:
    """Return in SQL, whose whole numbers are cut towards zero, what `pipeline.weighted_minor` rounds."""
    return func.iif(whole >= 0, (2 * whole + 100) // 200, -((100 - 2 * whole) // 200))
