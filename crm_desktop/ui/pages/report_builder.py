"""The report builder: which reports there are, what one is made of, and what comes out, counted at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from crm_core.charts.chart import Kind as ChartKind
from crm_core.charts.looks import usual_look
from crm_core.charts.of_report import Drawn, chart_of
from crm_core.errors import CrmError, UserError
from crm_core.i18n import N_, Message, message
from crm_core.reporting.faults import Place as FaultPlace
from crm_core.rules.conditions import Value
from crm_core.rules.report_script import Script
from crm_core.rules.reports import Report
from crm_desktop.models.stopping import Stop
from crm_desktop.services import report_answers, report_offers, reports
from crm_desktop.services.report_offers import ReportOffers
from crm_desktop.services.reports import ReportEntry
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.dashboards.drilling import open_records, open_row
from crm_desktop.ui.pages.listed_page import ListedPage
from crm_desktop.ui.reports.answers_bar import AnswersBar
from crm_desktop.ui.reports.history import History
from crm_desktop.ui.reports.keeper import Front, ReportKeeper
from crm_desktop.ui.reports.panel import DRAWN, WRITTEN, ReportPanel
from crm_desktop.ui.reports.result import ReportResult
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, M
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind
from crm_desktop.ui.widgets.labels import ElidedLabel, Label

_KEY = Qt.ItemDataRole.UserRole
PAUSE_MS = 200
"""Between a change and the count; several changes at once are counted once."""
PANEL_WIDTH, BESIDE_FROM = 420, 860
"""px before the font scale: of the panel, and of a page on which it stands beside the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    script: Script
    offers: ReportOffers
    answers: Mapping[str, Value]
    titles: Mapping[str, str]
    entry: ReportEntry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    """Why a report could not be counted, and which part of it is at fault."""

    error: CrmError
    place: FaultPlace | None


class ReportBuilderPage(ListedPage):
    """Chosen on the left; changed, and it is counted anew."""

    list_width = 260

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self.entry: ReportEntry | None = None
        self.history: History | None = None
        self.offers: ReportOffers | None = None
        self._entries: dict[str, ReportEntry] = {}
        self._stop = Stop()
        self.title = ElidedLabel("", step="title")
        self.tells = Label(color="text-soft", wrap=True)
        self.bar = AnswersBar(context)
        self.panel = ReportPanel(context, reports.kinds(context.replica), self)
        self.result = ReportResult()
        self.keeper = ReportKeeper(context, self, self._on_front)
        self.undo_button = IconButton("undo", message("Undo"), hint="Ctrl+Z")
        self.redo_button = IconButton("redo", message("Redo"), hint="Ctrl+Shift+Z")
        self.change_button = Button(message("Change"), icon="pen", hint="E")
        self.change_button.setCheckable(True)
        self.save_button = Button(message("Save as…"), Kind.PRIMARY)
        self.more_button = Button(message("More…"))
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._count)
        self._lay_out()
        self._listen()
        for name, text, icon, keys, act in (
            ("undo", N_("Take the last change to the report back"), "undo", "Ctrl+Z", self.undo),
            ("redo", N_("Change the report again as before"), "redo", "Ctrl+Shift+Z", self.redo),
            ("change", N_("Show what the report is made of"), "pen", "E", self.change_button.toggle),
            ("schedule", N_("Send the report by itself"), "mail", "", self.keeper.open_schedules),
        ):
            spec = ActionSpec(id=f"report.{name}", text=text, group=N_("Reports"), icon=icon, shortcut=keys)
            actions.add(spec, act, self)
        self.retint()
        self.retranslate()

    @property
    def report(self) -> Report | None:
        """What is counted."""
        return self.history.current.report if self.history is not None else None

    @property
    def drawn(self) -> Drawn | None:
        """What came out; None where it could not be counted, or not yet."""
        return self.result.drawn

    @property
    def is_changing(self) -> bool:
        """Whether it is shown what the report is made of."""
        return self.change_button.isChecked()

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

    def retint(self) -> None:
        """Keep the measures of the theme."""
        super().retint()
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put what the report is made of beside the result, or in its place."""
        super().resizeEvent(event)
        self._arrange()

    # Making

    def _lay_out(self) -> None:
        self._shown = QWidget(self)
        column = QVBoxLayout(self._shown)
        margin = theme().px(XL)
        column.setContentsMargins(margin, theme().px(M), margin, theme().px(M))
        column.setSpacing(theme().px(M))
        column.addWidget(self.tells)
        column.addWidget(self.bar)
        column.addWidget(self.result, 1)
        self._front = QWidget(self)
        row = QHBoxLayout(self._front)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        row.addWidget(self.panel)
        row.addWidget(self._shown, 1)
        self.panel.head.addWidget(self.undo_button)
        self.panel.head.addWidget(self.redo_button)
        listed = QListWidget()
        listed.currentItemChanged.connect(lambda item, _before: self._on_chosen(item))
        after = (self.change_button, self.more_button, self.save_button)
        self.lay_out((self.title,), after, listed, self._front)
        head = self.header.layout()
        head.setStretch(0, 1)
        self.panel.hide()

    def _listen(self) -> None:
        self.save_button.clicked.connect(lambda: self.keeper.save_or_ask(self.save_button))
        self.more_button.clicked.connect(lambda: self.keeper.open_menu(self.more_button))
        self.keeper.kept.connect(self.refresh)
        self.change_button.toggled.connect(lambda _on: self._on_change_toggled())
        self.undo_button.clicked.connect(self.undo)
        self.redo_button.clicked.connect(self.redo)
        self.panel.changed.connect(self._on_changed)
        self.panel.kind_chosen.connect(self._on_kind)
        self.panel.way_wanted.connect(self._on_way)
        self.bar.answered.connect(self._on_answered)
        self.result.opened.connect(self._on_opened)
        self.result.row_opened.connect(self._on_row_opened)
        self.result.stopped.connect(self.stop)
        self.context.records_changed.connect(self._on_records_changed)

    def _arrange(self) -> None:
        beside = self.width() >= theme().px(BESIDE_FROM)
        changing = self.is_changing
        self.panel.setVisible(changing)
        self._shown.setVisible(beside or not changing)
        self.listed.setVisible(not changing)
        if beside:
            self.panel.setFixedWidth(theme().px(PANEL_WIDTH))
        else:
            self.panel.setMinimumWidth(0)
            self.panel.setMaximumWidth(16_777_215)

    # Choosing

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
        if entry is not None:
            self._ask(Script(report=entry.report, chart=entry.chart), entry)

    def _ask(self, script: Script, entry: ReportEntry | None = None) -> None:
        """Read what a report may be made of and was answered by; then show it."""
        replica = self.context.replica

        def read() -> _Chosen:
            key = entry.key if entry is not None else ""
            answers = report_answers.remembered(replica, key, script.report) if key else {}
            return _Chosen(
                script=script,
                offers=report_offers.report_offers(replica, script.report),
                answers=answers,
                titles=report_answers.titles(replica, script.report, answers),
                entry=entry,
            )

        self.context.tasks.read(self, read, self._on_read, self.context.show_error, topic="chosen")

    def _on_read(self, chosen: _Chosen) -> None:
        self.offers = chosen.offers
        if chosen.entry is not None:
            self.entry, self.history = chosen.entry, History(chosen.script)
            self.bar.may_wait = not chosen.entry.standard
            self.bar.show_questions(chosen.script.report, chosen.offers, chosen.answers, chosen.titles)
        elif self.history is not None:
            self.history.add(chosen.script)
            self._ask_anew(chosen.script.report)
        self._show_panel()
        self._name()
        if self.bar.waits:
            self.result.show_waiting()
        else:
            self._count()

    def _show_panel(self) -> None:
        if self.is_changing and self.history is not None and self.offers is not None:
            self.panel.show_script(self.history.current, self.offers)

    def _ask_anew(self, report: Report) -> None:
        """Ask what a changed report asks; what was answered stays."""
        if self.offers is None or self.bar.questions == report.questions:
            return
        try:
            known = self.bar.answers()
        except UserError:
            known = {}
        kept = {each.key: known[each.key] for each in report.questions if each.key in known}
        still = {each.key: each.condition for each in self.bar.questions}
        kept = {
            each.key: kept[each.key]
            for each in report.questions
            if each.key in kept and still.get(each.key) == each.condition
        }
        fresh = {each.key: each.condition.value for each in report.questions}
        self.bar.show_questions(report, self.offers, {**fresh, **kept})

    # Changing

    def _on_change_toggled(self) -> None:
        self._arrange()
        if self.is_changing:
            self._show_panel()
            self.panel.way.setFocus()

    def _on_kind(self, entity: str) -> None:
        chart = self.history.current.chart if self.history is not None else ""
        self._ask(Script(report=Report(entity=entity), chart=chart))

    def _on_way(self, way: str) -> None:
        """Turn the report into text, or the text into what is drawn; what cannot be read stays as it is."""
        if (way == WRITTEN) is self.panel.is_written or self.history is None:
            return
        replica, script = self.context.replica, self.history.current
        if way == WRITTEN:
            try:
                script = self.panel.script()
            except UserError as error:
                self.result.show_fault(error.message)
                self.panel.way.choose(DRAWN)
                return
            self.context.tasks.read(
                self,
                lambda: reports.script(replica, script),
                self.panel.show_text,
                self._on_error,
                topic="way",
            )
            return
        text = self.panel.text.toPlainText()
        self.context.tasks.read(
            self, lambda: reports.read_script(replica, text), self._ask, self._on_unreadable, topic="way"
        )

    def _on_unreadable(self, error: CrmError) -> None:
        self.panel.way.choose(WRITTEN)
        self._on_error(error)

    def _on_error(self, error: CrmError) -> None:
        self.panel.say_fault(error.message)
        self.result.show_fault(error.message)

    def _on_changed(self) -> None:
        if self.history is None:
            return
        if self.panel.is_written:
            replica, text = self.context.replica, self.panel.text.toPlainText()
            self.context.tasks.read(
                self,
                lambda: reports.read_script(replica, text),
                self._on_script,
                self._on_error,
                topic="typed",
            )
            return
        try:
            script = self.panel.script()
        except UserError as error:
            self._stop.ask()
            self.result.show_fault(error.message)
            return
        self._on_script(script)

    def _on_script(self, script: Script) -> None:
        if self.history is None:
            return
        if script.report.entity != self.history.current.report.entity:
            self._ask_written(script)
            return
        self.history.add(script)
        self._ask_anew(script.report)
        self._name()
        self._pause.start()

    def _ask_written(self, script: Script) -> None:
        """Take over another kind of record from the text, which stays in front."""
        replica = self.context.replica

        def take(offers: ReportOffers) -> None:
            self.offers = offers
            if self.history is not None:
                self.history.add(script)
            self._ask_anew(script.report)
            self._name()
            self._pause.start()

        self.context.tasks.read(
            self,
            lambda: report_offers.report_offers(replica, script.report),
            take,
            self.context.show_error,
            topic="chosen",
        )

    def undo(self) -> None:
        """Take the last change back."""
        if self.history is not None and self.history.can_undo:
            self._ask_back(self.history.undo())

    def redo(self) -> None:
        """Do again what was taken back."""
        if self.history is not None and self.history.can_redo:
            self._ask_back(self.history.redo())

    def _ask_back(self, script: Script) -> None:
        """Show a version that is in the history already."""
        self._name()
        self._ask(script)

    # Counting

    def stop(self) -> None:
        """Break off what is being counted."""
        self._pause.stop()
        self._stop.ask()

    def _on_answered(self) -> None:
        try:
            answers = self.bar.answers()
        except UserError:
            return
        entry, report, replica = self.entry, self.report, self.context.replica
        self.bar.counted()
        if entry is not None and report is not None:
            self.context.tasks.write(
                self,
                lambda: report_answers.remember(replica, entry.key, report, answers),
                None,
                self._on_error,
            )
        self._count()

    def _count(self) -> None:
        history, replica = self.history, self.context.replica
        if history is None:
            return
        script, title = history.current, self._title()
        try:
            answers = self.bar.answers()
        except UserError as error:
            self.result.show_fault(error.message)
            return
        self._stop.ask()
        stop = self._stop = Stop()
        kind = ChartKind(script.chart) if script.chart in set(ChartKind) else ChartKind.TABLE

        def count() -> Drawn | _Refused:
            try:
                table = reports.count(replica, script.report, answers, stop)
            except CrmError as error:
                if stop.asked:
                    raise
                return _Refused(error=error, place=reports.place_of_fault(replica, script.report))
            look = usual_look(script.report, kind)
            return chart_of(table, look, title, today=replica.clock.today())

        self.result.begin()
        self.context.tasks.read(self, count, self._on_counted, self._on_stopped, topic="counted")

    def _on_counted(self, found: Drawn | _Refused) -> None:
        if isinstance(found, Drawn):
            self.panel.clear_faults()
            self.result.show_drawn(found)
        else:
            self.panel.say_fault(found.error.message, found.place)
            self.result.show_fault(found.error.message)
        self._name()

    def _on_stopped(self, error: CrmError) -> None:
        self.result.show_fault(error.message)

    def _on_opened(self, mark: object) -> None:
        if self.drawn is not None:
            open_records(self, self.context, self.drawn, mark)

    def _on_row_opened(self, row: int) -> None:
        if self.drawn is not None:
            open_row(self, self.context, self.drawn, row)

    def _title(self) -> Message:
        changed = self.history is not None and self.history.is_changed
        return message("Report of one's own") if self.entry is None or changed else self.entry.name

    def _name(self) -> None:
        entry, history = self.entry, self.history
        changed = history is not None and history.is_changed
        self.title.say(entry.name if entry is not None else message("Report builder"))
        tells = show(entry.tells) if entry is not None and not changed else ""
        self.tells.say(tells)
        self.tells.setVisible(bool(tells))
        self.undo_button.setEnabled(history is not None and history.can_undo)
        self.redo_button.setEnabled(history is not None and history.can_redo)
        front = self._on_front()
        kept = front is not None and front.own and changed
        self.save_button.say(message("Save") if kept else message("Save as…"))
        self.save_button.setEnabled(self.drawn is not None)

    def _on_front(self) -> Front | None:
        history = self.history
        if history is None:
            return None
        return Front(
            entry=self.entry,
            script=history.current,
            title=self._title(),
            drawn=self.drawn,
            changed=history.is_changed,
        )

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        entities = {entity for entity, _ in changed}
        report = self.report
        if self.isVisible() and report is not None and self.drawn is not None and report.entity in entities:
            self._count()
