"""Settings take effect at once and are kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop import assembly
from crm_desktop.models.query import ListQuery
from crm_desktop.services import attachments, records, upkeep
from crm_desktop.settings import DENSITY, FILES_AUTOMATIC_KB, FILES_PAUSED, FONT_SCALE, LANGUAGE, THEME
from crm_desktop.ui.context import Context, Notice, Place
from crm_desktop.ui.pages.settings import SettingsPage
from crm_desktop.ui.settings.licences import Licences, packages
from crm_desktop.ui.settings.passphrase import ChangePassphrase
from crm_desktop.ui.shell.frame import Frame
from crm_desktop.ui.shell.standing import standing
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import show, translator
from tests.support.desktop import PASSPHRASE, sample_app

WAIT = 8000


@pytest.fixture
def page(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[SettingsPage]:
    app = sample_app(tmp_path, customers=12)
    tasks = Tasks()
    frame = Frame(Context(app, tasks), standing(app.replica), sample=True)
    qtbot.addWidget(frame)
    frame.resize(1240, 820)
    frame.show()
    frame.go(Place(page="settings"))
    shown = frame.page
    assert isinstance(shown, SettingsPage)
    yield shown
    tasks.close()
    app.close()


def test_the_language_is_switched_at_once(page: SettingsPage, qtbot: QtBot) -> None:
    page.language.choose("zh_CN")
    page.language.chosen.emit("zh_CN")
    assert translator().language == "zh_CN"
    qtbot.waitUntil(lambda: page._cards[0].title.text() == "常规")
    assert page.context.app.settings.get(LANGUAGE) == "zh_CN"


def test_looks_take_effect_at_once_and_are_kept(page: SettingsPage) -> None:
    settings = page.context.app.settings
    page.look.chosen.emit("dark")
    assert theme().dark
    assert settings.get(THEME) == "dark"
    page.scale.setCurrentIndex(page.scale.findData(150))
    page.scale.activated.emit(page.scale.currentIndex())
    assert theme().scale == 1.5
    assert settings.get(FONT_SCALE) == 150
    page.density.chosen.emit("compact")
    assert settings.get(DENSITY) == "compact"


def test_what_files_come_by_themselves_is_chosen_and_kept(page: SettingsPage, qtbot: QtBot) -> None:
    settings, replica = page.context.app.settings, page.context.replica
    customer = records.page(replica, ListQuery(entity="customer", limit=1)).rows[0].id
    attachments.add(replica, "customer", customer, b"x" * 4_000, name="a.txt")
    page.refresh()
    qtbot.waitUntil(lambda: page.files.kept.value.text() == "1 file, 4.0 KB", timeout=WAIT)
    page.files.automatic.chosen.emit("1000")
    assert settings.get(FILES_AUTOMATIC_KB) == 1_000
    page.files.pause.chosen.emit("rest")
    assert settings.get(FILES_PAUSED)


def test_typing_leaves_the_cards_that_hold_the_words(page: SettingsPage, qtbot: QtBot) -> None:
    qtbot.keyClicks(page.search, "back up")
    assert [card.title.text() for card in page._cards if not card.isHidden()] == ["Data"]
    page.search.clear()
    assert not any(card.isHidden() for card in page._cards)


def test_a_copy_is_made_and_the_database_checked(page: SettingsPage, qtbot: QtBot) -> None:
    told: list[Notice] = []
    page.context.notice.connect(told.append)
    page.back_up.click()
    qtbot.waitUntil(lambda: bool(told), timeout=WAIT)
    copy = upkeep.newest_backup(page.context.replica)
    assert copy is not None
    assert show(told[0].text) == f"Copied to {copy.name}"
    page.check.click()
    qtbot.waitUntil(lambda: len(told) == 2, timeout=WAIT)
    assert show(told[1].text) == "The database was checked: all is well."


def test_damage_that_is_found_is_told_as_bad_news_with_the_way_to_a_copy(
    page: SettingsPage, qtbot: QtBot
) -> None:
    told: list[Notice] = []
    page.context.notice.connect(told.append)
    with page.context.app.profile.database.open("r+b") as database:
        database.seek(-4096, os.SEEK_END)
        database.write(os.urandom(4096))
    page.check.click()
    qtbot.waitUntil(lambda: bool(told), timeout=WAIT)
    assert show(told[0].text).startswith("The database is damaged: ")
    assert told[0].kind == "bad"
    assert told[0].act is not None
    with qtbot.waitSignal(page.context.restore_wanted):
        told[0].act()


def test_the_passphrase_is_changed_only_with_the_present_one(
    page: SettingsPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = ChangePassphrase(page.context, page)
    qtbot.addWidget(dialog)
    dialog.open()
    qtbot.keyClicks(dialog.present, "not the present one")
    qtbot.keyClicks(dialog.first, "another passphrase")
    assert not dialog.change.isEnabled()
    qtbot.keyClicks(dialog.second, "another passphrase")
    dialog.change.click()
    qtbot.waitUntil(lambda: "does not fit" in show(dialog._present.error), timeout=WAIT)
    dialog.present.clear()
    qtbot.keyClicks(dialog.present, PASSPHRASE)
    dialog.change.click()
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=WAIT)
    monkeypatch.setenv("CRM_PASSPHRASE", "another passphrase")
    assembly.open_profile(page.context.app.profile.root).close()


def test_every_package_is_named_with_its_licence(look: QApplication, qtbot: QtBot) -> None:
    found = packages()
    assert {"SQLAlchemy", "PySide6_Essentials", "sqlcipher3"} <= {name for name, _, _ in found}
    assert all(licence for _, _, licence in found)
    dialog = Licences()
    qtbot.addWidget(dialog)
    assert dialog.windowTitle() == "Licences"


def test_support_gets_versions_and_counts_and_no_names(page: SettingsPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page._known is not None, timeout=WAIT)
    page._on_copy()
    copied = QApplication.clipboard().text()
    assert copied.startswith("Satchel 0.")
    assert "waiting 0" in copied
    assert "demo" not in copied
