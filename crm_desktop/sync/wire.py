"""Connections that count every byte they carry, headers included."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import weakref
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection


class ByteCounter:
    """How many bytes went up and down, over all connections that share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.up = 0
        self.down = 0

    def sent(self, count: int) -> None:
        """Note bytes sent."""
        with self._lock:
            self.up += count

    def received(self, count: int) -> None:
        """Note bytes received."""
        with self._lock:
            self.down += count


class _CountedSocket(socket.socket):
    """A plain connection that counts."""

    counter: ByteCounter

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        super().sendall(data, flags)
        self.counter.sent(memoryview(data).nbytes)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0, /) -> int:
        count = super().recv_into(buffer, nbytes, flags)
        self.counter.received(count)
        return count


class _CountedTls(ssl.SSLSocket):
    """An encrypted connection that counts what is inside; the records around it add about one per cent."""

    counter: ByteCounter | None = None

    def sendall(self, data: Any, flags: int = 0) -> None:
        super().sendall(data, flags)
        if self.counter is not None:
            self.counter.sent(memoryview(data).nbytes)

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        count = super().recv_into(buffer, nbytes, flags)
        if self.counter is not None:
            self.counter.received(count)
        return count


def _counted(connection: socket.socket, counter: ByteCounter) -> socket.socket:
    timeout = connection.gettimeout()
    counted = _CountedSocket(connection.family, connection.type, connection.proto, fileno=connection.detach())
    counted.settimeout(timeout)
    counted.counter = counter
    return counted


def _cut(connection: socket.socket) -> None:
    """End what another thread does on a connection; closing it is left to that thread."""
    with contextlib.suppress(OSError):  # it was closed already
        # Not the method of an encrypted one, which would take its encryption away while the other reads.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


class CountingAdapter(HTTPAdapter):
    """Carries requests over connections whose bytes `counter` counts."""

    def __init__(self, counter: ByteCounter, ca_file: str | None = None) -> None:
        self._counter = counter
        self._ca_file = ca_file
        self._lock = threading.Lock()
        self._open: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._is_broken_off = False
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
            is_late = self._is_broken_off
        if is_late:
            _cut(connection)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Build the pool manager with counting connections."""
        super().init_poolmanager(*args, ssl_context=_tls_context(self._ca_file), **kwargs)
        manager: PoolManager = self.poolmanager
        counter, opened = self._counter, self.opened

        class PlainConnection(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                made = _counted(super()._new_conn(), counter)
                opened(made)
                return made

        class TlsConnection(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                if isinstance(self.sock, _CountedTls):
                    self.sock.counter = counter
                    opened(self.sock)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = PlainConnection

        class TlsPool(HTTPSConnectionPool):
            ConnectionCls = TlsConnection

        manager.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}


def _tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Return a verifying client context whose sockets count; `ca_file` adds the company's own authority."""
    context = ssl.create_default_context(cafile=ca_file)
    context.sslsocket_class = _CountedTls
    return context
