"""Who is mentioned in a text, and who may change a comment. Values in, answer out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core.i18n import N_, Message, message

NOT_YOURS = message(N_("Only who wrote a comment may change it or take it away"))


NOT_YOUR_VOTE = message(N_("Only who voted may change a vote"))


def not_yours(entity: str) -> Message:
    """Return why somebody does not change what another said of a record."""
    return NOT_YOURS if entity == "comment" else NOT_YOUR_VOTE


def mentioned(text: str, people: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids of those named by @ and their name; `people` are names by id.

    Of names that begin alike the longest that stands there counts; alike ones are all meant.
    """
    named: dict[str, list[str]] = {}
    for user_id, name in people.items():
        if name.strip():
            named.setdefault(name.strip().casefold(), []).append(user_id)
    longest_first = sorted(named, key=len, reverse=True)
    found: dict[str, None] = {}
    folded = text.casefold()
    place = folded.find("@")
    while place >= 0:
        after = folded[place + 1 :]
        meant = next((each for each in longest_first if _begins(after, each)), None)
        if meant is not None:
            found.update(dict.fromkeys(named[meant]))
        place = folded.find("@", place + 1)
    return tuple(found)


def _begins(text: str, name: str) -> bool:
    """Tell whether a text begins with a name, and not with a longer word; Chinese has no spaces."""
    if not text.startswith(name):
        return False
    following = text[len(name) : len(name) + 1]
    return not (name[-1].isascii() and following.isascii() and following.isalnum())


def is_own(comment: Mapping[str, Any], user_id: str) -> bool:
    """Tell whether somebody wrote a comment; one no HQ knows yet was written here."""
    return comment.get("created_by") in (None, user_id)
