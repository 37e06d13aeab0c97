"""The bar over a list: text to find, conditions as chips, count, columns, density, details."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_desktop.models.conditions import Condition
from crm_desktop.ui.context import Context
from crm_desktop.ui.lists.condition_chips import ConditionChips
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import SIZES
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.fields import SearchField
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
        self.search = SearchField(message("Filter this view"), hint="Ctrl+F")
        self.chips = ConditionChips(context)
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
        self.chips.changed.connect(self.filtered)
        self.chips.removed.connect(self.search.setFocus)
        self.chips.clear_button.clicked.connect(self._on_clear_clicked)
        self.columns_button.clicked.connect(self.columns_asked)
        self.pane_button.clicked.connect(self.pane_asked)
        self.retint()

    @property
    def text(self) -> str:
        """The words to find."""
        return self.search.text().strip()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions shown as chips."""
        return self.chips.conditions

    def show_filter(self, conditions: Sequence[Condition], text: str = "") -> None:
        """Show another filter without telling anybody."""
        self.search.blockSignals(True)
        self.search.setText(text)
        self.search.blockSignals(False)
        self._pause.stop()
        self.chips.set_clears_more(bool(text))
        self.chips.show_conditions(conditions)

    def show_count(self, text: Message | str) -> None:
        """Show how many records there are."""
        self.count.say(text)

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self.search.setMinimumWidth(theme().px(_SEARCH_WIDTH // 2))
        self.search.setMaximumWidth(theme().px(_SEARCH_WIDTH))
        self.setMinimumHeight(theme().px(SIZES["filter-bar"]))

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        keep_margins(row, PAGE_MARGIN, 8, PAGE_MARGIN, 8)
        row.setSpacing(8)
        row.addWidget(self.search, 10)
        middle = QVBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self.chips)
        middle.addStretch(1)
        row.addLayout(middle, 1)
        row.addWidget(self.count)
        row.addSpacing(8)
        for button in (self.columns_button, self.density_button, self.pane_button):
            row.addWidget(button)

    def _on_text_changed(self) -> None:
        self.chips.set_clears_more(bool(self.search.text()))
        self._pause.start()

    def _on_clear_clicked(self) -> None:
        self.show_filter(())
        self.search.setFocus()
        self.filtered.emit()
