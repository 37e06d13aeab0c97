"""Reminders: a line in the window, or by the system while another program is in front; snoozed by a menu."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QWidget

from crm_core.i18n import Message, message
from crm_core.rules.reminding import WHOLE_DAY_HOUR, snoozed, told_of
from crm_core.times import MINUTE_MS
from crm_desktop.services import planning
from crm_desktop.services.calendar import local, moment
from crm_desktop.services.calendar_period import CalendarItem
from crm_desktop.services.reminders import Reminding, reminding
from crm_desktop.settings import NOTIFICATIONS, REMIND_MINUTES, REMINDED
from crm_desktop.sync.runner import Status
from crm_desktop.ui.context import Context, Notice, Place
from crm_desktop.ui.format import clock, figure, near_date
from crm_desktop.ui.shell.desktop_notice import DesktopNotice
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.menus import Menu

LOOK_MS = 30_000
ASLEEP_MS = 3 * MINUTE_MS
"""Between looks so far apart the laptop slept: what was done elsewhere meanwhile comes by a sync first."""
WAIT_MS = 30_000
ONE_BY_ONE = 2
"""More than so many at once are told in one line."""
DRIFT_MS = 2 * MINUTE_MS


class Reminders(QObject):
    """Looks every half minute what is to be said, and keeps what was."""

    def __init__(self, context: Context, window: QWidget) -> None:
        super().__init__(window)
        self._context, self._window = context, window
        self._desktop = DesktopNotice(window, self._come_forward)
        self._looked_ms = self._now()
        self._not_before_ms = 0
        self._looking = False
        self._warned_drift = 0
        self.shown: tuple[CalendarItem, ...] = ()
        """What the line in the window is about."""
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        context.sync_changed.connect(self._on_sync_changed)

    def look(self) -> None:
        """Look what is to be said now; after a sleep the sync may come first."""
        now = self._now()
        if now - self._looked_ms > ASLEEP_MS and self._context.app.runner is not None:
            self._not_before_ms = now + WAIT_MS
        self._looked_ms = now
        if self._looking or now < self._not_before_ms:
            return
        self._looking = True
        replica, settings = self._context.replica, self._context.app.settings

        def read() -> Reminding | None:
            try:
                told = told_of(settings.get(REMINDED), replica.clock.now_ms())
                found = reminding(replica, told, settings.get(REMIND_MINUTES))
                if found.told != told or not settings.get(REMINDED):
                    settings.set(REMINDED, found.told.as_setting())
                return found
            finally:
                self._looking = False

        self._context.tasks.read(self, read, lambda found: self._say(found.items if found else ()))

    def snooze(self, items: Sequence[CalendarItem], until_ms: int) -> None:
        """Remind of these again at a moment."""
        replica, settings = self._context.replica, self._context.app.settings
        keys = [item.key for item in items]

        def keep() -> None:
            told = told_of(settings.get(REMINDED), replica.clock.now_ms())
            settings.set(REMINDED, snoozed(told, keys, until_ms).as_setting())

        self._context.tasks.write(self, keep)

    def tomorrow_ms(self) -> int:
        """Return tomorrow morning."""
        day = local(self._now()).date() + datetime.timedelta(days=1)
        return moment(day, WHOLE_DAY_HOUR * 60)

    def menu(self, items: Sequence[CalendarItem]) -> Menu:
        """Return what can be done about a reminder."""
        menu = Menu(self._window)
        now = self._now()
        if len(items) == 1:
            opening = menu.add(tr("Show"), "doc")
            opening.triggered.connect(lambda: self._open(items))
            done = menu.add(tr("Tick off"), "check")
            done.triggered.connect(lambda: self._tick(items[0]))
        else:
            calendar = menu.add(tr("Show the calendar"), "cal")
            calendar.triggered.connect(lambda: self._open(items))
        for text, until in (
            (tr("Again in 10 minutes"), now + 10 * MINUTE_MS),
            (tr("Again in 1 hour"), now + 60 * MINUTE_MS),
            (tr("Again tomorrow"), self.tomorrow_ms()),
        ):
            action = menu.add(text, "clock")
            action.triggered.connect(lambda _checked=False, at=until: self.snooze(items, at))
        return menu

    def _say(self, items: tuple[CalendarItem, ...]) -> None:
        if not items:
            return
        if not self._window.isActiveWindow() and self._context.app.settings.get(NOTIFICATIONS):
            shown = items if len(items) <= ONE_BY_ONE else ()
            for item in shown:
                when = show(_when_words(item, self._now()))
                self._desktop.say(item.subject, when, self._choices((item,)))
            if not shown:
                self._desktop.say(tr("Reminders"), show(_digest_words(items)), self._choices(items))
        # In the window too: whoever comes back to it finds what to do about it there.
        self.shown = items
        self._context.notice.emit(
            Notice(
                kind="info",
                text=_one_words(items[0], self._now()) if len(items) == 1 else _digest_words(items),
                action=message("Snooze or open…"),
                act=lambda: self._open_menu(items),
            )
        )

    def _choices(self, items: Sequence[CalendarItem]) -> dict[str, Callable[[], None]]:
        """Return the buttons of a line the desktop shows; the moments are those of the click."""
        later = {
            tr("Again in 10 minutes"): lambda: self.snooze(items, self._now() + 10 * MINUTE_MS),
        }
        if len(items) > 1:
            tomorrow = {tr("Again tomorrow"): lambda: self.snooze(items, self.tomorrow_ms())}
            return {tr("Show the calendar"): lambda: self._open(items), **later, **tomorrow}
        return {tr("Show"): lambda: self._open(items), tr("Tick off"): lambda: self._tick(items[0]), **later}

    def _open_menu(self, items: Sequence[CalendarItem]) -> None:
        menu = self.menu(items)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(QCursor.pos())

    def _open(self, items: Sequence[CalendarItem]) -> None:
        self._come_forward()
        if len(items) == 1:
            self._context.go.emit(Place(page="calendar", record_id=items[0].id))
        else:
            self._context.go.emit(Place(page="calendar", options={"day": local(self._now()).date()}))

    def _tick(self, item: CalendarItem) -> None:
        replica = self._context.replica
        told = message("Done: {subject}", subject=item.subject)
        self._context.change(self, lambda: planning.tick(replica, item.key, True), told=told)

    def _come_forward(self) -> None:
        window = self._window.window()
        window.setWindowState(window.windowState() & ~window.windowState().WindowMinimized)
        window.show()
        window.raise_()
        window.activateWindow()

    def _on_sync_changed(self, status: Status) -> None:
        if self._not_before_ms and status.step is None:
            self._not_before_ms = 0
            self.look()
        self._warn_of_the_clock()

    def _warn_of_the_clock(self) -> None:
        """Say once that this laptop's clock is wrong, and again where it got worse or better by minutes."""
        drift = self._context.replica.clock.offset_ms
        if abs(drift) <= DRIFT_MS or abs(drift - self._warned_drift) <= DRIFT_MS:
            return
        self._warned_drift = drift
        minutes = figure(abs(drift) // MINUTE_MS)
        said = (
            message("This laptop's clock is {minutes} minutes slow. Set it right", minutes=minutes)
            if drift > 0
            else message("This laptop's clock is {minutes} minutes fast. Set it right", minutes=minutes)
        )
        self._context.notice.emit(Notice(kind="warn", text=said))

    def _now(self) -> int:
        return self._context.replica.clock.now_ms()


def _when_words(item: CalendarItem, now_ms: int) -> Text:
    begins = local(item.begins_ms)
    who = item.customer_name or item.place
    day = near_date(begins.date(), local(now_ms).date())
    today = begins.date() == local(now_ms).date()
    time = clock(begins)
    when = day if item.all_day else time if today else f"{day} {time}"
    return message("{when}, {who}", when=when, who=who) if who else when


def _one_words(item: CalendarItem, now_ms: int) -> Message:
    return message("Reminder: {subject} · {when}", subject=item.subject, when=_when_words(item, now_ms))


def _digest_words(items: Sequence[CalendarItem]) -> Message:
    first = items[0]
    return message(
        "{count} reminders, the first: {subject} at {time}",
        count=figure(len(items)),
        subject=first.subject,
        time=clock(local(first.begins_ms)),
    )
