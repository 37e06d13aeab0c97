"""`/v1/records/{entity}`: every kind of record, through the asker's rights. Described by `description`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from crm_core.entities import SCHEMAS, schema_of
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.schema.field import Field
from crm_core.schema.standards import doubts_of
from crm_core.schema.values import instant_text, to_json
from sync_server.api.context import CurrentUser
from sync_server.asked import Hqs
from sync_server.services.criteria import parse_criterion
from sync_server.services.faults import Refusal
from sync_server.services.plain import values_of
from sync_server.services.reading import PAGE_MOST, Reader

PREFIX = "/v1/records"
NOT_STANDARD: Final = "Not-Standard"
"""Header that names the fields whose values were kept as they were sent though they are not standard."""

router = APIRouter(prefix=PREFIX, include_in_schema=False)


async def json_object(request: Request) -> dict[str, Any]:
    """Return the body, which must be a JSON object; numbers with a fraction stay text."""
    try:
        body = json.loads(await request.body(), parse_float=str)
    except (ValueError, RecursionError):
        raise Refusal("bad_request", N_("The request is not JSON")) from None
    if not isinstance(body, dict):
        raise Refusal("bad_request", N_("The request is not a JSON object"))
    return body


def known_entity(entity: str) -> str:
    """Return the entity of the address. Raises `NotFound` where there is none called so."""
    if entity not in SCHEMAS:
        raise NotFound(N_("There is no kind of record called “{name}”"), name=entity)
    return entity


Entity = Annotated[str, Depends(known_entity)]
Body = Annotated[dict[str, Any], Depends(json_object)]


@router.get("/{entity}")
def list_records(
    hq: Hqs,
    user_id: CurrentUser,
    entity: Entity,
    where: Annotated[list[str] | None, Query()] = None,
    sort: str | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MOST)] = 100,
    after: str | None = None,
    fields: str | None = None,
    count: bool = False,
    deleted: bool = False,
) -> JSONResponse:
    """Give a page of records."""
    with hq.records.reader(user_id) as reader:
        # One the person may not read is as unknown as one there is not.
        custom = reader.custom(entity)
        criteria = [parse_criterion(entity, each, custom) for each in where or ()]
        wish = reader.wish(entity, criteria, sort, after=after, limit=limit, deleted=deleted)
        page = reader.page(entity, wish)
        total = reader.count(entity, wish) if count else None
    wanted = {"id", *fields.split(",")} if fields else None
    records = [_shown(entity, record_id, values, custom, wanted) for record_id, values in page.records]
    counted = {} if total is None else {"count": total}
    return JSONResponse({"records": records, "next": page.next, **counted})


@router.post("/{entity}")
def create_record(hq: Hqs, user_id: CurrentUser, entity: Entity, body: Body) -> JSONResponse:
    """Make a record."""
    with hq.records.reader(user_id) as reader:
        values = _values(reader, entity, body, {})
    record_id = hq.records.create(entity, values, user_id)
    return _record(hq, user_id, entity, record_id, status=201, written=values)


@router.get("/{entity}/{record_id}")
def show_record(hq: Hqs, user_id: CurrentUser, entity: Entity, record_id: str) -> JSONResponse:
    """Give one record."""
    return _record(hq, user_id, entity, record_id)


@router.get("/{entity}/{record_id}/changes")
def show_changes(hq: Hqs, user_id: CurrentUser, entity: Entity, record_id: str) -> JSONResponse:
    """Say who set each field last."""
    with hq.records.reader(user_id) as reader:
        changes = reader.changes(entity, record_id)
    shown = [
        {"field": each["field"], "user_id": each["user_id"], "at": instant_text(each["at_ms"])}
        for each in changes
    ]
    return JSONResponse({"changes": shown})


@router.patch("/{entity}/{record_id}")
def change_record(hq: Hqs, user_id: CurrentUser, entity: Entity, record_id: str, body: Body) -> JSONResponse:
    """Change the fields named."""
    with hq.records.reader(user_id) as reader:
        values = _values(reader, entity, body, reader.get(entity, record_id))
    hq.records.update(entity, record_id, values, user_id)
    return _record(hq, user_id, entity, record_id, written=values)


@router.delete("/{entity}/{record_id}")
def delete_record(hq: Hqs, user_id: CurrentUser, entity: Entity, record_id: str) -> Response:
    """Delete a record and what belongs to it."""
    hq.records.delete(entity, record_id, user_id)
    return Response(status_code=204)


@router.post("/{entity}/{record_id}/restore")
def restore_record(hq: Hqs, user_id: CurrentUser, entity: Entity, record_id: str) -> JSONResponse:
    """Undo a delete."""
    hq.records.restore(entity, record_id, user_id)
    return _record(hq, user_id, entity, record_id)


def _values(reader: Reader, entity: str, body: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    return values_of(schema_of(entity), reader.custom(entity), body, row)


def _record(
    hq: Hqs,
    user_id: str,
    entity: str,
    record_id: str,
    status: int = 200,
    written: Mapping[str, Any] = MappingProxyType({}),
) -> JSONResponse:
    with hq.records.reader(user_id) as reader:
        values, custom = reader.get(entity, record_id), reader.custom(entity)
    kept = {name: values[name] for name in written if name in values}
    doubts = doubts_of({**schema_of(entity).fields, **custom}, kept, values)
    headers = {NOT_STANDARD: ", ".join(doubts)} if doubts else None
    return JSONResponse(_shown(entity, record_id, values, custom, None), status_code=status, headers=headers)


def _shown(
    entity: str,
    record_id: str,
    values: dict[str, Any],
    custom: Mapping[str, Field],
    wanted: set[str] | None,
) -> dict[str, Any]:
    shown = to_json(schema_of(entity), record_id, values, custom)
    return {name: value for name, value in shown.items() if wanted is None or name in wanted}
