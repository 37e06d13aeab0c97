"""Keeping a report under a name, showing it to roles, deleting it, and writing it to a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from crm_core.charts.of_report import Drawn
from crm_core.i18n import Message, message
from crm_core.reporting.files import demand_exportable
from crm_core.rules.report_script import Script
from crm_desktop.interchange.saving import write_pieces
from crm_desktop.models.device_tables import EXPORTED
from crm_desktop.services import records, reports, saved_views, syncing
from crm_desktop.services.report_schedules import Subject
from crm_desktop.services.reports import ReportEntry
from crm_desktop.settings import EXPORT_FOLDER
from crm_desktop.ui.context import Context
from crm_desktop.ui.lists.views import NamePopup
from crm_desktop.ui.reports.schedules_dialog import SchedulesDialog
from crm_desktop.ui.translate import show, tr, translator
from crm_desktop.ui.widgets.menus import Menu
from resources.report_file import report_file

_FILES = ";;".join(f"*{ending}" for ending in (".xlsx", ".pdf", ".png", ".svg", ".csv", ".json"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The report in front: the one it was chosen as, what it is now, and what came out."""

    entry: ReportEntry | None
    script: Script
    title: Message
    drawn: Drawn | None
    changed: bool

    @property
    def own(self) -> bool:
        """Whether the person may change the one it was chosen as."""
        return self.entry is not None and self.entry.own and not self.entry.standard


class ReportKeeper(QObject):
    """`kept` carries the key of the report to be in front after a change; '' for whichever."""

    kept = Signal(str)

    def __init__(self, context: Context, page: QWidget, front: Callable[[], Front | None]) -> None:
        super().__init__(page)
        self._context, self._page, self._front = context, page, front
        self.popup: NamePopup | None = None
        self.menu_shown: Menu | None = None
        self.schedules: SchedulesDialog | None = None

    def save_or_ask(self, button: QWidget) -> None:
        """Keep a changed report of one's own as it is now; ask for a name where it is none."""
        front = self._front()
        if front is None:
            return
        if front.own and front.changed and front.entry is not None:
            self.save(str(front.entry.name), front.entry)
        else:
            self.ask_name(button)

    def ask_name(self, button: QWidget) -> None:
        """Ask for a name below a button."""
        self.popup = NamePopup(self._page, message("Name of the report"))
        self.popup.named.connect(self.save)
        self.popup.open_below(button)

    def save(self, name: str, instead: ReportEntry | None = None) -> None:
        """Keep what is counted under a name; `instead` of what that report was, which can be taken back."""
        front, replica = self._front(), self._context.replica
        if front is None or front.drawn is None:
            return
        script = front.script
        report_id = instead.key if instead is not None else None

        def take_back() -> object:
            assert instead is not None
            return reports.save(replica, str(instead.name), instead.report, instead.chart, instead.key)

        self._context.change(
            self,
            lambda: reports.save(replica, name, script.report, script.chart, report_id),
            lambda record: self.kept.emit(record.id),
            told=message("The report is kept"),
            undo=take_back if instead is not None else None,
        )

    def open_menu(self, button: QWidget) -> None:
        """Offer what else can be done with the report in front."""
        front = self._front()
        if front is None:
            return
        menu = self.menu_shown = Menu(self._page)
        entry = front.entry
        if entry is not None and not front.changed:
            by_itself = menu.add(tr("Send by itself…"), "mail")
            by_itself.triggered.connect(lambda _on=False: self.open_schedules())
        export = menu.add(tr("Export…"), "dl")
        export.setEnabled(front.drawn is not None)
        export.triggered.connect(lambda _on=False: self.ask_file())
        if entry is not None and front.own:
            again = menu.add(tr("Save as…"), "plus")
            again.setEnabled(front.drawn is not None)
            again.triggered.connect(lambda _on=False: self.ask_name(button))
            below = menu.addMenu(tr("Show to"))
            for each in saved_views.audiences(self._context.replica):
                shown = below.addAction(each.name)
                shown.setCheckable(True)
                shown.setChecked(each.role_id in entry.shown_to)
                shown.triggered.connect(lambda on, role=each.role_id: self._show_to(entry, role, shown=on))
            menu.add(tr("Delete"), "trash").triggered.connect(lambda _on=False: self.delete(entry))
        menu.popup(button.mapToGlobal(QPoint(0, button.height())))

    def open_schedules(self) -> None:
        """Show when the report in front, as it is kept, goes out by itself."""
        front = self._front()
        entry = front.entry if front is not None else None
        if entry is None:
            return
        field = "standard" if entry.standard else "report_id"
        subject = Subject(field=field, key=entry.key, name=show(entry.name))
        self.schedules = SchedulesDialog(self._context, subject, self._page)
        self.schedules.open()

    def delete(self, entry: ReportEntry) -> None:
        """Delete a report; it can be taken back."""
        replica = self._context.replica
        self._context.change(
            self,
            lambda: records.delete(replica, reports.REPORT, entry.key),
            lambda _record: self.kept.emit(""),
            told=message("The report is deleted"),
            undo=lambda: records.restore(replica, reports.REPORT, entry.key),
        )

    def ask_file(self) -> None:
        """Ask for a file and write what is counted to it."""
        folder = Path(self._context.app.settings.get(EXPORT_FOLDER) or Path.home())
        chosen, _kind = QFileDialog.getSaveFileName(
            self._page, tr("Export the report"), str(folder / "report.xlsx"), _FILES
        )
        if chosen:
            self.export(Path(chosen))

    def export(self, file: Path) -> None:
        """Write what is counted to a file."""
        front, replica = self._front(), self._context.replica
        if front is None or front.drawn is None:
            return
        table, title, chart = front.drawn.table, front.title, front.script.chart
        language, today = translator().language, replica.clock.today()

        def write() -> None:
            demand_exportable(replica.person, table)
            write_pieces(file, [report_file(table, file.suffix, title, chart, today, language, tr)])
            told = {"entity": table.report.entity, "rows": len(table.rows), "file": file.name}
            syncing.note_event(replica, EXPORTED, told)

        self._context.tasks.read(
            self,
            write,
            lambda _none: self._context.tell(message("Written to {file}", file=file.name)),
            self._context.show_error,
        )

    def _show_to(self, entry: ReportEntry, role_id: str, *, shown: bool) -> None:
        replica = self._context.replica
        self._context.change(
            self,
            lambda: reports.show_to(replica, entry.key, role_id, shown=shown),
            lambda record: self.kept.emit(record.id),
        )
