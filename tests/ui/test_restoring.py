"""Going back to a copy from the window: where nothing opens any more, from Settings, and with a real HQ."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop import assembly
from crm_desktop.app import Desktop
from crm_desktop.assembly import App
from crm_desktop.models import backup, state
from crm_desktop.models.engine import connect
from crm_desktop.models.query import ListQuery
from crm_desktop.models.state import Key
from crm_desktop.platform.paths import Profile
from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE, PassphraseFile, replica_key
from crm_desktop.services import records, sample, syncing
from crm_desktop.ui.context import Place
from crm_desktop.ui.first_run.restore import RestoreScreen
from crm_desktop.ui.first_run.stopped import StoppedScreen
from crm_desktop.ui.first_run.unlock import UnlockScreen
from crm_desktop.ui.settings.restore_copy import RestoreCopy
from crm_desktop.ui.shell.frame import Frame
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.buttons import Kind
from tests.support.server import running_server
from tests.support.stage import close_window

LONG = 20_000
PASSPHRASE = "a long passphrase"
PAGE = 4096


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    made = Profile(tmp_path / "profile")
    made.make()
    return made


@pytest.fixture
def _passphrase_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)


@pytest.fixture
def desktops(look: QApplication, qtbot: QtBot, profile: Profile) -> Iterator[list[Desktop]]:
    """Give a list to which `_started` adds; every window is closed at the end."""
    started: list[Desktop] = []
    yield started
    for desktop in started:
        close_window(desktop)


def _started(look: QApplication, qtbot: QtBot, profile: Profile, desktops: list[Desktop]) -> Desktop:
    desktop = Desktop(look, profile)
    desktops.append(desktop)
    qtbot.addWidget(desktop.window)
    desktop.start()
    return desktop


def _frame(desktop: Desktop, qtbot: QtBot) -> Frame:
    qtbot.waitUntil(lambda: isinstance(desktop.window.screen_shown, Frame), timeout=LONG)
    frame = desktop.window.screen_shown
    assert isinstance(frame, Frame)
    return frame


def _restore_screen(desktop: Desktop, qtbot: QtBot) -> RestoreScreen:
    qtbot.waitUntil(lambda: isinstance(desktop.window.screen_shown, RestoreScreen), timeout=LONG)
    screen = desktop.window.screen_shown
    assert isinstance(screen, RestoreScreen)
    return screen


def _dialog(desktop: Desktop, qtbot: QtBot) -> RestoreCopy:
    qtbot.waitUntil(lambda: bool(desktop.window.findChildren(RestoreCopy)), timeout=LONG)
    (dialog,) = desktop.window.findChildren(RestoreCopy)
    return dialog


def _local(profile: Profile) -> App:
    app = assembly.new_profile(profile.root)
    sample.prepare_local(app.replica, "en")
    return app


def _add(app: App, name: str) -> str:
    return str(records.create(app.replica, "customer", {"name": name}).value.id)


def _names(app: App) -> set[str]:
    found = records.page(app.replica, ListQuery(entity="customer", limit=1000))
    return {str(row["name"]) for row in found.rows}


def _copied(app: App, moment: str) -> Path:
    """Make a copy and give it the name of one made at a moment of 2026."""
    made = app.replica.back_up_now()
    return made.rename(made.with_name(f"replica-2026{moment}-asked.db"))


def _spoil(file: Path, first: int = 0) -> None:
    """Overwrite the pages of a database, from the page `first` on."""
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(first * PAGE)
        opened.write(os.urandom(size - first * PAGE))


def _spoil_table(profile: Profile, table: str) -> None:
    """Overwrite the page a table begins at; the others stay readable."""
    connection = connect(profile.database, _key(profile))
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    connection.close()
    with profile.database.open("r+b") as opened:
        opened.seek((page - 1) * PAGE)
        opened.write(os.urandom(PAGE))


def _key(profile: Profile) -> bytes:
    return replica_key(PassphraseFile(profile.key_file, lambda _new: PASSPHRASE))


def _held(file: Path, key: bytes) -> set[str]:
    connection = connect(file, key)
    try:
        return {name for (name,) in connection.execute("SELECT name FROM customer")}
    finally:
        connection.close()


@pytest.mark.usefixtures("_passphrase_known")
@pytest.mark.parametrize("first", [0, 2])
def test_a_damaged_profile_goes_back_to_the_newest_copy_that_is_whole(
    look: QApplication, qtbot: QtBot, profile: Profile, desktops: list[Desktop], first: int
) -> None:
    app = _local(profile)
    _add(app, "Oldest")
    _copied(app, "0101T080000")
    _add(app, "Newer")
    newest = _copied(app, "0301T080000")
    app.close()
    _spoil(profile.database, first)
    _spoil(newest)
    profile.running_file.touch()
    desktop = _started(look, qtbot, profile, desktops)
    screen = _restore_screen(desktop, qtbot)
    assert screen.restore.kind is Kind.PRIMARY
    assert len(screen.choice.cards) == 2
    assert screen.choice.chosen is not None
    assert screen.choice.chosen.file == newest
    qtbot.keyClick(screen, Qt.Key.Key_Return)
    assert not screen.restore.isEnabled()
    assert screen.progress.isVisible()
    qtbot.waitUntil(screen.restore.isEnabled, timeout=LONG)
    damaged = screen.choice.cards[0].radio
    assert (damaged.accessibleDescription(), damaged.isEnabled()) == ("This backup is damaged", False)
    assert screen.choice.cards[1].radio.isChecked()
    screen.restore.click()
    frame = _frame(desktop, qtbot)
    assert _names(frame.context.app) == {"Oldest"}
    assert frame.notices.notice is not None
    told = show(frame.notices.notice.text)
    (aside,) = profile.root.glob("replica-*-replaced.db")
    assert str(aside) in told
    assert not desktop._check_due


def test_a_damaged_profile_behind_a_passphrase_is_not_taken_for_a_wrong_one(
    look: QApplication,
    qtbot: QtBot,
    profile: Profile,
    desktops: list[Desktop],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as known:
        known.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
        app = _local(profile)
        _add(app, "Kept")
        _copied(app, "0101T080000")
        app.close()
    _spoil(profile.database)
    desktop = _started(look, qtbot, profile, desktops)
    qtbot.waitUntil(lambda: isinstance(desktop.window.screen_shown, UnlockScreen), timeout=LONG)
    unlock = desktop.window.screen_shown
    assert isinstance(unlock, UnlockScreen)
    qtbot.keyClicks(unlock.line, PASSPHRASE)
    unlock.open.click()
    _restore_screen(desktop, qtbot).restore.click()
    assert _names(_frame(desktop, qtbot).context.app) == {"Kept"}
    logged = "".join(file.read_text(encoding="utf-8") for file in profile.logs.glob("*.log"))
    assert PASSPHRASE not in logged


@pytest.mark.usefixtures("_passphrase_known")
def test_a_damaged_profile_without_a_copy_says_where_its_data_are(
    look: QApplication, qtbot: QtBot, profile: Profile, desktops: list[Desktop]
) -> None:
    _local(profile).close()
    _spoil(profile.database)
    desktop = _started(look, qtbot, profile, desktops)
    qtbot.waitUntil(lambda: isinstance(desktop.window.screen_shown, StoppedScreen), timeout=LONG)
    screen = desktop.window.screen_shown
    assert isinstance(screen, StoppedScreen)
    assert "there is no copy on this laptop" in screen.state.explanation.text()


@pytest.mark.usefixtures("_passphrase_known")
def test_a_profile_whose_database_is_gone_is_not_taken_for_a_new_one(
    look: QApplication, qtbot: QtBot, profile: Profile, desktops: list[Desktop]
) -> None:
    app = _local(profile)
    _add(app, "Kept")
    _copied(app, "0101T080000")
    app.close()
    profile.database.unlink()
    desktop = _started(look, qtbot, profile, desktops)
    _restore_screen(desktop, qtbot).restore.click()
    frame = _frame(desktop, qtbot)
    assert _names(frame.context.app) == {"Kept"}


def test_an_open_profile_goes_back_and_what_was_there_is_put_aside(
    look: QApplication,
    qtbot: QtBot,
    profile: Profile,
    desktops: list[Desktop],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as known:
        known.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
        app = _local(profile)
        _add(app, "Before")
        _copied(app, "0101T080000")
        _add(app, "After")
        app.close()
    desktop = _started(look, qtbot, profile, desktops)
    qtbot.waitUntil(lambda: isinstance(desktop.window.screen_shown, UnlockScreen), timeout=LONG)
    unlock = desktop.window.screen_shown
    assert isinstance(unlock, UnlockScreen)
    qtbot.keyClicks(unlock.line, PASSPHRASE)
    unlock.open.click()
    frame = _frame(desktop, qtbot)
    before = frame.context.app
    frame.go(Place(page="settings"))
    assert frame.page is not None
    frame.page.restore.click()  # type: ignore[attr-defined]
    dialog = _dialog(desktop, qtbot)
    line = dialog.choice.cards[0].radio.accessibleDescription()
    assert "records with edits not sent would stay behind" in line
    dialog.restore.click()
    qtbot.waitUntil(
        lambda: isinstance(desktop.window.screen_shown, Frame) and desktop.app is not before, timeout=LONG
    )
    frame = _frame(desktop, qtbot)
    assert _names(frame.context.app) == {"Before"}
    (aside,) = profile.root.glob("replica-*-replaced.db")
    assert _held(aside, _key(profile)) == {"Before", "After"}


@pytest.mark.usefixtures("_passphrase_known")
def test_a_copy_that_cannot_be_restored_leaves_the_open_profile_as_it_was(
    look: QApplication,
    qtbot: QtBot,
    profile: Profile,
    desktops: list[Desktop],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = _local(profile)
    _copied(app, "0101T080000")
    _add(app, "After")
    app.close()
    desktop = _started(look, qtbot, profile, desktops)
    frame = _frame(desktop, qtbot)
    with monkeypatch.context() as full:
        full.setattr("crm_desktop.platform.disk.free_bytes", lambda _folder: 1000)
        frame.context.restore_wanted.emit()
        _dialog(desktop, qtbot).restore.click()
        screen = _restore_screen(desktop, qtbot)
        qtbot.waitUntil(screen.choice.error.isVisible, timeout=LONG)
        assert screen.choice.error.text().startswith("The disk is nearly full")
        assert screen.restore.isEnabled()
    assert not profile.running_file.exists()  # not taken for an unexpected end at the next start
    screen.again.click()
    assert _names(_frame(desktop, qtbot).context.app) == {"After"}


@pytest.mark.usefixtures("_passphrase_known")
def test_damage_found_after_an_unexpected_end_leads_to_the_copies_and_drives_none_out(
    look: QApplication, qtbot: QtBot, profile: Profile, desktops: list[Desktop]
) -> None:
    app = _local(profile)
    for number in range(200):
        _add(app, f"Customer {number} " + "x" * 200)
    app.replica.catch_up()
    copy = _copied(app, "0101T080000")
    app.close()
    _spoil(profile.database, profile.database.stat().st_size // PAGE - 3)
    profile.running_file.touch()
    desktop = _started(look, qtbot, profile, desktops)
    frame = _frame(desktop, qtbot)
    qtbot.waitUntil(lambda: frame.notices.notice is not None, timeout=LONG)
    notice = frame.notices.notice
    assert notice is not None
    assert show(notice.text) == "Satchel ended unexpectedly and the database is damaged."
    frame.notices.bar.action.click()
    dialog = _dialog(desktop, qtbot)
    assert dialog.choice.chosen is not None
    assert backup.backups(profile) == [copy]
    dialog.restore.click()
    qtbot.waitUntil(lambda: desktop.app is not None and desktop.app is not frame.context.app, timeout=LONG)
    assert _frame(desktop, qtbot).context.replica.integrity_check() == []


@pytest.mark.usefixtures("_passphrase_known")
def test_hq_brings_a_restored_laptop_up_to_date_and_gives_no_number_twice(
    look: QApplication, qtbot: QtBot, profile: Profile, desktops: list[Desktop], tmp_path: Path
) -> None:
    with running_server(tmp_path) as server:
        server.add_user("lin", "sales", "lin password")
        app = assembly.new_profile(profile.root)
        app.enrol(server.url, "lin", "lin password")
        app.sync_now()
        customer = _add(app, "Sent before")
        app.sync_now()
        waiting = _add(app, "Waiting in the copy")
        _copied(app, "0101T080000")
        first = _quote(app, customer)
        _add(app, "Sent after")
        records.update(app.replica, "customer", customer, {"industry": "paper"})
        app.sync_now()
        second = _quote(app, customer)
        _add(app, "Never sent")
        used = [_number(app, first), _number(app, second)]
        before = _identity(app)
        app.close()
        _spoil_table(profile, "sync_state")
        server.stop()
        desktop = _started(look, qtbot, profile, desktops)
        _restore_screen(desktop, qtbot).restore.click()
        frame = _frame(desktop, qtbot)
        app = frame.context.app
        assert _names(app) == {"Sent before", "Waiting in the copy"}
        third = _quote(app, customer)
        assert _number(app, third) is None  # the numbers of the copy may have been given out since
        server.start()
        assert app.runner is not None
        app.runner.sync_now()
        qtbot.waitUntil(lambda: _names(app) >= {"Sent after"}, timeout=LONG)
        qtbot.waitUntil(lambda: syncing.status(app.replica).waiting_operations == 0, timeout=LONG)
        qtbot.waitUntil(lambda: _number(app, third) is not None, timeout=LONG)
        assert _names(app) == {"Sent before", "Waiting in the copy", "Sent after"}
        assert syncing.status(app.replica).returned == 0
        assert _identity(app) == (before[0], before[1] + 1)
        with server.headquarters() as hq:
            there = {values["name"]: (record_id, values) for record_id, values in hq.records.all("customer")}
            assert there.keys() == _names(app)
            assert there["Sent before"][1]["industry"] == "paper"
            assert there["Waiting in the copy"][0] == waiting
            numbers = [values["number"] for _, values in hq.records.all("quote")]
        assert len(set(numbers)) == len(numbers) == 2
        assert _number(app, third) not in used
        (aside,) = profile.root.glob("replica-*-replaced.db")
        assert "Never sent" in _held(aside, _key(profile))
        assert server.command("check").status == 0


def _quote(app: App, customer: str) -> str:
    values = {"customer_id": customer, "currency": "CNY", "valid_until": "2031-12-31"}
    return str(records.create(app.replica, "quote", values).value.id)


def _number(app: App, quote: str) -> object:
    return records.get(app.replica, "quote", quote).get("number")


def _identity(app: App) -> tuple[int, int]:
    with app.replica.read() as session:
        return state.read(session, Key.DEVICE), state.read(session, Key.INCARNATION)
