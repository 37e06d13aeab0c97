"""Reports at random, and the records they are counted over on a laptop and at HQ."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

from crm_core.entities import SCHEMAS
from crm_core.ids import named_id
from crm_core.money import Money
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.reports import (
    Currencies,
    Days,
    FieldAt,
    Group,
    Measure,
    Number,
    Period,
    Reckoned,
    Report,
    Sign,
    Take,
)
from crm_core.rules.segments import AllOf, AnyOf, Not, Rule
from crm_core.times import DAY_MS, HOUR_MS

DAY: Final = datetime.date(2026, 5, 13)
NOON_MS: Final = round(datetime.datetime(2026, 5, 13, 12, tzinfo=datetime.UTC).timestamp() * 1000)
RATES: Final = {"EUR": Decimal("7.8125")}
"""There are amounts in yen too, for which there is no rate."""
PEOPLE: Final = ("Li Na", "Amy", "王伟")
CUSTOMERS, DEALS, ACTIVITIES, TARGETS = 14, 60, 60, 24
DELETED: Final = (
    *(("deal", named_id("deal", f"D{n}")) for n in range(4)),
    ("customer", named_id("customer", "C0")),
    ("territory", named_id("territory", "South")),
)


def records() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (entity, id, values) of a good deal of everything, links before what they lead to."""
    chance = random.Random(61)
    choose = chance.choice

    def some(*values: Any) -> Any:
        return choose((None, *values))

    def made(entity: str, name: str, /, **values: Any) -> tuple[str, str, dict[str, Any]]:
        kept = {field: value for field, value in values.items() if value is not None}
        return entity, named_id(entity, name), kept

    for currency, rate in RATES.items():
        yield made(
            "exchange_rate",
            currency,
            currency=currency,
            to_currency="CNY",
            rate=f"{rate}",
            valid_from="2026-01-01",
        )
    lands = [named_id("territory", name) for name in ("华东", "South")]
    yield from (made("territory", name, name=name) for name in ("华东", "South"))
    people = [named_id("user", name) for name in PEOPLE]
    yield from (made("user", name, name=name, role_id=named_id("role", "sales")) for name in PEOPLE)
    pipeline = named_id("pipeline", "Of reports")
    yield made("pipeline", "Of reports", name="Of reports")
    stages = [named_id("stage", f"report {kind}") for kind in ("open", "won", "lost")]
    for rank, kind in enumerate(("open", "won", "lost")):
        yield made("stage", f"report {kind}", name=kind, kind=kind, rank=rank, pipeline_id=pipeline)
    customers = [named_id("customer", f"C{n}") for n in range(CUSTOMERS)]
    for n in range(CUSTOMERS):
        yield made(
            "customer",
            f"C{n}",
            name=f"C{n}",
            level=some("A", "B", "C"),
            territory_id=some(*lands),
            owner_id=some(*people),
            employees=some(0, 5, 50),
            credit_limit=some(0, 100_001),
            credit_currency=choose(("CNY", "EUR")),
        )
    for n in range(DEALS):
        stage, amount = choose(stages), some(0, 5_000_001, 10_000_003, -7)
        yield made(
            "deal",
            f"D{n}",
            name="D",
            customer_id=some(*customers),
            owner_id=some(*people),
            stage_id=stage,
            pipeline_id=pipeline,
            probability=some(0, 25, 50),
            amount=5_000_001 if stage == stages[1] else amount,
            currency=choose(("CNY", "CNY", "EUR", "JPY")),
            close_date=some("2025-12-31", "2026-01-01", "2026-05-13", "2024-02-29"),
            engaged_on=some("2025-11-30", "2026-01-05"),
            tags=some(["VIP"], ["VIP", "Key"]),
            loss_reason="price",
        )
    for n in range(TARGETS):
        in_money = chance.random() < 0.7
        yield made(
            "target",
            f"T{n}",
            year=choose((2026, 2026, 2025)),
            period=choose(("year", "year", "q1", "m01", "m05")),
            measure="won_amount" if in_money else choose(("won_count", "visits", "calls")),
            amount=choose((9_000_000, 20_000_001)) if in_money else None,
            currency=choose(("CNY", "EUR")) if in_money else None,
            number=None if in_money else choose((1, 5)),
            user_id=some(*people),
        )
    for n in range(ACTIVITIES):
        back = choose((0, 1, 13, 42, 90, 91, 200, 300, 500))
        yield made(
            "activity",
            f"A{n}",
            subject="S",
            kind=choose(("visit", "call", "note")),
            customer_id=some(*customers),
            owner_id=some(*people),
            happened_at=some(NOON_MS - back * DAY_MS + choose((0, 5, 13, 17)) * HOUR_MS),
            duration_minutes=some(15, 60),
            done=some(True, False),
        )
    for n, customer in enumerate(customers[:-3] * 3):
        amount = choose((100_01, 100_01, 5_000_003, 9_999))
        currency = choose(("CNY", "CNY", "EUR", "JPY"))
        yield made(
            "order",
            f"O{n}",
            number=f"O-{n}",
            customer_id=customer,
            owner_id=some(*people),
            status=choose(("confirmed", "closed", "draft", "cancelled")),
            currency=currency,
            total=amount,
            ordered_on=some(
                "2026-05-13", "2026-04-01", "2026-01-31", "2025-05-14", "2025-05-13", "2024-02-29"
            ),
        )
        line = {"order_id": named_id("order", f"O{n}"), "unit_price": amount, "currency": currency}
        yield made("order_line", f"L{n}", description="L", quantity="1", tax_rate="0", **line)
    for n in range(2):
        money = {"currency": "EUR" if n else "CNY", "cost": 12_345, "starts_on": f"2026-0{n + 1}-15"}
        yield made("campaign", f"M{n}", name=f"M{n}", source=some("web"), owner_id=some(*people), **money)
    for n in range(6):
        campaign = named_id("campaign", f"M{n % 2}")
        yield made("lead", f"E{n}", name="E", campaign_id=campaign, owner_id=some(*people))
        yield made(
            "deal",
            f"R{n}",
            name="R",
            customer_id=some(*customers),
            owner_id=choose(people),
            pipeline_id=pipeline,
            stage_id=choose(stages[:2]),
            amount=700_007,
            currency=choose(("CNY", "EUR", "JPY")),
            close_date=choose(("2025-12-31", "2026-03-03", "2023-01-01")),
            campaign_id=campaign,
        )


def typed_records() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the records without what HQ works out by itself."""
    for entity, record_id, values in records():
        fields = SCHEMAS[entity].fields
        typed = {name: each for name, each in values.items() if not fields[name].computed}
        yield entity, record_id, {**typed, "status": "draft"} if entity == "order" else typed


# What is asked, at random

_WON = Condition(field="stage_id.kind", op=Op.EQUAL, value="won")
_OF_LARGE = Condition(field="customer_id.employees", op=Op.MORE, value=3)
_RULES: dict[str, tuple[Rule, ...]] = {
    "deal": (
        AllOf(),
        _WON,
        Not(_WON),
        Condition(field="customer_id.territory_id.name", op=Op.FILLED),
        AnyOf((Condition(field="amount", op=Op.MORE, value=Decimal(10)), _WON)),
        AnyOf((Condition(field="customer_id.level", op=Op.EMPTY), Not(_OF_LARGE))),
    ),
    "activity": (
        AllOf(),
        Condition(field="done", op=Op.EQUAL, value=True),
        Condition(field="customer_id.level", op=Op.IN, value=("A", "B")),
        Condition(field="customer_id.rfm_frequency", op=Op.AT_LEAST, value=3),
    ),
    "customer": (
        AllOf(),
        Condition(field="purchases", op=Op.AT_LEAST, value=1),
        Condition(field="rfm_class", op=Op.IN, value=("champion", "at_risk", "promising")),
        Condition(field="bought", op=Op.MORE, value=Money(100_00, "CNY")),
        Condition(field="last_purchase", op=Op.LESS, value="2026-01-01"),
        Not(Condition(field="movement", op=Op.EQUAL, value="gone")),
        Condition(field="pace", op=Op.EMPTY),
        AnyOf(
            (Condition(field="rfm_class", op=Op.EMPTY), Condition(field="usual_days", op=Op.LESS, value=40))
        ),
    ),
    "campaign": (AllOf(), Condition(field="customers_won", op=Op.AT_LEAST, value=1)),
}
_AMOUNT = FieldAt("amount")
_TERMS = {
    "deal": (
        _AMOUNT,
        FieldAt("probability"),
        FieldAt("customer_id.employees"),
        Days("engaged_on", "close_date"),
        Reckoned(Reckoned(_AMOUNT, Sign.TIMES, FieldAt("probability")), Sign.OVER, Number(Decimal(100))),
        Reckoned(_AMOUNT, Sign.OVER, FieldAt("customer_id.employees")),
        Reckoned(_AMOUNT, Sign.OVER, _AMOUNT),
        Reckoned(_AMOUNT, Sign.MINUS, Reckoned(_AMOUNT, Sign.TIMES, Number(Decimal("0.125")))),
        Reckoned(Number(Decimal("1.5")), Sign.PLUS, FieldAt("probability")),
        Reckoned(_AMOUNT, Sign.PLUS, Reckoned(_AMOUNT, Sign.TIMES, FieldAt("probability"))),
        Days("engaged_on", ""),
    ),
    "activity": (FieldAt("duration_minutes"), Days("happened_at", "happened_at")),
    "customer": (
        *map(FieldAt, ("purchases", "silent_days", "usual_days", "bought", "bought_before", "streak")),
        Reckoned(FieldAt("bought"), Sign.PLUS, FieldAt("expected")),
        Days("first_purchase", ""),
    ),
    "campaign": (*map(FieldAt, ("leads", "deals_won", "customers_won", "won_amount")),),
}
_DIFFERENT = {
    "deal": ("customer_id", "owner_id", "close_date"),
    "activity": ("customer_id", "kind"),
    "customer": ("rfm_class", "last_purchase"),
    "campaign": ("source", "leads"),
}
_PLAIN_GROUPS = {
    "deal": ("stage_id", "owner_id", "customer_id.level", "customer_id.territory_id", "tags", "probability"),
    "activity": ("kind", "done", "customer_id.territory_id.name", "owner_id.name", "customer_id.rfm_class"),
    "customer": (
        *("id", "level", "rfm_class", "rfm_recency", "rfm_frequency", "rfm_revenue", "movement", "pace"),
        *("active_months", "parent_id.rfm_class"),
    ),
    "campaign": ("id", "source", "leads", "customers_won"),
}
_MOMENTS = {
    "deal": "close_date",
    "activity": "happened_at",
    "customer": "last_purchase",
    "campaign": "starts_on",
}


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Draw a report that can be counted."""
    entity = draw(st.sampled_from(("deal", "deal", "activity", "customer", "campaign")))
    periods = [each for each in Period if not (entity != "activity" and each is Period.HOUR)]
    by_day = st.builds(Group, field=st.just(_MOMENTS[entity]), period=st.sampled_from(periods))
    seldom = by_day.filter(lambda each: each.period not in (Period.DAY, Period.WEEK, Period.MONTH))
    plain = st.builds(Group, field=st.sampled_from(_PLAIN_GROUPS[entity]))
    numbers = st.builds(
        Measure,
        take=st.sampled_from((Take.SUM, Take.AVERAGE, Take.LEAST, Take.MOST)),
        of=st.sampled_from(_TERMS[entity]),
        only=st.sampled_from((None, *_RULES[entity])),
    )
    others = st.one_of(
        st.builds(Measure, only=st.sampled_from((None, *_RULES[entity]))),
        st.builds(Measure, take=st.just(Take.SHARE), only=st.sampled_from(_RULES[entity])),
        st.builds(Measure, take=st.just(Take.DISTINCT), of=st.sampled_from(_DIFFERENT[entity]).map(FieldAt)),
    )
    return Report(
        entity=entity,
        rule=draw(st.sampled_from(_RULES[entity])),
        rows=tuple(draw(st.lists(st.one_of(by_day, plain), max_size=2, unique_by=lambda each: each.field))),
        columns=tuple(draw(st.lists(seldom | plain.filter(lambda each: each.field != "tags"), max_size=1))),
        measures=tuple(draw(st.lists(numbers | others, min_size=1, max_size=3))),
        currencies=draw(st.sampled_from(Currencies)),
        zone=draw(st.sampled_from(("Asia/Shanghai", "Europe/Berlin", "UTC"))),
        first_weekday=draw(st.sampled_from((0, 6))),
    )
