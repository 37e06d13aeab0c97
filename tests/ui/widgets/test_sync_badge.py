"""The badge says every state in words of both languages, loudly only where a person must act."""

from __future__ import annotations

from datetime import datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_core.i18n import message
from crm_desktop.ui.translate import show, translator
from crm_desktop.ui.widgets.sync_badge import SyncBadge, SyncState, SyncStatus

AT = datetime(2026, 11, 24, 10, 55).astimezone()
SAYS = [
    (
        SyncState.UPDATE_NEEDED,
        "Update required to sync. You can keep working.",
        "需更新后才能同步，可继续工作",
    ),
    (
        SyncState.SIGN_IN,
        "Sign in to sync. Your work is safe on this laptop.",
        "请重新登录以同步，数据已安全保存在本机",
    ),
    (SyncState.FAILED, "Sync failed 3 times. Next try 10:55.", "同步失败 3 次，10:55 重试"),
    (SyncState.ATTENTION, "3 changes need you", "3 项更改需要处理"),
    (SyncState.SENDING, "Sending 800 of 2,300…", "正在上传 800/2,300"),
    (SyncState.RECEIVING, "Receiving Deals 800 of 2,300…", "正在接收商机 800/2,300"),
    (SyncState.PAUSED, "Sync paused (metered network)", "已暂停同步（按流量计费）"),
    (SyncState.OFFLINE_WITH_WORK, "Offline · 3 records saved here, not sent", "离线 · 3 条已存本机待上传"),
    (SyncState.OFFLINE, "Offline since 10:55", "自 10:55 起离线"),
    (SyncState.PENDING, "3 records waiting to send", "3 条待上传"),
    (SyncState.UNKNOWN, "Not checked yet", "尚未检查"),
    (SyncState.UP_TO_DATE, "Up to date · 10:55", "已同步 · 10:55"),
    (SyncState.NOT_CONNECTED, "Not connected to an HQ", "未连接总部"),
]


def status(state: SyncState, count: int = 3) -> SyncStatus:
    """Return a status with every figure filled."""
    return SyncStatus(
        state=state,
        count=count,
        done=800,
        total=2300,
        what=message("Deals"),
        at=AT,
        reason=message("metered network"),
    )


def test_every_state_has_its_words_here() -> None:
    assert {state for state, _, _ in SAYS} == set(SyncState)


@pytest.mark.parametrize(("state", "english", "chinese"), SAYS)
def test_a_state_is_said_in_both_languages(
    look: QApplication, qtbot: QtBot, state: SyncState, english: str, chinese: str
) -> None:
    badge = SyncBadge(status(state))
    qtbot.addWidget(badge)
    badge.show()
    assert badge.accessibleName() == english
    translator().use("zh_CN")
    qtbot.waitUntil(lambda: badge.accessibleName() == chinese, timeout=2000)
    assert badge.grab().width() > 0


@pytest.mark.parametrize("state", SyncState)
def test_one_record_is_not_said_in_the_plural(look: QApplication, state: SyncState) -> None:
    words = show(status(state, 1).sentence())
    assert "1 records" not in words
    assert "1 changes" not in words
    assert "1 times" not in words


def test_the_badge_is_a_button_for_mouse_and_keys(look: QApplication, qtbot: QtBot) -> None:
    badge = SyncBadge()
    qtbot.addWidget(badge)
    badge.show()
    with qtbot.waitSignal(badge.clicked, timeout=1000):
        qtbot.mouseClick(badge, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(badge.clicked, timeout=1000):
        qtbot.keyClick(badge, Qt.Key.Key_Space)
    quiet = badge.grab().toImage()
    badge.show_status(status(SyncState.FAILED))
    assert badge.grab().toImage() != quiet
