"""What of a ticket's message stays as it was written, on laptop and at HQ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from crm_core.i18n import N_, Message, message

MESSAGE: Final = "ticket_message"
_MADE_WITH: Final = frozenset(("internal", "from_customer", "author_id"))
_SAID: Final = frozenset(("body", "channel", "written_at", "contact_id", "files"))
FILES_MOST: Final = 20
"""That go along with one message."""
OTHER_FILE: Final = message(N_("Only files of the ticket itself go along with a message"))
TOO_MANY: Final = message(N_("At most {most} files go along with a message"), most=FILES_MOST)
STAYS: Final = message(N_("Who wrote a message, and for whom, stays as it was"))
SENT: Final = message(N_("This message was sent already"))
NOT_YOURS: Final = message(N_("Only who wrote a message changes it"))


def why_it_stands(held: Mapping[str, Any], changed: Iterable[str], user_id: str) -> Message | None:
    """Return why a message is not changed so; None where it may be. `changed`: fields that differ.

    A note stays a note, or the customer would read what was meant for colleagues; what he was sent stays so.
    """
    names = frozenset(changed)
    if names & _MADE_WITH:
        return STAYS
    if not names & _SAID:
        return None
    return why_it_stays(held, user_id)


def why_it_stays(held: Mapping[str, Any], user_id: str) -> Message | None:
    """Return why a message is not taken away: by nobody what was sent, by no other what somebody wrote.

    A ticket that is deleted takes all of them along.
    """
    if held.get("status") == "sent":
        return SENT
    writer = held.get("author_id") or held.get("created_by")
    return NOT_YOURS if writer not in (None, user_id) else None


def why_files_stay(values: Mapping[str, Any], found: Mapping[str, Mapping[str, Any]]) -> Message | None:
    """Return why files do not go along with a message; None where they may.

    `found`: what of the attachments it names is there, by id.
    """
    named = values.get("files") or []
    if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
        return OTHER_FILE
    if len(named) > FILES_MOST:
        return TOO_MANY
    for each in named:
        file = found.get(each)
        where = None if file is None else (file.get("record_entity"), file.get("record_id"))
        if where != ("ticket", values.get("ticket_id")):
            return OTHER_FILE
    return None
