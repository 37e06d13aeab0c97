"""What a customer is worth by what it bought: recency, frequency and revenue, what is to come, who left.

Declared here are the fields that follow from purchases, the classes, and the formulas on plain values.
`crm_core.reporting.worth` counts the same in SQL. A purchase is a day on which a customer bought: orders of
one day count once. Source of the idea: A. M. Hughes, “Strategic Database Marketing”, 1994, chapter on RFM.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

from crm_core.errors import Problem
from crm_core.i18n import N_, message
from crm_core.money import MAX_MINOR, digits, round_half_up
from crm_core.schema.field import Choice, Field, FieldClass, Kind

CUSTOMER: Final = "customer"
CAMPAIGN: Final = "campaign"
SCORES: Final = 5
"""A customer has 1 to 5 of each, 5 the best."""
YEAR_DAYS: Final = 365
LEAST_PURCHASES: Final = 3
"""Days a customer must have bought on before its usual interval is believed (`crm_core.rules.repurchase`)."""
MOST_MONTHS, MOST_TIMES, MOST_YEARS = 60, 20, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """How it is reckoned. Bounds: four rising numbers; none: customers are put into fifths."""

    deals_too: bool = True
    """Of customers without a single order, deals won are their purchases."""
    recency: tuple[int, ...] = ()
    """Days since the last purchase."""
    frequency: tuple[int, ...] = ()
    monetary: tuple[int, ...] = ()
    """Minor units of the company's currency."""
    months: int = 12
    silent_times: int = 3
    years: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RfmClass:
    """A class of customers: which recency it has, and which middle of frequency and revenue."""

    key: str
    label: str
    recency: tuple[int, int]
    rest: tuple[int, int]
    """(frequency + revenue) / 2, halves up."""


RFM_CLASSES: Final = (
    RfmClass(key="champion", label=N_("Champions"), recency=(4, 5), rest=(4, 5)),
    RfmClass(key="loyal", label=N_("Loyal"), recency=(3, 3), rest=(4, 5)),
    RfmClass(key="promising", label=N_("Promising"), recency=(4, 5), rest=(2, 3)),
    RfmClass(key="fresh", label=N_("New buyers"), recency=(4, 5), rest=(1, 1)),
    RfmClass(key="attention", label=N_("Need attention"), recency=(3, 3), rest=(2, 3)),
    RfmClass(key="fading", label=N_("About to sleep"), recency=(3, 3), rest=(1, 1)),
    RfmClass(key="at_risk", label=N_("At risk"), recency=(1, 2), rest=(3, 5)),
    RfmClass(key="lost", label=N_("Gone"), recency=(1, 2), rest=(1, 2)),
)
"""Every pair of scores lies in exactly one class."""

MOVEMENTS: Final = (
    Choice(value="new", label=N_("New customers")),
    Choice(value="returned", label=N_("Came back")),
    Choice(value="grown", label=N_("Bought more")),
    Choice(value="same", label=N_("Bought as much")),
    Choice(value="shrunk", label=N_("Bought less")),
    Choice(value="gone", label=N_("Bought no more")),
    Choice(value="earlier", label=N_("Only longer ago")),
)
PACES: Final = (
    Choice(value="in_time", label=N_("Within the usual interval")),
    Choice(value="late", label=N_("Later than usual")),
    Choice(value="silent", label=N_("Lost by its own interval")),
)


def _field(name: str, label: str, kind: Kind, **how: Any) -> Field:
    if kind is Kind.MONEY:
        how = {"field_class": FieldClass.MONEY, "currency": WORTH_CURRENCY, **how}
    return Field(no=0, name=name, label=label, kind=kind, read_only=True, computed=True, in_form=False, **how)


WORTH_CURRENCY: Final = "worth_currency"
_CLASSES: Final = tuple(Choice(value=each.key, label=each.label) for each in RFM_CLASSES)
_CURRENCY: Final = _field(
    WORTH_CURRENCY, N_("Currency of the revenue"), Kind.CURRENCY, field_class=FieldClass.MONEY
)
WORTH_FIELDS: Final[Mapping[str, Mapping[str, Field]]] = MappingProxyType(
    {
        CUSTOMER: MappingProxyType(
            {
                each.name: each
                for each in (
                    _field(
                        "rfm_class",
                        N_("Value class"),
                        Kind.CHOICE,
                        choices=_CLASSES,
                        field_class=FieldClass.MONEY,
                    ),
                    _field("rfm_recency", N_("Recency, 1 to 5"), Kind.INTEGER),
                    _field("rfm_frequency", N_("Frequency, 1 to 5"), Kind.INTEGER),
                    _field("rfm_revenue", N_("Revenue, 1 to 5"), Kind.INTEGER, field_class=FieldClass.MONEY),
                    _field("purchases", N_("Purchases"), Kind.INTEGER),
                    _field("first_purchase", N_("First purchase"), Kind.DATE),
                    _field("last_purchase", N_("Last purchase"), Kind.DATE),
                    _field("silent_days", N_("Days since the last purchase"), Kind.INTEGER),
                    _field("usual_days", N_("Usual interval, days"), Kind.INTEGER),
                    _field("pace", N_("Pace of buying"), Kind.CHOICE, choices=PACES),
                    _field("active_months", N_("Months with a purchase"), Kind.INTEGER),
                    _field("streak", N_("Longest run of months with a purchase"), Kind.INTEGER),
                    _field("bought", N_("Bought in all"), Kind.MONEY),
                    _field("bought_now", N_("Bought lately"), Kind.MONEY),
                    _field("bought_before", N_("Bought in the time before"), Kind.MONEY),
                    _field(
                        "movement",
                        N_("Growth or loss"),
                        Kind.CHOICE,
                        choices=MOVEMENTS,
                        field_class=FieldClass.MONEY,
                    ),
                    _field("yearly", N_("Usual revenue of a year"), Kind.MONEY),
                    _field("expected", N_("Revenue to be expected"), Kind.MONEY),
                    _CURRENCY,
                )
            }
        ),
        CAMPAIGN: MappingProxyType(
            {
                each.name: each
                for each in (
                    _field("leads", N_("Leads that came"), Kind.INTEGER),
                    _field("leads_converted", N_("Leads converted"), Kind.INTEGER),
                    _field("deals_won", N_("Deals won"), Kind.INTEGER),
                    _field("customers_won", N_("Customers won"), Kind.INTEGER),
                    # Of the deals one sees: who may read their amounts, whatever campaigns cost.
                    _field("won_amount", N_("Amount won"), Kind.MONEY, field_class=FieldClass.CORE),
                    replace(_CURRENCY, field_class=FieldClass.CORE),
                )
            }
        ),
    }
)
"""Fields that follow from purchases, by kind of record and name. They are kept nowhere: reports group and
count by them, lists and segments ask of them, and each person's follow from what he may see."""
SCORED: Final = tuple(
    WORTH_FIELDS[CUSTOMER][each] for each in ("rfm_recency", "rfm_frequency", "rfm_revenue")
)
"""Fields that are scores: a table by one shows them all, those nobody has among them."""
NO_WORTH: Final[Mapping[str, Field]] = MappingProxyType({})


def worth_fields(entity: str) -> Mapping[str, Field]:
    """Return the fields of an entity that follow from purchases, by name."""
    return WORTH_FIELDS.get(entity, NO_WORTH)


def is_worth(entity: str, name: str) -> bool:
    """Tell whether a field of an entity follows from purchases."""
    return name in worth_fields(entity)


def is_of_money(field: Field) -> bool:
    """Tell whether a field that follows from purchases follows from their amounts."""
    return field.field_class is FieldClass.MONEY or field.kind in (Kind.MONEY, Kind.CURRENCY)


def rfm_class(recency: int, frequency: int, revenue: int) -> str:
    """Return the key of the class three scores lie in."""
    rest = (frequency + revenue + 1) // 2
    return next(
        each.key
        for each in RFM_CLASSES
        if each.recency[0] <= recency <= each.recency[1] and each.rest[0] <= rest <= each.rest[1]
    )


def score_of_place(below: int, alike: int, customers: int) -> int:
    """Return the fifth a customer stands in: `below` have less, `alike` as much, itself among them."""
    return 1 + SCORES * (2 * below + alike) // (2 * customers)


def score_by_bounds(value: int, bounds: tuple[int, ...], *, less_is_better: bool = False) -> int:
    """Return 1 and how many bounds are reached; where less is better, 5 and how many are passed."""
    if less_is_better:
        return SCORES - sum(value > bound for bound in bounds)
    return 1 + sum(value >= bound for bound in bounds)


def pace(silent_days: int, usual_days: int, silent_times: int) -> str:
    """Return whether a customer buys as usual, later, or is lost by its own interval."""
    if silent_days > silent_times * max(usual_days, 1):
        return "silent"
    return "late" if silent_days > usual_days else "in_time"


def movement(now: int, before: int, *, is_new: bool) -> str:
    """Return how what was bought lately stands to what was bought in as long a time before."""
    if now and not before:
        return "new" if is_new else "returned"
    if before and not now:
        return "gone"
    if not now:
        return "earlier"
    return "grown" if now > before else "shrunk" if now < before else "same"


def yearly(bought: int, purchases: int, span_days: int) -> int:
    """Return what a usual year brings: average purchase x 365 / mean interval, what remains cut off.

    `span_days` lie between the first purchase and the last. The mean and not the usual interval: of who buys
    in bursts the median is far too short, and a real company's sales were expected a third too high by it.
    """
    return bought * YEAR_DAYS * (purchases - 1) // (purchases * max(span_days, 1))


def expected(of_a_year: int, silent_days: int, usual_days: int, counting: Counting) -> int:
    """Return what is to be expected: usual revenue of a year x years x chance that it still buys.

    The chance is one up to the usual interval, and falls evenly to nothing at `silent_times` intervals.
    """
    usual, times = max(usual_days, 1), counting.silent_times
    if silent_days <= usual:
        return of_a_year * counting.years
    left = max(times * usual - silent_days, 0)
    return of_a_year * counting.years * left // ((times - 1) * usual)


def months_back(day: datetime.date, months: int) -> datetime.date:
    """Return the day so many months earlier; where its month is shorter, the last one there is."""
    index = day.year * 12 + day.month - 1 - months
    year, month = max(index // 12, 1), index % 12 + 1
    following = datetime.date(year + month // 12, month % 12 + 1, 1)
    return datetime.date(year, month, min(day.day, (following - datetime.timedelta(days=1)).day))


# The rule somebody sets up

_PARTS: Final = re.compile(r"[,;，、；\s]+")
_BOUNDS: Final = ("recency_days", "frequency", "monetary")


def counting_of(values: Mapping[str, Any] | None, currency: str) -> Counting:
    """Return how a rule's record says it is reckoned; what it does not say, or badly, is as usual."""
    if values is None:
        return Counting()
    usual = Counting()

    def whole(name: str, least: int, most: int, otherwise: int) -> int:
        said = values.get(name)
        return said if isinstance(said, int) and least <= said <= most else otherwise

    return Counting(
        deals_too=values.get("purchases") != "orders",
        recency=tuple(int(each) for each in bounds_of(values.get("recency_days")) or ()),
        frequency=tuple(int(each) for each in bounds_of(values.get("frequency")) or ()),
        monetary=tuple(
            round_half_up(each.scaleb(digits(currency))) for each in bounds_of(values.get("monetary")) or ()
        ),
        months=whole("months", 1, MOST_MONTHS, usual.months),
        silent_times=whole("silent_times", 2, MOST_TIMES, usual.silent_times),
        years=whole("years", 1, MOST_YEARS, usual.years),
    )


def bounds_of(text: Any) -> tuple[Decimal, ...] | None:
    """Return the four bounds written in a text; nothing for an empty one, None for what are none."""
    if not text:
        return ()
    try:
        found = tuple(Decimal(part) for part in _PARTS.split(str(text).strip()) if part)
    except InvalidOperation:
        return None
    if len(found) != SCORES - 1 or not all(each.is_finite() for each in found):
        return None
    rising = all(one < other for one, other in pairwise(found))
    return found if rising and found[0] >= 0 and found[-1] <= MAX_MINOR // 1000 else None


def problems_of_rule(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a rule as it would be saved."""
    found = []
    for name in _BOUNDS:
        bounds = bounds_of(values.get(name))
        whole = name == "monetary" or all(each == each.to_integral_value() for each in bounds or ())
        if bounds is None or not whole:
            said = message(N_("These are not four rising numbers, the smallest first"))
            found.append(Problem(field=name, message=said))
    for name, least, most in (
        ("months", 1, MOST_MONTHS),
        ("silent_times", 2, MOST_TIMES),
        ("years", 1, MOST_YEARS),
    ):
        said_number = values.get(name)
        if isinstance(said_number, int) and not least <= said_number <= most:
            said = message(N_("This is a whole number from {least} to {most}"), least=least, most=most)
            found.append(Problem(field=name, message=said))
    return found
