"""`crm approvals`: what waits for somebody's approval, and deciding about it."""

from __future__ import annotations

import click

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_
from crm_core.rules.approval import Verdict
from crm_core.schema.values import instant_text
from crm_desktop.cli.console import tr
from crm_desktop.cli.records import id_argument
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import record_id_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import approvals as service
from crm_desktop.services.approvals import RequestView

_COLUMNS = ("state", "title", "customer", "asked_by", "asked_at", "waits_for", "below_list", "mine", "id")

_comment = click.option("--comment", default="", help=tr(N_("What is said with it; needed to say no.")))


@click.group(help=tr(N_("Approvals: what waits for you, and what you asked yourself.")))
def approvals() -> None:
    """Approvals."""


@approvals.command("list", help=tr(N_("List what you are to decide; --all: every request you see.")))
@click.option("--all", "every", is_flag=True, help=tr(N_("Also what waits for others and what has ended.")))
@pass_terminal
def list_approvals(terminal: Terminal, every: bool) -> None:
    """List requests."""
    with terminal.app() as app:
        found = service.listed(app.replica) if every else service.to_decide(app.replica)
        terminal.console.show_rows((_flat(each) for each in found), _COLUMNS)


@approvals.command("show", help=tr(N_("Show a request with what was decided about it.")))
@id_argument
@pass_terminal
def show(terminal: Terminal, record_id: str) -> None:
    """Show a request."""
    with terminal.app() as app:
        terminal.console.show(_flat(_found(app.replica, record_id)))


@approvals.command("approve", help=tr(N_("Approve; binding when HQ has accepted it.")))
@id_argument
@_comment
@pass_terminal
def approve(terminal: Terminal, record_id: str, comment: str) -> None:
    """Approve."""
    _decide(terminal, record_id, Verdict.APPROVE, comment)


@approvals.command("refuse", help=tr(N_("Refuse, saying why.")))
@id_argument
@_comment
@pass_terminal
def refuse(terminal: Terminal, record_id: str, comment: str) -> None:
    """Refuse."""
    _decide(terminal, record_id, Verdict.REFUSE, comment)


@approvals.command("return", help=tr(N_("Return it to who asked, or to an earlier step, saying why.")))
@id_argument
@_comment
@click.option("--step", type=click.IntRange(min=1), help=tr(N_("The step that is to decide again.")))
@pass_terminal
def give_back(terminal: Terminal, record_id: str, comment: str, step: int | None) -> None:
    """Return."""
    _decide(terminal, record_id, Verdict.RETURN, comment, None if step is None else step - 1)


@approvals.command("withdraw", help=tr(N_("Withdraw what you asked; it can then be changed again.")))
@id_argument
@pass_terminal
def withdraw(terminal: Terminal, record_id: str) -> None:
    """Withdraw."""
    with terminal.app() as app:
        view = _found(app.replica, record_id)
        service.withdraw(app.replica, view.request.id)
        terminal.console.show(_flat(service.get(app.replica, view.request.id)))


def _decide(
    terminal: Terminal, record_id: str, verdict: Verdict, comment: str, to_step: int | None = None
) -> None:
    with terminal.app() as app:
        view = _found(app.replica, record_id)
        service.decide(app.replica, view.request.id, verdict, comment, to_step=to_step)
        terminal.console.tell(N_("“{title}”: decided; binding when HQ has agreed"), title=view.title)
        terminal.console.show(_flat(service.get(app.replica, view.request.id)))


def _found(replica: Replica, record_id: str) -> RequestView:
    """Return the request of an id, or the newest about the record of that id."""
    known = record_id_of(record_id)
    for name, schema in SCHEMAS.items():
        if schema.meta.machine is not None and schema.meta.machine.waits:
            about = service.about(replica, name, known)
            if about:
                return about[0]
    return service.get(replica, known)


def _flat(view: RequestView) -> dict[str, object]:
    return {
        "state": view.standing.state.value,
        "title": view.title,
        "customer": view.customer,
        "asked_by": view.asked_by,
        "asked_at": instant_text(view.asked_ms),
        "waits_for": list(view.waits_for),
        "mine": bool(view.seats),
        "reason": view.request.get("reason"),
        "below_list": str(view.offer.below_list) if view.offer is not None else None,
        "sent": view.sent,
        "decisions": [
            {
                "at": instant_text(each.at_ms),
                "who": each.who,
                "in_place_of": each.instead_of or None,
                "decision": each.verdict.value,
                "step": each.step + 1,
                "comment": each.comment or None,
                "sent": each.sent,
            }
            for each in view.decisions
        ],
        "record": view.request.get("record_id"),
        "id": view.request.id,
    }
