"""`POST /v1/sync`: a laptop's whole conversation with HQ."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from crm_core.sync import codec
from crm_core.sync.protocol import SyncRequest
from sync_server.api.context import CurrentDevice, Hqs
from sync_server.services import measures

router = APIRouter(prefix="/v1", tags=["laptops"])

_BODY: dict[str, Any] = {"requestBody": {"content": {codec.COMPACT: {}, codec.JSON: {}}, "required": True}}


async def read_body(request: Request) -> bytes:
    """Return the request's body as it came; the frame around the application limits its size."""
    return await request.body()


@router.post("/sync", response_class=Response, openapi_extra=_BODY)
def sync_laptop(
    request: Request, hq: Hqs, session: CurrentDevice, raw: Annotated[bytes, Depends(read_body)]
) -> Response:
    """Take a laptop's changes and send what it may see; beside the event loop, for it waits on the disk."""
    compact = _says(request, "content-type", codec.COMPACT)
    wanted = codec.decode(raw, SyncRequest) if compact else codec.decode_json(raw, SyncRequest)
    answered = hq.sync.answer(wanted, session)
    measures.count_answers(answer.code for answer in answered.answers)
    if _says(request, "accept", codec.COMPACT) or (compact and not _says(request, "accept", codec.JSON)):
        content, media_type = codec.encode(answered), codec.COMPACT
    else:
        content, media_type = codec.encode_json(answered), codec.JSON
    hq.sync.note_bytes(session.device_id, received=len(raw), sent=len(content))
    return Response(content, media_type=media_type)


def _says(request: Request, header: str, media_type: str) -> bool:
    """Tell whether a header names a media type."""
    named = request.headers.get(header, "").split(",")
    return any(each.partition(";")[0].strip() == media_type for each in named)
