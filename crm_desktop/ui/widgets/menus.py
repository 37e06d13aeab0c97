"""Menus with the look of all popups: rounded, raised, tinted icons, quiet key hints."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QAction, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QWidget

from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.key_words import key_words
from crm_desktop.ui.widgets.live import Live

_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class Menu(Live, QMenu):
    """A menu; use `add` for an action whose icon follows the theme."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons: dict[QAction, str] = {}
        self.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        self.setWindowFlag(Qt.WindowType.NoDropShadowWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)

    def add(self, text: str, icon: str | None = None, shortcut: str = "") -> QAction:
        """Add an action with an icon of the theme and a key hint, and return it."""
        action = self.addAction(text)
        if icon is not None:
            self._icons[action] = icon
            action.setIcon(theme().icon(icon, "text"))
        if shortcut:
            action.setShortcut(QKeySequence(shortcut))
        return action

    def retint(self) -> None:
        """Draw the icons of the actions added here in the theme's colour."""
        for action, icon in self._icons.items():
            action.setIcon(theme().icon(icon, "text"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground and edge, then every action in its place."""
        painter = QPainter(self)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.fillRect(self.rect(), Qt.GlobalColor.transparent)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        edge = theme().color("line-strong")
        paint.rounded(painter, self.rect(), theme().color("raised"), edge, RADII["card"])
        pictured = any(not each.icon().isNull() or each.isCheckable() for each in self.actions())
        for action in self.actions():
            if action.isVisible():
                self._paint_action(painter, action, self.actionGeometry(action), pictured=pictured)
        painter.end()

    def _paint_action(self, painter: QPainter, action: QAction, area: QRect, *, pictured: bool) -> None:
        if action.isSeparator():
            line = QRect(area.left(), area.center().y(), area.width(), 1)
            painter.fillRect(line, theme().color("line"))
            return
        if action is self.activeAction() and action.isEnabled():
            paint.rounded(painter, area, theme().color("accent-soft"), None, RADII["chip"])
        ink = "text" if action.isEnabled() else "text-disabled"
        x = area.left() + theme().px(9)
        if pictured:
            self._paint_icon(painter, action, x, area, ink)
            x += theme().px(16 + 9)
        body = theme().font("body")
        words = QRect(x, area.top(), area.right() - x - theme().px(8), area.height())
        shown = action.text().replace("&&", "\0").replace("&", "").replace("\0", "&")
        paint.words(painter, shown, body, ink, words)
        if action.menu() is not None:
            paint.icon(painter, "right", ink, area.right() - theme().px(22), area, 14)
        elif not action.shortcut().isEmpty():
            soft = "text-soft" if action.isEnabled() else "text-disabled"
            hint = key_words(action.shortcut())
            paint.words(painter, hint, theme().font("caption"), soft, words, _RIGHT)

    def _paint_icon(self, painter: QPainter, action: QAction, x: int, area: QRect, ink: str) -> None:
        if action in self._icons:
            paint.icon(painter, self._icons[action], ink, x, area, 16)
        elif action.isChecked():
            paint.icon(painter, "check", "accent", x, area, 16)
        elif not action.icon().isNull():
            side = theme().px(16)
            place = QRect(x, area.top() + (area.height() - side) // 2, side, side)
            action.icon().paint(painter, place)
