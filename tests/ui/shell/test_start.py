"""The window comes before the database: nothing heavy is imported for the first painting."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.app import Desktop
from crm_desktop.platform.paths import Profile
from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE
from crm_desktop.settings import LANGUAGE, THEME, WINDOW_GEOMETRY
from crm_desktop.ui.shell.frame import Frame
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import translator
from tests.support.desktop import PASSPHRASE, sample_app
from tests.support.stage import close_window

HEAVY = (
    "sqlalchemy",
    "requests",
    "keyring",
    "pypinyin",
    "reportlab",
    "crm_core.entities",
    "crm_desktop.assembly",
)


def test_nothing_heavy_is_imported_before_the_window_is_painted(project_root: Path) -> None:
    program = f"import crm_desktop.app, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=project_root,
        check=True,
        timeout=60,
    )
    assert ran.stdout.strip() == "[]"


def test_language_looks_and_place_of_the_window_are_as_they_were_left(
    look: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    sample_app(tmp_path, customers=12).close()
    profile = Profile(tmp_path / "profile")
    first = _started(look, qtbot, profile)
    first.window.resize(1200, 700)
    frame = first.window.screen_shown
    assert isinstance(frame, Frame)
    frame.language_chosen.emit("zh_CN")
    frame.theme_chosen.emit("dark")
    close_window(first)
    assert not profile.running_file.exists()
    again = _started(look, qtbot, profile)
    assert again.window.height() == 700  # the width is cut to the small screen tests run on
    assert again.settings.get(WINDOW_GEOMETRY)
    assert (again.settings.get(LANGUAGE), again.settings.get(THEME)) == ("zh_CN", "dark")
    assert translator().language == "zh_CN"
    assert theme().dark
    close_window(again)


def test_an_unexpected_end_is_told_of_after_the_database_was_checked(
    look: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    sample_app(tmp_path, customers=12).close()
    profile = Profile(tmp_path / "profile")
    profile.running_file.touch()
    desktop = _started(look, qtbot, profile)
    frame = desktop.window.screen_shown
    assert isinstance(frame, Frame)
    qtbot.waitUntil(lambda: frame.notices.notice is not None, timeout=10_000)
    assert frame.notices.bar.label.text().startswith("Satchel ended unexpectedly last time.")
    close_window(desktop)


def test_closing_waits_for_no_check_which_is_then_due_the_next_time(
    look: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    sample_app(tmp_path, customers=12).close()
    profile = Profile(tmp_path / "profile")
    profile.running_file.touch()
    desktop = _started(look, qtbot, profile)
    close_window(desktop)  # before the check can have told anything
    assert profile.running_file.exists()
    again = _started(look, qtbot, profile)
    frame = again.window.screen_shown
    assert isinstance(frame, Frame)
    qtbot.waitUntil(lambda: frame.notices.notice is not None, timeout=10_000)
    close_window(again)
    assert not profile.running_file.exists()


def _started(look: QApplication, qtbot: QtBot, profile: Profile) -> Desktop:
    desktop = Desktop(look, profile)
    qtbot.addWidget(desktop.window)
    desktop.start()
    qtbot.waitUntil(lambda: isinstance(desktop.window.screen_shown, Frame), timeout=20_000)
    return desktop
