"""What a form says of records that may be the same as the one it shows."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.i18n import Message, message
from crm_desktop.services.twins import Twin
from crm_desktop.ui.context import Place
from crm_desktop.ui.places import PAGE_OF_ENTITY


def alike_words(alike: Sequence[Twin]) -> Message:
    """Return the line that names them."""
    return message(
        "Possible duplicate: “{titles}” has the same {field}",
        titles=", ".join(each.title for each in alike),
        field=Message(alike[0].label),
    )


def place_of(twin: Twin) -> Place | None:
    """Return where one is shown; None for kinds without a page of their own."""
    page = PAGE_OF_ENTITY.get(twin.entity)
    return None if page is None or twin.entity == "contact" else Place(page=page, record_id=twin.record_id)
