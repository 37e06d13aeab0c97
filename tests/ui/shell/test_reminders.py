"""Reminders in the window: said once, snoozed, gathered after a sleep; a wrong clock is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from crm_core.times import MINUTE_MS
from crm_desktop.assembly import App
from crm_desktop.services import calendar_period, records
from crm_desktop.settings import REMINDED
from crm_desktop.sync.runner import Status
from crm_desktop.ui.context import Context, Notice, Place
from crm_desktop.ui.shell import reminders as module
from crm_desktop.ui.shell.reminders import Reminders
from crm_desktop.ui.tasks import Tasks
from tests.support.desktop import empty_app
from tests.support.windows import WAIT_MS, show_active


class Desk:
    """Reminders over a window, with what they said."""

    def __init__(self, app: App, qtbot: QtBot) -> None:
        self.app, self.qtbot = app, qtbot
        self.tasks = Tasks()
        self.context = Context(app, self.tasks)
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.notices: list[Notice] = []
        self.places: list[Place] = []
        self.said: list[tuple[str, str]] = []
        self.choices: Mapping[str, Callable[[], None]] = {}
        self.context.notice.connect(self.notices.append)
        self.context.go.connect(self.places.append)
        self.begin()

    def begin(self) -> None:
        """Begin as after a start of the program."""
        self.reminders = Reminders(self.context, self.window)
        self.reminders._desktop.say = self._say

    def _say(self, title: str, text: str, choices: Mapping[str, Callable[[], None]]) -> None:
        self.said.append((title, text))
        self.choices = choices

    def look(self) -> list[str]:
        """Look, and return what was said in the window."""
        before = len(self.notices)
        self.reminders.look()
        self.settle()
        return [str(notice.text) for notice in self.notices[before:]]

    def settle(self) -> None:
        self.qtbot.waitUntil(lambda: not self.tasks.busy, timeout=WAIT_MS)

    def make(self, subject: str, minutes: int, **values: object) -> str:
        due = self.app.replica.clock.now_ms() + minutes * MINUTE_MS
        given = {"kind": "call", "subject": subject, "due_at": due, **values}
        return records.create(self.app.replica, "activity", given).value.id


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give a profile for all tests of this file."""
    made = empty_app(tmp_path_factory.mktemp("reminders"))
    yield made
    made.close()


@pytest.fixture
def desk(look: QApplication, app: App, qtbot: QtBot) -> Iterator[Desk]:
    """Give reminders over a profile without activities, as on a new laptop."""
    app.settings.reset(REMINDED)
    made = Desk(app, qtbot)
    yield made
    app.replica.on_changed.remove(made.context._committed.emit)
    made.tasks.close()
    for item in calendar_period.period(app.replica, 0, 2**42):
        records.delete(app.replica, "activity", item.id)


def test_what_begins_soon_is_said_once_snoozed_and_said_again_after_a_restart(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.look() == []
    soon = desk.make("call Lin", 10)
    desk.make("not yet", 40)
    desk.make("never", 5, reminder="none")
    desk.make("done", 5, done=True)
    (said,) = desk.look()
    assert said.startswith("Reminder: call Lin")
    assert desk.said[0][0] == "call Lin", "another program is in front: the window was never shown"
    assert desk.look() == []
    assert list(desk.choices) == ["Show", "Tick off", "Again in 10 minutes"]
    items = desk.reminders.shown
    texts = [action.text() for action in desk.reminders.menu(items).actions()]
    assert texts == ["Show", "Tick off", "Again in 10 minutes", "Again in 1 hour", "Again tomorrow"]
    desk.reminders.snooze(items, desk.app.replica.clock.now_ms() + MINUTE_MS)
    desk.settle()
    desk.begin()
    assert desk.look() == []
    desk.reminders.snooze(items, desk.app.replica.clock.now_ms())
    desk.settle()
    assert len(desk.look()) == 1
    desk.reminders.menu(items).actions()[0].trigger()
    assert desk.places[-1] == Place(page="calendar", record_id=soon)
    assert str(desk.app.settings.get(REMINDED)["told"]) != "{}"


def test_the_buttons_of_the_desktops_line_tick_off_and_put_off(desk: Desk) -> None:
    desk.look()
    call = desk.make("call Wu", 5)
    desk.look()
    desk.choices["Again in 10 minutes"]()
    desk.settle()
    assert desk.look() == []
    assert desk.app.settings.get(REMINDED)["snoozed"]
    desk.choices["Tick off"]()
    desk.qtbot.waitUntil(
        lambda: records.get(desk.app.replica, "activity", call)["done"] is True, timeout=WAIT_MS
    )


def test_many_at_once_are_one_line_and_in_front_the_system_says_nothing(desk: Desk) -> None:
    desk.look()
    for number in range(4):
        desk.make(f"earlier {number}", number + 1)
    desk.look()
    assert [title for title, _ in desk.said] == ["Reminders"]
    assert list(desk.choices) == ["Show the calendar", "Again in 10 minutes", "Again tomorrow"]
    desk.choices["Again in 10 minutes"]()
    desk.settle()
    assert len(desk.app.settings.get(REMINDED)["snoozed"]) == 4
    desk.said.clear()
    for number in range(4):
        desk.make(f"call {number}", number + 1)
    show_active(desk.qtbot, desk.window)
    (said,) = desk.look()
    assert said.startswith("4 reminders, the first: call 0")
    assert desk.said == []
    assert desk.reminders.menu(desk.reminders.shown).actions()[0].text() == "Show the calendar"


def test_after_a_sleep_the_sync_comes_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.look()
    task = desk.make("call Lin", 1)
    monkeypatch.setattr(desk.app, "runner", object(), raising=False)
    desk.reminders._looked_ms -= module.ASLEEP_MS + 1
    assert desk.look() == []
    records.update(desk.app.replica, "activity", task, {"done": True})  # as the other laptop did
    before = len(desk.notices)
    desk.reminders._on_sync_changed(Status())
    desk.settle()
    assert desk.notices[before:] == []
    monkeypatch.undo()


def test_a_clock_that_is_minutes_off_is_told_once(desk: Desk) -> None:
    desk.app.replica.clock.offset_ms = 7 * MINUTE_MS
    desk.reminders._on_sync_changed(Status())
    desk.reminders._on_sync_changed(Status())
    assert [str(notice.text) for notice in desk.notices] == [
        "This laptop's clock is 7 minutes slow. Set it right"
    ]
    desk.app.replica.clock.offset_ms = 0
