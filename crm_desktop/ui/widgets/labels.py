"""Labels by role: step of the type scale and colour; one that elides; a heading of a section."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from crm_desktop.ui.theme import fonts, theme
from crm_desktop.ui.theme.tokens import STEPS
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.live import Live


class Label(Live, QLabel):
    """Text in a step of the type scale and a colour of the theme.

    `step`: caption, body, section, title, figure. `color`: a colour token. `weight`: 400 or 600.
    """

    def __init__(
        self,
        text: Text = "",
        *,
        step: str = "body",
        color: str = "text",
        weight: int | None = None,
        wrap: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._text, self._step, self._color, self._weight = text, step, color, weight
        self.setTextFormat(Qt.TextFormat.PlainText)
        if wrap:
            self.setWordWrap(True)
        self.retranslate()
        self.dress()

    def say(self, text: Text) -> None:
        """Show another text; a `Message` follows the language."""
        self._text = text
        self.retranslate()

    def set_color(self, color: str) -> None:
        """Show the text in another colour token."""
        self._color = color
        self.retint()

    def sizeHint(self) -> QSize:
        """Give one line the line height of its step, whichever face its characters come from."""
        return self._on_one_line(super().sizeHint())

    def minimumSizeHint(self) -> QSize:
        """Give one line the line height of its step."""
        return self._on_one_line(super().minimumSizeHint())

    def _on_one_line(self, hint: QSize) -> QSize:
        if self.wordWrap() or "\n" in self.text():
            return hint
        return QSize(hint.width(), _line_height(self._step, self._weight, theme().scale))

    def retranslate(self) -> None:
        """Set the text in the language on screen."""
        self.setText(show(self._text))

    def retint(self) -> None:
        """Take font and colour from the theme."""
        self.setFont(theme().font(self._step, self._weight))
        if self.wordWrap():
            # Lines that flow start where a single line of the same step beside them starts.
            above = max(0, theme().line_height(self._step) - self.fontMetrics().height()) // 2
            self.setContentsMargins(0, above, 0, 0)
        self.setPalette(theme().ink(self._color))


@cache
def _line_height(step: str, weight: int | None, scale: float) -> int:
    """Return a step's line height, or as much as a face needs whose letters reach further down."""
    metrics = QFontMetrics(fonts.font(step, scale, weight))
    spare = max(0, metrics.descent() - metrics.tightBoundingRect("gjpqy").bottom() - 1)
    return max(round(STEPS[step].line * scale), metrics.height() - 2 * spare)


class ElidedLabel(Label):
    """One line that ends in "…" where it does not fit; the whole text is then its tooltip."""

    def __init__(
        self,
        text: Text = "",
        *,
        step: str = "body",
        color: str = "text",
        weight: int | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, step=step, color=color, weight=weight, parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Leave room for one character and the dots, or for all of a short text."""
        metrics = self.fontMetrics()
        least = min(metrics.horizontalAdvance("M…"), super().minimumSizeHint().width())
        return QSize(least, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the whole text as a tooltip only while part of it is hidden."""
        super().resizeEvent(event)
        self._hint()

    def retranslate(self) -> None:
        """Set the text in the language on screen."""
        super().retranslate()
        self._hint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint as much of the text as fits."""
        painter = QPainter(self)
        area: QRect = self.contentsRect()
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, area.width())
        group = QPalette.ColorGroup.Active if self.isEnabled() else QPalette.ColorGroup.Disabled
        painter.setPen(self.palette().color(group, QPalette.ColorRole.WindowText))
        painter.drawText(area, int(self.alignment() | Qt.TextFlag.TextSingleLine), shown)
        painter.end()

    def _hint(self) -> None:
        hidden = self.fontMetrics().horizontalAdvance(self.text()) > self.contentsRect().width()
        self.setToolTip(self.text() if hidden else "")


class Heading(Live, QWidget):
    """The heading of a section, with a soft remark at the right ("as of 09:08") where there is one."""

    def __init__(self, text: Text, remark: Text = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = Label(text, weight=600)
        self.remark = ElidedLabel(remark, step="caption", color="text-soft")
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.addWidget(self.title)
        self.row.addStretch(1)
        self.row.addWidget(self.remark)
        self.retranslate()

    def retranslate(self) -> None:
        """Name the section for those who listen."""
        self.setAccessibleName(self.title.text())


class IconLabel(Live, QLabel):
    """An icon of the theme; `name` says it to those who listen, empty where words stand beside it."""

    def __init__(
        self,
        icon: str,
        *,
        color: str = "text-soft",
        size: int = 16,
        name: Text = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon, self._color, self._size, self._name = icon, color, size, name
        self.retranslate()
        self.dress()

    def show_icon(self, icon: str, color: str | None = None, name: Text | None = None) -> None:
        """Show another icon, in another colour and under another name where given."""
        self._icon = icon
        self._color = color or self._color
        self._name = self._name if name is None else name
        self.retranslate()
        self.retint()

    def retranslate(self) -> None:
        """Name the icon in the language on screen."""
        words = show(self._name)
        self.setAccessibleName(words)
        self.setToolTip(words)

    def retint(self) -> None:
        """Draw the icon in the theme's colour."""
        self.setPixmap(theme().pixmap(self._icon, self._color, self._size))
        side = theme().px(self._size)
        self.setFixedSize(side, side)
