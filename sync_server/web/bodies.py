"""Bodies of pages people send: small, and read as fields."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from crm_core.i18n import N_
from sync_server.services.faults import Refusal, too_large

BODY_BYTES_MAX: Final = 64 * 1024
FIELDS_MOST: Final = 100


async def small_body(request: Request) -> bytes:
    """Return the body; `Refusal` for one no person types."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise too_large(BODY_BYTES_MAX)
    return bytes(body)


Body = Annotated[bytes, Depends(small_body)]


def answers_of(body: bytes) -> dict[str, str]:
    """Return the fields of a page that was sent; of several of one name the first."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MOST, errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise Refusal("bad_request", N_("The request could not be read")) from None
    answers: dict[str, str] = {}
    for name, value in pairs:
        answers.setdefault(name, value.replace("\r\n", "\n"))
    return answers
