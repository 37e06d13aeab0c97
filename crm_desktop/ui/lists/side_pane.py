"""A table with details beside it; where there is little room the details lie over the table."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QWidget

from crm_desktop.ui.theme import theme
from crm_desktop.ui.widgets.live import Live

OVERLAY_BELOW = 1180  # px of window: narrower, the details lie over the table
_LEAST_MAIN = 320


class SidePane(Live, QWidget):
    """`main` and, at its right, `pane`, which can be hidden."""

    shown_changed = Signal(bool)
    """Whether the pane is in sight."""

    def __init__(
        self, main: QWidget, pane: QWidget, *, shown: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.main, self.pane = main, pane
        self._wanted = shown
        self._overlay = False
        self._needed = True
        self._width: int | None = None
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(main)
        self._splitter.addWidget(pane)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setStretchFactor(1, 0)
        self._splitter.splitterMoved.connect(self._on_splitter_moved)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._splitter)
        self.retint()

    @property
    def wanted(self) -> bool:
        """Whether a person wants the pane beside the table; as an overlay it is opened each time."""
        return self._wanted

    def need(self, needed: bool, button: QWidget) -> None:
        """Say whether there is anything the pane could show; without, both it and its button rest."""
        button.setEnabled(needed)
        if needed != self._needed:
            self._needed = needed
            if self._overlay:
                self.pane.hide()
            self.arrange()

    def toggle(self) -> None:
        """Show or hide the pane."""
        if not self._needed:
            return
        if self._overlay:
            self.pane.setVisible(self.pane.isHidden())
        else:
            self._wanted = not self._wanted
        self.arrange()

    def arrange(self) -> None:
        """Put the pane beside or over the table, by the width of the window."""
        overlay = self.window().width() < theme().px(OVERLAY_BELOW)
        if overlay != self._overlay:
            self._overlay = overlay
            if overlay:
                self.pane.setParent(self)
                self.pane.hide()
            else:
                self._splitter.addWidget(self.pane)
        if overlay:
            width = min(theme().size("details-pane"), self.width())
            self.pane.setGeometry(self.width() - width, 0, width, self.height())
            self.pane.raise_()
        else:
            shown = self._wanted and self._needed
            self.pane.setVisible(shown)
            if shown:
                width = self._width or theme().size("details-pane")
                self._splitter.setSizes([max(self.width() - width - 1, 1), width])
        self.shown_changed.emit(not self.pane.isHidden())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange anew."""
        super().resizeEvent(event)
        self.arrange()

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self.main.setMinimumWidth(theme().px(_LEAST_MAIN))
        self.pane.setMinimumWidth(theme().px(220))

    def _on_splitter_moved(self, _at: int, _number: int) -> None:
        self._width = self._splitter.sizes()[1]


class Hairline(Live, QWidget):
    """A line between two parts of a page."""

    def __init__(self, *, vertical: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        if vertical:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)
        self.setAutoFillBackground(True)
        self.retint()

    def retint(self) -> None:
        """Take the colour of lines."""
        colors = self.palette()
        if colors.color(self.backgroundRole()) != theme().color("line"):
            colors.setColor(self.backgroundRole(), theme().color("line"))
            self.setPalette(colors)
