"""`crm articles`: articles out of a folder of Markdown files, and into one."""

from __future__ import annotations

from pathlib import Path

import click

from crm_core.i18n import N_
from crm_desktop.cli.console import tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.interchange import article_files

COLUMNS = ("file", "id", "reason")
_folder = click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))


@click.group(help=tr(N_("Articles as Markdown files: a folder in, a folder out.")))
def articles() -> None:
    """What articles alone can do; the rest is `list`, `show`, `add`, `set`."""


@articles.command(name="import", help=tr(N_("Make a draft of every Markdown file of a folder.")))
@_folder
@pass_terminal
def import_(terminal: Terminal, folder: Path) -> None:
    """Make drafts, and say what became of each file."""
    with terminal.app() as app:
        read = list(article_files.import_articles(app.replica, folder))
    terminal.console.show_rows(
        [
            {"file": each.name, "id": each.article_id, "reason": each.said.show(tr) if each.said else None}
            for each in read
        ],
        COLUMNS,
    )


@articles.command(help=tr(N_("Write every article you see as a Markdown file.")))
@_folder
@pass_terminal
def export(terminal: Terminal, folder: Path) -> None:
    """Write the files."""
    with terminal.app() as app:
        count = article_files.export_articles(app.replica, folder)
    terminal.console.show({"written": count, "folder": str(folder)})
