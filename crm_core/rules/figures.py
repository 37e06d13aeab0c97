"""Numbers as documents print them: commas, a true minus, the currency's decimals."""

from __future__ import annotations

from decimal import Decimal

from crm_core.money import Money

MINUS = "−"
NOTHING = "–"


def amount(minor: int, currency: str) -> str:
    """Return an amount of minor units, e.g. `386,000.00`; the currency is named elsewhere."""
    return f"{Money(minor, currency).decimal():,f}".replace("-", MINUS)


def quantity(value: Decimal) -> str:
    """Return a quantity without needless zeros, e.g. `1,200` or `0.5`."""
    text = f"{value:,f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", MINUS) if value else "0"


def percent(value: Decimal) -> str:
    """Return a percentage, e.g. `12.5 %`."""
    return f"{quantity(value)} %"


def discount(value: Decimal) -> str:
    """Return a discount; none at all is a dash."""
    return percent(value) if value else NOTHING
