"""Every error as the body a laptop or a script can read: `crm_core.sync.protocol.Fault` in JSON.

The text is the English source with its places apart, so that the reader translates it; `message` is the
same filled in, for people with a terminal.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

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
from resources import ENGLISH, translation
from sync_server.api.context import key_in
from sync_server.services.faults import Refusal
from sync_server.services.languages import language_of_browser

log = structlog.get_logger("satchel.http")

PROBLEM: Final = "application/problem+json"
_PROBLEM_ONLY: Final = frozenset(("type", "title", "status", "detail"))

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

    def __init__(self, content: bytes, form: str = JSON) -> None:
        super().__init__(content, status_code=401, media_type=form, headers={"WWW-Authenticate": "Basic"})


def fault_response(error: CrmError, request: Request | None = None) -> Response:
    """Return the answer for an error of ours.

    Programs with a key, and whoever accepts that form, get it as `application/problem+json` (RFC 9457).
    """
    status, _code = _status_and_code(error)
    language = ENGLISH if request is None else language_of(request)
    body, form = problem_of(error, language), PROBLEM
    if request is None or not _wants_problem(request):
        body = {name: value for name, value in body.items() if name not in _PROBLEM_ONLY}
        form = JSON
    content = msgspec.json.encode(body)
    if status == 401:
        return SignIn(content, form)
    wait_s = error.wait_s if isinstance(error, Refusal) else 0
    headers = {"Retry-After": str(wait_s)} if wait_s else None
    return Response(content, status_code=status, media_type=form, headers=headers)


def problem_of(error: CrmError, language: str) -> dict[str, Any]:
    """Return an error as RFC 9457 says it, with what a `Fault` holds besides; sentences in the language."""
    tr = translation(language)
    status, code = _status_and_code(error)
    said = error.message.show(tr)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": said,
        "code": code,
        **_told(error.message),
        "message": said,
    }
    if isinstance(error, Invalid):
        body["problems"] = [
            {"field": each.field, **_told(each.message), "message": each.message.show(tr)}
            for each in error.problems
        ]
    return body


def language_of(request: Request) -> str:
    """Return the language a request prefers of the two we speak."""
    return language_of_browser(request.headers.get("accept-language", ""))


def _wants_problem(request: Request) -> bool:
    is_key = key_in(request.headers.get("authorization", "")) is not None
    return is_key or PROBLEM in request.headers.get("accept", "")


def answer_errors(app: FastAPI) -> None:
    """Make the application answer every error with a `Fault`."""

    @app.exception_handler(CrmError)
    async def answer_ours(request: Request, error: CrmError) -> Response:
        if isinstance(error, BrokenPromise):
            log.error("broken promise", exc_info=error)
        return fault_response(error, request)

    @app.exception_handler(RequestValidationError)
    async def answer_unreadable(request: Request, _error: RequestValidationError) -> Response:
        return fault_response(Refusal("bad_request", N_("The request could not be read")), request)

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
    async def answer_no_database(request: Request, error: SQLAlchemyError) -> Response:
        # The text of a database's error may hold a row's values: its kind is what is logged.
        log.error("database", kind=type(error).__name__)
        said = N_("HQ's database does not answer; nothing was changed")
        return fault_response(Refusal("busy", said), request)

    @app.exception_handler(Exception)
    async def answer_bug(request: Request, _error: Exception) -> Response:
        # The server around us logs it with its trace; it is raised on after this answer.
        return fault_response(BrokenPromise(N_("HQ met a mistake of its own; it was recorded")), request)


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
