"""Records as JSON shows them to one reader: what the rights let through, and the reader's own names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from crm_core.entities import schema_of
from crm_core.schema.values import to_json
from sync_server.services import outside
from sync_server.services.reading import Reader, Values


def shown(
    reader: Reader,
    entity: str,
    records: Iterable[tuple[str, Values]],
    wanted: Collection[str] | None = None,
) -> list[dict[str, Any]]:
    """Return records as flat objects: id, fields, and `external_id` where the reader named them.

    `records` are id and readable values, as `Reader` gives them; `wanted` the names to show, None for all.
    """
    pairs, schema, custom = list(records), schema_of(entity), reader.custom(entity)
    names = outside.names_of(reader.connection, reader.person.user_id, entity, [each for each, _ in pairs])
    found = []
    for record_id, values in pairs:
        flat: Mapping[str, Any] = to_json(schema, record_id, values, custom)
        if record_id in names:
            flat = {**flat, outside.EXTERNAL: names[record_id]}
        found.append({name: value for name, value in flat.items() if wanted is None or name in wanted})
    return found
