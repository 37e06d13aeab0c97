"""The report builder: which reports there are, what one is made of, and what comes out, counted at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from unicodedata import east_asian_width

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from crm_core.charts.chart import Kind as ChartKind
from crm_core.charts.looks import Look
from crm_core.charts.of_report import Drawn, chart_of
from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_core.reporting import texts
from crm_core.reporting.files import demand_exportable
from crm_core.rules.report_options import ReportOptions
from crm_core.rules.reports import Report, ReportTable
from crm_desktop.documents.report_file import report_file
from crm_desktop.interchange.saving import write_pieces
from crm_desktop.models.device_tables import EXPORTED
from crm_desktop.services import records, reports, saved_views, syncing
from crm_desktop.services.reports import FieldOffer, ReportEntry
from crm_desktop.settings import EXPORT_FOLDER
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.charts.chart_pane import ChartPane
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.dashboards.drilling import open_records
from crm_desktop.ui.format import figure
from crm_desktop.ui.lists.views import NamePopup
from crm_desktop.ui.pages.listed_page import ListedPage
from crm_desktop.ui.reports.parts import ReportParts
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, M
from crm_desktop.ui.translate import show, tr, translator
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.menus import Menu
from crm_desktop.ui.widgets.text_table import TextTable

_KEY = Qt.ItemDataRole.UserRole
CHART_HEIGHT = 220
TABLE_HEIGHT = 160
WIDEST = 220
_FILES = ";;".join(f"*{ending}" for ending in (".xlsx", ".pdf", ".png", ".svg", ".csv", ".json"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    entry: ReportEntry
    options: ReportOptions
    offers: tuple[FieldOffer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    report: Report
    drawn: Drawn


def _width(head: str) -> int:
    """Return the room a column's head takes, and a number of eight digits at least."""
    letters = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in head)
    return min(WIDEST, max(104, 24 + 7 * letters))


class ReportBuilderPage(ListedPage):
    """Chosen on the left; changed, and it is counted anew."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self.entry: ReportEntry | None = None
        self.counted: _Counted | None = None
        self._entries: dict[str, ReportEntry] = {}
        self._edited = False
        self.popup: NamePopup | None = None
        self.menu_shown: Menu | None = None
        self.title = Label(step="title")
        self.tells = Label(color="text-soft", wrap=True)
        self.parts = ReportParts(reports.kinds(context.replica))
        self.fault = Label(color="bad", wrap=True)
        self.remark = Label(step="caption", color="text-soft", wrap=True)
        self.pane: ChartPane | None = None
        self.table: TextTable | None = None
        self.save_button = Button(message("Save as…"), Kind.PRIMARY)
        self.more_button = Button(message("More…"))
        self.save_button.clicked.connect(self._on_save)
        self.more_button.clicked.connect(self._on_more)
        self.parts.changed.connect(self._on_changed)
        self.parts.kind_chosen.connect(self._on_kind)
        self._front = QWidget()
        self._column = QVBoxLayout(self._front)
        margin = theme().px(XL)
        self._column.setContentsMargins(margin, theme().px(M), margin, margin)
        self._column.setSpacing(theme().px(M))
        for widget in (self.tells, self.parts, self.fault, self.remark):
            self._column.addWidget(widget)
        self._column.addStretch(0)
        self.fault.hide()
        listed = QListWidget()
        listed.currentItemChanged.connect(lambda item, _before: self._on_chosen(item))
        self.lay_out((self.title,), (self.more_button, self.save_button), listed, self._front)
        context.records_changed.connect(self._on_records_changed)
        self.retint()
        self.retranslate()

    def show_place(self, place: Place) -> None:
        """Read which reports there are; `record_id` chooses one."""
        self.refresh(place.record_id or (self.entry.key if self.entry is not None else ""))

    def refresh(self, key: str = "") -> None:
        """Read the list anew, and choose a report in it."""
        replica = self.context.replica
        self.context.tasks.read(
            self,
            lambda: reports.reports_of(replica),
            lambda found: self._on_listed(found, key),
            self.context.show_error,
            topic="reports",
        )

    def retranslate(self) -> None:
        """Write what is shown in the language on screen."""
        self.setAccessibleName(tr("Report builder"))
        self.listed.setAccessibleName(tr("Reports"))
        for place in range(self.listed.count()):
            item = self.listed.item(place)
            item.setText(show(self._entries[item.data(_KEY)].name))
        self._name()

    def _on_listed(self, found: tuple[ReportEntry, ...], key: str) -> None:
        self._entries = {each.key: each for each in found}
        self.listed.blockSignals(True)
        self.listed.clear()
        for each in found:
            item = QListWidgetItem(show(each.name))
            item.setData(_KEY, each.key)
            self.listed.addItem(item)
        self.listed.blockSignals(False)
        keys = list(self._entries)
        if keys:
            self.listed.setCurrentRow(keys.index(key) if key in keys else 0)

    def _on_chosen(self, item: QListWidgetItem | None) -> None:
        entry = self._entries.get(item.data(_KEY)) if item is not None else None
        if entry is None:
            return
        replica = self.context.replica
        self.context.tasks.read(
            self,
            lambda: _Chosen(
                entry=entry,
                options=reports.written(replica, entry.report),
                offers=reports.offers(replica, entry.report.entity),
            ),
            self._on_read,
            self.context.show_error,
            topic="chosen",
        )

    def _on_read(self, chosen: _Chosen) -> None:
        self.entry, self._edited = chosen.entry, False
        self.parts.show_offers(chosen.offers)
        self.parts.show_options(chosen.options, chosen.entry.chart)
        self._name()
        self._count()

    def _on_kind(self, entity: str) -> None:
        replica = self.context.replica
        self.context.tasks.read(
            self,
            lambda: reports.offers(replica, entity),
            lambda found: self._on_offers(entity, found),
            self.context.show_error,
            topic="chosen",
        )

    def _on_offers(self, entity: str, offers: tuple[FieldOffer, ...]) -> None:
        self.parts.show_offers(offers)
        self.parts.show_options(ReportOptions(entity=entity), self.parts.chart.currentData())
        self._on_changed()

    def _on_changed(self) -> None:
        self._edited = True
        self._name()
        self._count()

    def _count(self) -> None:
        entry, options, replica = self.entry, self.parts.options(), self.context.replica
        kept = entry.report if entry is not None and not self._edited else None
        look = Look(kind=ChartKind(self.parts.chart.currentData()))
        title = self._title()

        def count() -> _Counted:
            report = kept if kept is not None else reports.read(replica, options)
            table = reports.count(replica, report)
            drawn = chart_of(table, look, title, today=replica.clock.today())
            return _Counted(report=report, drawn=drawn)

        self.context.tasks.read(self, count, self._on_counted, self._on_refused, topic="counted")

    def _on_counted(self, counted: _Counted) -> None:
        self.counted = counted
        self.fault.hide()
        table = counted.drawn.table
        said = [show(message("{count} records counted", count=figure(table.counted)))]
        self.remark.say(" · ".join([*said, *texts.notes(table, tr)]))
        if self.pane is None:
            self.pane = ChartPane(counted.drawn.chart)
            self.pane.setMinimumHeight(theme().px(CHART_HEIGHT))
            self.pane.opened.connect(self._on_opened)
            self._column.insertWidget(self._column.count() - 2, self.pane, 1)
        else:
            self.pane.show_chart(counted.drawn.chart)
        self.pane.show()
        self._show_table(table)

    def _show_table(self, table: ReportTable) -> None:
        """Put the numbers below the chart; other reports have other columns."""
        if self.table is not None:
            self._column.removeWidget(self.table)
            self.table.hide()
            self.table.deleteLater()
        heads = texts.heads(table, tr)
        first = len(heads) - len(texts.units(table))
        kinds = [CellKind.TEXT if place < first else CellKind.RIGHT for place in range(len(heads))]
        self.table = TextTable(
            [
                (head, kind, _width(head) if place else max(WIDEST, _width(head)))
                for place, (head, kind) in enumerate(zip(heads, kinds, strict=True))
            ],
            message("Numbers of the report"),
        )
        self.table.show_rows(
            [
                [cell if isinstance(cell, str) else "" if cell is None else figure(cell) for cell in cells]
                for _, cells in texts.rows(table, tr)
            ]
        )
        self.table.setMinimumHeight(theme().px(TABLE_HEIGHT))
        self._column.insertWidget(self._column.count() - 2, self.table, 2)

    def _on_refused(self, error: CrmError) -> None:
        self.counted = None
        self.remark.say("")
        for shown in (self.pane, self.table):
            if shown is not None:
                shown.hide()
        self.fault.say(error.message)
        self.fault.show()

    def _on_opened(self, mark: object) -> None:
        if self.counted is not None:
            open_records(self, self.context, self.counted.drawn, mark)

    def _title(self) -> Message:
        if self.entry is None or self._edited:
            return message("Report of one's own")
        return self.entry.name

    def _name(self) -> None:
        self.title.say(self.entry.name if self.entry is not None else message("Report builder"))
        self.tells.say(self.entry.tells if self.entry is not None and not self._edited else "")
        self.tells.setVisible(bool(self.tells.text()))

    # Keeping, showing, exporting

    def _on_save(self) -> None:
        self.popup = NamePopup(self, message("Name of the report"))
        self.popup.named.connect(lambda name: self.save(name))
        self.popup.open_below(self.save_button)

    def save(self, name: str, report_id: str | None = None) -> None:
        """Keep what is counted under a name; with an id, instead of what that report was."""
        if self.counted is None:
            return
        replica, kept, chart = self.context.replica, self.counted.report, self.parts.chart.currentData()
        self.context.change(
            self,
            lambda: reports.save(replica, name, kept, chart, report_id),
            lambda record: self.refresh(record.id),
            told=message("The report is kept"),
        )

    def _on_more(self) -> None:
        menu = self.menu_shown = Menu(self)
        export = menu.add(tr("Export…"), "download")
        export.setEnabled(self.counted is not None)
        export.triggered.connect(lambda _on=False: self._ask_file())
        entry = self.entry
        if entry is not None and entry.own and not entry.standard:
            change = menu.add(tr("Save"), "check")
            change.setEnabled(self._edited and self.counted is not None)
            change.triggered.connect(lambda _on=False: self.save(str(entry.name), entry.key))
            below = menu.addMenu(tr("Show to"))
            for each in saved_views.audiences(self.context.replica):
                shown = below.addAction(each.name)
                shown.setCheckable(True)
                shown.setChecked(each.role_id in entry.shown_to)
                shown.triggered.connect(lambda on, role=each.role_id: self._show_to(entry, role, shown=on))
            menu.add(tr("Delete"), "trash").triggered.connect(lambda _on=False: self._delete(entry))
        menu.popup(self.more_button.mapToGlobal(QPoint(0, self.more_button.height())))

    def _show_to(self, entry: ReportEntry, role_id: str, *, shown: bool) -> None:
        replica = self.context.replica
        self.context.change(
            self,
            lambda: reports.show_to(replica, entry.key, role_id, shown=shown),
            lambda record: self.refresh(record.id),
        )

    def _delete(self, entry: ReportEntry) -> None:
        replica = self.context.replica
        self.context.change(
            self,
            lambda: records.delete(replica, reports.REPORT, entry.key),
            lambda _record: self.refresh(),
            told=message("The report is deleted"),
            undo=lambda: records.restore(replica, reports.REPORT, entry.key),
        )

    def _ask_file(self) -> None:
        folder = Path(self.context.app.settings.get(EXPORT_FOLDER) or Path.home())
        chosen, _kind = QFileDialog.getSaveFileName(
            self, tr("Export the report"), str(folder / "report.xlsx"), _FILES
        )
        if chosen:
            self.export(Path(chosen))

    def export(self, file: Path) -> None:
        """Write what is counted to a file."""
        if self.counted is None:
            return
        replica, table = self.context.replica, self.counted.drawn.table
        title, chart, language = self._title(), self.parts.chart.currentData(), translator().language
        today = replica.clock.today()

        def write() -> None:
            demand_exportable(replica.person, table)
            write_pieces(file, [report_file(table, file.suffix, title, chart, today, language, tr)])
            told = {"entity": table.report.entity, "rows": len(table.rows), "file": file.name}
            syncing.note_event(replica, EXPORTED, told)

        self.context.tasks.read(
            self,
            write,
            lambda _none: self.context.tell(message("Written to {file}", file=file.name)),
            self.context.show_error,
        )

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        entities = {entity for entity, _ in changed}
        if self.isVisible() and self.counted is not None and self.counted.report.entity in entities:
            self._count()
