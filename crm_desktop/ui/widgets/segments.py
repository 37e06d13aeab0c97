"""A switch between two to four views, all of them in sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QWidget

from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.live import Live


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One choice of a switch."""

    key: str
    text: Text
    icon: str | None = None


class SegmentedSwitch(Live, QWidget):
    """A row of joined buttons of which one is chosen; arrow keys move the choice."""

    chosen = Signal(str)

    def __init__(
        self,
        segments: Sequence[Segment],
        *,
        name: Text = "",
        ticked: bool = False,
        small: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """`ticked` puts a check mark before the chosen word, for words without icons."""
        super().__init__(parent)
        self._name = name
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._buttons: dict[str, _SegmentButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for place, segment in enumerate(segments):
            button = _SegmentButton(
                segment, first=place == 0, last=place == len(segments) - 1, ticked=ticked, small=small
            )
            self._group.addButton(button)
            self._buttons[segment.key] = button
            row.addWidget(button)
            button.clicked.connect(self._on_button_clicked)
        if segments:
            self._buttons[segments[0].key].setChecked(True)
        self.setSizePolicy(self.sizePolicy().horizontalPolicy().Maximum, self.sizePolicy().verticalPolicy())
        self.retranslate()

    @property
    def key(self) -> str:
        """The key of the chosen segment."""
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def choose(self, key: str) -> None:
        """Choose a segment without telling anybody."""
        self._buttons[key].setChecked(True)

    def retranslate(self) -> None:
        """Name the switch in the language on screen."""
        self.setAccessibleName(show(self._name))

    def _on_button_clicked(self) -> None:
        self.chosen.emit(self.key)


class _SegmentButton(Live, QAbstractButton):
    def __init__(self, segment: Segment, *, first: bool, last: bool, ticked: bool, small: bool) -> None:
        super().__init__()
        self._segment, self._first, self._last = segment, first, last
        self._ticked, self._small = ticked, small
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.toggled.connect(self.updateGeometry)
        self.retranslate()

    def retranslate(self) -> None:
        self.setText(show(self._segment.text))
        self.setAccessibleName(self.text())
        self.updateGeometry()

    def retint(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        width = 2 * theme().px(12) + QFontMetrics(theme().font("body", 600)).horizontalAdvance(self.text())
        if self._shown_icon() or self._ticked:
            width += theme().px(16 + 8)
        return QSize(width, theme().size("button-small" if self._small else "button"))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = "accent-soft" if self.isChecked() else "hover" if self.underMouse() else "surface"
        outline = self._outline()
        painter.fillPath(outline, theme().color(ground))
        if not self._last:  # the hairline between two segments
            painter.fillRect(QRect(self.width() - 1, 1, 1, self.height() - 2), theme().color("line"))
        painter.setPen(theme().color("line-strong"))
        painter.setClipRect(self.rect())
        painter.drawPath(outline)
        ink = "accent" if self.isChecked() else "text" if self.isEnabled() else "text-disabled"
        font = theme().font("body", 600 if self.isChecked() else 400)
        mark, gap = self._shown_icon(), theme().px(8)
        width = QFontMetrics(font).horizontalAdvance(self.text()) + (theme().px(16) + gap if mark else 0)
        x = (self.width() - width) // 2
        if mark:
            x += paint.icon(painter, mark, ink, x, self.rect(), 16) + gap
        paint.words(painter, self.text(), font, ink, QRect(x, 0, self.width() - x, self.height()))
        if self.hasFocus():
            paint.focus_frame(painter, self.rect(), RADII["control"])
        painter.end()

    def _shown_icon(self) -> str | None:
        if self._segment.icon:
            return self._segment.icon
        return "check" if self._ticked and self.isChecked() else None

    def _outline(self) -> QPainterPath:
        """Return the edge: rounded at the ends of the row, running on past the seams."""
        radius = RADII["control"]
        left = 0.5 if self._first else -radius - 1
        right = self.width() - 0.5 if self._last else self.width() + radius + 1
        path = QPainterPath()
        path.addRoundedRect(left, 0.5, right - left, self.height() - 1, radius, radius)
        return path
