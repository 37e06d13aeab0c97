"""The states a quote goes through, as a row of words with the present one marked."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from crm_core.entities.quote import QUOTE_STATES
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.live import Live

LABELS = {choice.value: choice.label for choice in QUOTE_STATES}
_PAD, _GAP, _ARROW = 10, 6, 14


class StateSteps(Live, QWidget):
    """Draft, sent, and how it ended; an ending that was not takes no room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = "draft"
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.retranslate()

    def show_state(self, state: str) -> None:
        """Show where the quote stands."""
        self._state = state
        self.retranslate()

    def retranslate(self) -> None:
        """Say the state to those who listen."""
        self.setAccessibleName(tr("State: {state}", state=tr(LABELS.get(self._state, self._state))))
        self.updateGeometry()
        self.update()

    def retint(self) -> None:
        """Measure and paint anew."""
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Give every step its word in bold."""
        words = sum(self._width(step) for step in self._steps())
        arrows = (len(self._steps()) - 1) * theme().px(_ARROW + 2 * _GAP)
        return QSize(words + arrows, theme().size("button-small"))

    def minimumSizeHint(self) -> QSize:
        """Never cut a word."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the steps: behind soft, present framed and bold, ahead soft."""
        painter = QPainter(self)
        x, height = 0, self.height()
        for place, step in enumerate(self._steps()):
            if place:
                area = QRect(x, 0, theme().px(_ARROW), height)
                paint.icon(painter, "right", "text-soft", x + theme().px(_GAP), area, _ARROW)
                x += theme().px(_ARROW + 2 * _GAP)
            width, present = self._width(step), step == self._state
            box = QRect(x, 0, width, height)
            if present:
                edge = theme().color("line-strong")
                paint.rounded(painter, box, theme().color("surface"), edge, RADII["control"])
            font = theme().font("body", 600 if present else 400)
            inner = box.adjusted(theme().px(_PAD), 0, -theme().px(_PAD) + 2, 0)
            paint.words(painter, tr(LABELS.get(step, step)), font, "text" if present else "text-soft", inner)
            x += width
        painter.end()

    def _steps(self) -> tuple[str, ...]:
        ending = self._state if self._state in ("declined", "expired") else "accepted"
        waits = ("waiting",) if self._state == "waiting" else ()
        return ("draft", *waits, "sent", ending)

    def _width(self, step: str) -> int:
        metrics = QFontMetrics(theme().font("body", 600))
        return metrics.horizontalAdvance(tr(LABELS.get(step, step))) + 2 * theme().px(_PAD)
