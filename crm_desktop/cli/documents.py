"""`quote pdf`."""

from __future__ import annotations

from pathlib import Path

import click

from crm_core.i18n import N_
from crm_desktop.cli.console import LANGUAGE, tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import record_id_of
from crm_desktop.documents.quote_records import write_pdf
from resources import CHINESE


@click.group(help=tr(N_("Documents of quotes.")))
def quote() -> None:
    """Quotes."""


@quote.command(help=tr(N_("Write a quote as a PDF.")))
@click.argument("quote_id", metavar="ID")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--language",
    type=click.Choice(["en", "zh", "both"]),
    default="zh" if LANGUAGE == CHINESE else "en",
    show_default=True,
    help=tr(N_("Language of the document.")),
)
@pass_terminal
def pdf(terminal: Terminal, quote_id: str, file: Path, language: str) -> None:
    """Write a quote as a PDF."""
    with terminal.app() as app:
        pages = write_pdf(app.replica, record_id_of(quote_id), file, language)
    terminal.console.show({"file": str(file), "pages": pages, "bytes": file.stat().st_size})
