"""Search over every kind of record: any part of a text, Chinese from one character, pinyin, phone digits."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import column, select
from sqlalchemy import text as sql_text
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.schema.phones import searched_digits
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_desktop.models.custom_index import searched
from crm_desktop.models.indexing import CJK, RETIRE, digits_of, kind_token, spaced
from crm_desktop.models.misspelt import mistakes_of, near_characters, near_words, sound_of
from crm_desktop.models.sorting import fold

MAX_TERMS = 8
SNIPPET = 60  # characters around what was found
# Hits of one rank looked at before the better ones of them are chosen.
CANDIDATES = 200
FEW = 3
"""Hits below which what is only like the text is looked for too."""
_NUMBER = re.compile(r"[+(]?[0-9][0-9 ()./\-]*[0-9)]\Z")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A record that was found."""

    entity: str
    id: str
    title: str
    snippet: str
    """Where in its other fields the text was found; '' where the title says it."""
    score: int
    """3: the title is the text; 2: it begins with it; 1: it holds it; 0: another field does; -1: something
    like it is there."""


def search(
    session: Session, text: str, limit: int = 20, entities: Collection[str] | None = None
) -> list[Hit]:
    """Return the records that hold every word of `text`, best first; none for a text without a word.

    Only living records of this replica are found. `Replica.catch_up` first brings in what was just written.
    """
    query = fold(text).strip()
    terms = _terms(query)
    if not terms or limit <= 0:
        return []
    kinds = None if entities is None else [name for name in entities if name in SCHEMAS]
    if kinds is not None and not kinds:
        return []
    found: dict[int, int] = {}
    _by_title(session, query, kinds, limit, found)
    for part, score in (("title", 1), ("", 0)):
        if len(found) < limit:
            _by_terms(session, terms, part, kinds, score, found)
    if len(found) < FEW:
        _by_near_words(session, terms, kinds, found)
    return _hits(session, found, terms, query, limit)


def forget(session: Session, entity: str, ids: Iterable[str]) -> None:
    """Take records out of the index and off the list of what is to be indexed."""
    run = session.connection().exec_driver_sql
    rows = [(entity, row_id) for row_id in ids]
    if not rows:
        return
    run(f"{RETIRE} entity = ? AND row_id = ?", rows)
    for table in ("search_doc", "search_dirty", "sort_key"):
        run(f"DELETE FROM {table} WHERE entity = ? AND row_id = ?", rows)


def rebuild(session: Session, entity: str) -> None:
    """Empty the index of an entity at once and have its living records indexed again."""
    run = session.connection().exec_driver_sql
    run(f"{RETIRE} entity = ?", (entity,))
    run("DELETE FROM search_doc WHERE entity = ?", (entity,))
    if SCHEMAS[entity].search_fields:
        run(
            f"INSERT OR IGNORE INTO search_dirty SELECT '{entity}', id FROM \"{entity}\" WHERE life % 2",
        )


def matching_ids(text: str, entity: str) -> Any:
    """Return a selection of the ids of an entity's records that hold every word; None for no word at all."""
    terms = _terms(fold(text).strip())
    matched = _match(terms, "", (entity,)) if terms else None
    if matched is None:
        return None
    statement, values = matched
    bound = {f"match_{n}": value for n, value in enumerate(values)}
    for name in bound:
        statement = statement.replace("?", f":{name}", 1)
    inner = sql_text(
        f"SELECT row_id FROM search_doc WHERE entity = :match_entity AND id IN ({statement})"
    ).bindparams(match_entity=entity, **bound)
    return inner.columns(column("row_id")).subquery().select()


def speaking_of(session: Session, terms: Sequence[str], entity: str, limit: int) -> list[str]:
    """Return the ids of records of a kind that hold any of the terms, first who holds more and rarer ones.

    `terms` as `crm_core.rules.terms` gives them: a beginning of a word, or Chinese that stands together.
    """
    words = []
    for term in terms:
        folded = fold(term)
        spelled = spaced(folded).split() if CJK.search(folded) else _WORD.findall(folded)
        if spelled:
            words.append(_quoted(spelled) + ("" if CJK.search(folded) else " *"))
    if not words:
        return []
    kind = _quoted([kind_token(entity)])
    match = f"{{kind}} : {kind} AND ({{title body}} : ({' OR '.join(words)}))"
    rows = session.connection().exec_driver_sql(
        "SELECT d.row_id FROM search_words AS w JOIN search_doc AS d ON d.id = w.rowid"
        " WHERE search_words MATCH ? AND w.rowid NOT IN (SELECT id FROM search_retired)"
        " ORDER BY bm25(search_words, 0, 4, 1) LIMIT ?",
        (match, limit),
    )
    return [row_id for (row_id,) in rows]


def _terms(query: str) -> list[str]:
    if _NUMBER.match(query):
        return [query]
    return [term for term in query.split() if _WORD.search(term)][:MAX_TERMS]


def _by_title(
    session: Session, query: str, kinds: Sequence[str] | None, limit: int, found: dict[int, int]
) -> None:
    rows = session.connection().exec_driver_sql(
        "SELECT id, title, entity FROM search_doc WHERE title >= ? AND title < ? ORDER BY title LIMIT ?",
        (query, query + "\U0010ffff", CANDIDATES if kinds else limit),
    )
    for doc_id, title, entity in rows:
        if kinds is None or entity in kinds:
            found[doc_id] = 3 if title == query else 2


def _by_terms(
    session: Session,
    terms: Sequence[str],
    part: str,
    kinds: Sequence[str] | None,
    score: int,
    found: dict[int, int],
) -> None:
    matched = _match(terms, part, kinds)
    if matched is not None:
        _take(session, matched, score, found)


def _take(session: Session, matched: tuple[str, list[str]], score: int, found: dict[int, int]) -> None:
    """Add what a statement of `_match` finds, but for entries taken out since."""
    statement, values = matched
    statement += f" AND +rowid NOT IN (SELECT id FROM search_retired) LIMIT {CANDIDATES}"
    for (doc_id,) in session.connection().exec_driver_sql(statement, tuple(values)):
        found.setdefault(doc_id, score)


def _by_near_words(
    session: Session, terms: Sequence[str], kinds: Sequence[str] | None, found: dict[int, int]
) -> None:
    """Find records by words that are like those typed; all words have to be there in one way or another."""
    sounds = [sound_of(term) for term in terms]
    if sounds != [*terms]:
        _by_terms(session, sounds, "title", kinds, -1, found)
    words: list[str] = []
    rest: list[str] = []
    for term in terms:
        alike = [_quoted([word]) for word in near_words(session, term)] or near_characters(term)
        if alike:
            words.append(f"({' OR '.join(alike)})")
        elif mistakes_of(term):
            return
        else:
            rest.append(term)
    if words and (matched := _match(rest, "", kinds, words)) is not None:
        _take(session, matched, -1, found)


def _match(
    terms: Sequence[str], part: str, kinds: Sequence[str] | None, also: Sequence[str] = ()
) -> tuple[str, list[str]] | None:
    """Return a statement for the entries that hold every word, and its values; None where none is left.

    `also`: expressions of FTS5 over whole words that have to be true as well.
    """
    words: list[str] = list(also)
    grams: list[str] = []
    for term in terms:
        if _NUMBER.match(term) and len(digits_of(term)) >= 3:
            _number_term(term, grams)
            continue
        for run in _runs(term):
            if CJK.match(run):
                words.append(_quoted(spaced(run).split()))
            elif len(run) >= 3:
                grams.append(_quoted([run]))
            else:
                words.extend(f"{_quoted([word])} *" for word in _WORD.findall(run))
    if not words and not grams:
        return None
    scope = f"{{{part}}} : " if part else "{title body} : "
    conditions: list[tuple[str, str]] = []
    if words or kinds:
        parts = [f"{scope}({' AND '.join(words)})"] if words else []
        if kinds:
            parts.append("{kind} : (" + " OR ".join(_quoted([kind_token(kind)]) for kind in kinds) + ")")
        conditions.append(("search_words", " AND ".join(f"({each})" for each in parts)))
    if grams:
        conditions.append(("search_grams", f"{scope}({' AND '.join(grams)})"))
    (first, match), *rest = conditions[::-1]
    statement, values = f"SELECT rowid FROM {first} WHERE {first} MATCH ?", [match]
    for table, other in rest:
        # The plus: told to look each row up, FTS5 would begin its query anew for every one of them.
        statement += f" AND +rowid IN (SELECT rowid FROM {table} WHERE {table} MATCH ?)"
        values.append(other)
    return statement, values


def _number_term(term: str, grams: list[str]) -> None:
    digits = digits_of(term)
    as_typed, alone = _quoted([term]), _quoted([digits])
    grams.append(alone if digits == term else f"({as_typed} OR {alone})")


def _runs(term: str) -> list[str]:
    """Split a word where Chinese and other writing meet."""
    runs: list[str] = []
    for character in term:
        if runs and bool(CJK.match(character)) == bool(CJK.match(runs[-1][-1])):
            runs[-1] += character
        else:
            runs.append(character)
    return [run for run in runs if _WORD.search(run)]


def _quoted(words: Sequence[str]) -> str:
    return '"' + " ".join(words).replace('"', '""') + '"'


def _hits(session: Session, found: dict[int, int], terms: Sequence[str], query: str, limit: int) -> list[Hit]:
    if not found:
        return []
    connection = session.connection()
    marks = ", ".join("?" * len(found))
    documents = connection.exec_driver_sql(
        f"SELECT id, entity, row_id, title FROM search_doc WHERE id IN ({marks})", tuple(found)
    ).all()
    order = {name: place for place, name in enumerate(SCHEMAS)}

    def rank(document: Any) -> tuple[Any, ...]:
        score, length = found[document.id], len(document.title)
        place = document.title.find(terms[0]) if score == 1 else 0
        return -score, place if place >= 0 else length, length, order[document.entity]

    best = sorted(documents, key=rank)[:limit]
    texts = _texts(session, best)
    hits = []
    for document in best:
        values = texts.get((document.entity, document.row_id))
        if values is None:
            continue
        title = str(values.get(SCHEMAS[document.entity].meta.title) or "")
        score = found[document.id]
        snippet = "" if score > 0 else _snippet(document.entity, values, terms)
        hits.append(
            Hit(entity=document.entity, id=document.row_id, title=title, snippet=snippet, score=score)
        )
    return hits


def _texts(session: Session, documents: Sequence[Any]) -> dict[tuple[str, str], dict[str, Any]]:
    texts: dict[tuple[str, str], dict[str, Any]] = {}
    for entity in {document.entity for document in documents}:
        schema = SCHEMAS[entity]
        names = {field.name for field in schema.search_fields} | {schema.meta.title}
        table = schema.table
        ids = [document.row_id for document in documents if document.entity == entity]
        rows = session.connection().execute(
            select(table.c.id, table.c.custom, *(table.c[name] for name in sorted(names))).where(
                table.c.id.in_(ids)
            )
        )
        custom = searched(session, entity)
        for row in rows.mappings():
            more = {CUSTOM_PREFIX + key: (row["custom"] or {}).get(key) for key in custom}
            texts[entity, row["id"]] = {**row, **more}
    return texts


def _snippet(entity: str, values: dict[str, Any], terms: Sequence[str]) -> str:
    """Return the text around the first word found, on one line."""
    schema = SCHEMAS[entity]
    for term in terms:
        digits = digits_of(term)
        custom = [name for name in values if name.startswith(CUSTOM_PREFIX)]
        for name in (*(field.name for field in schema.search_fields), *custom):
            text = str(values.get(name) or "")
            if name == schema.meta.title or not text:
                continue
            place = fold(text).find(term)
            if place < 0 and len(digits) >= 3 and any(digits in each for each in searched_digits(text)):
                place = 0
            if place >= 0:
                start = max(0, place - SNIPPET // 3)
                cut = " ".join(text[start : start + SNIPPET].split())
                return f"{'…' if start else ''}{cut}{'…' if start + SNIPPET < len(text) else ''}"
    return ""
