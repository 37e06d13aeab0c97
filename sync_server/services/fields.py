"""The fields administrators add, changed as HQ by the command line: named by kind of record and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm_core.entities import SCHEMAS, schema_of
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.rules.custom_fields import edited_choices
from crm_core.schema.values import to_json
from sync_server.services.headquarters import Headquarters

ENTITY = "custom_field"
_SHOWN = (
    "entity",
    "key",
    "kind",
    "label",
    "label_zh",
    "choices",
    "target",
    "currency",
    "field_class",
    "required",
    "default",
    "section",
    "section_zh",
    "hint",
    "hint_zh",
    "retired",
    "rank",
)


def fields(hq: Headquarters, entity: str | None = None, *, retired: bool = False) -> list[dict[str, Any]]:
    """Return the custom fields in use, of one kind of record or of all; with `retired` those too."""
    if entity is not None:
        schema_of(entity)
    order = {name: place for place, name in enumerate(SCHEMAS)}
    found = [
        _shown(record_id, row)
        for record_id, row in hq.records.all(ENTITY)
        if (entity is None or row["entity"] == entity) and (retired or not row["retired"])
    ]
    return sorted(found, key=lambda each: (order.get(each["entity"], 0), each["rank"] or 0, each["id"]))


def add_field(hq: Headquarters, values: Mapping[str, Any]) -> dict[str, Any]:
    """Add a field, after those there are. Raises `Invalid`."""
    schema_of(str(values["entity"]))
    last = max((each["rank"] or 0 for each in fields(hq, values["entity"], retired=True)), default=0)
    record_id = hq.records.create(ENTITY, {"rank": last + 10, **values})
    return _shown(record_id, hq.records.get(ENTITY, record_id))


def change_field(
    hq: Headquarters,
    entity: str,
    key: str,
    values: Mapping[str, Any],
    *,
    choices: Sequence[Mapping[str, Any]] = (),
    retired: Sequence[str] = (),
    restored: Sequence[str] = (),
) -> dict[str, Any]:
    """Change a field; `choices` are added or reworded by their value, others retired or restored.

    Raises `NotFound` and `Invalid`.
    """
    record_id, row = find_field(hq, entity, key)
    changes = dict(values)
    if choices or retired or restored:
        changes["choices"] = edited_choices(row["choices"], choices, retired, restored)
    hq.records.update(ENTITY, record_id, changes)
    return _shown(record_id, hq.records.get(ENTITY, record_id))


def find_field(hq: Headquarters, entity: str, key: str) -> tuple[str, dict[str, Any]]:
    """Return a field's record id and values, retired or not. Raises `NotFound`."""
    schema_of(entity)
    bare = key.removeprefix("x:")
    for record_id, row in hq.records.find(ENTITY, "entity", entity):
        if row["key"] == bare:
            return record_id, row
    raise NotFound(N_("{entity} has no custom field with the key “{key}”"), entity=entity, key=bare)


def _shown(record_id: str, row: Mapping[str, Any]) -> dict[str, Any]:
    plain = to_json(SCHEMAS[ENTITY], record_id, row)
    return {"id": record_id, "name": f"x:{row['key']}", **{name: plain.get(name) for name in _SHOWN}}
