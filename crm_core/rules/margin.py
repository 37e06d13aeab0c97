"""What a quote earns: its amounts without tax, after every discount, less what its products cost.

Only for who may read what products cost. A line whose cost nobody wrote down in a currency that can be
turned into the quote's is left out of both sides, and counted, so that nobody takes a part for the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

from crm_core.money import Money, round_half_up
from crm_core.rules.totals import QuoteLineValues, Totals

_HUNDRED = Decimal(100)
# Wide enough for a cost times a quantity at their limits.
_EXACT = Context(prec=120)


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """What is left, and of how much, in minor units of the quote's currency."""

    revenue_minor: int
    earned_minor: int
    known: int
    """Lines counted: those that have a part in the total and a cost."""
    counted: int
    """Lines that have a part in the total."""

    @property
    def percent(self) -> Decimal | None:
        """How much of the revenue is left, to a tenth; None where there is none."""
        if not self.revenue_minor:
            return None
        return Decimal(round_half_up(Decimal(self.earned_minor) * 1_000 / self.revenue_minor)).scaleb(-1)


def margin(lines: Sequence[QuoteLineValues], totals: Totals, costs: Sequence[Money | None]) -> Margin | None:
    """Return what a quote earns; None where no line's cost is known.

    `totals` are those of `lines`; `costs` of one piece of each, None where unknown or in another currency.
    """
    revenue = earned = known = counted = 0
    with localcontext(_EXACT):
        for line, total, cost in zip(lines, totals.lines, costs, strict=True):
            if not total.counts:
                continue
            counted += 1
            if cost is None or cost.currency != totals.currency:
                continue
            known += 1
            paid = total.net_minor - total.allowance_minor
            if totals.tax_included:
                paid = round_half_up(paid * _HUNDRED / (_HUNDRED + line.tax_rate))
            revenue += paid
            earned += paid - round_half_up(cost.minor * line.quantity)
    if not known:
        return None
    return Margin(revenue_minor=revenue, earned_minor=earned, known=known, counted=counted)
