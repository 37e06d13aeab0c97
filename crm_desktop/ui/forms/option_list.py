"""The list that opens below a field while somebody types."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem

from crm_desktop.services.lists import Option
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr

MOST_SHOWN = 8


class OptionList(QListWidget):
    """What was found, under the field; never takes the focus from it."""

    def __init__(self, field: QLineEdit) -> None:
        super().__init__(field)
        self._field = field
        self.setWindowFlags(Qt.WindowType.ToolTip)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusProxy(field)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setProperty("role", "options")
        field.installEventFilter(self)

    def show_options(self, options: Sequence[Option]) -> None:
        """Show what was found; where nothing was, say so."""
        self.clear()
        self.setAccessibleName(tr("Found"))
        for option in options:
            words = f"{option.title} · {option.line}" if option.line else option.title
            item = QListWidgetItem(words)
            item.setData(Qt.ItemDataRole.UserRole, option)
            self._size(item)
            self.addItem(item)
        if not options:
            nothing = QListWidgetItem(tr("Nothing found"))
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self._size(nothing)
            self.addItem(nothing)
        self.setCurrentRow(0 if options else -1)
        shown = min(self.count(), MOST_SHOWN)
        self.resize(max(self._field.width(), theme().px(200)), shown * theme().px(30) + 4)
        self.move(self._field.mapToGlobal(QPoint(0, self._field.height() + 2)))
        self.show()

    def step(self, by: int) -> None:
        """Move the choice up or down."""
        if self.count():
            self.setCurrentRow(max(0, min(self.count() - 1, self.currentRow() + by)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go where the field goes."""
        if event.type() in (QEvent.Type.Hide, QEvent.Type.Move, QEvent.Type.Resize):
            self.hide()
        return False

    @property
    def chosen(self) -> Option | None:
        """What the choice stands on."""
        item = self.currentItem()
        option = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        return option if isinstance(option, Option) else None

    def _size(self, item: QListWidgetItem) -> None:
        item.setSizeHint(QSize(0, theme().px(30)))
