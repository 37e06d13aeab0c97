"""What a period would come to if prices, win rates, the number of new deals or the cycle were others.

::

    expected = won
             + (1 + price) x sum over stages of  amount in the period x clamp(chance + points + its points)
             + (1 + price) x new deals x (1 + volume) x usual amount x clamp(win rate + points) x part closing

`amount in the period` are the open deals that close by its end when each closes the cycle's change sooner or
later than planned, counted from today; `new deals` those still to come at last year's pace; `part closing` of
them max(0, 1 - cycle / days left), as they come evenly and each takes the cycle. Without changes it is the
base. It grows with price, win rate and volume and never grows with the cycle; it is linear in price.
Everything is exact fractions, rounded once a part; amounts are minor units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

from crm_core.errors import Problem, UserError
from crm_core.i18n import N_, message
from crm_core.schema.field import Plain

MOST_PERCENT: Final = Decimal(500)
LEAST_PERCENT: Final = Decimal(-100)
LEAST_CYCLE: Final = Decimal(-90)
MOST_POINTS: Final = Decimal(100)
_PARTS: Final = ("price", "win_rate", "volume", "cycle")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What would be different. Win rates change by points, the rest by per cent of what it is."""

    price: Decimal = Decimal(0)
    win_rate: Decimal = Decimal(0)
    volume: Decimal = Decimal(0)
    cycle: Decimal = Decimal(0)
    stages: Mapping[str, Decimal] = field(default_factory=dict)
    """Points more of single stages, by their id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDeals:
    """Open deals of a stage and one probability that close on the same day."""

    stage_id: str
    amount: int
    chance: int
    """Probability in per cent."""
    days_away: int
    """From today to the day they close; below zero where it has passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What the figures of today are. `deals` are those that close from the period's first day on, also beyond
    its end: a shorter cycle brings them in."""

    won: int
    deals: Sequence[OpenDeals]
    days_left: int
    """From today to the period's last day."""
    new_deals: Fraction = Fraction(0)
    """That are still to come until then, at the pace of the last year."""
    usual_amount: int = 0
    """Of a deal won in the last year, on average."""
    win_rate: Fraction = Fraction(0)
    """Of the deals decided in the last year, the part won."""
    cycle_days: Fraction = Fraction(0)
    """From making a deal to winning it, on average."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What comes out, rounded half up once, part by part."""

    won: int
    pipeline: int
    new: int

    @property
    def total(self) -> int:
        """Return everything together."""
        return self.won + self.pipeline + self.new


def expected(basis: Basis, changes: Changes = Changes()) -> Expected:
    """Return what the period comes to under some changes."""
    price = _factor(changes.price)
    pace = _factor(changes.cycle)
    pipeline = Fraction(0)
    for deal in basis.deals:
        if _away(deal.days_away, pace) <= basis.days_left:
            points = changes.win_rate + changes.stages.get(deal.stage_id, Decimal(0))
            pipeline += deal.amount * _clamped(Fraction(deal.chance, 100) + Fraction(points) / 100)
    wins = _clamped(basis.win_rate + Fraction(changes.win_rate) / 100)
    new = basis.new_deals * _factor(changes.volume) * basis.usual_amount * wins
    return Expected(
        won=basis.won,
        pipeline=_rounded(pipeline * price),
        new=_rounded(new * _part_closing(basis, pace) * price),
    )


def _factor(percent: Decimal) -> Fraction:
    return max(1 + Fraction(percent) / 100, Fraction(0))


def _away(days: int, pace: Fraction) -> Fraction:
    """Return how far away a day is when what lies ahead comes sooner or later; what has passed stays."""
    return days * pace if days > 0 else Fraction(days)


def _clamped(chance: Fraction) -> Fraction:
    return min(max(chance, Fraction(0)), Fraction(1))


def _part_closing(basis: Basis, pace: Fraction) -> Fraction:
    if basis.days_left <= 0:
        return Fraction(0)
    return max(Fraction(0), 1 - basis.cycle_days * pace / basis.days_left)


def _rounded(value: Fraction) -> int:
    return int(value + Fraction(1, 2)) if value >= 0 else -int(-value + Fraction(1, 2))


def plain_changes(changes: Changes) -> dict[str, Plain]:
    """Return changes as a record keeps them; what stays as it is, is left out."""
    kept: dict[str, Plain] = {
        name: f"{getattr(changes, name):f}" for name in _PARTS if getattr(changes, name)
    }
    stages: dict[str, Plain] = {stage: f"{points:f}" for stage, points in changes.stages.items() if points}
    return {**kept, "stages": stages} if stages else kept


def changes_of(stored: Any) -> Changes:
    """Return the changes a record keeps. `UserError` where these are none."""
    if stored is None:
        return Changes()
    if problems_of_scenario({"changes": stored}):
        raise UserError(N_("This scenario was made by a newer version, or is damaged"))
    stages = {stage: Decimal(points) for stage, points in (stored.get("stages") or {}).items()}
    return Changes(**{name: Decimal(stored[name]) for name in _PARTS if name in stored}, stages=stages)


def problems_of_scenario(values: Mapping[str, Any]) -> list[Problem]:
    """Return what keeps a scenario from being worked out."""
    stored = values.get("changes")
    if stored is None:
        return []
    stages = stored.get("stages", {}) if isinstance(stored, Mapping) else None
    sound = (
        isinstance(stored, Mapping)
        and isinstance(stages, Mapping)
        and set(stored) <= {*_PARTS, "stages"}
        and all(_fits(name, stored[name]) for name in _PARTS if name in stored)
        and all(_fits("win_rate", points) for points in stages.values())
    )
    if sound:
        return []
    said = message(
        N_(
            "A scenario changes prices and volume by -100 to {most} %, the cycle by {least} to {most} %,"
            " win rates by points"
        ),
        most=f"{MOST_PERCENT:f}",
        least=f"{LEAST_CYCLE:f}",
    )
    return [Problem(field="changes", message=said)]


def _fits(name: str, stored: Any) -> bool:
    if not isinstance(stored, str):
        return False
    try:
        value = Decimal(stored)
    except InvalidOperation:
        return False
    if not value.is_finite():
        return False
    if name == "win_rate":
        return abs(value) <= MOST_POINTS
    return (LEAST_CYCLE if name == "cycle" else LEAST_PERCENT) <= value <= MOST_PERCENT
