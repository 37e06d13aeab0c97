"""The calendar by keyboard and by mouse: views, planning by typing, moving, series, the tasks at the side."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from crm_core.schema.field import Plain
from crm_desktop.assembly import App
from crm_desktop.services import calendar_period, records
from crm_desktop.services.calendar import local, moment
from crm_desktop.services.planning import Which
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.calendar.calendar_chart import ACTIVITY_MIME, CalendarChart
from crm_desktop.ui.calendar.plan_popup import PlanPopup
from crm_desktop.ui.calendar.repeat_popup import RepeatPopup
from crm_desktop.ui.calendar.span import span_of, turned
from crm_desktop.ui.calendar.time_grid import GUTTER, HOUR
from crm_desktop.ui.calendar.which_popup import WhichPopup
from crm_desktop.ui.context import Context, Notice, Place
from crm_desktop.ui.pages.calendar import CalendarPage
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import translator
from tests.support.desktop import empty_app
from tests.support.windows import WAIT_MS, has_keyboard, no_stray_window, show_active

MONDAY = datetime.date(2027, 3, 1)
DAY = datetime.timedelta(days=1)
NO, CTRL_SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier),
)


class Shown:
    """The page in a window, with where it led and what it said."""

    def __init__(self, app: App, qtbot: QtBot) -> None:
        self.app, self.qtbot = app, qtbot
        self.tasks = Tasks()
        self.context = Context(app, self.tasks)
        self.places: list[Place] = []
        self.notices: list[Notice] = []
        self.context.go.connect(self.places.append)
        self.context.notice.connect(self.notices.append)
        self.page = CalendarPage(self.context, ActionRegistry())
        qtbot.addWidget(self.page)
        self.page.resize(1240, 824)
        show_active(qtbot, self.page)
        self.page.show_view("week")
        self.page.show_place(Place(page="calendar", options={"day": MONDAY}))
        self.settle()

    def settle(self) -> None:
        """Wait until everything asked for is on screen."""
        quiet = 0
        for _ in range(1500):
            self.qtbot.wait(5)
            quiet = 0 if self.tasks.busy or self.page._changes.waits else quiet + 1
            if quiet == 4:
                return
        raise AssertionError("the page never came to rest")

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO) -> None:
        QTest.keyClick(QApplication.focusWidget(), key, modifiers)
        self.settle()

    def make(self, subject: str, **values: Plain) -> str:
        made = records.create(self.app.replica, "activity", {"kind": "visit", "subject": subject, **values})
        self.settle()
        return made.value.id

    def stands(self) -> list[str]:
        """Return what stands in the first week, read from the database."""
        span = span_of("week", MONDAY)
        items = calendar_period.period(self.app.replica, span.begins_ms, span.ends_ms)
        return [f"{local(item.begins_ms):%a %H:%M} {item.subject}" for item in items]

    def popup(self, kind: type) -> QWidget:
        self.qtbot.waitUntil(lambda: isinstance(self.page.changes.popup, kind), timeout=WAIT_MS)
        found = self.page.changes.popup
        assert found is not None
        return found

    def box(self, chart: CalendarChart, key: str) -> QPointF:
        return next(part for part in chart.parts() if part.key == key).shape.boundingRect().center()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give a profile for all tests of this file."""
    made = empty_app(tmp_path_factory.mktemp("calendar"))
    yield made
    made.close()


@pytest.fixture
def shown(look: QApplication, app: App, qtbot: QtBot) -> Iterator[Shown]:
    """Give the page of a profile without activities."""
    made = Shown(app, qtbot)
    yield made
    app.replica.on_changed.remove(made.context._committed.emit)
    made.tasks.close()
    for item in {each.id for each in calendar_period.period(app.replica, 0, 2**42)}:
        records.delete(app.replica, "activity", item)
    for task in calendar_period.undated(app.replica):
        records.delete(app.replica, "activity", task.id)


def at(day: datetime.date, hour: int, minute: int = 0) -> int:
    return moment(day, hour * 60 + minute)


def test_digits_choose_the_view_and_arrows_turn_it(shown: Shown) -> None:
    face = shown.page.face
    shown.make("survey", due_at=at(MONDAY, 9))
    assert has_keyboard(face.grid)
    for key, view, chart in (
        (Qt.Key.Key_1, "day", face.grid),
        (Qt.Key.Key_3, "month", face.month),
        (Qt.Key.Key_4, "agenda", face.agenda),
        (Qt.Key.Key_2, "week", face.grid),
    ):
        shown.press(key)
        assert face.view == view
        assert has_keyboard(chart)
        assert [item.subject for item in chart.items] == ["survey"]
    shown.press(Qt.Key.Key_Right)
    assert shown.page.day == MONDAY + 7 * DAY
    assert face.grid.items == ()
    assert face._hint.isVisible()
    shown.press(Qt.Key.Key_T)
    assert shown.page.day == datetime.datetime.now().astimezone().date()
    assert turned("month", datetime.date(2027, 1, 31), 1) == datetime.date(2027, 2, 1)


def test_an_item_is_moved_made_longer_ticked_off_and_taken_back_by_keys(shown: Shown) -> None:
    visit = shown.make("survey", due_at=at(MONDAY, 9), duration_minutes=60)
    shown.press(Qt.Key.Key_Down)
    shown.press(Qt.Key.Key_Down, CTRL_SHIFT)
    shown.press(Qt.Key.Key_Right, CTRL_SHIFT)
    assert shown.stands() == ["Tue 09:15 survey"]
    shown.press(Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert records.get(shown.app.replica, "activity", visit).get("duration_minutes") == 75
    shown.press(Qt.Key.Key_Space)
    assert records.get(shown.app.replica, "activity", visit).get("done") is True
    for _ in range(4):
        shown.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert shown.stands() == ["Mon 09:00 survey"]
    assert records.get(shown.app.replica, "activity", visit).get("done") is False
    shown.press(Qt.Key.Key_Delete)
    assert shown.stands() == []
    act = shown.notices[-1].act
    assert act is not None
    act()
    shown.settle()
    assert shown.stands() == ["Mon 09:00 survey"]


def test_in_a_narrow_window_the_title_is_whole_and_the_views_stand_below_it(shown: Shown) -> None:
    face = shown.page.face
    beside = face.title.geometry().center().y()
    assert abs(face.switch.mapTo(face, QPoint(0, 0)).y() - beside) < face._head.height()
    for width, below in ((700, True), (1240, False)):
        shown.page.resize(width, 824)
        shown.settle()
        bottom = face.title.mapTo(face, QPoint(0, face.title.height())).y()
        assert (face.switch.mapTo(face, QPoint(0, 0)).y() >= bottom) is below
        assert face.title.sizeHint().width() <= face.title.width()
        assert below or face.switch.x() < face.more_button.x()
    assert shown.page.in_front() is None
    task = shown.make("call back", due_at=moment(MONDAY, 9 * 60))
    face.select(task)
    assert shown.page.in_front() == ("activity", task)


def test_a_task_is_planned_by_typing_and_what_is_not_understood_is_said(shown: Shown) -> None:
    task = shown.make("call back", kind="task")
    side = shown.page.face.undated
    assert side.list.count() == 1
    side.list.setCurrentRow(0)
    side.list.setFocus()
    with no_stray_window():
        shown.press(Qt.Key.Key_P)
        popup = shown.popup(PlanPopup)
    assert isinstance(popup, PlanPopup)
    assert has_keyboard(popup.line)
    QTest.keyClicks(popup.line, "some day")
    QTest.keyClick(popup.line, Qt.Key.Key_Return)
    assert "Not understood" in str(popup.field.error)
    popup.line.clear()
    QTest.keyClicks(popup.line, "2027-03-03 14:00-15:30")
    shown.press(Qt.Key.Key_Return)
    assert shown.stands() == ["Wed 14:00 call back"]
    assert side.list.count() == 0
    assert records.get(shown.app.replica, "activity", task).get("duration_minutes") == 90


def test_one_time_of_a_series_or_all_is_asked_for_by_number(shown: Shown) -> None:
    shown.make("round", due_at=at(MONDAY, 9), repeats="FREQ=DAILY;COUNT=3")
    shown.press(Qt.Key.Key_Down)
    assert shown.page.face.key.endswith("@2027-03-02")
    shown.press(Qt.Key.Key_Down, CTRL_SHIFT)
    popup = shown.popup(WhichPopup)
    assert isinstance(popup, WhichPopup)
    assert has_keyboard(popup.buttons[Which.THIS])
    shown.press(Qt.Key.Key_1)
    assert shown.stands() == ["Mon 09:00 round", "Tue 09:15 round", "Wed 09:00 round"]
    shown.page.face.grid.setFocus()
    shown.press(Qt.Key.Key_Home)
    shown.press(Qt.Key.Key_Delete)
    shown.popup(WhichPopup)
    shown.press(Qt.Key.Key_Escape)
    assert len(shown.stands()) == 3
    shown.page.face.grid.setFocus()
    shown.press(Qt.Key.Key_Delete)
    shown.popup(WhichPopup)
    shown.press(Qt.Key.Key_3)
    assert shown.stands() == ["Tue 09:15 round"]


def test_how_it_repeats_is_chosen_from_the_usual_rules_and_said_in_words(shown: Shown) -> None:
    shown.make("round", due_at=at(MONDAY, 9))
    shown.press(Qt.Key.Key_Home)
    shown.press(Qt.Key.Key_R)
    popup = shown.popup(RepeatPopup)
    assert isinstance(popup, RepeatPopup)
    assert popup.rule.currentText() == "Every week on Monday"
    popup.interval.setValue(2)
    popup.ends.setCurrentIndex(2)
    popup.count.setValue(3)
    assert popup._words.text() == "Every 2 weeks on Monday, 3 times"
    popup.rule.setFocus()
    shown.press(Qt.Key.Key_Return)
    assert [item.repeats for item in shown.page.face.grid.items] == [True]
    record = records.get(shown.app.replica, "activity", shown.page.face.grid.items[0].id)
    assert record.get("repeats") == "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;COUNT=3"


def test_the_mouse_carries_a_block_and_its_lower_edge(shown: Shown) -> None:
    visit = shown.make("survey", due_at=at(MONDAY, 9), duration_minutes=60)
    grid = shown.page.face.grid
    hour = theme().px(HOUR)
    column = (grid.width() - theme().px(GUTTER)) / 7

    def carry(start: QPointF, end: QPointF) -> None:
        QTest.mousePress(grid, Qt.MouseButton.LeftButton, NO, start.toPoint())
        for step in (0.5, 1.0):
            QTest.mouseMove(grid, (start + (end - start) * step).toPoint())
        QTest.mouseRelease(grid, Qt.MouseButton.LeftButton, NO, end.toPoint())
        shown.settle()

    middle = shown.box(grid, visit)
    carry(middle, middle + QPointF(2 * column, 2 * hour))
    assert shown.stands() == ["Wed 11:00 survey"]
    box = next(part for part in grid.parts() if part.key == visit).shape.boundingRect()
    foot = QPointF(box.center().x(), box.bottom() - 3)
    carry(foot, foot + QPointF(0, hour))
    assert records.get(shown.app.replica, "activity", visit).get("duration_minutes") == 120


def test_a_task_dropped_on_an_hour_is_planned_for_it_and_on_a_head_for_the_day(shown: Shown) -> None:
    face = shown.page.face
    task = shown.make("call back", kind="task")

    def drop(chart: CalendarChart, point: QPoint) -> None:
        carried = QMimeData()
        carried.setData(ACTIVITY_MIME, task.encode())
        none = Qt.KeyboardModifier.NoModifier
        buttons = Qt.MouseButton.LeftButton
        event = QDropEvent(QPointF(point), Qt.DropAction.MoveAction, carried, buttons, none)
        chart.dropEvent(event)
        shown.settle()

    drop(face.grid, QPoint(theme().px(GUTTER) + 20, theme().px(HOUR) * 10 + 2))
    assert shown.stands() == ["Mon 10:00 call back"]
    drop(face.heads, QPoint(face.heads.width() - 40, face.heads.height() - 4))
    assert [item.last_day for item in face.heads.items] == [MONDAY + 6 * DAY]


def test_overlaps_are_marked_in_words_and_lanes_and_every_part_is_heard(shown: Shown) -> None:
    grid = shown.page.face.grid
    first = shown.make("survey", due_at=at(MONDAY, 9), duration_minutes=120)
    second = shown.make("demo", due_at=at(MONDAY, 10), duration_minutes=60)
    shown.make("later", due_at=at(MONDAY, 13))
    boxes = {part.key: part.shape.boundingRect() for part in grid.parts()}
    assert not boxes[first].intersects(boxes[second])
    clashing = [part.words for part in grid.parts() if "At the same time" in part.words]
    assert len(clashing) == 2
    assert "survey" in clashing[0]
    assert "09:00–11:00" in clashing[0]
    assert grid.accessibleName() == "Calendar"
    assert "survey" in grid.accessibleDescription()


def test_enter_opens_the_record_and_n_begins_one(shown: Shown) -> None:
    visit = shown.make("survey", due_at=at(MONDAY, 9))
    shown.press(Qt.Key.Key_Home)
    shown.press(Qt.Key.Key_Return)
    assert shown.places[-1] == Place(page="calendar", record_id=visit)
    shown.press(Qt.Key.Key_N)
    place = shown.places[-1]
    assert place.options["new"] == "activity"
    assert local(int(place.options["values"]["due_at"])).date() == MONDAY
    shown.page.show_place(place)
    shown.settle()
    form = shown.page.records.form
    assert form is not None
    assert form.isVisible()
    shown.page.show_place(Place(page="calendar"))
    shown.settle()
    assert shown.page.face.isVisible()


def test_who_could_have_it_is_listed_with_the_reason_and_gets_it(shown: Shown) -> None:
    replica = shown.app.replica
    role = records.create(replica, "role", {"name": "any", "rights": {"reach": {}}}).value.id
    may = records.create(replica, "user", {"name": "May", "role_id": role}).value.id
    visit = shown.make("survey", due_at=at(MONDAY, 9))
    shown.press(Qt.Key.Key_Home)
    shown.press(Qt.Key.Key_G)
    shown.qtbot.waitUntil(lambda: shown.page.changes.menu is not None, timeout=WAIT_MS)
    menu = shown.page.changes.menu
    assert menu is not None
    choice = next(action for action in menu.actions() if action.text().startswith("May · 0 open"))
    choice.trigger()
    menu.close()
    shown.settle()
    assert records.get(replica, "activity", visit).get("owner_id") == may
    assert "May has it now" in str(shown.notices[-1].text)


def test_a_calendar_file_is_written_read_and_taken_back(shown: Shown, tmp_path: Path) -> None:
    shown.make("survey", due_at=at(MONDAY, 9))
    span = span_of("week", MONDAY)
    file = tmp_path / "mine.ics"
    shown.page.files.export_to(file, span.begins_ms, span.ends_ms, ())
    shown.settle()
    assert "1 event written to mine.ics" in str(shown.notices[-1].text)
    other = file.read_bytes().replace(b"@satchel", b"@elsewhere").replace(b"survey", b"tea")
    file.write_bytes(other)
    shown.page.files.import_from(file)
    shown.settle()
    assert shown.stands() == ["Mon 09:00 survey", "Mon 09:00 tea"]
    shown.page.face.grid.setFocus()
    shown.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert shown.stands() == ["Mon 09:00 survey"]
    file.write_text("nothing")
    shown.page.files.import_from(file)
    shown.settle()
    assert shown.notices[-1].kind == "bad"


@pytest.mark.parametrize(("language", "scale"), [("zh_CN", 2.0)])
def test_every_view_is_drawn_in_chinese_at_twice_the_size(
    shown: Shown, language: str, scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown.make("巡访", due_at=at(MONDAY, 9), all_day=True)
    shown.make("电话", kind="call", due_at=at(MONDAY, 9))
    translator().use(language)
    monkeypatch.setattr(theme(), "_scale", scale)
    drawn: Callable[[], object] = shown.page.grab
    try:
        for view in ("day", "week", "month", "agenda"):
            shown.page.show_view(view)
            shown.settle()
            drawn()
        assert "全天" in shown.page.face.heads.accessibleDescription()
    finally:
        translator().use("en")
