"""The columns of a list by keyboard: which there are, their order and width, and by which it is sorted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.ui.itemmodels.rows import Column
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind

STEP = 16
"""px before the font scale by which a column gets wider or narrower at once."""
_MOST_ROWS = 14
_KEY = Qt.ItemDataRole.UserRole
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class _List(QListWidget):
    """Leaves to the popup what is pressed with Alt, and Enter."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.AltModifier or event.key() in _ENTER:
            event.ignore()
        else:
            super().keyPressEvent(event)


class ColumnsPopup(QFrame):
    """Tells what is wanted of which column, by key. Space ticks one, Alt and the arrows move and size it."""

    shown = Signal(object)
    """The keys of the columns to show, in order; none: the usual ones."""
    sized = Signal(str, int)
    """(column, px before the font scale it is to gain)."""
    sort_asked = Signal(str)
    """The field of a column to sort by; once more the other way round."""

    def __init__(self, columns: Mapping[str, Column], parent: QWidget) -> None:
        """`columns`: all that may be shown."""
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("role", "popup")
        self.setAccessibleName(tr("Columns"))
        self._columns = {key: column for key, column in columns.items() if not column.fixed}
        self._filling = False
        self.list = _List()
        self.list.setAccessibleName(tr("Columns"))
        self.up = IconButton("up", message("Put further left"), hint="Alt+Up", small=True)
        self.down = IconButton("down", message("Put further right"), hint="Alt+Down", small=True)
        self.narrower = IconButton("left", message("Narrower"), hint="Alt+Left", small=True)
        self.wider = IconButton("right", message("Wider"), hint="Alt+Right", small=True)
        self.sort = Button(message("Sort by it"), icon="sort", small=True)
        self.usual = Button(message("Usual columns"), Kind.LINK, weight=400)
        self._lay_out()
        self._listen()

    def show_columns(self, keys: Sequence[str], sort: tuple[str, bool] | None) -> None:
        """Show which columns stand in the list, in their order, and behind them the others."""
        current = self._key()
        self._filling = True
        self.list.clear()
        for key in (*keys, *(key for key in self._columns if key not in keys)):
            column = self._columns[key]
            words = show(column.title)
            if sort is not None and column.sort == sort[0]:
                words = (
                    tr("{column} (falling)", column=words)
                    if sort[1]
                    else tr("{column} (rising)", column=words)
                )
            item = QListWidgetItem(words)
            item.setData(_KEY, key)
            flags = item.flags() | Qt.ItemFlag.ItemIsUserCheckable
            # One column takes the free room; it is there whatever is chosen.
            item.setFlags(flags & ~Qt.ItemFlag.ItemIsUserCheckable if column.stretch else flags)
            item.setCheckState(Qt.CheckState.Checked if key in keys else Qt.CheckState.Unchecked)
            self.list.addItem(item)
            if key == current:
                self.list.setCurrentItem(item)
        if self.list.currentRow() < 0:
            self.list.setCurrentRow(0)
        self._filling = False
        rows = min(self.list.count(), _MOST_ROWS)
        self.list.setFixedHeight(rows * self.list.sizeHintForRow(0) + theme().px(4))
        self._on_current_changed()

    def open_below(self, button: QWidget) -> None:
        """Show the columns under a button, their right edge at the button's."""
        self.adjustSize()
        self.move(button.mapToGlobal(QPoint(button.width() - self.width(), button.height() + 4)))
        self.show()
        self.list.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Alt and the arrows move and size the column; Enter sorts by it, Esc closes."""
        acts = {
            (Qt.Key.Key_Up, True): self.up,
            (Qt.Key.Key_Down, True): self.down,
            (Qt.Key.Key_Left, True): self.narrower,
            (Qt.Key.Key_Right, True): self.wider,
            (Qt.Key.Key_Return, False): self.sort,
            (Qt.Key.Key_Enter, False): self.sort,
        }
        act = acts.get((Qt.Key(event.key()), event.modifiers() == Qt.KeyboardModifier.AltModifier))
        if act is not None:
            act.click()
        elif event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        self.list.setMinimumWidth(theme().px(240))
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.up, self.down, self.narrower, self.wider):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.sort)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.list)
        column.addLayout(buttons)
        column.addWidget(self.usual, 0, Qt.AlignmentFlag.AlignLeft)

    def _listen(self) -> None:
        self.list.itemChanged.connect(lambda _item: self._on_ticked())
        self.list.currentRowChanged.connect(lambda _row: self._on_current_changed())
        self.up.clicked.connect(lambda: self._move(-1))
        self.down.clicked.connect(lambda: self._move(1))
        self.narrower.clicked.connect(lambda: self.sized.emit(self._key(), -STEP))
        self.wider.clicked.connect(lambda: self.sized.emit(self._key(), STEP))
        self.sort.clicked.connect(lambda: self.sort_asked.emit(self._columns[self._key()].sort))
        self.usual.clicked.connect(lambda: self.shown.emit(()))

    def _key(self) -> str:
        item = self.list.currentItem()
        return "" if item is None else str(item.data(_KEY))

    def _keys_shown(self) -> list[str]:
        items = [self.list.item(row) for row in range(self.list.count())]
        return [str(item.data(_KEY)) for item in items if item.checkState() == Qt.CheckState.Checked]

    def _move(self, by: int) -> None:
        keys, key = self._keys_shown(), self._key()
        place = keys.index(key)
        keys.insert(place + by, keys.pop(place))
        self.shown.emit(keys)

    def _on_ticked(self) -> None:
        if not self._filling:
            self.shown.emit(self._keys_shown())

    def _on_current_changed(self) -> None:
        if self._filling or not self._key():
            return
        keys, key = self._keys_shown(), self._key()
        column, shown = self._columns[key], key in keys
        self.up.setEnabled(shown and keys[0] != key)
        self.down.setEnabled(shown and keys[-1] != key)
        for button in (self.narrower, self.wider):
            button.setEnabled(shown and not column.stretch)
        self.sort.setEnabled(column.sort is not None)
