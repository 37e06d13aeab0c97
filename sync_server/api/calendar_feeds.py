"""`/calendar/SECRET.ics`: a user's calendar for programs that can do no more than fetch an address."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from sync_server.asked import Hqs
from sync_server.services import calendar_feeds

SUFFIX = ".ics"
MOST_CHARACTERS = 200
FRESH_S = 900

router = APIRouter(prefix="/calendar", tags=["calendar"])


@router.get("/{address}", response_class=Response)
def read_calendar(request: Request, hq: Hqs, address: str) -> Response:
    """Give the calendar of a secret address; where it is as the asker knows it, say so and no more."""
    raw = calendar_feeds.content(hq, address.removesuffix(SUFFIX)[:MOST_CHARACTERS])
    etag = calendar_feeds.etag_of(raw)
    headers = {
        "ETag": etag,
        "Cache-Control": f"private, max-age={FRESH_S}",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
    }
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if etag in known:
        return Response(status_code=304, headers=headers)
    return Response(raw, media_type="text/calendar; charset=utf-8", headers=headers)
