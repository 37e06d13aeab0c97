"""A sheet over the right part of the page: the form of one deal."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.theme import theme
from crm_desktop.ui.widgets.live import Live

WIDTH = 520


class SideSheet(Live, QFrame):
    """Holds one form at a time, as high as the page, and follows its size."""

    emptied = Signal()
    """The form went; the page has the floor again."""

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self.form: RecordForm | None = None
        self.below: QWidget | None = None
        self._page = page
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(1, 0, 0, 0)
        page.installEventFilter(self)
        self.hide()
        self.retint()

    def show_form(self, form: RecordForm, below: QWidget | None = None) -> bool:
        """Show another form, and what belongs `below` it; False where the one there is asks about changes."""
        if not self.close_form():
            return False
        self.form, self.below = form, below
        self._column.addWidget(form, 1)
        if below is not None:
            self._column.addWidget(below)
        form.closed.connect(self._on_form_closed)
        self._follow()
        self.show()
        self.raise_()
        form.setFocus()
        return True

    def close_form(self) -> bool:
        """Let the form go; False where it stays to ask about its changes."""
        if self.form is None:
            return True
        if not self.form.leave():
            return False
        self._drop()
        return True

    def retint(self) -> None:
        """Keep the width at the person's font scale."""
        self._follow()
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as high as the page."""
        if event.type() == QEvent.Type.Resize:
            self._follow()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground and the hairline at the left."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("canvas"))
        painter.fillRect(QRect(0, 0, 1, self.height()), theme().color("line-strong"))
        painter.end()

    def _follow(self) -> None:
        width = min(theme().px(WIDTH), self._page.width())
        self.setGeometry(self._page.width() - width, 0, width, self._page.height())

    def _on_form_closed(self) -> None:
        self._drop()
        self.emptied.emit()

    def _drop(self) -> None:
        gone = (self.form, self.below)
        self.form = self.below = None
        for widget in gone:
            if widget is not None:
                self._column.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        self.hide()
