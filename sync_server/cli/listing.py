"""The command `list` of a group: everything there is of a kind, a row each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click

from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services.headquarters import Headquarters

Listed = Callable[[Headquarters], Iterable[Mapping[str, Any]]]


def add_list(group: click.Group, said: str, listed: Listed, columns: Sequence[str]) -> None:
    """Give a group the command; `said` is its help in the language of the terminal."""

    @group.command("list", help=said)
    @pass_terminal
    def list_all(terminal: Terminal) -> None:
        """List all there are."""
        with terminal.headquarters() as hq:
            terminal.console.show_rows(listed(hq), columns)
