"""The pipeline: open deals as a board of stages or as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import message
from crm_core.rules import pipeline
from crm_core.rules.pipeline import StageRow
from crm_core.schema.field import Plain
from crm_desktop.models.records import Record
from crm_desktop.services import deals, lists
from crm_desktop.services.deals import CARDS_A_COLUMN, Board, BoardFilter, Card, PipelineRow
from crm_desktop.services.lists import ListSetup
from crm_desktop.services.saved_views import ViewDefinition, parse_definition, plain_definition
from crm_desktop.settings import LIST_STATES
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.imports.import_button import ImportButton
from crm_desktop.ui.lists.record_list import RecordList
from crm_desktop.ui.pages.page import Page, current_of
from crm_desktop.ui.pipeline import words
from crm_desktop.ui.pipeline.board_actions import Commands, add_actions
from crm_desktop.ui.pipeline.board_view import BoardView
from crm_desktop.ui.pipeline.filter_row import FilterRow
from crm_desktop.ui.pipeline.forecast import ForecastFoot
from crm_desktop.ui.pipeline.milestones_panel import MilestonesPanel
from crm_desktop.ui.pipeline.moves import Moves
from crm_desktop.ui.pipeline.side_sheet import SideSheet
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, M
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.menus import Menu
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

BOARD, TABLE = "board", "table"
MOST_READ_AGAIN = 500
_STATE = "pipeline-board"
_SHOWN = frozenset(
    ("deal", "deal_milestone", "milestone", "activity", "customer", "stage", "pipeline", "user")
)
_COLUMNS = ("name", "customer_id", "stage_id", "amount", "close_date", "owner_id", "probability")
_OF_THE_BOARD = ("pipeline_id", "probability", "loss_reason", "stage_since")
"""What a move sets by itself; the form of a deal leaves it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    board: Board
    shown: BoardFilter
    processes: tuple[PipelineRow, ...]
    setup: ListSetup


class PipelinePage(Page):
    """Board and table of deals; a sheet at the right holds the form of one."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self._stale = True
        self._wanted_deal: str | None = None
        self._drilled = False
        self._may_create = False
        self.board = BoardView()
        self.filters = FilterRow(context)
        self.foot = ForecastFoot()
        self.table: RecordList | None = None
        self.moves = Moves(context, self.board, self)
        self.sheet = SideSheet(self)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._lay_out()
        self._changes = Settling(self)
        self._changes.due.connect(self._on_follow_due)
        self._restore()
        self._listen()
        add_actions(actions, self._commands(), self.board, self._face, self)
        self.retint()

    @property
    def view(self) -> str:
        """Which of the two is in front: `board` or `table`."""
        return self.switch.key

    def show_place(self, place: Place) -> None:
        """Show board or table; a list drilled into is a table, a record or a new one opens the sheet."""
        conditions = place.options.get("conditions")
        if conditions is not None:
            self._show_view(TABLE)
            self._drilled = True
            self._ensure_table().show_conditions(conditions, place.options.get("title"))
        elif self._drilled and place.record_id is None and "new" not in place.options:
            self._drilled = False
            self._show_view(str(self._kept().get("view", BOARD)))
        if place.record_id is not None:
            self.open_deal(place.record_id)
            if self.sheet.form is not None and "tab" in place.options:
                self.sheet.form.tabs.choose(place.options["tab"])
        elif "new" in place.options:
            values = place.options.get("values")
            self.new_deal(given=dict(values) if values else None)
        elif self.sheet.form is None:
            self._focus_content()
        self._ask_if_stale()

    def in_front(self) -> tuple[str, str] | None:
        """Return the deal of the card or row with the frame."""
        if self.view != BOARD:
            return current_of(self.table)
        card = self.board.current_card()
        return ("deal", card.id) if card is not None else None

    def leave(self) -> bool:
        """Stay where a form has changes to ask about."""
        return self.sheet.close_form()

    def refresh(self) -> None:
        """Read everything shown anew."""
        self._ask()
        if self.table is not None:
            self.table.refresh()

    def open_deal(self, deal_id: str) -> None:
        """Show the form of a deal."""
        self._show_form(self._form(deal_id, {}))

    def new_deal(self, stage_id: str | None = None, given: dict[str, Plain] | None = None) -> None:
        """Show an empty form, for a deal in a stage."""
        values: dict[str, Plain] = dict(given or {})
        first = self.board.columns[0].stage_id if self.board.columns else None
        stage = self.moves.stage(stage_id or first or "")
        if stage is not None:
            values = {"pipeline_id": stage.pipeline_id, "stage_id": stage.id, **values}
        self._show_form(self._form(None, values))

    def retint(self) -> None:
        """Take the measures of the theme."""
        margin = theme().px(XL)
        self._header.setContentsMargins(margin, 0, margin, 0)
        self._head.setFixedHeight(theme().px(52))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc gives the focus back to the cards."""
        if event.key() == Qt.Key.Key_Escape and self.view == BOARD:
            self.board.focus_cards()
            return
        super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what changed meanwhile."""
        super().showEvent(event)
        self._ask_if_stale()

    # Making

    def _lay_out(self) -> None:
        self.switch = SegmentedSwitch(
            [
                Segment(key=BOARD, text=message("Board"), icon="board"),
                Segment(key=TABLE, text=message("Table"), icon="dense"),
            ],
            name=message("View"),
        )
        self.new_button = Button(message("New deal"), Kind.PRIMARY, icon="plus")
        self.import_button = ImportButton(self.context, self.actions_of_program, "deal", self)
        self.losses_button = Button(message("Why lost…"), icon="lost", small=True)
        self.losses_button.clicked.connect(lambda: self.context.go.emit(Place(page="losses")))
        self._head = QWidget()
        self._header = QHBoxLayout(self._head)
        self._header.setSpacing(M)
        self._header.addWidget(Label(message("Pipeline"), step="title"))
        self._header.addSpacing(12)
        self._header.addWidget(self.switch)
        self._header.addStretch(1)
        self._header.addWidget(Label("Ctrl+T", step="caption", color="text-soft"))
        self._header.addWidget(self.losses_button)
        self._header.addWidget(self.import_button)
        self._header.addWidget(self.new_button)
        self._face = QWidget()
        face = QVBoxLayout(self._face)
        face.setContentsMargins(0, 0, 0, 0)
        face.setSpacing(0)
        face.addWidget(self.filters)
        face.addWidget(self.board, 1)
        face.addWidget(self.foot)
        self._nothing = EmptyState(
            "board",
            message("No pipeline yet"),
            message("Pipelines and their stages come from HQ with the next sync."),
        )
        self.stack = QStackedWidget()
        self.stack.addWidget(self._face)
        self.stack.addWidget(self._nothing)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self.stack, 1)

    def _listen(self) -> None:
        self.switch.chosen.connect(self._on_view_chosen)
        self.new_button.clicked.connect(lambda: self.new_deal(self._current_stage()))
        self.filters.changed.connect(self._on_filter_changed)
        self.filters.search.returnPressed.connect(self.board.focus_cards)
        self.board.move_asked.connect(self.moves.move)
        self.board.opened.connect(lambda card: self._go_to(card.id))
        self.board.more_wanted.connect(self._on_more_wanted)
        self.board.new_asked.connect(self.new_deal)
        self.board.held.connect(self._on_held)
        self.moves.failed.connect(self._ask)
        self.sheet.emptied.connect(self._on_sheet_emptied)
        self.context.records_changed.connect(self._on_records_changed)

    def _commands(self) -> Commands:
        return Commands(
            back_stage=lambda: self._move_beside(-1),
            next_stage=lambda: self._move_beside(1),
            move_to=self._open_move_menu,
            win=lambda: self._finish(pipeline.WON),
            lose=lambda: self._finish(pipeline.LOST),
            new=lambda: self.new_deal(self._current_stage()),
            take_back=self.moves.take_back,
            switch_view=lambda: self._on_view_chosen(TABLE if self.view == BOARD else BOARD),
            filter=lambda: self.filters.search.setFocus(Qt.FocusReason.ShortcutFocusReason),
        )

    def _ensure_table(self) -> RecordList:
        if self.table is None:
            self.table = RecordList(
                self.context, self.actions_of_program, "deal", _COLUMNS, sort=(("close_date", False),)
            )
            self.table.opened.connect(self._go_to)
            self.table.shown.connect(self._on_rows_shown)
            self.table.new_asked.connect(self.new_deal)
            self.stack.addWidget(self.table)
        return self.table

    # Remembering

    def _kept(self) -> dict[str, Any]:
        kept = self.context.app.settings.get(LIST_STATES).get(_STATE)
        return kept if isinstance(kept, dict) else {}

    def _restore(self) -> None:
        kept = self._kept()
        self.filters.set_mine(kept.get("mine") is True)
        self.filters.set_by_owner(kept.get("by_owner") is True)
        self.filters.set_neglected(kept.get("neglected") is True)
        self.filters.show_processes((), str(kept.get("pipeline") or ""))
        definition = parse_definition({"conditions": kept.get("conditions")})
        self.filters.chips.show_conditions(definition.conditions if definition is not None else ())
        if kept.get("view") == TABLE:
            self._show_view(TABLE)

    def _keep(self) -> None:
        settings = self.context.app.settings
        state = {
            "view": self.view,
            "mine": self.filters.mine.isChecked(),
            "by_owner": self.filters.by_owner,
            "neglected": self.filters.neglected.isChecked(),
            "pipeline": self.filters.pipeline_id or "",
            **plain_definition(ViewDefinition(conditions=self.filters.conditions)),
        }

        def write() -> None:
            settings.set(LIST_STATES, {**settings.get(LIST_STATES), _STATE: state})

        self.context.tasks.write(self, write)

    # Reading

    def _ask_if_stale(self) -> None:
        if self._stale:
            self._ask()

    def _ask(self) -> None:
        self._stale = False
        replica, pipeline_id = self.context.replica, self.filters.pipeline_id
        mine, text, by_owner = self.filters.mine.isChecked(), self.filters.text, self.filters.by_owner
        neglected, conditions = self.filters.neglected.isChecked(), self.filters.conditions
        read_so_far = max((len(column.model.cards) for column in self.board.columns), default=0)
        limit = min(max(CARDS_A_COLUMN, read_so_far), MOST_READ_AGAIN)

        def read() -> _Read:
            owner_id = replica.person.user_id if mine else None
            shown = BoardFilter(
                owner_id=owner_id,
                text=text,
                by_owner=by_owner,
                neglected=neglected,
                now_ms=replica.clock.now_ms(),
                conditions=conditions,
            )
            return _Read(
                shown=shown,
                board=deals.board(replica, pipeline_id, shown, limit),
                processes=deals.pipelines(replica),
                setup=lists.setup_of(replica, "deal"),
            )

        self.context.tasks.read(self, read, self._on_board_read, self._on_unreadable, topic="board")

    def _on_board_read(self, read: _Read) -> None:
        if self.board.carried is not None:
            self._stale = True  # the cards stay in their places while one is carried
            return
        focused = self.window().focusWidget()
        had_focus = focused is not None and (focused is self.board or self.board.isAncestorOf(focused))
        self._may_create = read.setup.may_create
        self._show_new()
        self.filters.chips.set_fields(read.setup)
        self.filters.show_processes(read.processes, read.board.pipeline.id if read.board.pipeline else "")
        self.filters.show_counts(read.board.next_step_counts)
        self.moves.shown = read.shown
        self.board.show_board(read.board, by_owner=read.shown.by_owner)
        self.foot.show_board(read.board)
        if self.view == BOARD:
            self.stack.setCurrentWidget(self._face if read.board.columns else self._nothing)
        if self._wanted_deal is not None and self.sheet.form is None:
            self.board.choose_deal(self._wanted_deal)
            self._wanted_deal = None
        elif had_focus:
            self.board.focus_cards()

    def _on_unreadable(self, error: CrmError) -> None:
        self._stale = True
        self.context.show_error(error)

    def _on_more_wanted(self, stage_id: str, after: Card) -> None:
        replica, shown = self.context.replica, self.moves.shown

        def add(cards: tuple[Card, ...]) -> None:
            column = self.board.column_of(stage_id)
            if column is not None and column.model.cards[-1:] == (after,):
                column.add_cards(cards)

        self.context.tasks.read(
            self, lambda: deals.more_cards(replica, stage_id, after, shown), add, topic=f"more {stage_id}"
        )

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in _SHOWN for entity, _ in changed):
            self._stale = True
            if self.isVisible():
                self._changes.mark()

    def _on_follow_due(self) -> None:
        if self.board.carried is None:
            self._ask_if_stale()

    # What a person does

    def _on_filter_changed(self) -> None:
        self._ask()
        self._keep()

    def _on_view_chosen(self, view: str) -> None:
        self._show_view(view)
        self._drilled = False
        self._focus_content()
        self._keep()

    def _show_view(self, view: str) -> None:
        self.switch.choose(view)
        if view == TABLE:
            self.stack.setCurrentWidget(self._ensure_table())
        else:
            board = self.board.board
            self.stack.setCurrentWidget(self._nothing if board and not board.columns else self._face)
        self._show_new()

    def _focus_content(self) -> None:
        if self.view == TABLE and self.table is not None:
            self.setFocus(Qt.FocusReason.OtherFocusReason)  # until there are rows
            self.table.focus_table()
        else:
            self.board.focus_cards()

    def _current_stage(self) -> str | None:
        column = self.board.current_column() if self.view == BOARD else None
        return column.stage_id if column else None

    def _move_beside(self, by: int) -> None:
        card = self.board.current_card()
        stage_id = self.board.beside(card.stage_id, by) if card else None
        if card is not None and stage_id is not None:
            self.moves.move(card, stage_id)

    def _finish(self, kind: str) -> None:
        card, stage = self.board.current_card(), self.moves.end(kind)
        if card is not None and stage is not None:
            self.moves.move(card, stage.id)

    def _open_move_menu(self) -> None:
        card, board = self.board.current_card(), self.board.board
        if card is None or board is None:
            return
        menu = Menu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        every: list[StageRow] = [column.stage for column in board.columns]
        for stage in (*every, *(end for end in (board.won, board.lost) if end is not None)):
            icon = {pipeline.WON: "trophy", pipeline.LOST: "lost"}.get(stage.kind, "board")
            if stage.kind == pipeline.WON:
                menu.addSeparator()
            action = menu.add(stage.name.replace("&", "&&"), icon)
            action.setEnabled(stage.id != card.stage_id)
            action.triggered.connect(lambda _checked=False, to=stage.id: self.moves.move(card, to))
        for other, stages in board.elsewhere:
            if not stages:
                continue
            menu.addSeparator()
            for stage in stages:
                text = message("{pipeline}: {stage}", pipeline=other.name, stage=stage.name)
                action = menu.add(show(text).replace("&", "&&"), "board")
                action.triggered.connect(lambda _checked=False, to=stage.id: self.moves.move(card, to))
        area = self.board.card_area(card.id)
        corner = area.bottomLeft() if area is not None else QPoint(0, 0)
        menu.popup(self.board.mapToGlobal(corner))
        menu.setActiveAction(next(action for action in menu.actions() if action.isEnabled()))

    def _on_held(self, card: Card | None, stage: StageRow | None, place: int, count: int) -> None:
        if card is None and self._stale:
            self._changes.mark()
        said = words.moving_words(card, stage.name, place, count) if card and stage else None
        self.context.selection_changed.emit(said)

    def _go_to(self, deal_id: str) -> None:
        self.context.go.emit(Place(page="pipeline", record_id=deal_id))

    def _form(self, deal_id: str | None, given: dict[str, Plain]) -> RecordForm:
        return RecordForm(
            self.context, self.actions_of_program, "deal", deal_id, given=given, left_out=_OF_THE_BOARD
        )

    def _show_form(self, form: RecordForm) -> None:
        below = MilestonesPanel(self.context, form.record_id) if form.record_id else None
        if not self.sheet.show_form(form, below):
            form.deleteLater()
            if below is not None:
                below.deleteLater()
            return
        form.saved.connect(self._on_deal_saved)

    def _on_deal_saved(self, record: Record) -> None:
        self._wanted_deal = record.id

    def _show_new(self) -> None:
        """Offer a new deal, unless the empty table in front offers it already."""
        offered = self.view == TABLE and self.table is not None and self.table.offers_new
        self.new_button.setVisible(self._may_create and not offered)

    def _on_rows_shown(self) -> None:
        self._show_new()
        if self.hasFocus() and self.table is not None:
            self.table.focus_table()

    def _on_sheet_emptied(self) -> None:
        self._focus_content()
