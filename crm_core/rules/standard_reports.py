"""The reports every HQ has, as data. Their formulas in words are in docs/reports.md.

A standard report is counted like any other, by what the person may read; copied, it is the beginning of one's
own.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.rules import survey_reports
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.forecast import forecast_report
from crm_core.rules.payments import BUCKETS, COLLECTED, Bucket
from crm_core.rules.relative_days import RelativeDay, Unit
from crm_core.rules.reports import (
    Currencies,
    Days,
    FieldAt,
    Group,
    Measure,
    Number,
    Over,
    Period,
    Question,
    Reckoned,
    Report,
    Sign,
    Take,
)
from crm_core.rules.segments import AllOf, AnyOf, Not, Rule
from crm_core.rules.standard_parts import LARGEST_FIRST, NET_LINE, TODAY, StandardReport, asked, is_, is_in
from crm_core.rules.targets import MONTHS
from crm_core.rules.value_reports import VALUE_REPORTS

_WON: Final = is_("stage_id.kind", "won")
_LOST: Final = is_("stage_id.kind", "lost")
_CLOSED: Final = is_in("stage_id.kind", "won", "lost")
_AMOUNT: Final = FieldAt("amount")
_COUNT: Final = Measure()
_SUM: Final = Measure(take=Take.SUM, of=_AMOUNT)
_WEIGHTED: Final = Measure(
    take=Take.SUM,
    of=Reckoned(Reckoned(_AMOUNT, Sign.TIMES, FieldAt("probability")), Sign.OVER, Number(Decimal(100))),
    label=N_("Amount, weighted"),
)
_OWED: Final = Reckoned(_AMOUNT, Sign.MINUS, FieldAt("paid"))


def _won(group: Group, *, top: int = 0) -> Report:
    """Return what was won by some group, the largest first."""
    share = Measure(take=Take.SUM, of=_AMOUNT, over=Over.OF_TOTAL)
    return Report(
        entity="deal",
        rule=_WON,
        rows=(group,),
        measures=(_SUM, _COUNT, share),
        sort=LARGEST_FIRST,
        top=top,
        questions=(asked("close_date"),),
        currencies=Currencies.COMPANY,
    )


def _overdue(bucket: Bucket) -> Rule:
    """Return that an instalment is overdue for as long as a bucket says."""
    parts: list[Rule] = []
    if bucket.least is not None:
        last = RelativeDay(Unit.DAY, -bucket.least)
        parts.append(Condition(field="due_on", op=Op.AT_MOST, value=last))
    if bucket.most is not None:
        first = Condition(field="due_on", op=Op.AT_LEAST, value=RelativeDay(Unit.DAY, -bucket.most))
        nothing = Condition(field="due_on", op=Op.EMPTY)
        parts.append(first if bucket.least is not None else AnyOf((first, nothing)))
    return AllOf(tuple(parts))


_ATTAINED: Final = tuple(
    Measure(take=take) for take in (Take.ATTAINED, Take.REACHED, Take.GOAL, Take.DUE, Take.MISSING)
)


def _attained(by: str, *rule: Rule) -> Report:
    """Return how far targets of what is won are reached, by a field of them; of this year unless asked."""
    asked = (
        Question(key="year", label=N_("Year"), condition=is_("year", None)),
        Question(key="period", label=N_("Period"), condition=is_("period", "year")),
    )
    return Report(
        entity="target",
        rule=AllOf((is_("measure", "won_amount"), *rule)),
        rows=(Group(field=by),),
        measures=_ATTAINED,
        questions=asked[:1] if by == "period" else asked,
    )


def _filled(field: str) -> Rule:
    return Condition(field=field, op=Op.FILLED)


def _empty(*fields: str) -> tuple[Rule, ...]:
    return tuple(Condition(field=field, op=Op.EMPTY) for field in fields)


_STANDARD: Final = (
    StandardReport(
        key="attainment",
        title=N_("Attainment by person"),
        tells=N_("What each person is to win this year, has won, and should have won by today"),
        report=_attained("user_id", _filled("user_id"), *_empty("product_id", "family")),
    ),
    StandardReport(
        key="attainment_teams",
        title=N_("Attainment by team"),
        tells=N_("The same of teams, with the people of the teams below them"),
        report=_attained("team_id", _filled("team_id"), *_empty("user_id", "product_id", "family")),
    ),
    StandardReport(
        key="attainment_products",
        title=N_("Attainment by product"),
        tells=N_("The same of the company's targets of single products"),
        report=_attained("product_id", _filled("product_id"), *_empty("user_id", "team_id")),
    ),
    StandardReport(
        key="attainment_families",
        title=N_("Attainment by family of products"),
        tells=N_("The same of the company's targets of families of products"),
        report=_attained("family", _filled("family"), *_empty("user_id", "team_id", "product_id")),
    ),
    StandardReport(
        key="attainment_months",
        title=N_("Attainment by month"),
        tells=N_("The same of the company's targets of single months"),
        report=_attained(
            "period", is_in("period", *MONTHS), *_empty("user_id", "team_id", "product_id", "family")
        ),
    ),
    StandardReport(
        key="forecast",
        title=N_("Forecast by person"),
        tells=N_("What closes in a period: won, commit, best case, pipeline, weighted by chance"),
        report=forecast_report(),
    ),
    StandardReport(
        key="funnel",
        title=N_("Sales funnel"),
        tells=N_("Deals and amounts by stage, how many came this far, and how long they stand there"),
        chart="funnel",
        report=Report(
            entity="deal",
            rule=Not(_LOST),
            rows=(Group(field="stage_id"),),
            measures=(
                _COUNT,
                _SUM,
                _WEIGHTED,
                Measure(over=Over.ONWARD),
                Measure(over=Over.KEPT),
                Measure(
                    take=Take.AVERAGE,
                    of=Days("stage_since", TODAY),
                    only=is_("stage_id.kind", "open"),
                    label=N_("Days in this stage"),
                ),
            ),
            currencies=Currencies.COMPANY,
        ),
    ),
    StandardReport(
        key="won_by_month",
        title=N_("Won by month"),
        tells=N_("What was won each month, added up, and against the month before"),
        chart="line",
        report=Report(
            entity="deal",
            rule=_WON,
            rows=(Group(field="close_date", period=Period.MONTH),),
            measures=(
                _SUM,
                _COUNT,
                Measure(take=Take.SUM, of=_AMOUNT, over=Over.RUNNING),
                Measure(take=Take.SUM, of=_AMOUNT, over=Over.CHANGE),
            ),
            questions=(asked("close_date", Unit.MONTH, -11),),
            currencies=Currencies.COMPANY,
        ),
    ),
    StandardReport(
        key="ranking",
        title=N_("Ranking of sellers"),
        tells=N_("What each owner won, how many deals, and the share of all"),
        report=_won(Group(field="owner_id")),
    ),
    StandardReport(
        key="win_rate",
        title=N_("Win rate"),
        tells=N_("Of the deals decided, the share that was won, by owner"),
        report=Report(
            entity="deal",
            rule=_CLOSED,
            rows=(Group(field="owner_id"),),
            measures=(
                Measure(take=Take.SHARE, only=_WON, label=N_("Won of those decided")),
                Measure(only=_WON, label=N_("Deals won")),
                Measure(only=_LOST, label=N_("Deals lost")),
            ),
            sort=LARGEST_FIRST,
            questions=(asked("close_date"),),
        ),
    ),
    StandardReport(
        key="cycle",
        title=N_("Length of the sales cycle"),
        tells=N_("Days from first engaging to closing, of deals won, by month of closing"),
        chart="line",
        report=Report(
            entity="deal",
            rule=_WON,
            rows=(Group(field="close_date", period=Period.MONTH),),
            measures=(
                Measure(take=Take.AVERAGE, of=Days("engaged_on", "close_date"), label=N_("Days, average")),
                Measure(take=Take.LEAST, of=Days("engaged_on", "close_date"), label=N_("Days, shortest")),
                Measure(take=Take.MOST, of=Days("engaged_on", "close_date"), label=N_("Days, longest")),
                _COUNT,
            ),
            questions=(asked("close_date", Unit.MONTH, -11),),
        ),
    ),
    StandardReport(
        key="lead_sources",
        title=N_("Sources of leads"),
        tells=N_("Leads by where they came from, and the share that became customers"),
        report=Report(
            entity="lead",
            rows=(Group(field="source"),),
            measures=(
                _COUNT,
                Measure(over=Over.OF_TOTAL),
                Measure(take=Take.SHARE, only=is_("status", "converted"), label=N_("Converted")),
            ),
            sort=LARGEST_FIRST,
            questions=(asked("created_at"),),
        ),
    ),
    StandardReport(
        key="sales_by_product",
        title=N_("Sales by product"),
        tells=N_("What was ordered of each product, without drafts and cancelled orders"),
        report=Report(
            entity="order_line",
            rule=is_in("order_id.status", "confirmed", "closed"),
            rows=(Group(field="product_id"),),
            measures=(
                Measure(take=Take.SUM, of=NET_LINE, label=N_("Amount ordered")),
                Measure(take=Take.SUM, of=FieldAt("quantity"), label=N_("Quantity ordered")),
                Measure(take=Take.DISTINCT, of=FieldAt("order_id"), label=N_("Orders")),
            ),
            sort=LARGEST_FIRST,
            top=20,
            questions=(asked("order_id.ordered_on"),),
            currencies=Currencies.COMPANY,
        ),
    ),
    StandardReport(
        key="won_by_product",
        title=N_("Won by product"),
        tells=N_("What was won of each product"),
        report=_won(Group(field="product_id"), top=20),
    ),
    StandardReport(
        key="won_by_region",
        title=N_("Won by region"),
        tells=N_("What was won in each province of the customers"),
        chart="map",
        report=_won(Group(field="customer_id.province")),
    ),
    StandardReport(
        key="won_by_channel",
        title=N_("Won by channel"),
        tells=N_("What was won by where the deals came from"),
        chart="pie",
        report=_won(Group(field="source")),
    ),
    StandardReport(
        key="ageing",
        title=N_("Ageing of receivables"),
        tells=N_("What is owed, by how long it is overdue, by customer"),
        report=Report(
            entity="instalment",
            rule=is_in("state", *(each.value for each in COLLECTED)),
            rows=(Group(field="customer_id"),),
            measures=(
                Measure(take=Take.SUM, of=_OWED, label=N_("Owed")),
                *(Measure(take=Take.SUM, of=_OWED, only=_overdue(each), label=each.text) for each in BUCKETS),
            ),
            sort=LARGEST_FIRST,
        ),
    ),
    StandardReport(
        key="customer_growth",
        title=N_("Growth of customers"),
        tells=N_("New customers each month, all of them added up, and against the month before"),
        chart="line",
        report=Report(
            entity="customer",
            rows=(Group(field="created_at", period=Period.MONTH),),
            measures=(_COUNT, Measure(over=Over.RUNNING), Measure(over=Over.CHANGE)),
        ),
    ),
    StandardReport(
        key="losses",
        title=N_("Why deals were lost"),
        tells=N_("Deals lost by reason, their amounts and the share of each reason"),
        chart="pie",
        report=Report(
            entity="deal",
            rule=_LOST,
            rows=(Group(field="loss_reason"),),
            measures=(_COUNT, Measure(over=Over.OF_TOTAL), _SUM),
            sort=LARGEST_FIRST,
            questions=(asked("close_date"),),
            currencies=Currencies.COMPANY,
        ),
    ),
    StandardReport(
        key="lost_to",
        title=N_("Lost to whom"),
        tells=N_("Deals decided by the competitor met, and the share that was won"),
        report=Report(
            entity="deal",
            rule=AllOf((_CLOSED, Condition(field="competitor_id", op=Op.FILLED))),
            rows=(Group(field="competitor_id"),),
            measures=(_COUNT, Measure(take=Take.SHARE, only=_WON, label=N_("Won of those decided"))),
            sort=LARGEST_FIRST,
            questions=(asked("close_date"),),
        ),
    ),
    StandardReport(
        key="handling",
        title=N_("Handling time of tickets"),
        tells=N_("Days from opening to closing, of tickets closed, by month"),
        chart="line",
        report=Report(
            entity="ticket",
            rule=Condition(field="closed_at", op=Op.FILLED),
            rows=(Group(field="closed_at", period=Period.MONTH),),
            measures=(
                Measure(take=Take.AVERAGE, of=Days("created_at", "closed_at"), label=N_("Days, average")),
                Measure(take=Take.MOST, of=Days("created_at", "closed_at"), label=N_("Days, longest")),
                _COUNT,
            ),
            questions=(asked("closed_at", Unit.MONTH, -11),),
        ),
    ),
    StandardReport(
        key="issues",
        title=N_("Ten most frequent issues"),
        tells=N_("Tickets by category, the ten largest, the others together"),
        report=Report(
            entity="ticket",
            rows=(Group(field="category_id"),),
            measures=(_COUNT, Measure(over=Over.OF_TOTAL)),
            sort=LARGEST_FIRST,
            top=10,
            questions=(asked("created_at"),),
        ),
    ),
    StandardReport(
        key="csat_by_month",
        title=N_("Satisfaction by month"),
        tells=N_("How many of those who answered a survey were satisfied, month by month"),
        chart="line",
        report=survey_reports.BY_MONTH,
    ),
    StandardReport(
        key="csat_by_person",
        title=N_("Satisfaction by person"),
        tells=N_("How satisfied customers were, by who had the ticket when it ended"),
        report=survey_reports.BY_PERSON,
    ),
    StandardReport(
        key="csat_by_product",
        title=N_("Satisfaction by product"),
        tells=N_("How satisfied customers were, by the product of the ticket"),
        report=survey_reports.BY_PRODUCT,
    ),
    StandardReport(
        key="csat_by_team",
        title=N_("Satisfaction by team"),
        tells=N_("How satisfied customers were, by the team of the ticket"),
        report=survey_reports.BY_TEAM,
    ),
    StandardReport(
        key="survey_responses",
        title=N_("Answers to surveys"),
        tells=N_("How many of those who were asked answered, by the month they were asked in"),
        chart="line",
        report=survey_reports.RESPONSES,
    ),
    StandardReport(
        key="ticket_hours",
        title=N_("When tickets come"),
        tells=N_("Tickets by weekday and hour of the day"),
        chart="heat_map",
        report=Report(
            entity="ticket",
            rows=(Group(field="created_at", period=Period.WEEKDAY),),
            columns=(Group(field="created_at", period=Period.HOUR),),
            questions=(asked("created_at", Unit.MONTH, -11),),
        ),
    ),
    StandardReport(
        key="activities",
        title=N_("Activities by person"),
        tells=N_("Calls, mails, visits and meetings of each person"),
        report=Report(
            entity="activity",
            rule=is_in("kind", "call", "mail", "visit", "meeting"),
            rows=(Group(field="owner_id"),),
            columns=(Group(field="kind"),),
            questions=(asked("happened_at", Unit.MONTH, 0),),
        ),
    ),
)

_EVERY: Final = (*_STANDARD, *VALUE_REPORTS)
STANDARD_REPORTS: Final[Mapping[str, StandardReport]] = MappingProxyType({each.key: each for each in _EVERY})
"""The standard reports by key, in the order they are offered."""


def standard_report(key: str) -> StandardReport:
    """Return a standard report. `NotFound` where there is none of that key."""
    found = STANDARD_REPORTS.get(key)
    if found is None:
        raise NotFound(N_("There is no report called “{name}”"), name=key)
    return found
