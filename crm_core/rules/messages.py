"""What of a ticket's message stays as it was written, on laptop and at HQ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from crm_core.i18n import N_, Message, message

MESSAGE: Final = "ticket_message"
_MADE_WITH: Final = frozenset(("internal", "from_customer", "author_id"))
_SAID: Final = frozenset(("body", "channel", "written_at", "contact_id"))
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
    if held.get("status") == "sent":
        return SENT
    writer = held.get("author_id") or held.get("created_by")
    return NOT_YOURS if writer not in (None, user_id) else None
