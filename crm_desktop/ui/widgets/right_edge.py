"""What stands inside a line at its right edge: as large as the text, which is kept clear of it.

The icons Qt itself puts into a line stay small where the text is large.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QLineEdit, QWidget

from crm_desktop.ui.theme import theme

_EDGE, _GAP = 3, 3
"""px before the font scale: to the edge of the field, and between two widgets."""


class RightEdge(QObject):
    """The widgets inside one line, from its edge inwards."""

    def __init__(self, line: QLineEdit) -> None:
        super().__init__(line)
        self._line = line
        self._inside: list[QWidget] = []
        line.installEventFilter(self)

    def put(self, widget: QWidget) -> None:
        """Show another widget, left of those that are there."""
        widget.setParent(self._line)
        self._inside.append(widget)
        widget.installEventFilter(self)
        widget.show()
        self.arrange()

    def take(self, widget: QWidget) -> None:
        """Take a widget away and give its room back."""
        self._inside.remove(widget)
        widget.removeEventFilter(self)
        widget.hide()
        widget.deleteLater()
        self.arrange()

    def arrange(self) -> None:
        """Lay the widgets out and keep the text clear of them."""
        edge, gap = theme().px(_EDGE), theme().px(_GAP)
        right = self._line.width() - edge
        for widget in self._inside:
            widget.ensurePolished()
            widget.adjustSize()
            widget.move(right - widget.width(), (self._line.height() - widget.height()) // 2)
            right -= widget.width() + gap
        margins = self._line.textMargins()
        margins.setRight(max(self._line.width() - edge - right - gap, 0))
        if margins != self._line.textMargins():
            self._line.setTextMargins(margins)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Lay out anew where the line or a widget got another size."""
        if event.type() == QEvent.Type.Resize:
            self.arrange()
        return super().eventFilter(watched, event)


def right_edge(line: QLineEdit) -> RightEdge:
    """Return what keeps the right edge of a line, one for each."""
    return line.findChild(RightEdge) or RightEdge(line)
