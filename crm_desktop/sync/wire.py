"""Connections that count every byte they carry, headers included, and that do not wait for ever.

Each waits in short slices: between two of them it looks whether anybody still wants the answer and whether
the line has been silent for too long. Bytes that come or go begin the silence anew, so a slow line is given
the time it takes and a dead one is not.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, Self

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from crm_desktop.sync.report import Cancelled, never

CONNECT_TIMEOUT_S = 10.0
SLICE_S = 0.2  # whoever stops a round is heard so soon
SEND_BYTES = 16 * 1024


class LineWatch:
    """How many bytes went up and down, over all connections that share it, and when to give one up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.up = 0
        self.down = 0
        self.silence_s = CONNECT_TIMEOUT_S
        """How long nothing may move before the line counts as dead."""
        self.is_unwanted: Cancelled = never
        """Whether nobody waits for the answer any more."""

    def sent(self, count: int) -> None:
        """Note bytes sent."""
        with self._lock:
            self.up += count

    def received(self, count: int) -> None:
        """Note bytes received."""
        with self._lock:
            self.down += count

    def demand_patience(self, since: float) -> None:
        """Raise `OSError` where the wait begun at `since` is to end: nobody wants it, or it is too long."""
        if self.is_unwanted():
            raise ConnectionAbortedError("nobody waits for it any more")
        if time.monotonic() - since > self.silence_s:
            raise TimeoutError("timed out")


class _CountedSocket(socket.socket):
    """A plain connection that counts."""

    watch: LineWatch

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        _send_in_slices(self, lambda part: super(_CountedSocket, self).send(part, flags), data)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0, /) -> int:
        return _in_slices(self, lambda: super(_CountedSocket, self).recv_into(buffer, nbytes, flags))


class _CountedTls(ssl.SSLSocket):
    """An encrypted connection that counts what is inside; the records around it add about one per cent.

    A class of its own for each adapter: what HQ gave to one connection lets the next go on in its session,
    without certificates and their checks.
    """

    watch: LineWatch
    kept: ssl.SSLSession | None = None
    _has_kept = False

    @classmethod
    def _create(cls, *args: Any, session: ssl.SSLSession | None = None, **kwargs: Any) -> Self:
        made: Self = super()._create(*args, session=session or cls.kept, **kwargs)  # type: ignore[misc]
        return made

    def do_handshake(self, block: bool = False) -> None:
        since = time.monotonic()
        self.settimeout(SLICE_S)
        while True:
            try:
                super().do_handshake(block)
            except TimeoutError:
                self.watch.demand_patience(since)
            else:
                return

    def sendall(self, data: Any, flags: int = 0) -> None:
        _send_in_slices(self, lambda part: super(_CountedTls, self).send(part, flags), data)

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        count = _in_slices(self, lambda: super(_CountedTls, self).recv_into(buffer, nbytes, flags))
        if not self._has_kept:
            # Tickets come with the first bytes after the handshake, so only now there is something to keep.
            type(self).kept = self.session
            self._has_kept = True
        return count


def _in_slices(connection: _CountedSocket | _CountedTls, receive: Callable[[], int]) -> int:
    watch = connection.watch
    since = time.monotonic()
    connection.settimeout(SLICE_S)
    while True:
        try:
            count = receive()
        except TimeoutError:
            watch.demand_patience(since)
        else:
            watch.received(count)
            return count


def _send_in_slices(
    connection: _CountedSocket | _CountedTls, send: Callable[[memoryview], int], whole: Any
) -> None:
    watch = connection.watch
    since = time.monotonic()
    connection.settimeout(SLICE_S)
    left = memoryview(whole).cast("B")
    while left:
        try:
            count = send(left[:SEND_BYTES])
        except TimeoutError:
            watch.demand_patience(since)
        else:
            since = time.monotonic()
            watch.sent(count)
            left = left[count:]


def _dial(host: str, port: int, options: Any, watch: LineWatch) -> socket.socket:
    """Return a connection to a host, tried at each of its addresses in turn. Raises `OSError`."""
    failed: OSError = ConnectionRefusedError("no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        connection = _CountedSocket(family, kind, protocol)
        connection.watch = watch
        try:
            for option in options or ():
                connection.setsockopt(*option)
            _connect(connection, address, watch)
        except OSError as error:
            connection.close()
            failed = error
        else:
            return connection
    raise failed


def _connect(connection: socket.socket, address: Any, watch: LineWatch) -> None:
    since = time.monotonic()
    connection.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        connection.connect(address)
    while not select.select((), (connection,), (connection,), SLICE_S)[1]:
        watch.demand_patience(since)
        if time.monotonic() - since > CONNECT_TIMEOUT_S:
            raise TimeoutError("timed out")
    if number := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(number, "cannot connect")
    connection.settimeout(SLICE_S)


def _cut(connection: socket.socket) -> None:
    """End what another thread does on a connection; closing it is left to that thread."""
    with contextlib.suppress(OSError):  # it was closed already
        # Not the method of an encrypted one, which would take its encryption away while the other reads.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


class CountingAdapter(HTTPAdapter):
    """Carries requests over connections that `watch` counts and gives up."""

    def __init__(self, watch: LineWatch, ca_file: str | None = None) -> None:
        self._watch = watch
        self._ca_file = ca_file
        self._lock = threading.Lock()
        self._open: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._is_broken_off = False
        self.made = 0
        """How many connections were made."""
        self.resumed = 0
        """How many of them went on in the session of one before."""
        super().__init__(pool_connections=1, pool_maxsize=2, max_retries=0)

    def break_off(self) -> None:
        """Cut every connection, and each that is made from now on; whoever waits on one gets an error."""
        with self._lock:
            self._is_broken_off = True
            still_open = list(self._open)
        for connection in still_open:
            _cut(connection)

    def opened(self, connection: socket.socket) -> None:
        """Take note of a connection that was made."""
        with self._lock:
            self._open.add(connection)
            self.made += 1
            self.resumed += isinstance(connection, ssl.SSLSocket) and connection.session_reused is True
            is_late = self._is_broken_off
        if is_late:
            _cut(connection)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Build the pool manager with counting connections."""
        context = _tls_context(self._ca_file, self._watch)
        super().init_poolmanager(*args, ssl_context=context, **kwargs)
        manager: PoolManager = self.poolmanager
        watch, opened = self._watch, self.opened

        class PlainConnection(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                made = _made(self, watch)
                opened(made)
                return made

        class TlsConnection(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return _made(self, watch)

            def connect(self) -> None:
                super().connect()
                if self.sock is not None:
                    opened(self.sock)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = PlainConnection

        class TlsPool(HTTPSConnectionPool):
            ConnectionCls = TlsConnection

        manager.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}


def _made(connection: HTTPConnection, watch: LineWatch) -> socket.socket:
    """Return the socket of a connection of urllib3, with the errors it knows."""
    try:
        return _dial(connection._dns_host, connection.port, connection.socket_options, watch)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, "connecting took too long") from error
    except OSError as error:
        raise NewConnectionError(connection, f"cannot connect: {error}") from error


def _tls_context(ca_file: str | None, watch: LineWatch) -> ssl.SSLContext:
    """Return a verifying client context whose sockets count; `ca_file` adds the company's own authority."""

    class Tls(_CountedTls):
        pass

    Tls.watch = watch
    context = ssl.create_default_context(cafile=ca_file)
    context.sslsocket_class = Tls
    return context
