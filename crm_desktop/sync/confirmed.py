"""The replica's rows as HQ confirmed them: without what waits to be sent, hashed for comparing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import RowMapping, func, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.sync.digest import bucket_ending, row_hash, set_value
from crm_core.sync.merge import members
from crm_desktop.models.device_tables import OutboxOp, RowMeta, SetDot, Shadow
from crm_desktop.sync.pending import members_of
from crm_desktop.sync.settle import TURNING_KINDS

_ROWS_AT_ONCE = 1000


def is_known_apart(session: Session) -> bool:
    """Tell whether what HQ confirmed can be told from what waits.

    Not while a deletion or restoring waits, nor an edit of what a computed total is made of: those change
    rows that have no operation of their own.
    """
    waiting = session.execute(select(OutboxOp.entity, OutboxOp.kind).distinct()).all()
    return not any(kind in TURNING_KINDS or entity in _COUNTED for entity, kind in waiting)


def confirmed_hashes(
    session: Session, schema: Schema, buckets: Iterable[int] | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield id and hash of an entity's rows; None stands for all buckets."""
    table = schema.table
    query = select(table)
    if buckets is not None:
        endings = [bucket_ending(each) for each in buckets]
        query = query.where(func.substr(table.c.id, -2).in_(endings))
    confirmed = _Confirmed(session, schema)
    rows = session.execute(query.execution_options(yield_per=_ROWS_AT_ONCE)).mappings()
    for row in rows:
        if row["id"] not in confirmed.local:
            yield row["id"], row_hash(schema.no, row["id"], row["life"], confirmed.values(row))


def _counted_entities() -> frozenset[str]:
    """Return the entities with computed fields, and those such fields are made of."""
    counted = {
        name for name, schema in SCHEMAS.items() if any(each.computed for each in schema.fields.values())
    }
    parts = {
        name
        for name, schema in SCHEMAS.items()
        if any(link.target in counted for link in schema.parent_fields)
    }
    return frozenset(counted | parts)


_COUNTED = _counted_entities()


class _Confirmed:
    """What lies beside an entity's rows: sets, shadows, and which rows HQ has not heard of."""

    def __init__(self, session: Session, schema: Schema) -> None:
        self._schema = schema
        entity = schema.name
        self.local = set(
            session.scalars(select(RowMeta.row_id).where(RowMeta.entity == entity, RowMeta.local.is_(True)))
        )
        self._dots: dict[tuple[str, str], list[tuple[str, str]]] = {}
        dots = select(SetDot.row_id, SetDot.field, SetDot.word, SetDot.dot).where(SetDot.entity == entity)
        for row_id, field, word, name in session.execute(dots):
            self._dots.setdefault((row_id, field), []).append((word, name))
        self._shadows: dict[str, dict[str, Any]] = {}
        shadows = select(Shadow.row_id, Shadow.field, Shadow.value).where(Shadow.entity == entity)
        for row_id, register, value in session.execute(shadows):
            self._shadows.setdefault(row_id, {})[register] = value

    def values(self, row: RowMapping) -> Mapping[int | str, Any]:
        """Return a row's confirmed values by field number, sets as pairs."""
        values: dict[int | str, Any] = {
            each.no: self._set(row, each) if each.kind is Kind.TAGS else row[name]
            for name, each in self._schema.fields.items()
        }
        for key, value in (row["custom"] or {}).items():
            name = CUSTOM_PREFIX + key
            values[name] = self._pairs(row["id"], name, value) if isinstance(value, list) else value
        for register, value in self._shadows.get(row["id"], {}).items():
            if register.startswith(CUSTOM_PREFIX):
                values[register] = set_value(value) if isinstance(value, list) else value
                continue
            fields = members_of(self._schema, register)
            if len(fields) > 1:
                values.update(zip((each.no for each in fields), value, strict=True))
            elif fields:
                values[fields[0].no] = set_value(value or []) if fields[0].kind is Kind.TAGS else value
        return values

    def _set(self, row: RowMapping, declared: Field) -> Any:
        return self._pairs(row["id"], str(declared.no), row[declared.name] or [])

    def _pairs(self, row_id: str, register: str, shown: list[str]) -> Any:
        pairs = self._dots.get((row_id, register), [])
        if shown != members(pairs):
            return [set_value(pairs), shown]  # the words beside the additions are wrong: never as at HQ
        return set_value(pairs)
