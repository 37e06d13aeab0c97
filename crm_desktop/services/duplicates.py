"""Records that may be the same as another: while one is typed, brought in or converted, and all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from crm_core.errors import UserError
from crm_core.i18n import N_, Message
from crm_core.rules.access import Action, Person, readable_fields
from crm_core.rules.duplicates import (
    COMPARED,
    DISTINCT,
    LIKELY_FROM,
    SHOWN_FROM,
    Likeness,
    compare,
    keys_of,
    names_tell,
    traits_of,
)
from crm_core.rules.known import known_texts
from crm_desktop.models import alike, known
from crm_desktop.models.replica import Replica
from crm_desktop.services import records, rights

_MOST_MATCHES = 20
_INDEXED_FIRST = 200  # records: what was just written; a first sync's are brought in while nobody waits
_AT_ONCE = 400  # pairs compared between two looks at whether to stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A record that may be the same as the one asked about."""

    entity: str
    record_id: str
    title: str
    score: int
    """0 to 100."""
    reasons: tuple[Message, ...]
    """Why, the weightiest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Records that may all be the same."""

    entity: str
    score: int
    """Of the likeliest pair in it."""
    members: tuple[Match, ...]
    """At least two, by the likeness of each to the one it is most alike; reasons are those of that pair."""


def is_compared(entity: str) -> bool:
    """Tell whether records of a kind are looked at for duplicates."""
    return entity in COMPARED


def matches(
    replica: Replica,
    entity: str,
    values: Mapping[str, Any],
    *,
    besides: str | None = None,
    least: int = SHOWN_FROM,
    limit: int = _MOST_MATCHES,
) -> tuple[Match, ...]:
    """Return the records of this laptop that may be the one with these values, the likeliest first.

    `values` may be half typed. `besides` is the record that is edited itself. Any thread may ask; with
    100,000 customers it takes a few milliseconds. Only what the person may read is found and weighed.
    """
    _demand_compared(entity)
    rights.may_do(replica, Action.READ, entity).demand()
    replica.catch_up(_INDEXED_FIRST)
    person = replica.person
    with replica.read() as session:
        found = matches_in(session, person, entity, values, besides=besides, least=least)
    return found[:limit]


def like(replica: Replica, entity: str, record_id: str, *, limit: int = _MOST_MATCHES) -> tuple[Match, ...]:
    """Return the likely duplicates of a record that is here, the likeliest first. `NotFound`."""
    record = records.get(replica, entity, record_id)
    if not record.alive:
        return ()
    return matches(replica, entity, record.values, besides=record_id, least=LIKELY_FROM, limit=limit)


def matches_in(
    session: Session,
    person: Person,
    entity: str,
    values: Mapping[str, Any],
    *,
    besides: str | None = None,
    least: int = SHOWN_FROM,
) -> tuple[Match, ...]:
    """Return the same in a reader's session; the index is taken as it is."""
    _demand_compared(entity)
    readable = {field.name for field in readable_fields(person, entity)}
    wanted = traits_of(entity, {name: value for name, value in values.items() if name in readable})
    near = alike.candidates(session, entity, wanted, halves=names_tell(least))
    ids = [each for each in near if each != besides]
    reader = alike.TraitsReader(session, entity, wanted)
    reader.know([*ids, besides] if besides else ids)
    apart = frozenset(values.get(DISTINCT) or ())
    found = []
    for record_id in ids:
        if record_id in apart or (besides and reader.are_distinct(record_id, besides)):
            continue
        traits = reader.of(record_id)
        likeness = None if traits is None else compare(wanted, traits)
        if likeness is not None and likeness.score >= least:
            found.append(_match(entity, record_id, reader.titles[record_id], likeness))
    return tuple(sorted(found, key=_likeliest))


def held_elsewhere(replica: Replica, values: Mapping[str, Any]) -> tuple[Message, ...]:
    """Return what a customer with these values has in common with one at HQ that is not on this laptop.

    Nothing where HQ does not tell, or the person makes no customers. Who it is only HQ can say.
    """
    if not rights.may_do(replica, Action.CREATE, known.ENTITY):
        return ()
    replica.catch_up()
    with replica.read() as session:
        found = list(known.known(session, values))
        if not found:
            return ()
        keys = keys_of(traits_of(known.ENTITY, values))
        here = alike.values_of(session, known.ENTITY, alike.with_keys(session, known.ENTITY, keys))
        explained = {text for own in here.values() for text, _ in known_texts(own)}
    return tuple(reason for text, reason in found if text not in explained)


def find_groups(
    replica: Replica,
    entity: str,
    *,
    least: int = LIKELY_FROM,
    progress: Callable[[int, int], None] = lambda done, total: None,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[Group, ...]:
    """Return all groups of records that may be the same, the likeliest first; for a thread of its own.

    `progress` hears how far it is. Where `stopped` says so, what was found until then is returned.
    """
    _demand_compared(entity)
    rights.may_do(replica, Action.READ, entity).demand()
    while replica.catch_up() and not stopped():
        pass
    with replica.read() as session:
        joined = _Joined()
        reader = alike.TraitsReader(session, entity)
        paired = alike.pairs(session, entity, progress, stopped, halves=names_tell(least))
        for some in _batches(paired):
            reader.know([record_id for pair in some for record_id in pair])
            for one, other in some:
                traits, others = reader.of(one), reader.of(other)
                if traits is None or others is None or reader.are_distinct(one, other):
                    continue
                likeness = compare(traits, others)
                if likeness.score >= least:
                    joined.join((one, reader.titles[one]), (other, reader.titles[other]), likeness)
    return tuple(joined.groups(entity))


class _Joined:
    """Pairs that are alike, put together to groups."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}
        self._best: dict[str, Likeness] = {}
        self._titles: dict[str, str] = {}

    def join(self, one: tuple[str, str], other: tuple[str, str], likeness: Likeness) -> None:
        """Take a pair in: id and title of both."""
        for record_id, title in (one, other):
            self._titles[record_id] = title
            held = self._best.get(record_id)
            if held is None or held.score < likeness.score:
                self._best[record_id] = likeness
        first, second = self._root(one[0]), self._root(other[0])
        if first != second:
            self._above[max(first, second)] = min(first, second)

    def groups(self, entity: str) -> Iterator[Group]:
        """Yield the groups, the likeliest first."""
        members: dict[str, list[Match]] = {}
        for record_id, likeness in self._best.items():
            match = _match(entity, record_id, self._titles[record_id], likeness)
            members.setdefault(self._root(record_id), []).append(match)
        ordered = [sorted(each, key=_likeliest) for each in members.values()]
        for each in sorted(ordered, key=lambda found: _likeliest(found[0])):
            yield Group(entity=entity, score=each[0].score, members=tuple(each))

    def _root(self, record_id: str) -> str:
        while (above := self._above.get(record_id)) is not None:
            record_id = above
        return record_id


def _likeliest(match: Match) -> tuple[int, str, str]:
    return -match.score, match.title, match.record_id


def _match(entity: str, record_id: str, title: str, likeness: Likeness) -> Match:
    return Match(
        entity=entity, record_id=record_id, title=title, score=likeness.score, reasons=likeness.reasons
    )


def _batches(pairs: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    while some := list(islice(pairs, _AT_ONCE)):
        yield some


def _demand_compared(entity: str) -> None:
    if entity not in COMPARED:
        raise UserError(N_("Records of this kind are not compared"))
