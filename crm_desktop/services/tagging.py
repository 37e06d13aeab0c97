"""Tags: which colour each has, and how many records carry it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from crm_core.rules.access import Action, decide
from crm_core.sync.merge import lives
from crm_desktop.models import query, repository
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import Replica

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


def uses(replica: Replica, ids: Sequence[str]) -> dict[str, TagUse]:
    """Return how the customers carry tags, by the tag's id; empty where the person may not read customers."""
    person = replica.person
    if not decide(person, Action.READ, TAGGED) or not query.not_masked(person, TAGGED, "tags"):
        return {}
    with replica.read() as session:
        words = {
            record_id: record.title.casefold()
            for record_id, record in repository.get_many(session, "tag", ids).items()
            if lives(record.life)
        }
        every = query.count(session, person, ListQuery(entity=TAGGED))
        counts: dict[str, int] = {}
        for row in query.group(session, person, ListQuery(entity=TAGGED), by="tags"):
            word = str(row.key or "").casefold()
            counts[word] = counts.get(word, 0) + row.count
    return {
        record_id: TagUse(
            count=counts.get(word, 0), share=Decimal(counts.get(word, 0)) / every if every else Decimal(0)
        )
        for record_id, word in words.items()
    }
