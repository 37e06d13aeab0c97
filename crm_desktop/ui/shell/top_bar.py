"""The bar above the page: back and forth, the search box, what can be made, the program's menu."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from crm_core.i18n import message
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, S
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind
from crm_desktop.ui.widgets.chips import Chip, ChipLook
from crm_desktop.ui.widgets.fields import SearchField
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.menus import Menu

SEARCH_WIDTH = 424
_LOG_FROM, _NEW_FROM = 640, 520
"""px before the font scale: in a narrower bar these two show their icon alone."""
_NARROWEST = 420


class TopBar(Live, QWidget):
    """Holds the controls; what they do is the frame's affair."""

    sample_clicked = Signal()

    def __init__(self, new_menu: Menu, program_menu: Menu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.back = IconButton("left", message("Back"), hint="Alt+Left")
        self.forward = IconButton("right", message("Forward"), hint="Alt+Right")
        self.search = SearchField(message("Search customers, deals, actions"), hint="Ctrl+K")
        self.sample = SampleChip()
        self.sample.clicked.connect(self.sample_clicked)
        self.new = Button(message("New"), Kind.PLAIN, icon="plus")
        self.new.setMenu(new_menu)
        self.log = Button(message("Quick log"), Kind.PLAIN, icon="pen", hint="Ctrl+L")
        self.program = IconButton("menu", message("Menu"), hint="Alt+M")
        self.program.setMenu(program_menu)
        self.search.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.back)
        self._row.addWidget(self.forward)
        self._row.addSpacing(theme().px(4))
        self._row.addWidget(self.search, 10)
        self._row.addSpacing(theme().px(12))
        self._row.addWidget(self.sample)
        self._row.addStretch(1)
        self._row.addWidget(self.new)
        self._row.addWidget(self.log)
        self._row.addWidget(self.program)
        self._row.setSpacing(theme().px(4))
        self.retranslate()
        self.retint()

    def retranslate(self) -> None:
        """Name the bar in the language on screen."""
        self.setAccessibleName(tr("Program bar"))

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self.setFixedHeight(theme().size("top-bar"))
        self.search.setMaximumWidth(theme().px(SEARCH_WIDTH))
        self.search.setMinimumWidth(theme().px(SEARCH_WIDTH // 4))
        margin = theme().px(XL)
        self._row.setContentsMargins(theme().px(8), 0, margin - theme().px(S), 1)
        self._make_room()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave words out where the bar is narrow."""
        super().resizeEvent(event)
        self._make_room()

    def minimumSizeHint(self) -> QSize:
        """Ask for the room without those words."""
        return QSize(theme().px(_NARROWEST), theme().size("top-bar"))

    def _make_room(self) -> None:
        self.log.show_words(self.width() >= theme().px(_LOG_FROM))
        self.new.show_words(self.width() >= theme().px(_NEW_FROM))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the hairline under the bar."""
        painter = QPainter(self)
        painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), theme().color("line"))
        painter.end()


class SampleChip(Chip):
    """Says that the records are invented; a click offers what can be done about it."""

    def __init__(self) -> None:
        super().__init__(message("Sample data"), look=ChipLook.OUTLINED, checkable=True)

    def nextCheckState(self) -> None:
        """Never look chosen: it only opens something."""
