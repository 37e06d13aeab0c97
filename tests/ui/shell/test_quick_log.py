"""The quick log by keyboard alone: few keys, the record in front filled in, the next contact planned."""

from __future__ import annotations

import datetime

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.services import activities, records
from crm_desktop.services.calendar import local
from crm_desktop.ui.context import Place
from crm_desktop.ui.pictures import settle
from crm_desktop.ui.shell.frame import Frame
from tests.support.windows import WAIT_MS, no_stray_window

Key = Qt.Key
KEYS_A_SECOND = 5
"""A slow typist: sixty words a minute are five keys a second."""
MOST_SECONDS = 15


class Hands:
    """Types wherever the focus is, and counts the keys."""

    def __init__(self, frame: Frame, qtbot: QtBot) -> None:
        self.frame, self.qtbot, self.keys = frame, qtbot, 0

    def press(self, key: Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press one key, with what is held beside it."""
        self.keys += 1 if modifier is Qt.KeyboardModifier.NoModifier else 2
        target = self.frame.window().focusWidget() or self.frame
        QTest.keyClick(target, key, modifier)

    def type(self, text: str) -> None:
        """Type a text."""
        self.keys += len(text)
        target = self.frame.window().focusWidget()
        assert target is not None
        QTest.keyClicks(target, text)

    @property
    def seconds(self) -> float:
        """How long a slow typist takes."""
        return self.keys / KEYS_A_SECOND

    def log(self, what: str, outcome: str, again: str) -> list[Record]:
        """Fill in what, how it went and when again; save; return what was made, what was done first."""
        replica, log = self.frame.context.replica, self.frame.log
        before = {row.id for row in _newest(self.frame)}
        self.qtbot.waitUntil(lambda: self.frame.window().focusWidget() is log.subject, timeout=WAIT_MS)
        self.type(what)
        self.press(Key.Key_Tab)
        self.type(outcome)
        self.press(Key.Key_Tab)
        self.type(again)
        self.press(Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        self.qtbot.waitUntil(lambda: not log.isVisible(), timeout=WAIT_MS)
        made = [row for row in _newest(self.frame) if row.id not in before]
        assert records.count(replica, ListQuery(entity="activity")) > 0
        return sorted(made, key=lambda row: str(row["kind"]) == "task")


def _newest(frame: Frame) -> tuple[Record, ...]:
    wanted = ListQuery(entity="activity", sort=(("created_at", True),), limit=4)
    return records.page(frame.context.replica, wanted).rows


@pytest.fixture
def hands(frame: Frame, qtbot: QtBot) -> Hands:
    return Hands(frame, qtbot)


def test_a_visit_is_logged_from_home_in_fifteen_seconds_of_slow_typing(hands: Hands) -> None:
    frame = hands.frame
    hands.press(Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    hands.type("zhsp")  # 纸鹤食品 by its initials
    hands.qtbot.waitUntil(lambda: bool(frame.log._found.choices), timeout=WAIT_MS)
    hands.press(Key.Key_Return)
    done, planned = hands.log("Showed the new pump to the plant manager", "p", "fri 10")
    assert hands.seconds <= MOST_SECONDS, hands.keys
    assert (done["kind"], done["outcome"], done["done"]) == ("visit", "positive", True)
    assert "纸鹤食品" in records.get(frame.context.replica, "customer", str(done["customer_id"])).title
    due = local(int(str(planned["due_at"])))
    assert (due.strftime("%a %H:%M"), planned["customer_id"]) == ("Fri 10:00", done["customer_id"])
    assert done["next_contact_on"] == due.date().isoformat()
    hands.qtbot.waitUntil(lambda: frame.notices.notice is not None, timeout=WAIT_MS)
    frame.notices.bar.action.click()
    hands.qtbot.waitUntil(
        lambda: not {done.id, planned.id} & {row.id for row in _newest(frame)}, timeout=WAIT_MS
    )


@pytest.mark.parametrize("entity", ["customer", "deal", "lead"])
def test_what_is_in_front_is_filled_in(hands: Hands, entity: str) -> None:
    frame, replica = hands.frame, hands.frame.context.replica
    shown = records.page(replica, ListQuery(entity=entity, limit=1)).rows[0]
    page = {"customer": "customers", "deal": "pipeline", "lead": "leads"}[entity]
    frame.go(Place(page=page, record_id=shown.id))
    settle(frame.context.tasks)
    frame.open_log()
    customer = shown.id if entity == "customer" else shown.values.get("customer_id")
    if customer:
        hands.qtbot.waitUntil(lambda: bool(frame.log.customer.text()), timeout=WAIT_MS)
    else:
        hands.qtbot.waitUntil(lambda: frame.log._on.isVisible(), timeout=WAIT_MS)
    done, planned = hands.log("Called", "n", "tomorrow 9")
    for row in (done, planned):
        assert row.values.get("customer_id") == customer
        assert row.values.get(f"{entity}_id") == shown.id


def test_the_row_a_list_is_at_is_filled_in_and_has_the_keyboard_afterwards(hands: Hands) -> None:
    frame, log = hands.frame, hands.frame.log
    for page in ("customers", "leads", "quotes", "pipeline"):
        with no_stray_window():
            frame.go(Place(page=page))
            settle(frame.context.tasks)
        assert frame.page is not None
        hands.press(Key.Key_Down)
        at, left = frame.page.in_front(), frame.window().focusWidget()
        assert at is not None
        row = records.get(frame.context.replica, *at)
        hands.press(Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        hands.qtbot.waitUntil(lambda: bool(log.customer.text()) or log._on.isVisible(), timeout=WAIT_MS)
        customer_id = log._customer[0] if log._customer else None
        assert customer_id == (row.id if page == "customers" else row.values.get("customer_id"))
        if page != "customers":  # there it is the only open deal, if it is the only one
            assert log._about.deal_id == (row.id if page == "pipeline" else row.values.get("deal_id"))
        assert log._about.lead_id == (row.id if page == "leads" else None)
        hands.press(Key.Key_Escape)
        assert frame.window().focusWidget() is left


def test_in_a_low_window_the_fields_scroll_and_saving_stays_in_sight(hands: Hands) -> None:
    frame, log = hands.frame, hands.frame.log
    frame.open_log()
    hands.qtbot.waitUntil(lambda: log._scroll.height() >= log._fields.sizeHint().height(), timeout=WAIT_MS)
    log.leave()
    frame.window().resize(1200, 420)
    settle(frame.context.tasks)
    frame.open_log()
    log.next_step.setText("Send the offer")  # one more line of fields
    settle(frame.context.tasks)
    bottom = log.save.mapTo(frame, QPoint(0, log.save.height())).y()
    assert bottom <= frame.height()
    for field, key in ((log.where, Key.Key_Tab), (log.customer, Key.Key_Backtab)):
        while frame.window().focusWidget() is not field:
            hands.press(key)
        assert not field.visibleRegion().isEmpty()


def test_a_visit_has_a_place_and_a_call_has_none(hands: Hands) -> None:
    log = hands.frame.log
    hands.frame.open_log()
    log.where.setText("Gate 3, Pudong")
    log.kinds.choose("call")
    log.kinds.chosen.emit("call")
    assert not log.where.isVisible()
    log.kinds.choose("visit")
    log.kinds.chosen.emit("visit")
    assert log.where.isVisible()
    log.subject.setFocus()
    done, _planned = hands.log("Looked at the line", "p", "tomorrow 9")
    assert done["place"] == "Gate 3, Pudong"


def test_a_day_that_is_not_understood_is_said_and_nothing_is_lost(hands: Hands) -> None:
    log = hands.frame.log
    hands.frame.open_log()
    log.subject.setText("Called")
    log.next_contact.setText("someday")
    log.save.click()
    assert log.isVisible()
    assert str(log._contact_field.error).startswith("Not understood")
    log.next_contact.setText("in 3 days")
    tomorrow = datetime.date.today() + datetime.timedelta(days=3)  # noqa: DTZ011 - as a person sees it
    assert log.day.date().toPython() == tomorrow
    assert log._due.isVisible()


def test_a_record_out_of_sight_fills_in_nothing(frame: Frame) -> None:
    found = activities.subject_of(frame.context.replica, "customer", "0" * 32)
    assert found == activities.LogSubject()
