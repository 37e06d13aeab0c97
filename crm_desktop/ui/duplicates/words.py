"""How likenesses are said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from crm_core.i18n import Message, message, plural
from crm_desktop.services.duplicates import Match
from crm_desktop.ui.context import Place
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.translate import show, tr

MOST_NAMED: Final = 3
MOST_BESIDE: Final = 5
"""Records laid beside one another when they are not chosen by hand."""


def reasons_words(match: Match) -> str:
    """Return why a record may be the same, in one line."""
    return tr("; ").join(show(reason) for reason in match.reasons)


def similar_words(number: int) -> Message:
    """Return how many records may be the one that is typed."""
    return plural(
        number,
        message("1 similar record is here already"),
        message("{count} similar records are here already", count=number),
    )


def titles_words(matches: Sequence[Match]) -> str:
    """Return the names of the likeliest, and that there are more."""
    named = " · ".join(f"“{match.title}”" for match in matches[:MOST_NAMED])
    return f"{named} …" if len(matches) > MOST_NAMED else named


def like_words(matches: Sequence[Match]) -> Message:
    """Return that a record looks like others."""
    titles = titles_words(matches)
    return plural(
        len(matches),
        message("Looks like another: {titles}", titles=titles),
        message("Looks like {count} others: {titles}", count=len(matches), titles=titles),
    )


def elsewhere_words(reasons: tuple[Message, ...]) -> Message:
    """Return that somebody else holds such a customer, and by what that is known."""
    why = tr("; ").join(show(reason) for reason in reasons)
    return message(
        "Already ours, held by somebody else ({reasons}). Ask before you make it again.", reasons=why
    )


def place_of(match: Match) -> Place:
    """Return where a match can be looked at; a contact beside the others that may be it."""
    if match.entity == "contact":
        return Place(page="duplicates", options={"entity": "contact"})
    return Place(page=PAGE_OF_ENTITY[match.entity], record_id=match.record_id)


def compare_place(record_id: str, matches: Sequence[Match]) -> Place:
    """Return where a record is laid beside the likeliest of those it is like."""
    others = (match.record_id for match in matches[: MOST_BESIDE - 1])
    return merge_place(matches[0].entity, (record_id, *others))


def merge_place(entity: str, ids: tuple[str, ...]) -> Place:
    """Return where records are merged."""
    return Place(page="duplicates", options={"entity": entity, "ids": ids})
