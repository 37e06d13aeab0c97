"""The language is switched under open windows, and everything on them follows."""

from __future__ import annotations

import re

import polib
import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

import resources
from crm_core.i18n import message
from crm_desktop.ui.translate import show, tr, translator
from crm_desktop.ui.widgets.buttons import Button, IconButton
from crm_desktop.ui.widgets.chips import Chip
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.glyphs import Glyph, GlyphLabel
from crm_desktop.ui.widgets.info_bar import InfoBar
from crm_desktop.ui.widgets.key_words import key_words
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch
from crm_desktop.ui.widgets.sync_badge import SyncBadge, SyncState, SyncStatus
from crm_desktop.ui.widgets.tabs import Tab, TabRow


def test_every_widget_of_an_open_window_changes_its_words(look: QApplication, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    button, icon = Button(message("Save")), IconButton("pen", message("Edit"))
    field = Field(message("Name"), QLineEdit(), required=True)
    chip, bar = Chip(message("Good")), InfoBar(message("Not checked yet"), action=message("Refresh"))
    empty = EmptyState("people", message("No customers yet"))
    glyph = GlyphLabel(Glyph.CONFLICT)
    switch = SegmentedSwitch([Segment(key="a", text=message("Mine"))])
    tabs = TabRow([Tab(key="a", text=message("Team"), count=2310)])
    badge = SyncBadge(SyncStatus(state=SyncState.PENDING, count=3))
    for widget in (button, icon, field, chip, bar, empty, glyph, switch, tabs, badge):
        column.addWidget(widget)
    window.show()
    assert field.label.text() == "Name (required)"
    translator().use("zh_CN")
    qtbot.waitUntil(lambda: button.text() == "保存", timeout=2000)
    assert icon.accessibleName() == "编辑"
    assert field.label.text() == "名称（必填）"
    assert field.editor.accessibleName() == "名称（必填）"
    assert chip.text() == "良好"
    assert (bar.label.text(), bar.action.text()) == ("尚未检查", "刷新")
    assert empty.line.text() == "还没有客户"
    assert glyph.accessibleName() == "冲突"
    assert tabs.tabText(0) == "团队"
    assert badge.text() == "3 条待上传"


def test_a_customers_name_is_never_translated(look: QApplication, qtbot: QtBot) -> None:
    translator().use("zh_CN")
    chip = Chip("Save")
    qtbot.addWidget(chip)
    assert chip.text() == "Save"
    assert show(message("Save")) == "保存"


def test_qts_own_words_follow(look: QApplication) -> None:
    translator().use("zh_CN")
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "取消"
    translator().use("en")
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Cancel"


def test_keys_are_called_as_on_the_keyboard_in_every_language(look: QApplication) -> None:
    translator().use("zh_CN")
    try:
        said = [key_words(keys) for keys in ("Alt+Left", "Ctrl+Shift+A", "Down", "F1", "Ctrl+,")]
    finally:
        translator().use("en")
    assert said == ["Alt+←", "Ctrl+Shift+A", "↓", "F1", "Ctrl+,"]


def test_switching_tells_who_listens_once(look: QApplication, qtbot: QtBot) -> None:
    heard: list[str] = []
    translator().language_changed.connect(heard.append)
    translator().use("zh_CN")
    translator().use("zh_CN")
    translator().language_changed.disconnect(heard.append)
    assert heard == ["zh_CN"]


def test_a_message_within_a_message_is_translated_with_it(look: QApplication) -> None:
    translator().use("zh_CN")
    assert tr("Sync paused ({reason})", reason=message("metered network")) == "已暂停同步（按流量计费）"


def test_a_language_the_program_does_not_speak_is_refused(look: QApplication) -> None:
    with pytest.raises(ValueError, match="no texts in fr"):
        translator().use("fr")
    assert translator().language == "en"


def test_english_needs_no_catalogue_and_chinese_has_one() -> None:
    assert resources.catalogue("en") == {}
    assert resources.catalogue("zh_CN")["Save"] == "保存"


def test_the_chinese_texts_of_the_widgets_have_the_places_of_the_english() -> None:
    area = polib.pofile(str(resources.path("locale", "zh_CN", "widgets.po")))
    assert len(area) > 100
    for entry in area:
        assert set(re.findall(r"{\w+}", entry.msgid)) == set(re.findall(r"{\w+}", entry.msgstr)), entry.msgid


def test_a_frozen_program_finds_its_files_where_it_was_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys._MEIPASS", "/opt/satchel", raising=False)
    assert resources.path("icons", "x.svg").as_posix() == "/opt/satchel/resources/icons/x.svg"
