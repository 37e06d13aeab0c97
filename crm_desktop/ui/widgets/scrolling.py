"""Scrolled pages: one that is read by keys, and bringing a part of one into sight."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer
from PySide6.QtWidgets import QFrame, QLayout, QScrollArea, QVBoxLayout, QWidget

STILL_MS = 300
"""A page that was only just filled has its parts in their places when nothing moved for so long."""


def scrolled(inner: QWidget) -> QScrollArea:
    """Return a frameless area that scrolls a widget as wide as it is, and takes no focus of its own."""
    area = QScrollArea()
    area.setWidget(inner)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


class UprightArea(QScrollArea):
    """Scrolls up and down alone: it is never narrower than what is in it."""

    def __init__(self, inner: QWidget) -> None:
        super().__init__()
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def minimumSizeHint(self) -> QSize:
        """Ask for the width of what is in it, and for little height."""
        inner = self.widget()
        width = inner.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(width, super().minimumSizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask anew where what is in it needs another width."""
        if event.type() is QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


class ReadingArea(QScrollArea):
    """A part with nothing in it to stop at: it takes the focus itself, and scrolls by arrow keys."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("reading", True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)


def read_below(page: QWidget, head: QLayout, inner: QWidget, name: str) -> ReadingArea:
    """Lay a page out as a head that stays and, below it, what is read and scrolled; return the area."""
    area = ReadingArea()
    area.setAccessibleName(name)
    area.setWidgetResizable(True)
    area.setWidget(inner)
    area.viewport().setAutoFillBackground(False)
    inner.setAutoFillBackground(False)
    whole = QVBoxLayout(page)
    whole.setContentsMargins(0, 0, 0, 0)
    whole.setSpacing(0)
    whole.addLayout(head)
    whole.addWidget(area, 1)
    return area


def show_whole(area: QScrollArea, widget: QWidget) -> None:
    """Scroll so that a widget is seen whole, or its beginning where it is longer than the area.

    It is followed until the page has found its shape.
    """
    _Following(area, widget)


class _Following(QObject):
    """Goes with its widget, or by itself once the page is still."""

    def __init__(self, area: QScrollArea, widget: QWidget) -> None:
        super().__init__(widget)
        self._area, self._widget = area, widget
        self._still = QTimer(self)
        self._still.setSingleShot(True)
        self._still.setInterval(STILL_MS)
        self._still.timeout.connect(self.deleteLater)
        area.verticalScrollBar().rangeChanged.connect(self._on_moved)
        self._on_moved()

    def _on_moved(self) -> None:
        self._still.start()
        inner, bar = self._area.widget(), self._area.verticalScrollBar()
        if inner is None or not inner.isAncestorOf(self._widget):
            return
        top = self._widget.mapTo(inner, QPoint(0, 0)).y()
        self._area.ensureVisible(0, top + self._widget.height())
        if bar.value() > top:
            bar.setValue(top)
