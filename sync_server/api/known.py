"""`GET /v1/known`: short hashes of the customers HQ has, so that laptops know whether one is held."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from crm_core.sync import codec
from sync_server.api.context import Gates, WorkingDevice
from sync_server.asked import Hqs

router = APIRouter(prefix="/v1", tags=["laptops"])


@router.get("/known", response_class=Response)
def tell_known(
    hq: Hqs,
    session: WorkingDevice,
    gate: Gates,
    since: Annotated[int, Query(ge=0, lt=2**53)] = 0,
    epoch: Annotated[str, Query(pattern="^[0-9a-f]{0,64}$")] = "",
) -> Response:
    """Tell what changed among them since row `since` of the HQ of that `epoch`; 404 where nothing is told."""
    gate.admit(session.device_id)
    return Response(codec.encode(hq.known.page(session, since, epoch)), media_type=codec.COMPACT)
