"""What tests of the screen stand on: the theme, English, and no warning from Qt."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import translator

# The offscreen platform says so of every window shown; it is not about us.
_OF_THE_PLATFORM = ("This plugin does not support", "This plugin supports")


@pytest.fixture(autouse=True)
def _no_qt_warning() -> Iterator[list[str]]:
    """Fail a test during which Qt warned of anything."""
    warned: list[str] = []

    def keep(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        if kind != QtMsgType.QtDebugMsg and not text.startswith(_OF_THE_PLATFORM):
            warned.append(text)

    before = qInstallMessageHandler(keep)
    yield warned
    qInstallMessageHandler(before)
    assert not warned, "Qt warned: " + "; ".join(warned)


@pytest.fixture
def look(qapp: QApplication) -> Iterator[QApplication]:
    """Give the application in the light theme and English, and leave it so."""
    theme().apply(qapp, "light")
    translator().use("en")
    yield qapp
    theme().apply(qapp, "light")
    translator().use("en")
