"""The standard reports on what customers are worth, what they cost to win, and who is lost.

Their formulas in words are in docs/reports.md; those of single fields in `crm_core.rules.customer_value`.
"""

from __future__ import annotations

from typing import Final

from crm_core.i18n import N_
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.relative_days import RelativeDay, Unit
from crm_core.rules.reports import (
    Currencies,
    Days,
    FieldAt,
    Group,
    Measure,
    Over,
    Period,
    Reckoned,
    Report,
    Sign,
    Sort,
    Take,
)
from crm_core.rules.segments import AllOf, Rule
from crm_core.rules.standard_parts import LARGEST_FIRST, NET_LINE, TODAY, StandardReport, asked, is_, is_in

_ITSELF: Final = (Group(field="id"),)
_BOUGHT: Final = FieldAt("bought")
_BUYS: Final = Condition(field="purchases", op=Op.AT_LEAST, value=1)
_COST: Final = Reckoned(FieldAt("product_id.cost"), Sign.TIMES, FieldAt("quantity"))
_ORDERED: Final = is_in("status", "confirmed", "closed")
_LINE_ORDERED: Final = is_in("order_id.status", "confirmed", "closed")
_MAILED: Final = Condition(field="mails_sent", op=Op.AT_LEAST, value=1)
_LARGEST = 20
"""Customers and products shown one by one."""


def _sum(path: str, label: str = "", over: Over = Over.NOTHING) -> Measure:
    return Measure(take=Take.SUM, of=FieldAt(path), label=label, over=over)


def _between(field: str, first: int, last: int) -> Rule:
    """Return that a day lies so many days back, both counted."""
    since = RelativeDay(Unit.DAY, -first)
    until = RelativeDay(Unit.DAY, -last)
    return AllOf(
        (
            Condition(field=field, op=Op.AT_LEAST, value=since),
            Condition(field=field, op=Op.AT_MOST, value=until),
        )
    )


_LATELY: Final = _between("order_id.ordered_on", 364, 0)
_BEFORE: Final = _between("order_id.ordered_on", 729, 365)

VALUE_REPORTS: Final = (
    StandardReport(
        key="rfm",
        title=N_("Recency (up) by frequency (across)"),
        tells=N_("Customers by how lately and how often they bought; 5 is best"),
        chart="heat_map",
        report=Report(
            entity="customer",
            rule=_BUYS,
            rows=(Group(field="rfm_recency"),),
            columns=(Group(field="rfm_frequency"),),
            sort=Sort(descending=True),
        ),
    ),
    StandardReport(
        key="value_classes",
        title=N_("Classes of customer value"),
        tells=N_("Customers by recency, frequency and revenue put into classes, and what each class brought"),
        report=Report(
            entity="customer",
            rule=_BUYS,
            rows=(Group(field="rfm_class"),),
            measures=(
                Measure(label=N_("Customers")),
                Measure(label=N_("Of all"), over=Over.OF_TOTAL),
                _sum("bought", N_("Bought")),
                _sum("bought", N_("Of the revenue"), Over.OF_TOTAL),
                _sum("expected", N_("Expected")),
            ),
            currencies=Currencies.COMPANY,
        ),
    ),
    StandardReport(
        key="best_customers",
        title=N_("Best customers"),
        tells=N_("Who ordered most, with the share of all, how often and at what average"),
        report=Report(
            entity="order",
            rule=_ORDERED,
            rows=(Group(field="customer_id"),),
            measures=(
                _sum("total", N_("Amount ordered")),
                _sum("total", N_("Of the revenue"), Over.OF_TOTAL),
                Measure(label=N_("Orders")),
                Measure(take=Take.AVERAGE, of=FieldAt("total"), label=N_("Average order")),
            ),
            sort=LARGEST_FIRST,
            top=_LARGEST,
            questions=(asked("ordered_on"),),
            currencies=Currencies.COMPANY,
        ),
    ),
    StandardReport(
        key="lasting_customers",
        title=N_("Lasting customers"),
        tells=N_("Who bought in the longest run of months, for how many years, and how much in all"),
        report=Report(
            entity="customer",
            rule=_BUYS,
            rows=_ITSELF,
            measures=(
                Measure(take=Take.MOST, of=FieldAt("streak"), label=N_("Run, months")),
                Measure(take=Take.MOST, of=FieldAt("active_months"), label=N_("Months in all")),
                Measure(
                    take=Take.MOST,
                    of=Days("first_purchase", TODAY),
                    label=N_("Days with us"),
                ),
                Measure(take=Take.SUM, of=FieldAt("purchases"), label=N_("Times")),
                _sum("bought", N_("Bought")),
            ),
            sort=LARGEST_FIRST,
            top=_LARGEST,
            currencies=Currencies.COMPANY,
        ),
    ),
    StandardReport(
        key="lifetime_value",
        title=N_("Customer lifetime value"),
        tells=N_("What customers brought and may be expected to bring, the largest first"),
        report=Report(
            entity="customer",
            rule=_BUYS,
            rows=_ITSELF,
            measures=(
                Measure(
                    take=Take.SUM,
                    of=Reckoned(_BOUGHT, Sign.PLUS, FieldAt("expected")),
                    label=N_("In all"),
                ),
                _sum("bought", N_("Bought")),
                _sum("expected", N_("Expected")),
                _sum("yearly", N_("Per year")),
                Measure(take=Take.SUM, of=FieldAt("purchases"), label=N_("Times")),
            ),
            sort=LARGEST_FIRST,
            top=_LARGEST,
            currencies=Currencies.COMPANY,
        ),
    ),
    StandardReport(
        key="customer_margin",
        title=N_("Markup by customer"),
        tells=N_("What was ordered against what it cost by the products' costs of today"),
        report=Report(
            entity="order_line",
            rule=AllOf((_LINE_ORDERED, Condition(field="product_id.cost", op=Op.MORE, value=0))),
            rows=(Group(field="order_id.customer_id"),),
            measures=(
                Measure(take=Take.SUM, of=_COST, label=N_("Cost")),
                Measure(take=Take.SUM, of=NET_LINE, label=N_("Markup"), over=Over.AGAINST),
                Measure(take=Take.SUM, of=NET_LINE, label=N_("Amount ordered")),
            ),
            sort=Sort(place=2, by_measure=True, descending=True),
            top=_LARGEST,
            questions=(asked("order_id.ordered_on"),),
            currencies=Currencies.COMPANY,
        ),
    ),
    StandardReport(
        key="product_growth",
        title=N_("Best-selling products"),
        tells=N_("What was ordered of each product in the last 365 days, against the 365 before"),
        report=Report(
            entity="order_line",
            rule=AllOf((_LINE_ORDERED, _between("order_id.ordered_on", 729, 0))),
            rows=(Group(field="product_id"),),
            measures=(
                Measure(take=Take.SUM, of=NET_LINE, only=_BEFORE, label=N_("Year before")),
                Measure(take=Take.SUM, of=NET_LINE, only=_LATELY, over=Over.AGAINST, label=N_("Growth")),
                Measure(take=Take.SUM, of=NET_LINE, only=_LATELY, label=N_("Last 365 days")),
                Measure(take=Take.SUM, of=FieldAt("quantity"), only=_LATELY, label=N_("Quantity")),
                Measure(
                    take=Take.DISTINCT,
                    of=FieldAt("order_id.customer_id"),
                    only=_LATELY,
                    label=N_("Customers"),
                ),
            ),
            sort=Sort(place=2, by_measure=True, descending=True),
            top=_LARGEST,
            currencies=Currencies.COMPANY,
        ),
    ),
    StandardReport(
        key="growth_and_loss",
        title=N_("Growth and loss"),
        tells=N_(
            "New, returning, growing, shrinking and lost customers, and what each changed in the revenue"
        ),
        report=Report(
            entity="customer",
            rule=AllOf((_BUYS, is_in("movement", "new", "returned", "grown", "same", "shrunk", "gone"))),
            rows=(Group(field="movement"),),
            measures=(
                Measure(
                    take=Take.SUM,
                    of=Reckoned(FieldAt("bought_now"), Sign.MINUS, FieldAt("bought_before")),
                    label=N_("Change in revenue"),
                ),
                _sum("bought_before", N_("Bought in the time before")),
                _sum("bought_now", N_("Bought lately")),
                Measure(label=N_("Customers")),
            ),
            currencies=Currencies.COMPANY,
        ),
    ),
    StandardReport(
        key="lost_customers",
        title=N_("Customers lost"),
        tells=N_("Who has not bought for several of its own usual intervals, and the revenue at stake"),
        report=Report(
            entity="customer",
            rule=is_("pace", "silent"),
            rows=_ITSELF,
            measures=(
                _sum("yearly", N_("At stake, per year")),
                Measure(take=Take.MOST, of=FieldAt("silent_days"), label=N_("Silent, days")),
                Measure(take=Take.MOST, of=FieldAt("usual_days"), label=N_("Usual, days")),
                _sum("bought", N_("Bought")),
            ),
            sort=LARGEST_FIRST,
            top=_LARGEST,
            currencies=Currencies.COMPANY,
        ),
    ),
    StandardReport(
        key="won_by_year",
        title=N_("Won against a year before"),
        tells=N_("What was won each month, against the month before and the same month a year before"),
        chart="line",
        report=Report(
            entity="deal",
            rule=is_("stage_id.kind", "won"),
            rows=(Group(field="close_date", period=Period.MONTH),),
            measures=(
                _sum("amount", N_("Amount won")),
                _sum("amount", N_("Against the month before"), Over.CHANGE),
                _sum("amount", N_("Against a year before"), Over.YEAR),
            ),
            questions=(asked("close_date", Unit.MONTH, -23),),
            currencies=Currencies.COMPANY,
        ),
    ),
    StandardReport(
        key="campaign_roi",
        title=N_("Return of campaigns"),
        tells=N_("What each campaign cost and brought: leads, customers, amount won, and its return"),
        report=Report(
            entity="campaign",
            rows=_ITSELF,
            measures=(
                _sum("cost", N_("Cost")),
                _sum("won_amount", N_("ROI"), Over.AGAINST),
                _sum("won_amount", N_("Won")),
                _sum("leads", N_("Leads")),
                _sum("cost", N_("Per lead"), Over.PER),
                _sum("customers_won", N_("Customers")),
                _sum("cost", N_("Per customer"), Over.PER),
            ),
            sort=Sort(place=2, by_measure=True, descending=True),
            questions=(asked("starts_on", Unit.YEAR, -1),),
            currencies=Currencies.COMPANY,
        ),
    ),
    *(
        StandardReport(
            key=key,
            title=title,
            tells=tells,
            chart=chart,
            report=Report(
                entity="campaign",
                rows=(group,),
                measures=(
                    _sum("customers_won", N_("Customers won")),
                    _sum("cost", N_("Per customer"), Over.PER),
                    _sum("cost", N_("Cost")),
                    Measure(label=N_("Campaigns")),
                ),
                questions=(asked("starts_on", Unit.YEAR, -1),),
                currencies=Currencies.COMPANY,
            ),
        )
        for key, title, tells, chart, group in (
            (
                "acquisition_by_source",
                N_("Cost of winning customers, by source"),
                N_("What campaigns of each source cost for each customer they won"),
                "bar",
                Group(field="source"),
            ),
            (
                "acquisition_by_month",
                N_("Cost of winning customers, by month"),
                N_("What campaigns cost for each customer they won, by the month they began in"),
                "line",
                Group(field="starts_on", period=Period.MONTH),
            ),
        )
    ),
    *(
        StandardReport(
            key=key,
            title=title,
            tells=tells,
            report=Report(
                entity="campaign",
                rule=_MAILED,
                rows=rows,
                measures=(
                    _sum("mails_sent", N_("Mails sent")),
                    _sum("mails_opened", N_("Open rate"), Over.PART),
                    _sum("mails_opened", N_("Mails opened")),
                ),
                questions=(asked("starts_on", Unit.YEAR, -1),),
            ),
        )
        for key, title, tells, rows in (
            (
                "open_rate",
                N_("Open rate of mails"),
                N_("Of the mails each campaign sent, the part that was opened"),
                _ITSELF,
            ),
            (
                "open_rate_by_month",
                N_("Open rate of mails, by month"),
                N_("Of the mails sent, the part that was opened, by the month their campaigns began in"),
                (Group(field="starts_on", period=Period.MONTH),),
            ),
        )
    ),
)
"""In the order they are offered."""
