"""The fields administrators added, as declarations like any other, and what holds for adding one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, select

from crm_core.entities.setup import CustomField
from crm_core.i18n import N_, Message, message
from crm_core.rules.custom_fields import declared, problems_of_declaration
from crm_core.schema.field import Field
from crm_core.sync.merge import lives
from crm_core.sync.protocol import Code
from sync_server.services.rights import Refused
from sync_server.store.database import Database
from sync_server.store.tables import table_of

_table = table_of(CustomField)


class CustomFields:
    """Every custom field of this HQ, read at most once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._fields: dict[str, dict[str, Field]] = {}
        self._held: dict[str, dict[str, Field]] | None = None

    def of(self, entity: str) -> dict[str, Field]:
        """Return the custom fields of an entity by their name on the wire, `x:key`; retired ones too."""
        self._read()
        return self._fields.get(entity, {})

    def held(self, entity: str) -> dict[str, Field]:
        """Return all of an entity under which values may be held: those that were deleted, too.

        Laptops keep these values as HQ does, and lose them with the right to their class.
        """
        return self._read().get(entity, {})

    def in_use(self, entity: str) -> dict[str, Field]:
        """Return those that are not retired."""
        return {name: field for name, field in self.of(entity).items() if not field.retired}

    def keys(self, entity: str, besides: str = "") -> Collection[str]:
        """Return every key a field of an entity has or had, but for the record `besides`.

        Values may be kept under it.
        """
        query = select(_table.c.key).where(_table.c.entity == entity, _table.c.id != besides)
        return set(self._connection.execute(query).scalars())

    def forget(self) -> None:
        """Read them anew at the next question: one was changed."""
        self._held = None

    def _read(self) -> dict[str, dict[str, Field]]:
        if self._held is None:
            self._held, self._fields = {}, {}
            query = select(_table).order_by(_table.c.rank, _table.c.id)
            for row in self._connection.execute(query).mappings():
                field = declared(row)
                if field is None:
                    continue
                self._held.setdefault(row["entity"], {}).setdefault(field.name, field)
                if lives(row["life"]):
                    self._fields.setdefault(row["entity"], {}).setdefault(field.name, field)
        return self._held


def demand_declarable(
    custom: CustomFields, record_id: str, values: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> None:
    """Raise `Refused` unless a custom field may be as `values` say; `before` is its record so far."""
    taken = custom.keys(str(values.get("entity") or ""), record_id) if before is None else ()
    for problem in problems_of_declaration(values, before, taken):
        label = Message(CustomField.__table__.c[problem.field or ""].info["field"].label)
        raise Refused(Code.INVALID, message(N_("{field}: {problem}"), field=label, problem=problem.message))


def custom_fields_of(database: Database, entity: str) -> dict[str, Field]:
    """Return the custom fields of an entity by name, as they are now."""
    with database.read() as snapshot:
        return CustomFields(snapshot.connection).of(entity)
