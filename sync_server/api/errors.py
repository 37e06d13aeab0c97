"""Every error as the body a laptop or a script can read: `crm_core.sync.protocol.Fault` in JSON.

The text is the English source with its places apart, so that the reader translates it; `message` is the
same filled in, for people with a terminal.
"""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError, TimeoutError
from starlette.exceptions import HTTPException

from crm_core.errors import AccessDenied, BrokenPromise, CrmError, Invalid, NotFound, StaleRecord, Unreachable
from crm_core.i18n import N_, Message
from crm_core.sync.admission import TooLarge
from crm_core.sync.codec import JSON, Damaged
from sync_server.services.faults import Refusal

log = structlog.get_logger("satchel.http")

_KINDS: tuple[tuple[type[CrmError], int, str], ...] = (
    (Damaged, 400, "damaged"),
    (TooLarge, 413, "too_large"),
    (NotFound, 404, "not_found"),
    (AccessDenied, 403, "forbidden"),
    (StaleRecord, 409, "stale"),
    (Invalid, 422, "invalid"),
    (Unreachable, 503, "busy"),
    (BrokenPromise, 500, "broken"),
)


class SignIn(Response):
    """The answer that makes a browser or `curl` ask for name and password."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content, status_code=401, media_type=JSON, headers={"WWW-Authenticate": "Basic"})


def fault_response(error: CrmError) -> Response:
    """Return the answer for an error of ours."""
    status, code = _status_and_code(error)
    body: dict[str, Any] = {"code": code, **_told(error.message), "message": str(error.message)}
    if isinstance(error, Invalid):
        body["problems"] = [{"field": each.field, **_told(each.message)} for each in error.problems]
    content = msgspec.json.encode(body)
    if status == 401:
        return SignIn(content)
    wait_s = error.wait_s if isinstance(error, Refusal) else 0
    headers = {"Retry-After": str(wait_s)} if wait_s else None
    return Response(content, status_code=status, media_type=JSON, headers=headers)


def answer_errors(app: FastAPI) -> None:
    """Make the application answer every error with a `Fault`."""

    @app.exception_handler(CrmError)
    async def answer_ours(_request: Request, error: CrmError) -> Response:
        if isinstance(error, BrokenPromise):
            log.error("broken promise", exc_info=error)
        return fault_response(error)

    @app.exception_handler(RequestValidationError)
    async def answer_unreadable(_request: Request, _error: RequestValidationError) -> Response:
        return fault_response(Refusal("bad_request", N_("The request could not be read")))

    @app.exception_handler(HTTPException)
    async def answer_plain(_request: Request, error: HTTPException) -> Response:
        known = {404: "not_found", 405: "bad_request"}.get(error.status_code, "bad_request")
        body = {"code": known, "text": str(error.detail), "places": {}, "message": str(error.detail)}
        return Response(
            msgspec.json.encode(body), status_code=error.status_code, media_type=JSON, headers=error.headers
        )

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)
    @app.exception_handler(TimeoutError)
    async def answer_no_database(_request: Request, error: SQLAlchemyError) -> Response:
        # The text of a database's error may hold a row's values: its kind is what is logged.
        log.error("database", kind=type(error).__name__)
        return fault_response(Refusal("busy", N_("HQ's database does not answer; nothing was changed")))

    @app.exception_handler(Exception)
    async def answer_bug(_request: Request, _error: Exception) -> Response:
        # The server around us logs it with its trace; it is raised on after this answer.
        return fault_response(BrokenPromise(N_("HQ met a mistake of its own; it was recorded")))


def _status_and_code(error: CrmError) -> tuple[int, str]:
    if isinstance(error, Refusal):
        return error.status, error.code
    for kind, status, code in _KINDS:
        if isinstance(error, kind):
            return status, code
    return 400, "bad_request"


def _told(sentence: Message) -> dict[str, Any]:
    places = {
        name: str(value) if not isinstance(value, Message) else value.text
        for name, value in sentence.places.items()
    }
    return {"text": sentence.text, "places": places}
