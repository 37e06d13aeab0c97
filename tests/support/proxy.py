"""What stands between a laptop and HQ on a bad day: a proxy on real sockets that spoils what it is told to.

No root and no kernel feature is needed. It reads whole HTTP messages, so that it can do something to exactly
one request; what it hands on goes over a `slow_line`. Everything is counted, and follows from the seed.

    with Proxy(hq.url) as line:
        line.faults.append(Fault(kind=Kind.ANSWER_LOST))   # of the next round's first request
        line.change(promised_line(loss=0.3))               # and from now on slow
        ... HttpHeadquarters(line.url) ...
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

from tests.support.slow_line import CLEAN, SEGMENT_BYTES, Direction, Line, LineReset, Path

TARGET = "/v1/sync"
LATE_S = 30.0  # an answer held back until the next request waits for it at most so long
UPSTREAM_S = 120.0
CHUNK_BYTES = 64 * 1024
NARROW_BYTES = 4 * 1024  # of the kernel: a slow line must push back on whoever sends


def _made_up(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Return an answer of somebody who is not HQ."""
    lines = (f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


_HTML = "Content-Type: text/html"
_HOTEL = _made_up("200 OK", b"<html>Welcome! Log in.</html>", _HTML)
_REDIRECT = _made_up("302 Found", b"", "Location: http://10.0.0.1/login", "Connection: close")
_BAD_GATEWAY = _made_up("502 Bad Gateway", b"<html>no upstream</html>", _HTML)


class Kind(StrEnum):
    """What happens to one request."""

    NOTHING = "nothing"
    REQUEST_LOST = "request lost"
    """HQ never hears of it."""
    REQUEST_CUT = "request cut"
    """HQ gets the first `at` bytes of it."""
    REQUEST_FLIPPED = "request flipped"
    """Bit `at` of its body is another."""
    REQUEST_LATE = "request late"
    """The laptop is cut off; HQ gets it after the next request was answered."""
    TWICE = "twice"
    """HQ gets it twice; the first answer goes back."""
    TWICE_SECOND = "twice, second answer"
    ANSWER_LOST = "answer lost"
    """HQ did the work, the laptop never hears: cut after the request was sent."""
    ANSWER_CUT = "answer cut"
    """The laptop gets the first `at` bytes."""
    ANSWER_RESET = "answer reset"
    """The same, and the connection is reset in place of an end."""
    ANSWER_FLIPPED = "answer flipped"
    """Bit `at` of it is another, head and body."""
    ANSWER_LATE = "answer late"
    """It comes when the next request has come."""
    SILENCE = "silence"
    """HQ did the work; the line stays open and nothing comes."""
    BAD_GATEWAY = "bad gateway"
    HOTEL = "log-in page"
    """A captive portal answers in HQ's place: 200, HTML."""
    REDIRECT = "redirect"
    """The same by a redirection."""
    BARE = "bare"
    """Every header but type and length is gone from request and answer, and with them the clock's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to one request, and where in it."""

    kind: Kind
    at: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer as it travels."""

    head: bytes
    body: bytes

    @property
    def raw(self) -> bytes:
        """Return all of it."""
        return self.head + self.body

    @property
    def path(self) -> str:
        """Return the path of a request."""
        return self.head.split(b" ", 2)[1].decode()

    def bare(self) -> Message:
        """Return it with no header but what says how to read it and who asks."""
        first, *headers = self.head.rstrip(b"\r\n").split(b"\r\n")
        needed = (b"content-type", b"content-length", b"authorization", b"host")
        kept = [header for header in headers if header.partition(b":")[0].lower() in needed]
        return Message(b"\r\n".join((first, *kept)) + b"\r\n\r\n", self.body)


class Proxy:
    """Listens on a port of its own and hands on to HQ, one thread for each connection."""

    def __init__(self, hq_url: str, *, seed: int = 0, line: Line = CLEAN) -> None:
        parts = urlsplit(hq_url)
        self._hq = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._seed = seed
        self._line = line
        self.target = TARGET
        """Beginning of the paths whose requests are spoilt."""
        self.faults: deque[Fault] = deque()
        """What happens to the next requests of a round, one each; then `always` does."""
        self.always = Kind.NOTHING
        """What happens to every request of a round: a partition, in one direction or both."""
        self.up, self.down = Direction(), Direction()
        self.requests = 0
        """Of rounds, as far as they arrived here."""
        self.connections = 0
        self.spoilt: list[Fault] = []
        """Faults that happened."""
        self._wake = threading.Condition()
        self._is_ending = threading.Event()
        self._held: list[bytes] = []
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        if line != CLEAN:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW_BYTES)

    @property
    def url(self) -> str:
        """Return the address to call in HQ's place."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def change(self, line: Line) -> None:
        """Let the line be another from the next segment on."""
        self._line = line

    def cut(self) -> None:
        """Cut every connection there is; new ones are taken."""
        with self._wake:
            still_open = list(self._open)
        for connection in still_open:
            _shut(connection)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._is_ending.set()
        _shut(self._listener)
        self._listener.close()
        self.cut()
        with self._wake:
            self._wake.notify_all()
        for thread in list(self._threads):
            thread.join()

    def _start(self, run: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=run, args=arguments, name="proxy", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._is_ending.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._wake:
                self._open.add(client)
                self.connections += 1
                number = self.connections
            self._start(self._serve, client, number)

    def _serve(self, client: socket.socket, number: int) -> None:
        up = Path(self.up, lambda: self._line, f"{self._seed}/{number}/up", self._sleep)
        down = Path(self.down, lambda: self._line, f"{self._seed}/{number}/down", self._sleep)
        try:
            self._sleep(self._line.rtt_s)  # to open it
            while not self._is_ending.is_set() and self._one_request(client, up, down):
                pass
        except LineReset:
            _reset(client)
        except OSError:
            pass  # the laptop or HQ went away: the other is told by the end of its connection
        finally:
            with self._wake:
                self._open.discard(client)
            client.close()

    def _sleep(self, seconds: float) -> None:
        if self._is_ending.wait(seconds):
            raise LineReset

    def _one_request(self, client: socket.socket, up: Path, down: Path) -> bool:
        """Take a request and answer it; False where the connection is to end."""
        request = _read(client, up)
        if request is None:
            return False
        fault = Fault(kind=Kind.NOTHING)
        if request.path.startswith(self.target):
            with self._wake:
                self.requests += 1
                fault = self.faults.popleft() if self.faults else Fault(kind=self.always)
                if fault.kind is not Kind.NOTHING:
                    self.spoilt.append(fault)
                held, self._held = self._held, []
                self._wake.notify_all()
        else:
            held = []
        goes_on = self._answer(client, down, request, fault)
        for late in held:
            self._ask(late)
        return goes_on

    def _answer(self, client: socket.socket, down: Path, request: Message, fault: Fault) -> bool:
        at = fault.at
        match fault.kind:
            case Kind.REQUEST_LOST:
                return False
            case Kind.REQUEST_LATE:
                with self._wake:
                    self._held.append(request.raw)
                return False
            case Kind.REQUEST_CUT:
                self._begin_to_ask(request.raw[:at])
                return False
            case Kind.REQUEST_FLIPPED:
                request = Message(request.head, _flipped(request.body, at))
            case Kind.BARE:
                request = request.bare()
            case Kind.BAD_GATEWAY:
                return self._send(client, down, _BAD_GATEWAY)
            case Kind.HOTEL:
                return self._send(client, down, _HOTEL)
            case Kind.REDIRECT:
                self._send(client, down, _REDIRECT)
                return False
        answer = self._ask(request.raw)
        if answer is None:
            return False
        raw = answer.raw
        match fault.kind:
            case Kind.TWICE:
                self._ask(request.raw)
            case Kind.TWICE_SECOND:
                again = self._ask(request.raw)
                raw = again.raw if again else b""
            case Kind.ANSWER_LOST:
                return False
            case Kind.ANSWER_CUT | Kind.ANSWER_RESET:
                self._send(client, down, raw[:at])
                if fault.kind is Kind.ANSWER_RESET:
                    _reset(client)
                return False
            case Kind.ANSWER_FLIPPED:
                raw = _flipped(raw, at)
            case Kind.ANSWER_LATE:
                self._wait_for_another()
            case Kind.SILENCE:
                client.recv(1)  # until the laptop gives up
                return False
            case Kind.BARE:
                raw = answer.bare().raw
        return self._send(client, down, raw)

    def _wait_for_another(self) -> None:
        with self._wake:
            seen = self.requests
            self._wake.wait_for(lambda: self.requests > seen or self._is_ending.is_set(), LATE_S)

    def _send(self, client: socket.socket, down: Path, raw: bytes) -> bool:
        down.begin()
        step = CHUNK_BYTES if self._line == CLEAN else SEGMENT_BYTES
        for start in range(0, len(raw), step):
            part = raw[start : start + step]
            down.carry(len(part))
            client.sendall(part)
        return True

    def _ask(self, raw: bytes) -> Message | None:
        """Hand something on to HQ and return its answer; None where it gives none."""
        with socket.create_connection(self._hq, timeout=UPSTREAM_S) as server:
            server.sendall(raw)
            try:
                return _read(server, None)
            except OSError:
                return None

    def _begin_to_ask(self, raw: bytes) -> None:
        """Let HQ have the beginning of a request."""
        with socket.create_connection(self._hq, timeout=UPSTREAM_S) as server:
            server.sendall(raw)


def _read(connection: socket.socket, path: Path | None) -> Message | None:
    """Read a message, as slowly as `path` carries it; None where the other end went away."""
    held = b""
    while b"\r\n\r\n" not in held:
        if not (part := _receive(connection, path, begins=not held)):
            return None
        held += part
    head, _, body = held.partition(b"\r\n\r\n")
    headers = head.lower()
    wanted = 0
    for header in headers.split(b"\r\n")[1:]:
        name, _, value = header.partition(b":")
        if name == b"content-length":
            wanted = int(value)
    parts, size = [body], len(body)
    while size < wanted:
        if not (part := _receive(connection, path)):
            return None
        parts.append(part)
        size += len(part)
    return Message(head + b"\r\n\r\n", b"".join(parts))


def _receive(connection: socket.socket, path: Path | None, *, begins: bool = False) -> bytes:
    if path is None:
        return connection.recv(CHUNK_BYTES)
    part = connection.recv(SEGMENT_BYTES)
    if part and begins:
        path.begin()
    if part:
        path.carry(len(part))
    return part


def _flipped(raw: bytes, bit: int) -> bytes:
    if not raw:
        return raw
    at, shift = divmod(bit % (8 * len(raw)), 8)
    return raw[:at] + bytes((raw[at] ^ (1 << shift),)) + raw[at + 1 :]


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it was closed already
        connection.shutdown(socket.SHUT_RDWR)


def _reset(connection: socket.socket) -> None:
    """Let a connection end with a reset, not with an orderly goodbye."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
