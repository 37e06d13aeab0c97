"""`/v1/records/{entity}`: every kind of record, through the asker's rights. Described by `description`."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response

from crm_core.entities import SCHEMAS, schema_of
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.schema.standards import doubts_of
from crm_core.schema.values import instant_text
from sync_server.api.context import CurrentUser
from sync_server.api.repeating import Attempts, Body, sent
from sync_server.asked import Hqs
from sync_server.services import upserting
from sync_server.services.criteria import parse_criterion
from sync_server.services.hq import Edit, EditKind, Writing
from sync_server.services.once import Answered, answered, do_once
from sync_server.services.reading import PAGE_MOST
from sync_server.services.showing import shown
from sync_server.services.upserting import Written

PREFIX = "/v1/records"
NOT_STANDARD: Final = "Not-Standard"
"""Header that names the fields whose values were kept as they were sent though they are not standard."""

router = APIRouter(prefix=PREFIX, include_in_schema=False)


def known_entity(entity: str) -> str:
    """Return the entity of the address. Raises `NotFound` where there is none called so."""
    if entity not in SCHEMAS:
        raise NotFound(N_("There is no kind of record called “{name}”"), name=entity)
    return entity


Entity = Annotated[str, Depends(known_entity)]


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
        records = shown(reader, entity, page.records, wanted)
    counted = {} if total is None else {"count": total}
    return JSONResponse({"records": records, "next": page.next, **counted})


@router.post("/{entity}")
def create_record(hq: Hqs, user_id: CurrentUser, entity: Entity, body: Body, attempt: Attempts) -> Response:
    """Make a record."""

    def work(writing: Writing) -> Answered:
        written = upserting.create(writing, entity, body)
        return written_record(writing, written)

    return sent(do_once(hq, user_id, attempt, work))


@router.get("/{entity}/{record_id}")
def show_record(hq: Hqs, user_id: CurrentUser, entity: Entity, record_id: str) -> JSONResponse:
    """Give one record."""
    with hq.records.reader(user_id) as reader:
        (record,) = shown(reader, entity, [(record_id, reader.get(entity, record_id))])
    return JSONResponse(record)


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
def change_record(
    hq: Hqs, user_id: CurrentUser, entity: Entity, record_id: str, body: Body, attempt: Attempts
) -> Response:
    """Change the fields named."""

    def work(writing: Writing) -> Answered:
        return written_record(writing, upserting.change(writing, entity, record_id, body))

    return sent(do_once(hq, user_id, attempt, work))


@router.delete("/{entity}/{record_id}")
def delete_record(
    hq: Hqs, user_id: CurrentUser, entity: Entity, record_id: str, attempt: Attempts
) -> Response:
    """Delete a record and what belongs to it."""

    def work(writing: Writing) -> Answered:
        writing.write_all((Edit(kind=EditKind.DELETE, entity=entity, record_id=record_id),))
        return Answered(204)

    return sent(do_once(hq, user_id, attempt, work))


@router.post("/{entity}/{record_id}/restore")
def restore_record(
    hq: Hqs, user_id: CurrentUser, entity: Entity, record_id: str, attempt: Attempts
) -> Response:
    """Undo a delete."""

    def work(writing: Writing) -> Answered:
        writing.write_all((Edit(kind=EditKind.RESTORE, entity=entity, record_id=record_id),))
        return written_record(writing, Written(entity=entity, record_id=record_id))

    return sent(do_once(hq, user_id, attempt, work))


def written_record(writing: Writing, written: Written) -> Answered:
    """Return the answer to who wrote a record: as he sees it now, or its id where he does so no more."""
    entity, reader = written.entity, writing.reader()
    status = 201 if written.made else 200
    try:
        values = reader.get(entity, written.record_id)
    except NotFound:
        return answered(status, {"id": written.record_id})
    kept = {name: values[name] for name in written.values if name in values}
    doubts = doubts_of({**schema_of(entity).fields, **reader.custom(entity)}, kept, values)
    (record,) = shown(reader, entity, [(written.record_id, values)])
    return answered(status, record, {NOT_STANDARD: ", ".join(doubts)} if doubts else None)
