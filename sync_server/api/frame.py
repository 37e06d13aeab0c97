"""What surrounds every request: a size limit, security headers, counts and one line in the log."""

from __future__ import annotations

import secrets
import time
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm_core.sync.codec import COMPACT
from sync_server.api.errors import fault_response
from sync_server.services import measures
from sync_server.services.faults import Refusal, too_large

SYNC_ROUTE: Final = "/v1/sync"
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
_SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
}
_YEAR_S: Final = 365 * 24 * 60 * 60

log = structlog.get_logger("satchel.http")


class Frame:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, body_bytes_max: int) -> None:
        self._app = app
        self._body_bytes_max = body_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; everything but HTTP passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Exchange(self._app, self._body_bytes_max, scope, receive, send).run()


class _Exchange:
    """One request and its answer."""

    def __init__(self, app: ASGIApp, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        self._app, self._limit, self._scope, self._receive, self._send = app, limit, scope, receive, send
        self._bytes_in = self._bytes_out = 0
        self._status = 500  # what the client sees where the application breaks before it answers

    async def run(self) -> None:
        started = time.perf_counter()
        request_id = secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request_id)
        self._scope.setdefault("state", {})["request_id"] = request_id
        measures.under_way.inc()
        try:
            await self._answer()
        finally:
            measures.under_way.dec()
            self._count(time.perf_counter() - started)

    async def _answer(self) -> None:
        declared = Headers(scope=self._scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > self._limit:
            await fault_response(too_large(self._limit))(self._scope, self._receive, self._counted)
            return
        try:
            await self._app(self._scope, self._limited, self._counted)
        except Refusal as refusal:  # a body without a length that turned out too large
            await fault_response(refusal)(self._scope, self._receive, self._counted)

    async def _limited(self) -> Message:
        message = await self._receive()
        self._bytes_in += len(message.get("body", b""))
        if self._bytes_in > self._limit:
            raise too_large(self._limit)
        return message

    async def _counted(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            if headers.get("content-type") != COMPACT:
                self._protect(headers)
        self._bytes_out += len(message.get("body", b""))
        await self._send(message)

    def _protect(self, headers: MutableHeaders) -> None:
        """Add what a browser should hear; a laptop's rounds are counted in bytes and need none of it."""
        for name, value in _SECURITY.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", _POLICY)
        if self._scope["scheme"] == "https":
            headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_S}")
        headers["X-Request-Id"] = self._scope["state"]["request_id"]

    def _count(self, seconds: float) -> None:
        # The route's pattern, never the path: a path holds ids, and a label per id would be no measure.
        route = getattr(self._scope.get("route"), "path", "none")
        method = self._scope["method"]
        measures.requests.labels(method=method, route=route, status=self._status).inc()
        measures.seconds.labels(route=route).observe(seconds)
        if route == SYNC_ROUTE:
            measures.sync_bytes.labels(direction="up").inc(self._bytes_in)
            measures.sync_bytes.labels(direction="down").inc(self._bytes_out)
        log.info(
            "request",
            method=method,
            route=route,
            status=self._status,
            ms=round(seconds * 1000),
            bytes_in=self._bytes_in,
            bytes_out=self._bytes_out,
        )
