"""The command itself: where headquarters lies, and every subcommand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from crm_core.i18n import N_
from crm_terminal.console import Console
from sync_server.cli.console import tr
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.version import VERSION
from sync_server.settings import default_data_folder, read_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """What every subcommand is given."""

    data: Path
    console: Console

    @contextmanager
    def headquarters(self) -> Iterator[Headquarters]:
        """Open the headquarters of the data folder. Raises `UserError` where there is none ready."""
        hq = open_headquarters(read_settings(self.data))
        try:
            hq.demand_ready()
            yield hq
        finally:
            hq.close()


pass_terminal = click.make_pass_decorator(Terminal)


@click.group(
    help=tr(N_("Satchel headquarters: makes it, serves it, and looks after it.")),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help=tr(N_("Folder of this headquarters; else CRM_SERVER_DATA, else the platform's.")),
)
@click.option("--json", "as_json", is_flag=True, help=tr(N_("Print JSON and nothing else.")))
@click.version_option(VERSION, "--version", message="crm-server %(version)s")
@click.pass_context
def crm_server(context: click.Context, data: Path | None, as_json: bool) -> None:
    """Find the data folder."""
    os.umask(0o077)  # what HQ writes is for its own account alone
    folder = data or default_data_folder()
    context.obj = Terminal(data=folder, console=Console(as_json=as_json, translate=tr))


def subcommand_of(parent: click.Group, name: str, help_text: str, **how: Any) -> Any:
    """Return a decorator that makes a function a subcommand; `help_text` is translated already."""
    return parent.command(name, help=help_text, **how)
