"""Exact money: whole minor units and a currency, never a float.

Rounding everywhere is half up away from zero on the minor unit, the rule Chinese VAT invoices and
most European ones use; it is named on the quote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import msgspec

from crm_core.errors import UserError
from crm_core.i18n import N_

# ISO 4217 currencies whose minor unit is not a hundredth.
_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "KWD": 3, "BHD": 3, "OMR": 3, "TND": 3}
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_ONE = Decimal(1)
# 2**53 minor units: exact in every JSON reader, and ninety trillion yuan.
MAX_MINOR = 2**53


def is_currency(text: str) -> bool:
    """Tell whether a text has the form of a currency's code: three capitals (ISO 4217)."""
    return bool(_CURRENCY.match(text))


def digits(currency: str) -> int:
    """Return how many decimals the currency's minor unit has (ISO 4217)."""
    return _DIGITS.get(currency, 2)


class Money(msgspec.Struct, frozen=True):
    """An amount in whole minor units (fen, cents) of one currency."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return f"{self.decimal()} {self.currency}"

    def decimal(self) -> Decimal:
        """Return the amount in major units, with exactly the currency's decimals."""
        return Decimal(self.minor).scaleb(-digits(self.currency))

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def times(self, factor: Decimal | int) -> Money:
        """Return the amount multiplied by an exact factor, rounded half up."""
        return Money(round_half_up(Decimal(self.minor) * factor), self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add")


def round_half_up(value: Decimal) -> int:
    """Return the nearest integer, halves away from zero."""
    return int(value.quantize(_ONE, rounding=ROUND_HALF_UP))


def parse_money(text: str, default_currency: str | None = None) -> Money:
    """Return the amount written as `1299.00 CNY`, or `1,299` where a default currency is known.

    Raises `UserError` where it is no amount, or finer than the currency's minor unit.
    """
    parts = text.replace(",", "").replace("\u00a0", " ").split()
    currency = parts[1].upper() if len(parts) == 2 else default_currency
    try:
        amount = Decimal(parts[0])
    except (InvalidOperation, IndexError):
        amount = Decimal("NaN")
    if len(parts) > 2 or not currency or not is_currency(currency) or not amount.is_finite():
        raise UserError(N_("“{text}” is not an amount such as 1299.00 CNY"), text=text)
    if amount.copy_abs() > MAX_MINOR:
        raise UserError(N_("“{text}” is larger than any amount the program keeps"), text=text)
    minor = amount.scaleb(digits(currency))
    if minor != minor.to_integral_value():
        raise UserError(N_("“{text}” has more decimals than {currency} has"), text=text, currency=currency)
    if abs(minor) > MAX_MINOR:
        raise UserError(N_("“{text}” is larger than any amount the program keeps"), text=text)
    return Money(int(minor), currency)


def allocate(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Split `total_minor` in proportion to `weights` (each >= 0) without losing a minor unit.

    Largest remainder method; ties go to the earlier share. All weights zero: all to the first.
    """
    if not weights:
        return []
    whole = sum(weights)
    if whole == 0:
        return [total_minor] + [0] * (len(weights) - 1)
    sign = -1 if total_minor < 0 else 1
    size = abs(total_minor)
    shares = [size * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(size * weights[i] % whole), i))
    for index in by_remainder[: size - sum(shares)]:
        shares[index] += 1
    return [sign * share for share in shares]
