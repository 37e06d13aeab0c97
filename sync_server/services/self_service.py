"""Articles as customers see them: published, for customers too, their last day not over.

Each process keeps these in memory, with an index of their words, and asks whenever HQ's head has moved what
is new. An article that may not be seen is no different from one that never was: it is in none of this.
"""

from __future__ import annotations

import datetime
import hmac
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound
from crm_core.rules import articles as rules
from crm_core.rules.article_index import ArticleIndex
from sync_server.services.headquarters import Headquarters
from sync_server.services.records import chunks
from sync_server.services.share_ends import day_of
from sync_server.services.writing_by_hq import write
from sync_server.store.articles import ArticleBallot
from sync_server.store.tables import table_of

_ARTICLE: Final = SCHEMAS["article"].table
_CATEGORY: Final = SCHEMAS["article_category"].table
_ballots = table_of(ArticleBallot)
_CHANGING: Final = ("title", "language", "category_id", "keywords", "expires_on", "version", "published_at")
_TEXTS: Final = ("summary", "body")
BEST: Final = 20
MOST: Final = 300
"""Articles of one list; who looks for one among more searches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicArticle:
    """An article a customer may read."""

    id: str
    title: str
    summary: str
    body: str
    language: str
    category_id: str
    published_at: int
    expires_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicCategory:
    """A category something may be read in; `count` includes those below."""

    id: str
    name: str
    name_zh: str
    parent_id: str
    count: int


class PublicShelf:
    """What customers may read. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._head = -1
        self._marks: dict[str, tuple[Any, ...]] = {}
        self._articles: dict[str, PublicArticle] = {}
        self._categories: Sequence[Mapping[Any, Any]] = ()
        self._index = ArticleIndex()

    def article(self, hq: Headquarters, article_id: str, now_ms: int) -> PublicArticle | None:
        """Return an article; None for one that may not be read, and for one there is not."""
        with self._fresh(hq):
            found = self._articles.get(article_id)
        return found if found is not None and _holds(found, day_of(now_ms)) else None

    def search(self, hq: Headquarters, text: str, language: str, now_ms: int) -> list[PublicArticle]:
        """Return what fits a question, the best first; of the reader's language before the other's."""
        today = day_of(now_ms)
        with self._fresh(hq):
            found = [self._articles[each] for each in self._index.search(text, 2 * BEST)]
        shown = [each for each in found if _holds(each, today)]
        return sorted(shown, key=lambda each: each.language != language)[:BEST]

    def categories(self, hq: Headquarters, now_ms: int) -> list[PublicCategory]:
        """Return the categories something may be read in, in their order."""
        today = day_of(now_ms)
        with self._fresh(hq):
            rows, every = self._categories, list(self._articles.values())
        own: dict[str, int] = {}
        for each in every:
            if _holds(each, today):
                own[each.category_id] = own.get(each.category_id, 0) + 1
        found = []
        for row in rows:
            below = sum(own.get(other["id"], 0) for other in rows if other["parent_id"] == row["id"])
            count = own.get(row["id"], 0) + below
            if count:
                name = row["name"] or ""
                found.append(
                    PublicCategory(
                        id=row["id"],
                        name=name,
                        name_zh=row["name_zh"] or name,
                        parent_id=row["parent_id"] or "",
                        count=count,
                    )
                )
        return found

    def in_categories(self, hq: Headquarters, ids: Sequence[str], now_ms: int) -> list[PublicArticle]:
        """Return what may be read in categories, or with none given all of it, by title."""
        today = day_of(now_ms)
        with self._fresh(hq):
            every = list(self._articles.values())
        shown = (each for each in every if (not ids or each.category_id in ids) and _holds(each, today))
        return sorted(shown, key=lambda each: (each.title, each.id))[:MOST]

    def _fresh(self, hq: Headquarters) -> threading.Lock:
        """Bring what is held up to date; return the lock under which it is to be read."""
        with hq.database.read() as snapshot, self._lock:
            if snapshot.head > self._head:
                self._take(snapshot.connection)
                self._head = snapshot.head
        return self._lock

    def _take(self, connection: Connection) -> None:
        wanted = (_ARTICLE.c.life % 2 == 1, _ARTICLE.c.status == rules.PUBLISHED)
        columns = [_ARTICLE.c.id, *(_ARTICLE.c[name] for name in _CHANGING)]
        query = select(*columns).where(*wanted, _ARTICLE.c.audience == rules.PUBLIC)
        rows = {row["id"]: row for row in connection.execute(query).mappings()}
        marks = {row_id: tuple(row[name] for name in _CHANGING) for row_id, row in rows.items()}
        for gone in self._marks.keys() - marks.keys():
            self._index.remove(gone)
            del self._articles[gone]
        changed = [row_id for row_id, mark in marks.items() if self._marks.get(row_id) != mark]
        for row_id, texts in _texts(connection, changed):
            row = rows[row_id]
            self._articles[row_id] = PublicArticle(
                id=row_id,
                title=row["title"] or "",
                summary=texts["summary"],
                body=texts["body"],
                language=row["language"] or "",
                category_id=row["category_id"] or "",
                published_at=row["published_at"] or 0,
                expires_on=row["expires_on"] or "",
            )
            words = {"title": row["title"] or "", "keywords": row["keywords"] or "", **texts}
            self._index.put(row_id, words)
        self._marks = marks
        order = (_CATEGORY.c.rank, _CATEGORY.c.name, _CATEGORY.c.id)
        living = select(_CATEGORY).where(_CATEGORY.c.life % 2 == 1).order_by(*order)
        self._categories = connection.execute(living).mappings().all()


def _texts(connection: Connection, ids: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    columns = [_ARTICLE.c.id, *(_ARTICLE.c[name] for name in _TEXTS)]
    for some in chunks(ids):
        for row in connection.execute(select(*columns).where(_ARTICLE.c.id.in_(some))).mappings():
            yield row["id"], {name: row[name] or "" for name in _TEXTS}


def _holds(article: PublicArticle, today: datetime.date) -> bool:
    return not (article.expires_on and article.expires_on < today.isoformat())


def voter_of(hq: Headquarters, address: str, agent: str) -> str:
    """Return who votes: a keyed hash of network address and browser. It names nobody, and needs no cookie."""
    key = bytes.fromhex(hq.settings.secret)
    return hmac.new(key, f"article {address} {agent}".encode(), sha256).hexdigest()


def vote(hq: Headquarters, article_id: str, voter: str, now_ms: int, *, helpful: bool) -> None:
    """Count whether an article helped; another answer of the same visitor replaces the first."""
    mine = (_ballots.c.article_id == article_id, _ballots.c.voter == voter)
    with hq.database.note() as connection:
        connection.execute(delete(_ballots).where(*mine))
        connection.execute(
            insert(_ballots).values(article_id=article_id, voter=voter, helpful=helpful, at_ms=now_ms)
        )
        counted = select(_ballots.c.helpful, func.count()).where(_ballots.c.article_id == article_id)
        said: dict[bool, int] = {}
        for answer, count in connection.execute(counted.group_by(_ballots.c.helpful)):
            said[bool(answer)] = count
    counts = {"votes_yes": said.get(True, 0), "votes_no": said.get(False, 0)}
    try:
        write(hq.database, rules.ARTICLE, article_id, counts, now_ms)
    except NotFound:
        return  # taken away between the page and the answer
