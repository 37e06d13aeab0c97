"""The calendar as it is seen: its head, the view in front, and the tasks without a day beside it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_desktop.services.calendar_period import CalendarItem, UndatedTask
from crm_desktop.ui.calendar.agenda_list import AgendaList
from crm_desktop.ui.calendar.calendar_actions import VIEWS
from crm_desktop.ui.calendar.calendar_chart import CalendarChart
from crm_desktop.ui.calendar.day_heads import DayHeads
from crm_desktop.ui.calendar.month_grid import DAY_PREFIX, MonthGrid
from crm_desktop.ui.calendar.span import AGENDA, MONTH, WEEK, span_of, title_of
from crm_desktop.ui.calendar.time_grid import TimeGrid
from crm_desktop.ui.calendar.undated_list import UndatedList
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import M, S
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import ElidedLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

NARROW = 860
"""Narrower than this the tasks at the side make room for the days, and the views go below the title."""
SECOND_LINE = 0.65  # of the height of the first


class CalendarFace(Live, QWidget):
    """Shows what it is given and tells what a person does; reads and changes nothing itself."""

    opened = Signal(str)
    """An item, or a task without a day, by its key."""
    day_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = WEEK
        self._day = datetime.date(1970, 1, 1)
        self._key = ""
        self.title = ElidedLabel(step="title")
        self.today_button = Button(message("Today"), small=True)
        self.back_button = IconButton("left", message("Earlier days"), small=True)
        self.on_button = IconButton("right", message("Later days"), small=True)
        self.people_button = Button(message("My calendar"), icon="people", small=True)
        self.switch = SegmentedSwitch(
            [Segment(key=key, text=Message(text)) for key, text in VIEWS], name=message("View"), small=True
        )
        self.new_button = Button(message("Plan a visit"), Kind.PRIMARY, icon="plus")
        self.more_button = IconButton("more", message("More"), small=True)
        self.heads, self.grid = DayHeads(), TimeGrid()
        self.month, self.agenda = MonthGrid(), AgendaList()
        self.charts: tuple[CalendarChart, ...] = (self.heads, self.grid, self.month, self.agenda)
        self.undated = UndatedList()
        self.plan_button = Button(message("Plan a visit"), Kind.LINK, weight=400)
        self._lay_out()
        for chart in self.charts:
            chart.selected.connect(self._on_selected)
            chart.part_clicked.connect(self._on_part_clicked)
        self.undated.opened.connect(self.opened)
        self.undated.current_changed.connect(self._on_selected)
        self.heads.day_clicked.connect(self.day_wanted)
        self.retint()

    @property
    def key(self) -> str:
        """What an action is about: the selected item, or the chosen task; '' for nothing."""
        if self.undated.list.hasFocus():
            return self.undated.current_key()
        framed = next((chart.framed_key() for chart in self.charts if chart.framed_key()), "")
        if framed:
            return framed
        shown = {item.key for chart in self.charts for item in chart.items if chart.isVisible()}
        return self._key if self._key in {*shown, self.undated.current_key()} else ""

    def anchor(self, within: QWidget) -> QRect:
        """Return where the selected item lies, in the coordinates of `within`, for a popup beside it."""
        for chart in self.charts:
            part = next((each for each in chart.parts() if each.key == self.key), None)
            if part is not None and chart.isVisible():
                place = part.shape.boundingRect().toRect()
                return QRect(chart.mapTo(within, place.topLeft()), place.size())
        row = self.undated.list.visualItemRect(self.undated.list.currentItem()) if self.key else QRect()
        if row.isValid():
            return QRect(self.undated.list.viewport().mapTo(within, row.topLeft()), row.size())
        return QRect(self.title.mapTo(within, QPoint(0, 0)), self.title.size())

    def select(self, key: str) -> None:
        """Select an item, as after it was moved."""
        self._key = key
        for chart in self.charts:
            chart.select(key)

    def show_view(self, view: str) -> None:
        """Put a view in front."""
        self.view = view
        self.switch.choose(view)
        self._views.setCurrentWidget({MONTH: self.month, AGENDA: self._agenda_area}.get(view, self._days))

    def show_period(
        self,
        day: datetime.date,
        items: Sequence[CalendarItem],
        tasks: Sequence[UndatedTask],
        now_ms: int,
        *,
        me: str,
        today: datetime.date,
    ) -> None:
        """Show what stands in the view's days around `day`."""
        self._day = day
        span = span_of(self.view, day)
        for chart in self.charts:
            chart.me = me
        if self.view == MONTH:
            self.month.show_month(span.first, span.count // 7, day.month, items, now_ms)
        elif self.view == AGENDA:
            self.agenda.show_from(span.first, items, now_ms)
            self._views.setCurrentWidget(self._agenda_area if items else self._nothing)
        else:
            self.heads.show_days(span.days, items, now_ms)
            self.grid.show_days(span.days, items, now_ms)
        self.undated.show_tasks(tasks)
        self.title.say(title_of(self.view, day, today))
        self._hint.setVisible(not items and self.view != AGENDA)
        self.heads.leave_room(self._area.verticalScrollBar().sizeHint().width())

    def show_now(self, now_ms: int) -> None:
        """Move the line of now."""
        for chart in (self.heads, self.grid, self.month, self.agenda):
            chart.show_now(now_ms)

    def may_change(self, may: bool, may_create: bool) -> None:
        """Offer only what the person may do."""
        for chart in self.charts:
            chart.may_change = may
        self.new_button.setVisible(may_create)
        self.plan_button.setVisible(may_create)
        self._empty_button.setVisible(may_create)

    def focus_view(self) -> None:
        """Give the keyboard to the view in front."""
        chart: QWidget = {MONTH: self.month, AGENDA: self.agenda}.get(self.view, self.grid)
        chart.setFocus()

    def retint(self) -> None:
        """Take the measures of the theme."""
        self._fit_head()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Make room for the days in a narrow window."""
        if watched is self._body and event.type() == QEvent.Type.Resize:
            wide = self._body.width() >= theme().px(NARROW)
            self._side.setVisible(wide)
            self.people_button.setVisible(wide)
            self._fit_head()
        return super().eventFilter(watched, event)

    def _fit_head(self) -> None:
        """Put the views below the days they show where both do not fit into one line."""
        wide, line = self._body.width() >= theme().px(NARROW), theme().size("page-header")
        self._head.setFixedHeight(line)
        self._below.setFixedHeight(0 if wide else round(line * SECOND_LINE))
        beside = self._first_line.indexOf(self.switch) >= 0
        if wide and not beside:
            self._first_line.insertWidget(self._first_line.indexOf(self.more_button), self.switch)
        elif beside and not wide:
            self._second_line.insertWidget(0, self.switch)

    def _lay_out(self) -> None:
        self._head, self._below = QWidget(), QWidget()
        head = self._first_line = QHBoxLayout(self._head)
        self._second_line = QHBoxLayout(self._below)
        keep_margins(self._second_line, PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        self._second_line.addStretch(1)
        keep_margins(head, PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        head.setSpacing(M)
        before: tuple[QWidget, ...] = (self.today_button, self.back_button, self.on_button)
        after: tuple[QWidget, ...] = (self.people_button, self.switch, self.more_button, self.new_button)
        for part in before:
            head.addWidget(part)
        head.addWidget(self.title, 1)
        for part in after:
            head.addWidget(part)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self.grid)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._days = QWidget()
        days = QVBoxLayout(self._days)
        days.setContentsMargins(0, 0, 0, 0)
        days.setSpacing(0)
        days.addWidget(self.heads)
        days.addWidget(self._area, 1)
        self._empty_button = Button(message("Plan a visit"), Kind.STANDARD, icon="pin")
        self._empty_button.clicked.connect(self.new_button.click)
        self._nothing = EmptyState(
            "cal",
            message("Nothing planned. Plan a visit."),
            message("What you plan here, or log with Ctrl+L, stands in these days."),
            (self._empty_button,),
        )
        self._agenda_area = QScrollArea()
        self._agenda_area.setWidgetResizable(True)
        self._agenda_area.setFrameShape(QFrame.Shape.NoFrame)
        self._agenda_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        holder = QWidget()
        lines = QVBoxLayout(holder)
        lines.setContentsMargins(S, 0, S, S)
        lines.addWidget(self.agenda, 0, Qt.AlignmentFlag.AlignTop)
        self._agenda_area.setWidget(holder)
        for ground in (holder, self._agenda_area.viewport(), self._area.viewport()):
            ground.setBackgroundRole(QPalette.ColorRole.Base)
            ground.setAutoFillBackground(True)
        self.agenda.scroll_in(self._agenda_area)
        self._hint = QWidget()
        hint = QHBoxLayout(self._hint)
        hint.setContentsMargins(S, S, S, 0)
        hint.addWidget(Label(message("Nothing planned in these days."), color="text-soft"))
        hint.addWidget(self.plan_button)
        hint.addStretch(1)
        self.plan_button.clicked.connect(self.new_button.click)
        self._views = QStackedWidget()
        for view in (self._days, self.month, self._agenda_area, self._nothing):
            self._views.addWidget(view)
        card = QFrame()
        card.setProperty("role", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.setSpacing(0)
        inside.addWidget(self._hint)
        inside.addWidget(self._views, 1)
        side = QFrame()
        side.setProperty("role", "card")
        beside = QVBoxLayout(side)
        beside.setContentsMargins(1, 1, 1, 1)
        beside.addWidget(self.undated)
        self._side = side
        self._body = QWidget()
        body = QHBoxLayout(self._body)
        keep_margins(body, PAGE_MARGIN, 0, PAGE_MARGIN, M)
        body.setSpacing(M)
        body.addWidget(card, 1)
        body.addWidget(side)
        self._body.installEventFilter(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self._below)
        column.addWidget(self._body, 1)
        self.grid.scroll_in(self._area)

    def _on_selected(self, key: str) -> None:
        self._key = key
        for chart in self.charts:
            if chart is not self.sender():
                chart.select(key)

    def _on_part_clicked(self, key: str) -> None:
        if key.startswith(DAY_PREFIX):
            self.day_wanted.emit(datetime.date.fromisoformat(key.removeprefix(DAY_PREFIX)))
        else:
            self.opened.emit(key)
