"""`crm segment`: groups of customers, by rules or picked by hand."""

from __future__ import annotations

from typing import Any

import click

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.segments import PICKED
from crm_core.schema.values import instant_text
from crm_desktop.cli.console import tr
from crm_desktop.cli.records import rows_of
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import declared_fields, flat_with, listed_columns, record_id_of
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.services import segments as service
from crm_desktop.services.segments import SegmentRow

_LISTED = ("name", "kind", "customers", "own", "id")

segment_argument = click.argument("named", metavar="SEGMENT")
customers_argument = click.argument("customer_ids", metavar="CUSTOMER...", nargs=-1, required=True)


@click.group(help=tr(N_("Groups of customers: by rules, or picked by hand.")))
def segment() -> None:
    """Segments."""


@segment.command("list", help=tr(N_("List the segments you have, with how many customers each holds.")))
@pass_terminal
def list_segments(terminal: Terminal) -> None:
    """List segments."""
    with terminal.app() as app:
        found = service.segments_of(app.replica)
        uses = service.uses(app.replica, [row.id for row in found])
        rows = (
            {
                "id": row.id,
                "name": row.name,
                "kind": row.kind,
                "customers": uses[row.id].count,
                "own": row.own,
                "shown_to": list(row.shown_to),
            }
            for row in found
        )
        terminal.console.show_rows(rows, _LISTED)


@segment.command(
    "show", help=tr(N_("Show a segment: its rule, how many customers it holds, the first ones."))
)
@segment_argument
@pass_terminal
def show(terminal: Terminal, named: str) -> None:
    """Show a segment."""
    with terminal.app() as app:
        terminal.console.show(_shown(app.replica, service.segment(app.replica, named)))


@segment.command(
    "make",
    help=tr(
        N_(
            "Make a segment of whoever fits a RULE, such as “level in A, B and last_contact not since"
            " today-90” or “sum(deal.amount where stage_id.kind = won and close_date = this-year) >"
            " 100000 CNY”; with --picked, of customers picked by hand."
        )
    ),
)
@click.argument("name")
@click.argument("rule", required=False)
@click.option("--picked", is_flag=True, help=tr(N_("Customers are picked by hand.")))
@click.option("--dry-run", is_flag=True, help=tr(N_("Say whom the rule means, and keep nothing.")))
@pass_terminal
def make(terminal: Terminal, name: str, rule: str | None, picked: bool, dry_run: bool) -> None:
    """Make a segment."""
    if picked is (rule is not None):
        raise UserError(N_("Say who belongs to the segment: by a rule, or --picked by hand"))
    with terminal.app() as app:
        replica = app.replica
        if rule is None:
            made = service.pick(replica, name).value
        else:
            read = service.read_rule(replica, rule)
            if dry_run:
                found = service.preview(replica, read)
                terminal.console.show({"rule": service.written_rule(replica, read), **_counted(found)})
                return
            made = service.save(replica, name, read).value
        terminal.console.show(_shown(replica, service.segment(replica, made.id)))


@segment.command("change", help=tr(N_("Give a segment another rule, or another name.")))
@segment_argument
@click.argument("rule", required=False)
@click.option("--name", help=tr(N_("What it is called from now on.")))
@pass_terminal
def change(terminal: Terminal, named: str, rule: str | None, name: str | None) -> None:
    """Change a segment."""
    if rule is None and name is None:
        raise UserError(N_("Say another rule or another --name"))
    with terminal.app() as app:
        replica = app.replica
        present = service.segment(replica, named)
        if rule is not None:
            service.save(replica, name or present.name, service.read_rule(replica, rule), present.id)
        elif name is not None:
            service.rename(replica, present.id, name)
        terminal.console.show(_shown(replica, service.segment(replica, present.id)))


@segment.command("members", help=tr(N_("List the customers in a segment.")))
@segment_argument
@click.option("--limit", type=click.IntRange(min=1), help=tr(N_("Most records to print.")))
@pass_terminal
def members(terminal: Terminal, named: str, limit: int | None) -> None:
    """List who is in a segment."""
    with terminal.app() as app:
        replica = app.replica
        wanted = ListQuery(
            entity="customer",
            conditions=(service.segment(replica, named).condition,),
            sort=(("name", False),),
        )
        declared = declared_fields(replica, "customer")
        rows = (flat_with(declared, record) for record in rows_of(replica, wanted, limit))
        terminal.console.show_rows(rows, listed_columns(declared, declared))


@segment.command("add", help=tr(N_("Put customers into a segment picked by hand.")))
@segment_argument
@customers_argument
@pass_terminal
def add(terminal: Terminal, named: str, customer_ids: tuple[str, ...]) -> None:
    """Put customers in."""
    _move(terminal, named, customer_ids, joins=True)


@segment.command("remove", help=tr(N_("Take customers out of a segment picked by hand.")))
@segment_argument
@customers_argument
@pass_terminal
def remove(terminal: Terminal, named: str, customer_ids: tuple[str, ...]) -> None:
    """Take customers out."""
    _move(terminal, named, customer_ids, joins=False)


def _move(terminal: Terminal, named: str, customer_ids: tuple[str, ...], *, joins: bool) -> None:
    ids = [record_id_of(each) for each in customer_ids]
    with terminal.app() as app:
        replica = app.replica
        found = service.segment(replica, named)
        if joins:
            moved = service.change_members(replica, found.id, add=ids).value
        else:
            moved = service.change_members(replica, found.id, remove=ids).value
        terminal.console.show({"moved": len(moved), **_shown(replica, service.segment(replica, found.id))})


def _shown(replica: Replica, row: SegmentRow) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": row.id, "name": row.name, "kind": row.kind, "own": row.own}
    if row.rule is not None:
        shown["rule"] = service.written_rule(replica, row.rule)
    if row.rule is not None or row.kind == PICKED:
        shown |= _counted(service.preview(replica, row))
    return shown


def _counted(found: service.Preview) -> dict[str, Any]:
    first = [{"id": record_id, "name": name} for record_id, name in found.first]
    return {"customers": found.count, "of": found.of, "as_of": instant_text(found.at_ms), "first": first}
