"""`crm target`: a year with its months, copied and spread; how far targets are reached; what differs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import click

from crm_core.entities.target import MEASURES
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.money import Money, parse_money
from crm_core.rules.stretches import parse_stretch
from crm_core.rules.target_plan import Goal, spread
from crm_core.rules.targets import MONTHS
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.cli.console import tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services import target_plans as service
from crm_desktop.services.company import company
from crm_desktop.services.target_plans import Plan, Subject

_REACHED = ("whose", "product", "target", "reached", "percent", "due_percent", "standing", "gap", "a_day")
_SUMS = ("whole", "whose", "target", "parts", "sum", "difference")
_EVEN, _LAST_YEAR = "even", "last-year"
year_argument = click.argument("year", type=int)
measure_option = click.option(
    "--measure",
    type=click.Choice([choice.value for choice in MEASURES]),
    default="won_amount",
    help=tr(N_("What counts.")),
)


def subject_options(function: Any) -> Any:
    """Add the options that say what a plan is of."""
    for option in (
        measure_option,
        click.option("--currency", default="", help=tr(N_("Currency of amounts; else the company's."))),
        click.option("--user", default="", metavar="NAME", help=tr(N_("Of this person."))),
        click.option("--team", default="", metavar="NAME", help=tr(N_("Of this team."))),
        click.option("--product", default="", metavar="CODE", help=tr(N_("Of this product alone."))),
        click.option("--family", default="", help=tr(N_("Of this family of products alone."))),
    ):
        function = option(function)
    return function


@click.group(help=tr(N_("Targets: a year and its months, how far they are reached, what does not add up.")))
def target() -> None:
    """Targets."""


@target.command("plan", help=tr(N_("Show a YEAR of targets of one subject with its months.")))
@year_argument
@subject_options
@pass_terminal
def show_plan(terminal: Terminal, /, year: int, **of: str) -> None:
    """Show a plan."""
    with terminal.app() as app:
        terminal.console.show(_shown(service.plan(app.replica, _subject(app.replica, year, of))))


@target.command(
    "set",
    help=tr(
        N_(
            "Set a YEAR of targets to an AMOUNT, or a number, and its months: spread evenly, by the share of"
            " last year's months (--spread last-year), or as given by --month, such as --month 3=90000."
        )
    ),
)
@year_argument
@click.argument("amount")
@click.option(
    "--spread", "how", type=click.Choice([_EVEN, _LAST_YEAR]), default=_EVEN, help=tr(N_("How it is spread."))
)
@click.option("--month", "months", multiple=True, metavar="MONTH=AMOUNT", help=tr(N_("One month as given.")))
@click.option("--no-months", is_flag=True, help=tr(N_("Leave the months as they are.")))
@subject_options
@pass_terminal
def set_plan(
    terminal: Terminal,
    /,
    year: int,
    amount: str,
    how: str,
    months: tuple[str, ...],
    no_months: bool,
    **of: str,
) -> None:
    """Set a plan."""
    with terminal.app() as app:
        replica = app.replica
        subject = _subject(replica, year, of)
        held = service.plan(replica, subject)
        whole = _value(subject, amount)
        parts: list[int | None] = list(held.months)
        if not no_months and not months:
            weights = held.reached_before if how == _LAST_YEAR else [1] * len(MONTHS)
            parts = list(spread(whole, weights))
        for given in months:
            place, value = _month(given)
            parts[place] = _value(subject, value)
        service.save(replica, subject, whole, parts)
        terminal.console.show(_shown(service.plan(replica, subject)))


@target.command(
    "copy", help=tr(N_("Set a YEAR of targets to those of the year before, so many PERCENT higher."))
)
@year_argument
@click.option("--percent", default="0", help=tr(N_("How much higher; below zero: lower.")))
@subject_options
@pass_terminal
def copy(terminal: Terminal, /, year: int, percent: str, **of: str) -> None:
    """Copy a plan."""
    with terminal.app() as app:
        subject = _subject(app.replica, year, of)
        whole, months = service.copied(app.replica, subject, _percent(percent))
        service.save(app.replica, subject, whole, months)
        terminal.console.show(_shown(service.plan(app.replica, subject)))


@target.command(
    "attainment", help=tr(N_("List how far the targets of a PERIOD are reached: 2026, 2026-Q4 or 2026-11."))
)
@click.argument("period")
@measure_option
@pass_terminal
def attainment(terminal: Terminal, period: str, measure: str) -> None:
    """List targets with what is reached."""
    stretch = parse_stretch(period)
    with terminal.app() as app:
        found = service.attained(app.replica, stretch.year, stretch.period, measure)
        rows = [
            {
                "whose": row.whose or tr("Whole company"),
                "product": row.product or None,
                "target": _plain(told.goal, told.goal.goal),
                "reached": _plain(told.goal, told.reached),
                "percent": told.percent,
                "due_percent": told.due_percent,
                "seasonal": told.seasonal,
                "standing": told.standing.value,
                "gap": _plain(told.goal, told.gap),
                "days_left": told.days_left,
                "a_day": None if told.a_day is None else _plain(told.goal, told.a_day),
                "id": told.goal.id,
            }
            for row in found.rows
            for told in (row.attainment,)
        ]
        terminal.console.show_rows(rows, _REACHED)


@target.command("check", help=tr(N_("List targets of a YEAR whose parts do not come to them.")))
@year_argument
@measure_option
@click.option("--all", "every", is_flag=True, help=tr(N_("Also those whose parts do.")))
@pass_terminal
def check(terminal: Terminal, year: int, measure: str, every: bool) -> None:
    """List differences."""
    with terminal.app() as app:
        found = service.attained(app.replica, year, "year", measure)
        rows = [
            {
                "whole": str(each.whole.name),
                "whose": found.names.get(each.whole.user_id or each.whole.team_id or "")
                or tr("Whole company"),
                "target": _plain(each.whole, each.whole.goal),
                "parts": each.parts.value,
                "count": each.count,
                "sum": _plain(each.whole, each.total),
                "difference": _plain(each.whole, each.difference),
            }
            for each in found.sums
            if every or each.difference
        ]
        terminal.console.show_rows(rows, _SUMS)


def _subject(replica: Replica, year: int, of: dict[str, str]) -> Subject:
    with replica.read() as session:
        currency = of["currency"].strip().upper() or company(session).currency or DEFAULT_CURRENCY
    subject = Subject(
        year=year,
        measure=of["measure"],
        currency=currency,
        user_id=_found(replica, "user", "name", of["user"]),
        team_id=_found(replica, "team", "name", of["team"]),
        product_id=_found(replica, "product", "code", of["product"]),
        family=of["family"].strip() or None,
    )
    if subject.user_id and subject.team_id:
        raise UserError(N_("A target is a person's or a team's, not both"))
    return subject


def _found(replica: Replica, entity: str, field: str, named: str) -> str | None:
    if not named.strip():
        return None
    conditions = (Condition(field=field, op=Op.EQUAL, value=named.strip()),)
    rows = records.page(replica, ListQuery(entity=entity, conditions=conditions, limit=2)).rows
    if not rows:
        raise NotFound(N_("There is no “{name}” among {entity}"), name=named, entity=entity)
    if len(rows) > 1:
        raise UserError(N_("Several are called “{name}”"), name=named)
    return rows[0].id


def _value(subject: Subject, text: str) -> int:
    if subject.in_money:
        return parse_money(text, subject.currency or DEFAULT_CURRENCY).minor
    if not text.strip().isdecimal():
        raise UserError(N_("“{text}” is not a whole number"), text=text)
    return int(text)


def _month(text: str) -> tuple[int, str]:
    month, _, value = text.partition("=")
    if not month.strip().isdecimal() or not 1 <= int(month) <= len(MONTHS) or not value.strip():
        raise UserError(N_("“{text}” is not a month such as 3=90000"), text=text)
    return int(month) - 1, value


def _percent(text: str) -> Decimal:
    try:
        found = Decimal(text.strip().removesuffix("%").strip())
    except ArithmeticError:
        found = Decimal("NaN")
    if not found.is_finite() or not -100 <= found <= 1000:
        raise UserError(N_("“{text}” is not a percentage from -100 to 1000"), text=text)
    return found


def _plain(goal: Goal, value: int) -> str | int:
    return value if goal.currency is None else str(Money(value, goal.currency))


def _shown(plan: Plan) -> dict[str, Any]:
    subject = plan.subject

    def said(value: int | None) -> str | int | None:
        if value is None or not subject.in_money:
            return value
        return str(Money(value, subject.currency or DEFAULT_CURRENCY))

    return {
        "year": subject.year,
        "measure": subject.measure,
        "target": said(plan.year),
        **{name: said(month) for name, month in zip(MONTHS, plan.months, strict=True)},
        "difference": said(plan.difference),
    }
