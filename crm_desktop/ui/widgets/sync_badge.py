"""How the laptop stands with HQ, in an icon and a few words, always in sight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from crm_core.i18n import Message, message
from crm_desktop.ui.format import clock, figure
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.live import Live


class SyncState(StrEnum):
    """The states, most urgent first: of several that hold, the first is shown."""

    UPDATE_NEEDED = "update-needed"
    SIGN_IN = "sign-in"
    FAILED = "failed"
    ATTENTION = "attention"
    SENDING = "sending"
    RECEIVING = "receiving"
    PAUSED = "paused"
    OFFLINE_WITH_WORK = "offline-with-work"
    OFFLINE = "offline"
    PENDING = "pending"
    UNKNOWN = "unknown"
    UP_TO_DATE = "up-to-date"
    NOT_CONNECTED = "not-connected"
    """No HQ knows this laptop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncStatus:
    """A state and the figures its words need.

    `count`: records, changes or failures; `done` of `total` while syncing, `what` being received;
    `at`: last sync, next try, or since when; `reason`: why it is paused.
    """

    state: SyncState
    count: int = 0
    done: int = 0
    total: int = 0
    what: Text = ""
    at: datetime | None = None
    reason: Text = ""

    def sentence(self) -> Message:
        """Return the words of the badge."""
        return _sentence(self)


def _sentence(status: SyncStatus) -> Message:
    count, at = figure(status.count), clock(status.at) if status.at else ""
    done, total = figure(status.done), figure(status.total)
    one = status.count == 1
    match status.state:
        case SyncState.UPDATE_NEEDED:
            return message("Update required to sync. You can keep working.")
        case SyncState.SIGN_IN:
            return message("Sign in to sync. Your work is safe on this laptop.")
        case SyncState.FAILED if one:
            return message("Sync failed once. Next try {time}.", time=at)
        case SyncState.FAILED:
            return message("Sync failed {count} times. Next try {time}.", count=count, time=at)
        case SyncState.ATTENTION if one:
            return message("1 change needs you")
        case SyncState.ATTENTION:
            return message("{count} changes need you", count=count)
        case SyncState.SENDING:
            return message("Sending {done} of {total}…", done=done, total=total)
        case SyncState.RECEIVING:
            return message("Receiving {what} {done} of {total}…", what=status.what, done=done, total=total)
        case SyncState.PAUSED if show(status.reason):
            return message("Sync paused ({reason})", reason=status.reason)
        case SyncState.PAUSED:
            return message("Sync paused")
        case SyncState.OFFLINE_WITH_WORK if one:
            return message("Offline · 1 record saved here, not sent")
        case SyncState.OFFLINE_WITH_WORK:
            return message("Offline · {count} records saved here, not sent", count=count)
        case SyncState.OFFLINE if at:
            return message("Offline since {time}", time=at)
        case SyncState.OFFLINE:
            return message("Offline")
        case SyncState.PENDING if one:
            return message("1 record waiting to send")
        case SyncState.PENDING:
            return message("{count} records waiting to send", count=count)
        case SyncState.UP_TO_DATE if at:
            return message("Up to date · {time}", time=at)
        case SyncState.UP_TO_DATE:
            return message("Up to date")
        case SyncState.NOT_CONNECTED:
            return message("Not connected to an HQ")
        case _:
            return message("Not checked yet")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    icon: str
    ink: str = "text-soft"
    ground: str | None = None
    edge: str | None = None

    @property
    def loud(self) -> bool:
        return self.ground is not None


_LOOKS = {
    SyncState.UPDATE_NEEDED: _Look(icon="dl", ink="warn", ground="warn-soft"),
    SyncState.SIGN_IN: _Look(icon="user", ink="warn", ground="warn-soft"),
    SyncState.FAILED: _Look(icon="overdue", ink="bad", ground="bad-soft"),
    SyncState.ATTENTION: _Look(icon="conflict", ink="warn", ground="warn-soft"),
    SyncState.SENDING: _Look(icon="sync"),
    SyncState.RECEIVING: _Look(icon="sync"),
    SyncState.PAUSED: _Look(icon="pause"),
    SyncState.OFFLINE_WITH_WORK: _Look(icon="cloudoff", ink="text", ground="surface", edge="line-strong"),
    SyncState.OFFLINE: _Look(icon="cloudoff"),
    SyncState.PENDING: _Look(icon="notsent"),
    SyncState.UNKNOWN: _Look(icon="unknown"),
    SyncState.UP_TO_DATE: _Look(icon="cloudok"),
    SyncState.NOT_CONNECTED: _Look(icon="laptop"),
}


class SyncBadge(Live, QAbstractButton):
    """The badge at the left of the status bar; a click opens the page the state asks for."""

    def __init__(self, status: SyncStatus | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._status = status or SyncStatus(state=SyncState.UNKNOWN)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.retranslate()

    @property
    def status(self) -> SyncStatus:
        """What is shown."""
        return self._status

    def show_status(self, status: SyncStatus) -> None:
        """Show another state."""
        self._status = status
        self.retranslate()

    def retranslate(self) -> None:
        """Set the words in the language on screen."""
        words = show(self._status.sentence())
        self.setText(words)
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.updateGeometry()
        self.update()

    def retint(self) -> None:
        """Measure and paint anew."""
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Give room for icon and words."""
        font = theme().font("caption", 600 if _LOOKS[self._status.state].loud else 400)
        width = theme().px(8 + 16 + 8 + 10) + QFontMetrics(font).horizontalAdvance(self.text())
        return QSize(width, theme().size("chip"))

    def minimumSizeHint(self) -> QSize:
        """Elide rather than push the rest of the bar away."""
        return QSize(theme().px(40), theme().size("chip"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a quiet state as words alone, one that asks for something on a ground."""
        painter = QPainter(self)
        look, area = _LOOKS[self._status.state], self.rect()
        if look.ground is not None:
            edge = theme().color(look.edge) if look.edge else None
            paint.rounded(painter, area, theme().color(look.ground), edge, RADII["chip"])
        elif self.underMouse():
            paint.rounded(painter, area, theme().color("hover"), None, RADII["chip"])
        x = theme().px(9)
        x += paint.icon(painter, look.icon, look.ink, x, area, 16) + theme().px(8)
        font = theme().font("caption", 600 if look.loud else 400)
        room = QRect(x, 0, area.width() - x - theme().px(4), area.height())
        paint.words(painter, self.text(), font, look.ink, room)
        if self.hasFocus():
            paint.focus_frame(painter, area, RADII["chip"])
        painter.end()
