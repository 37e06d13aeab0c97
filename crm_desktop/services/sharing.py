"""Taking oneself out of those a record is shared with, which anybody may who is named there."""

from __future__ import annotations

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.schema.field import Field
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services.outcome import Outcome


def naming(record: Record, user_id: str) -> tuple[Field, ...]:
    """Return the sets of a record that name a person himself; a team of his is none of his to take out."""
    fields = record.schema.fields.values()
    return tuple(field for field in fields if field.members and user_id in (record.get(field.name) or ()))


def leave(replica: Replica, entity: str, record_id: str) -> Outcome[Record]:
    """Take the person here out of everybody a record is shared with or shown to.

    Raises `UserError` where nobody named him. The record goes with the next round, unless he sees it anyway.
    """
    record = records.get(replica, entity, record_id)
    me = replica.person.user_id
    fields = naming(record, me)
    if not fields:
        raise UserError(N_("This record is not shared with you by name"))
    left = {field.name: [each for each in record.get(field.name) or () if each != me] for field in fields}
    return records.update(replica, entity, record_id, left)
