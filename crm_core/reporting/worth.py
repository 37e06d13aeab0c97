"""What customers and campaigns are worth, in SQL: one row a record, counted in one pass over purchases.

The formulas are those of `crm_core.rules.customer_value`. Only what the person sees counts: orders, deals
and customers out of sight are as if they were not there, and who may not read what a field follows from is
refused the field.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from types import SimpleNamespace
from typing import Any, Final, Protocol, TypeVar, cast

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    case,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy import cast as as_type

from crm_core.entities import SCHEMAS
from crm_core.reporting.moments import day_of, quotient
from crm_core.rules.customer_value import (
    CAMPAIGN,
    CUSTOMER,
    LEAST_PURCHASES,
    RFM_CLASSES,
    SCORES,
    WORTH_CURRENCY,
    YEAR_DAYS,
    Counting,
    counting_of,
    is_of_money,
    months_back,
    worth_fields,
)
from crm_core.rules.prices import Rate, factor
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import Schema

COUNTED: Final = ("confirmed", "closed")
"""States of orders that are purchases."""
RECORD: Final = "record_id"
_ORDER, _DEAL, _STAGE, _LEAD, _RULE = (
    SCHEMAS[each] for each in ("order", "deal", "stage", "lead", "value_rule")
)
_DAY: Final = Field(no=0, name="day", label="", kind=Kind.DATE)
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
        """Return a field. `AccessDenied` where it is masked."""

    def visible(self, entity: str) -> ColumnElement[bool]:
        """Return that a row lives and the person sees it."""

    def execute(self, statement: Select[Any]) -> Sequence[Any]:
        """Return the rows of a statement."""

    @property
    def made_once(self) -> dict[Hashable, Any]:
        """What was made of these records once and is used again."""


_T = TypeVar("_T")


def _kept(seen: Seen, key: Hashable, make: Callable[[], _T]) -> _T:
    """Return what is made once for these records: asked for twice in a statement, it is counted once."""
    if key not in seen.made_once:
        seen.made_once[key] = make()
    found: _T = seen.made_once[key]
    return found


def counting_in(seen: Seen) -> Counting:
    """Return how it is reckoned there: the rule in use, of several the first by name."""
    return _kept(seen, "counting", lambda: _counting(seen))


def _counting(seen: Seen) -> Counting:
    table = _RULE.table
    wanted = select(table).where(table.c.life % 2 == 1).order_by(table.c.name, table.c.id)
    rows = [row._mapping for row in seen.execute(wanted)]
    used = next((row for row in rows if row["active"] is not False), None)
    return counting_of(used, seen.currency)


def demand_readable(seen: Seen, entity: str, name: str) -> None:
    """Raise `AccessDenied` where the person may not read what a field of `worth_fields` follows from."""
    of_money = is_of_money(worth_fields(entity)[name])
    asked: dict[str, tuple[str, ...]] = {}
    if entity == CUSTOMER:
        asked["order"] = ("customer_id", "status", "ordered_on", *(("total", "currency") if of_money else ()))
    if entity == CAMPAIGN and name.startswith("leads"):
        asked["lead"] = ("campaign_id", "status")
    elif entity == CAMPAIGN or counting_in(seen).deals_too:
        asked["deal"] = (
            "customer_id",
            "stage_id",
            "close_date",
            *(("amount", "currency") if of_money else ()),
        )
    for kind, names in asked.items():
        seen.visible(kind)
        for each in names:
            seen.field(kind, each)


def worth_of(seen: Seen, entity: str, names: Collection[str]) -> CTE:
    """Return a row for each record that has any worth: `record_id`, and the fields `names` asks for."""
    make = _of_customers if entity == CUSTOMER else _of_campaigns
    wanted = sorted({name for asked in names for name in _asked_together(entity, asked)})
    return _kept(seen, (entity, *wanted), lambda: make(seen, wanted).cte())


def _asked_together(entity: str, name: str) -> tuple[str, ...]:
    """Return the fields counted wherever one of them is asked for, so that conditions share one count."""
    found = (each for each in _TOGETHER if entity == CUSTOMER and name in each)
    return next(found, (name,))


def beside(schema: Schema, worth: CTE) -> FromClause:
    """Return the table of an entity with what its records are worth beside it, those without among them."""
    return schema.table.outerjoin(worth, worth.c[RECORD] == schema.table.c.id)


def asked_over(seen: Seen, schema: Schema, names: Iterable[str]) -> tuple[Schema, Column]:
    """Return an entity read from its records' worth instead of its table, and the column of their ids.

    A condition on such a field is judged over it as over any table.
    """
    wanted = [*dict.fromkeys(names)]
    worth = worth_of(seen, schema.name, wanted)
    columns = (worth.c[name] for name in wanted)
    rows = select(schema.table.c.id, *columns).select_from(beside(schema, worth))
    table = rows.where(seen.visible(schema.name)).correlate(None).subquery(f"asked_{schema.name}")
    model = cast(Any, SimpleNamespace(__table__=table, meta=schema.meta))
    return replace(schema, model=model, fields=worth_fields(schema.name)), table.c.id


def with_currency(entity: str, name: str) -> tuple[str, ...]:
    """Return a field's name, and that of its currency's field where it is an amount."""
    field = worth_fields(entity)[name]
    return (name, field.currency) if field.currency else (name,)


# Customers

_TOGETHER: Final = (
    ("rfm_recency", "rfm_frequency"),
    ("rfm_class", "rfm_revenue"),
    ("bought", "bought_before", "bought_now", "movement", WORTH_CURRENCY),
    ("purchases", "first_purchase", "last_purchase", "silent_days"),
)
"""Fields that cost little more together than one of them alone."""
_PARTS: Final[Mapping[str, frozenset[str]]] = {
    "money": frozenset(
        (
            *("rfm_class", "rfm_revenue", "bought", "bought_now", "bought_before", "movement", "yearly"),
            *("expected", WORTH_CURRENCY),
        )
    ),
    "interval": frozenset(("usual_days", "pace", "yearly", "expected")),
    "months": frozenset(("active_months", "streak")),
}


def _of_customers(seen: Seen, names: Collection[str]) -> Select[Any]:
    counting = counting_in(seen)
    with_money = bool(_PARTS["money"].intersection(names))
    bought = _kept(seen, ("bought", with_money), lambda: _purchases(seen, counting, with_money=with_money))
    base = _kept(seen, ("base", with_money), lambda: _base(seen, counting, bought, with_money=with_money))
    joined: FromClause = base
    parts: dict[str, CTE] = {}
    for part, make in (("interval", _intervals), ("months", _months)):
        if _PARTS[part].intersection(names):
            made = parts[part] = _kept(seen, (part, with_money), partial(make, bought))
            joined = joined.outerjoin(made, made.c.customer_id == base.c.customer_id)
    columns = _customer_columns(seen, counting, base, parts, names)
    return select(base.c.customer_id.label(RECORD), *columns).select_from(joined)


def _purchases(seen: Seen, counting: Counting, *, with_money: bool) -> CTE:
    """Return (customer_id, day, minor, currency) of each order, and deal, that is a purchase.

    Also of customers out of sight: `_base` leaves them out, once a customer rather than once a purchase.
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
        return orders.cte()
    deal = _DEAL.table
    ordered = select(order.c.customer_id).where(is_bought).correlate(None)
    money = (deal.c.amount, deal.c.currency) if with_money else (null(), null())
    deals = _four(deal.c.customer_id, deal.c.close_date, *money).where(
        is_won(seen), deal.c.customer_id.is_not(None), deal.c.customer_id.not_in(ordered)
    )
    return union_all(orders.correlate(None), deals.correlate(None)).cte()


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


def _base(seen: Seen, counting: Counting, bought: CTE, *, with_money: bool) -> CTE:
    """Return what each customer bought, how often and when."""
    row = bought.c
    found: list[Column] = [
        row.customer_id,
        _whole(func.count(row.day.distinct())).label("purchases"),
        func.min(row.day).label("first_purchase"),
        func.max(row.day).label("last_purchase"),
    ]
    if with_money:
        since = months_back(seen.today, counting.months).isoformat()
        before = months_back(seen.today, 2 * counting.months).isoformat()
        now = row.day > since
        found += [
            _sum(seen, bought, None).label("bought"),
            _sum(seen, bought, now).label("bought_now"),
            _sum(seen, bought, and_(row.day > before, ~now)).label("bought_before"),
        ]
    customer = SCHEMAS[CUSTOMER].table
    inside = select(customer.c.id).where(seen.visible(CUSTOMER)).correlate(None)
    return select(*found).group_by(row.customer_id).having(row.customer_id.in_(inside)).cte()


def _sum(seen: Seen, rows: CTE, only: ColumnElement[bool] | None) -> Column:
    """Return the amounts of rows in the company's currency; those without a rate are left out."""
    company = seen.currency
    by = {each.currency: factor(each) for each in seen.rates if each.to_currency == company}
    by[company] = Fraction(1)
    total: Column = literal(0, BigInteger)
    for currency, rate in sorted(by.items()):
        same = func.coalesce(func.nullif(rows.c.currency, ""), company) == currency
        meant = same if only is None else and_(same, only)
        amount = _whole(func.coalesce(func.sum(case((meant, rows.c.minor))), 0))
        if rate != 1:
            below = 2 * rate.denominator
            amount = quotient(amount * literal(2 * rate.numerator, BigInteger) + rate.denominator, below)
        total = total + amount
    return total


def _intervals(bought: CTE) -> CTE:
    """Return the usual interval of who bought on enough days: the lower middle of those between purchases."""
    days = select(bought.c.customer_id, bought.c.day).distinct().cte()
    number = day_of(days.c.day, _DAY, "")
    gap = number - func.lag(number).over(partition_by=days.c.customer_id, order_by=days.c.day)
    gaps = select(days.c.customer_id, _whole(gap).label("gap")).cte()
    of = gaps.c.customer_id
    place = func.row_number().over(partition_by=of, order_by=gaps.c.gap)
    ranked = select(
        of, gaps.c.gap, _whole(place).label("place"), _whole(func.count().over(partition_by=of)).label("gaps")
    )
    ranked_gaps = ranked.where(gaps.c.gap.is_not(None)).cte()
    middle = quotient(ranked_gaps.c.gaps + 1, 2)
    wanted = select(ranked_gaps.c.customer_id, ranked_gaps.c.gap.label("usual_days"))
    enough = ranked_gaps.c.gaps >= LEAST_PURCHASES - 1
    return wanted.where(ranked_gaps.c.place == middle, enough).cte()


def _months(bought: CTE) -> CTE:
    """Return in how many months each customer bought, and the longest run of months without a gap."""
    month = _whole(func.substr(bought.c.day, 1, 4)) * 12 + _whole(func.substr(bought.c.day, 6, 2))
    months = select(bought.c.customer_id, month.label("month")).distinct().cte()
    of = months.c.customer_id
    run = months.c.month - _whole(func.row_number().over(partition_by=of, order_by=months.c.month))
    runs = select(of, run.label("run")).cte()
    lengths = (
        select(runs.c.customer_id, func.count().label("months"))
        .group_by(runs.c.customer_id, runs.c.run)
        .cte()
    )
    return (
        select(
            lengths.c.customer_id,
            _whole(func.sum(lengths.c.months)).label("active_months"),
            _whole(func.max(lengths.c.months)).label("streak"),
        )
        .group_by(lengths.c.customer_id)
        .cte()
    )


def _customer_columns(
    seen: Seen, counting: Counting, base: CTE, parts: Mapping[str, CTE], names: Collection[str]
) -> list[Column]:
    row = base.c
    silent = literal(seen.today.toordinal(), BigInteger) - day_of(row.last_purchase, _DAY, "")
    made: dict[str, Column] = {
        "purchases": row.purchases,
        "first_purchase": row.first_purchase,
        "last_purchase": row.last_purchase,
        "silent_days": silent,
        "rfm_recency": _score(row.last_purchase, counting.recency, silent),
        "rfm_frequency": _score(row.purchases, counting.frequency),
    }
    if "bought" in row:
        made |= {name: row[name] for name in ("bought", "bought_now", "bought_before")}
        made["rfm_revenue"] = _score(row.bought, counting.monetary)
        made["rfm_class"] = _class(made["rfm_recency"], made["rfm_frequency"], made["rfm_revenue"])
        made["movement"] = _movement(seen, counting, base)
        made[WORTH_CURRENCY] = literal(seen.currency, Text)
    if "interval" in parts:
        usual = parts["interval"].c.usual_days
        made |= {"usual_days": usual, "pace": _pace(silent, usual, counting)}
        if "bought" in row:
            span = day_of(row.last_purchase, _DAY, "") - day_of(row.first_purchase, _DAY, "")
            mean = quotient(row.bought * YEAR_DAYS * (row.purchases - 1), row.purchases * span)
            of_a_year = case((usual.is_not(None), mean))
            made |= {"yearly": of_a_year, "expected": _expected(of_a_year, silent, usual, counting)}
    if "months" in parts:
        made |= {name: parts["months"].c[name] for name in ("active_months", "streak")}
    return [made[name].label(name) for name in names]


def _score(value: Column, bounds: tuple[int, ...], less_is_better: Column | None = None) -> Column:
    """Return 1 to 5: by bounds, else by the fifth of all; alike ones stand in the middle of their place."""
    if bounds and less_is_better is not None:
        return SCORES - _reached([less_is_better > each for each in bounds])
    if bounds:
        return 1 + _reached([value >= each for each in bounds])
    below = _whole(func.rank().over(order_by=value)) - 1
    with_alike = _whole(func.count().over(order_by=value))  # whoever has as much, or less: one sort for both
    customers = _whole(func.count().over())
    return 1 + quotient(SCORES * (below + with_alike), 2 * customers)


def _reached(bounds: Iterable[ColumnElement[bool]]) -> Column:
    total: Column = literal(0, BigInteger)
    for each in bounds:
        total = total + case((each, literal(1, BigInteger)), else_=literal(0, BigInteger))
    return total


def _class(recency: Column, frequency: Column, revenue: Column) -> Column:
    rest = quotient(frequency + revenue + 1, 2)
    return case(
        *(
            (and_(recency.between(*each.recency), rest.between(*each.rest)), literal(each.key, Text))
            for each in RFM_CLASSES
        )
    )


def _movement(seen: Seen, counting: Counting, base: CTE) -> Column:
    now, before = base.c.bought_now, base.c.bought_before
    is_new = base.c.first_purchase > months_back(seen.today, counting.months).isoformat()
    said = {
        "new": and_(now != 0, before == 0, is_new),
        "returned": and_(now != 0, before == 0),
        "gone": and_(before != 0, now == 0),
        "earlier": now == 0,
        "grown": now > before,
        "shrunk": now < before,
    }
    return case(*((when, literal(key, Text)) for key, when in said.items()), else_=literal("same", Text))


def _pace(silent: Column, usual: Column, counting: Counting) -> Column:
    return case(
        (usual.is_(None), null()),
        (silent > usual * counting.silent_times, literal("silent", Text)),
        (silent > usual, literal("late", Text)),
        else_=literal("in_time", Text),
    )


def _expected(of_a_year: Column, silent: Column, usual: Column, counting: Counting) -> Column:
    times = counting.silent_times
    left = times * usual - silent
    most = of_a_year * counting.years
    return case(
        (usual.is_(None), null()),
        (silent <= usual, most),
        (left <= 0, literal(0, BigInteger)),
        else_=quotient(most * left, (times - 1) * usual),
    )


# Campaigns


def _of_campaigns(seen: Seen, names: Collection[str]) -> Select[Any]:
    campaign = SCHEMAS[CAMPAIGN].table
    joined: FromClause = campaign
    made: dict[str, Column] = {}
    if any(name.startswith("leads") for name in names):
        lead = _LEAD.table
        of = lead.c.campaign_id
        came = select(
            of,
            _whole(func.count()).label("leads"),
            _whole(func.sum(case((lead.c.status == "converted", 1), else_=0))).label("leads_converted"),
        )
        leads = came.where(seen.visible("lead"), of.is_not(None)).group_by(of).cte()
        joined = joined.outerjoin(leads, leads.c.campaign_id == campaign.c.id)
        made |= {name: func.coalesce(leads.c[name], 0) for name in ("leads", "leads_converted")}
    if not all(name.startswith("leads") for name in names):
        won = _won_by_campaign(seen, with_money=not {"won_amount", WORTH_CURRENCY}.isdisjoint(names))
        joined = joined.outerjoin(won, won.c.campaign_id == campaign.c.id)
        made |= {each.name: func.coalesce(each, 0) for each in won.c if each.name != "campaign_id"}
        made[WORTH_CURRENCY] = literal(seen.currency, Text)
    return select(campaign.c.id.label(RECORD), *(made[name].label(name) for name in names)).select_from(
        joined
    )


def _won_by_campaign(seen: Seen, *, with_money: bool) -> CTE:
    """Return what each campaign's deals won; a customer is won by the first deal it ever gave us."""
    deal = _DEAL.table
    first = func.row_number().over(partition_by=deal.c.customer_id, order_by=(deal.c.close_date, deal.c.id))
    money = (deal.c.amount, deal.c.currency) if with_money else (null(), null())
    rows = (
        select(
            deal.c.campaign_id,
            case((or_(deal.c.customer_id.is_(None), first > 1), 0), else_=1).label("first"),
            as_type(money[0], BigInteger).label("minor"),
            as_type(money[1], Text).label("currency"),
        )
        .where(is_won(seen))
        .cte()
    )
    found: list[Column] = [
        rows.c.campaign_id,
        _whole(func.count()).label("deals_won"),
        _whole(func.sum(rows.c.first)).label("customers_won"),
    ]
    if with_money:
        found.append(_sum(seen, rows, None).label("won_amount"))
    wanted = select(*found).where(rows.c.campaign_id.is_not(None)).group_by(rows.c.campaign_id)
    return wanted.cte()


def _whole(value: Column) -> Column:
    """Return a number as the engine's whole numbers: PostgreSQL adds those to decimals."""
    return as_type(value, BigInteger)
