"""From an empty laptop to work: sample data, nothing, or a real HQ; and the screens before the program."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QProgressBar
from pytestqt.qtbot import QtBot

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import message
from crm_desktop import assembly
from crm_desktop.app import Desktop
from crm_desktop.models.query import ListQuery
from crm_desktop.platform.paths import Profile
from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE
from crm_desktop.services import records, sample, syncing
from crm_desktop.settings import LANGUAGE
from crm_desktop.sync.report import Step as SyncStep
from crm_desktop.sync.runner import Phase, Status
from crm_desktop.ui.context import Context
from crm_desktop.ui.first_run.first_sync import FirstSyncStep
from crm_desktop.ui.first_run.remove_sample import RemoveSample
from crm_desktop.ui.first_run.sign_in_again import SignInAgain
from crm_desktop.ui.first_run.start import Start
from crm_desktop.ui.first_run.stopped import StoppedScreen, locked_screen
from crm_desktop.ui.first_run.unlock import UnlockScreen
from crm_desktop.ui.first_run.wizard import FirstRun
from crm_desktop.ui.shell.frame import Frame
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.sync_badge import SyncState
from sync_server.services import people
from sync_server.services.headquarters import open_headquarters
from sync_server.settings import read_settings
from tests.support.server import initialised, running_server
from tests.support.stage import close_window

LONG = 20_000
PASSPHRASE = "a long passphrase"


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    made = Profile(tmp_path / "profile")
    made.make()
    return made


@pytest.fixture
def desktop(look: QApplication, qtbot: QtBot, profile: Profile) -> Iterator[Desktop]:
    """Give a program just started on an empty laptop without a key store."""
    started = Desktop(look, profile)
    qtbot.addWidget(started.window)
    started.start()
    yield started
    close_window(started)


def _wizard(desktop: Desktop, qtbot: QtBot) -> FirstRun:
    qtbot.waitUntil(lambda: isinstance(desktop.window.screen_shown, FirstRun), timeout=LONG)
    wizard = desktop.window.screen_shown
    assert isinstance(wizard, FirstRun)
    return wizard


def _frame(desktop: Desktop, qtbot: QtBot) -> Frame:
    qtbot.waitUntil(lambda: isinstance(desktop.window.screen_shown, Frame), timeout=LONG)
    frame = desktop.window.screen_shown
    assert isinstance(frame, Frame)
    return frame


def _unlock(wizard: FirstRun, qtbot: QtBot) -> None:
    qtbot.waitUntil(wizard.unlock.first.isVisible, timeout=LONG)
    qtbot.keyClicks(wizard.unlock.first, PASSPHRASE)
    qtbot.keyClicks(wizard.unlock.second, PASSPHRASE)


def _names(wizard: FirstRun) -> list[str]:
    return [show(name) for _, name in wizard.steps()]


def test_sample_data_lead_to_work_and_can_be_removed_again(desktop: Desktop, qtbot: QtBot) -> None:
    wizard = _wizard(desktop, qtbot)
    assert _names(wizard) == ["Language", "Head office", "Sign in", "Unlock", "First sync"]
    assert not wizard.next.isEnabled()
    wizard.start.options[Start.SAMPLE].radio.click()
    assert _names(wizard) == ["Language", "How to start", "Unlock"]
    qtbot.keyClick(wizard, Qt.Key.Key_Return)
    _unlock(wizard, qtbot)
    qtbot.keyClick(wizard, Qt.Key.Key_Return)
    frame = _frame(desktop, qtbot)
    assert frame.top.sample.isVisible()
    app = desktop.app
    assert app is not None
    assert sample.holds_sample(app.replica)
    with pytest.raises(UserError, match="sample data"):
        app.enrol("https://hq.example", "demo", "demo")
    frame.connect_wanted.emit()
    qtbot.waitUntil(lambda: bool(desktop.window.findChildren(RemoveSample)), timeout=LONG)
    desktop.window.findChildren(RemoveSample)[0].remove.click()
    qtbot.waitUntil(lambda: isinstance(desktop.window.screen_shown, FirstRun), timeout=LONG)
    assert not desktop.profile.database.exists()
    assert not desktop.profile.key_file.exists()


def test_a_passphrase_typed_differently_or_too_short_does_not_go_on(desktop: Desktop, qtbot: QtBot) -> None:
    wizard = _wizard(desktop, qtbot)
    wizard.start.options[Start.EMPTY].radio.click()
    wizard.next.click()
    qtbot.waitUntil(wizard.unlock.first.isVisible, timeout=LONG)
    qtbot.keyClicks(wizard.unlock.first, "short")
    qtbot.keyClicks(wizard.unlock.second, "short")
    assert not wizard.next.isEnabled()
    qtbot.keyClicks(wizard.unlock.first, " but longer")
    qtbot.keyClicks(wizard.unlock.second, " other")
    assert not wizard.next.isEnabled()
    assert show(wizard.unlock._second.error) == "The two are not the same"
    wizard.back.click()
    assert wizard.step is wizard.start


def test_an_empty_start_works_offline_and_opens_with_its_passphrase_again(
    desktop: Desktop, look: QApplication, qtbot: QtBot
) -> None:
    wizard = _wizard(desktop, qtbot)
    wizard.start.options[Start.EMPTY].radio.click()
    wizard.next.click()
    _unlock(wizard, qtbot)
    wizard.next.click()
    frame = _frame(desktop, qtbot)
    assert frame.status.badge.status.state is SyncState.NOT_CONNECTED
    assert not frame.top.sample.isVisible()
    close_window(desktop)
    again = Desktop(look, desktop.profile)
    qtbot.addWidget(again.window)
    again.start()
    qtbot.waitUntil(lambda: isinstance(again.window.screen_shown, UnlockScreen), timeout=LONG)
    screen = again.window.screen_shown
    assert isinstance(screen, UnlockScreen)
    qtbot.keyClicks(screen.line, "not that one")
    qtbot.keyClick(screen.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "does not fit" in show(screen._field.error), timeout=LONG)
    assert not screen.open.isEnabled()
    screen.line.clear()
    qtbot.keyClicks(screen.line, PASSPHRASE)
    qtbot.waitUntil(screen.open.isEnabled, timeout=LONG)
    qtbot.keyClick(screen.line, Qt.Key.Key_Return)
    _frame(again, qtbot)
    close_window(again)


def test_each_wrong_passphrase_makes_the_wait_longer(look: QApplication, qtbot: QtBot) -> None:
    screen = UnlockScreen()
    qtbot.addWidget(screen)
    waits = []
    for _ in range(8):
        screen.refuse(message("The passphrase does not fit this profile"))
        waits.append(screen._wait_s)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_laptop_is_made_known_to_a_real_hq_and_synced(
    desktop: Desktop, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_server(tmp_path) as server:
        server.add_user("lin", "sales", "lin password")
        wizard = _wizard(desktop, qtbot)
        qtbot.keyClicks(wizard.start.address, server.url)
        qtbot.waitUntil(wizard.next.isEnabled, timeout=LONG)
        wizard.next.click()
        qtbot.keyClicks(wizard.sign_in.user, "lin")
        qtbot.keyClicks(wizard.sign_in.password, "wrong")
        wizard.next.click()
        _unlock(wizard, qtbot)
        wizard.next.click()
        qtbot.waitUntil(lambda: bool(show(wizard.sign_in._password.error)), timeout=LONG)
        assert wizard.step is wizard.sign_in
        wizard.sign_in.password.clear()
        qtbot.keyClicks(wizard.sign_in.password, "lin password")
        wizard.next.click()
        if wizard.step is wizard.unlock:
            wizard.next.click()
        qtbot.waitUntil(lambda: wizard.step is wizard.sync, timeout=LONG)
        qtbot.waitUntil(wizard.next.isEnabled, timeout=LONG)
        assert isinstance(wizard.step, FirstSyncStep)
        wizard.next.click()
        frame = _frame(desktop, qtbot)
        qtbot.waitUntil(lambda: frame.status.badge.status.state is SyncState.UP_TO_DATE, timeout=LONG)
        assert {"home", "customers", "tickets"} <= {
            key for key, item in frame.rail._items.items() if not item.isHidden()
        }


def test_plain_http_to_another_machine_is_refused_with_a_reason(desktop: Desktop, qtbot: QtBot) -> None:
    wizard = _wizard(desktop, qtbot)
    qtbot.keyClicks(wizard.start.address, "http://hq.example")
    qtbot.waitUntil(lambda: "not encrypted" in show(wizard.start._address.error), timeout=LONG)
    assert not wizard.next.isEnabled()


def test_the_language_is_switched_at_once_and_kept(desktop: Desktop, qtbot: QtBot) -> None:
    wizard = _wizard(desktop, qtbot)
    wizard.start.language.choose("zh_CN")
    wizard.start.language.chosen.emit("zh_CN")
    qtbot.waitUntil(lambda: wizard.start.title.text() == "欢迎")
    assert wizard.next.text() == "下一步"
    assert desktop.settings.get(LANGUAGE) == "zh_CN"


def test_a_profile_that_cannot_be_opened_says_why_and_may_be_tried_again(
    look: QApplication, qtbot: QtBot, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    assembly.new_profile(profile.root).close()
    kept = profile.database.read_bytes()
    profile.database.write_bytes(b"damaged" * 4096)
    desktop = Desktop(look, profile)
    qtbot.addWidget(desktop.window)
    desktop.start()
    qtbot.waitUntil(lambda: isinstance(desktop.window.screen_shown, StoppedScreen), timeout=LONG)
    screen = desktop.window.screen_shown
    assert isinstance(screen, StoppedScreen)
    for beside in profile.root.glob("replica.db-*"):
        beside.unlink()
    profile.database.write_bytes(kept)
    screen.again.click()
    _wizard(desktop, qtbot)  # made, but neither connected nor prepared yet
    close_window(desktop)


@pytest.mark.parametrize(
    ("why", "says"), [("revoked", "off its list"), ("wipe", "erased"), ("disabled", "closed")]
)
def test_what_hq_did_to_this_laptop_is_said_plainly(
    look: QApplication, qtbot: QtBot, why: str, says: str
) -> None:
    screen = locked_screen(why, "/somewhere")
    qtbot.addWidget(screen)
    assert says in screen.state.line.text()
    assert screen.again.isHidden() == (why == "wipe")
    assert any("/somewhere" in label.text() for label in screen.findChildren(Label))


def test_an_empty_start_is_connected_later_and_locked_when_hq_takes_the_laptop_off_its_list(
    look: QApplication, qtbot: QtBot, profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    app = assembly.new_profile(profile.root)
    sample.prepare_local(app.replica, "en")
    records.create(app.replica, "customer", {"name": "Made before (demo)"})
    app.close()
    desktop = Desktop(look, profile)
    qtbot.addWidget(desktop.window)
    desktop.start()
    _frame(desktop, qtbot).connect_wanted.emit()
    wizard = _wizard(desktop, qtbot)
    assert _names(wizard) == ["Language", "Head office", "Sign in", "First sync"]
    wizard.back.click()
    frame = _frame(desktop, qtbot)
    assert frame.status.badge.status.state is SyncState.NOT_CONNECTED
    frame.connect_wanted.emit()
    wizard = _wizard(desktop, qtbot)
    with running_server(tmp_path) as server:
        server.add_user("lin", "sales", "lin password")
        qtbot.keyClicks(wizard.start.address, server.url)
        qtbot.waitUntil(wizard.next.isEnabled, timeout=LONG)
        wizard.next.click()
        qtbot.keyClicks(wizard.sign_in.user, "lin")
        qtbot.keyClicks(wizard.sign_in.password, "lin password")
        wizard.next.click()
        qtbot.waitUntil(lambda: wizard.step is wizard.sync and wizard.next.isEnabled(), timeout=LONG)
        wizard.next.click()
        frame = _frame(desktop, qtbot)
        qtbot.waitUntil(lambda: frame.status.badge.status.state is SyncState.UP_TO_DATE, timeout=LONG)
        replica = frame.context.replica
        assert syncing.status(replica).returned == 0
        device = syncing.status(replica).device
        revoked = server.command("devices", "revoke", str(device))
        assert revoked.status == 0, revoked.err
        qtbot.keyClick(frame, Qt.Key.Key_F9)
        qtbot.waitUntil(lambda: isinstance(desktop.window.screen_shown, StoppedScreen), timeout=LONG)
        screen = desktop.window.screen_shown
        assert isinstance(screen, StoppedScreen)
        assert screen.state.line.text() == "HQ has taken this laptop off its list"
    close_window(desktop)


def test_a_laptop_taken_off_the_list_says_so_whatever_still_reads_its_profile(
    look: QApplication, qtbot: QtBot, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    app = assembly.new_profile(profile.root)
    sample.prepare_local(app.replica, "en")
    app.close()
    desktop = Desktop(look, profile)
    qtbot.addWidget(desktop.window)
    desktop.start()
    frame = _frame(desktop, qtbot)
    replica, may_read = frame.context.replica, threading.Event()
    read: list[int] = []

    def work() -> int:
        may_read.wait(LONG / 1000)
        return records.count(replica, ListQuery(entity="customer"))

    desktop._tasks.read(desktop, work, read.append)
    frame.context.sync_changed.emit(Status(phase=Phase.REFUSED, refusal="revoked"))
    screen = desktop.window.screen_shown
    assert isinstance(screen, StoppedScreen)
    may_read.set()
    qtbot.waitUntil(lambda: desktop.app is None, timeout=LONG)
    assert read == [0]
    assert desktop.window.screen_shown is screen
    assert screen.state.line.text() == "HQ has taken this laptop off its list"
    close_window(desktop)


def told(step: FirstSyncStep, entity: str, done: int, total: int, part: int) -> int:
    """Let the step hear how far the sync is; return what its bar shows of a hundred."""
    now = SyncStep(phase="receiving", done=done, total=total, entity=str(SCHEMAS[entity].no), part=part)
    step._on_status(Status(phase=Phase.RUNNING, step=now))
    bar = step.findChildren(QProgressBar)[0]
    return 100 * bar.value() // bar.maximum() if bar.maximum() else 0


def test_the_bar_of_a_first_sync_only_grows_and_is_not_full_while_the_rest_comes(
    look: QApplication, qtbot: QtBot
) -> None:
    step = FirstSyncStep()
    qtbot.addWidget(step)
    steps = [
        ("customer", 0, 20_000, 3),
        ("deal", 0, 500, 3),
        ("activity", 0, 9_000, 3),
        ("role", 1, 5, 1),
        ("customer", 20, 20_000, 1),
        ("activity", 40, 9_000, 1),
        ("customer", 20, 20_000, 2),
        ("customer", 15_000, 20_000, 2),
        ("deal", 10, 500, 2),
        ("activity", 8_000, 9_000, 2),
    ]
    shown = [told(step, *each) for each in steps]
    assert shown == sorted(shown)
    assert shown[5] < 2  # own rows are here, of thirty thousand
    assert 45 < shown[7] < 55
    assert 95 < shown[-1] < 100


FILE_PASSPHRASE = "stick and passphrase apart"


@pytest.fixture(scope="module")
def enrolment_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file of a real HQ, which no laptop here ever reaches, that signs Lin in."""
    folder = tmp_path_factory.mktemp("hq")
    file = folder / "lin.satchel"
    with contextlib.closing(open_headquarters(read_settings(initialised(folder, want_bytes_max=2048)))) as hq:
        values = people.user_values(hq, {"role": "sales"})
        lin = people.add_user(hq, "lin", values, "lin password")["id"]
        for number in range(3):
            hq.records.create("customer", {"name": f"Paper Crane {number} (demo)", "owner_id": lin})
        for each in (file, file.with_name("new.satchel")):
            hq.by_file.enrol(lin, "Lin's laptop", FILE_PASSPHRASE, "", each)
    return file


def test_a_laptop_without_any_network_is_signed_in_by_a_file_and_works(
    desktop: Desktop, qtbot: QtBot, enrolment_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = enrolment_file
    wizard = _wizard(desktop, qtbot)
    wizard.start.options[Start.FILE].radio.click()
    assert _names(wizard) == ["Language", "File from HQ", "Unlock", "First sync"]
    fields = wizard.start.file
    fields.take(file.parent / "crm-server.toml")
    qtbot.waitUntil(lambda: "no file of Satchel" in show(fields._path.error), timeout=LONG)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    qtbot.mouseClick(fields.choose, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not show(fields._path.error), timeout=LONG)
    assert not wizard.next.isEnabled()
    qtbot.keyClicks(fields.passphrase, "not that one")
    assert wizard.next.isEnabled()
    qtbot.keyClick(wizard, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "does not open" in show(fields._passphrase.error), timeout=LONG)
    fields.passphrase.clear()
    qtbot.keyClicks(fields.passphrase, FILE_PASSPHRASE)
    wizard.next.click()
    qtbot.waitUntil(lambda: wizard.step is wizard.unlock, timeout=LONG)
    _unlock(wizard, qtbot)
    wizard.next.click()
    qtbot.waitUntil(lambda: wizard.step is wizard.sync and wizard.next.isEnabled(), timeout=LONG)
    assert wizard.sync.done
    assert not wizard.pause.isVisible()
    wizard.next.click()
    frame = _frame(desktop, qtbot)
    assert syncing.rows_here(frame.context.replica)["customer"] == 3
    assert syncing.status(frame.context.replica).user_name == "lin"
    assert records.create(frame.context.replica, "customer", {"name": "Made here (demo)"}).value.id


def test_a_first_sync_by_file_that_was_stopped_goes_on_with_the_same_file(
    look: QApplication,
    qtbot: QtBot,
    profile: Profile,
    enrolment_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = enrolment_file
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    app = assembly.new_profile(profile.root)
    assert not app.enrol_by_file(file, FILE_PASSPHRASE, cancelled=lambda: True).up_to_date
    assert syncing.rows_here(app.replica)["customer"] == 0
    app.close()
    desktop = Desktop(look, profile)
    qtbot.addWidget(desktop.window)
    desktop.start()
    wizard = _wizard(desktop, qtbot)
    qtbot.waitUntil(lambda: wizard.start.start is Start.FILE, timeout=LONG)
    assert wizard.start.options[Start.SAMPLE].isHidden()
    assert not wizard.back.isVisible()
    wizard.start.file.take(file)
    qtbot.keyClicks(wizard.start.file.passphrase, FILE_PASSPHRASE)
    qtbot.waitUntil(wizard.next.isEnabled, timeout=LONG)
    wizard.next.click()
    qtbot.waitUntil(lambda: wizard.step is wizard.sync and wizard.next.isEnabled(), timeout=LONG)
    wizard.next.click()
    assert syncing.rows_here(_frame(desktop, qtbot).context.replica)["customer"] == 3
    close_window(desktop)


def test_who_has_to_sign_in_again_without_a_network_does_it_by_a_new_file(
    look: QApplication,
    qtbot: QtBot,
    profile: Profile,
    enrolment_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    app = assembly.new_profile(profile.root)
    app.enrol_by_file(enrolment_file, FILE_PASSPHRASE)
    made = records.create(app.replica, "customer", {"name": "Made before (demo)"}).value.id
    before = syncing.status(app.replica).device
    tasks = Tasks()
    dialog = SignInAgain(Context(app, tasks))
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.file.isVisible()
    assert not dialog.password.isVisible()
    dialog.file.take(enrolment_file.with_name("new.satchel"))
    qtbot.keyClicks(dialog.file.passphrase, "not that one")
    dialog.sign_in.click()
    qtbot.waitUntil(lambda: "does not open" in show(dialog.file._passphrase.error), timeout=LONG)
    dialog.file.passphrase.clear()
    qtbot.keyClicks(dialog.file.passphrase, FILE_PASSPHRASE)
    with qtbot.waitSignal(dialog.accepted, timeout=LONG):
        dialog.sign_in.click()
    stands = syncing.status(app.replica)
    assert stands.device not in (None, before)
    assert stands.waiting_records == 1
    assert records.get(app.replica, "customer", made).values["name"] == "Made before (demo)"
    tasks.close()
    app.close()


def test_the_bar_of_a_first_sync_of_customers_alone_is_theirs(look: QApplication, qtbot: QtBot) -> None:
    step = FirstSyncStep()
    qtbot.addWidget(step)
    assert told(step, "customer", 0, 1_500, 3) == 0
    assert 10 < told(step, "customer", 200, 1_500, 2) < 15
