"""A dashboard written to a file as it is on screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from crm_core.charts.board import Placed
from crm_core.charts.chart import Text
from crm_core.i18n import message
from crm_desktop.documents.saving import save
from crm_desktop.settings import EXPORT_FOLDER
from crm_desktop.ui.context import Context, Notice
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr, translator
from resources.board_file import board_file


def ask_file(owner: QWidget, context: Context, name: str, kind: str) -> Path | None:
    """Ask where a dashboard is written to; None where nobody says."""
    folder = Path(context.app.settings.get(EXPORT_FOLDER) or Path.home())
    usual = "".join(each if each.isalnum() or each in " -_" else "_" for each in name)
    chosen, _kind = QFileDialog.getSaveFileName(
        owner, tr("Save the dashboard"), str(folder / f"{usual}.{kind}"), f"*.{kind}"
    )
    return Path(chosen) if chosen else None


def write_board(
    owner: QWidget,
    context: Context,
    file: Path,
    kind: str,
    tiles: Sequence[Placed],
    heading: Text,
    remark: Text,
    demand: Callable[[], None],
) -> None:
    """Write a dashboard to a file, off the main thread, and say so; not where `demand` raises, which asks
    for the right to take its figures out."""
    language, dark = translator().language, theme().dark
    file = file if file.suffix else file.with_suffix(f".{kind}")

    def write(_job: Job) -> None:
        demand()
        save(board_file(kind, tiles, heading, remark, language, dark=dark), file)

    def saved(_none: None) -> None:
        text = message("Saved as {file}", file=file.name)
        context.notice.emit(Notice(kind="good", text=text, seconds=10))

    context.tasks.run(owner, message("Saving {file}", file=file.name), write, saved, context.show_error)
