"""The days of published articles: who wrote one, and its reviewers, are told of each day once."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import or_, select

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_core.rules import articles
from sync_server.services import errands
from sync_server.services.errands import Errand
from sync_server.services.records import Record, Records
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.share_ends import day_of
from sync_server.services.storing import store_all
from sync_server.services.turns import by_turns
from sync_server.store.database import Database, HqTransaction

ARTICLE: Final = SCHEMAS["article"]
_USER: Final = SCHEMAS["user"]
_TEAM: Final = SCHEMAS["team"]
A_TURN: Final = 200  # articles while the head of the feed is held
_SAID: Final = {
    "expires_on": N_("The article “{title}” holds until {day}: prolong it, revise it or retire it"),
    "review_by": N_("Look at the article “{title}” again: does it still hold?"),
}


def tell(database: Database, now_ms: int) -> int:
    """Open a task for the owner and each reviewer of an article one of whose days has come; return how many.

    A day that was moved on is another one.
    """
    columns, today = ARTICLE.table.c, day_of(now_ms).isoformat()
    due = select(columns.id).where(
        columns.status == articles.PUBLISHED,
        columns.life % 2 == 1,
        or_(columns.review_by <= today, columns.expires_on <= today),
    )
    return by_turns(database, due, A_TURN, lambda hq, ids: _tell(hq, ids, now_ms))


def _tell(hq: HqTransaction, ids: Sequence[str], now_ms: int) -> int:
    records = Records(hq.connection)
    scopes = ScopeKeeper(records, hq.positions)
    records.load({ARTICLE.no: ids})
    today = day_of(now_ms)
    wanted = [
        Errand(subject=said, about=article, owner_id=whom, once=f"{article.id} {name} {day} {whom}")
        for row_id in ids
        if (article := records.get(ARTICLE.no, row_id)) is not None
        for name, day, said in _due(article, today)
        for whom in sorted(_whom(records, article))
    ]
    opened = errands.open_tasks(hq, records, scopes, wanted, now_ms)
    store_all(hq, records, scopes)
    return len(opened)


def _due(article: Record, today: datetime.date) -> Iterator[tuple[str, str, Message]]:
    """Yield the day that has come: of both the last one, for what is over is not looked at."""
    if not article.lives or article.values["status"] != articles.PUBLISHED:
        return
    for name, text in _SAID.items():
        day = article.values[name]
        if day and day <= today.isoformat():
            yield name, day, message(text, title=str(article.values["title"] or ""), day=day)
            return


def _whom(records: Records, article: Record) -> set[str]:
    """Return who wrote an article and who reviews it, of a team its head; those who are here."""
    named = {article.values["owner_id"], *(article.values["reviewers"] or ())}
    found: set[str] = set()
    for each in named - {None}:
        team = records.get(_TEAM.no, each)
        user_id = team.values["manager_id"] if team is not None and team.lives else each
        user = records.get(_USER.no, user_id) if user_id else None
        if user is not None and user.lives and user.values["active"] is not False:
            found.add(user.id)
    return found
