"""HQ over HTTP: the only place of the laptop that opens a connection."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NameResolutionError, ProtocolError, ReadTimeoutError
from urllib3.util import SKIP_HEADER

from crm_core.errors import CrmError, Later, LineBroke, Unreachable, UserError
from crm_core.i18n import N_, Message, message, sentence_of
from crm_core.sync import codec
from crm_core.sync.protocol import (
    OPENED_HEADER,
    EnrolRequest,
    EnrolResponse,
    Fault,
    SyncRequest,
    SyncResponse,
)
from crm_desktop.sync.address import checked_address, is_loopback
from crm_desktop.sync.blobs import CutOff
from crm_desktop.sync.refused import Refused
from crm_desktop.sync.report import Cancelled
from crm_desktop.sync.wire import CONNECT_TIMEOUT_S, SLICE_S, CountingAdapter, LineWatch

READ_TIMEOUT_S = 60.0  # of requests whose size says nothing
NEWS_TIMEOUT_S = 70.0  # HQ answers after 50, news or not

_PIECE_BYTES = 4 * 1024  # of an answer read at a time: what of it is here when a line breaks is kept
LONGEST_WAIT_S = 60 * 60  # whatever an answer asks for

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What HQ answered to a request of plain bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Gap(CrmError):
    """HQ misses operations before the first one sent; everything unanswered must go again."""


class HttpHeadquarters:
    """`protocol.Headquarters` over HTTP, with the bytes it took. One request at a time."""

    def __init__(
        self,
        address: str,
        secret: str | None = None,
        *,
        ca_file: str | None = None,
        opened: bytes | None = None,
    ) -> None:
        self.address = checked_address(address)
        self.counter = LineWatch()
        self.round_trips = 0
        self.dictionary = 0
        """Which dictionary HQ has for small messages; 0 where it told of none."""
        self._silence_s: Callable[[int, int], float] = _usual_silence_s
        self._session = requests.Session()
        self._adapter = CountingAdapter(self.counter, ca_file)
        # Nothing a server would not need: an idle round is meant to stay under half a kilobyte.
        self._session.headers.clear()
        self._session.headers.update({"User-Agent": SKIP_HEADER, "Accept-Encoding": SKIP_HEADER})
        self._session.trust_env = not is_loopback(urlsplit(self.address).hostname or "")
        self._session.mount("https://", self._adapter)
        self._session.mount("http://", self._adapter)
        self._headers: dict[str, str] = {}
        """Who asks, but for rounds, which say it themselves."""
        if secret:
            self._headers["Authorization"] = f"Bearer {secret}"
        if opened:
            self._headers[OPENED_HEADER] = opened.hex()

    def have_patience(self, silence_s: Callable[[int, int], float], is_unwanted: Cancelled) -> None:
        """Say how long a round of so many bytes up, asking for so many, may be silent; and when nobody waits.

        Asked from the thread of the request, several times a second.
        """
        self._silence_s = silence_s
        self.counter.is_unwanted = is_unwanted

    def hello(self) -> dict[str, Any]:
        """Return who answers at the address: `company`, `version`."""
        return self._call("GET", "/v1/hello", None, _parse_hello)

    def enrol(self, request: EnrolRequest) -> EnrolResponse:
        """Make this laptop known to HQ."""
        raw = codec.encode(request)
        return self._call("POST", "/v1/enrol", raw, lambda answer: codec.decode(answer, EnrolResponse))

    def sync(self, request: SyncRequest) -> SyncResponse:
        """Push and pull once."""
        raw = codec.encode(request, self.dictionary)
        silence_s = self._silence_s(len(raw), request.want_bytes)
        try:
            return self._call(
                "POST",
                "/v1/sync",
                raw,
                lambda answer: codec.decode(answer, SyncResponse),
                silence_s=silence_s,
            )
        except LineBroke:
            self.dictionary = 0  # an HQ that went back to an older program calls the message damaged
            raise

    def wait_for_news(self, token: bytes) -> bool:
        """Tell whether HQ holds something for this laptop after `token`: when it does, or after a while."""
        path = f"/v1/news?token={base64.urlsafe_b64encode(token).decode()}"
        return self._call("GET", path, None, _parse_news, silence_s=NEWS_TIMEOUT_S)

    @property
    def resumed(self) -> int:
        """How many connections went on in the encrypted session of one before."""
        return self._adapter.resumed

    def break_off(self) -> None:
        """End the request under way and every later one with `Unreachable`; from any thread."""
        self._adapter.break_off()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None,
        read: Callable[[bytes], _T],
        *,
        silence_s: float = READ_TIMEOUT_S,
    ) -> _T:
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = codec.COMPACT
            headers.pop(OPENED_HEADER, None)
        self.round_trips += 1
        self.counter.silence_s = silence_s
        with self._failures_told():
            answer = self._request(method, path, body, headers)
            raw = answer.content
        if answer.status_code != requests.codes.ok:
            self._raise_fault(answer.status_code, raw, answer.headers.get("Retry-After", ""))
        expected = "application/json" if body is None else codec.COMPACT
        if not answer.headers.get("Content-Type", "").startswith(expected):
            # A hotel's log-in page answers 200 to everything.
            raise Unreachable(N_("Something else than HQ answers at {address}"), address=self.address)
        try:
            return read(raw)
        except codec.Malformed as error:
            raise LineBroke(N_("HQ's answer was cut off or damaged on the way")) from error

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        stream: bool = False,
    ) -> requests.Response:
        """Return the answer; asked twice where a connection kept open was closed at the other end by then.

        To repeat a request is safe, whatever it is: HQ knows operations and nonces again.
        """
        made, heard = self._adapter.made, self.counter.down
        while True:
            try:
                return self._session.request(
                    method,
                    self.address + path,
                    data=body,
                    headers=headers,
                    timeout=(CONNECT_TIMEOUT_S, SLICE_S),
                    allow_redirects=False,
                    stream=stream,
                )
            except requests.exceptions.ConnectionError as error:
                was_kept_open = self._adapter.made == made > 0
                is_closed = isinstance(_cause_of(error), ProtocolError) and self.counter.down == heard
                if not (was_kept_open and is_closed) or self.counter.is_unwanted():
                    raise
                made = -1

    def carry(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], *, silence_s: float
    ) -> Carried:
        """Carry a request of plain bytes, whatever is answered. `CutOff` with what came before a line broke.

        `silence_s` is how long nothing may move.
        `Refused` where HQ does not serve this laptop.
        """
        headers = {**headers, **self._headers}
        self.round_trips += 1
        received = bytearray()
        with self._failures_told():
            self.counter.silence_s = silence_s
            answer = self._request(method, path, body, headers, stream=True)
        try:
            with self._failures_told():
                for piece in answer.iter_content(_PIECE_BYTES):
                    received += piece
        except Unreachable as error:
            answer.close()
            if answer.status_code == requests.codes.ok:
                size = answer.headers.get("X-Size", "")
                raise CutOff(error, bytes(received), int(size) if size.isdecimal() else 0) from error
            raise
        if answer.status_code in (401, 403, 426, 429) or answer.status_code >= 500:
            self._raise_fault(answer.status_code, bytes(received), answer.headers.get("Retry-After", ""))
        return Carried(status=answer.status_code, headers=answer.headers, body=bytes(received))

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        """Say in words where the way to HQ ended."""
        try:
            yield
        except requests.exceptions.SSLError as error:
            raise Unreachable(
                N_("The server at {address} could not prove who it is, so nothing was sent"),
                address=self.address,
            ) from error
        except requests.exceptions.RequestException as error:
            kind = LineBroke if _was_reached(error) else Unreachable
            raise kind(self._why(error)) from error

    def _why(self, error: requests.exceptions.RequestException) -> Message:
        """Return in words where the way to HQ ended."""
        if isinstance(error, requests.exceptions.ProxyError):
            proxy = proxy_of(self.address)
            return message(N_("The proxy {proxy} did not lead to HQ"), proxy=proxy)
        if isinstance(error, requests.exceptions.Timeout):
            return message(N_("HQ at {address} did not answer in time"), address=self.address)
        if isinstance(_cause_of(error), NameResolutionError):
            host = urlsplit(self.address).hostname or self.address
            return message(N_("{host} was not found: no network, or another address"), host=host)
        return message(N_("HQ at {address} cannot be reached"), address=self.address)

    def _raise_fault(self, status: int, raw: bytes, retry_after: str) -> None:
        try:
            fault = codec.decode_json(raw, Fault)
        except codec.Malformed:
            raise Unreachable(
                N_("{address} answered with an error ({status})"), address=self.address, status=status
            ) from None
        text = sentence_of(fault.text, fault.places)
        if fault.code == "gap":
            raise Gap(text)
        if fault.code == "damaged":
            raise LineBroke(text)
        if (status >= 500 or status == 429) and retry_after.isdecimal() and int(retry_after):
            raise Later(text, min(int(retry_after), LONGEST_WAIT_S))
        if status >= 500 or status == 429:
            raise Unreachable(text)
        if status in (401, 403, 426):
            raise Refused(fault.code, text)
        raise UserError(text)


def proxy_of(address: str) -> str:
    """Return the proxy the system names for an address, without name and password; '' for none."""
    if is_loopback(urlsplit(address).hostname or ""):
        return ""
    proxy = requests.utils.get_environ_proxies(address).get(urlsplit(address).scheme, "")
    parts = urlsplit(proxy if "://" in proxy or not proxy else f"http://{proxy}")
    return f"{parts.hostname}:{parts.port}" if parts.hostname and parts.port else parts.hostname or ""


def _usual_silence_s(_up: int, _page: int) -> float:
    return READ_TIMEOUT_S


def _was_reached(error: requests.exceptions.RequestException) -> bool:
    """Tell whether an error came after the other end had taken the connection."""
    if isinstance(error, (requests.exceptions.ReadTimeout, requests.exceptions.ChunkedEncodingError)):
        return True
    return isinstance(_cause_of(error), (ProtocolError, ReadTimeoutError))


def _cause_of(error: BaseException) -> object:
    """Return what lies under an error of requests, as urllib3 raised it."""
    inner = error.args[0] if error.args else None
    return getattr(inner, "reason", inner)


def _parse_hello(raw: bytes) -> dict[str, Any]:
    return codec.decode_json(raw, dict[str, Any])


def _parse_news(raw: bytes) -> bool:
    return codec.decode_json(raw, dict[str, bool]).get("news", False)
