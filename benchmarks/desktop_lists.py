"""What a list, a search, a customer's page and the board cost on a laptop with 100,000 customers.

The services alone, without a window. Floors: plain SQLite, unencrypted, fetching the very rows that are shown
by their primary key.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks import filled_profile as filling
from benchmarks.figures import Figure
from benchmarks.filled_profile import Filled, customer_name, filled_profile, record_id
from benchmarks.timing import with_floor
from crm_core.entities import SCHEMAS
from crm_core.times import DAY_MS
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.models.search import Hit
from crm_desktop.services import (
    attention,
    customers,
    deals,
    figures,
    lists,
    records,
    search,
    segments,
    timeline,
)
from crm_desktop.services.calendar import local

TITLE = "Lists and pages of 100,000 customers"
PAGE = 200  # rows the window reads at a time
SCROLLED = 50
QUERIES = 40  # of each kind of text
CUSTOMER_PAGES = 40
LINKS = ("owner_id", "territory_id")
BY_KEY = "same rows by key, plain SQLite"
EACH_ONCE = "every customer looked at once, plain SQLite"
SEGMENTS = {
    "segment without contact for 90 days": "last_contact not since today-90",
    "segment with 3 visits this quarter": "count(activity where kind = visit and happened_at >= this-quarter)"
    " >= 3",
    "segment that bought over 100,000 this year": "sum(deal.amount where stage_id.kind = won and"
    " close_date = this-year) > 100000 CNY",
    "segment of a tag and a level": "tags = VIP and level = A",
    "segment of a custom choice and a city": "x:grade = a and city = 上海",
}

Work = Callable[[], object]


def measure() -> list[Figure]:
    """Return the figures: medians of five for lists, of fixed lists of texts and customers for the others."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with filled_profile(folder / "profile") as filled:
            replica = filled.app.replica
            with Plain(replica, folder / "plain.db") as plain:
                found = [*_filling(filled, plain), *_lists(replica, plain), *_segments(replica, plain)]
                found += _searches(replica, plain)
                found += [*_customer_pages(replica, plain), *_board(replica, plain)]
                return [*found, *_saves(replica, plain)]


class Plain:
    """The same rows in unencrypted SQLite, each table with its ids as primary key and nothing else."""

    def __init__(self, replica: Replica, file: Path, *, more: Sequence[str] = ()) -> None:
        """`more`: kinds of record besides the usual ones."""
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self.seconds = 0.0
        with replica.read() as session:
            for entity in ("customer", "contact", "deal", "activity", "quote", "ticket", "user", *more):
                names = [column.name for column in SCHEMAS[entity].table.columns]
                listed = ", ".join(f'"{name}"' for name in names)
                run = session.connection().exec_driver_sql
                rows = [tuple(row) for row in run(f'SELECT {listed} FROM "{entity}"')]
                keyed = listed.replace('"id"', '"id" TEXT PRIMARY KEY')
                self._connection.execute(f'CREATE TABLE "{entity}" ({keyed})')
                began = time.perf_counter()
                self._connection.execute("BEGIN")
                marks = ", ".join("?" * len(names))
                self._connection.executemany(f'INSERT INTO "{entity}" VALUES ({marks})', rows)
                self._connection.execute("COMMIT")
                self.seconds += time.perf_counter() - began
        self._connection.execute("CREATE INDEX deal_stage ON deal (stage_id, currency, amount)")

    def __enter__(self) -> Plain:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def run(self, statement: str) -> int:
        """Run a statement and fetch its rows; return how many."""
        return len(self._connection.execute(statement).fetchall())

    def fetch(self, wanted: Mapping[str, Sequence[str]]) -> int:
        """Fetch whole rows by their ids, a statement for each table; return how many."""
        count = 0
        for entity, ids in wanted.items():
            marks = ", ".join("?" * len(ids))
            count += len(
                self._connection.execute(f'SELECT * FROM "{entity}" WHERE id IN ({marks})', ids).fetchall()
            )
        return count

    def note(self, customer_id: str, text: str) -> None:
        """Write one field of one row and have it on the disk."""
        self._connection.execute("UPDATE customer SET notes = ? WHERE id = ?", (text, customer_id))

    def look_at_customers(self) -> int:
        """Read one field of every customer; return how many have it."""
        row = self._connection.execute("SELECT count(*) FROM customer WHERE level >= ''").fetchone()
        return int(row[0])

    def sum_deals(self, stages: Sequence[str]) -> list[Any]:
        """Add up the deals of stages along an index that holds all it needs."""
        marks = ", ".join("?" * len(stages))
        return self._connection.execute(
            f"SELECT stage_id, currency, count(*), sum(amount) FROM deal WHERE stage_id IN ({marks})"
            " GROUP BY stage_id, currency",
            stages,
        ).fetchall()


def _filling(filled: Filled, plain: Plain) -> list[Figure]:
    rows = f"{filled.rows:,} records"
    return [
        Figure(
            "bring in a downloaded company",
            filled.seconds_rows,
            "s",
            plain.seconds,
            "same rows, plain SQLite executemany",
            f"{rows}, once",
        ),
        Figure("put it all into the search index", filled.seconds_index, "s", note="once, while idle"),
    ]


def _lists(replica: Replica, plain: Plain) -> list[Figure]:
    newest = replica.clock.now_ms() - 30 * DAY_MS
    level = Condition(field="level", op=Op.EQUAL, value="A")
    city = Condition(field="city", op=Op.CONTAINS, value="上海")
    lately = Condition(field="updated_at", op=Op.AT_LEAST, value=newest)
    wanted = {
        "customer list by name, first page": _customers("name"),
        "customer list by last change, first page": _customers("updated_at", down=True),
        "customer list by industry, first page": _customers("industry"),
        "customers of level A by name, first page": _customers("name", level),
        "customers in one city changed in 30 days, first page": _customers("name", city, lately),
    }
    grade = Condition(field="x:grade", op=Op.EQUAL, value="a")
    high = Condition(field="x:score", op=Op.AT_LEAST, value="99")
    line = Condition(field="x:line", op=Op.CONTAINS, value="阀门上海")
    wanted |= {
        "customer list by a custom text, first page": _customers("x:line"),
        "customer list by a custom number, first page": _customers("x:score", down=True),
        "customers of a custom choice by name, first page": _customers("name", grade),
        "customers of a custom choice by a custom amount, first page": _customers("x:budget", grade),
        "customers with a high custom number by name, first page": _customers("name", high),
        "customers with a word in a custom text by name, first page": _customers("name", line),
    }
    found = [_page(replica, plain, name, query) for name, query in wanted.items()]
    deep = _customers("name")
    for _ in range(SCROLLED - 1):
        deep = _after(deep, lists.page(replica, deep, LINKS).next)
    return [*found, _page(replica, plain, f"customer list by name, page {SCROLLED}", deep)]


def _customers(sort: str, *conditions: Condition, down: bool = False) -> ListQuery:
    return ListQuery(entity="customer", sort=((sort, down),), conditions=conditions, limit=PAGE)


def _after(query: ListQuery, cursor: Any) -> ListQuery:
    return ListQuery(entity=query.entity, sort=query.sort, limit=query.limit, after=cursor)


def _page(replica: Replica, plain: Plain, name: str, query: ListQuery) -> Figure:
    ids = [row.id for row in lists.page(replica, query, LINKS).rows]
    shown = partial(plain.fetch, {"customer": ids, "user": sorted({filling.owner_id(n) for n in range(10)})})
    ours, floor = with_floor(partial(lists.page, replica, query, LINKS), shown)
    return Figure(name, ours, "s", floor, BY_KEY, f"{len(ids)} rows")


def _segments(replica: Replica, plain: Plain) -> list[Figure]:
    """Return what the count of a segment and the first page of its customers cost, by name."""
    found = []
    for name, text in SEGMENTS.items():
        kept = segments.save_text(replica, name, text).value
        inside = Condition(field="segment", op=Op.EQUAL, value=kept.id)
        query = _customers("name", inside)
        fits = records.count(replica, query)
        ours, floor = with_floor(partial(records.count, replica, query), plain.look_at_customers)
        found.append(Figure(f"{name}, count", ours, "s", floor, EACH_ONCE, f"{fits:,} customers"))
        found.append(_page(replica, plain, f"{name}, first page", query))
    return found


def _searches(replica: Replica, plain: Plain) -> list[Figure]:
    found = []
    for name, texts in search_texts(replica).items():
        hits = [search.find(replica, text) for text in texts]
        works = [
            (partial(search.find, replica, text), partial(plain.fetch, _by_entity(some)))
            for text, some in zip(texts, hits, strict=True)
        ]
        empty = sum(not some for some in hits)
        found += _spread(f"search by {name}", works, f"{len(texts)} texts, {empty} without a hit")
    return found


def search_texts(replica: Replica) -> dict[str, list[str]]:
    """Return the texts searched for, by what they are: taken from customers' own names and numbers."""
    from pypinyin import lazy_pinyin

    chance = random.Random("texts")
    chinese = [n for n in chance.sample(range(filling.CUSTOMERS), 2 * QUERIES) if n % 4][:QUERIES]
    latin = [4 * n for n in chance.sample(range(filling.CUSTOMERS // 4), QUERIES)]
    with replica.read() as session:
        run = session.connection().exec_driver_sql
        ids = [record_id("customer", number) for number in chinese]
        phones = [run("SELECT phone FROM customer WHERE id = ?", (one,)).scalar_one() for one in ids]
    return {
        "part of a Latin name": [customer_name(n).split()[1][1:6] + " " + str(n)[:3] for n in latin],
        "a Latin name with two letters swapped": [
            _swapped(customer_name(n).split()[1]) + " " + str(n)[:3] for n in latin
        ],
        "two Chinese characters": [customer_name(n)[2:4] for n in chinese],
        "pinyin initials": [
            "".join(syllable[0] for syllable in lazy_pinyin(customer_name(n)[:6])) for n in chinese
        ],
        "digits of a phone number": [phone[-6:] for phone in phones],
    }


def _swapped(word: str) -> str:
    return word[:2] + word[3] + word[2] + word[4:] if len(word) > 4 else word


def _by_entity(hits: Sequence[Hit]) -> dict[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    for hit in hits:
        wanted.setdefault(hit.entity, []).append(hit.id)
    return wanted


def _spread(
    name: str, works: Sequence[tuple[Work, Work]], note: str, floor_name: str = BY_KEY
) -> list[Figure]:
    """Return median and 95th percentile over many different works; each is run once before it counts."""
    times, floors = [], []
    for work, floor in works:
        ours, least = with_floor(work, floor, runs=1)
        times.append(ours)
        floors.append(least)
    return [
        Figure(f"{name}, median", median(times), "s", median(floors), floor_name, note),
        Figure(
            f"{name}, 95 of 100", quantiles(times, n=20)[-1], "s", quantiles(floors, n=20)[-1], floor_name
        ),
    ]


def _customer_pages(replica: Replica, plain: Plain) -> list[Figure]:
    def whole(customer: str) -> tuple[customers.Overview, timeline.Timeline]:
        return customers.overview(replica, customer), timeline.timeline(replica, customer)

    works: list[tuple[Work, Work]] = []
    shown_rows = []
    for number in range(CUSTOMER_PAGES):
        customer = record_id("customer", number)
        page, line = whole(customer)
        wanted: dict[str, list[str]] = {"customer": [customer]}
        wanted["contact"] = [row.id for row in page.contacts]
        wanted["deal"] = [row.id for row in page.open_deals]
        for item in line.items:
            wanted.setdefault(item.entity, []).append(item.record_id)
        shown_rows.append(sum(map(len, wanted.values())))
        works.append((partial(whole, customer), partial(plain.fetch, wanted)))
    return _spread("page of a customer", works, f"about {median(shown_rows):.0f} rows each")


def _board(replica: Replica, plain: Plain) -> list[Figure]:
    board = deals.board(replica)
    stages = [column.stage.id for column in board.columns]
    cards = [card for column in board.columns for card in column.cards]
    wanted: dict[str, list[str]] = {
        "deal": [card.id for card in cards],
        "customer": [card.customer_id for card in cards if card.customer_id],
        "activity": [card.next_step.activity_id for card in cards if card.next_step],
    }

    def floor() -> None:
        plain.fetch(wanted)
        plain.sum_deals(stages)

    open_deals = sum(column.total.count for column in board.columns)
    ours, least = with_floor(partial(deals.board, replica), floor)
    home, sums = with_floor(partial(_home, replica), partial(plain.sum_deals, stages))
    return [
        Figure(
            f"board of {open_deals:,} open deals",
            ours,
            "s",
            least,
            "its cards by key and sums along an index, plain SQLite",
            f"{len(cards)} cards",
        ),
        Figure("every figure of the home page", home, "s", sums, "sums of open deals, plain SQLite"),
    ]


def _saves(replica: Replica, plain: Plain) -> list[Figure]:
    """Return what it takes to save a field: with history, outbox, sort keys and what is to be searched."""
    works: list[tuple[Work, Work]] = []
    for number in range(CUSTOMER_PAGES):
        customer, texts = record_id("customer", number), count()

        def ours(customer: str = customer, texts: Iterator[int] = texts) -> object:
            return records.update(replica, "customer", customer, {"notes": f"Noted {next(texts)}"})

        def floor(customer: str = customer, texts: Iterator[int] = texts) -> None:
            plain.note(customer, f"Noted {next(texts)}")

        works.append((ours, floor))
    name = "a customer's note saved"
    return _spread(name, works, "one field of one record", "same field, plain SQLite")


def _home(replica: Replica) -> None:
    today = local(replica.clock.now_ms()).date()
    figures.funnel(replica)
    figures.won_by_month(replica, today)
    figures.won_by_owner(replica, today.replace(month=1, day=1))
    attention.attention(replica)
    figures.recent(replica)
    figures.data_age(replica)
