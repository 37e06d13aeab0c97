"""`POST /v1/answering`: a laptop says whether its person answers a ticket, and hears who else does."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from sync_server.api.context import Gates, WorkingDevice
from sync_server.asked import Hqs

router = APIRouter(prefix="/v1", tags=["laptops"])


@router.post("/answering")
def tell_answering(
    hq: Hqs,
    session: WorkingDevice,
    gate: Gates,
    ticket: Annotated[str, Query(pattern="^[0-9a-f]{32}$")],
    writes: bool = False,
) -> dict[str, list[str]]:
    """Keep for a minute that he writes, or take it back; `users` are the colleagues who write."""
    gate.admit(session.device_id)
    return {"users": list(hq.answering.tell(session, ticket, writes=writes))}
