"""`refused`: the changes headquarters did not take, and taking them after all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from crm_core.i18n import N_
from sync_server.cli.console import tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import refused as refusals

COLUMNS: Final = ("id", "at", "user", "device", "entity", "title", "field", "code", "state", "reason")

_C = TypeVar("_C", bound=Callable[..., Any])

_id = click.argument("edit_id", metavar="ID", type=int)


_OPTIONS = (
    click.option("--user", metavar="NAME", help=tr(N_("Only those of this user."))),
    click.option("--device", metavar="ID", type=int, help=tr(N_("Only those of this laptop."))),
    click.option("--entity", help=tr(N_("Only those of this kind of record."))),
    click.option(
        "--reason", type=click.Choice(refusals.REASONS), help=tr(N_("Only those refused for this reason."))
    ),
    click.option("--state", type=click.Choice(refusals.STATES), help=tr(N_("Only those that stand so."))),
    click.option("--limit", type=click.IntRange(1, 10_000), default=200, help=tr(N_("At most so many."))),
    click.option("--values", "with_values", is_flag=True, help=tr(N_("With what was typed."))),
)


def _which(command: _C) -> _C:
    """Give a command the options that say which changes are meant."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group(
    invoke_without_command=True, help=tr(N_("Changes that were refused: list them, accept or decline one."))
)
@_which
@click.pass_context
def refused(context: click.Context, /, **given: Any) -> None:
    """List the refused changes where no subcommand is given."""
    if context.invoked_subcommand is None:
        context.invoke(list_refused, **given)


@refused.command("list", help=tr(N_("List the refused changes, newest first.")))
@_which
@pass_terminal
def list_refused(terminal: Terminal, /, **given: Any) -> None:
    """List refused changes."""
    with terminal.headquarters() as hq:
        rows = [_said(row) for row in refusals.listed(hq, **given)]
    terminal.console.show_rows(rows, (*COLUMNS, "values") if given["with_values"] else COLUMNS)


@refused.command(help=tr(N_("Make a refused change after all, as the first administrator's.")))
@_id
@pass_terminal
def accept(terminal: Terminal, edit_id: int) -> None:
    """Accept a refused change."""
    with terminal.headquarters() as hq:
        terminal.console.show(_said(refusals.accept(hq, edit_id)))


@refused.command(help=tr(N_("Let a change stay refused; its writer is told.")))
@_id
@pass_terminal
def decline(terminal: Terminal, edit_id: int) -> None:
    """Decline a refused change."""
    with terminal.headquarters() as hq:
        terminal.console.show(_said(refusals.decline(hq, edit_id)))


def _said(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "reason": row["reason"].show(tr)}
