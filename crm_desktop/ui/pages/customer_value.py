"""Customer value: who is worth what, who grows and who is lost; each piece opens the records behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.charts.tiles import drawn_tables, placed
from crm_core.i18n import N_, Message, message
from crm_core.reporting.files import demand_exportable
from crm_core.reporting.sheet import Sheet, as_book
from crm_core.rules.dashboards import Tile
from crm_desktop.documents.saving import save
from crm_desktop.services import customer_values, dashboards, figures
from crm_desktop.services.dashboards import Counted, DashboardRow
from crm_desktop.services.figures import DataAge
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Notice, Place
from crm_desktop.ui.dashboards import saving
from crm_desktop.ui.dashboards.drilling import open_records
from crm_desktop.ui.dashboards.grid import TileGrid
from crm_desktop.ui.dashboards.header import FILES, BoardHeader, Choices
from crm_desktop.ui.dashboards.tile_area import TileArea
from crm_desktop.ui.dashboards.tile_card import TileCard
from crm_desktop.ui.home.words import age_words
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

PAGE = "customer_value"
XLSX = "xlsx"
_NAME = N_("Customer value")
_FOLLOWED = frozenset(
    ("order", "order_line", "customer", "deal", "stage", "product", "campaign", "lead", "value_rule")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    tiles: tuple[Tile, ...]
    choices: Choices
    age: DataAge
    any_purchase: bool


class CustomerValuePage(Page):
    """A board that is the same for everybody who may read what it counts."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self._choices = Choices()
        self._tiles: tuple[Tile, ...] = ()
        self._counted: dict[str, Counted] = {}
        self._period, self._person = "", ""
        self._age: DataAge | None = None
        self.header = BoardHeader()
        self.header.files = ((XLSX, N_("Excel, a sheet for each…")), *FILES)
        self.header.name.hide()
        self.header.period_chosen.connect(self.choose_period)
        self.header.person_chosen.connect(self.choose_person)
        self.header.file_wanted.connect(self.ask_file)
        self.remark = Label(
            message(
                "Classes, growth and loss are as of today; the time chosen narrows what was ordered and won"
            ),
            step="caption",
            color="text-soft",
            wrap=True,
        )
        self.rules = Button(message("How it is reckoned…"), small=True)
        self.rules.clicked.connect(lambda: context.go.emit(Place(page="value_rules")))
        self.grid = TileGrid()
        self.orders = Button(message("Orders"), icon="truck")
        self.orders.clicked.connect(lambda: context.go.emit(Place(page="orders")))
        self.empty = EmptyState(
            "star",
            message("Nobody has bought anything yet"),
            message("Confirmed orders, and deals won of who has none, tell what customers are worth."),
            (self.orders,),
        )
        self._lay_out()
        self._changes = Settling(self)
        self._changes.due.connect(self.refresh)
        context.records_changed.connect(self._on_records_changed)
        self.retranslate()

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """What is on the page, in its order."""
        return self._tiles

    @property
    def counted(self) -> dict[str, Counted]:
        """The tiles counted, by id."""
        return self._counted

    def show_place(self, place: Place) -> None:
        """Show the page."""
        self.refresh()

    def refresh(self) -> None:
        """Read what may be shown, then count it."""
        replica = self.context.replica

        def read() -> _Read:
            return _Read(
                tiles=customer_values.tiles_of(replica),
                choices=Choices(people=dashboards.people_of(replica)),
                age=figures.data_age(replica),
                any_purchase=customer_values.buys_anybody(replica),
            )

        self.context.tasks.read(self, read, self._on_read, self.context.show_error, topic="value")

    def choose_period(self, period: str) -> None:
        """Narrow what has a time of its own to a stretch of time."""
        self._period = period
        self._show_choices()
        self._count()

    def choose_person(self, user_id: str) -> None:
        """Narrow it to what is somebody's; '' to what everybody has."""
        self._person = user_id
        self._show_choices()
        self._count()

    def retranslate(self) -> None:
        """Name the page, and say whose figures these are, in the language on screen."""
        self.setAccessibleName(tr("Customer value"))
        if self._age is not None:
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

    def _lay_out(self) -> None:
        self.area = TileArea(self.grid)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.area)
        self.stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        self.below = QWidget()
        below = QHBoxLayout(self.below)
        keep_margins(below, PAGE_MARGIN, 0, PAGE_MARGIN, 8)
        below.addWidget(self.remark, 1)
        below.addWidget(self.rules)
        column.addWidget(self.below)
        column.addWidget(self.stack, 1)

    def _on_read(self, read: _Read) -> None:
        first = not self._tiles
        self._choices, self._age, self._tiles = read.choices, read.age, read.tiles
        self._show_choices()
        self.retranslate()
        self.stack.setCurrentWidget(self.area if read.any_purchase else self.empty)
        self.header.export.setEnabled(read.any_purchase)
        self.below.setVisible(read.any_purchase)
        if not read.any_purchase:
            self.orders.setFocus()
            return
        if self.isVisible():
            self.context.selection_changed.emit(message("Alt+T shows a chart as a table"))
        cards = [self.grid.cards.get(tile.id) or self._make_card(tile) for tile in self._tiles]
        for card in cards:
            card.retint()
        self.grid.show_cards(cards)
        if first and cards:
            cards[0].setFocus()
        self._count()

    def _show_choices(self) -> None:
        board = DashboardRow(id=PAGE, name=_NAME, tiles=self._tiles, period="", own=False)
        self.header.show_choices(self._choices, board, self._period, self._person)

    def _make_card(self, tile: Tile) -> TileCard:
        card = TileCard(tile, may_change=False)
        card.opened.connect(lambda drawn, mark: open_records(self, self.context, drawn, mark))
        return card

    def _count(self) -> None:
        replica, tiles, period, person = self.context.replica, self._tiles, self._period, self._person
        self.context.tasks.read(
            self,
            lambda: dashboards.count_tiles(replica, tiles, period, person),
            self._on_counted,
            self.context.show_error,
            topic="tiles",
        )

    def _on_counted(self, counted: Sequence[Counted]) -> None:
        self._counted = {each.tile.id: each for each in counted}
        for each in counted:
            card = self.grid.cards.get(each.tile.id)
            if card is None:
                continue
            if each.drawn is not None:
                card.show_drawn(Message(each.title), each.drawn)
            elif each.fault is not None:
                card.show_fault(Message(each.title), each.fault)

    def ask_file(self, kind: str) -> None:
        """Ask for a file and write the page to it."""
        file = saving.ask_file(self, self.context, tr(_NAME), kind)
        if file is not None:
            self.save_to(file, kind)

    def save_to(self, file: Path, kind: str) -> None:
        """Write what is on the page to a file."""
        if kind == XLSX:
            self._save_sheets(file if file.suffix else file.with_suffix(f".{kind}"))
            return
        tiles = placed(self._tiles, self._counted)
        remark = age_words(self._age) if self._age is not None else ""
        person, tables = self.context.replica.person, drawn_tables(self._counted.values())
        saving.write_board(
            self,
            self.context,
            file,
            kind,
            tiles,
            Message(_NAME),
            remark,
            lambda: demand_exportable(person, *tables),
        )

    def _save_sheets(self, file: Path) -> None:
        """Write a sheet for each report; figures alone stand in the reports they are of."""
        person = self.context.replica.person
        sheets = [
            Sheet(
                table=each.drawn.table, title=show(Message(each.title)), kind=str(each.tile.look.get("kind"))
            )
            for each in self._counted.values()
            if each.drawn is not None and each.tile.standard
        ]

        def write(_job: Job) -> None:
            demand_exportable(person, *(each.table for each in sheets))
            save(as_book(sheets, tr), file)

        def saved(_none: None) -> None:
            text = message("Saved as {file}", file=file.name)
            self.context.notice.emit(Notice(kind="good", text=text, seconds=10))

        said = message("Saving {file}", file=file.name)
        self.context.tasks.run(self, said, write, saved, self.context.show_error)

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self.isVisible() and any(entity in _FOLLOWED for entity, _ in changed):
            self._changes.mark()
