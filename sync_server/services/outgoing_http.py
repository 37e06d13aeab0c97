"""Requests HQ makes to addresses others named: only where it may, within a time, following nobody elsewhere.

A name is looked up once and the connection made to the address that was judged, so a name that means another
machine a moment later gains nothing (DNS rebinding). Redirects are not followed.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from crm_core.errors import UserError
from crm_core.i18n import N_
from sync_server.services.version import VERSION
from sync_server.settings import Settings

ANSWER_BYTES_MOST: Final = 64 * 1024
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")  # IPv4 behind IPv6: whose, only its gateway knows

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotAllowed(UserError):
    """An address HQ does not send to."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the status, and how long to wait where it says so."""

    status: int
    wait_s: int = 0


def demand_address(url: str, settings: Settings) -> SplitResult:
    """Return a URL's parts. Raises `NotAllowed` for one HQ may not send to, wherever its name leads now."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotAllowed(N_("“{url}” is no address"), url=url) from None
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise NotAllowed(N_("“{url}” is no address"), url=url)
    if (
        parts.username is not None
        or parts.fragment
        or not url.isascii()
        or not url.isprintable()
        or " " in url
    ):
        raise NotAllowed(N_("“{url}” is no address"), url=url)
    if parts.scheme == "http" and not settings.webhook_networks:
        raise NotAllowed(N_("Only https addresses are told, but for those in webhook_networks"))
    with contextlib.suppress(ValueError):
        _demand_allowed(ipaddress.ip_address(parts.hostname), parts.scheme, settings)
    return parts


def post(url: str, body: bytes, headers: Mapping[str, str], settings: Settings) -> Reply:
    """Send a body and return what came back within the time the settings give.

    Raises `NotAllowed`, and `OSError` or `http.client.HTTPException` where nothing sound came.
    """
    parts = demand_address(url, settings)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    line = socket.create_connection(
        (str(_judged(host, port, parts.scheme, settings)), port), timeout=settings.webhook_timeout_s
    )
    with _ended_after(line, settings.webhook_timeout_s):
        connection = http.client.HTTPConnection(host, port)
        if parts.scheme == "https":
            line = ssl.create_default_context().wrap_socket(line, server_hostname=host)
        connection.sock = line
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = {"User-Agent": f"Satchel/{VERSION}", "Connection": "close", **headers}
        try:
            connection.request("POST", target, body, sent)
            answer = connection.getresponse()
            answer.read(ANSWER_BYTES_MOST)
        finally:
            connection.close()
            line.close()
    wait = answer.headers.get("Retry-After", "")
    return Reply(answer.status, int(wait) if wait.isdecimal() and len(wait) < 9 else 0)


def _judged(host: str, port: int, scheme: str, settings: Settings) -> Address:
    """Return where a name leads. Raises `NotAllowed` unless all it leads to is allowed."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    if not addresses:
        raise OSError(host)
    for address in addresses:
        _demand_allowed(address, scheme, settings)
    return addresses[0]


def _demand_allowed(address: Address, scheme: str, settings: Settings) -> None:
    mapped = getattr(address, "ipv4_mapped", None)
    meant: Address = mapped if mapped is not None else address
    if any(meant in ipaddress.ip_network(each, strict=False) for each in settings.webhook_networks):
        return
    is_public = meant.is_global and not meant.is_multicast and meant not in _TRANSLATED
    if scheme != "https" or not is_public:
        raise NotAllowed(N_("HQ sends nothing to {address}; see webhook_networks"), address=meant)


@contextmanager
def _ended_after(line: socket.socket, seconds: float) -> Iterator[None]:
    """Break a connection that takes longer in all, however steadily its other end says a little.

    Raises `TimeoutError` then.

    The plain socket is shut, under whatever TLS was put on top of it.
    """
    number = line.fileno()
    own = socket.fromfd(number, line.family, line.type)
    is_over = threading.Event()

    def end() -> None:
        is_over.set()
        with contextlib.suppress(OSError):
            own.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        own.close()
    if is_over.is_set():  # half an answer looks whole to whoever reads up to the end of the line
        raise TimeoutError
