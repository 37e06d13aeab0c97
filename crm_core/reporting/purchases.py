"""What customers bought, in SQL: purchases put together by customer, and the days and months between them.

One pass over what somebody sees; `crm_core.reporting.worth` makes of it what records are worth.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Hashable, Sequence
from fractions import Fraction
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy import cast as as_type

from crm_core.entities import SCHEMAS
from crm_core.reporting.moments import day_of, quotient
from crm_core.rules.customer_value import CUSTOMER, LEAST_PURCHASES, Counting, counting_of, months_back
from crm_core.rules.prices import Rate, factor
from crm_core.schema.field import Field, Kind

LATELY, INTERVAL, MONTHS = "lately", "interval", "months"
"""What is counted of purchases beside how many, when and how much they were."""
COUNTED: Final = ("confirmed", "closed")
"""States of orders that are purchases."""
DAY: Final = Field(no=0, name="day", label="", kind=Kind.DATE)
_ORDER, _DEAL, _STAGE, _RULE = (SCHEMAS[each] for each in ("order", "deal", "stage", "value_rule"))
Column = ColumnElement[Any]


class Seen(Protocol):
    """The records one person may see at one moment: the part of `Source` that is needed here."""

    @property
    def currency(self) -> str:
        """The company's currency."""

    @property
    def rates(self) -> Sequence[Rate]:
        """The exchange rates that hold today."""

    @property
    def today(self) -> datetime.date:
        """The day it is there."""

    def field(self, entity: str, name: str) -> Field:
        """Return a field. `UserError` where there is none, `AccessDenied` where it is masked."""

    def visible(self, entity: str) -> ColumnElement[bool]:
        """Return that a row lives and the person sees it. `AccessDenied` where he reads no such records."""

    def execute(self, statement: Select[Any]) -> Sequence[Any]:
        """Return the rows of a statement."""

    @property
    def made_once(self) -> dict[Hashable, Any]:
        """What was made of these records once and is used again."""


_T = TypeVar("_T")


def kept(seen: Seen, key: Hashable, make: Callable[[], _T]) -> _T:
    """Return what is made once for these records: asked for twice in a statement, it is counted once."""
    if key not in seen.made_once:
        seen.made_once[key] = make()
    found: _T = seen.made_once[key]
    return found


def counting_in(seen: Seen) -> Counting:
    """Return how it is reckoned there: the rule in use, of several the first by name."""
    return kept(seen, "counting", lambda: _counting(seen))


def _counting(seen: Seen) -> Counting:
    table = _RULE.table
    wanted = select(table).where(table.c.life % 2 == 1).order_by(table.c.name, table.c.id)
    rows = [row._mapping for row in seen.execute(wanted)]
    used = next((row for row in rows if row["active"] is not False), None)
    return counting_of(used, seen.currency)


def purchases(seen: Seen, counting: Counting, *, with_money: bool) -> FromClause:
    """Return (customer_id, day, minor, currency) of each order, and deal, that is a purchase.

    Also of customers out of sight: `base_of` leaves them out, once a customer rather than once a purchase.
    """
    order = _ORDER.table
    money = (order.c.total, order.c.currency) if with_money else (null(), null())
    is_bought = and_(
        seen.visible("order"),
        order.c.status.in_(COUNTED),
        func.coalesce(order.c.ordered_on, "") != "",
        order.c.customer_id.is_not(None),
    )
    orders = _four(order.c.customer_id, order.c.ordered_on, *money).where(is_bought)
    if not counting.deals_too:
        return orders.correlate(None).subquery()
    deal = _DEAL.table
    # Not `NOT IN`: of many orders PostgreSQL would go through all of them again for each deal.
    ordered = exists().where(order.c.customer_id == deal.c.customer_id, is_bought).correlate(deal)
    money = (deal.c.amount, deal.c.currency) if with_money else (null(), null())
    deals = _four(deal.c.customer_id, deal.c.close_date, *money).where(
        is_won(seen), deal.c.customer_id.is_not(None), ~ordered
    )
    return union_all(orders.correlate(None), deals.correlate(None)).subquery()


def is_won(seen: Seen) -> ColumnElement[bool]:
    """Return that a row of the deals' table was won, on a day that is known."""
    deal, stage = _DEAL.table, _STAGE.table
    won = select(stage.c.id).where(stage.c.kind == "won", stage.c.life % 2 == 1).correlate(None)
    return and_(seen.visible("deal"), deal.c.stage_id.in_(won), func.coalesce(deal.c.close_date, "") != "")


def _four(customer: Column, day: Column, minor: Column, currency: Column) -> Select[Any]:
    found: list[Column] = [
        customer.label("customer_id"),
        day.label("day"),
        as_type(minor, BigInteger).label("minor"),
        as_type(currency, Text).label("currency"),
    ]
    return select(*found)


def base_of(
    seen: Seen, counting: Counting, bought: FromClause, *, with_money: bool, parts: Collection[str] = ()
) -> CTE:
    """Return what each customer bought, how often and when.

    `parts`: what is counted besides: what was bought lately and before (`LATELY`), the usual interval
    (`INTERVAL`), runs of months (`MONTHS`). All in one pass: of parts joined to one another PostgreSQL
    expects a handful of rows, and goes through them for each customer.
    """
    if INTERVAL in parts:
        bought = _with_gaps(bought)
    if MONTHS in parts:
        bought = _with_runs(bought)
    row = bought.c
    found: list[Column] = [
        row.customer_id,
        whole(func.count(row.day.distinct())).label("purchases"),
        func.min(row.day).label("first_purchase"),
        func.max(row.day).label("last_purchase"),
    ]
    if with_money:
        found.append(summed(seen, bought, None).label("bought"))
    if LATELY in parts:
        since = months_back(seen.today, counting.months).isoformat()
        before = months_back(seen.today, 2 * counting.months).isoformat()
        now = row.day > since
        found += [
            summed(seen, bought, now).label("bought_now"),
            summed(seen, bought, and_(row.day > before, ~now)).label("bought_before"),
        ]
    if INTERVAL in parts:
        middle = and_(row.gaps >= LEAST_PURCHASES - 1, row.place == quotient(row.gaps + 1, 2))
        found.append(func.max(case((middle, row.gap))).label("usual_days"))
    if MONTHS in parts:
        found.append(func.max(row.months).label("active_months"))
        found.append(func.max(row.run).label("streak"))
    customer = SCHEMAS[CUSTOMER].table
    every = select(*found).group_by(row.customer_id).subquery()
    inside = select(every).join(customer, customer.c.id == every.c.customer_id)
    return inside.where(seen.visible(CUSTOMER)).correlate(None).cte()


def summed(seen: Seen, rows: FromClause, only: ColumnElement[bool] | None) -> Column:
    """Return the amounts of rows in the company's currency; those without a rate are left out."""
    company = seen.currency
    by = {each.currency: factor(each) for each in seen.rates if each.to_currency == company}
    by[company] = Fraction(1)
    total: Column = literal(0, BigInteger)
    for currency, rate in sorted(by.items()):
        same = func.coalesce(func.nullif(rows.c.currency, ""), company) == currency
        meant = same if only is None else and_(same, only)
        amount = whole(func.coalesce(func.sum(case((meant, rows.c.minor))), 0))
        if rate != 1:
            below = 2 * rate.denominator
            amount = quotient(amount * literal(2 * rate.numerator, BigInteger) + rate.denominator, below)
        total = total + amount
    return total


def _with_gaps(bought: FromClause) -> FromClause:
    """Return purchases with the days since the customer bought before (`gap`, once a day), how many such gaps
    it has (`gaps`), and the place of each by its length (`place`)."""
    number = day_of(bought.c.day, DAY, "")
    before = func.lag(number).over(partition_by=bought.c.customer_id, order_by=bought.c.day)
    stepped = select(bought, whole(func.nullif(number - before, 0)).label("gap")).subquery()
    of, gap = stepped.c.customer_id, stepped.c.gap
    place = func.row_number().over(partition_by=of, order_by=(gap.is_(None), gap))
    gaps = func.count(gap).over(partition_by=of)
    return select(stepped, whole(place).label("place"), whole(gaps).label("gaps")).subquery()


def _with_runs(bought: FromClause) -> FromClause:
    """Return purchases with their month's place among all with one (`months`), and in its run (`run`)."""
    month = whole(func.substr(bought.c.day, 1, 4)) * 12 + whole(func.substr(bought.c.day, 6, 2))
    counted = select(bought, month.label("month")).subquery()
    of = counted.c.customer_id
    place = func.dense_rank().over(partition_by=of, order_by=counted.c.month)
    placed = select(counted, whole(place).label("months")).subquery()
    first = func.min(placed.c.months).over(
        partition_by=(placed.c.customer_id, placed.c.month - placed.c.months)
    )
    return select(placed, whole(placed.c.months - first + 1).label("run")).subquery()


def whole(value: Column) -> Column:
    """Return a number as the engine's whole numbers: PostgreSQL adds those to decimals."""
    return as_type(value, BigInteger)
