"""Buttons: one primary a page, the others quiet; a key hint may stand inside."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QStyle, QStyleOptionButton, QToolButton, QWidget

from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.key_words import key_words
from crm_desktop.ui.widgets.live import Live

_GAP = 8
_RING = 4  # 2 px of ground and 2 px of accent around a primary button with focus


class Kind(StrEnum):
    """How much a button asks for attention; the words are the style sheet's roles."""

    PRIMARY = "primary"
    STANDARD = "standard"
    OUTLINE = "outline"
    FLAT = "flat"
    PLAIN = "plain"
    BAD = "bad"
    LINK = "link"


_INK = {
    Kind.PRIMARY: "on-accent",
    Kind.STANDARD: "text",
    Kind.OUTLINE: "accent",
    Kind.FLAT: "accent",
    Kind.PLAIN: "text",
    Kind.BAD: "bad",
    Kind.LINK: "accent",
}
_BOLD = (Kind.PRIMARY, Kind.OUTLINE, Kind.LINK)


class Button(Live, QPushButton):
    """A push button of one kind, with an icon before its text and a key hint after it."""

    def __init__(
        self,
        text: Text,
        kind: Kind = Kind.STANDARD,
        *,
        icon: str | None = None,
        hint: str = "",
        small: bool = False,
        weight: int | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._weight = weight
        self._text, self._kind, self._icon, self._hint, self._small = text, kind, icon, hint, small
        self._ring: _Ring | None = None
        self._words = True
        self.setProperty("role", kind.value)
        if small:
            self.setProperty("small", True)  # `size` is a property of Qt's own
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.retranslate()
        self.retint()

    @property
    def kind(self) -> Kind:
        """How much the button asks for attention."""
        return self._kind

    def say(self, text: Text) -> None:
        """Show another text; a `Message` follows the language."""
        self._text = text
        self.retranslate()

    def set_kind(self, kind: Kind) -> None:
        """Make it another kind of button."""
        self._kind = kind
        self.setProperty("role", kind.value)
        self.style().unpolish(self)
        self.style().polish(self)
        self.retint()

    def show_words(self, words: bool) -> None:
        """Show icon, words and key hint, or the icon alone where there is little room; the name stays."""
        if words != self._words:
            self._words = words
            self.retranslate()

    def set_icon(self, icon: str | None) -> None:
        """Show another icon, or none."""
        self._icon = icon
        self.updateGeometry()
        self.update()

    def set_hint(self, hint: str) -> None:
        """Show another key hint, such as `Ctrl+P`."""
        self._hint = hint
        self.updateGeometry()
        self.update()

    def retranslate(self) -> None:
        """Set the text in the language on screen."""
        words = show(self._text)
        self.setText(words.replace("&", "&&") if self._words else "")
        self.setAccessibleName(words)
        hint = f" ({key_words(self._hint)})" if self._hint else ""
        self.setToolTip("" if self._words else words + hint)
        self.updateGeometry()

    def retint(self) -> None:
        """Take the font from the theme."""
        step = "caption" if self._small else "body"
        weight = self._weight or (600 if self._kind in _BOLD else 400)
        self.setFont(theme().font(step, weight))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Give room for icon, text, hint and arrow inside the height of the kind."""
        size = theme().px(24) if self._kind is Kind.LINK else self._usual_height()
        return QSize(self.room(words=self._words), size)

    def _usual_height(self) -> int:
        return theme().size("button-small" if self._small else "button")

    def room(self, *, words: bool) -> int:
        """Return how wide the button is with its words, or with its icon alone."""
        around = theme().px(4) if self._kind is Kind.LINK else 2 * theme().px(10 if self._small else 13)
        return self._content_width(words=words) + around

    def minimumSizeHint(self) -> QSize:
        """Never cut a word."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Let the style sheet paint ground and edge, then write icon, text and hint."""
        painter = QPainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        option.features &= ~QStyleOptionButton.ButtonFeature.HasMenu
        self.style().drawControl(QStyle.ControlElement.CE_PushButtonBevel, option, painter, self)
        self._write(painter)
        painter.end()

    def focusInEvent(self, event: QEvent) -> None:
        """Draw the ring around a primary button."""
        super().focusInEvent(event)
        if self._kind is Kind.PRIMARY and self.parentWidget() is not None:
            self._ring = _Ring(self)

    def focusOutEvent(self, event: QEvent) -> None:
        """Take the ring away."""
        super().focusOutEvent(event)
        if self._ring is not None:
            self._ring.remove()
            self._ring = None

    def _shown_text(self) -> str:
        return self.text().replace("&&", "&")

    def _content_width(self, *, words: bool) -> int:
        text = show(self._text) if words else ""
        width = QFontMetrics(self.font()).horizontalAdvance(text)
        gap = theme().px(_GAP)
        if self._icon:
            width += theme().px(16) + (gap if text else 0)
        if self._hint and words:
            width += gap + QFontMetrics(theme().font("caption")).horizontalAdvance(self._hint)
        if self.menu() is not None:
            width += gap + theme().px(14)
        return width

    def _ink(self) -> str:
        if not self.isEnabled():
            return "text-disabled"
        if self._kind is Kind.BAD and self.isDown():
            return "on-accent"
        if self.isChecked():
            return "accent"
        return _INK[self._kind]

    def _write(self, painter: QPainter) -> None:
        ink, gap = self._ink(), theme().px(_GAP)
        area = self.rect()
        x = area.left() + (area.width() - self._content_width(words=self._words)) // 2
        if self._icon:
            side = theme().px(16)
            pixmap = theme().pixmap(self._icon, ink, 16, self.devicePixelRatioF())
            painter.drawPixmap(x, (area.height() - side) // 2, pixmap)
            x += side + gap
        painter.setFont(self.font())
        painter.setPen(theme().color(ink))
        width = QFontMetrics(self.font()).horizontalAdvance(self._shown_text())
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextDontClip
        painter.drawText(QRect(x, area.top(), width, area.height()), int(middle), self._shown_text())
        x += width + gap
        if self._hint and self._words:
            caption = theme().font("caption")
            painter.setFont(caption)
            quiet = ink if self._kind is Kind.PRIMARY or not self.isEnabled() else "text-soft"
            painter.setPen(theme().color(quiet))
            painter.drawText(QRect(x, area.top(), area.width() - x, area.height()), int(middle), self._hint)
            x += QFontMetrics(caption).horizontalAdvance(self._hint) + gap
        if self.menu() is not None:
            side = theme().px(14)
            pixmap = theme().pixmap("down", ink, 14, self.devicePixelRatioF())
            painter.drawPixmap(x, (area.height() - side) // 2, pixmap)


class IconButton(Live, QToolButton):
    """A button that is an icon alone, for toolbars and panes; its name is tooltip and spoken name."""

    def __init__(
        self,
        icon: str,
        name: Text,
        *,
        hint: str = "",
        color: str = "text",
        small: bool = False,
        checkable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon, self._name, self._hint, self._color, self._small = icon, name, hint, color, small
        self.setCheckable(checkable)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        if small:
            self.setProperty("small", True)  # `size` is a property of Qt's own
        self.toggled.connect(self.retint)
        self.retranslate()
        self.retint()

    def show_icon(self, icon: str, name: Text | None = None) -> None:
        """Show another icon, under another name where given."""
        self._icon = icon
        self._name = self._name if name is None else name
        self.retranslate()
        self.retint()

    def retranslate(self) -> None:
        """Name the button in the language on screen."""
        words = show(self._name)
        self.setAccessibleName(words)
        self.setToolTip(f"{words} ({key_words(self._hint)})" if self._hint else words)

    def retint(self) -> None:
        """Draw the icon in the theme's colour."""
        self.setIcon(theme().icon(self._icon, "accent" if self.isChecked() else self._color))
        size = 14 if self._small else 16
        self.setIconSize(QSize(theme().px(size), theme().px(size)))

    def sizeHint(self) -> QSize:
        """Be as high as the buttons with words; Qt would add a few pixels of its own."""
        side = theme().size("button-small" if self._small else "button")
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        """Give the icon its room."""
        return self.sizeHint()


class _Ring(QWidget):
    """The ring around a focused primary button, which a style sheet cannot paint outside its box."""

    def __init__(self, button: Button) -> None:
        super().__init__(button.parentWidget())
        self._button = button
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        button.installEventFilter(self)
        self._follow()

    def remove(self) -> None:
        """Go for good."""
        self._button.removeEventFilter(self)
        self.hide()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the button where it goes."""
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show):
            self._follow()
        elif event.type() == QEvent.Type.Hide:
            self.hide()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ring, leaving the ground between it and the button as it is."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().color("accent"), 2))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 9, 9)
        painter.end()

    def _follow(self) -> None:
        self.setGeometry(self._button.geometry().adjusted(-_RING, -_RING, _RING, _RING))
        self.setVisible(self._button.isVisible())
        self.raise_()
