"""Tasks HQ opens where it acts by itself, outside of any laptop's batch (those of batches: `errands`)."""

from __future__ import annotations

from crm_core.i18n import Message
from resources import translation
from sync_server.services.errands import MAX_SUBJECT
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq import Edit, EditKind


def task_for(
    hq: Headquarters, said: Message, about: tuple[str, str], owner_id: str | None, now_ms: int
) -> Edit:
    """Return the edit that opens a task about a record, due now, in the language HQ writes in."""
    entity, record_id = about
    values = {
        "kind": "task",
        "subject": said.show(translation(hq.settings.language))[:MAX_SUBJECT],
        "owner_id": owner_id,
        "due_at": now_ms,
        "done": False,
        "priority": "high",
        "about_entity": entity,
        "about_id": record_id,
    }
    return Edit(kind=EditKind.CREATE, entity="activity", values=values)
