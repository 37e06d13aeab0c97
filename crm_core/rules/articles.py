"""Articles of the knowledge base: what may be read where, who publishes, and what a revision is.

Values in, answer out; laptop and HQ ask alike.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from crm_core.entities.article import TEXT_FIELDS
from crm_core.errors import AccessDenied, Problem, UserError
from crm_core.i18n import N_, message
from crm_core.rules.access import ClassRight, Person
from crm_core.schema.field import FieldClass, Plain
from crm_core.schema.machine import Step

ARTICLE: Final = "article"
PUBLISHED: Final = "published"
REVIEW: Final = "review"
MERGED: Final = "merged"
PUBLIC: Final = "public"
PATH: Final = "/help/"
"""Where HQ shows articles to customers."""
UNFINISHED: Final = ("draft", "review")
_DECIDED: Final = frozenset(("publish", "merge", "revive"))
_TAKEN_ALONG: Final = (*TEXT_FIELDS, "category_id", "keywords", "product_ids")
NOT_YOURS: Final = N_(
    "An article is published by a reviewer who did not write it, or by whoever publishes all articles"
)
RETIRED_BY: Final = N_(
    "An article is retired by its owner, one of its reviewers, or whoever publishes articles"
)
IS_REVISION: Final = N_("This is a revision: its text goes into the article it revises")
NO_REVISION: Final = N_("This article revises no other")
OVERTAKEN: Final = N_(
    "Version {version} was published since this revision was begun; compare the two and take it on"
)
GONE: Final = N_("The article this revises is not published any more")
NOT_TWO_DEEP: Final = N_("A category stands at the top or under one that does; no deeper")


def address_of(public_url: str, article_id: str) -> str:
    """Return the address customers read an article at; '' where HQ has none they reach."""
    return f"{public_url.rstrip('/')}{PATH}{article_id}" if public_url else ""


def is_current(values: Mapping[str, Any], today: datetime.date) -> bool:
    """Tell whether an article is published and its last day is not over."""
    last = values.get("expires_on")
    return values.get("status") == PUBLISHED and not (last and str(last) < today.isoformat())


def is_for_customers(values: Mapping[str, Any], today: datetime.date) -> bool:
    """Tell whether somebody outside may read an article, or learn that there is one."""
    return is_current(values, today) and values.get("audience") == PUBLIC


def is_expired(values: Mapping[str, Any], today: datetime.date) -> bool:
    """Tell whether the last day of a published article is over."""
    return values.get("status") == PUBLISHED and not is_current(values, today)


def is_to_be_looked_at(values: Mapping[str, Any], today: datetime.date) -> bool:
    """Tell whether somebody should look whether a published article still holds."""
    day = values.get("review_by")
    return values.get("status") == PUBLISHED and bool(day) and str(day) <= today.isoformat()


def publishes_all(person: Person) -> bool:
    """Tell whether a person publishes every article, his own too: who writes confidential fields of them."""
    return person.rights.class_right(ARTICLE, FieldClass.PRIVATE) >= ClassRight.WRITE


def may_publish(person: Person, values: Mapping[str, Any]) -> bool:
    """Tell whether a person may publish an article: four eyes, unless his role publishes all."""
    if publishes_all(person):
        return True
    return not person.circles.isdisjoint(values.get("reviewers") or ()) and not _wrote(person, values)


def demand_taker(person: Person, entity: str, values: Mapping[str, Any], step: Step) -> None:
    """Raise `AccessDenied` for a step of an article somebody else takes; other kinds are no matter here."""
    if entity != ARTICLE:
        return
    if step.name in _DECIDED and not may_publish(person, values):
        raise AccessDenied(NOT_YOURS)
    if step.name == "retire" and not (_wrote(person, values) or may_publish(person, values)):
        raise AccessDenied(RETIRED_BY)


def demand_possible(values: Mapping[str, Any], original: Mapping[str, Any] | None, step: Step) -> None:
    """Raise `UserError` for a step that does not fit: a revision is published into its article alone.

    `original` is the article it revises, None where there is none any more.
    """
    is_revision = bool(values.get("replaces_id"))
    if step.name == "publish" and is_revision:
        raise UserError(IS_REVISION)
    if step.name != "merge":
        return
    if not is_revision:
        raise UserError(NO_REVISION)
    if original is None or original.get("status") != PUBLISHED:
        raise UserError(GONE)
    if (original.get("version") or 1) != (values.get("grounds") or 1):
        raise UserError(OVERTAKEN, version=original.get("version") or 1)


def revision_of(article_id: str, values: Mapping[str, Any]) -> dict[str, Plain]:
    """Return the values of a new revision of a published article."""
    taken = {name: values.get(name) for name in _TAKEN_ALONG}
    return {
        **taken,
        "reviewers": values.get("reviewers"),
        "replaces_id": article_id,
        "grounds": values.get("version") or 1,
    }


def text_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a version says."""
    return {name: values.get(name) for name in TEXT_FIELDS}


def problems_of_category(
    record_id: str | None,
    values: Mapping[str, Any],
    value_of: Callable[[str, str, str], Any],
    rows_of: Callable[[str], Iterable[Mapping[str, Any]]],
) -> list[Problem]:
    """Return what is wrong with a category: it, or one below it, stands deeper than one below another."""
    parent = values.get("parent_id")
    if not parent:
        return []
    is_deeper = parent == record_id or value_of("article_category", str(parent), "parent_id")
    has_own = record_id is not None and any(
        row["parent_id"] == record_id for row in rows_of("article_category")
    )
    if is_deeper or has_own:
        return [Problem(field="parent_id", message=message(NOT_TWO_DEEP))]
    return []


def _wrote(person: Person, values: Mapping[str, Any]) -> bool:
    return values.get("owner_id") == person.user_id
