"""What surrounds every request: a size limit, security headers, counts and one line in the log."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm_core.sync.codec import COMPACT
from sync_server.api.errors import fault_response
from sync_server.services import measures
from sync_server.services.faults import Refusal, no_memory, too_large, too_slow
from sync_server.services.usage import Meter

SYNC_ROUTE: Final = "/v1/sync"
FORMS_PREFIX: Final = "/forms/"
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
_SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
}
GRACE_S: Final = 60.0  # a line with loss may say nothing for so long
SLOWEST_BYTES_S: Final = 512  # a sixteenth of 64 kbit/s
MOST_HELD_BYTES: Final = 64 * 1024 * 1024
COME_BACK_S: Final = 5
_YEAR_S: Final = 365 * 24 * 60 * 60

log = structlog.get_logger("satchel.http")


class Frame:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, body_bytes_max: int, form_bytes_max: int, meter: Meter) -> None:
        self._app = app
        self._meter = meter
        self._bodies = _Bodies(most_of_one=body_bytes_max, most_of_form=form_bytes_max)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; everything but HTTP passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(self._app, self._bodies, scope, receive, send)
        try:
            await exchange.run()
        finally:
            if (device_id := scope["state"].get("device")) is not None:
                self._meter.note(device_id, received=exchange.bytes_in, sent=exchange.bytes_out)


class _Bodies:
    """The bodies of one process' requests under way."""

    def __init__(self, *, most_of_one: int, most_of_form: int) -> None:
        self._most_of_one, self._most_of_form = most_of_one, most_of_form
        self.held = 0
        """Bytes of all of them."""

    def most(self, path: str) -> int:
        """Return how large the body of a request to an address may be."""
        return self._most_of_form if path.startswith(FORMS_PREFIX) else self._most_of_one


class _Exchange:
    """One request and its answer."""

    def __init__(self, app: ASGIApp, bodies: _Bodies, scope: Scope, receive: Receive, send: Send) -> None:
        self._app, self._bodies, self._scope, self._receive, self._send = app, bodies, scope, receive, send
        self._began = time.monotonic()
        self._is_here = False
        """Whether the whole body has come."""
        self.bytes_in = self.bytes_out = 0
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
        limit = self._bodies.most(self._scope.get("path", ""))
        if not declared.isdecimal() or int(declared) > limit:
            await fault_response(too_large(limit))(self._scope, self._receive, self._counted)
            return
        try:
            await self._app(self._scope, self._limited, self._counted)
        except Refusal as refusal:  # a body without a length that turned out too large, or one too slow
            await fault_response(refusal)(self._scope, self._receive, self._counted)
        finally:
            self._bodies.held -= self.bytes_in

    async def _limited(self) -> Message:
        if self._is_here:  # what still comes is that the other end has gone
            return await self._receive()
        left_s = GRACE_S + self.bytes_in / SLOWEST_BYTES_S - (time.monotonic() - self._began)
        try:
            async with asyncio.timeout(max(0.0, left_s)):
                message = await self._receive()
        except TimeoutError:
            raise too_slow() from None
        came = len(message.get("body", b""))
        self.bytes_in += came
        self._bodies.held += came
        self._is_here = not message.get("more_body", False)
        most = self._bodies.most(self._scope.get("path", ""))
        if self.bytes_in > most:
            raise too_large(most)
        if came and not self._is_here and self._bodies.held > MOST_HELD_BYTES:
            measures.turned_away.labels(limit="memory").inc()
            raise no_memory(COME_BACK_S)
        return message

    async def _counted(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            if headers.get("content-type") != COMPACT:
                self._protect(headers)
        self.bytes_out += len(message.get("body", b""))
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
            measures.sync_bytes.labels(direction="up").inc(self.bytes_in)
            measures.sync_bytes.labels(direction="down").inc(self.bytes_out)
        log.info(
            "request",
            method=method,
            route=route,
            status=self._status,
            ms=round(seconds * 1000),
            bytes_in=self.bytes_in,
            bytes_out=self.bytes_out,
        )
