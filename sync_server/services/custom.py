"""The fields administrators added, as declarations like any other."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from crm_core.entities import SCHEMAS
from crm_core.entities.setup import CustomField
from crm_core.schema.field import Choice, Field, Kind
from crm_core.schema.reading import CUSTOM_PREFIX
from sync_server.store.tables import table_of

_table = table_of(CustomField)
_KINDS = frozenset(Kind)


class CustomFields:
    """Every custom field of this HQ, read at most once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._fields: dict[str, dict[str, Field]] | None = None

    def of(self, entity: str) -> dict[str, Field]:
        """Return the custom fields of an entity by their name on the wire, `x:key`; retired ones too."""
        if self._fields is None:
            self._fields = {}
            for row in self._connection.execute(select(_table)).mappings():
                if row["life"] % 2 and row["entity"] in SCHEMAS and row["kind"] in _KINDS and row["key"]:
                    field = _declared(row)
                    self._fields.setdefault(row["entity"], {})[field.name] = field
        return self._fields.get(entity, {})

    def forget(self) -> None:
        """Read them anew at the next question: one was changed."""
        self._fields = None


def _declared(row: Any) -> Field:
    names = [str(choice) for choice in row["choices"] or () if isinstance(choice, (str, int))]
    return Field(
        no=0,
        name=CUSTOM_PREFIX + row["key"],
        label=row["label"] or row["key"],
        kind=Kind(row["kind"]),
        required=False,  # a row made before the field was added has no value, and stays valid
        choices=tuple(Choice(value=name, label=name) for name in names),
        target=row["target"],
    )
