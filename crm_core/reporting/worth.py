"""What customers and campaigns are worth, in SQL: one row a record, counted in one pass over purchases.

The formulas are those of `crm_core.rules.customer_value`. Only what the person sees counts: orders, deals
and customers out of sight are as if they were not there, and who may not read what a field follows from is
refused the field.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Final, cast

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
    true,
)
from sqlalchemy import cast as as_type

from crm_core.entities import SCHEMAS
from crm_core.reporting.moments import day_of, quotient
from crm_core.reporting.purchases import (
    DAY,
    INTERVAL,
    LATELY,
    MONTHS,
    Column,
    Seen,
    base_of,
    counting_in,
    is_won,
    kept,
    purchases,
    summed,
    whole,
)
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.customer_value import (
    CAMPAIGN,
    CUSTOMER,
    RFM_CLASSES,
    SCORES,
    WORTH_CURRENCY,
    YEAR_DAYS,
    Counting,
    is_of_money,
    is_worth,
    months_back,
    worth_fields,
)
from crm_core.rules.moment_parts import split_part
from crm_core.rules.segments import Rule, leaves
from crm_core.schema.reading import Schema

RECORD: Final = "record_id"
_DEAL, _LEAD = SCHEMAS["deal"], SCHEMAS["lead"]


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
    return kept(seen, (entity, *wanted), lambda: make(seen, wanted).cte())


def _asked_together(entity: str, name: str) -> tuple[str, ...]:
    """Return the fields counted wherever one of them is asked for, so that conditions share one count."""
    found = (each for each in _TOGETHER if entity == CUSTOMER and name in each)
    return next(found, (name,))


def beside(schema: Schema, worth: CTE) -> FromClause:
    """Return the table of an entity with what its records are worth beside it, those without among them."""
    return schema.table.outerjoin(worth, worth.c[RECORD] == schema.table.c.id)


def apart(entity: str, parts: Iterable[Rule]) -> tuple[list[Condition], list[Rule]]:
    """Return the conditions on what records themselves are worth, asked together, and the other parts."""
    own: list[Condition] = []
    others: list[Rule] = []
    for each in parts:
        if isinstance(each, Condition) and is_worth(entity, split_part(each.field)[0]):
            own.append(each)
        else:
            others.append(each)
    return own, others


def asked_of(entity: str, rules: Iterable[Rule]) -> set[str]:
    """Return what rules ask of the worth of records themselves, the currencies of amounts with it."""
    own, _ = apart(entity, (leaf for rule in rules for leaf in leaves(rule)))
    return {name for each in own for name in with_currency(entity, split_part(each.field)[0])}


Judge = Callable[[Schema, Condition], ColumnElement[bool]]
"""Says what a row of an entity, read from what its records are worth, must fulfil for a condition."""


def holding(
    seen: Seen, schema: Schema, conditions: Sequence[Condition], judge: Judge, joined: CTE | None = None
) -> ColumnElement[bool]:
    """Return that a record's worth is as conditions say, all of one count.

    `joined`: what records are worth, where it stands beside their table in the statement already.
    """
    if joined is not None:
        over = _read_from(schema, joined)
        return and_(true(), *(judge(over, each) for each in conditions))
    names = asked_of(schema.name, conditions)
    if schema.name == CUSTOMER and any(map(_of_buyers, conditions)):
        worth = worth_of(seen, CUSTOMER, names)  # of customers in sight that bought: no other is looked for
        ids: Column = worth.c[RECORD]
        over = _read_from(schema, worth)
    else:
        over, ids = _asked_over(seen, schema, names)
    found = select(ids).where(*(judge(over, each) for each in conditions))
    return schema.table.c.id.in_(found.correlate(None))


def _of_buyers(condition: Condition) -> bool:
    """Tell whether a condition holds for nobody who bought nothing."""
    if condition.op in (Op.EQUAL, Op.IN):
        several = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        return all(each not in (None, "") for each in several)
    return condition.op in (Op.FILLED, Op.LESS, Op.AT_MOST, Op.MORE, Op.AT_LEAST)


def _read_from(schema: Schema, table: FromClause) -> Schema:
    model = cast(Any, SimpleNamespace(__table__=table, meta=schema.meta))
    return replace(schema, model=model, fields=worth_fields(schema.name))


def _asked_over(seen: Seen, schema: Schema, names: Iterable[str]) -> tuple[Schema, Column]:
    """Return an entity read from its records' worth instead of its table, and the column of their ids.

    A condition on such a field is judged over it as over any table.
    """
    wanted = [*dict.fromkeys(names)]
    worth = worth_of(seen, schema.name, wanted)
    columns = (worth.c[name] for name in wanted)
    rows = select(schema.table.c.id, *columns).select_from(beside(schema, worth))
    table = rows.where(seen.visible(schema.name)).correlate(None).subquery(f"asked_{schema.name}")
    return _read_from(schema, table), table.c.id


def with_currency(entity: str, name: str) -> tuple[str, ...]:
    """Return a field's name, and that of its currency's field where it is an amount."""
    field = worth_fields(entity)[name]
    return (name, field.currency) if field.currency else (name,)


# Customers

_TOGETHER: Final = (
    ("rfm_recency", "rfm_frequency"),
    ("rfm_class", "rfm_revenue"),
    ("bought", WORTH_CURRENCY),
    ("bought_before", "bought_now", "movement"),
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
    LATELY: frozenset(("bought_now", "bought_before", "movement")),
    INTERVAL: frozenset(("usual_days", "pace", "yearly", "expected")),
    MONTHS: frozenset(("active_months", "streak")),
}


def _of_customers(seen: Seen, names: Collection[str]) -> Select[Any]:
    counting = counting_in(seen)
    with_money = bool(_PARTS["money"].intersection(names))
    parts = tuple(part for part in (LATELY, INTERVAL, MONTHS) if _PARTS[part].intersection(names))
    key = ("base", with_money, *parts)
    bought = purchases(seen, counting, with_money=with_money)
    base = kept(seen, key, lambda: base_of(seen, counting, bought, with_money=with_money, parts=parts))
    columns = _customer_columns(seen, counting, base, names)
    return select(base.c.customer_id.label(RECORD), *columns)


def _customer_columns(seen: Seen, counting: Counting, base: CTE, names: Collection[str]) -> list[Column]:
    row = base.c
    silent = literal(seen.today.toordinal(), BigInteger) - day_of(row.last_purchase, DAY, "")
    made: dict[str, Column] = {
        "purchases": row.purchases,
        "first_purchase": row.first_purchase,
        "last_purchase": row.last_purchase,
        "silent_days": silent,
        "rfm_recency": _score(row.last_purchase, counting.recency, silent),
        "rfm_frequency": _score(row.purchases, counting.frequency),
    }
    if "bought" in row:
        made["bought"] = row.bought
        made["rfm_revenue"] = _score(row.bought, counting.monetary)
        made["rfm_class"] = _class(made["rfm_recency"], made["rfm_frequency"], made["rfm_revenue"])
        made[WORTH_CURRENCY] = literal(seen.currency, Text)
    if "bought_now" in row:
        made |= {name: row[name] for name in ("bought_now", "bought_before")}
        made["movement"] = _movement(seen, counting, base)
    if "usual_days" in row:
        usual = row.usual_days
        made |= {"usual_days": usual, "pace": _pace(silent, usual, counting)}
        if "bought" in row:
            span = day_of(row.last_purchase, DAY, "") - day_of(row.first_purchase, DAY, "")
            mean = quotient(row.bought * YEAR_DAYS * (row.purchases - 1), row.purchases * span)
            of_a_year = case((usual.is_not(None), mean))
            made |= {"yearly": of_a_year, "expected": _expected(of_a_year, silent, usual, counting)}
    if "streak" in row:
        made |= {name: row[name] for name in ("active_months", "streak")}
    return [made[name].label(name) for name in names]


def _score(value: Column, bounds: tuple[int, ...], less_is_better: Column | None = None) -> Column:
    """Return 1 to 5: by bounds, else by the fifth of all; alike ones stand in the middle of their place."""
    if bounds and less_is_better is not None:
        return SCORES - _reached([less_is_better > each for each in bounds])
    if bounds:
        return 1 + _reached([value >= each for each in bounds])
    below = whole(func.rank().over(order_by=value)) - 1
    with_alike = whole(func.count().over(order_by=value))  # whoever has as much, or less: one sort for both
    customers = whole(func.count().over())
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
            whole(func.count()).label("leads"),
            whole(func.sum(case((lead.c.status == "converted", 1), else_=0))).label("leads_converted"),
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
        whole(func.count()).label("deals_won"),
        whole(func.sum(rows.c.first)).label("customers_won"),
    ]
    if with_money:
        found.append(summed(seen, rows, None).label("won_amount"))
    wanted = select(*found).where(rows.c.campaign_id.is_not(None)).group_by(rows.c.campaign_id)
    return wanted.cte()
