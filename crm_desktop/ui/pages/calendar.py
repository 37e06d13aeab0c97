"""The calendar: days, weeks and months drawn, the agenda, and every activity as a list."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout

from crm_core.i18n import Message, message
from crm_core.rules.access import Action
from crm_core.schema.field import Plain
from crm_core.times import MINUTE_MS
from crm_desktop.services import calendar_period, rights
from crm_desktop.services.calendar import local, moment
from crm_desktop.services.calendar_period import CalendarItem, UndatedTask, key_parts
from crm_desktop.settings import LIST_STATES
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.calendar.calendar_actions import GROUP, VIEWS, Commands, add_actions
from crm_desktop.ui.calendar.calendar_chart import Slot
from crm_desktop.ui.calendar.calendar_face import CalendarFace
from crm_desktop.ui.calendar.changes import Changes
from crm_desktop.ui.calendar.files import CalendarFiles
from crm_desktop.ui.calendar.span import DAY, LIST, WEEK, span_of, turned
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.pages.records import ActivitiesPage
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.menus import Menu

FOLLOW_MS = 200  # between the last of many changes and reading them
_STATE = "calendar"
_SHOWN = frozenset(("activity", "customer", "user"))
_MENU = ("plan", "repeat", "tick", "alone", "give", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    items: tuple[CalendarItem, ...]
    tasks: tuple[UndatedTask, ...]
    me: str
    now_ms: int
    may_edit: bool
    may_create: bool


class CalendarPage(Page):
    """The calendar, and behind it the list of every activity with the form of one."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self._stale = True
        self._read: _Read | None = None
        self._people: tuple[str, ...] = ()
        self.day = self._today()
        self._stack = QStackedWidget(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self.face = CalendarFace(self._stack)
        self.changes = Changes(context, self, lambda: self.face.anchor(self))
        self.files = CalendarFiles(context, self, self.changes.keep)
        self._stack.addWidget(self.face)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._changes = Settling(self, FOLLOW_MS)
        self._changes.due.connect(self._ask_if_stale)
        self._minute = QTimer(self)
        self._minute.setInterval(MINUTE_MS)
        self._minute.timeout.connect(self._on_minute)
        self._minute.start()
        self._restore()
        self._listen()
        add_actions(actions, self._commands(), self.face)
        self.retranslate()

    def show_place(self, place: Place) -> None:
        """Show the calendar; a record, a new one or a list drilled into is shown by the list behind it.

        `day` of the options is the day to show.
        """
        listed = place.record_id is not None or place.options.get("new") or "conditions" in place.options
        if listed or (self.face.view == LIST and "day" not in place.options):
            self._stack.setCurrentWidget(self.records)
            self.records.show_place(place)
            return
        if self._has_records:
            self.records.show_place(Place(page="calendar"))
        self._stack.setCurrentWidget(self.face)
        wanted = place.options.get("day")
        if isinstance(wanted, datetime.date):
            self.day = wanted
            self._stale = True
        self._ask_if_stale()
        self.face.focus_view()

    def leave(self) -> bool:
        """Return whether the form holds nothing unsaved; one that does asks."""
        return not self._has_records or self.records.leave()

    def in_front(self) -> tuple[str, str] | None:
        """Return what is selected in the calendar."""
        key = self.face.key
        return ("activity", key_parts(key)[0]) if key else None

    def refresh(self) -> None:
        """Read what is shown anew."""
        self._ask()
        if self._has_records and self._stack.currentWidget() is self.records:
            self.records.refresh()

    def retranslate(self) -> None:
        """Write days and months in the language on screen."""
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what changed meanwhile."""
        super().showEvent(event)
        self._ask_if_stale()

    # Making

    def _listen(self) -> None:
        face = self.face
        face.today_button.clicked.connect(self.go_today)
        face.back_button.clicked.connect(lambda: self.turn(-1))
        face.on_button.clicked.connect(lambda: self.turn(1))
        face.switch.chosen.connect(self.show_view)
        face.new_button.clicked.connect(lambda: self._new(None))
        face.people_button.clicked.connect(self._open_people)
        face.more_button.clicked.connect(self._open_more)
        face.opened.connect(self._open)
        face.day_wanted.connect(self._on_day_wanted)
        for chart in face.charts:
            chart.moved.connect(lambda key, slot: self._with(key, lambda item: self.changes.move(item, slot)))
            chart.resized.connect(
                lambda key, minutes: self._with(key, lambda item: self.changes.resize(item, minutes))
            )
            chart.slot_opened.connect(self._new)
            chart.task_dropped.connect(lambda key, slot: self.changes.put(key, self._subject(key), slot))
            chart.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            chart.customContextMenuRequested.connect(lambda _at: self._open_menu())
        self.context.records_changed.connect(self._on_records_changed)

    @cached_property
    def records(self) -> ActivitiesPage:
        """The list behind the calendar, made when it is first shown."""
        made = ActivitiesPage(self.context, self.actions_of_program)
        made.switch_wanted.connect(self.show_view)
        made.show_switch(self.face.view)
        self._stack.addWidget(made)
        return made

    @property
    def _has_records(self) -> bool:
        return "records" in vars(self)

    def _commands(self) -> Commands:
        return Commands(
            show_view=self.show_view,
            today=self.go_today,
            turn=self.turn,
            new=lambda: self._new(None),
            plan=self._plan,
            repeat=lambda: self._with_chosen(self.changes.repeat),
            tick=self._tick,
            alone=lambda: self._with_chosen(
                lambda item: self.changes.alone(item, self._open) if item.occurs_on else self._open(item.key)
            ),
            give=self._give,
            remove=self._remove,
            shift=lambda days, minutes: self._with_chosen(
                lambda item: self.changes.shift(item, days, minutes)
            ),
            stretch=lambda minutes: self._with_chosen(lambda item: self.changes.stretch(item, minutes)),
            take_back=self.changes.take_back,
            menu=self._open_menu,
        )

    # Where in time

    def show_view(self, view: str) -> None:
        """Show day, week, month, agenda or the list."""
        self.face.show_view(view)
        if self._has_records:
            self.records.show_switch(view)
        self._keep()
        if view == LIST:
            self._stack.setCurrentWidget(self.records)
            self.records.show_place(Place(page="calendar"))
            return
        self._stack.setCurrentWidget(self.face)
        self._ask()
        self.face.focus_view()

    def go_today(self) -> None:
        """Show the day it is."""
        self.day = self._today()
        self._ask()

    def turn(self, by: int) -> None:
        """Show the days after these, or before."""
        self.day = turned(self.face.view, self.day, by)
        self._ask()

    def _on_day_wanted(self, day: datetime.date) -> None:
        self.day = day
        self.show_view(DAY)

    def _today(self) -> datetime.date:
        return local(self.context.replica.clock.now_ms()).date()

    # Reading

    def _ask_if_stale(self) -> None:
        if self._stale and self.isVisible() and self._stack.currentWidget() is self.face:
            self._ask()

    def _ask(self) -> None:
        self._stale = False
        replica, span = self.context.replica, span_of(self.face.view, self.day)

        def read() -> _Read:
            me = replica.person.user_id
            people = self._people or (me,)
            return _Read(
                items=calendar_period.period(replica, span.begins_ms, span.ends_ms, people),
                tasks=calendar_period.undated(replica, people),
                me=me,
                now_ms=replica.clock.now_ms(),
                may_edit=bool(rights.may_do(replica, Action.EDIT, "activity")),
                may_create=bool(rights.may_do(replica, Action.CREATE, "activity")),
            )

        self.context.tasks.read(self, read, self._on_read, topic="period")

    def _on_read(self, read: _Read) -> None:
        self._read = read
        self.face.may_change(read.may_edit, read.may_create)
        self._show()

    def _show(self) -> None:
        read = self._read
        if read is not None:
            self.face.show_period(
                self.day, read.items, read.tasks, read.now_ms, me=read.me, today=local(read.now_ms).date()
            )

    def _on_minute(self) -> None:
        if self.isVisible():
            self.face.show_now(self.context.replica.clock.now_ms())

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in _SHOWN for entity, _ in changed):
            self._stale = True
            if self.isVisible():
                self._changes.mark()

    # What a person does

    def _with(self, key: str, then: Callable[[CalendarItem], None]) -> None:
        item = next((each for each in self._read.items if each.key == key), None) if self._read else None
        if item is not None:
            then(item)

    def _with_chosen(self, then: Callable[[CalendarItem], None]) -> None:
        self._with(self.face.key, then)

    def _subject(self, key: str) -> str:
        tasks = self._read.tasks if self._read else ()
        return next((task.subject for task in tasks if task.id == key), "")

    def _is_task(self, key: str) -> bool:
        return bool(self._read) and any(task.id == key for task in self._read.tasks)

    def _plan(self) -> None:
        key = self.face.key
        if self._is_task(key):
            self.changes.plan(key, self._subject(key), None)
        else:
            self._with(key, lambda item: self.changes.plan(key, item.subject, item))

    def _tick(self) -> None:
        key = self.face.key
        if self._is_task(key):
            self.changes.tick_task(key, self._subject(key))
        else:
            self._with(key, self.changes.tick)

    def _remove(self) -> None:
        key = self.face.key
        if self._is_task(key):
            self.changes.remove_task(key, self._subject(key))
        else:
            self._with(key, self.changes.remove)

    def _give(self) -> None:
        key = self.face.key
        if key:
            self.changes.give(key)

    def _open(self, key: str) -> None:
        self.context.go.emit(Place(page="calendar", record_id=key_parts(key)[0]))

    def _new(self, slot: Slot | None) -> None:
        values: dict[str, Plain] = {"kind": "visit"}
        if slot is None:
            day = max(self.day, self._today())
            now = local(self.context.replica.clock.now_ms())
            hour = min(now.hour + 1, 23) if day == now.date() else 9
            slot = Slot(at_ms=moment(day, hour * 60), all_day=False)
        values |= {"due_at": slot.at_ms, "all_day": slot.all_day}
        self.context.go.emit(Place(page="calendar", options={"new": "activity", "values": values}))

    def _open_menu(self) -> None:
        if not self.face.key:
            return
        menu = Menu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        opening = menu.add(tr("Show"), "doc", "Return")
        key = self.face.key
        opening.triggered.connect(lambda: self._open(key))
        specs = {spec.id: spec for spec in self.actions_of_program.specs() if spec.group == GROUP}
        for name in _MENU:
            spec = specs[f"calendar.{name}"]
            action = menu.add(tr(spec.text), spec.icon, spec.shortcut)
            action.triggered.connect(self.actions_of_program.action(spec.id).trigger)
        anchor = self.face.anchor(self)
        menu.popup(self.mapToGlobal(anchor.bottomLeft()))

    def _open_more(self) -> None:
        menu = Menu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        span = span_of(self.face.view, self.day)
        people = menu.add(tr("Whose calendars…"), "people")
        people.triggered.connect(self._open_people)
        reading = menu.add(tr("Read a calendar file…"), "dl")
        reading.triggered.connect(self.files.ask_import)
        writing = menu.add(tr("Write a calendar file…"), "doc")
        writing.triggered.connect(lambda: self.files.ask_export(span.begins_ms, span.ends_ms, self._people))
        button = self.face.more_button
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    # Whose calendars

    def _open_people(self) -> None:
        replica = self.context.replica
        self.context.tasks.read(self, lambda: calendar_period.calendars(replica), self._show_people)

    def _show_people(self, people: tuple[tuple[str, str], ...]) -> None:
        menu = Menu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        shown = set(self._people) or {people[0][0]}
        for at, (user_id, name) in enumerate(people):
            action = menu.addAction(tr("My calendar") if at == 0 else name)
            action.setCheckable(True)
            action.setChecked(user_id in shown)
            action.toggled.connect(lambda on, each=user_id: self._on_person_toggled(each, on, people[0][0]))
        button = self.face.people_button if self.face.people_button.isVisible() else self.face.more_button
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _on_person_toggled(self, user_id: str, on: bool, me: str) -> None:
        shown = set(self._people) or {me}
        shown = shown | {user_id} if on else shown - {user_id}
        self._people = () if shown in (set(), {me}) else tuple(sorted(shown))
        self._say_people()
        self._keep()
        self._ask()

    def _say_people(self) -> None:
        number = len(self._people)
        said: Message = message("My calendar")
        if number:
            said = message("Calendars: {count}", count=number)
        self.face.people_button.say(said)

    # Remembering

    def _restore(self) -> None:
        kept: Any = self.context.app.settings.get(LIST_STATES).get(_STATE)
        kept = kept if isinstance(kept, dict) else {}
        view = kept.get("view")
        self.face.show_view(view if view in {key for key, _ in VIEWS} else WEEK)
        people = kept.get("people")
        if isinstance(people, list):
            self._people = tuple(each for each in people if isinstance(each, str))
        self._say_people()

    def _keep(self) -> None:
        settings = self.context.app.settings
        state = {"view": self.face.view, "people": list(self._people)}

        def write() -> None:
            settings.set(LIST_STATES, {**settings.get(LIST_STATES), _STATE: state})

        self.context.tasks.write(self, write)
