"""What every set of named things an administrator sets up offers: add, list, set, retire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from crm_core.i18n import N_
from sync_server.cli.console import tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services.headquarters import Headquarters

Values = dict[str, Any]
Option = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedThings:
    """How one kind is read and written at HQ, and what each of its commands says of itself."""

    columns: tuple[str, ...]
    options: tuple[Option, ...]
    every: Callable[[Headquarters], list[Values]]
    add: Callable[[Headquarters, str, Mapping[str, Any]], Values]
    change: Callable[[Headquarters, str, Mapping[str, Any]], Values]
    adds: str
    lists: str
    sets: str
    enables: str
    retires: str


def add_commands(group: click.Group, things: NamedThings) -> None:
    """Give a group the four commands."""

    @group.command("add", help=tr(things.adds))
    @click.argument("name")
    @_with(things.options)
    @pass_terminal
    def add(terminal: Terminal, /, name: str, **given: Any) -> None:
        """Add one."""
        with terminal.headquarters() as hq:
            terminal.console.show(things.add(hq, name, given))

    @group.command("list", help=tr(things.lists))
    @pass_terminal
    def list_all(terminal: Terminal) -> None:
        """List all."""
        with terminal.headquarters() as hq:
            terminal.console.show_rows(things.every(hq), things.columns)

    @group.command("set", help=tr(things.sets))
    @click.argument("name")
    @click.option("--name", "new_name", help=tr(N_("New name.")))
    @click.option("--enable", is_flag=True, help=tr(things.enables))
    @_with(things.options)
    @pass_terminal
    def change(terminal: Terminal, /, name: str, new_name: str | None, enable: bool, **given: Any) -> None:
        """Change one."""
        changes = {**given, "name": new_name, "active": True if enable else None}
        with terminal.headquarters() as hq:
            terminal.console.show(things.change(hq, name, changes))

    @group.command("retire", help=tr(things.retires))
    @click.argument("name")
    @pass_terminal
    def retire(terminal: Terminal, name: str) -> None:
        """Retire one."""
        with terminal.headquarters() as hq:
            terminal.console.show(things.change(hq, name, {"active": False}))


def _with(options: Sequence[Option]) -> Option:
    def add(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return add
