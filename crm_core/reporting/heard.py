"""What customers say: words and pairs in tickets and answers to surveys, and what is heard more often.

Counted over what somebody may see (`Source`), so laptop and HQ say the same of the same records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.errors import AccessDenied
from crm_core.reporting.source import Source
from crm_core.rules import rising
from crm_core.rules.words_heard import Counted, count_words, without_parts
from crm_core.times import DAY_MS

MOST_RECORDS: Final = 20_000
"""Tickets, and answers, looked at; the newest are."""
_TICKET, _ANSWER, _MESSAGE = (SCHEMAS[name].table for name in ("ticket", "survey_answer", "ticket_message"))
_Record = tuple[str, str]
"""Kind and id."""


class Of(StrEnum):
    """What is counted."""

    WORD = "word"
    PAIR = "pair"
    CATEGORY = "category"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something heard in the period, and in as many days before it: in how many records each."""

    of: Of
    key: str
    label: str
    now: int
    before: int
    chance: float
    """How likely so many are if nothing had changed (`crm_core.rules.rising`)."""
    rose: bool
    """Heard often enough, more often than before, and hardly by chance."""
    stands: bool
    """It rose also in view of how many things were looked at."""
    records: tuple[_Record, ...]
    """The very records of the period, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIsHeard:
    """What was heard in a period; `now` and `before` are the records looked at."""

    days: int
    now: int
    before: int
    items: tuple[Item, ...]
    """The most frequent first."""

    @property
    def risen(self) -> tuple[Item, ...]:
        """What rose, the least likely by chance first."""
        found = [each for each in self.items if each.rose]
        return tuple(sorted(found, key=lambda each: (not each.stands, each.chance, -each.now, each.label)))


@dataclass(frozen=True, slots=True)
class _Said:
    record: _Record
    at_ms: int
    texts: tuple[str, ...]
    category_id: str | None
    product_id: str | None


def heard(source: Source, days: int, now_ms: int) -> WhatIsHeard:
    """Return what customers said in the last `days` and in as many before them.

    Raises `AccessDenied` for who reads no tickets. Words he may not read are left out.
    """
    since, middle = now_ms - 2 * days * DAY_MS, now_ms - days * DAY_MS
    said = [*_tickets(source, since, now_ms), *_answers(source, since, now_ms)]
    said.sort(key=lambda each: (-each.at_ms, each.record))
    later = [each for each in said if each.at_ms >= middle]
    earlier = [each for each in said if each.at_ms < middle]
    counts = _counts(source, later, earlier)
    looked_at = [each for each in counts if each[3] + each[4] >= rising.LEAST]
    chances = [rising.chance(each[3], each[4], len(later), len(earlier)) for each in looked_at]
    stands = rising.standing(chances)
    records = {each.record for each in later}
    place = {each.record: number for number, each in enumerate(said)}
    items = []
    for (of, key, label, now, before, found), chance, stand in zip(looked_at, chances, stands, strict=True):
        rose = now >= rising.LEAST and now > before and chance <= rising.LIKELY
        items.append(
            Item(
                of=of,
                key=key,
                label=label,
                now=now,
                before=before,
                chance=chance,
                rose=rose,
                stands=rose and stand,
                records=tuple(sorted(found & records, key=lambda each: place[each])),
            )
        )
    items.sort(key=lambda each: (-each.now, -each.before, each.of, each.label))
    return WhatIsHeard(days=days, now=len(later), before=len(earlier), items=tuple(items))


_Count = tuple[Of, str, str, int, int, frozenset[_Record]]
"""Kind, key, label, how many now and before, and all the records."""


def _counts(source: Source, later: Sequence[_Said], earlier: Sequence[_Said]) -> list[_Count]:
    keys = {_key(each.record): each.record for each in (*later, *earlier)}
    is_later = {each.record for each in later}
    texts = [(_key(each.record), text) for each in (*later, *earlier) for text in each.texts]
    found: list[_Count] = []

    def add(of: Of, key: str, label: str, records: Iterable[_Record]) -> None:
        of_all = frozenset(records)
        now = sum(each in is_later for each in of_all)
        found.append((of, key, label, now, len(of_all) - now, of_all))

    for each in _words(texts):
        add(Of.PAIR if each.is_pair else Of.WORD, each.key, each.label, (keys[one] for one in each.records))
    grouped: tuple[tuple[Of, str, Callable[[_Said], str | None]], ...] = (
        (Of.CATEGORY, "ticket_category", lambda one: one.category_id),
        (Of.PRODUCT, "product", lambda one: one.product_id),
    )
    tickets = [each for each in (*later, *earlier) if each.record[0] == "ticket"]
    for of, entity, link in grouped:
        names = _names(source, entity)
        together: dict[str, set[_Record]] = {}
        for one in tickets:
            key = link(one)
            if key in names:
                together.setdefault(str(key), set()).add(one.record)
        for key, records in together.items():
            add(of, key, names[key], records)
    return found


def _words(texts: Iterable[tuple[str, str]]) -> Iterable[Counted]:
    return without_parts(count_words(texts)).values()


def _key(record: _Record) -> str:
    return f"{record[0]} {record[1]}"


def _names(source: Source, entity: str) -> Mapping[str, str]:
    table = SCHEMAS[entity].table
    try:
        rows = source.execute(select(table.c.id, table.c.name).where(source.visible(entity)))
    except AccessDenied:
        return {}
    return {row.id: row.name or "" for row in rows}


def _may_read(source: Source, entity: str, *names: str) -> bool:
    try:
        for name in names:
            source.field(entity, name)
    except AccessDenied:
        return False
    return True


def _tickets(source: Source, since: int, until: int) -> list[_Said]:
    ticket = _TICKET.c
    for name in ("subject", "category_id", "product_id"):
        source.field("ticket", name)
    query = (
        select(ticket.id, ticket.subject, ticket.created_at, ticket.category_id, ticket.product_id)
        .where(source.visible("ticket"), ticket.created_at >= since, ticket.created_at <= until)
        .order_by(ticket.created_at.desc(), ticket.id)
        .limit(MOST_RECORDS)
    )
    rows = source.execute(query)
    talks = _talks(source, since, until)
    return [
        _Said(
            ("ticket", row.id),
            row.created_at,
            (row.subject or "", *talks.get(row.id, ())),
            row.category_id,
            row.product_id,
        )
        for row in rows
    ]


def _talks(source: Source, since: int, until: int) -> dict[str, list[str]]:
    """Return what customers wrote in the tickets made in a time, by ticket."""
    found: dict[str, list[str]] = {}
    if not _may_read(source, "ticket_message", "body"):
        return found
    made = (
        select(_TICKET.c.id)
        .where(_TICKET.c.created_at >= since, _TICKET.c.created_at <= until)
        .scalar_subquery()
    )
    query = (
        select(_MESSAGE.c.ticket_id, _MESSAGE.c.body)
        .where(source.visible("ticket_message"), _MESSAGE.c.from_customer.is_(True))
        .where(_MESSAGE.c.ticket_id.in_(made), _MESSAGE.c.internal.is_not(True))
    )
    for row in source.execute(query):
        found.setdefault(row.ticket_id, []).append(row.body or "")
    return found


def _answers(source: Source, since: int, until: int) -> list[_Said]:
    answer = _ANSWER.c
    try:
        source.field("survey_answer", "words")
        query = (
            select(answer.id, answer.words, answer.answered_at)
            .where(source.visible("survey_answer"), answer.words.is_not(None))
            .where(answer.answered_at >= since, answer.answered_at <= until)
            .order_by(answer.answered_at.desc(), answer.id)
            .limit(MOST_RECORDS)
        )
    except AccessDenied:
        return []
    rows: Sequence[Any] = source.execute(query)
    return [_Said(("survey_answer", row.id), row.answered_at, (row.words,), None, None) for row in rows]
