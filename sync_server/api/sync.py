"""`POST /v1/sync`: a laptop's whole conversation with HQ."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from crm_core.sync import admission, codec
from sync_server.api.context import Gates, WorkingDevice
from sync_server.asked import Hqs
from sync_server.services import measures
from sync_server.services.auth import DeviceSession
from sync_server.services.headquarters import Headquarters

router = APIRouter(prefix="/v1", tags=["laptops"])

_BODY: dict[str, Any] = {"requestBody": {"content": {codec.COMPACT: {}, codec.JSON: {}}, "required": True}}


@router.post("/sync", response_class=Response, openapi_extra=_BODY)
async def sync_laptop(request: Request, hq: Hqs, session: WorkingDevice, gate: Gates) -> Response:
    """Take a laptop's changes and send what it may see."""
    gate.admit(session.device_id)
    async with gate.one_of_few(session.device_id):
        raw = await request.body()  # the frame around the application limits its size
        size = codec.plain_size(raw) if _says(request, "content-type", codec.COMPACT) else len(raw)
        async with gate.room(size):
            # Beside the event loop, for it waits on the disk.
            return await run_in_threadpool(_answer, request, hq, session, raw)


def _answer(request: Request, hq: Headquarters, session: DeviceSession, raw: bytes) -> Response:
    compact = _says(request, "content-type", codec.COMPACT)
    wanted = admission.read_request(codec.unpack(raw) if compact else raw, is_json=not compact)
    answered = hq.sync.answer(wanted, session)
    measures.count_answers(answer.code for answer in answered.answers)
    measures.count_fields(wanted.txns, answered.answers)
    if _says(request, "accept", codec.COMPACT) or (compact and not _says(request, "accept", codec.JSON)):
        # Whoever wrote with a dictionary has it.
        dictionary = codec.dictionary_of(raw) if compact else 0
        content, media_type = codec.encode(answered, dictionary), codec.COMPACT
    else:
        content, media_type = codec.encode_json(answered), codec.JSON
    return Response(content, media_type=media_type)


def _says(request: Request, header: str, media_type: str) -> bool:
    """Tell whether a header names a media type."""
    named = request.headers.get(header, "").split(",")
    return any(each.partition(";")[0].strip() == media_type for each in named)
