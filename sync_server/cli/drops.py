"""`drop`: folders by which files come in and go out, for programs that have no interface."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_terminal.importing import import_options
from sync_server.cli.console import tr
from sync_server.cli.listing import add_list
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.jobs.drops import CHORE
from sync_server.services import drop_in, drop_out, drops
from sync_server.services.auth import now_ms
from sync_server.services.drops import OutWish
from sync_server.services.importing import ImportWish
from sync_server.store.serving import turn_at

COLUMNS: Final = ("name", "way", "entity", "folder", "key", "worked_at", "reason")
TURN_S: Final = 30.0
FILE_COLUMNS: Final = ("name", "state", "at", "created", "updated", "skipped", "rejected")

_name = click.argument("name", metavar="NAME")
_entity = click.argument("entity", metavar="ENTITY")
_folder = click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False))
# Not --key, which in an import is the field a record is recognised by.
_by = click.option(
    "--by", "key_name", required=True, help=tr(N_("Key whose rights count and who is the author."))
)


@click.group(help=tr(N_("Folders by which files come in and go out.")))
def drop() -> None:
    """Drop folders."""


@drop.command(
    "in", help=tr(N_("Take in the files of a folder from now on, imported each time in the same way."))
)
@_name
@_entity
@_folder
@_by
@import_options(tr, kept=True)
@pass_terminal
def add_in(terminal: Terminal, /, name: str, entity: str, folder: Path, key_name: str, **how: Any) -> None:
    """Make a folder for files that come in."""
    with terminal.headquarters() as hq:
        terminal.console.show(drops.add_in(hq, name, entity, folder, key_name, ImportWish(**how)))


@drop.command("out", help=tr(N_("Write records into a folder as CSV: when they change, or at set times.")))
@_name
@_entity
@_folder
@_by
@click.option(
    "--fields", default="", metavar="A,B", help=tr(N_("Columns, as in number,customer_id.name,total."))
)
@click.option(
    "--where", multiple=True, metavar="CONDITION", help=tr(N_("Only records such as total > 0 CNY."))
)
@click.option(
    "--at", multiple=True, metavar="HH:MM", help=tr(N_("Time of day to write at. May be repeated."))
)
@click.option("--whole", is_flag=True, help=tr(N_("Write every record each time, not those that changed.")))
@click.option("--encoding", type=click.Choice(drops.ENCODINGS), default=drops.ENCODINGS[0], show_default=True)
@pass_terminal
def add_out(
    terminal: Terminal,
    name: str,
    entity: str,
    folder: Path,
    key_name: str,
    fields: str,
    where: tuple[str, ...],
    at: tuple[str, ...],
    whole: bool,
    encoding: str,
) -> None:
    """Make a folder for files that go out."""
    columns = tuple(each.strip() for each in fields.split(",") if each.strip())
    wish = OutWish(fields=columns, where=where, at=at, whole=whole, encoding=encoding)
    with terminal.headquarters() as hq:
        terminal.console.show(drops.add_out(hq, name, entity, folder, key_name, wish))


add_list(drop, tr(N_("List the folders, and why the last look at one failed.")), drops.listed, COLUMNS)


@drop.command("files", help=tr(N_("List the files a folder was taken in by, newest first.")))
@_name
@pass_terminal
def list_files(terminal: Terminal, name: str) -> None:
    """List files."""
    with terminal.headquarters() as hq:
        terminal.console.show_rows(drops.files(hq, name), FILE_COLUMNS)


@drop.command(help=tr(N_("Look into a folder now, or write to it now; a serving HQ does so by itself.")))
@_name
@pass_terminal
def run(terminal: Terminal, name: str) -> None:
    """Work on a folder now."""
    with terminal.headquarters() as hq:
        found = drops.find(hq, name)
        with turn_at(hq.database, CHORE, wait_s=TURN_S) as is_mine:
            if not is_mine:
                raise UserError(N_("HQ is at its drop folders itself; try again in a moment"))
            if found.way == drops.IN:
                shown: dict[str, Any] = {"taken": drop_in.take_in(hq, found)}
            else:
                path = drop_out.put_out(hq, found, now_ms(), at_once=True)
                shown = {"file": None if path is None else str(path)}
        terminal.console.show(shown)


@drop.command(help=tr(N_("Look into a folder no more. Its files stay.")))
@_name
@pass_terminal
def remove(terminal: Terminal, name: str) -> None:
    """Remove a folder."""
    with terminal.headquarters() as hq:
        terminal.console.show(drops.remove(hq, name))
