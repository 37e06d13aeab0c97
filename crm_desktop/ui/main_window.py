"""The one window: it shows a screen at a time and remembers where it stood."""

from __future__ import annotations

import base64
import binascii

from PySide6.QtCore import QByteArray, QRect, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent, QShortcut
from PySide6.QtWidgets import QStackedLayout, QWidget

from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.live import Live

FIRST_SIZE = QSize(1440, 900)
FIRST_RUN_SIZE = QSize(900, 700)
SMALLEST = QSize(900, 600)


class MainWindow(Live, QWidget):
    """Shows one screen: the opening one, the first run, the program, or why it stopped."""

    closing = Signal()
    """Somebody closes the window; what runs is to end."""
    first_painted = Signal()
    """The window is on screen; heavy work may begin."""

    def __init__(self) -> None:
        super().__init__()
        self._screens = QStackedLayout(self)
        self._screens.setContentsMargins(0, 0, 0, 0)
        self._painted = False
        self.setMinimumSize(SMALLEST)
        self.resize(FIRST_SIZE)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose)
        quit_keys = QShortcut(QKeySequence(QKeySequence.StandardKey.Quit), self)
        quit_keys.activated.connect(self.close)
        self.show_screen(Opening())
        self.retranslate()
        self.retint()

    @property
    def screen_shown(self) -> QWidget | None:
        """The screen in front; None before the first."""
        return self._screens.currentWidget()

    def show_screen(self, screen: QWidget) -> None:
        """Put a screen in the place of the one shown, which goes for good."""
        before = self._screens.currentWidget()
        self._screens.addWidget(screen)
        self._screens.setCurrentWidget(screen)
        if before is not None and before is not screen:
            self._screens.removeWidget(before)
            before.hide()
            before.deleteLater()

    def fit(self, size: QSize) -> None:
        """Take a size, with the middle where it was."""
        middle = self.geometry().center()
        self.resize(size)
        if self.isVisible():
            area = self.geometry()
            area.moveCenter(middle)
            self.move(max(0, area.x()), max(0, area.y()))

    def place_as(self, kept: str) -> None:
        """Take size and place from what `kept_place` gave; nothing or nonsense leaves it as it is."""
        try:
            geometry = base64.b64decode(kept, validate=True)
        except (binascii.Error, ValueError):
            return
        if geometry:
            self.restoreGeometry(QByteArray(geometry))

    def kept_place(self) -> str:
        """Return size and place as text to keep."""
        return base64.b64encode(self.saveGeometry().data()).decode("ascii")

    def retranslate(self) -> None:
        """Name the window in the language on screen."""
        self.setWindowTitle(tr("Satchel"))

    def retint(self) -> None:
        """Show the program's mark in the theme's colour."""
        self.setWindowIcon(theme().icon("satchel", "accent"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell of the first painting, once it is over."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            self.first_painted.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let the last things be done, then close."""
        self.closing.emit()
        super().closeEvent(event)


class Opening(Live, QWidget):
    """What stands in the window while a profile is opened: the empty frame, so that nothing jumps."""

    def retint(self) -> None:
        """Paint anew."""
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Paint anew."""
        super().resizeEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint rail, bars and the name, as the frame will."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("canvas"))
        rail, bar = theme().size("rail"), theme().size("top-bar")
        painter.fillRect(QRect(0, 0, rail, self.height()), theme().color("rail"))
        foot = theme().size("status-bar")
        painter.fillRect(QRect(0, self.height() - foot, self.width(), foot), theme().color("rail"))
        painter.fillRect(QRect(rail, bar - 1, self.width() - rail, 1), theme().color("line"))
        painter.drawPixmap(
            theme().px(22), (bar - theme().px(20)) // 2, theme().pixmap("satchel", "accent", 20)
        )
        painter.setFont(theme().font("section"))
        painter.setPen(theme().color("text"))
        words = QRect(theme().px(48), 0, rail - theme().px(48), bar)
        painter.drawText(
            words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), tr("Satchel")
        )
        painter.end()
