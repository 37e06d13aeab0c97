"""What customers and campaigns are worth, counted record by record: what the database must say as well."""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from crm_core.money import digits
from crm_core.rules import customer_value as rules
from crm_core.rules.customer_value import Counting

Row = Mapping[str, Any]
Rows = Mapping[str, Mapping[str, Row]]
Buys = tuple[datetime.date, int]
"""A day, and minor units of the company's currency."""


def add_worth(
    rows: Mapping[str, Mapping[str, dict[str, Any]]],
    today: datetime.date,
    currency: str,
    rates: Mapping[str, Decimal],
    counting: Counting = Counting(),  # noqa: B008 - it is frozen
) -> None:
    """Write into plain rows what their customers and campaigns are worth."""
    nothing = dict.fromkeys(rules.worth_fields(rules.CUSTOMER))
    found = worth_of_customers(rows, today, currency, rates, counting)
    for customer_id, row in rows["customer"].items():
        row.update(found.get(customer_id, nothing))
    for campaign_id, brought in worth_of_campaigns(rows, currency, rates).items():
        rows["campaign"][campaign_id].update(brought)


def worth_of_customers(
    rows: Rows, today: datetime.date, currency: str, rates: Mapping[str, Decimal], counting: Counting
) -> dict[str, dict[str, Any]]:
    """Return what each customer that bought anything is worth, by id and name of the field."""
    bought = _bought(rows, counting)
    base = {
        customer: _one(purchases, today, currency, rates, counting) for customer, purchases in bought.items()
    }
    by_field: dict[str, tuple[str, tuple[int, ...], Callable[[dict[str, Any]], Any]]] = {
        "rfm_recency": ("silent_days", counting.recency, lambda each: -each["silent_days"]),
        "rfm_frequency": ("purchases", counting.frequency, lambda each: each["purchases"]),
        "rfm_revenue": ("bought", counting.monetary, lambda each: each["bought"]),
    }
    for name, (value, bounds, rank) in by_field.items():
        every = [rank(each) for each in base.values()]
        for each in base.values():
            if bounds:
                less = name == "rfm_recency"
                each[name] = rules.score_by_bounds(each[value], bounds, less_is_better=less)
            else:
                below = sum(other < rank(each) for other in every)
                each[name] = rules.score_of_place(below, every.count(rank(each)), len(every))
    for each in base.values():
        each["rfm_class"] = rules.rfm_class(each["rfm_recency"], each["rfm_frequency"], each["rfm_revenue"])
    return base


def _bought(rows: Rows, counting: Counting) -> dict[str, list[tuple[datetime.date, int, str]]]:
    found: dict[str, list[tuple[datetime.date, int, str]]] = defaultdict(list)
    for order in rows["order"].values():
        known = order["customer_id"] in rows["customer"] and order["ordered_on"]
        if order["status"] in ("confirmed", "closed") and known:
            day = datetime.date.fromisoformat(order["ordered_on"])
            found[order["customer_id"]].append((day, order["total"], order["currency"]))
    if not counting.deals_too:
        return found
    ordering = set(found)
    for deal in rows["deal"].values():
        won = rows["stage"].get(deal["stage_id"], {}).get("kind") == "won"
        customer = deal["customer_id"]
        if won and deal["close_date"] and customer in rows["customer"] and customer not in ordering:
            found[customer].append(
                (datetime.date.fromisoformat(deal["close_date"]), deal["amount"], deal["currency"])
            )
    return found


def _one(
    purchases: list[tuple[datetime.date, int, str]],
    today: datetime.date,
    currency: str,
    rates: Mapping[str, Decimal],
    counting: Counting,
) -> dict[str, Any]:
    days = sorted({day for day, _, _ in purchases})
    months = sorted({day.year * 12 + day.month for day in days})
    since = rules.months_back(today, counting.months)
    before = rules.months_back(today, 2 * counting.months)
    bought = exchanged(((minor, unit) for _, minor, unit in purchases), currency, rates)
    now = exchanged(((minor, unit) for day, minor, unit in purchases if day > since), currency, rates)
    earlier = exchanged(
        ((minor, unit) for day, minor, unit in purchases if before < day <= since), currency, rates
    )
    gaps = sorted((later - first).days for first, later in pairwise(days))
    usual = gaps[(len(gaps) - 1) // 2] if len(days) >= rules.LEAST_PURCHASES else None
    silent = (today - days[-1]).days
    found: dict[str, Any] = {
        "purchases": len(days),
        "first_purchase": days[0].isoformat(),
        "last_purchase": days[-1].isoformat(),
        "silent_days": silent,
        "usual_days": usual,
        "bought": bought,
        "bought_now": now,
        "bought_before": earlier,
        "movement": rules.movement(now, earlier, is_new=days[0] > since),
        "active_months": len(months),
        "streak": _longest(months),
        "worth_currency": currency,
        "pace": None,
        "yearly": None,
        "expected": None,
    }
    if usual is not None:
        of_a_year = rules.yearly(bought, len(days), (days[-1] - days[0]).days)
        found |= {
            "pace": rules.pace(silent, usual, counting.silent_times),
            "yearly": of_a_year,
            "expected": rules.expected(of_a_year, silent, usual, counting),
        }
    return found


def _longest(months: list[int]) -> int:
    longest = run = 1
    for first, later in pairwise(months):
        run = run + 1 if later == first + 1 else 1
        longest = max(longest, run)
    return longest


def exchanged(
    amounts: Iterable[tuple[int | None, str | None]], currency: str, rates: Mapping[str, Decimal]
) -> int:
    """Return amounts in one currency: each currency's sum exchanged, those without a rate left out."""
    sums: dict[str, int] = defaultdict(int)
    for minor, unit in amounts:
        sums[unit or currency] += minor or 0
    total = 0
    for unit, minor in sums.items():
        if unit == currency:
            total += minor
        elif unit in rates:
            by = Fraction(rates[unit]) * Fraction(10) ** (digits(currency) - digits(unit))
            total += math.floor(minor * by + Fraction(1, 2))
    return total


def worth_of_campaigns(rows: Rows, currency: str, rates: Mapping[str, Decimal]) -> dict[str, dict[str, Any]]:
    """Return what each campaign brought, by id and name of the field."""
    won = sorted(
        (
            deal
            for deal in rows["deal"].values()
            if deal["close_date"] and rows["stage"].get(deal["stage_id"], {}).get("kind") == "won"
        ),
        key=lambda deal: (deal["close_date"], deal["id"]),
    )
    first: dict[str, str] = {}
    for deal in won:
        if deal["customer_id"]:
            first.setdefault(deal["customer_id"], deal["id"])
    found = {}
    for campaign_id in rows["campaign"]:
        came = [lead for lead in rows["lead"].values() if lead["campaign_id"] == campaign_id]
        its = [deal for deal in won if deal["campaign_id"] == campaign_id]
        found[campaign_id] = {
            "leads": len(came),
            "leads_converted": sum(lead["status"] == "converted" for lead in came),
            "deals_won": len(its),
            "customers_won": sum(first.get(deal["customer_id"]) == deal["id"] for deal in its),
            "won_amount": exchanged(((deal["amount"], deal["currency"]) for deal in its), currency, rates),
            "worth_currency": currency,
        }
    return found
