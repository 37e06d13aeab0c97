"""Dashboards to begin with, as data: whoever has none takes one and makes it his own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from crm_core.charts.chart import Kind
from crm_core.charts.looks import Look, plain_look, usual_look
from crm_core.i18n import N_
from crm_core.rules.dashboards import Tile
from crm_core.rules.reports import Measure, Report, Take
from crm_core.rules.standard_reports import STANDARD_REPORTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """A dashboard somebody may begin with."""

    key: str
    name: str
    tells: str
    tiles: tuple[Tile, ...]
    period: str = ""


def _report(key: str) -> Report:
    return STANDARD_REPORTS[key].report


def _tile(key: str, kind: Kind, width: int, goal: Decimal | None = None) -> Tile:
    look = replace(usual_look(_report(key), kind), goal=goal)
    return Tile(id=key, standard=key, look=plain_look(look), width=width)


def _figure(name: str, title: str, key: str, goal: Decimal | None = None, *, less: bool = False) -> Tile:
    """Return a standard report's first measure over all its records, as one figure."""
    whole = replace(_report(key), rows=(), columns=(), measures=_report(key).measures[:1], sort=None, top=0)
    look = Look(kind=Kind.FIGURE, goal=goal, less_is_better=less)
    return Tile(id=name, title=title, report=whole, look=plain_look(look), width=3, tall=False)


def _on_pace(name: str, title: str, key: str) -> Tile:
    """Return what is reached of all a report's targets as a part of what is due by today."""
    whole = replace(_report(key), rows=(), measures=(Measure(take=Take.PACE),), sort=None, top=0)
    look = Look(kind=Kind.FIGURE, goal=Decimal(100))
    return Tile(id=name, title=title, report=whole, look=plain_look(look), width=3, tall=False)


STARTERS: Final = (
    Starter(
        key="sales",
        name=N_("Sales this quarter"),
        tells=N_("What was won and by whom, the funnel, regions, losses and what is owed"),
        period="this-quarter",
        tiles=(
            _figure("won", N_("Won"), "ranking"),
            _figure("rate", N_("Win rate"), "win_rate", Decimal(30)),
            _figure("days", N_("Days to win, average"), "cycle"),
            _figure("owed", N_("Owed to us"), "ageing"),
            _tile("won_by_month", Kind.BAR, 8),
            _tile("won_by_channel", Kind.PIE, 4),
            _tile("funnel", Kind.FUNNEL, 4),
            _tile("ranking", Kind.BAR, 4),
            _tile("losses", Kind.BAR, 4),
        ),
    ),
    Starter(
        key="targets",
        name=N_("Targets and forecast"),
        tells=N_(
            "How far the year's targets are reached by person, team, product and month, and what is coming"
        ),
        tiles=(
            _on_pace("people", N_("People, of what is due"), "attainment"),
            _on_pace("teams", N_("Teams, of what is due"), "attainment_teams"),
            _tile("attainment_months", Kind.BAR, 6),
            _tile("attainment", Kind.BAR, 4, Decimal(100)),
            _tile("attainment_teams", Kind.BAR, 4, Decimal(100)),
            _tile("attainment_products", Kind.BAR, 4, Decimal(100)),
            _tile("forecast", Kind.TABLE, 12),
        ),
    ),
    Starter(
        key="customers",
        name=N_("Customers and markets"),
        tells=N_("How many customers there are, where they are, what they buy and who calls on them"),
        tiles=(
            _tile("customer_growth", Kind.LINE, 8),
            _tile("lead_sources", Kind.PIE, 4),
            _tile("won_by_region", Kind.MAP, 6),
            _tile("won_by_product", Kind.BAR, 6),
            _tile("activities", Kind.BAR, 12),
        ),
    ),
    Starter(
        key="service",
        name=N_("Service"),
        tells=N_("When tickets come, what about, and how long they take"),
        tiles=(
            _figure("handled", N_("Days to close, average"), "handling", Decimal(3), less=True),
            _figure("tickets", N_("Tickets"), "issues"),
            _figure("csat", N_("Satisfied customers"), "csat_by_month", Decimal(90)),
            _figure("answered", N_("Answer surveys"), "survey_responses"),
            _tile("ticket_hours", Kind.HEAT_MAP, 6),
            _tile("issues", Kind.BAR, 6),
            _tile("handling", Kind.LINE, 6),
            _tile("csat_by_month", Kind.LINE, 6),
            _tile("csat_by_person", Kind.BAR, 6),
            _tile("csat_by_product", Kind.BAR, 6),
        ),
    ),
)
"""In the order they are offered."""
