"""`/v1/external`, `/v1/bulk`, `/v1/changes`: records by the asker's own names, many at once, what changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound
from crm_core.i18n import N_
from sync_server.api.context import CurrentUser
from sync_server.api.errors import language_of, problem_of
from sync_server.api.records import Entity, known_entity, written_record
from sync_server.api.repeating import Attempts, Body, sent
from sync_server.asked import Hqs
from sync_server.services import changes, outside, upserting
from sync_server.services.cursor import Disguise
from sync_server.services.faults import Refusal
from sync_server.services.hq import Writing
from sync_server.services.once import REPLAYED, Answered, answered, do_once
from sync_server.services.reading import PAGE_MOST, Reader, read_person
from sync_server.services.showing import shown
from sync_server.services.upserting import Written

EXTERNAL_PREFIX: Final = "/v1/external"
BULK: Final = "/v1/bulk"
CHANGES: Final = "/v1/changes"

router = APIRouter(include_in_schema=False)


@router.get(EXTERNAL_PREFIX + "/{entity}/{external_id:path}")
def show_named(hq: Hqs, user_id: CurrentUser, entity: Entity, external_id: str) -> JSONResponse:
    """Give the record the asker calls so."""
    with hq.records.reader(user_id) as reader:
        found = outside.record_of(reader.connection, user_id, entity, external_id)
        if found is None:
            raise NotFound(N_("You have named no record “{name}” so far"), name=external_id)
        (record,) = shown(reader, entity, [(found, reader.get(entity, found))])
    return JSONResponse(record)


@router.put(EXTERNAL_PREFIX + "/{entity}/{external_id:path}")
def write_named(
    hq: Hqs, user_id: CurrentUser, entity: Entity, external_id: str, body: Body, attempt: Attempts
) -> Response:
    """Change the record the asker calls so, or make it."""

    def work(writing: Writing) -> Answered:
        return written_record(writing, upserting.upsert(writing, entity, external_id, body))

    return sent(do_once(hq, user_id, attempt, work))


@router.post(BULK)
def write_many(hq: Hqs, user_id: CurrentUser, body: Body, attempt: Attempts, request: Request) -> Response:
    """Write many records, each with its children taken or refused by itself.

    A portion of them after the other, others who write between them. One that comes again under its key goes
    on where it was broken off.
    """
    items, language = body.get("records"), language_of(request)
    if not isinstance(items, list):
        raise Refusal("bad_request", N_("“{name}” must be a list"), name="records")
    upserting.demand_few(items)
    results: list[Any] = []
    is_replayed = True
    while True:
        some = upserting.portion(items, len(results))

        def work(writing: Writing, some: Sequence[Any] = some) -> Answered:
            told = [_result(each, language) for each in upserting.write_many(writing, some)]
            return answered(200, {"results": told})

        answer = do_once(hq, user_id, attempt, work)
        results += json.loads(answer.body)["results"]
        is_replayed = is_replayed and REPLAYED in answer.headers
        if len(results) >= len(items):
            break
        attempt = replace(attempt, portion=attempt.portion + 1)
        hq.database.give_way()
    refused = sum("problem" in each for each in results)
    told = {"results": results, "written": len(results) - refused, "refused": refused}
    return sent(answered(200, told, {REPLAYED: "true"} if is_replayed else None))


@router.get(CHANGES)
def list_changes(
    hq: Hqs,
    user_id: CurrentUser,
    since: str | None = None,
    entity: Annotated[list[str] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MOST)] = 100,
) -> JSONResponse:
    """Give what changed since a cursor, each record once with its state of now."""
    disguise = Disguise(bytes.fromhex(hq.settings.secret), int(user_id, 16))
    kinds = [known_entity(name) for name in entity] if entity else tuple(SCHEMAS)
    with hq.database.read() as snapshot:
        reader = Reader(snapshot.connection, read_person(snapshot.connection, user_id))
        after = changes.position_of(disguise, snapshot, since)
        found = changes.changes_after(snapshot, reader, after, kinds, limit)
        told = [
            {"event": each.event, "entity": each.entity, "id": each.record_id, **_record_of(reader, each)}
            for each in found.changes
        ]
        cursor = changes.cursor_of(disguise, snapshot, found.position)
    return JSONResponse({"changes": told, "next": cursor, "more": found.more})


def _record_of(reader: Reader, change: changes.Change) -> dict[str, Any]:
    if change.values is None:
        return {}
    return {"record": shown(reader, change.entity, [(change.record_id, change.values)])[0]}


def _result(written: Written, language: str) -> dict[str, Any]:
    named = {} if written.external_id is None else {outside.EXTERNAL: written.external_id}
    about = {"entity": written.entity, **named}
    if written.error is not None:
        problem = problem_of(written.error, language)
        return {"status": problem["status"], **about, "problem": problem}
    if written.deleted:
        return {"status": 204, **about, "id": written.record_id}
    status = 201 if written.made else 200
    children: dict[str, list[Any]] = {}
    for child in written.children:
        children.setdefault(child.entity, []).append(_result(child, language))
    return {
        "status": status,
        **about,
        "id": written.record_id,
        **({"children": children} if children else {}),
    }
