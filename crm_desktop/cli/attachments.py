"""`attach` and `attachment`: files on records."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click

from crm_core.entities import schema_of
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.schema.values import instant_text
from crm_desktop.cli.console import tr
from crm_desktop.cli.records import entity_argument, id_argument
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import flat, record_id_of
from crm_desktop.interchange.saving import write_pieces
from crm_desktop.models.replica import Replica
from crm_desktop.services import attachments, transfers
from crm_desktop.services.attachments import FileRow, FileState
from crm_desktop.services.previews import PdfLook
from crm_desktop.services.transfers import Transfer

log = logging.getLogger(__name__)

PDF_MODULE = "crm_desktop.ui.files.pdf_pages"
"""Leads into Qt, so it is imported only where a PDF is added."""
TRANSFER_COLUMNS = ("name", "direction", "size", "done", "state", "problem", "id")
FILE_COLUMNS = ("name", "size", "state", "caption", "id")


@click.command(help=tr(N_("Put a file on a record and print its attachment.")))
@entity_argument
@id_argument
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help=tr(N_("What to call it; else as the file is called.")))
@click.option("--caption", help=tr(N_("What it shows, in a few words.")))
@pass_terminal
def attach(
    terminal: Terminal, entity: str, record_id: str, file: Path, name: str | None, caption: str | None
) -> None:
    """Put a file on a record."""
    schema_of(entity)
    with terminal.app() as app:
        added = attachments.add(
            app.replica,
            entity,
            record_id_of(record_id),
            file,
            name=name,
            caption=caption,
            read_pdf=_read_pdf,
        )
        terminal.console.show(flat(app.replica, added.value))


def _read_pdf(content: bytes, pixels: int) -> PdfLook | None:
    try:
        pages = importlib.import_module(PDF_MODULE)
    except ImportError as error:  # a server without the libraries of a desktop
        log.info("There is no small picture of a PDF: %s", error)
        return None
    found: PdfLook | None = pages.read_pdf(content, pixels)
    return found


@click.group(help=tr(N_("Files on records: list, save, fetch from HQ, free the room they take.")))
def attachment() -> None:
    """Files on records."""


@attachment.command("of", help=tr(N_("List the files of a record, and where their contents are.")))
@entity_argument
@id_argument
@pass_terminal
def of_record(terminal: Terminal, entity: str, record_id: str) -> None:
    """List the files of a record."""
    schema_of(entity)
    with terminal.app() as app:
        found = attachments.files_of(app.replica, entity, record_id_of(record_id))
        terminal.console.show_rows((_told(row) for row in found), FILE_COLUMNS)


@attachment.command(help=tr(N_("Write the content of a file to FILE; fetched from HQ where it is not here.")))
@id_argument
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@pass_terminal
def save(terminal: Terminal, record_id: str, file: Path) -> None:
    """Write a file's content."""
    with terminal.app() as app:
        found = attachments.file(app.replica, record_id_of(record_id))
        if found.state in (FileState.AT_HQ, FileState.FETCHING, FileState.MISSING):
            found = app.fetch_file(found.id)
        write_pieces(file, attachments.content(app.replica, found.id))
    terminal.console.show({"file": str(file), "bytes": file.stat().st_size})


@attachment.command(help=tr(N_("Fetch the content of a file from HQ.")))
@id_argument
@pass_terminal
def fetch(terminal: Terminal, record_id: str) -> None:
    """Fetch a file's content."""
    with terminal.app() as app:
        found = app.fetch_file(record_id_of(record_id))
        terminal.console.show(_told(found))
        if found.state is not FileState.HERE:
            raise UserError(found.problem or N_("The file has not come. Try again later"))


@attachment.command(help=tr(N_("Take the content of a file off this laptop; HQ keeps it.")))
@id_argument
@pass_terminal
def free(terminal: Terminal, record_id: str) -> None:
    """Free the room a file takes."""
    with terminal.app() as app:
        attachments.leave_at_hq(app.replica, record_id_of(record_id))
        terminal.console.show(_told(attachments.file(app.replica, record_id_of(record_id))))


@attachment.command(help=tr(N_("List the files that are under way to HQ and from it.")))
@pass_terminal
def waiting(terminal: Terminal) -> None:
    """List the files under way."""
    with terminal.app() as app:
        known = transfers.under_way(app.replica)
        terminal.console.show_rows((_told_transfer(row) for row in known.rows), TRANSFER_COLUMNS)


@attachment.command(help=tr(N_("Let a file under way lie as far as it is until it is resumed.")))
@id_argument
@pass_terminal
def pause(terminal: Terminal, record_id: str) -> None:
    """Pause a file."""
    _change(terminal, record_id, transfers.pause)


@attachment.command(help=tr(N_("Let a paused or refused file go on with the next sync, before all others.")))
@id_argument
@pass_terminal
def resume(terminal: Terminal, record_id: str) -> None:
    """Let a file go on."""
    _change(terminal, record_id, transfers.go_on)


def _change(terminal: Terminal, record_id: str, act: Callable[[Replica, str], None]) -> None:
    with terminal.app() as app:
        act(app.replica, record_id_of(record_id))
        found = attachments.file(app.replica, record_id_of(record_id))
        rows = transfers.under_way(app.replica).rows
        told = (_told_transfer(row) for row in rows if row.sha256 == found.sha256)
        terminal.console.show(next(told, _told(found)))


def _told_transfer(row: Transfer) -> dict[str, object]:
    return {
        "name": row.name,
        "direction": row.direction,
        "size": row.size,
        "done": row.done,
        "state": row.state.value,
        "problem": tr(row.problem) if row.problem else None,
        "next_try": instant_text(row.next_try_ms) if row.next_try_ms else None,
        "record_entity": row.record_entity,
        "record_id": row.record_id,
        "id": row.attachment_id,
    }


def _told(row: FileRow) -> dict[str, object]:
    told = asdict(row)
    added_ms = told.pop("added_ms")
    return {
        **told,
        "state": row.state.value,
        "problem": tr(row.problem) if row.problem else None,
        "added_at": instant_text(added_ms) if added_ms else None,
    }
