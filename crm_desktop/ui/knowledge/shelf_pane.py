"""At the left: a search, and below it the categories with their articles, or what was found."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from crm_core.i18n import Message, message
from crm_desktop.services.articles import ArticleRow, Shelf
from crm_desktop.ui.knowledge.words import NO_MATCH, remark_on, shelf_name
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.fields import SearchField
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

_PAD = 16
_ID = Qt.ItemDataRole.UserRole
_SHELF = Qt.ItemDataRole.UserRole + 1


class ShelfPane(Live, QWidget):
    """Title, search, tree. Shelves are filled when they are opened."""

    chosen = Signal(str)
    """An article's id."""
    shelf_opened = Signal(str)
    """A category's id; its articles are wanted."""
    typed = Signal(str)
    new_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shelves: tuple[Shelf, ...] = ()
        self._filling = False
        self.title = Label(message("Knowledge"), step="title")
        self.categories = IconButton("sliders", message("Article categories"))
        self.new = IconButton("plus", message("New article"))
        self.search = SearchField(message("Search articles"), hint="/")
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setColumnCount(1)
        self.tree.setUniformRowHeights(True)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.nothing = EmptyState("book", NO_MATCH)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.tree)
        self._stack.addWidget(self.nothing)
        head = QHBoxLayout()
        head.setContentsMargins(_PAD, 12, _PAD, 8)
        head.addWidget(self.title, 1)
        head.addWidget(self.categories)
        head.addWidget(self.new)
        line = QHBoxLayout()
        line.setContentsMargins(_PAD, 0, _PAD, 12)
        line.addWidget(self.search)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(line)
        column.addWidget(self._stack, 1)
        self.search.textChanged.connect(self.typed)
        self.search.returnPressed.connect(self._on_search_entered)
        self.new.clicked.connect(self.new_asked)
        self.tree.itemExpanded.connect(self._on_expanded)
        self.tree.currentItemChanged.connect(self._on_current_changed)
        self.tree.itemActivated.connect(self._on_activated)
        self.retranslate()
        self.retint()

    def show_shelves(self, shelves: tuple[Shelf, ...]) -> None:
        """Show the categories; those that were open stay so, and are filled anew."""
        opened = {item.data(0, _SHELF) for item in self._items() if item.isExpanded()}
        self._shelves = shelves
        self._filling = True
        self.tree.clear()
        for shelf in shelves:
            self._add_shelf(self.tree.invisibleRootItem(), shelf)
        self._filling = False
        self._say(None)
        for item in self._items():
            if item.data(0, _SHELF) in opened:
                item.setExpanded(True)

    def show_articles(self, shelf_id: str, rows: Sequence[ArticleRow], current: str | None) -> None:
        """Put a shelf's own articles behind the shelves below it."""
        shelf = next((item for item in self._items() if item.data(0, _SHELF) == shelf_id), None)
        if shelf is None:
            return
        self._filling = True
        for place in reversed(range(shelf.childCount())):
            child = shelf.child(place)
            if child is not None and child.data(0, _SHELF) is None:
                shelf.takeChild(place)
        for row in rows:
            shelf.addChild(_item_of(row))
        self._filling = False
        self.select(current)

    def show_found(self, rows: Sequence[ArticleRow], current: str | None) -> None:
        """Show what a search found, the best first."""
        self._filling = True
        self.tree.clear()
        self.tree.addTopLevelItems([_item_of(row) for row in rows])
        self._filling = False
        self._say(None if rows else NO_MATCH)
        self.select(current)

    def select(self, article_id: str | None) -> None:
        """Mark the article that is shown, where it is in sight."""
        item = next((each for each in self._items() if each.data(0, _ID) == article_id), None)
        if item is not None and article_id:
            self._filling = True
            self.tree.setCurrentItem(item)
            self._filling = False

    def any_open(self) -> bool:
        """Tell whether a shelf is open."""
        return any(item.isExpanded() for item in self._items())

    def open_shelves(self) -> None:
        """Open the first shelf, so that there is something to choose."""
        first = self.tree.topLevelItem(0)
        if first is not None:
            first.setExpanded(True)

    def retranslate(self) -> None:
        """Name everything in the language on screen."""
        self.tree.setAccessibleName(tr("Articles by category"))
        self.search.setAccessibleName(tr("Search articles"))
        for item in self._items():
            shelf = self._known(self._shelves, item.data(0, _SHELF))
            if shelf is not None:
                item.setText(0, _shelf_words(shelf))

    def retint(self) -> None:
        """Give rows the height of a list's, and let the ground of the pane show."""
        self.tree.setStyleSheet(
            f"QTreeView {{ background: transparent }} QTreeView::item {{ height: {theme().px(30)}px }}"
            f" QTreeView::item:selected {{ background: {theme().color('accent-soft').name()};"
            f" color: {theme().color('text').name()} }}"
        )
        self.tree.setIndentation(theme().px(18))
        for item in self._items():
            _tint(item)

    def _say(self, text: Message | None) -> None:
        if text is not None:
            self.nothing.say(text)
        self._stack.setCurrentWidget(self.tree if text is None else self.nothing)

    def _items(self) -> list[QTreeWidgetItem]:
        found: list[QTreeWidgetItem] = []
        level = [self.tree.invisibleRootItem()]
        while level:
            item = level.pop(0)
            children = [child for n in range(item.childCount()) if (child := item.child(n)) is not None]
            found += children
            level += children
        return found

    def _add_shelf(self, under: QTreeWidgetItem, shelf: Shelf) -> None:
        item = QTreeWidgetItem([_shelf_words(shelf)])
        item.setData(0, _SHELF, shelf.id)
        item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
        _tint(item)
        under.addChild(item)
        for below in shelf.below:
            self._add_shelf(item, below)

    def _known(self, shelves: Sequence[Shelf], shelf_id: object) -> Shelf | None:
        every = [*shelves, *(below for shelf in shelves for below in shelf.below)]
        return next((shelf for shelf in every if shelf.id == shelf_id), None)

    def _on_expanded(self, item: QTreeWidgetItem) -> None:
        shelf_id = item.data(0, _SHELF)
        if shelf_id is not None:
            self.shelf_opened.emit(shelf_id)

    def _on_current_changed(self, item: QTreeWidgetItem | None, _before: object = None) -> None:
        if item is not None and not self._filling and item.data(0, _ID):
            self.chosen.emit(item.data(0, _ID))

    def _on_activated(self, item: QTreeWidgetItem) -> None:
        if item.data(0, _SHELF) is not None:
            item.setExpanded(not item.isExpanded())

    def _on_search_entered(self) -> None:
        first = self.tree.topLevelItem(0)
        if first is not None and first.data(0, _ID):
            self.tree.setCurrentItem(first)
            self.tree.setFocus()


def _shelf_words(shelf: Shelf) -> str:
    return f"{shelf_name(shelf)}  {shelf.count}"


def _item_of(row: ArticleRow) -> QTreeWidgetItem:
    remark = show(remark_on(row))
    named = " ".join(part for part in (row.number, row.title) if part)
    item = QTreeWidgetItem([f"{named}  · {remark}" if remark else named])
    item.setData(0, _ID, row.id)
    said = ". ".join(part for part in (row.number, row.title, remark, row.excerpt) if part)
    item.setToolTip(0, said)
    item.setData(0, Qt.ItemDataRole.AccessibleTextRole, said)
    _tint(item)
    return item


def _tint(item: QTreeWidgetItem) -> None:
    if item.data(0, _SHELF) is None:
        item.setIcon(0, theme().icon("book", "text-soft"))
    item.setForeground(0, QBrush(theme().color("text")))
