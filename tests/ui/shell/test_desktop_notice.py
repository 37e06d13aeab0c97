"""Lines on a real session bus: shown with buttons, heard when clicked, and where nobody shows them."""

from __future__ import annotations

import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.platform.desktop_notes import DesktopNotes, Note
from crm_desktop.ui.shell.desktop_notice import DesktopNotice
from tests.support.windows import WAIT_MS

jeepney = pytest.importorskip("jeepney", reason="the session bus of Linux alone")
blocking = pytest.importorskip("jeepney.io.blocking")
NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give a session bus of this test's own."""
    program = shutil.which("dbus-daemon")
    if program is None:
        pytest.skip("needs dbus-daemon")
    command = [program, "--session", "--nofork", "--print-address"]
    bus = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert bus.stdout is not None
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.stdout.readline().strip())
    yield
    bus.terminate()
    bus.wait(timeout=30)
    bus.stdout.close()


class Desktop(threading.Thread):
    """What shows lines in a session: keeps them, and clicks on them when told."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.line = blocking.open_dbus_connection(bus="SESSION")
        self.line.send_and_get_reply(jeepney.message_bus.RequestName(NAME))
        self.shown: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self.start()

    def run(self) -> None:
        number = 0
        while True:
            try:
                asked = self.line.receive()
            except (OSError, ConnectionError):
                return
            member = asked.header.fields.get(jeepney.HeaderFields.member)
            if member == "GetCapabilities":
                able = ["body", "actions", "body-markup"]
                self.line.send(jeepney.new_method_return(asked, "as", (able,)))
            elif member == "Notify":
                number += 1
                self.line.send(jeepney.new_method_return(asked, "u", (number,)))
                self.shown.put((number, *asked.body))

    def click(self, number: int, choice: str) -> None:
        """Click on a button of a line."""
        emitter = jeepney.DBusAddress(PATH, interface=NAME)
        self.line.send(jeepney.new_signal(emitter, "ActionInvoked", "us", (number, choice)))


def test_a_line_is_shown_with_its_buttons_and_does_what_is_clicked(
    session: None, look: QApplication, qtbot: QtBot
) -> None:
    desktop, window, done = Desktop(), QWidget(), []
    qtbot.addWidget(window)
    notice = DesktopNotice(window, lambda: done.append("came forward"))
    for subject in ("Call Wu", "Call Lin"):
        notice.say(subject, "10:30, <b>Ltd", {"Done": lambda subject=subject: done.append(subject)})
    first, second = (desktop.shown.get(timeout=WAIT_MS / 1000) for _ in range(2))
    assert first[1:7] == (
        "Satchel",
        0,
        "",
        "Call Wu",
        "10:30, &lt;b&gt;Ltd",
        ["default", "Call Wu", "Done", "Done"],
    )
    desktop.click(99, "Done")  # of another program
    desktop.click(second[0], "Done")
    desktop.click(second[0], "Done")  # once is enough
    desktop.click(first[0], "default")
    qtbot.waitUntil(lambda: len(done) == 2, timeout=WAIT_MS)
    assert done == ["Call Lin", "came forward"]
    assert notice._notes is not None
    notice._notes.close()  # before the session ends, as a program does
    qtbot.waitUntil(lambda: not notice._notes._thread.is_alive(), timeout=WAIT_MS)


def test_a_line_nobody_shows_comes_back_to_be_said_otherwise(session: None) -> None:
    came_back: queue.Queue[int] = queue.Queue()
    notes = DesktopNotes(lambda _token, _choice: None, came_back.put)
    for token in (1, 2):
        notes.show(Note(token=token, title="Call", text="", shown_ms=1000))
        assert came_back.get(timeout=WAIT_MS / 1000) == token
    notes.close()
