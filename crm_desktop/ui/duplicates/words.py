"""How likenesses are said."""

from __future__ import annotations

from crm_core.i18n import Message, message, plural
from crm_desktop.services.duplicates import Match
from crm_desktop.ui.context import Place
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.translate import show, tr


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


def merge_place(entity: str, ids: tuple[str, ...]) -> Place:
    """Return where records are merged."""
    return Place(page="duplicates", options={"entity": entity, "ids": ids})
