"""Values of registers as they are held and as they travel."""

from __future__ import annotations

from functools import cache
from typing import Any

from crm_core.entities import BY_NO
from crm_core.schema.field import Field
from crm_core.schema.reading import CUSTOM_PREFIX
from sync_server.services.records import Mark, Record
from sync_server.services.wanted import Wanted


def get(record: Record, field: Field) -> Any:
    """Return what a record holds in a field, custom ones too."""
    if field.name.startswith(CUSTOM_PREFIX):
        return (record.values.get("custom") or {}).get(field.name.removeprefix(CUSTOM_PREFIX))
    return record.values.get(field.name)


def put(record: Record, field: Field, value: Any) -> None:
    """Set a field of a record, custom ones too."""
    if not field.name.startswith(CUSTOM_PREFIX):
        record.set(field.name, value)
        return
    custom = dict(record.values.get("custom") or {})
    custom[field.name.removeprefix(CUSTOM_PREFIX)] = value
    record.set("custom", {key: held for key, held in custom.items() if held is not None} or None)


@cache
def blank(entity: int) -> dict[str, Any]:
    """Return the columns of a record of which nothing is filled."""
    return {**dict.fromkeys(BY_NO[entity].fields), "id": None, "life": 1, "custom": None}


def never_set(record: Record, held: Mark, wanted: Wanted, old: Any) -> bool:
    """Tell whether a register is as empty as its record's maker left it: nobody loses an edit then."""
    values = old if len(wanted.fields) > 1 else [old]
    return held is record.made and all(value is None for value in values)


def travelling(wanted: Wanted) -> Any:
    """Return what a setting writes as it travels: one value, or the list of a group's."""
    values = [wanted.values[field.name] for field in wanted.fields]
    return values if len(values) > 1 else values[0]
