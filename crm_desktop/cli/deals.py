"""`deal`: milestones, neglected deals, competitors and reasons of losses."""

from __future__ import annotations

import datetime
from typing import Any

import click

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.money import Money
from crm_core.schema.field import Plain
from crm_core.schema.values import instant_text
from crm_desktop.cli.console import LANGUAGE, tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import record_id_of
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.services import losses, milestones, neglected, rivals
from crm_desktop.services.losses import By
from crm_desktop.services.milestones import ListedMilestone
from resources import CHINESE

_MILESTONES = ("done", "name", "due_on", "owner", "done_by", "done_at", "key")
_BY = {"reason": By.REASON, "competitor": By.COMPETITOR, "month": By.MONTH, "owner": By.OWNER}
_NEGLECTED = ("name", "customer", "owner", "stage", "why", "id")


@click.group(help=tr(N_("Deals: milestones, those nobody looks after, competitors and losses.")))
def deal() -> None:
    """Deals."""


@deal.command("milestones", help=tr(N_("List the milestones of a deal.")))
@click.argument("deal_id", metavar="ID")
@pass_terminal
def list_milestones(terminal: Terminal, deal_id: str) -> None:
    """List milestones."""
    with terminal.app() as app:
        rows = milestones.checklist(app.replica, record_id_of(deal_id))
    terminal.console.show_rows([_row(each) for each in rows], _MILESTONES)


@deal.command("tick", help=tr(N_("Tick a milestone off, by its name or key.")))
@click.argument("deal_id", metavar="ID")
@click.argument("milestone")
@click.option("--undo", is_flag=True, help=tr(N_("Take the tick back.")))
@click.option("--due", metavar="DAY", help=tr(N_("Say when it is due instead, as 2026-12-24; empty: never.")))
@click.option("--owner", metavar="ID", help=tr(N_("Say whose it is instead; empty: nobody's.")))
@pass_terminal
def tick(
    terminal: Terminal, deal_id: str, milestone: str, undo: bool, due: str | None, owner: str | None
) -> None:
    """Tick a milestone off, or plan it."""
    planned: dict[str, Plain] = {}
    if due is not None:
        planned["due_on"] = _day(due) if due else None
    if owner is not None:
        planned["owner_id"] = record_id_of(owner) if owner else None
    record_id = record_id_of(deal_id)
    with terminal.app() as app:
        if planned:
            milestones.plan(app.replica, record_id, milestone, planned)
        else:
            milestones.tick(app.replica, record_id, milestone, done=not undo)
        rows = milestones.checklist(app.replica, record_id)
    terminal.console.show_rows([_row(each) for each in rows], _MILESTONES)


@deal.command("neglected", help=tr(N_("List the open deals nobody spoke about, or that stay in a stage.")))
@click.option("--mine", is_flag=True, help=tr(N_("Only your own.")))
@pass_terminal
def list_neglected(terminal: Terminal, mine: bool) -> None:
    """List neglected deals."""
    with terminal.app() as app:
        owner_id = app.replica.person.user_id if mine else None
        found = neglected.neglected(app.replica, owner_id)
    rows = [
        {
            "id": each.id,
            "name": each.name,
            "customer": each.customer_name,
            "owner": each.owner_name,
            "stage": each.stage_name,
            "why": each.why.said.show(tr),
        }
        for each in found
    ]
    terminal.console.show_rows(rows, _NEGLECTED)


@deal.command("competitors", help=tr(N_("List competitors with the deals won and lost against them.")))
@pass_terminal
def list_competitors(terminal: Terminal) -> None:
    """List competitors."""
    with terminal.app() as app:
        found = rivals.rivals(app.replica)
    rows = [
        {
            "id": each.id,
            "name": each.name,
            "open": each.open,
            "won": each.won,
            "lost": each.lost,
            "win_percent": each.win_percent,
        }
        for each in found
    ]
    terminal.console.show_rows(rows, ("name", "open", "won", "lost", "win_percent", "id"))


@deal.command("losses", help=tr(N_("Count why deals were lost.")))
@click.option("--competitor", metavar="ID", help=tr(N_("Only those lost while this one was met.")))
@click.option("--by", type=click.Choice(list(_BY)), default="reason", help=tr(N_("What to count by.")))
@click.option("--since", metavar="DAY", help=tr(N_("Only those lost from this day on.")))
@click.option("--until", metavar="DAY", help=tr(N_("Only those lost up to this day.")))
@pass_terminal
def list_losses(
    terminal: Terminal, competitor: str | None, by: str, since: str | None, until: str | None
) -> None:
    """Count losses."""
    days = [datetime.date.fromisoformat(_day(day)) if day else None for day in (since, until)]
    met = (
        (Condition(field="competitor_id", op=Op.EQUAL, value=record_id_of(competitor)),) if competitor else ()
    )
    with terminal.app() as app:
        found = losses.counted(app.replica, _BY[by], *days, besides=met)
    reasons = SCHEMAS["deal"].fields["loss_reason"]
    rows = [
        {
            by: each.key,
            "label": tr(reasons.choice_label(each.key)) if each.key and by == "reason" else each.label,
            "count": each.count,
            "percent": rivals.percent_of(each.count, found.count),
            "amount": str(Money(each.amount_minor, found.currency)) if found.shows_money else None,
        }
        for each in found.parts
    ]
    terminal.console.show_rows(rows, ("label", "count", "percent", "amount", by))


def _row(each: ListedMilestone) -> dict[str, Any]:
    return {
        "key": each.key,
        "name": each.name_zh if LANGUAGE == CHINESE else each.name,
        "due_on": each.due_on,
        "owner": each.owner_name,
        "done": each.done,
        "done_by": each.done_by_name,
        "done_at": instant_text(each.done_at) if each.done_at else None,
        "late": each.late,
    }


def _day(text: str) -> str:
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise UserError(N_("“{text}” is not a date such as 2026-12-24"), text=text) from None
