"""What we sell: by family, each product with its pictures, prices and stock."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.services import price_rows
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import figure
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage
from crm_desktop.ui.prices.forms import ProductForm
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.labels import Heading
from crm_desktop.ui.widgets.live import Live

_WIDTH = 216


class ProductsPage(RecordsPage):
    """The products, with their families beside them."""

    form_class = ProductForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="products",
            entity="product",
            columns=("name", "code", "family", "unit", "list_price", "tax_class_id", "name_en", "active"),
            sort=(("name", False),),
            widths={"name_en": 200, "unit": 64, "active": 64},
        )
        super().__init__(context, actions, look)
        self.families = Families(context)
        self.families.chosen = self._on_family_chosen
        self.add_beside(self.families)

    def _on_family_chosen(self, family: str | None) -> None:
        if family is None:
            self.list.set_base(())
        elif family:
            self.list.set_base((Condition(field="family", op=Op.EQUAL, value=family),))
        else:
            self.list.set_base((Condition(field="family", op=Op.EMPTY),))


class Families(Live, QWidget):
    """Every family with how many products it has; choosing one narrows the list."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._found: tuple[tuple[str, int], ...] = ()
        self.chosen = lambda _family: None
        self.list = QListWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 8, 0, 8)
        column.addWidget(Heading(message("Families")))
        column.addWidget(self.list, 1)
        self.list.currentRowChanged.connect(self._on_row_changed)
        context.records_changed.connect(self._on_records_changed)
        self.retranslate()
        self.retint()
        self.read()

    def read(self) -> None:
        """Read the families anew."""
        replica = self._context.replica
        self._context.tasks.read(self, lambda: price_rows.families(replica), self._on_read, topic="families")

    def retranslate(self) -> None:
        """Write the families in the language on screen."""
        self.list.setAccessibleName(tr("Families"))
        self._show()

    def retint(self) -> None:
        """Keep the width of the theme."""
        self.setFixedWidth(theme().px(_WIDTH))

    def _on_read(self, found: tuple[tuple[str, int], ...]) -> None:
        self._found = found
        self._show()

    def _show(self) -> None:
        before = self._current()
        self.list.blockSignals(True)
        self.list.clear()
        everything = sum(count for _, count in self._found)
        self._add(tr("All products ({count})", count=figure(everything)), None)
        for family, count in self._found:
            words = tr("{family} ({count})", family=family or tr("No family"), count=figure(count))
            self._add(words, family)
        rows = [self.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.list.count())]
        self.list.setCurrentRow(rows.index(before) if before in rows else 0)
        self.list.blockSignals(False)

    def _add(self, words: str, family: str | None) -> None:
        item = QListWidgetItem(words)
        item.setData(Qt.ItemDataRole.UserRole, family)
        self.list.addItem(item)

    def _current(self) -> str | None:
        item = self.list.currentItem()
        family: str | None = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        return family

    def _on_row_changed(self, row: int) -> None:
        if row >= 0:
            self.chosen(self._current())

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity == "product" for entity, _ in changed):
            self.read()
