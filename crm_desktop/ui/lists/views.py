"""The views of a list as tabs: mine, all, the bin, those a person saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.services.lists import ListSetup
from crm_desktop.services.saved_views import Audience, View
from crm_desktop.ui.record_words import reach_words
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.menus import Menu
from crm_desktop.ui.widgets.tabs import Tab, TabRow

MINE, ALL, BIN, FOUND = "mine", "all", "bin", "found"
SAVED = "saved:"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    """One view. `fixed` always holds in it; `conditions` are its filter to begin with, shown as chips."""

    key: str
    text: Text
    fixed: tuple[Condition, ...] = ()
    conditions: tuple[Condition, ...] = ()
    words: str = ""
    sort: tuple[tuple[str, bool], ...] = ()
    columns: tuple[str, ...] = ()
    deleted: bool = False
    own: bool = True
    """Of a saved one: it is the person's own."""
    shown_to: tuple[str, ...] = ()
    needs: str = ""
    """A field without which the view says nothing."""


def usual_views(setup: ListSetup, further: Sequence[ListView] = ()) -> list[ListView]:
    """Return mine, all within the person's reach, further ones, and the bin; without owners no "mine"."""
    views = []
    known = {shown.field.name for shown in setup.fields}
    everything: Text = message("All")
    if setup.owner_field is not None:
        own = Condition(field=setup.owner_field, op=Op.EQUAL, value=setup.user_id)
        views.append(ListView(key=MINE, text=message("Mine"), fixed=(own,)))
        everything = reach_words(setup.reach)
    views.append(ListView(key=ALL, text=everything))
    views.extend(view for view in further if not view.needs or view.needs in known)
    views.append(ListView(key=BIN, text=message("Recently deleted"), deleted=True))
    return views


def saved_view(view: View) -> ListView:
    """Return a saved view as a view of the list."""
    return ListView(
        key=SAVED + view.id,
        text=view.name,
        conditions=view.definition.conditions,
        words=view.definition.text,
        sort=view.definition.sort,
        columns=view.definition.columns,
        own=view.own,
        shown_to=view.shown_to,
    )


class ViewTabs(Live, QWidget):
    """The row of views, and the button that saves the present filter as another."""

    chosen = Signal(str)
    saved = Signal(str)
    """The name a person gave the present filter."""
    forgotten = Signal(str)
    """A saved view a person wants gone, by its record's id."""
    kept = Signal(str)
    """A saved view that is to show from now on what is shown, by its record's id."""
    shown_to = Signal(str, str, bool)
    """(id of a saved view, id of a role, whether its holders are to see it)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.audiences: Sequence[Audience] = ()
        """The roles a view may be shown to."""
        self._views: Sequence[ListView] = ()
        self.tabs = TabRow(name=message("Views"), lined=False)
        self.tabs.setSizePolicy(
            self.tabs.sizePolicy().Policy.Preferred, self.tabs.sizePolicy().verticalPolicy()
        )
        self.tabs.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tabs.customContextMenuRequested.connect(self._on_menu_wanted)
        self.tabs.chosen.connect(self.chosen)
        self.save_button = Button(message("Save view"), Kind.LINK, icon="plus", weight=400)
        self.save_button.clicked.connect(self.ask_for_name)
        self.more_button = IconButton("more", message("What can be done with this view"), small=True)
        self.more_button.clicked.connect(self._on_more_clicked)
        self.tabs.currentChanged.connect(lambda _place: self._show_more())
        self._show_more()
        row = QHBoxLayout(self)
        keep_margins(row, PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        row.setSpacing(0)
        row.addWidget(self.tabs)
        row.addWidget(self.more_button)
        row.addWidget(self.save_button)
        row.addStretch(1)
        self.retint()

    def show_views(self, views: Sequence[ListView], key: str) -> None:
        """Show the views, one of them in front."""
        self._views = tuple(views)
        self.tabs.show_tabs([Tab(key=view.key, text=view.text) for view in views], key)
        self._show_more()

    def ask_for_name(self) -> NamePopup:
        """Open the line for a view's name."""
        popup = NamePopup(self, message("Name of the view"))
        popup.named.connect(self.saved)
        popup.open_below(self.save_button)
        return popup

    def retint(self) -> None:
        """Keep the height of the theme."""
        self.setFixedHeight(theme().size("tab-row"))

    def _show_more(self) -> None:
        view = self._own(self.tabs.key)
        self.more_button.setVisible(view is not None)

    def _on_more_clicked(self) -> None:
        menu = self.menu_of(self.tabs.key)
        if menu is not None:
            menu.popup(self.more_button.mapToGlobal(QPoint(0, self.more_button.height() + 4)))

    def _own(self, key: str) -> ListView | None:
        """Return the view of a key where the person saved it."""
        view = next((each for each in self._views if each.key == key), None)
        return view if view is not None and key.startswith(SAVED) and view.own else None

    def _on_menu_wanted(self, at: QPoint) -> None:
        place = self.tabs.tabAt(at)
        key = self.tabs.key if place < 0 else self.tabs._tabs[place].key
        menu = self.menu_of(key)
        if menu is not None:
            menu.popup(self.tabs.mapToGlobal(at))

    def menu_of(self, key: str) -> Menu | None:
        """Return what can be done with a view; None for one that is not the person's own."""
        view = self._own(key)
        if view is None:
            return None
        record_id = key.removeprefix(SAVED)
        menu = Menu(self)
        if key == self.tabs.key:
            keep = menu.add(tr("Keep what is shown now in “{view}”", view=show(view.text)), "check")
            keep.triggered.connect(lambda: self.kept.emit(record_id))
        for audience in self.audiences:
            shown = audience.role_id in view.shown_to
            show_it = menu.add(tr("Show to role: {role}", role=audience.name))
            show_it.setCheckable(True)
            show_it.setChecked(shown)
            show_it.triggered.connect(
                lambda on, role=audience.role_id: self.shown_to.emit(record_id, role, bool(on))
            )
        if self.audiences:
            menu.addSeparator()
        forget = menu.add(tr("Delete view"), "trash")
        forget.triggered.connect(lambda: self.forgotten.emit(record_id))
        return menu


SAVE = message("Save")


class NamePopup(QFrame):
    """One line for a name or a reason, under the button that asks for it."""

    named = Signal(str)

    def __init__(self, parent: QWidget, label: Text, button: Text = SAVE) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("role", "popup")
        self.line = QLineEdit()
        self.line.setMinimumWidth(theme().px(220))
        self.button = Button(button, Kind.PRIMARY)
        self.button.setEnabled(False)
        self.line.textChanged.connect(lambda text: self.button.setEnabled(bool(text.strip())))
        self.button.clicked.connect(self._on_saved)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.addWidget(Field(label, self.line))
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.button)
        column.addLayout(row)

    def open_below(self, button: QWidget) -> None:
        """Show the line."""
        self.move(button.mapToGlobal(QPoint(0, button.height() + 4)))
        self.show()
        self.line.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Save by Enter, close by Esc."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_saved()
        elif event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _on_saved(self) -> None:
        if self.line.text().strip():
            self.named.emit(self.line.text().strip())
            self.close()
