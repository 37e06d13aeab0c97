"""The Sync centre with a real HQ behind it: conflicts, discarding, pausing, and somebody who types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.services import records, returned_edits, syncing, waiting
from crm_desktop.settings import SYNC_ON_METERED
from crm_desktop.sync import outbox
from crm_desktop.sync.runner import Phase
from crm_desktop.ui.context import Context, Notice, Place
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.main_window import MainWindow
from crm_desktop.ui.pages.customers import CustomersPage
from crm_desktop.ui.pages.settings import SettingsPage
from crm_desktop.ui.pages.sync_centre import SyncCentrePage
from crm_desktop.ui.shell.frame import Frame
from crm_desktop.ui.shell.metered import MeteredRule
from crm_desktop.ui.shell.standing import standing
from crm_desktop.ui.sync_centre.outbox import OutboxRow
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.translate import show, translator
from tests.support.server import RunningServer, running_server
from tests.support.windows import show_active

WAIT = 20_000
LATER = "HQ cannot be asked now. The next sync compares."


@pytest.fixture(scope="module")
def hq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("office")) as server:
        for name in ("lin", "maya"):
            server.add_user(name, "admin")
        yield server


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_PASSPHRASE", "test passphrase")


def enrolled(hq: RunningServer, folder: Path, user: str) -> App:
    app = assembly.new_profile(folder)
    app.enrol(hq.url, user, user, folder.name)
    app.sync_now()
    return app


@pytest.fixture
def lin(hq: RunningServer, tmp_path: Path) -> Iterator[App]:
    app = enrolled(hq, tmp_path / "lin", "lin")
    yield app
    app.close()


@pytest.fixture
def maya(hq: RunningServer, tmp_path: Path) -> Iterator[App]:
    app = enrolled(hq, tmp_path / "maya", "maya")
    yield app
    app.close()


@pytest.fixture
def frame(lin: App, look: QApplication, qtbot: QtBot) -> Iterator[Frame]:
    """Give lin's program; nothing syncs by itself until a test says so."""
    tasks = Tasks()
    context = Context(lin, tasks)
    made = Frame(context, standing(lin.replica), sample=False)
    window = MainWindow()
    qtbot.addWidget(window)
    window.show_screen(made)
    show_active(qtbot, window)
    yield made
    if lin.runner is not None:
        lin.runner.stop(last_round=False)
    tasks.close()


def opened(frame: Frame, qtbot: QtBot, tab: str) -> SyncCentrePage:
    frame.go(Place(page="sync", options={"tab": tab}))
    page = frame.page
    assert isinstance(page, SyncCentrePage)
    qtbot.waitUntil(lambda: page._facts is not None, timeout=WAIT)
    return page


def known_to_both(lin: App, maya: App, **values: object) -> str:
    given = {"name": "纸鹤食品（示例）", "phone": "111 111", **values}
    made = records.create(lin.replica, "customer", given).value.id  # type: ignore[arg-type]
    lin.sync_now()
    maya.sync_now()
    return made


def test_a_conflict_says_who_when_and_what_was_joined_and_is_settled_by_keys(
    frame: Frame, lin: App, maya: App, qtbot: QtBot
) -> None:
    customer = known_to_both(lin, maya, tags=["marine"])
    records.update(lin.replica, "customer", customer, {"phone": "222 222", "industry": "food"})
    records.change_tags(lin.replica, "customer", customer, add=["spares"])
    qtbot.wait(20)
    records.update(maya.replica, "customer", customer, {"phone": "333 333", "website": "https://x.example"})
    records.change_tags(maya.replica, "customer", customer, add=["asia"])
    maya.sync_now()
    lin.sync_now()
    page = opened(frame, qtbot, "conflicts")
    qtbot.waitUntil(lambda: bool(page.conflicts._rows), timeout=WAIT)
    (row,) = page.conflicts._rows
    assert row.mine.line.text().startswith("You, here, ")
    assert row.theirs.line.text().startswith("maya, at HQ, ")
    assert row.before.text().endswith("both sides")
    joined = {line.accessibleName() for line in page.conflicts.joined.lines}
    assert joined == {
        "Industry, food, yours",
        "Web site, https://x.example, from HQ",
        "Tags, asia, marine, spares, yours and HQ",
    }
    qtbot.keyClick(row, Qt.Key.Key_1)
    qtbot.keyClick(row, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not returned_edits.returned(lin.replica), timeout=WAIT)
    lin.sync_now()
    maya.sync_now()
    assert records.get(maya.replica, "customer", customer)["phone"] == "222 222"
    assert any(entry.new == "333 333" for entry in records.history(lin.replica, "customer", customer))


def test_an_edit_is_discarded_by_key_undone_and_sent_by_key(
    frame: Frame, lin: App, maya: App, qtbot: QtBot
) -> None:
    customer = known_to_both(lin, maya)
    records.update(lin.replica, "customer", customer, {"phone": "222 222"})
    page = opened(frame, qtbot, "outbox")
    qtbot.waitUntil(lambda: len(page.outbox.rows) == 1, timeout=WAIT)
    row = page.outbox.rows[0]
    row.setFocus()
    qtbot.keyClick(row, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: waiting.waiting(lin.replica).count == 0, timeout=WAIT)
    assert records.get(lin.replica, "customer", customer)["phone"] == "111 111"
    qtbot.waitUntil(lambda: not page.outbox.rows, timeout=WAIT)
    told = frame.notices.notice
    assert told is not None
    assert str(told.text) == "Discarded: 纸鹤食品（示例）"
    frame.notices.bar.action.setFocus()
    qtbot.keyClick(frame.notices.bar.action, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(page.outbox.rows) == 1, timeout=WAIT)
    lin.start_syncing(frame.context.on_sync_status)
    page.outbox.send.setFocus()
    qtbot.keyClick(page.outbox.send, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not page.outbox.rows, timeout=WAIT)
    maya.sync_now()
    assert records.get(maya.replica, "customer", customer)["phone"] == "222 222"


def test_what_hq_may_have_is_not_discarded_and_that_is_said(
    frame: Frame, lin: App, hq: RunningServer, qtbot: QtBot
) -> None:
    records.create(lin.replica, "customer", {"name": "青柠电子（示例）"})
    with lin.replica.applying() as session:  # the request is on its way
        outbox.mark_sent(session, outbox.next_batch(session, 64 * 1024)[-1].ops[-1].no)
    page = opened(frame, qtbot, "outbox")
    qtbot.waitUntil(lambda: len(page.outbox.rows) == 1, timeout=WAIT)
    row = page.outbox.rows[0]
    assert isinstance(row, OutboxRow)
    assert row.line.text().endswith("sent, no answer yet")
    qtbot.keyClick(row, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: frame.notices.notice is not None, timeout=WAIT)
    told = frame.notices.notice
    assert told is not None
    assert told.kind == "bad"
    assert "HQ has not answered yet" in str(told.text)
    assert waiting.waiting(lin.replica).count == 1


def test_offline_says_why_in_the_language_on_screen_and_tries_again_by_key(
    frame: Frame, lin: App, tmp_path: Path, qtbot: QtBot
) -> None:
    with running_server(tmp_path) as own:
        own.add_user("ada", "admin")
        other = enrolled(own, tmp_path / "ada", "ada")
        other.close()
    moved = assembly.open_profile(tmp_path / "ada")
    tasks = Tasks()
    offline = Frame(Context(moved, tasks), standing(moved.replica), sample=False)
    window = MainWindow()
    qtbot.addWidget(window)
    window.show_screen(offline)
    window.show()
    try:
        page = opened(offline, qtbot, "network")
        moved.start_syncing(offline.context.on_sync_status)
        qtbot.waitUntil(lambda: offline.context.sync_status.phase is Phase.OFFLINE, timeout=WAIT)
        problem = page.network._troubles["problem"]
        qtbot.waitUntil(lambda: "cannot be reached" in problem.value.text(), timeout=WAIT)
        qtbot.waitUntil(lambda: page.now.text() == "Try now", timeout=WAIT)
        qtbot.keyClick(page.network.test, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: "cannot be reached" in page.network._answer.text(), timeout=WAIT)
        translator().use("zh_CN")
        qtbot.waitUntil(lambda: problem.value.text().startswith("无法连接总部"), timeout=WAIT)
        assert page.network._answer.text().startswith("无法连接总部")
        page.tabs.setCurrentIndex(4)
        qtbot.waitUntil(
            lambda: any("无法连接总部" in row.accessibleName() for row in page.history.rows), timeout=WAIT
        )
        page.history.rows[0].setFocus()
        qtbot.keyClick(page.history.rows[0], Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        copied = QApplication.clipboard().text()
        assert "无法连接总部" in copied
        assert "cannot be reached" in copied
    finally:
        assert moved.runner is not None
        moved.runner.stop(last_round=False)
        tasks.close()
        moved.close()


def test_the_connection_is_tested_and_said_to_be_good(frame: Frame, qtbot: QtBot) -> None:
    page = opened(frame, qtbot, "network")
    page.network.test.setFocus()
    qtbot.keyClick(page.network.test, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.network._answer.text().startswith("HQ answers: "), timeout=WAIT)
    page.network.copy.setFocus()
    qtbot.keyClick(page.network.copy, Qt.Key.Key_Space)
    copied = QApplication.clipboard().text()
    assert "hq: http://127.0.0.1" in copied
    assert "secret" not in copied


def test_a_pause_is_chosen_by_key_said_and_lifted(frame: Frame, lin: App, qtbot: QtBot) -> None:
    page = opened(frame, qtbot, "overview")
    lin.start_syncing(frame.context.on_sync_status)
    qtbot.waitUntil(lambda: frame.context.sync_status.phase is Phase.IDLE, timeout=WAIT)
    page._fill_pause_menu()
    tomorrow = page._pause_menu.actions()[1]
    assert tomorrow.text() == "Until tomorrow"
    tomorrow.trigger()
    qtbot.waitUntil(lambda: frame.status.badge.text() == "Sync paused", timeout=WAIT)

    qtbot.waitUntil(lambda: "Tomorrow 07:00" in page.overview._state["next"].value.text(), timeout=WAIT)
    assert page.now.text() == "Resume sync"
    qtbot.keyClick(page.now, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: frame.status.badge.text().startswith("Up to date"), timeout=WAIT)


class MeteredNetwork(QObject):
    """A network the test makes dear or free."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.metered = False

    def is_metered(self) -> bool:
        return self.metered

    def turn(self, metered: bool) -> None:
        self.metered = metered
        self.changed.emit()


def test_sync_rests_on_a_metered_network_unless_the_person_says_otherwise(
    frame: Frame, lin: App, qtbot: QtBot
) -> None:
    network = MeteredNetwork()
    rule = MeteredRule(frame.context, network, frame)
    page = opened(frame, qtbot, "overview")
    lin.start_syncing(frame.context.on_sync_status)
    qtbot.waitUntil(lambda: frame.context.sync_status.phase is Phase.IDLE, timeout=WAIT)
    network.turn(True)
    badge = frame.status.badge
    qtbot.waitUntil(lambda: badge.text() == "Sync paused (metered network)", timeout=WAIT)
    network.turn(False)
    qtbot.waitUntil(lambda: badge.text().startswith("Up to date"), timeout=WAIT)
    network.turn(True)
    qtbot.waitUntil(lambda: badge.text() == "Sync paused (metered network)", timeout=WAIT)
    page._fill_pause_menu()
    page._pause_menu.actions()[-1].trigger()
    qtbot.waitUntil(lambda: badge.text().startswith("Up to date"), timeout=WAIT)
    assert lin.settings.get(SYNC_ON_METERED) is True
    rule.deleteLater()


def test_typing_goes_on_while_a_page_of_hqs_lands_on_the_same_record(
    frame: Frame, lin: App, maya: App, qtbot: QtBot
) -> None:
    customer = known_to_both(lin, maya, industry="food")
    lin.start_syncing(frame.context.on_sync_status)
    qtbot.waitUntil(lambda: frame.context.sync_status.phase is Phase.IDLE, timeout=WAIT)
    frame.go(Place(page="customers", record_id=customer))
    page = frame.page
    assert isinstance(page, CustomersPage)
    qtbot.waitUntil(lambda: page.view is not None and page.view.isVisible(), timeout=WAIT)
    qtbot.waitUntil(lambda: page.view._overview is not None, timeout=WAIT)
    page.view.facts.edit()
    (form,) = page.view.findChildren(RecordForm)
    qtbot.waitUntil(lambda: "phone" in form.grid.fields, timeout=WAIT)
    editor = form.grid.fields["phone"].editor
    website = form.grid.fields["website"].editor
    assert isinstance(editor, QLineEdit)
    assert isinstance(website, QLineEdit)
    editor.setFocus()
    editor.selectAll()
    qtbot.keyClicks(editor, "222 2")
    records.update(maya.replica, "customer", customer, {"phone": "333 333", "website": "https://x.example"})
    maya.sync_now()
    assert lin.runner is not None
    lin.runner.sync_now()
    qtbot.keyClicks(editor, "2")
    qtbot.waitUntil(lambda: website.text() == "https://x.example", timeout=WAIT)
    qtbot.keyClicks(editor, "2")
    assert editor.text() == "222 222"
    assert frame.window().focusWidget() is editor
    qtbot.waitUntil(
        lambda: form._note.bar.label.text().startswith("HQ changed Phone while you"), timeout=WAIT
    )
    show_active(qtbot, frame.window())  # shortcuts are heard in an active window only
    qtbot.keyClick(editor, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(
        lambda: records.get(lin.replica, "customer", customer)["phone"] == "222 222", timeout=WAIT
    )
    qtbot.waitUntil(lambda: waiting.waiting(lin.replica).count == 0, timeout=WAIT)
    maya.sync_now()
    assert records.get(maya.replica, "customer", customer)["phone"] == "222 222"
    assert returned_edits.returned(lin.replica) == ()


def test_what_hq_sent_can_be_taken_in_place_of_what_was_typed(
    frame: Frame, lin: App, maya: App, qtbot: QtBot
) -> None:
    customer = known_to_both(lin, maya)
    frame.go(Place(page="customers", record_id=customer))
    page = frame.page
    assert isinstance(page, CustomersPage)
    qtbot.waitUntil(lambda: page.view._overview is not None, timeout=WAIT)
    page.view.facts.edit()
    (form,) = page.view.findChildren(RecordForm)
    qtbot.waitUntil(lambda: "phone" in form.grid.fields, timeout=WAIT)
    editor = form.grid.fields["phone"].editor
    assert isinstance(editor, QLineEdit)
    editor.setFocus()
    qtbot.keyClicks(editor, "9")
    records.update(maya.replica, "customer", customer, {"phone": "333 333"})
    maya.sync_now()
    lin.sync_now()
    qtbot.waitUntil(lambda: form._note.bar.label.text().startswith("HQ changed Phone"), timeout=WAIT)
    form._note.bar.action.setFocus()
    qtbot.keyClick(form._note.bar.action, Qt.Key.Key_Space)
    assert editor.text() == "333 333"
    assert not form.dirty


def test_comparing_with_hq_mends_what_was_damaged_and_says_so(
    frame: Frame, lin: App, maya: App, qtbot: QtBot
) -> None:
    customer = known_to_both(lin, maya)
    with lin.replica.applying() as session:
        session.connection().exec_driver_sql("UPDATE customer SET phone = '0' WHERE id = ?", (customer,))
    notices: list[Notice] = []
    frame.context.notice.connect(notices.append)
    frame.go(Place(page="settings"))
    page = frame.page
    assert isinstance(page, SettingsPage)
    qtbot.waitUntil(page.compare.isVisible, timeout=WAIT)
    page.compare.click()
    qtbot.waitUntil(lambda: [show(each.text) for each in notices] == [LATER], timeout=WAIT)
    lin.start_syncing(frame.context.on_sync_status)
    qtbot.waitUntil(lambda: frame.context.sync_status.phase is Phase.IDLE, timeout=WAIT)
    assert records.get(lin.replica, "customer", customer)["phone"] == "111 111"
    assert [event.detail for event in syncing.events(lin.replica) if event.kind == "compared"] == [
        {"repaired": 1, "differing": 0}
    ]
    page.compare.click()
    qtbot.waitUntil(lambda: len(notices) == 2, timeout=WAIT)
    assert show(notices[1].text) == "Compared with HQ: the same on both sides"
    assert page.compare.isEnabled()


def test_files_there_and_back_do_what_a_round_does_and_say_what_to_do_next(
    hq: RunningServer, frame: Frame, lin: App, qtbot: QtBot, tmp_path: Path
) -> None:
    made = records.create(lin.replica, "customer", {"name": "纸鹤食品（示例）"}).value.id
    page = opened(frame, qtbot, "overview")
    assert page.by_file.isVisible()
    dialog = page.open_by_file()
    there, back = tmp_path / "lin.satchel", tmp_path / "answer.satchel"
    dialog.write_to(there)
    qtbot.waitUntil(dialog.outcome.isVisible, timeout=WAIT)
    assert dialog.outcome.text() == (
        "1 record is in lin.satchel. Hand this file to HQ; bring back the answer."
    )
    with hq.headquarters() as headquarters:
        assert headquarters.by_file.answer(there, back).operations == 1
        assert headquarters.records.get("customer", made)["name"] == "纸鹤食品（示例）"
    dialog.read_from(there)
    qtbot.waitUntil(lambda: "is for HQ" in dialog.outcome.text(), timeout=WAIT)
    assert syncing.status(lin.replica).waiting_records == 1
    dialog.read_from(back)
    qtbot.waitUntil(lambda: dialog.outcome.text().startswith("Read: 1 changes"), timeout=WAIT)
    assert "up to date" in dialog.outcome.text()
    assert syncing.status(lin.replica).waiting_records == 0
    assert dialog.write.isEnabled()
    dialog.reject()


def test_a_job_with_a_file_shows_how_far_it_is_and_is_stopped_without_loss(
    frame: Frame, lin: App, qtbot: QtBot, tmp_path: Path
) -> None:
    records.create(lin.replica, "customer", {"name": "纸鹤食品（示例）"})
    dialog = opened(frame, qtbot, "overview").open_by_file()
    lin._line.acquire()  # a round that ends only later
    dialog.write_to(tmp_path / "lin.satchel")
    assert dialog.progress.isVisible()
    assert not dialog.write.isEnabled()
    assert not dialog.read.isEnabled()
    dialog.progress.action.click()
    lin._line.release()
    qtbot.waitUntil(dialog.outcome.isVisible, timeout=WAIT)
    assert dialog.outcome.text() == "Stopped; no file was written"
    assert not (tmp_path / "lin.satchel").exists()
    assert [record.sent for record in waiting.waiting(lin.replica).records] == [False]
    dialog.reject()
