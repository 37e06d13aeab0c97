"""What is asked about a ticket in a window of its own: a category, a record to link to, a line of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from crm_core.errors import UserError
from crm_core.i18n import Message, message
from crm_core.schema.field import Field as Declared
from crm_desktop.services.ticket_around import CategoryRow
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

_WIDTH, _HEIGHT = 440, 320
_ID = Qt.ItemDataRole.UserRole


class AskDialog(Live, QDialog):
    """A title, one thing to say, and two buttons; `said` carries it."""

    said = Signal(object)

    def __init__(self, title: Message, done: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._title = title
        self.done_button = Button(done, Kind.PRIMARY)
        self.done_button.setDefault(True)
        self.done_button.clicked.connect(self.on_done)
        self.cancel_button = Button(message("Cancel"))
        self.cancel_button.clicked.connect(self.reject)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(XL, XL, XL, XL)
        self.column.addWidget(Label(title, step="title", wrap=True))
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.done_button)
        self.column.addLayout(foot)
        self.retranslate()
        self.retint()

    def put(self, widget: QWidget, stretch: int = 0) -> None:
        """Add what is asked over the buttons."""
        self.column.insertWidget(self.column.count() - 1, widget, stretch)

    def on_done(self) -> None:
        """Say what was chosen; stay where nothing was."""
        raise NotImplementedError

    def say(self, what: object) -> None:
        """Close, and tell."""
        self.said.emit(what)
        self.accept()

    def retranslate(self) -> None:
        """Name the window in the language on screen."""
        self.setWindowTitle(show(self._title))

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self.setMinimumWidth(theme().px(_WIDTH))
        self.column.setSpacing(theme().px(12))


class CategoryDialog(AskDialog):
    """The tree of categories with a search: what is typed narrows it to what fits and what that is within."""

    def __init__(
        self, rows: Sequence[CategoryRow], present: str | None, parent: QWidget | None = None
    ) -> None:
        self.search = QLineEdit()
        self.tree = QTreeWidget()
        self.tree.setIndentation(theme().px(18))
        super().__init__(message("Category of the ticket"), message("Choose"), parent)
        self._items: dict[str, QTreeWidgetItem] = {}
        self.tree.setHeaderHidden(True)
        self.tree.setMinimumHeight(theme().px(_HEIGHT))
        self.tree.itemActivated.connect(lambda *_: self.on_done())
        self.search.textChanged.connect(self._narrow)
        self.put(self.search)
        self.put(self.tree, 1)
        self._fill(rows, present)
        self.search.setFocus()

    def on_done(self) -> None:
        """Take what the choice stands on; the first line takes the category away."""
        item = self.tree.currentItem()
        if item is not None and not item.isHidden():
            self.say(item.data(0, _ID) or None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk the tree from the search by the arrows."""
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self.search.hasFocus():
            item = self.tree.currentItem()
            down = event.key() == Qt.Key.Key_Down
            if item is not None:
                further = self.tree.itemBelow(item) if down else self.tree.itemAbove(item)
                self.tree.setCurrentItem(further or item)
            return
        super().keyPressEvent(event)

    def retranslate(self) -> None:
        """Name everything in the language on screen."""
        super().retranslate()
        self.search.setPlaceholderText(tr("Search categories"))
        self.search.setAccessibleName(tr("Search categories"))
        self.tree.setAccessibleName(tr("Categories"))

    def _fill(self, rows: Sequence[CategoryRow], present: str | None) -> None:
        none = QTreeWidgetItem([tr("No category")])
        self.tree.addTopLevelItem(none)
        self._paths: dict[str, str] = {}
        above: list[QTreeWidgetItem] = []
        for row in rows:
            item = QTreeWidgetItem([row.name])
            item.setData(0, _ID, row.id)
            item.setToolTip(0, row.path)
            del above[row.depth :]
            if above:
                above[-1].addChild(item)
            else:
                self.tree.addTopLevelItem(item)
            above.append(item)
            self._items[row.id] = item
            self._paths[row.id] = row.path.casefold()
        self.tree.expandAll()
        self.tree.setCurrentItem(self._items.get(present or "", none))

    def _narrow(self, text: str) -> None:
        words = text.casefold().split()
        first: QTreeWidgetItem | None = None
        for record_id, item in self._items.items():
            fits = all(word in self._paths[record_id] for word in words)
            item.setHidden(not fits)
            if fits and words and first is None and words[-1] in item.text(0).casefold():
                first = item
        for item in self._items.values():
            parent = item.parent()
            while parent is not None and not item.isHidden():
                parent.setHidden(False)
                parent = parent.parent()
        none = self.tree.topLevelItem(0)
        if none is not None:
            none.setHidden(bool(words))
        if first is not None:
            self.tree.setCurrentItem(first)


class LinkDialog(AskDialog):
    """One record, found by typing a part of its name or number; `said` carries its id."""

    def __init__(
        self, context: Context, field: Declared, title: Message, label: Text, parent: QWidget | None = None
    ) -> None:
        self.link = LinkEditor(context, field)
        self.field = Field(label, self.link)
        super().__init__(title, message("Choose"), parent)
        self.link.edited.connect(lambda: self.field.set_error(""))
        self.put(self.field)
        self.link.setFocus()

    def on_done(self) -> None:
        """Take what was found; stay where nothing was."""
        try:
            found: Any = self.link.read({})[self.link.field.name]
        except UserError as error:
            self.field.set_error(error.message)
            return
        if found:
            self.say(found)
        else:
            self.field.set_error(message("Choose one"))


class LineDialog(AskDialog):
    """A line of text; `said` carries it."""

    def __init__(self, title: Message, label: Text, done: Message, parent: QWidget | None = None) -> None:
        self.line = QLineEdit()
        self.field = Field(label, self.line)
        super().__init__(title, done, parent)
        self.line.textEdited.connect(lambda _text: self.field.set_error(""))
        self.put(self.field)
        self.line.setFocus()

    def on_done(self) -> None:
        """Take the text; stay where there is none."""
        if self.line.text().strip():
            self.say(self.line.text().strip())
        else:
            self.field.set_error(message("Say in a few words what it is about"))
