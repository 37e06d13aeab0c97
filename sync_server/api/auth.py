"""`/v1/hello`, `/v1/enrol`, `/v1/bye`: how a laptop comes and goes."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel

from crm_core.sync import codec
from crm_core.sync.protocol import PROTOCOL_VERSION, EnrolRequest, EnrolResponse
from sync_server.api.context import CurrentDevice
from sync_server.asked import Hqs, address_of
from sync_server.services.version import VERSION

router = APIRouter(prefix="/v1", tags=["laptops"])


class PasswordChange(BaseModel):
    """Whose password, what it is and what it is to be."""

    user: str
    password: str
    new_password: str


_BODY: dict[str, Any] = {"requestBody": {"content": {codec.JSON: {}, codec.COMPACT: {}}, "required": True}}


@router.get("/hello")
def say_hello(hq: Hqs) -> dict[str, Any]:
    """Say who answers here, before anybody signs in."""
    with hq.database.read() as snapshot:
        epoch = snapshot.epoch
    settings = hq.settings
    return {
        "company": settings.company_name(settings.language),
        "company_en": settings.company_name("en"),
        "company_zh": settings.company_name("zh"),
        "version": VERSION,
        "protocol": PROTOCOL_VERSION,
        "epoch": epoch,
    }


@router.post("/enrol", response_class=Response, openapi_extra=_BODY)
async def enrol_laptop(request: Request, hq: Hqs) -> Response:
    """Make a laptop known: name and password in, the laptop's own token out."""
    compact = is_compact(request)
    raw = await request.body()
    wanted = codec.decode(raw, EnrolRequest) if compact else codec.decode_json(raw, EnrolRequest)
    enrolled: EnrolResponse = await run_in_threadpool(hq.auth.enrol, wanted, address_of(request))
    if compact:
        return Response(codec.encode(enrolled), media_type=codec.COMPACT)
    return Response(codec.encode_json(enrolled), media_type=codec.JSON)


@router.post("/password", status_code=204, response_class=Response)
def change_password(hq: Hqs, request: Request, change: PasswordChange) -> Response:
    """Change one's own password; the old one proves who asks. Laptops stay signed in."""
    user_id = hq.auth.check_password(change.user, change.password, address_of(request))
    hq.auth.change_password(user_id, change.new_password)
    return Response(status_code=204)


@router.post("/bye", status_code=204, response_class=Response)
def say_goodbye(hq: Hqs, session: CurrentDevice) -> Response:
    """Forget a laptop whose person signed out."""
    hq.auth.bye(session)
    return Response(status_code=204)


def is_compact(request: Request) -> bool:
    """Tell whether a request's body is in the compact form."""
    return request.headers.get("content-type", "").partition(";")[0].strip() == codec.COMPACT
