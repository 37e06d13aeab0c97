"""Putting files on a record while people go on working: one job for each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from crm_core.i18n import message
from crm_desktop.models.records import Record
from crm_desktop.services import attachments
from crm_desktop.services.outcome import Outcome
from crm_desktop.settings import IMPORT_FOLDER
from crm_desktop.ui.context import Context
from crm_desktop.ui.files.pdf_pages import read_pdf
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.translate import tr


def choose_files(context: Context, parent: QWidget) -> list[Path]:
    """Ask for files of this computer; empty where nobody chose any."""
    settings = context.app.settings
    folder = settings.get(IMPORT_FOLDER) or str(Path.home())
    chosen, _kind = QFileDialog.getOpenFileNames(parent, tr("Add files…"), folder)
    if chosen:
        settings.set(IMPORT_FOLDER, str(Path(chosen[0]).parent))
    return [Path(each) for each in chosen]


def local_files(data: QMimeData) -> list[Path]:
    """Return the files of this computer that a drag or the clipboard holds."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data.hasUrls() else []


def add_file(
    context: Context,
    owner: QObject,
    entity: str,
    record_id: str,
    source: Path | bytes,
    name: str,
    added: Callable[[Record], None] | None = None,
) -> None:
    """Put a file, or a content under a name, on a record; what is wrong with it is said in the window.

    `added` is given the attachment.
    """
    replica = context.replica

    def add(job: Job) -> Outcome[Record]:
        return attachments.add(
            replica,
            entity,
            record_id,
            source,
            name=name,
            read_pdf=read_pdf,
            on_step=job.step_bytes,
            cancelled=job.is_cancelled,
        )

    def done(outcome: Outcome[Record]) -> None:
        if added is not None:
            added(outcome.value)

    context.tasks.run(owner, message("Adding “{name}”", name=name), add, done, context.show_error)
