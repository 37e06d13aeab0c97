"""Dashboards: reports seen as charts side by side; each piece of them opens the very records behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QStackedWidget,
    QVBoxLayout,
)

from crm_core.charts.starters import STARTERS, Starter
from crm_core.charts.tiles import Counted, drawn_tables, lying, placed
from crm_core.i18n import N_, Message, message
from crm_core.reporting.files import demand_exportable
from crm_core.rules.dashboards import (
    Tile,
    moved_before,
    moved_by,
    with_changed,
    with_tile,
    without_tile,
)
from crm_desktop.models.records import Record
from crm_desktop.services import dashboards, records, report_schedules
from crm_desktop.services.dashboards import DASHBOARD, DashboardRow
from crm_desktop.services.figures import DataAge
from crm_desktop.services.report_schedules import Subject
from crm_desktop.sync.runner import RoundReport, Status
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context, Notice, Place
from crm_desktop.ui.dashboards import saving
from crm_desktop.ui.dashboards.beginning import pick_a_starter, starter_buttons, titled_here
from crm_desktop.ui.dashboards.drilling import open_records
from crm_desktop.ui.dashboards.grid import TileGrid
from crm_desktop.ui.dashboards.header import BoardHeader, Choices
from crm_desktop.ui.dashboards.reading import Boards, read_boards
from crm_desktop.ui.dashboards.sources import Sources, show_snapshot, snapshot_words
from crm_desktop.ui.dashboards.tile_area import TileArea
from crm_desktop.ui.dashboards.tile_card import TileCard
from crm_desktop.ui.dashboards.tile_dialog import TileDialog
from crm_desktop.ui.home.words import age_words
from crm_desktop.ui.lists.views import NamePopup
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.reports.schedules_dialog import SchedulesDialog
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.empty_state import EmptyState

FOLLOW_MS = 400
_ALONG = frozenset(
    (DASHBOARD, report_schedules.SNAPSHOT, "stage", "user", "product", "customer", "territory")
)
"""What dashboards are, and kinds that reports of others are put together by."""


class DashboardsPage(Page):
    """One dashboard at a time; the others are in the menu of its name."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self._choices = Choices()
        self._current_id = ""
        self._tiles: tuple[Tile, ...] = ()
        self._counted: dict[str, Counted] = {}
        self._period: str | None = None
        self._person = ""
        self._age: DataAge | None = None
        self._sources = Sources()
        self._last_round: RoundReport | None = None
        self._wants_focus = False
        """Whether the keyboard goes to the first tile once it is there."""
        self.popup: NamePopup | None = None
        self.dialog: TileDialog | None = None
        self.schedules: SchedulesDialog | None = None
        self._lay_out()
        for spec, run in (
            (_spec("new", N_("New dashboard"), "plus"), self.show_starters),
            (_spec("begin", N_("Begin with “Sales this quarter”"), "bars"), lambda: self.begin(STARTERS[0])),
            (_spec("add-tile", N_("Add tile"), "plus", "Ctrl+Shift+A"), self.add_tile),
            (_spec("schedule", N_("Send the dashboard by itself"), "mail"), self.open_schedules),
        ):
            actions.add(spec, run, self)
        self._changes = Settling(self, FOLLOW_MS)
        self._changes.due.connect(self.refresh)
        context.records_changed.connect(self._on_records_changed)
        context.sync_changed.connect(self._on_sync_changed)
        self.retranslate()

    @property
    def current(self) -> DashboardRow | None:
        """The dashboard in front."""
        return next((row for row in self._choices.dashboards if row.id == self._current_id), None)

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """Its tiles, in their order."""
        return self._tiles

    @property
    def period(self) -> str:
        """The stretch of time it is narrowed to: as chosen, else its own."""
        if self._period is not None:
            return self._period
        current = self.current
        return current.period if current is not None else ""

    def show_place(self, place: Place) -> None:
        """Show the dashboard named, or the one shown last."""
        if place.record_id:
            self._choose(place.record_id)
        self.refresh()

    def refresh(self) -> None:
        """Read the dashboards, then count the one in front."""
        replica = self.context.replica
        self.context.tasks.read(
            self, lambda: read_boards(replica), self._on_read, self.context.show_error, topic="boards"
        )

    def retranslate(self) -> None:
        """Name the page, and say whose figures these are, in the language on screen."""
        self.setAccessibleName(tr("Reports"))
        snapshot = self._sources.shown(self._current_id)
        if snapshot is not None:
            self.header.say_scope(snapshot_words(snapshot))
        elif self._age is not None:
            self.header.say_scope(age_words(self._age))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put fewer tiles side by side in a narrow window."""
        super().resizeEvent(event)
        self.grid.arrange(self.width() - 2 * theme().px(XL))

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what changed meanwhile."""
        super().showEvent(event)
        self.grid.arrange(self.width() - 2 * theme().px(XL))

    def hideEvent(self, event: QHideEvent) -> None:
        """Take the hint out of the status bar."""
        super().hideEvent(event)
        self.context.selection_changed.emit(None)

    # Making

    def _lay_out(self) -> None:
        self.header = BoardHeader()
        self.header.chosen.connect(self.choose)
        self.header.period_chosen.connect(self.choose_period)
        self.header.person_chosen.connect(self.choose_person)
        self.header.file_wanted.connect(self.ask_file)
        self.header.tile_wanted.connect(self.add_tile)
        self.header.new_wanted.connect(self.show_starters)
        self.header.rename_wanted.connect(self.rename)
        self.header.copy_wanted.connect(self.copy)
        self.header.delete_wanted.connect(self.delete)
        self.header.audience_chosen.connect(self._on_audience)
        self.header.source_chosen.connect(self.choose_source)
        self.header.schedules_wanted.connect(self.open_schedules)
        self.grid = TileGrid()
        self.grid.dropped.connect(self._on_dropped)
        self.area = TileArea(self.grid)
        self.starter_buttons = starter_buttons(self.begin)
        self.starters = pick_a_starter(self.starter_buttons)
        self.bare = EmptyState(
            "bars",
            message("No tiles yet"),
            message("Add a report, and choose how it is drawn."),
            [self._add_button()],
        )
        self.stack = QStackedWidget()
        for widget in (self.area, self.starters, self.bare):
            self.stack.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.stack, 1)

    def _add_button(self) -> Button:
        button = Button(message("Add tile"), Kind.PRIMARY, icon="plus")
        button.clicked.connect(self.add_tile)
        return button

    # Reading

    def _on_read(self, read: Boards) -> None:
        self._choices, self._age = read.choices, read.age
        self._sources.take(read.snapshots)
        if self.current is None:
            self._choose(self._choices.dashboards[0].id if self._choices.dashboards else "")
        current = self.current
        self._tiles = current.tiles if current is not None else ()
        self.header.show_choices(self._choices, current, self.period, self._person)
        self._show_source()
        if current is None:
            self.stack.setCurrentWidget(self.starters)
        elif not self._tiles and current.fault is None:
            self.stack.setCurrentWidget(self.bare)
        else:
            self.stack.setCurrentWidget(self.area)
            if self.isVisible():
                self.context.selection_changed.emit(message("Alt+T shows a chart as a table"))
        if current is not None and current.fault is not None:
            self.context.notice.emit(Notice(kind="warn", text=current.fault))
        self._show_cards()
        if self._wants_focus and self._tiles:
            self._wants_focus = False
            self.grid.cards[self._tiles[0].id].setFocus()
        self._count()

    def _show_cards(self) -> None:
        own = self.current is not None and self.current.own
        cards = []
        for tile in self._tiles:
            card = self.grid.cards.get(tile.id)
            if card is None or card.may_change != own:
                card = self._make_card(tile, own=own)
            card.tile = tile
            card.retint()
            cards.append(card)
        self.grid.show_cards(cards)

    def _make_card(self, tile: Tile, *, own: bool) -> TileCard:
        card = TileCard(tile, may_change=own)
        card.opened.connect(lambda drawn, mark: open_records(self, self.context, drawn, mark))
        card.moved.connect(self._on_moved)
        card.changed.connect(self.change_tile)
        card.edit_wanted.connect(self.edit_tile)
        card.removed.connect(self.remove_tile)
        return card

    def _count(self) -> None:
        replica, tiles, period, person = self.context.replica, self._tiles, self.period, self._person
        snapshot = self._sources.shown(self._current_id)
        if snapshot is not None:
            self._counted = {}
            show_snapshot(snapshot, tiles, self.grid.cards)
        elif tiles:
            self.context.tasks.read(
                self,
                lambda: dashboards.count_tiles(replica, tiles, period, person),
                self._on_counted,
                self.context.show_error,
                topic="tiles",
            )

    def _on_counted(self, counted: Sequence[Counted]) -> None:
        if self._sources.shown(self._current_id) is not None:
            return  # counted before somebody chose to look at what HQ counted
        self._counted = {each.tile.id: each for each in counted}
        for each in counted:
            card = self.grid.cards.get(each.tile.id)
            if card is None:
                continue
            if each.drawn is not None:
                card.show_drawn(Message(each.title), each.drawn)
            elif each.fault is not None:
                card.show_fault(Message(each.title), each.fault)

    # Which one, and narrowed to what

    def choose(self, dashboard_id: str) -> None:
        """Bring another dashboard to the front."""
        self._choose(dashboard_id)
        self.refresh()

    def choose_period(self, period: str) -> None:
        """Narrow it to a stretch of time."""
        self._period = period
        self.header.show_choices(self._choices, self.current, period, self._person)
        self._count()

    def choose_person(self, user_id: str) -> None:
        """Narrow it to what is somebody's; '' to what everybody has."""
        self._person = user_id
        self.header.show_choices(self._choices, self.current, self.period, user_id)
        self._count()

    def choose_source(self, source: str) -> None:
        """Show what this laptop holds, or what HQ counted."""
        self._sources.choose(source)
        self._show_source()
        self._count()

    def _show_source(self) -> None:
        shown = self._sources.shown(self._current_id)
        self.header.show_source(offered=self._sources.has(self._current_id), from_hq=shown is not None)
        self.retranslate()

    def open_schedules(self) -> None:
        """Show when the dashboard in front goes out by itself."""
        current = self.current
        if current is not None:
            subject = Subject(field="dashboard_id", key=current.id, name=current.name)
            self.schedules = SchedulesDialog(self.context, subject, self)
            self.schedules.open()

    def _choose(self, dashboard_id: str) -> None:
        if dashboard_id != self._current_id:
            self._current_id, self._period = dashboard_id, None

    # The dashboards

    def show_starters(self) -> None:
        """Offer what a new dashboard can begin with."""
        self.stack.setCurrentWidget(self.starters)
        self.starter_buttons[0].setFocus()

    def begin(self, starter: Starter) -> None:
        """Make a dashboard of a starter, under its name in the language on screen."""
        titled = [titled_here(tile) for tile in starter.tiles]
        self._create(tr(starter.name), titled, starter.period)

    def copy(self) -> None:
        """Make a dashboard of one's own of the one in front."""
        current = self.current
        if current is not None:
            self._create(tr("{name} (copy)", name=current.name), self._tiles, self.period)

    def _create(self, name: str, tiles: Sequence[Tile], period: str) -> None:
        replica = self.context.replica

        def made(record: Record) -> None:
            self._wants_focus = True
            self.choose(record.id)

        self.context.change(
            self,
            lambda: dashboards.create(replica, name, tiles, period),
            made,
            told=message("Dashboard “{name}” made", name=name),
        )

    def rename(self) -> None:
        """Ask for another name."""
        current = self.current
        if current is None:
            return
        popup = self.popup = NamePopup(self, message("Name of the dashboard"))
        popup.line.setText(current.name)
        popup.line.selectAll()
        replica = self.context.replica
        popup.named.connect(
            lambda name: self.context.change(
                self, lambda: records.update(replica, DASHBOARD, current.id, {"name": name})
            )
        )
        popup.open_below(self.header.name)

    def delete(self) -> None:
        """Delete the dashboard in front; it can be taken back."""
        current, replica = self.current, self.context.replica
        if current is None:
            return
        self.context.change(
            self,
            lambda: records.delete(replica, DASHBOARD, current.id),
            told=message("Dashboard “{name}” deleted", name=current.name),
            undo=lambda: records.restore(replica, DASHBOARD, current.id),
        )

    def _on_audience(self, role_id: str, shown: bool) -> None:
        current, replica = self.current, self.context.replica
        if current is not None:
            told = (
                message("Dashboard shown to the role")
                if shown
                else message("Dashboard shown to the role no more")
            )
            self.context.change(
                self,
                lambda: dashboards.show_to(replica, current.id, role_id, shown=shown),
                told=told,
                undo=lambda: dashboards.show_to(replica, current.id, role_id, shown=not shown),
            )

    # The tiles

    def add_tile(self) -> None:
        """Ask for a report and how it is drawn."""
        if self.current is None or not self.current.own:
            return
        self._ask_tile(None, lambda tile: self._keep(with_tile(self._tiles, dashboards.named_anew(tile))))

    def edit_tile(self, tile: Tile) -> None:
        """Ask how a tile is drawn, and what it is called."""
        self._ask_tile(tile, self.change_tile)

    def change_tile(self, tile: Tile) -> None:
        """Put a changed tile in the place of the one with its id."""
        self._keep(with_changed(self._tiles, tile))

    def remove_tile(self, tile_id: str) -> None:
        """Take a tile off; it can be taken back."""
        self._keep(without_tile(self._tiles, tile_id), told=message("Tile removed"))

    def _ask_tile(self, tile: Tile | None, done: Callable[[Tile], None]) -> None:
        replica = self.context.replica

        def offer(offered: tuple[dashboards.Offered, ...]) -> None:
            self.dialog = TileDialog(offered, tile, self)
            self.dialog.chosen.connect(done)
            self.dialog.open()

        self.context.tasks.read(
            self, lambda: dashboards.reports_offered(replica), offer, self.context.show_error, topic="offered"
        )

    def _on_moved(self, tile_id: str, by: int) -> None:
        self._keep(moved_by(self._tiles, tile_id, by))
        card = self.grid.cards.get(tile_id)
        if card is not None:
            card.setFocus()

    def _on_dropped(self, tile_id: str, before_id: str) -> None:
        self._keep(moved_before(self._tiles, tile_id, before_id or None))

    def _keep(self, tiles: tuple[Tile, ...], told: Message | None = None) -> None:
        """Show the tiles at once, and write them."""
        current, replica, before = self.current, self.context.replica, self._tiles
        if current is None or tiles == before:
            return
        self._tiles = tiles
        self.stack.setCurrentWidget(self.area if tiles else self.bare)
        self._show_cards()
        self._on_counted([each for each in self._counted.values() if each.tile in tiles])
        self.context.change(
            self,
            lambda: dashboards.keep_tiles(replica, current.id, tiles),
            told=told,
            undo=(lambda: dashboards.keep_tiles(replica, current.id, before)) if told is not None else None,
        )

    # To a file

    def ask_file(self, kind: str) -> None:
        """Ask for a file and write the dashboard to it."""
        current = self.current
        if current is None:
            return
        file = saving.ask_file(self, self.context, current.name, kind)
        if file is not None:
            self.save_to(file, kind)

    def save_to(self, file: Path, kind: str) -> None:
        """Write the dashboard as it is on screen to a file."""
        current, replica, tiles = self.current, self.context.replica, self._tiles
        if current is None:
            return
        snapshot = self._sources.shown(self._current_id)
        if snapshot is None:
            shown = placed(tiles, self._counted)
            remark = age_words(self._age) if self._age is not None else Message("")
            tables = drawn_tables(self._counted.values())
        else:
            shown, remark, tables = lying(tiles, snapshot.tiles), snapshot_words(snapshot), None

        def demand() -> None:
            # Of what HQ counted there are charts alone; the same reports say what they are made of.
            counted = tables or drawn_tables(dashboards.count_tiles(replica, tiles))
            demand_exportable(replica.person, *counted)

        saving.write_board(self, self.context, file, kind, shown, Message(current.name), remark, demand)

    # What happened

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if not self.isVisible():
            return
        drawn = [each.drawn for each in self._counted.values() if each.drawn is not None]
        follows = {*_ALONG, *(each.table.report.entity for each in drawn)}
        if any(entity in follows for entity, _ in changed):
            self._changes.mark()

    def _on_sync_changed(self, status: Status) -> None:
        if status.last_report is not self._last_round:
            self._last_round = status.last_report
            if self.isVisible():
                self._changes.mark()


def _spec(name: str, text: str, icon: str, shortcut: str = "") -> ActionSpec:
    return ActionSpec(id=f"reports.{name}", text=text, group=N_("Reports"), icon=icon, shortcut=shortcut)
