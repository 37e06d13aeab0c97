"""What the lines of a quote cost by HQ's books, as the author's laptop could know them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.rules import price_list
from crm_core.rules.price_list import PriceList
from crm_core.rules.prices import Offer, Row
from crm_core.schema.reading import Schema
from sync_server.services.records import Record, Records

PRODUCT: Final = SCHEMAS["product"]
PRICE: Final = SCHEMAS["price"]
BOOK: Final = SCHEMAS["price_book"]
CUSTOMER: Final = SCHEMAS["customer"]


class QuotePrices:
    """The prices of one quote, as the batch leaves them.

    `held_seq` is the position up to which the author's laptop holds what HQ sent; None: everything. A price
    that was written down, changed or taken away since is nothing the author could keep to: it does not count.
    """

    def __init__(
        self, records: Records, quote: Record, product_ids: Iterable[str], held_seq: int | None
    ) -> None:
        self._records = records
        self._held_seq = held_seq
        ids = set(product_ids)
        records.load({PRODUCT.no: ids})
        self._products = {each: found for each in ids if (found := records.get(PRODUCT.no, each)) is not None}
        self._rows: dict[str, list[Row]] = {each: [] for each in self._products}
        self._taken_away = self._read_rows(ids)
        books = living_rows(records, BOOK)
        self._list = PriceList(
            terms=price_list.terms_of(quote.values, self._customer(quote), self._chosen(quote, books)),
            books=price_list.books_of(books),
            rates=price_list.rates_of(living_rows(records, SCHEMAS["exchange_rate"])),
        )

    @property
    def families(self) -> dict[str, str | None]:
        """Return the family of each product."""
        return {each: product.values["family"] for each, product in self._products.items()}

    def due(self, product_id: str, quantity: Decimal, tax_rate: str) -> int | None:
        """Return the unit price below which the author gave a discount; None where none counts."""
        product = self._products.get(product_id)
        if product is None or product_id in self._taken_away:
            return None
        found = self._list.due(product.values, self._rows[product_id], quantity, tax_rate)
        if found is None or self._is_newer(product, found):
            return None
        return found.unit_price.minor

    def _is_newer(self, product: Record, offer: Offer) -> bool:
        if self._held_seq is None:
            return False
        if offer.row is None:
            leader = product.schema.leader(product.schema.fields["list_price"])
            if product.mark(str(leader.no)).seq > self._held_seq:
                return True
        stood_in = {
            BOOK.no: [offer.book.id] if offer.book is not None else [],
            PRICE.no: [offer.row.id] if offer.row is not None else [],
        }
        self._records.load(stood_in)
        return any(
            self._came_since(found)
            for entity, ids in stood_in.items()
            for each in ids
            if (found := self._records.get(entity, each)) is not None
        )

    def _came_since(self, record: Record) -> bool:
        return self._held_seq is not None and record.newest_of_others(-1) > self._held_seq

    def _read_rows(self, ids: Collection[str]) -> set[str]:
        """Read the prices of products; return the products a price was taken from since."""
        self._records.noticed_kinds.add(PRICE.no)
        table = PRICE.table
        query = select(table.c.id).where(table.c.product_id.in_(sorted(ids)))
        found = set(self._records.connection.execute(query).scalars()) if ids else set()
        self._records.load({PRICE.no: found})
        taken_away = set()
        for record in list(self._records.touched()):
            product_id = record.values.get("product_id") if record.schema is PRICE else None
            if product_id not in self._rows:
                continue
            if record.lives:
                self._rows[product_id] += price_list.rows_of((record.values,))
            elif self._came_since(record):
                taken_away.add(product_id)
        return taken_away

    def _customer(self, quote: Record) -> Mapping[str, Any]:
        customer_id = quote.values.get("customer_id")
        if not customer_id:
            return {}
        self._records.load({CUSTOMER.no: [customer_id]})
        customer = self._records.get(CUSTOMER.no, customer_id)
        return customer.values if customer is not None else {}

    def _chosen(self, quote: Record, books: Iterable[Mapping[str, Any]]) -> str | None:
        """Return the book the quote names; an older program named it by its text."""
        if quote.values.get("price_book_id"):
            return str(quote.values["price_book_id"])
        called = quote.values.get("price_book")
        found = sorted(book["id"] for book in books if called and book["name"] == called)
        return found[0] if found else None


def living_rows(records: Records, schema: Schema) -> list[dict[str, Any]]:
    """Return every living record of a small kind, as the batch leaves it."""
    records.noticed_kinds.add(schema.no)
    query = select(schema.table).where(schema.table.c.life % 2 == 1)
    rows = {row["id"]: dict(row) for row in records.connection.execute(query).mappings()}
    for record in records.touched():
        if record.schema is schema:
            rows.pop(record.id, None)
            if record.lives:
                rows[record.id] = record.values
    return list(rows.values())
