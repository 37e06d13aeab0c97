"""The forms of products, price books and tax classes, with what stands under their fields."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from PySide6.QtWidgets import QWidget

from crm_core.i18n import N_, message
from crm_core.rules.access import Action as Right
from crm_core.schema.field import Field
from crm_desktop.services import price_rows, rights
from crm_desktop.services.price_rows import Stock
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.files.gallery import Gallery
from crm_desktop.ui.format import figure, near_moment
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.prices.price_table import PriceTable
from crm_desktop.ui.prices.rates_editor import RatesEditor
from crm_desktop.ui.settings.setup_grid import SetupGrid
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.labels import Label


class BookGrid(SetupGrid):
    """What a book is, for whom, and how its prices follow from others."""

    order = (
        "name",
        "name_zh",
        "currency",
        "active",
        "is_default",
        "customer_id",
        "level",
        "valid_from",
        "valid_until",
        "told_as_of",
        "tax_included",
        "parent_id",
        "rule",
        "percent",
        "rounding",
    )
    sections = {
        **dict.fromkeys(("is_default", "customer_id", "level"), N_("For whom")),
        **dict.fromkeys(("valid_from", "valid_until", "told_as_of"), N_("When")),
        **dict.fromkeys(("tax_included", "parent_id", "rule", "percent", "rounding"), N_("Prices")),
    }
    hints = {
        "is_default": N_("For every customer no other book is for"),
        "told_as_of": N_("Quotes show how old the prices are"),
        "parent_id": N_("Gives the price of what this book has none for"),
        "rule": N_("Without a parent, of the list price"),
    }


class TaxClassGrid(SetupGrid):
    """A tax class with its rates."""

    order = ("name", "name_zh", "rates", "active")
    unshown = frozenset()

    def make_own(self, context: Context, field: Field) -> Any:
        """Return the editor of the rates."""
        return RatesEditor(field) if field.name == "rates" else None


class TaxClassForm(RecordForm):
    """The form of a tax class."""

    grid_class = TaxClassGrid


class PriceBookForm(RecordForm):
    """The form of a price book; a saved one with its prices."""

    grid_class = BookGrid

    def _lay_out(self) -> None:
        super()._lay_out()
        self.prices: PriceTable | None = None
        if self.record_id is not None:
            self.prices = PriceTable(self.context, "price_book", self.record_id)
            self.column.insertWidget(1, self.prices)

    def _keys(self, actions: ActionRegistry) -> None:
        super()._keys(actions)
        if self.prices is not None:
            self.prices.add_actions(actions, self)


class ProductForm(RecordForm):
    """The form of a product; a saved one with its pictures, prices and stock."""

    def _lay_out(self) -> None:
        super()._lay_out()
        self.prices: PriceTable | None = None
        self.gallery: Gallery | None = None
        self.stock: StockCard | None = None
        if self.record_id is None:
            return
        self.gallery = Gallery(self.context, self.entity, self.record_id)
        self.stock = StockCard(self.context, self.record_id)
        parts: list[QWidget] = [self.gallery, self.stock]
        person = self.context.replica.person
        if rights.decide(person, Right.READ, "price"):
            self.prices = PriceTable(self.context, "product", self.record_id)
            parts.append(self.prices)
        for place, part in enumerate(parts, start=1):
            self.column.insertWidget(place, part)

    def _keys(self, actions: ActionRegistry) -> None:
        super()._keys(actions)
        if self.prices is not None:
            self.prices.add_actions(actions, self)


class StockCard(Card):
    """How much of a product each warehouse has, and when that was told."""

    def __init__(self, context: Context, product_id: str) -> None:
        super().__init__(message("In stock"), message("As HQ was told last"))
        self._context, self._product_id = context, product_id
        context.records_changed.connect(self._on_records_changed)
        self.read()

    def read(self) -> None:
        """Read the figures anew."""
        replica, product_id = self._context.replica, self._product_id
        self._context.tasks.read(
            self, lambda: price_rows.stock(replica, product_id), self._on_read, topic="stock"
        )

    def _on_read(self, figures: Sequence[Stock]) -> None:
        clear(self.body)
        for each in figures:
            told = near_moment(datetime.fromtimestamp(each.as_of_ms / 1000).astimezone())
            words = message(
                "{warehouse}: {quantity} (as of {time})",
                warehouse=each.warehouse,
                quantity=figure(Decimal(each.quantity)),
                time=told,
            )
            self.body.addWidget(Label(words))
        if not figures:
            self.body.addWidget(Label(message("HQ was told of none."), color="text-soft"))

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity == "stock_level" for entity, _ in changed):
            self.read()
