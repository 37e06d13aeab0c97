"""The frame: pages by key, back and forth, search, quick log, notices, languages."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from crm_core.i18n import Message, message
from crm_desktop.models.query import ListQuery
from crm_desktop.services import records
from crm_desktop.settings import LAST_VIEW, RECENT_RECORDS
from crm_desktop.sync.report import COPIED, HQ_WENT_BACK, RoundReport, Step
from crm_desktop.sync.runner import Phase, Status
from crm_desktop.ui.context import Notice, Place
from crm_desktop.ui.pages.customers import CustomersPage
from crm_desktop.ui.shell.frame import Frame
from crm_desktop.ui.shell.shortcut_sheet import ShortcutSheet
from crm_desktop.ui.shell.status_bar import Running
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import translator
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.sync_badge import SyncState
from tests.support.windows import WAIT_MS

CTRL = Qt.KeyboardModifier.ControlModifier


def _page(frame: Frame) -> str:
    assert frame.place is not None
    return frame.place.page


def test_keys_lead_to_pages_and_alt_arrows_back_and_forth(frame: Frame, qtbot: QtBot) -> None:
    frame.go(Place(page="settings"))
    qtbot.keyClick(frame, Qt.Key.Key_0, CTRL)
    assert _page(frame) == "sync"
    qtbot.keyClick(frame, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert _page(frame) == "settings"
    assert not frame.top.back.isEnabled()
    qtbot.keyClick(frame, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert _page(frame) == "sync"


def test_new_by_key_makes_what_the_page_shows_also_where_the_menu_does_not_offer_it(
    frame: Frame, qtbot: QtBot
) -> None:
    frame.go(Place(page="tags"))
    qtbot.keyClick(frame, Qt.Key.Key_N, CTRL)
    assert frame.place == Place(page="tags", options={"new": "tag"})


def test_a_page_that_refuses_is_not_left(frame: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    frame.go(Place(page="settings"))
    assert frame.page is not None
    monkeypatch.setattr(frame.page, "leave", lambda: False)
    frame.go(Place(page="sync"))
    assert _page(frame) == "settings"
    assert frame.rail._items["settings"].isChecked()


def test_the_page_in_front_and_opened_records_are_remembered(frame: Frame) -> None:
    settings = frame.context.app.settings
    frame._remember(Place(page="customers", record_id="a" * 32))
    frame._remember(Place(page="pipeline", record_id="b" * 32))
    frame._remember(Place(page="customers", record_id="a" * 32))
    frame.context.tasks.close()  # what was to be written is
    assert settings.get(LAST_VIEW) == "customers"
    assert settings.get(RECENT_RECORDS) == [["customer", "a" * 32], ["deal", "b" * 32]]


def test_the_rail_counts_what_is_to_be_done(frame: Frame) -> None:
    tickets = frame.rail._items["tickets"]
    assert tickets.count == 2
    assert tickets.accessibleName() == "Tickets, 2 waiting"


def test_the_search_box_finds_records_by_pinyin_and_goes_there(
    frame: Frame, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[Place] = []
    monkeypatch.setattr(frame, "go", gone.append)
    frame.context.go.disconnect()
    frame.context.go.connect(gone.append)
    qtbot.keyClick(frame, Qt.Key.Key_K, CTRL)
    qtbot.keyClicks(frame.top.search, "zhsp")
    palette = frame.finding.palette
    qtbot.waitUntil(lambda: palette.isVisible() and bool(palette.choices) and palette.choices[0].text != "")
    qtbot.waitUntil(lambda: str(palette.choices[0].text).startswith("纸鹤"), timeout=8000)
    qtbot.keyClick(frame.top.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(gone), timeout=8000)
    assert gone[0].page == "customers"
    assert not palette.isVisible()


def test_the_search_box_knows_pages_and_actions(frame: Frame, qtbot: QtBot) -> None:
    frame.go(Place(page="sync"))
    qtbot.keyClick(frame, Qt.Key.Key_K, CTRL)
    qtbot.keyClicks(frame.top.search, "setti")
    palette = frame.finding.palette
    qtbot.waitUntil(lambda: any(str(c.text) == "Settings" for c in palette.choices), timeout=8000)
    row = next(n for n, c in enumerate(palette.choices) if str(c.text) == "Settings")
    for _ in range(row):
        qtbot.keyClick(frame.top.search, Qt.Key.Key_Down)
    qtbot.keyClick(frame.top.search, Qt.Key.Key_Return)
    assert _page(frame) == "settings"


def test_pages_and_actions_are_found_by_pinyin_and_initials(frame: Frame, qtbot: QtBot) -> None:
    translator().use("zh_CN")
    try:
        palette = frame.finding.palette
        for typed, text in (("shez", "Settings"), ("tbzx", "Sync centre"), ("lijit", "Sync now")):
            qtbot.keyClick(frame, Qt.Key.Key_K, CTRL)
            frame.top.search.clear()
            qtbot.keyClicks(frame.top.search, typed)
            qtbot.waitUntil(lambda text=text: text in [str(c.text) for c in palette.choices], timeout=8000)
        qtbot.keyClick(frame.top.search, Qt.Key.Key_Escape)
    finally:
        translator().use("en")


def test_no_match_is_said_in_the_search_box(frame: Frame, qtbot: QtBot) -> None:
    qtbot.keyClick(frame, Qt.Key.Key_K, CTRL)
    qtbot.keyClicks(frame.top.search, "zzqqy")
    palette = frame.finding.palette
    qtbot.waitUntil(lambda: palette.isVisible() and not palette.choices, timeout=8000)
    assert palette._empty.text() == "No match for “zzqqy”"
    qtbot.keyClick(frame.top.search, Qt.Key.Key_Escape)
    assert not palette.isVisible()


def test_a_call_is_logged_with_its_next_step_by_keyboard_alone(frame: Frame, qtbot: QtBot) -> None:
    replica = frame.context.replica
    before = records.count(replica, ListQuery(entity="activity"))
    qtbot.keyClick(frame, Qt.Key.Key_L, CTRL)
    log = frame.log
    assert log.isVisible()
    qtbot.keyClicks(log.customer, "lantern")
    qtbot.waitUntil(lambda: bool(log._found.choices), timeout=8000)
    qtbot.keyClick(log.customer, Qt.Key.Key_Return)
    assert log.customer.text() == "Lantern Bay Logistics (demo)"
    qtbot.keyClicks(log.subject, "Talked about prices")
    qtbot.keyClicks(log.next_step, "Send the offer")
    assert log.time.lineEdit().width() > log.time.width() // 2  # the hour can be read, and reached by a click
    qtbot.keyClick(log.next_step, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: not log.isVisible(), timeout=8000)
    made = records.page(
        replica, ListQuery(entity="activity", text="", sort=(("created_at", True),), limit=2)
    ).rows
    assert {row.title for row in made} == {"Talked about prices", "Send the offer"}
    assert len({row["customer_id"] for row in made}) == 1
    assert records.count(replica, ListQuery(entity="activity")) == before + 2
    qtbot.waitUntil(lambda: frame.notices.notice is not None)
    frame.notices.bar.action.click()
    qtbot.waitUntil(lambda: records.count(replica, ListQuery(entity="activity")) == before, timeout=8000)


def test_a_photo_goes_with_a_visit_that_is_logged_from_anywhere(
    frame: Frame, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = tmp_path / "货架.jpg"
    photo.write_bytes(b"no picture, but a file")
    replica, log = frame.context.replica, frame.log
    frame.open_log()
    assert not log.files.isVisible()
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_args: ([str(photo)], ""))
    log.files.clip.setFocus()
    qtbot.keyClick(log.files.clip, Qt.Key.Key_Space)
    assert log.files.label.text() == "货架.jpg"
    log.save.click()  # refused: what was chosen stays
    assert log.files.paths == (photo,)
    qtbot.keyClicks(log.subject, "Looked at the shelf")
    qtbot.keyClick(log.subject, Qt.Key.Key_Return, CTRL)
    wanted = ListQuery(entity="attachment", limit=5)
    qtbot.waitUntil(lambda: records.count(replica, wanted) == 1, timeout=8000)
    made = records.page(replica, wanted).rows[0]
    assert (made["name"], made["record_entity"]) == ("货架.jpg", "activity")
    assert records.get(replica, "activity", str(made["record_id"]))["subject"] == "Looked at the shelf"
    frame.open_log()
    assert log.files.paths == ()


def test_the_quick_log_asks_for_a_subject_and_a_customer_that_exists(frame: Frame, qtbot: QtBot) -> None:
    frame.open_log()
    frame.log.save.click()
    assert str(frame.log._subject_field.error) == "This is required"
    frame.log.subject.setText("x")
    qtbot.keyClicks(frame.log.customer, "nobody")
    frame.log.save.click()
    assert frame.log.isVisible()
    assert str(frame.log._customer_field.error).startswith("Choose a customer")
    qtbot.keyClick(frame.log.subject, Qt.Key.Key_Escape)
    assert not frame.log.isVisible()


def test_one_notice_at_a_time_and_its_action_acts_once(frame: Frame) -> None:
    done: list[int] = []
    frame.context.notice.emit(Notice(kind="info", text=message("Copied")))
    frame.context.notice.emit(
        Notice(kind="good", text=message("Undo"), action=message("Undo"), act=lambda: done.append(1))
    )
    assert frame.notices.bar.label.text() == "Undo"
    frame.notices.bar.action.click()
    assert done == [1]
    assert not frame.notices.isVisible()


def test_ctrl_z_takes_back_what_the_bar_offers_to_undo(frame: Frame, qtbot: QtBot) -> None:
    replica = frame.context.replica
    frame.go(Place(page="customers"))
    page = frame.page
    assert isinstance(page, CustomersPage)
    made = page.list
    assert made is not None
    qtbot.waitUntil(lambda: made.model.known > 0, timeout=WAIT_MS)
    before = records.count(replica, ListQuery(entity="customer"))
    made.table.setFocus()
    qtbot.keyClick(made.table, Qt.Key.Key_Z, CTRL)  # nothing to take back
    qtbot.keyClick(made.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(frame.notices.isVisible, timeout=WAIT_MS)
    assert records.count(replica, ListQuery(entity="customer")) == before - 1
    qtbot.keyClick(made.table, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: records.count(replica, ListQuery(entity="customer")) == before, timeout=WAIT_MS)


def test_a_job_is_named_only_once_it_has_run_for_a_second(frame: Frame, qtbot: QtBot) -> None:
    frame.status.show_job(Running(text=message("Working…")))
    assert not frame.status._job.isVisible()
    qtbot.waitUntil(frame.status._job.isVisible, timeout=3000)
    frame.status.show_job(None)
    assert not frame.status._job.isVisible()


def test_a_job_says_how_far_it_is_and_stops_where_nothing_is_lost(frame: Frame, qtbot: QtBot) -> None:
    went_on, ended = threading.Event(), []

    def work(job: Job) -> int:
        for done in range(200):
            job.step(done, 200)
            if job.is_cancelled():
                return done
            went_on.wait(0.02)
        return 200

    tasks, bar = frame.context.tasks, frame.status
    tasks.run(frame, message("Working…"), work, ended.append)
    qtbot.waitUntil(lambda: bar._cancel.isVisible() and bar._count.text().endswith("of 200"), timeout=8000)
    assert bar._bar.maximum() == 200
    bar._cancel.setFocus()
    qtbot.keyClick(bar._cancel, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: bool(ended), timeout=8000)
    assert 0 < ended[0] < 200
    assert not bar._cancel.isVisible()
    assert tasks.jobs == ()


def test_a_save_does_not_wait_for_a_job(frame: Frame, qtbot: QtBot) -> None:
    release, saved = threading.Event(), []
    frame.context.tasks.run(frame, message("Working…"), lambda _job: release.wait(20))
    frame.context.tasks.write(frame, lambda: "saved", saved.append)
    qtbot.waitUntil(lambda: saved == ["saved"], timeout=8000)
    release.set()


def test_a_window_that_closes_stops_its_jobs(frame: Frame) -> None:
    def work(job: Job) -> None:
        while not job.is_cancelled():
            time.sleep(0.01)

    job = frame.context.tasks.run(frame, message("Working…"), work)
    frame.context.tasks.close()
    assert job.is_cancelled()


def test_a_round_broken_off_says_what_was_done(frame: Frame, qtbot: QtBot) -> None:
    context = frame.context
    step = Step(phase="receiving", done=40, total=90, entity="customer")
    context.on_sync_status(Status(phase=Phase.RUNNING, step=step))
    bar = frame.status
    qtbot.waitUntil(lambda: bar._count.isVisible() and bar._count.text() == "40 of 90", timeout=8000)
    assert bar._cancel.isVisible()
    context.on_sync_status(Status(phase=Phase.RUNNING, step=step, stopping=True))
    qtbot.waitUntil(lambda: bar._cancel.text() == "Stopping…")
    assert not bar._cancel.isEnabled()
    context.on_sync_status(Status(phase=Phase.IDLE, stopped=RoundReport(sent=2, received=40)))
    qtbot.waitUntil(lambda: frame.notices.notice is not None)
    told = frame.notices.notice
    assert told is not None
    assert str(told.text).startswith("Sync stopped: 2 sent, 40 received.")
    assert not bar._job.isVisible()


def test_who_works_on_a_copied_profile_is_told_so_once_and_can_sign_in(frame: Frame, qtbot: QtBot) -> None:
    status = Status(phase=Phase.IDLE, last_report=RoundReport(begun_anew=COPIED))
    frame.context.on_sync_status(status)
    qtbot.waitUntil(lambda: frame.notices.notice is not None)
    told = frame.notices.notice
    assert told is not None
    assert str(told.text).startswith("This laptop's data is a copy or an older state. Nothing is lost;")
    assert told.act is not None
    with qtbot.waitSignal(frame.sign_in_wanted):
        told.act()
    frame.notices.dismiss()
    frame.context.on_sync_status(replace(status, next_try_ms=1))
    QApplication.processEvents()
    assert frame.notices.notice is None
    frame.context.on_sync_status(Status(phase=Phase.IDLE, last_report=RoundReport(begun_anew=HQ_WENT_BACK)))
    qtbot.waitUntil(lambda: frame.notices.notice is not None)
    assert "restored from a backup" in str(frame.notices.notice.text)


def test_dates_are_written_anew_when_the_language_is_switched(frame: Frame, qtbot: QtBot) -> None:
    known = replace(frame._standing.sync, enrolled=True, last_ok_ms=1_700_000_000_000)
    frame._show_standing(replace(frame._standing, sync=known))
    assert "14 Nov 2023" in frame.status._age.text()
    translator().use("zh_CN")
    qtbot.waitUntil(lambda: "2023年11月" in frame.status._age.text(), timeout=8000)


def test_everything_is_said_anew_when_the_language_is_switched(frame: Frame, qtbot: QtBot) -> None:
    translator().use("zh_CN")
    qtbot.waitUntil(lambda: frame.rail._items["customers"].text() == "客户")
    assert frame.top.new.text() == "新建"
    assert frame.status.badge.text() == "未连接总部"
    assert frame.top.search.placeholderText() == "搜索客户、商机、操作"


def test_the_rail_shows_icons_alone_where_there_is_little_room(frame: Frame, look: QApplication) -> None:
    assert not frame.rail.collapsed
    theme().apply(look, "light", 2.0)
    QApplication.processEvents()
    assert frame.rail.collapsed
    assert frame.rail._items["home"].accessibleName() == "Home"


def test_nothing_lies_over_anything_else_where_text_is_large_and_the_window_small(
    frame: Frame, look: QApplication, qtbot: QtBot
) -> None:
    frame.go(Place(page="customers"))
    frame.window().resize(1024, 700)
    theme().apply(look, "light", 2.0)
    page = frame.page
    assert isinstance(page, CustomersPage)
    qtbot.waitUntil(lambda: frame.width() == 1024 and page.import_button.text() == "", timeout=WAIT_MS)
    QApplication.processEvents()
    for row in (frame.top, page._header, page.list.bar):
        shown = [child for child in row.children() if isinstance(child, QWidget) and child.isVisible()]
        for left, right in pairwise(sorted(shown, key=lambda child: child.x())):
            assert left.geometry().right() < right.x(), (left, right)
    assert page.mend_button.accessibleName() == page.mend_button.toolTip() == "Mend"
    rail = frame.rail
    assert rail._area.verticalScrollBar().maximum() > 0
    assert min(item.height() for item in rail._items.values() if item.isVisible()) >= theme().px(26)
    frame.go(Place(page="settings"))
    item = rail._items["settings"]
    assert rail._area.viewport().rect().contains(item.mapTo(rail._area.viewport(), item.rect().center()))


def test_the_side_bar_is_folded_by_key_and_stays_so(frame: Frame, qtbot: QtBot) -> None:
    qtbot.keyClick(frame, Qt.Key.Key_B, CTRL)
    assert frame.rail.collapsed
    assert frame.context.app.settings.get(LAST_VIEW) == "home"
    qtbot.keyClick(frame, Qt.Key.Key_B, CTRL)
    assert not frame.rail.collapsed


def test_the_sheet_of_shortcuts_is_made_from_the_actions(frame: Frame, qtbot: QtBot) -> None:
    sheet = ShortcutSheet(frame.actions_of_program.specs())
    qtbot.addWidget(sheet)
    words = {label.text() for label in sheet.findChildren(Label)}
    assert {"Search", "Ctrl+K", "Quick log", "Ctrl+L", "Customers", "Ctrl+2"} <= words


def test_a_role_without_rights_sees_no_pages_of_records_and_makes_none(frame: Frame) -> None:
    from crm_desktop.ui.shell.allowed import Allowed
    from crm_desktop.ui.shell.standing import Standing

    nothing = Allowed(readable=frozenset(), creatable=(), new_on_page=frozenset())
    frame._show_standing(Standing(sync=frame._standing.sync, counts={}, allowed=nothing))
    shown = [key for key, item in frame.rail._items.items() if not item.isHidden()]
    assert shown == ["home", "sync", "settings"]
    assert not frame.top.new.isEnabled()
    assert not frame.top.log.isEnabled()


def test_the_bar_says_until_when_one_may_work_without_hq_and_goes_once_hq_was_heard_of(frame: Frame) -> None:
    known, now = frame._standing, frame.context.replica.clock.now_ms()

    def stand(works_until_ms: int | None, read_only: Message | None = None) -> Notice | None:
        sync = replace(known.sync, works_until_ms=works_until_ms, read_only=read_only)
        frame._show_standing(replace(known, sync=sync))
        return frame.notices.notice

    assert stand(now + 4 * 86_400_000) is None
    soon = stand(now + 2 * 86_400_000)
    assert soon is not None
    assert (soon.kind, soon.text.text[:11]) == ("warn", "Sync before")
    frame.notices.dismiss()
    assert stand(now + 2 * 86_400_000) is None  # said once
    over = stand(now, message("HQ was last heard of long ago"))
    assert over is not None
    assert (over.kind, over.action) == ("bad", message("Sync now"))
    assert stand(now + 30 * 86_400_000) is None


def test_what_is_due_is_counted_anew_after_a_change(frame: Frame, qtbot: QtBot) -> None:
    replica = frame.context.replica
    ticket = next(
        row
        for row in records.page(replica, ListQuery(entity="ticket", limit=50)).rows
        if row["subject"] == "Wrong seal in spare kit"
    )
    with qtbot.waitSignal(frame._watch.changed, timeout=8000):
        records.update(replica, "ticket", ticket.id, {"status": "solved"})
    assert frame.rail._items["tickets"].count == 1
    assert frame.status.badge.status.state is SyncState.NOT_CONNECTED
