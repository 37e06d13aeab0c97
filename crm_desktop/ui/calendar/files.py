"""Calendar files from the window: what is planned written to one, and one brought in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from crm_core.i18n import Message, message, plural
from crm_desktop.interchange import calendar_files
from crm_desktop.interchange.calendar_files import Brought
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.planning import Planned
from crm_desktop.settings import EXPORT_FOLDER, IMPORT_FOLDER
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import figure
from crm_desktop.ui.translate import tr

ENDING = ".ics"
_KINDS = "iCalendar (*.ics)"


class CalendarFiles(QObject):
    """Asks for a file and hands it to who reads or writes it."""

    def __init__(self, context: Context, page: QWidget, keep: Callable[[Planned], None]) -> None:
        super().__init__(page)
        self._context, self._page, self._keep = context, page, keep

    def ask_export(self, begins_ms: int, ends_ms: int, people: tuple[str, ...]) -> None:
        """Ask where to, and write what stands in a period."""
        folder = Path(self._context.app.settings.get(EXPORT_FOLDER) or Path.home())
        offered = str(folder / f"{tr('Calendar')}{ENDING}")
        chosen, _ = QFileDialog.getSaveFileName(self._page, tr("Write a calendar file…"), offered, _KINDS)
        if chosen:
            file = Path(chosen)
            file = file if file.suffix.lower() == ENDING else file.with_name(file.name + ENDING)
            self.export_to(file, begins_ms, ends_ms, people)

    def export_to(self, file: Path, begins_ms: int, ends_ms: int, people: tuple[str, ...]) -> None:
        """Write what stands in a period to a file."""
        replica, settings = self._context.replica, self._context.app.settings
        title = tr("Satchel")

        def write() -> int:
            shown = people or (replica.person.user_id,)
            number = calendar_files.export_calendar(replica, file, begins_ms, ends_ms, title, shown)
            settings.set(EXPORT_FOLDER, str(file.parent))
            return number

        def written(number: int) -> None:
            self._context.tell(
                plural(
                    number,
                    message("1 event written to {file}", file=file.name),
                    message("{count} events written to {file}", count=figure(number), file=file.name),
                )
            )

        self._context.tasks.write(self, write, written, self._context.show_error)

    def ask_import(self) -> None:
        """Ask which file, and bring its events in."""
        folder = self._context.app.settings.get(IMPORT_FOLDER) or str(Path.home())
        chosen, _ = QFileDialog.getOpenFileName(self._page, tr("Read a calendar file…"), folder, _KINDS)
        if chosen:
            self.import_from(Path(chosen))

    def import_from(self, file: Path) -> None:
        """Bring the events of a file in; all of it can be taken back."""
        replica, settings = self._context.replica, self._context.app.settings

        def read() -> Outcome[Brought]:
            outcome = calendar_files.import_calendar(replica, file)
            settings.set(IMPORT_FOLDER, str(file.parent))
            return outcome

        def brought(outcome: Outcome[Brought]) -> None:
            self._keep(outcome.value.planned)
            self._context.tell(_words(outcome.value))

        self._context.tasks.write(self, read, brought, self._context.show_error)


def _words(brought: Brought) -> Message:
    counts = {
        "created": figure(brought.created),
        "updated": figure(brought.updated),
        "unchanged": figure(brought.unchanged),
    }
    if not brought.unread:
        return message(
            "{created} new, {updated} changed, {unchanged} as before; Ctrl+Z takes it back", **counts
        )
    first = brought.unread[0]
    return message(
        "{created} new, {updated} changed, {unchanged} as before; {left} left out, like “{title}”: {reason}",
        **counts,
        left=figure(len(brought.unread)),
        title=first.title,
        reason=first.reason,
    )
