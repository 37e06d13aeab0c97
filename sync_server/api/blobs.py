"""`/v1/blob/{sha256}`: contents of attached files, in parts, to be gone on with at any byte."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from crm_core.sync.blobs import PART_BYTES
from sync_server.api.context import WorkingDevice
from sync_server.asked import Hqs
from sync_server.services.faults import too_large

HELD: Final = "X-Held"
CHALLENGE: Final = "X-Challenge"
PART: Final = "X-Part"
SIZE: Final = "X-Size"

Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Query(ge=0, lt=2**53)]

router = APIRouter(prefix="/v1/blob", tags=["laptops"])


@router.get("/{sha256}", response_class=Response)
def read_blob(hq: Hqs, session: WorkingDevice, sha256: Sha256, off: Count = 0) -> Response:
    """Send a content from a byte to the end of its part; `X-Part` is the hash of the whole part."""
    piece = hq.blobs.read(session, sha256, off)
    return Response(
        piece.content,
        media_type="application/octet-stream",
        headers={PART: piece.part_sha256, SIZE: str(piece.size)},
    )


@router.head("/{sha256}", response_class=Response)
def stand_of_blob(hq: Hqs, session: WorkingDevice, sha256: Sha256) -> Response:
    """Tell how much of a content this laptop is sending has arrived, and what to prove it with."""
    standing = hq.blobs.standing(session, sha256)
    return Response(headers={HELD: str(standing.held), CHALLENGE: standing.challenge.hex()})


@router.put("/{sha256}")
async def add_to_blob(
    request: Request,
    hq: Hqs,
    session: WorkingDevice,
    sha256: Sha256,
    off: Count = 0,
    size: Count = 0,
    proof: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$")] = None,
) -> JSONResponse:
    """Take bytes of one part, or the proof that spares them. What arrived before a line broke is kept."""
    if proof is not None:
        return JSONResponse({"held": await run_in_threadpool(hq.blobs.prove, session, sha256, proof)})
    piece = bytearray()
    try:
        async for chunk in request.stream():
            piece += chunk
            if len(piece) > PART_BYTES:
                raise too_large(PART_BYTES)
    except ClientDisconnect:
        pass  # the laptop goes on after these bytes
    part_sha256 = request.headers.get(PART, "")
    held = await run_in_threadpool(hq.blobs.add, session, sha256, off, size, bytes(piece), part_sha256)
    return JSONResponse({"held": held})
