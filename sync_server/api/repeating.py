"""What endpoints that change something read of a request, and how their answer is sent."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.responses import Response

from crm_core.i18n import N_
from crm_core.sync.codec import JSON
from sync_server.services.faults import Refusal
from sync_server.services.once import Answered, Attempt

KEY_HEADER: Final = "Idempotency-Key"


async def json_object(request: Request) -> dict[str, Any]:
    """Return the body, which must be a JSON object; numbers with a fraction stay text."""
    try:
        body = json.loads(await request.body(), parse_float=str)
    except (ValueError, RecursionError):
        raise Refusal("bad_request", N_("The request is not JSON")) from None
    if not isinstance(body, dict):
        raise Refusal("bad_request", N_("The request is not a JSON object"))
    return body


async def attempt(request: Request) -> Attempt:
    """Return how the request is told from others: its key, with or without quotes, and what it asks for."""
    key = request.headers.get(KEY_HEADER, "").strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':  # a string as RFC 8941 writes it
        key = key[1:-1]
    if not key:
        return Attempt()
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return Attempt(key, hashlib.sha256(asked + await request.body()).digest())


def sent(answer: Answered) -> Response:
    """Return an answer as HTTP sends it."""
    return Response(
        answer.body,
        status_code=answer.status,
        headers=dict(answer.headers),
        media_type=JSON if answer.body else None,
    )


Attempts = Annotated[Attempt, Depends(attempt)]
Body = Annotated[dict[str, Any], Depends(json_object)]
