"""The home page: the day, the figures and what needs somebody, each card counted on this laptop."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from crm_core.i18n import Message, message
from crm_core.rules.access import Action
from crm_core.times import MINUTE_MS
from crm_desktop.services import figures, rights
from crm_desktop.services.activities import Agenda
from crm_desktop.services.calendar import local
from crm_desktop.services.figures import DataAge
from crm_desktop.settings import HOME_CARDS
from crm_desktop.sync.runner import RoundReport, Status
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import long_date
from crm_desktop.ui.home import words
from crm_desktop.ui.home.arrange import Arrangement, ArrangePopup, arrangement_of
from crm_desktop.ui.home.attention import AttentionCard
from crm_desktop.ui.home.chart_cards import PipelineCard, WonMonthsCard, WonOwnersCard
from crm_desktop.ui.home.home_card import HomeCard
from crm_desktop.ui.home.own_figures import OwnFiguresCard
from crm_desktop.ui.home.recent import RecentCard
from crm_desktop.ui.home.today import TodayCard
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.pages.registry import BY_ID
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, L, M
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import ElidedLabel, Label

LOG_ACTION = "frame.log"
FOLLOW_MS = 250  # between the last of many changes and reading them
_NARROW = 900
"""Content narrower than this has one column."""
_SIDE = 376


class HomePage(Page):
    """Cards in a wide and a narrow column; a profile without anything says how to begin."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self._age: DataAge | None = None
        self._agenda: Agenda | None = None
        self._stale: set[str] = set()
        self._one_column: bool | None = None
        self._arrangement = arrangement_of(context.app.settings.get(HOME_CARDS))
        self.today = TodayCard(context)
        self.today.agenda_read.connect(self._on_agenda_read)
        cards: tuple[HomeCard, ...] = (
            self.today,
            PipelineCard(context),
            WonMonthsCard(context),
            RecentCard(context),
            AttentionCard(context),
            OwnFiguresCard(context),
            WonOwnersCard(context),
        )
        self.cards = {card.key: card for card in cards}
        self._lay_out()
        self._timers()
        self.arrange_button.clicked.connect(self.open_arrange)
        self.log_button.clicked.connect(self._on_log_clicked)
        context.records_changed.connect(self._on_records_changed)
        context.sync_changed.connect(self._on_sync_changed)
        self._last_round: RoundReport | None = None
        self._stale = {*self.cards, _AGE}
        self._arrange()
        self.retranslate()
        self.retint()

    def show_place(self, place: Place) -> None:
        """Show the day as it is now."""
        self._ask_stale()

    def refresh(self) -> None:
        """Count everything anew."""
        self._stale = {*self.cards, _AGE}
        self._ask_stale()

    def open_arrange(self) -> None:
        """Show the popup that arranges the cards."""
        names = {key: card.name for key, card in self.cards.items() if card.offered}
        popup = ArrangePopup(names, self._arrangement, self)
        popup.changed.connect(self._on_arranged)
        popup.open_under(self.arrange_button)

    def retranslate(self) -> None:
        """Write date and summary in the language on screen."""
        today = local(self.context.replica.clock.now_ms()).date()
        self._title.say(long_date(today))
        self._summary.say(self._said() or "")

    def retint(self) -> None:
        """Take the measures of the theme."""
        margin = theme().px(XL)
        self._head.setFixedHeight(theme().size("page-header"))
        self._header.setContentsMargins(margin, 0, margin, 0)
        self._keep_margins()
        self._one_column = None
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the columns side by side where there is room."""
        super().resizeEvent(event)
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what changed meanwhile."""
        super().showEvent(event)
        self._ask_stale()

    # Making

    def _lay_out(self) -> None:
        self._title = Label(step="title")
        self._summary = ElidedLabel(color="text-soft")
        self._summary.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.arrange_button = Button(message("Arrange"), icon="sliders")
        self.log_button = Button(message("Log a visit"), Kind.PRIMARY, icon="pin")
        self._may_log = LOG_ACTION in {spec.id for spec in self.actions_of_program.specs()}
        if not self._may_log:
            self.log_button.hide()
        self._head = QWidget()
        self._header = QHBoxLayout(self._head)
        self._header.setSpacing(M)
        self._header.addWidget(self._title)
        self._header.addWidget(self._summary, 1)
        self._header.addWidget(self.arrange_button)
        self._header.addWidget(self.log_button)
        self._inner = QWidget()
        self._body = QHBoxLayout(self._inner)
        self._body.setSpacing(XL)
        self._main = QGridLayout()
        self._main.setSpacing(L)
        self._main.setColumnStretch(0, 1)
        self._main.setColumnStretch(1, 1)
        self._side = QVBoxLayout()
        self._side.setSpacing(L)
        self._side_holder = QWidget()
        self._side_holder.setLayout(self._side)
        self._side.setContentsMargins(0, 0, 0, 0)
        self._body.addLayout(self._main, 1)
        self._body.addWidget(self._side_holder)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(self._inner)
        self.area.verticalScrollBar().rangeChanged.connect(lambda *_: self._keep_margins())
        for card in self.cards.values():
            card.setParent(self._inner)
            card.hide()
        self.stack = QStackedWidget()
        self.stack.addWidget(self.area)
        self.stack.addWidget(self._make_empty())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self.stack, 1)

    def _make_empty(self) -> EmptyState:
        self.first_button = Button(message("Add your first customer"), Kind.PRIMARY)
        self.first_button.clicked.connect(
            lambda: self.context.go.emit(Place(page="customers", options={"new": "customer"}))
        )
        buttons = [self.first_button]
        if "import" in BY_ID:
            into = Button(message("Import"))
            into.clicked.connect(lambda: self.context.go.emit(Place(page="import")))
            buttons.append(into)
        return EmptyState(
            "people",
            message("No customers yet"),
            message("Your day, your pipeline and what needs you stand here once there is a customer."),
            buttons,
        )

    def _timers(self) -> None:
        self._changes = Settling(self, FOLLOW_MS)
        self._changes.due.connect(self._ask_stale)
        self._minute = QTimer(self)
        self._minute.setInterval(MINUTE_MS)
        self._minute.timeout.connect(self._on_minute_passed)
        self._minute.start()

    def _keep_margins(self) -> None:
        """Keep the cards' right edge under that of the header, with the scroll bar in the margin."""
        margin, bar = theme().px(XL), self.area.verticalScrollBar()
        taken = bar.sizeHint().width() if bar.maximum() > 0 else 0
        self._body.setContentsMargins(margin, 0, max(margin - taken, 0), theme().px(20))

    # Arranging

    def _arrange(self) -> None:
        narrow = self.width() < theme().px(_NARROW)
        if narrow == self._one_column:
            return
        self._one_column = narrow
        while self._main.count():
            self._main.takeAt(0)
        while self._side.count():
            self._side.takeAt(0)
        for row in range(self._main.rowCount()):
            self._main.setRowStretch(row, 0)
        shown = [key for key in (*self._arrangement.main, *self._arrangement.side) if self._is_shown(key)]
        for key, card in self.cards.items():
            card.setVisible(key in shown)
        wide = [self.cards[key] for key in self._arrangement.main if key in shown]
        narrow_ones = [self.cards[key] for key in self._arrangement.side if key in shown]
        if narrow:
            wide, narrow_ones = wide + narrow_ones, []
        self._fill_main(wide)
        for card in narrow_ones:
            self._side.addWidget(card, 1 if card is narrow_ones[0] else 0)
        self._side_holder.setVisible(bool(narrow_ones))
        self._side_holder.setFixedWidth(theme().px(_SIDE))
        self._order_tabs()

    def _fill_main(self, cards: list[HomeCard]) -> None:
        row, place = 0, 0
        while place < len(cards):
            card = cards[place]
            beside = cards[place + 1] if place + 1 < len(cards) else None
            if card.half and beside is not None and beside.half:
                self._main.addWidget(card, row, 0)
                self._main.addWidget(beside, row, 1)
                place += 1
            else:
                self._main.addWidget(card, row, 0, 1, 2)
            place += 1
            row += 1
        last = next((r for r in range(row) if self._main.itemAtPosition(r, 0).widget().key == "recent"), row)
        self._main.setRowStretch(last, 1)

    def _is_shown(self, key: str) -> bool:
        return key not in self._arrangement.hidden and self.cards[key].offered

    def _on_arranged(self, arrangement: Arrangement) -> None:
        self._arrangement = arrangement
        self._one_column = None
        self._arrange()
        self._ask_stale()
        settings, kept = self.context.app.settings, arrangement.as_setting()
        self.context.tasks.write(self, lambda: settings.set(HOME_CARDS, kept))

    # Reading

    def _ask_stale(self) -> None:
        if not self.isVisible():
            return
        for key, card in self.cards.items():
            # A card that is not offered is asked again too: rights may have changed.
            if key in self._stale and key not in self._arrangement.hidden:
                self._stale.discard(key)
                card.ask(lambda card=card, offered=card.offered: self._on_card_shown(card, offered))
        if _AGE in self._stale:
            self._stale.discard(_AGE)
            replica = self.context.replica

            def read() -> tuple[DataAge, bool]:
                return figures.data_age(replica), bool(rights.may_do(replica, Action.CREATE, "customer"))

            self.context.tasks.read(self, read, self._on_age_read, topic=_AGE)

    def _on_card_shown(self, card: HomeCard, was_offered: bool) -> None:
        if card.offered != was_offered:
            self._one_column = None
            self._arrange()
        self._order_tabs()

    def _order_tabs(self) -> None:
        """Have the Tab key go down the cards as they stand, whichever was read first."""
        keys = [key for key in (*self._arrangement.main, *self._arrangement.side) if self._is_shown(key)]
        stops = [
            each
            for key in keys
            for each in self.cards[key].findChildren(QWidget)
            if each.focusPolicy() & Qt.FocusPolicy.TabFocus and each.isVisibleTo(self.cards[key])
        ]
        for stop, following in pairwise([self.log_button, *stops]):
            QWidget.setTabOrder(stop, following)

    def _on_age_read(self, read: tuple[DataAge, bool]) -> None:
        self._age, may_create = read
        empty = self._age.customers == 0
        self.first_button.setVisible(may_create)
        self.stack.setCurrentIndex(1 if empty else 0)
        self.arrange_button.setVisible(not empty)
        self.log_button.setVisible(self._may_log and not empty)
        self.retranslate()

    def _on_agenda_read(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self.retranslate()

    def _said(self) -> Message | None:
        agenda, age = self._agenda, self._age
        if age is not None and age.customers == 0:
            return None
        if agenda is None:
            return words.age_words(age) if age is not None else None
        summary = words.summary_words(agenda)
        if age is None:
            return summary
        return message("{summary} · {age}", summary=summary, age=words.age_words(age))

    # What happened

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        entities = {entity for entity, _ in changed}
        self._stale |= {key for key, card in self.cards.items() if card.follows & entities}
        if "customer" in entities:
            self._stale.add(_AGE)
        if self._stale and self.isVisible():
            self._changes.mark()

    def _on_sync_changed(self, status: Status) -> None:
        if status.last_report is not self._last_round:
            self._last_round = status.last_report
            self._stale.add(_AGE)
            self._changes.mark()

    def _on_minute_passed(self) -> None:
        if self.isVisible():
            self.retranslate()
            for key, card in self.cards.items():
                if self._is_shown(key):
                    card.tick()

    def _on_log_clicked(self) -> None:
        self.actions_of_program.action(LOG_ACTION).trigger()


_AGE = "age"
