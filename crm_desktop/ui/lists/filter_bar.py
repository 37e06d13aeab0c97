"""The bar over a list: text to find, conditions as chips, count, columns, density, details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_core.schema.field import Field
from crm_core.schema.values import links_of
from crm_desktop.models.conditions import Condition
from crm_desktop.ui.context import Context
from crm_desktop.ui.lists.conditions import chip_text
from crm_desktop.ui.lists.filter_popup import FilterPopup
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import SIZES
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind
from crm_desktop.ui.widgets.chips import Chip
from crm_desktop.ui.widgets.fields import SearchField
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

PAUSE_MS = 150  # between a key and the query
_SEARCH_WIDTH = 224


class FilterBar(Live, QWidget):
    """What narrows a list. Knows no rows: it tells what a person asked for."""

    filtered = Signal()
    """Text or conditions are others."""
    columns_asked = Signal()
    pane_asked = Signal()

    def __init__(self, context: Context, *, pane: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._fields: dict[str, Field] = {}
        self._conditions: tuple[Condition, ...] = ()
        self._titles: dict[str, str] = {}
        self._chips: list[Chip] = []
        self.search = SearchField(message("Filter this view"), hint="Ctrl+F")
        self.add_button = Button(message("Filter"), Kind.LINK, icon="plus", weight=400)
        self.clear_button = Button(message("Clear"), Kind.LINK, weight=400)
        self.count = Label(step="caption", color="text-soft")
        self.columns_button = IconButton("cols", message("Columns"))
        self.density_button = IconButton("dense", message("Compact rows"), checkable=True)
        self.pane_button = IconButton("pane", message("Details"), hint="F4", checkable=True)
        if not pane:
            self.pane_button.hide()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.filtered)
        self._lay_out()
        self.search.textChanged.connect(self._on_text_changed)
        self.add_button.clicked.connect(lambda: self.open_popup())
        self.clear_button.clicked.connect(self._on_clear_clicked)
        self.columns_button.clicked.connect(self.columns_asked)
        self.pane_button.clicked.connect(self.pane_asked)
        self._show_chips()
        self.retint()

    @property
    def text(self) -> str:
        """The words to find."""
        return self.search.text().strip()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions shown as chips."""
        return self._conditions

    def set_fields(self, fields: Sequence[Field]) -> None:
        """Say which fields there are to filter by."""
        self._fields = {field.name: field for field in fields}
        self._show_chips()

    def show_filter(self, conditions: Sequence[Condition], text: str = "") -> None:
        """Show another filter without telling anybody."""
        self._conditions = tuple(conditions)
        self.search.blockSignals(True)
        self.search.setText(text)
        self.search.blockSignals(False)
        self._pause.stop()
        self._show_chips()

    def add_titles(self, titles: Mapping[str, str]) -> None:
        """Take up what linked records of conditions are called, by id."""
        self._titles.update(titles)
        self._show_chips()

    def untitled(self) -> set[tuple[str, str]]:
        """Return the linked records of conditions whose titles are not known, as (entity, id)."""
        found = set()
        for condition in self._conditions:
            field = self._fields.get(condition.field)
            if field is None or field.target == "*":
                continue
            values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
            links = {link for value in values for link in links_of(field, {field.name: value})}
            found |= {link for link in links if link[1] not in self._titles}
        return found

    def show_count(self, text: Message | str) -> None:
        """Show how many records there are."""
        self.count.say(text)

    def open_popup(self, place: int | None = None) -> FilterPopup | None:
        """Open the form for a further condition, or for the one at a place."""
        if not self._fields:
            return None
        condition = None if place is None else self._conditions[place]
        title = self._titles.get(str(condition.value), "") if condition is not None else ""
        popup = FilterPopup(self._context, list(self._fields.values()), condition, title, self)
        popup.made.connect(lambda made, name: self._on_made(place, made, name))
        popup.open_below(self.add_button if place is None else self._chips[place])
        return popup

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self.search.setFixedWidth(theme().px(_SEARCH_WIDTH))
        self.setMinimumHeight(theme().px(SIZES["filter-bar"]))

    def _lay_out(self) -> None:
        chips = QWidget()
        self._flow = FlowLayout(chips, gap=8, line_gap=4)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        chips.setSizePolicy(policy)
        self._chip_row = chips
        row = QHBoxLayout(self)
        keep_margins(row, PAGE_MARGIN, 8, PAGE_MARGIN, 8)
        row.setSpacing(8)
        row.addWidget(self.search)
        middle = QVBoxLayout()
        middle.addStretch(1)
        middle.addWidget(chips)
        middle.addStretch(1)
        row.addLayout(middle, 1)
        row.addWidget(self.count)
        row.addSpacing(8)
        for button in (self.columns_button, self.density_button, self.pane_button):
            row.addWidget(button)

    def _show_chips(self) -> None:
        for chip in self._chips:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._flow.removeWidget(self.add_button)
        self._flow.removeWidget(self.clear_button)
        self._chips = []
        for place, condition in enumerate(self._conditions):
            chip = Chip(chip_text(condition, self._fields, self._titles), closable=True)
            chip.closed.connect(lambda place=place: self._on_chip_closed(place))
            if condition.field in self._fields:
                chip.clicked.connect(lambda _checked=False, place=place: self.open_popup(place))
            self._flow.addWidget(chip)
            self._chips.append(chip)
            chip.show()
        self._flow.addWidget(self.add_button)
        self._flow.addWidget(self.clear_button)
        self._show_clear()
        self._chip_row.updateGeometry()

    def _show_clear(self) -> None:
        self.clear_button.setVisible(bool(self._conditions or self.search.text()))
        self._flow.invalidate()

    def _on_text_changed(self) -> None:
        self._show_clear()
        self._pause.start()

    def _on_made(self, place: int | None, made: Condition, title: str) -> None:
        if title and isinstance(made.value, str):
            self._titles[made.value] = title
        kept = list(self._conditions)
        if place is None:
            kept.append(made)
        else:
            kept[place] = made
        self._conditions = tuple(kept)
        self._show_chips()
        self.filtered.emit()

    def _on_chip_closed(self, place: int) -> None:
        self._conditions = self._conditions[:place] + self._conditions[place + 1 :]
        self._show_chips()
        self.search.setFocus()
        self.filtered.emit()

    def _on_clear_clicked(self) -> None:
        self.show_filter(())
        self.search.setFocus()
        self.filtered.emit()
