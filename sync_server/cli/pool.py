"""`pool`: the rules of the shared pool, and doing at once what they say."""

from __future__ import annotations

import dataclasses

import click

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_
from crm_core.schema.values import parse_assignments, to_json
from sync_server.cli.console import assigned, tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import people, recycling
from sync_server.services.auth import now_ms

RULE = SCHEMAS["pool_rule"]
COLUMNS = (
    "name",
    "kind",
    "level",
    "status",
    "spared",
    "contact_days",
    "deal_days",
    "remind_days",
    "most_held",
    "active",
    "id",
)


@click.group(help=tr(N_("The shared pool: when customers return to it, and how many one may take.")))
def pool() -> None:
    """The shared pool."""


@pool.command("list", help=tr(N_("List the rules; for a customer the most particular one counts.")))
@pass_terminal
def list_rules(terminal: Terminal) -> None:
    """List rules."""
    with terminal.headquarters() as hq:
        rows = [to_json(RULE, row_id, values) for row_id, values in hq.records.all(RULE.name)]
    terminal.console.show_rows(rows, COLUMNS)


@pool.command(
    "set", help=tr(N_("Change a rule, as in contact_days=30 level=B; makes it where it is new; x= clears."))
)
@click.argument("name")
@click.argument("assignments", metavar="FIELD=VALUE...", nargs=-1, required=True)
@pass_terminal
def set_rule(terminal: Terminal, name: str, assignments: tuple[str, ...]) -> None:
    """Change or make a rule."""
    values = parse_assignments(RULE, assigned(assignments))
    with terminal.headquarters() as hq:
        held = next(iter(hq.records.find(RULE.name, "name", name)), None)
        if held is None:
            rule_id = hq.records.create(RULE.name, {"name": name, **values})
        else:
            rule_id = held[0]
            hq.records.update(RULE.name, rule_id, values)
        terminal.console.show(to_json(RULE, rule_id, hq.records.get(RULE.name, rule_id)))


@pool.command("remove", help=tr(N_("Remove a rule; customers it was for fall under the next that fits.")))
@click.argument("name")
@pass_terminal
def remove_rule(terminal: Terminal, name: str) -> None:
    """Remove a rule."""
    with terminal.headquarters() as hq:
        rule_id, _ = people.find(hq, RULE.name, name)
        hq.records.delete(RULE.name, rule_id)


@pool.command("run", help=tr(N_("Warn and return customers now; a server does so every hour.")))
@pass_terminal
def run(terminal: Terminal) -> None:
    """Do what the rules say."""
    with terminal.headquarters() as hq:
        done = recycling.recycle(hq.database, now_ms())
    terminal.console.show(dataclasses.asdict(done))
