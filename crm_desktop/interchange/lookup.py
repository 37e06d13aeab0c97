"""What an import may refer to on this laptop, and what it may fill."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import schema_of
from crm_core.exchange.mapping import Target
from crm_core.i18n import Translate
from crm_core.schema.field import Plain
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_desktop.models.custom import custom_fields
from crm_desktop.models.replica import Replica


@dataclass(frozen=True, slots=True)
class ReplicaLookup:
    """The living records of a replica, as one session sees them."""

    session: Session

    def records(self, entity: str, fields: Sequence[str]) -> Iterable[tuple[str, tuple[Plain, ...]]]:
        """Yield each record's id and its values of `fields`, in that order."""
        table = schema_of(entity).table
        columns = [table.c.custom if name.startswith(CUSTOM_PREFIX) else table.c[name] for name in fields]
        keys = [name.removeprefix(CUSTOM_PREFIX) if name.startswith(CUSTOM_PREFIX) else "" for name in fields]
        # The same column may be asked for twice, which a select would fold into one.
        named = [column.label(f"value_{place}") for place, column in enumerate(columns)]
        found = self.session.execute(select(table.c.id, *named).where(table.c.life % 2 == 1))
        for record_id, *values in found:
            yield (
                record_id,
                tuple(
                    (value or {}).get(key) if key else value for key, value in zip(keys, values, strict=True)
                ),
            )


def import_target(replica: Replica, entity: str, languages: Iterable[Translate] = ()) -> Target:
    """Return what a file may fill of an entity, custom fields among it. `UserError` where there is none."""
    schema = schema_of(entity)
    with replica.read() as session:
        return Target(schema=schema, custom=custom_fields(session, entity), languages=tuple(languages))
