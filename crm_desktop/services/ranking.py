"""In which order records stand that are put in order by hand: stages, custom fields, rules for leads."""

from __future__ import annotations

from sqlalchemy import select

from crm_core.entities import schema_of
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_desktop.models import repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services.outcome import Outcome


def shift(
    replica: Replica, entity: str, record_id: str, by: int, *, among: str = "", step: int = 1
) -> Outcome[Record]:
    """Put a record so many places later (earlier below 0), as far as there are places.

    `among` names the field those have in common that are put in order together; places are `step` apart.
    """
    table = schema_of(entity).table
    with replica.write() as session:
        record = repository.get(session, entity, record_id)
        if record is None:
            raise NotFound(N_("There is no such record on this laptop"))
        query = select(table.c.id, table.c.rank).where(table.c.life % 2 == 1)
        if among:
            query = query.where(table.c[among] == record.get(among))
        held = {row.id: row.rank for row in session.execute(query.order_by(table.c.rank, table.c.id))}
        order = list(held)
        place = order.index(record_id)
        order.insert(max(0, min(place + by, len(order) - 1)), order.pop(place))
        for number, each in enumerate(order, start=1):
            if held[each] != number * step:
                records.update_in(session, replica, entity, each, {"rank": number * step})
        moved = repository.get(session, entity, record_id)
        assert moved is not None
    return Outcome(moved, frozenset(session.changed))
