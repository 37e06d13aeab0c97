"""What customers are worth on this laptop: one customer with its reasons, and the page of all."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from crm_core.charts.value_board import VALUE_BOARD
from crm_core.entities import SCHEMAS
from crm_core.errors import AccessDenied
from crm_core.i18n import N_, Message, message
from crm_core.reporting import purchases, worth
from crm_core.rules.access import Action, decide
from crm_core.rules.customer_profile import Figure
from crm_core.rules.customer_value import CUSTOMER, PACES, RFM_CLASSES, WORTH_CURRENCY, Counting
from crm_core.rules.dashboards import Tile
from crm_desktop.models import query
from crm_desktop.models.narrowing import Narrowing
from crm_desktop.models.replica import Replica

_SHOWN: Final = (
    *("rfm_class", "rfm_recency", "rfm_frequency", "rfm_revenue", "purchases", "first_purchase"),
    *("last_purchase", "silent_days", "usual_days", "pace", "bought", "yearly", "expected", WORTH_CURRENCY),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerValue:
    """What one customer is worth. Amounts are minor units of `currency`; scores 1 to 5, 5 the best."""

    class_label: str
    """English source of its class."""
    recency: int
    frequency: int
    revenue: int
    purchases: int
    first_on: datetime.date
    last_on: datetime.date
    silent_days: int
    usual_days: int | None
    pace: str
    """'' where it bought too seldom to have an interval of its own."""
    bought: int
    yearly: int | None
    expected: int | None
    currency: str
    counting: Counting


def value_of(replica: Replica, customer_id: str) -> CustomerValue | None:
    """Return what a customer is worth; None where it bought nothing, or the person may not read what."""
    with replica.read() as session:
        narrowing = Narrowing(session, replica.person)
        try:
            for name in _SHOWN:
                narrowing.field(CUSTOMER, name)
        except AccessDenied:
            return None
        found = worth.worth_of(narrowing, CUSTOMER, _SHOWN)
        row = session.connection().execute(select(found).where(found.c.record_id == customer_id)).first()
        counting = purchases.counting_in(narrowing)
    if row is None:
        return None
    labels = {each.key: each.label for each in RFM_CLASSES}
    return CustomerValue(
        class_label=labels[row.rfm_class],
        recency=row.rfm_recency,
        frequency=row.rfm_frequency,
        revenue=row.rfm_revenue,
        purchases=row.purchases,
        first_on=datetime.date.fromisoformat(row.first_purchase),
        last_on=datetime.date.fromisoformat(row.last_purchase),
        silent_days=row.silent_days,
        usual_days=row.usual_days,
        pace=row.pace or "",
        bought=row.bought,
        yearly=row.yearly,
        expected=row.expected,
        currency=row.worth_currency,
        counting=counting,
    )


def why_class(value: CustomerValue) -> Message:
    """Return what a customer's class follows from."""
    return message(
        N_(
            "Bought {days} days ago ({recency} of 5), {times} times ({frequency} of 5),"
            " revenue {revenue} of 5"
        ),
        days=value.silent_days,
        recency=value.recency,
        times=value.purchases,
        frequency=value.frequency,
        revenue=value.revenue,
    )


def why_expected(value: CustomerValue) -> Message:
    """Return what the revenue to be expected follows from, or why there is none."""
    if value.usual_days is None:
        return message(N_("Bought on fewer than three days: too seldom to expect anything by"))
    said = {
        "in_time": N_("Buys every {days} days and did so lately: a usual year for {years} years"),
        "late": N_("Buys every {days} days and is late: less of the usual year for {years} years"),
        "silent": N_("Bought every {days} days and is silent for more than {times} times that: nothing"),
    }[value.pace]
    return message(said, days=value.usual_days, years=value.counting.years, times=value.counting.silent_times)


def value_figures(value: CustomerValue, amount: Callable[[int], str]) -> tuple[Figure, ...]:
    """Return what is told of a customer's worth, each with what it follows from."""
    return (
        Figure(label=message(N_("Value class")), said=Message(value.class_label), basis=why_class(value)),
        Figure(
            label=message(N_("Lifetime value")),
            said=Message("{amount}", {"amount": amount(value.bought + (value.expected or 0))}),
            basis=message(
                N_("Bought {bought}, to be expected {expected}"),
                bought=amount(value.bought),
                expected=amount(value.expected or 0),
            ),
        ),
        Figure(
            label=message(N_("Pace of buying")),
            said=Message(next((each.label for each in PACES if each.value == value.pace), "—")),
            basis=why_expected(value),
        ),
    )


def tiles_of(replica: Replica) -> tuple[Tile, ...]:
    """Return the tiles of the page of customer value that the person may count."""
    person = replica.person
    return tuple(
        each.tile
        for each in VALUE_BOARD
        if decide(person, Action.READ, each.needs[0]) and query.not_masked(person, *each.needs)
    )


def buys_anybody(replica: Replica) -> bool:
    """Tell whether there is an order, or a deal won, that anything could be counted of."""
    with replica.read() as session:
        connection = session.connection()
        narrowing = Narrowing(session, replica.person)
        order = SCHEMAS["order"].table
        ordered = (
            select(order.c.id).where(order.c.life % 2 == 1, order.c.status.in_(purchases.COUNTED)).limit(1)
        )
        if connection.execute(ordered).first() is not None:
            return True
        deal = SCHEMAS["deal"].table
        return bool(
            decide(replica.person, Action.READ, "deal")
            and connection.execute(select(deal.c.id).where(purchases.is_won(narrowing)).limit(1)).first()
            is not None
        )
