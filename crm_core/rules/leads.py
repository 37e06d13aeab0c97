"""What a lead asks for next: the questions still open, and the step its state suggests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm_core.i18n import Message, message

_QUESTIONS: tuple[tuple[tuple[str, ...], Message], ...] = (
    (("needs", "product_id"), message("What do they need, and for what?")),
    (("estimated_value",), message("Which budget is there?")),
    (("title",), message("Who decides, and what is this person's part in it?")),
    (("next_contact_on",), message("By when do they want it, and when shall we call again?")),
    (("phone", "email"), message("How can they be reached?")),
)
_SUGGESTED: Mapping[str, Message] = {
    "new": message("Call within the day, then say what came of it"),
    "working": message("Qualify it, or say why it leads nowhere"),
    "nurture": message("Keep in touch; call again on the day agreed"),
    "qualified": message("Convert it to a customer and a deal"),
    "converted": message("Work goes on with the customer"),
    "junk": message("Nothing to do"),
}


def open_questions(lead: Mapping[str, Any]) -> Sequence[Message]:
    """Return what to ask in the next call: each question none of whose fields holds anything."""
    return [text for names, text in _QUESTIONS if all(lead.get(name) in (None, "") for name in names)]


def suggested_step(status: str | None) -> Message:
    """Return what to do with a lead in a state where nothing is planned."""
    return _SUGGESTED.get(status or "new", _SUGGESTED["new"])
