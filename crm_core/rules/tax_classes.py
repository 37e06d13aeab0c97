"""Classes of tax: which rate holds on a day, and whether the rates written down can be read."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crm_core.errors import Problem
from crm_core.i18n import N_, message
from crm_core.schema.values import canonical_decimal

_MOST_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRate:
    """A percentage as canonical text, and the first day it holds; None: since ever."""

    rate: str
    first: datetime.date | None = None


def rates_of(stored: Any) -> tuple[TaxRate, ...]:
    """Return a class's rates, the earliest first. Raises `ValueError` where they cannot be read."""
    if not isinstance(stored, list):
        raise ValueError(stored)
    found = []
    for each in stored:
        if not isinstance(each, Mapping) or not isinstance(each.get("rate"), str):
            raise ValueError(each)
        first = each.get("from")
        day = datetime.date.fromisoformat(first) if first else None
        found.append(TaxRate(rate=canonical_decimal(each["rate"]), first=day))
    return tuple(sorted(found, key=lambda rate: rate.first or datetime.date.min))


def stored_rates(rates: tuple[TaxRate, ...]) -> list[dict[str, str | None]]:
    """Return rates as a record keeps them."""
    return [{"from": each.first.isoformat() if each.first else None, "rate": each.rate} for each in rates]


def rate_on(stored: Any, day: datetime.date) -> str | None:
    """Return the percentage that holds on a day; None where none does, or a newer version wrote them."""
    try:
        begun = [each for each in rates_of(stored) if each.first is None or each.first <= day]
    except ValueError:
        return None
    return begun[-1].rate if begun else None


def problems_of_class(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a class's rates."""
    stored = values.get("rates")
    if not stored:
        return []  # told of as required
    try:
        rates = rates_of(stored)
    except ValueError:
        said = message(N_("A rate is a percentage with the day it begins, such as 13 from 2019-04-01"))
        return [Problem(field="rates", message=said)]
    if not all(0 <= Decimal(each.rate) <= _MOST_PERCENT for each in rates):
        return [Problem(field="rates", message=message(N_("A tax rate is between 0 and 100 %")))]
    if len({each.first for each in rates}) < len(rates):
        return [Problem(field="rates", message=message(N_("Two rates begin on the same day")))]
    return []
