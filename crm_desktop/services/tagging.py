"""Tags: which colour each has, how many records carry it, and words carried that are no tag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from crm_core.rules.access import Action, Person, decide
from crm_core.sync.merge import lives
from crm_desktop.models import query, repository
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services.outcome import Outcome

TAGGED = "customer"
"""Kind of record whose share is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagUse:
    """How many customers of this laptop carry a tag, and what part of all that is, 0 to 1."""

    count: int
    share: Decimal


def colours(replica: Replica) -> dict[str, str]:
    """Return the colour of every tag that has one, by the tag's name as it is compared."""
    if not decide(replica.person, Action.READ, "tag"):
        return {}
    wanted = ListQuery(
        entity="tag",
        conditions=(Condition(field="color", op=Op.NOT_EQUAL, value="neutral"),),
        fields=("name", "color"),
        limit=query.MAX_LIMIT,
    )
    with replica.read() as session:
        rows = query.page(session, replica.person, wanted).rows
    return {row.title.casefold(): str(row.get("color")) for row in rows if row.get("color")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlisted:
    """A word customers carry that is no tag of the company's list, as most of them write it."""

    word: str
    use: TagUse


def uses(replica: Replica, ids: Sequence[str]) -> dict[str, TagUse]:
    """Return how the customers carry tags, by the tag's id; empty where the person may not read customers."""
    with replica.read() as session:
        words = {
            record_id: record.title.casefold()
            for record_id, record in repository.get_many(session, "tag", ids).items()
            if lives(record.life)
        }
        counted = _counted(session, replica.person)
    if counted is None:
        return {}
    every, written = counted
    return {record_id: _use(written.get(word, {}), every) for record_id, word in words.items()}


def unlisted(replica: Replica) -> tuple[Unlisted, ...]:
    """Return the words customers carry that are no tag, those of most customers first."""
    person = replica.person
    if not decide(person, Action.READ, "tag"):
        return ()
    with replica.read() as session:
        counted = _counted(session, person)
        listed = {
            row.key.casefold()
            for row in query.group(session, person, ListQuery(entity="tag"), by="name")
            if isinstance(row.key, str)
        }
    every, written = counted or (0, {})
    found = (
        Unlisted(word=max(forms, key=lambda form: (forms[form], form)), use=_use(forms, every))
        for word, forms in written.items()
        if word and word not in listed
    )
    return tuple(sorted(found, key=lambda each: (-each.use.count, each.word)))


def list_words(replica: Replica, words: Sequence[str]) -> Outcome[tuple[Record, ...]]:
    """Make tags of words, all or none."""
    with replica.write() as session:
        made = tuple(records.create_in(session, replica, "tag", {"name": word}) for word in words)
    return Outcome(made, frozenset(session.changed))


def take_off_list(replica: Replica, tags: Sequence[Record]) -> Outcome[tuple[Record, ...]]:
    """Delete tags, all or none: the undo of `list_words`. Customers go on carrying the words."""
    with replica.write() as session:
        gone = tuple(records.delete_in(session, replica, "tag", tag.id) for tag in tags)
    return Outcome(gone, frozenset(session.changed))


def _counted(session: Session, person: Person) -> tuple[int, dict[str, dict[str, int]]] | None:
    """Return how many customers there are and, by the word as it is compared, how many write it how."""
    if not decide(person, Action.READ, TAGGED) or not query.not_masked(person, TAGGED, "tags"):
        return None
    written: dict[str, dict[str, int]] = {}
    for row in query.group(session, person, ListQuery(entity=TAGGED), by="tags"):
        word = str(row.key or "")
        written.setdefault(word.casefold(), {})[word] = row.count
    return query.count(session, person, ListQuery(entity=TAGGED)), written


def _use(forms: Mapping[str, int], every: int) -> TagUse:
    count = sum(forms.values())
    return TagUse(count=count, share=Decimal(count) / every if every else Decimal(0))
