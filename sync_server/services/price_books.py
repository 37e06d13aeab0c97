"""Price books out of what prices called theirs before there were records of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from crm_core.entities.pricing import PriceBook
from crm_core.entities.product import Price
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind
from sync_server.store.tables import table_of

ROWS_A_TRANSACTION: Final = 500  # laptops wait with their uploads for about half a second
_price = table_of(Price)
_book = table_of(PriceBook)


def gather(hq: Headquarters) -> Counter[str]:
    """Have every price name its book by id and by name; return how many books were made, prices written.

    Older programs, and files that are brought in, name a book by a text. Where none is called so one is
    made, in the currency most of its prices have; no quote takes its prices by itself until an
    administrator says for whom it is.
    """
    done: Counter[str] = Counter()
    after = ""
    while True:
        with hq.database.read() as snapshot:
            rows = _half_named(snapshot.connection, after)
            books = _books(snapshot.connection)
        made = _missing_books(rows, books, hq.settings.currency)
        books |= {str(edit.values["name"]): edit.record_id for edit in made}
        names = {book_id: name for name, book_id in books.items()}
        linked = [edit for row in rows if (edit := _linking(row, books, names)) is not None]
        results = hq.records.write([*made, *linked])
        written = [result.error is None for result in results]
        done += Counter(books=sum(written[: len(made)]), prices=sum(written[len(made) :]))
        if len(rows) < ROWS_A_TRANSACTION:
            return done
        after = rows[-1].id


def _half_named(connection: Connection, after: str) -> Sequence[Any]:
    missing = _price.c.book_id.is_(None) | _price.c.book.is_(None)
    wanted = select(_price.c.id, _price.c.book, _price.c.book_id, _price.c.currency)
    living = wanted.where(_price.c.id > after, _price.c.life % 2 == 1, missing)
    return connection.execute(living.order_by(_price.c.id).limit(ROWS_A_TRANSACTION)).all()


def _books(connection: Connection) -> dict[str, str]:
    living = select(_book.c.name, _book.c.id).where(_book.c.life % 2 == 1, _book.c.name.is_not(None))
    return {row.name: row.id for row in connection.execute(living.order_by(_book.c.id.desc()))}


def _missing_books(rows: Sequence[Any], books: Mapping[str, str], currency: str) -> list[Edit]:
    currencies: dict[str, Counter[str]] = {}
    for row in rows:
        if row.book and row.book_id is None and row.book not in books:
            currencies.setdefault(row.book, Counter()).update([row.currency or currency])
    return [
        Edit(
            kind=EditKind.CREATE,
            entity="price_book",
            values={"name": name, "currency": counted.most_common(1)[0][0]},
        )
        for name, counted in currencies.items()
    ]


def _linking(row: Any, books: Mapping[str, str], names: Mapping[str, str]) -> Edit | None:
    values: dict[str, str] = {}
    if row.book_id is None and row.book:
        values["book_id"] = books[row.book]
    elif row.book_id in names:
        values["book"] = names[row.book_id]
    return Edit(kind=EditKind.UPDATE, entity="price", record_id=row.id, values=values) if values else None
