"""The page of what customers say: what rose, its records, and the way to the ticket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.assembly import App
from crm_desktop.ui.context import Place
from crm_desktop.ui.pages.voice import VoicePage
from tests.support.desktop import empty_app, sample_app
from tests.support.stage import Stage


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give the invented records."""
    made = sample_app(tmp_path_factory.mktemp("voice"))
    yield made
    made.close()


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, app: App) -> Iterator[Stage]:
    """Give a window over them."""
    made = Stage(qtbot, app)
    yield made
    made.close()


def test_what_rose_opens_its_records_and_they_their_ticket(stage: Stage) -> None:
    page = VoicePage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="voice"))
    stage.until(lambda: page.table.row_count > 0 and page.records.row_count > 0)
    heard = page.table.texts()
    rows = {row[0]: row for row in heard}
    assert int(rows["gateway"][2]) == page.records.row_count
    assert page.verdict.text()
    gone: list[Place] = []
    stage.context.go.connect(gone.append)
    page.records.selectRow(0)
    QTest.keyClick(page.records, Qt.Key.Key_Return)
    assert gone[0].page == "tickets"
    page.which.choose("words")
    page.retranslate()
    assert page.table.row_count > len(heard)


def test_where_nothing_was_heard_the_page_says_so(
    look: QApplication, qtbot: QtBot, tmp_path_factory: pytest.TempPathFactory
) -> None:
    app = empty_app(tmp_path_factory.mktemp("empty"))
    stage = Stage(qtbot, app)
    try:
        page = VoicePage(stage.context, stage.actions)
        stage.show(page)
        page.show_place(Place(page="voice"))
        stage.until(lambda: not page.empty.isHidden())
        assert "Nothing was heard" in page.empty.line.text()
    finally:
        stage.close()
        app.close()
