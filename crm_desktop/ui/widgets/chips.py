"""Chips, tags and level badges as widgets."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from crm_core.i18n import message
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.paint import Tone

_PAD = 8


class ChipLook(StrEnum):
    """Filled, or outlined as the mark of sample data is."""

    FILLED = "filled"
    OUTLINED = "outlined"


class Chip(Live, QAbstractButton):
    """A filter, a choice or a state in a word; checkable ones are chosen by a click or Space.

    A status chip has a tone and its icon. A closable one has an x; Delete closes it too.
    """

    closed = Signal()
    _room: QSize | None = None

    def __init__(
        self,
        text: Text,
        *,
        tone: Tone = Tone.NEUTRAL,
        icon: str | None = None,
        closable: bool = False,
        checkable: bool = False,
        look: ChipLook = ChipLook.FILLED,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._text, self._tone, self._icon, self._closable, self._look = text, tone, icon, closable, look
        if icon is None and tone is not Tone.NEUTRAL:
            self._icon = tone.icon
        self.setCheckable(checkable)
        acts = closable or checkable
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if acts else Qt.FocusPolicy.NoFocus)
        if not acts:
            self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.retranslate()

    def say(self, text: Text) -> None:
        """Show another text."""
        self._text = text
        self.retranslate()

    def set_tone(self, tone: Tone, text: Text | None = None) -> None:
        """Show another state."""
        self._tone = tone
        self._icon = None if tone is Tone.NEUTRAL else tone.icon
        self.say(self._text if text is None else text)

    def retranslate(self) -> None:
        """Set the text in the language on screen."""
        words = show(self._text)
        self.setText(words)
        self.setAccessibleName(words)
        if self._closable:
            self.setToolTip(tr("Remove “{filter}”", filter=words))
            self.setAccessibleDescription(self.toolTip())
        self._room = None
        self.updateGeometry()
        self.update()

    def retint(self) -> None:
        """Paint anew."""
        self._room = None
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Give room for icon, word and x."""
        if self._room is None:  # measured once: layouts ask again and again
            self._room = self._measured()
        return self._room

    def _measured(self) -> QSize:
        font = theme().font("caption", 600 if self.isCheckable() else 400)
        width = 2 * theme().px(_PAD) + QFontMetrics(font).horizontalAdvance(self.text())
        if self._icon:
            width += theme().px(12 + 6)
        if self._closable:
            width += theme().px(8 + 10)
        return QSize(width, theme().size("chip"))

    def minimumSizeHint(self) -> QSize:
        """Never cut a word."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground, icon, word and x."""
        painter = QPainter(self)
        area = self.rect()
        ink = self._ink()
        ground = None if self._look is ChipLook.OUTLINED else theme().color(self._ground())
        edge = theme().color("line-strong") if self._look is ChipLook.OUTLINED else None
        paint.rounded(painter, area, ground, edge, RADII["chip"])
        x = theme().px(_PAD)
        if self._icon:
            x += paint.icon(painter, self._icon, ink, x, area, 12) + theme().px(6)
        font = theme().font("caption", 600 if self.isChecked() else 400)
        end = self._cross().left() if self._closable else area.right() - theme().px(_PAD) + 1
        paint.words(painter, self.text(), font, ink, QRect(x, 0, end - x + 1, area.height()))
        if self._closable:
            cross = self._cross()
            paint.icon(painter, "x", "text", cross.left() + theme().px(6), area, 12)
        if self.hasFocus():
            paint.focus_frame(painter, area, RADII["chip"])
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Close at the x; elsewhere it is a click."""
        if self._closable and self._cross().contains(event.position().toPoint()):
            self.setDown(False)
            self.closed.emit()
            return
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close by Delete or Backspace."""
        if self._closable and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.closed.emit()
            return
        super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Paint anew: a chip that acts shows that it does."""
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: object) -> None:
        """Paint anew."""
        super().leaveEvent(event)
        self.update()

    def _cross(self) -> QRect:
        width = theme().px(_PAD + 12 + 6)
        return QRect(self.width() - width, 0, width, self.height())

    def _ground(self) -> str:
        if self.isChecked():
            return "accent-soft"
        if self._tone is Tone.NEUTRAL and self.isCheckable() and self.underMouse():
            return "line"
        return self._tone.ground

    def _ink(self) -> str:
        if self.isChecked():
            return "accent"
        return "text-soft" if self._look is ChipLook.OUTLINED else self._tone.ink


class Tag(Live, QWidget):
    """A free label on a record."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self.setAccessibleName(text)

    def retint(self) -> None:
        """Paint anew."""
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Give room for the whole word."""
        return QSize(paint.tag_width(self._text), theme().size("tag"))

    def minimumSizeHint(self) -> QSize:
        """Allow eliding."""
        return QSize(theme().px(24), theme().size("tag"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tag."""
        painter = QPainter(self)
        paint.tag(painter, self._text, self.rect())
        painter.end()


class Tags(Live, QWidget):
    """The tags of a record in one row; those that do not fit are counted."""

    def __init__(self, texts: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._texts: tuple[str, ...] = ()
        self.show_tags(texts)

    def show_tags(self, texts: Sequence[str]) -> None:
        """Show other tags."""
        self._texts = tuple(texts)
        self.updateGeometry()
        self.retranslate()
        self.update()

    def retranslate(self) -> None:
        """Name all the tags, shown or counted."""
        named = ", ".join(self._texts)
        self.setAccessibleName(tr("Tags: {tags}", tags=named) if named else tr("No tags"))
        self.setToolTip(named)

    def retint(self) -> None:
        """Paint anew."""
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Give room for all."""
        gap = theme().px(4)
        return QSize(sum(paint.tag_width(text) + gap for text in self._texts), theme().size("tag"))

    def minimumSizeHint(self) -> QSize:
        """Be content with one, elided."""
        return QSize(theme().px(48), theme().size("tag"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what fits."""
        painter = QPainter(self)
        paint.tags(painter, self._texts, self.rect())
        painter.end()


class LevelBadge(Live, QWidget):
    """The level of a customer: A, B or C."""

    def __init__(self, letter: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._letter = letter
        self.retranslate()

    def show_level(self, letter: str) -> None:
        """Show another level."""
        self._letter = letter
        self.retranslate()
        self.update()

    def retranslate(self) -> None:
        """Name the level in words."""
        words = show(message("Level {letter}", letter=self._letter))
        self.setAccessibleName(words)
        self.setToolTip(words)

    def retint(self) -> None:
        """Paint anew."""
        self.setFixedSize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        """Give the badge's own size."""
        return QSize(paint.level_width(), theme().size("tag"))

    def minimumSizeHint(self) -> QSize:
        """Never be squeezed."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the badge."""
        painter = QPainter(self)
        paint.level(painter, self._letter, self.rect())
        painter.end()
