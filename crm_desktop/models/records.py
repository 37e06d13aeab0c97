"""A record as everything above the replica sees it: values that nothing can change behind its back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from crm_core.entities import SCHEMAS
from crm_core.errors import BrokenPromise
from crm_core.i18n import N_, worded
from crm_core.schema.entity import Entity
from crm_core.schema.field import Field, FieldClass, Kind, Plain
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.schema.values import to_json, to_plain
from crm_core.sync.merge import lives
from crm_desktop.models.derived import derived_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record. `values` holds the fields that were read by name, custom ones as `x:key`."""

    entity: str
    id: str
    life: int
    values: Mapping[str, Plain]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return the field's value; `default` where it is empty or was not read."""
        value = self.values.get(name)
        return default if value is None else value

    @property
    def schema(self) -> Schema:
        """What its entity declares."""
        return SCHEMAS[self.entity]

    @property
    def alive(self) -> bool:
        """Whether it is not deleted."""
        return lives(self.life)

    @property
    def title(self) -> str:
        """What it is called; '' where it has no name or that may not be read."""
        name = self.schema.meta.title
        value, field = str(self.values.get(name) or ""), self.schema.fields.get(name)
        if field is not None and field.kind is Kind.CHOICE:
            return field.choice_label(value)
        chinese = self.schema.title_zh
        return worded(value, self.values.get(chinese)) if chinese is not None else value


def record_of(row: Entity) -> Record:
    """Return the record a loaded row holds, every field of it."""
    schema = SCHEMAS[row.__tablename__]
    loaded = vars(row)  # asked for by attribute, each value takes five times as long
    values: dict[str, Plain]
    try:
        values = {name: loaded[name] for name in schema.fields}
    except KeyError:  # written since, or never set
        values = {name: getattr(row, name) for name in schema.fields}
    custom = row.custom
    if custom:
        values.update((CUSTOM_PREFIX + key, value) for key, value in custom.items())
    return Record(entity=schema.name, id=row.id, life=row.life, values=MappingProxyType(values))


def field_key(field: Field) -> str:
    """Return how the laptop's own tables name a field: its number as text, or its `x:key`."""
    return field.name if field.name.startswith(CUSTOM_PREFIX) else str(field.no)


def field_named(schema: Schema, key: str) -> Field | None:
    """Return the declared field that `field_key` names; None for a custom or an unknown one."""
    return schema.by_no.get(int(key)) if key.isdecimal() else None


def split_custom(schema: Schema, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return declared values by field name, and custom ones by their bare key.

    Raises `BrokenPromise` for a name the entity does not declare: callers have validated before.
    """
    declared: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for name, value in values.items():
        if name.startswith(CUSTOM_PREFIX):
            custom[name.removeprefix(CUSTOM_PREFIX)] = value
        elif name in schema.fields:
            declared[name] = value
        else:
            raise BrokenPromise(N_("There is no field “{field}” to write to"), field=name)
    return declared, custom


def written_names(schema: Schema) -> Iterable[str]:
    """Yield the names of the columns an import or a form may fill: no record keeping."""
    return (f.name for f in schema.fields.values() if f.field_class is not FieldClass.SYSTEM)


def flat_of(record: Record, fields: Mapping[str, Field]) -> dict[str, Plain]:
    """Return a record as one flat JSON object: its id and every value that was read, derived ones too.

    `fields` are the entity's by name; of custom fields only those among them are shown.
    """
    values = {
        name: value
        for name, value in record.values.items()
        if name in fields or not name.startswith(CUSTOM_PREFIX)
    }
    flat = to_json(record.schema, record.id, values, fields)
    derived = (field for field in derived_fields(record.entity) if field.name in record.values)
    return {**flat, **{field.name: to_plain(field, record.values) for field in derived}}
