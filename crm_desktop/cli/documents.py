"""`quote`: its document, and its versions."""

from __future__ import annotations

from pathlib import Path

import click

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.money import Money
from crm_core.rules.template_values import LANGUAGES, DocumentLanguage
from crm_core.schema.values import instant_text
from crm_desktop.cli.console import LANGUAGE, tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import flat, record_id_of
from crm_desktop.documents import agreed_files, template_records
from crm_desktop.documents.quote_records import write_pdf
from crm_desktop.documents.saving import save
from crm_desktop.services import quote_repeats, quote_versions
from resources import CHINESE


@click.group(help=tr(N_("Quotes: documents, versions, mails and answers.")))
def quote() -> None:
    """Quotes."""


@quote.command(help=tr(N_("Write a quote as a PDF: of one that was sent the very file.")))
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
        shown = agreed_files.shown_file(app.replica, "quote", record_id_of(quote_id), language)
        save(shown.content, file)
    said = {"file": str(file), "pages": shown.pages or None, "bytes": len(shown.content)}
    terminal.console.show({**said, "sha256": shown.sha256 or None})


@click.command(help=tr(N_("Write a document of a record from a template.")))
@click.argument("entity")
@click.argument("record_id", metavar="ID")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--template", "name", help=tr(N_("Name of the template; without it the standard one.")))
@click.option("--language", type=click.Choice(LANGUAGES), help=tr(N_("Language of the document.")))
@pass_terminal
def document(
    terminal: Terminal,
    entity: str,
    record_id: str,
    file: Path,
    name: str | None,
    language: DocumentLanguage | None,
) -> None:
    """Write a document."""
    with terminal.app() as app:
        record_id = record_id_of(record_id)
        if name is None:
            template = template_records.standard(app.replica, entity, language)
        else:
            template = template_records.named(app.replica, entity, name)
        if template is None:
            spoken = language or ("zh" if LANGUAGE == CHINESE else "en")
            pages = write_pdf(app.replica, record_id, file, spoken)
        else:
            made = template_records.write(app.replica, template, record_id, file, language)
            pages = made.pages
            for said in template_records.blanks_said(made.blanks):
                terminal.console.tell(said)
    terminal.console.show({"file": str(file), "pages": pages, "bytes": file.stat().st_size})


@quote.command(help=tr(N_("Begin the next version of a quote that was sent.")))
@click.argument("quote_id", metavar="ID")
@pass_terminal
def revise(terminal: Terminal, quote_id: str) -> None:
    """Begin the next version."""
    with terminal.app() as app:
        quote = quote_versions.revise(app.replica, record_id_of(quote_id)).value
        terminal.console.show(flat(app.replica, quote))


@quote.command(help=tr(N_("List the versions of a quote, the newest first.")))
@click.argument("quote_id", metavar="ID")
@pass_terminal
def versions(terminal: Terminal, quote_id: str) -> None:
    """List versions."""
    with terminal.app() as app:
        found = quote_versions.versions(app.replica, record_id_of(quote_id))
    rows = [
        {
            "version": each.number,
            "sent_at": instant_text(each.sent_at_ms) if each.sent_at_ms is not None else None,
            "sent_by": each.sent_by or None,
            "total": str(Money(each.total, each.currency)) if each.total is not None else None,
            "lines": len(each.content["lines"]),
        }
        for each in found
    ]
    terminal.console.show_rows(rows, ("version", "sent_at", "sent_by", "total", "lines"))


@quote.command(help=tr(N_("Say how one version of a quote differs from an earlier one.")))
@click.argument("quote_id", metavar="ID")
@click.argument("older", type=int)
@click.argument("newer", type=int)
@pass_terminal
def compare(terminal: Terminal, quote_id: str, older: int, newer: int) -> None:
    """Compare two versions."""
    with terminal.app() as app:
        found = {each.number: each for each in quote_versions.versions(app.replica, record_id_of(quote_id))}
    for number in (older, newer):
        if number not in found:
            raise UserError(N_("The quote has no version {number}"), number=number)
    rows = [
        {
            "change": change.change.value,
            "entity": change.entity,
            "title": change.title or None,
            "field": each.field if each is not None else None,
            "old": each.old if each is not None else None,
            "new": each.new if each is not None else None,
            "id": change.row_id or None,
        }
        for change in quote_versions.compare(found[older], found[newer])
        for each in (change.fields or (None,))
    ]
    terminal.console.show_rows(rows, ("change", "entity", "title", "field", "old", "new"))


@quote.command(help=tr(N_("List the open quotes that offer the same customer the same products.")))
@click.argument("quote_id", metavar="ID")
@pass_terminal
def repeats(terminal: Terminal, quote_id: str) -> None:
    """List the quotes a quote repeats."""
    with terminal.app() as app:
        found = quote_repeats.repeats(app.replica, record_id_of(quote_id))
    rows = [
        {
            "number": each.number or None,
            "status": each.state,
            "owner": each.owner_name or None,
            "products": list(each.products),
            "id": each.quote_id,
        }
        for each in found
    ]
    terminal.console.show_rows(rows, ("number", "status", "owner", "products", "id"))
