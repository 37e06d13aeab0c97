"""`GET /v1/news`: a laptop with nothing to send waits until there is something for it."""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from crm_core.i18n import N_
from sync_server.api.context import Gates, WorkingDevice
from sync_server.api.newsroom import Newsroom
from sync_server.services.faults import Refusal

router = APIRouter(prefix="/v1", tags=["laptops"])


def newsroom(request: Request) -> Newsroom:
    """Return where the laptops of this process wait."""
    found: Newsroom = request.app.state.newsroom
    return found


@router.get("/news")
async def tell_news(
    request: Request,
    room: Annotated[Newsroom, Depends(newsroom)],
    session: WorkingDevice,
    gate: Gates,
    token: str = "",
) -> dict[str, bool]:
    """Say whether a round would bring the laptop anything: at once where so, else after a while.

    `token` is that of its last answer in URL-safe base64. Of what it is about nothing is said.
    """
    gate.admit(session.device_id)
    hearing = asyncio.create_task(room.hear(session, _read_token(token)))
    leaving = asyncio.create_task(_wait_until_gone(request))
    try:
        await asyncio.wait({hearing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return {"news": hearing.done() and hearing.result()}
    finally:
        hearing.cancel()
        leaving.cancel()


def _read_token(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode(), altchars=b"-_", validate=True)
    except binascii.Error:
        raise Refusal("bad_request", N_("The request could not be read")) from None


async def _wait_until_gone(request: Request) -> None:
    """Return when the laptop has closed the line."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
