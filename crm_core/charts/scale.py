"""Round numbers for the lines of a grid, and values as a share of its height."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from crm_core.charts.chart import Number

_OVER = Decimal("0.1")  # of a step: how far a value may stand above the highest line
_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


@dataclass(frozen=True, slots=True)
class Axis:
    """The lines of a grid, smallest first, and the values at its foot and top."""

    lines: tuple[Decimal, ...]
    low: Decimal
    high: Decimal

    def share(self, value: Number) -> float:
        """Return where a value lies between foot (0.0) and top (1.0), cut at both ends."""
        return share(value, self.low, self.high)


def axis(values: Iterable[Number], most: int = 4) -> Axis:
    """Return at most `most` lines at round values, zero included, for all of `values`.

    A value may stand a little above the highest line; the top is then that value.
    """
    exact = [Decimal(value) for value in values]
    low, high = min([*exact, Decimal(0)]), max([*exact, Decimal(0)])
    if low == high:
        return Axis((Decimal(0), Decimal(1)), Decimal(0), Decimal(1))
    power = Decimal(1).scaleb(((high - low) / (most - 1)).adjusted())
    for factor in _STEPS:
        step = power * factor
        first, last = ((low + _OVER * step) / step).__floor__(), ((high - _OVER * step) / step).__ceil__()
        first, last = min(first, 0), max(last, 0)
        if last - first < most or factor == _STEPS[-1]:
            lines = tuple(step * place for place in range(first, last + 1))
            return Axis(lines, min(low, lines[0]), max(high, lines[-1]))
    raise AssertionError("the last step always fits")


def share(value: Number, low: Number, high: Number) -> float:
    """Return where a value lies between low (0.0) and high (1.0), cut at both ends."""
    if high == low:
        return 0.0
    exact = (Decimal(value) - Decimal(low)) / (Decimal(high) - Decimal(low))
    return float(min(max(exact, Decimal(0)), Decimal(1)))
