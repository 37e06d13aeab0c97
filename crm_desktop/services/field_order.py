"""In which order the custom fields of a kind of record stand."""

from __future__ import annotations

from sqlalchemy import select

from crm_core.entities.setup import CustomField
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services.completing import RANK_STEP
from crm_desktop.services.outcome import Outcome


def move(replica: Replica, record_id: str, by: int) -> Outcome[None]:
    """Put a field so many places later among those of its kind of record, or earlier; at the end it stays."""
    with replica.write() as session:
        entity = session.scalar(select(CustomField.entity).where(CustomField.id == record_id))
        if entity is None:
            raise NotFound(N_("There is no such record on this laptop"))
        rows = session.execute(
            select(CustomField.id, CustomField.rank)
            .where(CustomField.entity == entity, CustomField.life % 2 == 1)
            .order_by(CustomField.rank, CustomField.id)
        ).all()
        ids = [row.id for row in rows]
        place = ids.index(record_id)
        ids.insert(min(max(place + by, 0), len(ids) - 1), ids.pop(place))
        ranks = {row.id: row.rank for row in rows}
        for number, each in enumerate(ids, start=1):
            if ranks[each] != number * RANK_STEP:
                records.update_in(session, replica, "custom_field", each, {"rank": number * RANK_STEP})
    return Outcome(None, frozenset(session.changed))
