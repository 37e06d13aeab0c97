"""`crm pool`: the customers nobody owns."""

from __future__ import annotations

import click

from crm_core.entities.lead import OPEN
from crm_core.i18n import N_
from crm_core.schema.field import Plain
from crm_desktop.assembly import App
from crm_desktop.cli.console import tr
from crm_desktop.cli.records import id_argument, rows_of, where_option
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import declared_fields, named_rows, record_id_of
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery, parse_conditions
from crm_desktop.models.records import Record
from crm_desktop.models.records import flat_of as flat
from crm_desktop.services import pool as service

_IN_POOL = ("name", "level", "city", "last_owner_id", "returned_at", "pool_reason")
_FREE = ("name", "company", "status", "source", "city", "created_at")
_SOON = ("name", "level", "owner_id", "last_contact", "pool_due")


@click.group(help=tr(N_("The shared pool: customers and leads nobody owns, to be claimed.")))
def pool() -> None:
    """The shared pool."""


@pool.command("list", help=tr(N_("List the customers in the pool; --soon: those that return to it next.")))
@where_option
@click.option("--leads", is_flag=True, help=tr(N_("List the leads nobody has.")))
@click.option("--soon", is_flag=True, help=tr(N_("List the customers held that return to the pool next.")))
@click.option("--limit", type=click.IntRange(min=1), help=tr(N_("Most records to print.")))
@pass_terminal
def list_pool(
    terminal: Terminal, conditions: tuple[str, ...], leads: bool, soon: bool, limit: int | None
) -> None:
    """List customers of the pool, or on their way there, or leads."""
    if leads and soon:
        raise click.UsageError(tr(N_("Leads return to nobody by themselves: --soon is for customers")))
    with terminal.app() as app:
        if leads:
            _list_leads(terminal, app, conditions, limit)
            return
        fixed = (
            Condition(field="pool_due", op=Op.FILLED) if soon else Condition(field="owner_id", op=Op.EMPTY)
        )
        with app.replica.read() as session:
            asked = parse_conditions(session, service.CUSTOMER, conditions)
        order = "pool_due" if soon else "name"
        query = ListQuery(entity=service.CUSTOMER, conditions=(fixed, *asked), sort=((order, False),))
        _show(terminal, app, query, limit, _SOON if soon else _IN_POOL)


def _list_leads(terminal: Terminal, app: App, conditions: tuple[str, ...], limit: int | None) -> None:
    fixed = (Condition(field="owner_id", op=Op.EMPTY), Condition(field="status", op=Op.IN, value=OPEN))
    with app.replica.read() as session:
        asked = parse_conditions(session, service.LEAD, conditions)
    query = ListQuery(entity=service.LEAD, conditions=(*fixed, *asked), sort=(("created_at", True),))
    _show(terminal, app, query, limit, _FREE)


def _show(
    terminal: Terminal, app: App, query: ListQuery, limit: int | None, columns: tuple[str, ...]
) -> None:
    found = rows_of(app.replica, query, limit)
    if terminal.console.as_json:
        fields = declared_fields(app.replica, query.entity)
        terminal.console.show_rows((flat(record, fields) for record in found), ())
    else:
        terminal.console.show_rows(named_rows(app.replica, found, columns), (*columns, "id"))


@pool.command("claim", help=tr(N_("Take a customer or lead out of the pool; HQ says who came first.")))
@id_argument
@pass_terminal
def claim(terminal: Terminal, record_id: str) -> None:
    """Claim a customer or lead."""
    with terminal.app() as app:
        known = record_id_of(record_id)
        if service.is_lead(app.replica, known):
            record = service.claim_leads(app.replica, [known]).value.taken[0]
        else:
            record = service.claim(app.replica, [known]).value.taken[0]
        terminal.console.tell(N_("“{title}” is claimed; it is yours when HQ has agreed"), title=record.title)
        terminal.console.show(_flat(app, record))


@pool.command("return", help=tr(N_("Return a customer to the pool, or give a lead back.")))
@id_argument
@click.option(
    "--reason", default="", help=tr(N_("Why a customer is returned; whoever claims it next reads it."))
)
@pass_terminal
def give_back(terminal: Terminal, record_id: str, reason: str) -> None:
    """Return a customer or lead."""
    with terminal.app() as app:
        known = record_id_of(record_id)
        if service.is_lead(app.replica, known):
            record = service.return_leads(app.replica, [known]).value.taken[0]
        else:
            record = service.release(app.replica, [known], reason).value.taken[0]
        terminal.console.show(_flat(app, record))


@pool.command("lock", help=tr(N_("Keep a customer from being returned by rule.")))
@id_argument
@pass_terminal
def lock(terminal: Terminal, record_id: str) -> None:
    """Lock a customer."""
    with terminal.app() as app:
        known = record_id_of(record_id)
        terminal.console.show(_flat(app, service.lock(app.replica, [known]).value.taken[0]))


@pool.command("unlock", help=tr(N_("Let the rules count for a customer again.")))
@id_argument
@pass_terminal
def unlock(terminal: Terminal, record_id: str) -> None:
    """Unlock a customer."""
    with terminal.app() as app:
        known = record_id_of(record_id)
        terminal.console.show(_flat(app, service.unlock(app.replica, [known]).value.taken[0]))


def _flat(app: App, record: Record) -> dict[str, Plain]:
    return flat(record, declared_fields(app.replica, record.entity))
