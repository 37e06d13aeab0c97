"""What a customer is like: habits, spending, favourite products and channels. Values in, figures out.

Every figure says what it was worked out from; where that is too little it says so and nothing else.
"""

from __future__ import annotations

import datetime
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Final, TypeVar

from crm_core.i18n import N_, Message, message, plural

Each = TypeVar("Each", bound=int | str)

LEAST_CONTACTS: Final = 4
"""Talks from which a habit can be told: of three any two fall on one day by chance too often."""
LEAST_SALES: Final = 2
MOST_NAMED: Final = 3
NOON, EVENING = 12, 18  # o'clock: when afternoon and evening begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Somebody spoke with the customer, or tried to."""

    kind: str
    at: datetime.datetime
    """By the clock on the wall."""
    reached: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A deal won. Amounts in minor units of one currency."""

    closed_on: datetime.date
    minor: int
    begun_on: datetime.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """A line of a quote that was accepted."""

    product: str
    minor: int
    discount_percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """How often one way of talking was used, and what part of all that is, in percent."""

    kind: str
    count: int
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """When and how the customer is spoken with; None: too little to say. From `talks` talks."""

    talks: int
    channels: tuple[Channel, ...]
    """The most used first."""
    weekday: int | None
    """0 Monday to 6 Sunday, where one stands out."""
    part_of_day: str | None
    """`morning`, `afternoon` or `evening`, where one stands out."""
    days_between: int | None
    """Median days from one talk to the next."""
    reached_percent: int | None
    """Of calls, those in which somebody answered."""
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What was bought; None: too little to say. From `sales` deals won."""

    sales: int
    by_year: Mapping[int, int]
    """Minor units a year, the oldest first."""
    last_12_months: int
    trend_percent: int | None
    """The last twelve months against the twelve before."""
    quartile: int | None
    """1: among the quarter of customers who bought most in the last twelve months, to 4."""
    compared_with: int
    """Customers who bought in that time, of those the person sees."""
    days_to_decide: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """What was chosen; from `lines` lines of accepted quotes."""

    lines: int
    products: tuple[tuple[str, int], ...]
    """(name, minor units), the most paid for first."""
    discount_percent: Decimal | None
    """Median discount of a line; None: too little to say."""


def habits(talks: Iterable[Talk]) -> Habits:
    """Return when and how a customer is spoken with."""
    all_talks = sorted(talks, key=lambda talk: talk.at)
    reached = [talk for talk in all_talks if talk.reached]
    number = len(reached)
    kinds = Counter(talk.kind for talk in reached)
    enough = number >= LEAST_CONTACTS
    days = sorted({talk.at.date() for talk in reached})
    gaps = [(later - earlier).days for earlier, later in itertools.pairwise(days)]
    calls = [talk for talk in all_talks if talk.kind == "call"]
    answered = sum(talk.reached for talk in calls)
    return Habits(
        talks=number,
        channels=tuple(
            Channel(kind=kind, count=count, percent=round(100 * count / number))
            for kind, count in sorted(kinds.items(), key=lambda each: (-each[1], each[0]))
        ),
        weekday=_stands_out([talk.at.weekday() for talk in reached]) if enough else None,
        part_of_day=_stands_out([_part(talk.at.hour) for talk in reached]) if enough else None,
        days_between=round(median(gaps)) if enough and gaps else None,
        reached_percent=round(100 * answered / len(calls)) if len(calls) >= LEAST_CONTACTS else None,
        calls=len(calls),
    )


def spending(sales: Sequence[Sale], others: Sequence[int], today: datetime.date) -> Spending:
    """Return what a customer spends.

    `others`: what each customer in sight bought in the last twelve months, this one among them; those
    without a purchase are left out.
    """
    year_ago, before = _years_back(today, 1), _years_back(today, 2)
    last = sum(sale.minor for sale in sales if year_ago < sale.closed_on <= today)
    earlier = sum(sale.minor for sale in sales if before < sale.closed_on <= year_ago)
    by_year: dict[int, int] = {}
    for sale in sorted(sales, key=lambda sale: sale.closed_on):
        by_year[sale.closed_on.year] = by_year.get(sale.closed_on.year, 0) + sale.minor
    waited = [
        (sale.closed_on - sale.begun_on).days
        for sale in sales
        if sale.begun_on is not None and sale.begun_on <= sale.closed_on
    ]
    bought = [amount for amount in others if amount > 0]
    above = sum(amount > last for amount in bought)
    return Spending(
        sales=len(sales),
        by_year=by_year,
        last_12_months=last,
        trend_percent=round(100 * (last - earlier) / earlier) if earlier > 0 else None,
        quartile=1 + 4 * above // len(bought) if last > 0 and len(bought) >= 4 else None,
        compared_with=len(bought),
        days_to_decide=round(median(waited)) if len(waited) >= LEAST_SALES else None,
    )


def taste(lines: Sequence[Bought]) -> Taste:
    """Return what a customer chooses, and the discount it gets."""
    paid: Counter[str] = Counter()
    for line in lines:
        if line.product:
            paid[line.product] += line.minor
    most = sorted(paid.items(), key=lambda each: (-each[1], each[0]))[:MOST_NAMED]
    discounts = [line.discount_percent for line in lines]
    return Taste(
        lines=len(lines),
        products=tuple(most),
        discount_percent=median(discounts) if len(discounts) >= LEAST_SALES else None,
    )


def _stands_out(values: Sequence[Each]) -> Each | None:
    """Return what comes most often, and at least two times in five; None where nothing stands out."""
    (first, count), *others = Counter(values).most_common(2)
    if 5 * count < 2 * len(values) or (others and others[0][1] == count):
        return None
    return first


def _part(hour: int) -> str:
    return "morning" if hour < NOON else "afternoon" if hour < EVENING else "evening"


def _years_back(day: datetime.date, years: int) -> datetime.date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


WEEKDAYS: Final = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
PARTS_OF_DAY: Final = {
    "morning": N_("in the morning"),
    "afternoon": N_("in the afternoon"),
    "evening": N_("in the evening"),
}
QUARTILES: Final = (
    N_("among the quarter who buys most"),
    N_("in the upper half"),
    N_("in the lower half"),
    N_("among the quarter who buys least"),
)
TOO_LITTLE: Final = message(N_("too little to say"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of a profile: what it is about, what it says, and what from."""

    label: Message
    said: Message
    basis: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerProfile:
    """What is known of a customer; None where the person may not read what it would follow from."""

    habits: Habits | None
    spending: Spending | None
    taste: Taste | None
    currency: str


Amount = Callable[[int], object]
"""Gives an amount in minor units as the reader's place writes it."""


def figures(profile: CustomerProfile, kinds: Mapping[str, str], amount: Amount) -> tuple[Figure, ...]:
    """Return the profile line by line; `kinds` are what ways of talking are called."""
    found: list[Figure] = []
    if profile.habits is not None:
        found += _of_habits(profile.habits, kinds)
    if profile.spending is not None:
        found += _of_spending(profile.spending, amount)
    if profile.taste is not None:
        found += _of_taste(profile.taste, amount)
    return tuple(found)


def _of_habits(habits: Habits, kinds: Mapping[str, str]) -> list[Figure]:
    talks, calls = habits.talks, habits.calls
    from_talks = plural(talks, message(N_("from 1 talk")), message(N_("from {count} talks"), count=talks))
    from_calls = plural(calls, message(N_("from 1 call")), message(N_("from {count} calls"), count=calls))
    channels = [
        message(N_("{kind} {percent} %"), kind=Message(kinds.get(each.kind, each.kind)), percent=each.percent)
        for each in habits.channels
    ]
    days, reached = habits.days_between, habits.reached_percent
    between = plural(days or 0, message(N_("every day")), message(N_("every {days} days"), days=days))
    return [
        Figure(
            label=message(N_("Favourite channels")),
            said=_listed(channels) if habits.talks >= LEAST_CONTACTS else TOO_LITTLE,
            basis=from_talks,
        ),
        Figure(label=message(N_("Usual time")), said=_when(habits), basis=from_talks),
        Figure(
            label=message(N_("How often")), said=between if days is not None else TOO_LITTLE, basis=from_talks
        ),
        Figure(
            label=message(N_("Answers the phone")),
            said=message(N_("{percent} % of calls"), percent=reached) if reached is not None else TOO_LITTLE,
            basis=from_calls,
        ),
    ]


def _of_spending(spending: Spending, amount: Amount) -> list[Figure]:
    sales = spending.sales
    from_sales = plural(
        sales, message(N_("from 1 deal won")), message(N_("from {count} deals won"), count=sales)
    )
    years = [
        message(N_("{year}: {amount}"), year=str(year), amount=amount(minor))
        for year, minor in spending.by_year.items()
    ]
    trend, days = spending.trend_percent, spending.days_to_decide
    rank = Message(QUARTILES[spending.quartile - 1]) if spending.quartile is not None else TOO_LITTLE
    return [
        Figure(
            label=message(N_("Bought by year")),
            said=_listed(years[-MOST_NAMED:]) if years else TOO_LITTLE,
            basis=from_sales,
        ),
        Figure(
            label=message(N_("Trend of twelve months")),
            said=message(N_("{percent} %"), percent=f"{trend:+d}") if trend is not None else TOO_LITTLE,
            basis=from_sales,
        ),
        Figure(
            label=message(N_("Spending power")),
            said=rank,
            basis=message(
                N_("compared with {count} customers who bought in twelve months"),
                count=spending.compared_with,
            ),
        ),
        Figure(
            label=message(N_("Time to decide")),
            said=message(N_("{days} days"), days=days) if days is not None else TOO_LITTLE,
            basis=from_sales,
        ),
    ]


def _of_taste(taste: Taste, amount: Amount) -> list[Figure]:
    from_lines = plural(
        taste.lines,
        message(N_("from 1 line of an accepted quote")),
        message(N_("from {count} lines of accepted quotes"), count=taste.lines),
    )
    products = [
        message(N_("{name} ({amount})"), name=name, amount=amount(minor)) for name, minor in taste.products
    ]
    discount = taste.discount_percent
    return [
        Figure(
            label=message(N_("Favourite products")),
            said=_listed(products) if products else TOO_LITTLE,
            basis=from_lines,
        ),
        Figure(
            label=message(N_("Usual discount")),
            said=message(N_("{percent} %"), percent=f"{discount.normalize():f}")
            if discount is not None
            else TOO_LITTLE,
            basis=from_lines,
        ),
    ]


def _listed(parts: Sequence[Message]) -> Message:
    first, *others = parts
    for other in others:
        first = message(N_("{first}, {second}"), first=first, second=other)
    return first


def _when(found: Habits) -> Message:
    day = Message(WEEKDAYS[found.weekday]) if found.weekday is not None else None
    part = Message(PARTS_OF_DAY[found.part_of_day]) if found.part_of_day is not None else None
    if day is not None and part is not None:
        return message(N_("{day}, {part}"), day=day, part=part)
    return day or part or TOO_LITTLE
