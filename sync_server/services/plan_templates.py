"""Plan templates as an administrator speaks of them: by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.schema.values import parse_assignments, to_json
from sync_server.services import people
from sync_server.services.headquarters import Headquarters

TEMPLATE: Final = SCHEMAS["plan_template"]

Values = dict[str, Any]


def templates(hq: Headquarters) -> list[Values]:
    """Return every template, in the order they are offered."""
    found = hq.records.all(TEMPLATE.name)
    found.sort(key=lambda each: (each[1]["rank"] or 0, each[1]["name"] or "", each[0]))
    return [to_json(TEMPLATE, record_id, values) for record_id, values in found]


def set_template(hq: Headquarters, name: str, given: Mapping[str, str]) -> Values:
    """Change a template, or make it where there is none of the name, and return it. Raises `Invalid`."""
    values = parse_assignments(TEMPLATE, given)
    held = next(iter(hq.records.find(TEMPLATE.name, "name", name.strip())), None)
    if held is None:
        record_id = hq.records.create(TEMPLATE.name, {"name": name.strip(), "months": 1, **values})
    else:
        record_id = held[0]
        hq.records.update(TEMPLATE.name, record_id, values)
    return to_json(TEMPLATE, record_id, hq.records.get(TEMPLATE.name, record_id))


def remove_template(hq: Headquarters, name: str) -> None:
    """Remove a template; plans made of it stay as they are."""
    record_id, _ = people.find(hq, TEMPLATE.name, name)
    hq.records.delete(TEMPLATE.name, record_id)
