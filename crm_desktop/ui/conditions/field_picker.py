"""Choosing a field from a tree, linked records' fields below their link, or by typing part of its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from crm_core.i18n import message
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.fields import SearchField
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

WIDTH, HEIGHT = 320, 340
MOST_FOUND = 200
"""Fields a search shows; whoever wants another types more of its name."""
_KEY = Qt.ItemDataRole.UserRole
_PICK = Qt.ItemDataRole.UserRole + 1
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """Something to choose. Without a `key` it only holds what is `below`. `words` say it alone."""

    key: str
    label: Text
    words: Text
    below: tuple[Pick, ...] = ()


Picks = Callable[[], Sequence[Pick]]
"""Gives what there is to choose from, when it is asked for."""


class FieldPicker(QFrame):
    """Tree and search; Enter or a click chooses, the right arrow opens a link, Esc closes."""

    chosen = Signal(str)

    def __init__(self, picks: Sequence[Pick], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("role", "popup")
        self.setAccessibleName(tr("Fields"))
        self._picks = tuple(picks)
        self.search = SearchField(message("Search fields"))
        self.tree = QTreeWidget()
        self.tree.setIndentation(theme().px(18))
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.tree.setAccessibleName(tr("Fields"))
        self.nothing = Label(message("No field is called so"), color="text-soft", wrap=True)
        self.nothing.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(theme().px(8))
        for widget in (self.search, self.tree, self.nothing):
            column.addWidget(widget)
        self.search.textChanged.connect(self._on_typed)
        self.search.returnPressed.connect(lambda: self._choose(self.tree.currentItem()))
        self.tree.itemClicked.connect(lambda item, _column: self._choose(item))
        self.tree.itemExpanded.connect(self._fill_below)
        self._on_typed("")

    def open_at(self, widget: QWidget) -> None:
        """Show it below a widget, or above where there is no room, whole on the screen."""
        screen = (widget.screen() or QGuiApplication.primaryScreen()).availableGeometry()
        width, height = max(theme().px(WIDTH), widget.width()), theme().px(HEIGHT)
        self.resize(min(width, screen.width()), min(height, screen.height()))
        at = widget.mapToGlobal(QPoint(0, widget.height() + 2))
        if at.y() + self.height() > screen.bottom():
            at.setY(max(screen.top(), widget.mapToGlobal(QPoint(0, 0)).y() - self.height() - 2))
        at.setX(max(screen.left(), min(at.x(), screen.right() - self.width())))
        self.move(at)
        self.show()
        self.search.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Down goes from the search into the tree; Enter there chooses."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.key() == Qt.Key.Key_Down and self.search.hasFocus():
            self.tree.setFocus()
        elif event.key() in _ENTER:
            self._choose(self.tree.currentItem())
        else:
            super().keyPressEvent(event)

    def words(self) -> list[str]:
        """Return what the tree shows, closed branches left out."""
        return [item.text(0) for item in self._items()]

    def _items(self) -> Iterator[QTreeWidgetItem]:
        for place in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(place)
            if item is not None:
                yield item

    def _on_typed(self, text: str) -> None:
        wanted = text.strip().casefold()
        self.tree.clear()
        if not wanted:
            for pick in self._picks:
                self._add(pick, self.tree.invisibleRootItem(), show(pick.label))
        else:
            found = [
                (words, pick)
                for pick in _every(self._picks)
                if pick.key and wanted in (words := show(pick.words)).casefold()
            ]
            # What begins so and what lies nearer comes first.
            found.sort(key=lambda each: (not each[0].casefold().startswith(wanted), each[1].key.count(".")))
            for words, pick in found[:MOST_FOUND]:
                self._add(Pick(key=pick.key, label=words, words=words), self.tree.invisibleRootItem(), words)
        self.nothing.setVisible(not self.tree.topLevelItemCount())
        if self.tree.topLevelItemCount():
            self.tree.setCurrentItem(self.tree.topLevelItem(0))

    def _add(self, pick: Pick, parent: QTreeWidgetItem, words: str) -> None:
        item = QTreeWidgetItem([words])
        item.setData(0, _KEY, pick.key)
        item.setData(0, _PICK, pick)
        item.setToolTip(0, show(pick.words))
        parent.addChild(item)
        if pick.below:
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)

    def _fill_below(self, item: QTreeWidgetItem) -> None:
        pick = item.data(0, _PICK)
        if pick is not None and not item.childCount():
            for each in pick.below:
                self._add(each, item, show(each.label))

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        if item is None:
            return
        key = item.data(0, _KEY)
        if not key:
            item.setExpanded(not item.isExpanded())
            return
        self.close()
        self.chosen.emit(key)


class PickerBox(QuietCombo):
    """Looks like a box to choose in; opened, it shows the tree. `picked` carries the key chosen."""

    picked = Signal(str)

    def __init__(self, picks: Picks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picks = picks
        self.popup: FieldPicker | None = None

    def showPopup(self) -> None:
        """Open the tree instead of a list."""
        popup = self.popup = FieldPicker(self._picks(), self)
        popup.chosen.connect(self.picked)
        popup.open_at(self)


class FieldBox(Live, PickerBox):
    """A box that holds one choice, or says what can be chosen."""

    def __init__(self, picks: Picks, hint: Text, parent: QWidget | None = None) -> None:
        super().__init__(picks, parent)
        self._hint = hint
        self.key = ""
        """What is chosen; '' for nothing."""
        self._words: Text = ""
        self.addItem("")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.retranslate()

    def show_key(self, key: str, words: Text) -> None:
        """Show what is chosen."""
        self.key, self._words = key, words
        self.retranslate()

    def retranslate(self) -> None:
        """Name what is chosen in the language on screen."""
        words = show(self._words) if self.key else show(self._hint)
        self.setItemText(0, words)
        self.setToolTip(words)


def _every(picks: Sequence[Pick]) -> Iterator[Pick]:
    for pick in picks:
        yield pick
        yield from _every(pick.below)
