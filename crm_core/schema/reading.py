"""What everything else asks of the declarations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import cast

from sqlalchemy import Table

from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import CUSTOM_PREFIX as CUSTOM_PREFIX
from crm_core.schema.field import Field, FieldClass, Kind

FieldNo = int | str
"""A declared field's number, or a custom field's prefixed key."""


@dataclass(frozen=True, slots=True)
class Schema:
    """One entity as its readers see it. Build with `read_schema`."""

    name: str
    model: type[Entity]
    fields: Mapping[str, Field]
    """Declared fields by name, in declared order (bookkeeping fields last)."""
    by_no: Mapping[int, Field]
    groups: Mapping[str, tuple[Field, ...]]
    """Members of each group by ascending number; the first is the leader that carries the stamp."""
    scope_fields: tuple[Field, ...]
    parent_fields: tuple[Field, ...]
    lending_fields: tuple[Field, ...]
    search_fields: tuple[Field, ...]
    set_fields: tuple[Field, ...]
    placing_fields: tuple[Field, ...]
    """What of its own decides which scopes a row lies in: `scope_fields`, and a state that opens it."""
    required_fields: tuple[Field, ...]

    @property
    def meta(self) -> EntityMeta:
        """What the entity is called and how it behaves."""
        return self.model.meta

    @property
    def table(self) -> Table:
        """The entity's table."""
        return cast(Table, self.model.__table__)

    @property
    def title_zh(self) -> str | None:
        """Name of the field with what a record is called in Chinese; None where records have one name."""
        name = f"{self.meta.title}_zh"
        return name if name in self.fields else None

    @property
    def no(self) -> int:
        """Number on the wire."""
        return self.model.meta.no

    def register(self, field: Field) -> tuple[Field, ...]:
        """Return the fields that merge together with `field`, itself among them, leader first."""
        return self.groups[field.group] if field.group else (field,)

    def leader(self, field: Field) -> Field:
        """Return the field whose number carries the stamp of `field`'s register."""
        return self.register(field)[0]

    def written(self) -> Iterable[Field]:
        """Yield the fields that travel as operations: no bookkeeping, nothing computed."""
        return (f for f in self.fields.values() if f.field_class is not FieldClass.SYSTEM and not f.computed)


def read_schema(model: type[Entity]) -> Schema:
    """Return what an entity declares; the order is the order of its source."""
    declared = [
        replace(column.info["field"], name=column.key)
        for column in model.__table__.columns
        if "field" in column.info
    ]
    declared.sort(key=lambda f: f.field_class is FieldClass.SYSTEM)
    fields = {f.name: f for f in declared}
    numbers = {f.no: f for f in declared}
    if len(numbers) != len(fields):
        raise ValueError(f"{model.__tablename__}: two fields share a number")
    groups: dict[str, list[Field]] = {}
    for field in sorted(declared, key=lambda f: f.no):
        if field.group:
            groups.setdefault(field.group, []).append(field)
    for field in declared:
        if field.currency and fields[field.currency].field_class is not field.field_class:
            raise ValueError(f"{model.__tablename__}.{field.name}: amount and currency differ in class")
    for members in groups.values():
        if len({m.field_class for m in members}) != 1:
            raise ValueError(f"{model.__tablename__}: the group of {members[0].name} spans field classes")
    return Schema(
        name=model.__tablename__,
        model=model,
        fields=MappingProxyType(fields),
        by_no=MappingProxyType(numbers),
        groups=MappingProxyType({name: tuple(members) for name, members in groups.items()}),
        scope_fields=tuple(f for f in declared if f.scope),
        placing_fields=tuple(f for f in declared if f.scope or _opens(model.meta, f)),
        parent_fields=tuple(f for f in declared if f.parent),
        lending_fields=tuple(f for f in declared if f.lends),
        search_fields=tuple(f for f in declared if f.searchable),
        set_fields=tuple(f for f in declared if f.kind is Kind.TAGS),
        required_fields=tuple(f for f in declared if f.required and not f.computed),
    )


def _opens(meta: EntityMeta, field: Field) -> bool:
    """Tell whether a field is the state that opens a row to everybody who reads its kind."""
    return bool(meta.open_in) and meta.machine is not None and field.name == meta.machine.field
