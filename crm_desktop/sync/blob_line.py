"""Contents of files over HTTP; the paths and headers are told in docs/sync.md, “Files”."""

from __future__ import annotations

from collections.abc import Mapping

from crm_core.errors import NotFound, Unreachable, UserError
from crm_core.i18n import N_, sentence_of
from crm_core.sync import codec
from crm_core.sync.blobs import PART_BYTES, Piece, Standing
from crm_core.sync.protocol import Fault
from crm_desktop.sync.blobs import TooLarge
from crm_desktop.sync.pace import Pace
from crm_desktop.sync.report import Cancelled, never
from crm_desktop.sync.transport import Carried, HttpHeadquarters

_OK = 200
_BYTES = "application/octet-stream"


class HttpBlobLine:
    """`blobs.BlobLine` over the laptop's line to HQ."""

    def __init__(self, hq: HttpHeadquarters, is_unwanted: Cancelled = never) -> None:
        self._hq = hq
        self._is_unwanted = is_unwanted
        self._pace = Pace()

    def read_blob(self, sha256: str, offset: int) -> Piece:
        """Return a content from a byte to the end of its part."""
        answer = self._carry("GET", f"/v1/blob/{sha256}?off={offset}")
        if not answer.headers.get("Content-Type", "").startswith(_BYTES) or len(answer.body) > PART_BYTES:
            raise self._something_else()
        return Piece(
            content=answer.body,
            part_sha256=answer.headers.get("X-Part", ""),
            size=self._number(answer, "X-Size"),
        )

    def blob_standing(self, sha256: str) -> Standing:
        """Return how far a content was sent."""
        answer = self._carry("HEAD", f"/v1/blob/{sha256}")
        try:
            challenge = bytes.fromhex(answer.headers.get("X-Challenge", ""))
        except ValueError as error:
            raise self._something_else() from error
        return Standing(held=self._number(answer, "X-Held"), challenge=challenge)

    def prove_blob(self, sha256: str, proof: str) -> int:
        """Prove to have a content; return how many bytes HQ holds."""
        return self._held(self._carry("PUT", f"/v1/blob/{sha256}?proof={proof}"))

    def add_to_blob(self, sha256: str, offset: int, size: int, piece: bytes, part_sha256: str) -> int:
        """Send bytes of a part; return how many bytes HQ holds, wherever that is."""
        path = f"/v1/blob/{sha256}?off={offset}&size={size}"
        answer = self._patiently("PUT", path, piece, {"Content-Type": _BYTES, "X-Part": part_sha256})
        if answer.status != _OK:
            fault = self._fault(answer)
            if fault.code == "offset":
                return int(fault.places.get("held", "0"))
            self._refuse(answer)
        return self._held(answer)

    def _carry(self, method: str, path: str) -> Carried:
        answer = self._patiently(method, path, b"", {})
        if answer.status != _OK:
            self._refuse(answer)
        return answer

    def _patiently(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Carried:
        """Carry a request; each that breaks off lets the next be silent for longer, as in a round."""
        silence_s = self._pace.silence_s(len(body), PART_BYTES)
        self._hq.counter.is_unwanted = self._is_unwanted
        try:
            answer = self._hq.carry(method, path, body, headers, silence_s=silence_s)
        except Unreachable:
            self._pace = self._pace.after_loss()
            raise
        self._pace = Pace()
        return answer

    def _refuse(self, answer: Carried) -> None:
        """Raise what an answer that is not 200 means."""
        if answer.status == 404:
            raise NotFound(N_("There is no such file at HQ, or you may not see it"))
        fault = self._fault(answer)
        text = sentence_of(fault.text, fault.places)
        raise TooLarge(text) if fault.code == "too_large" else UserError(text)

    def _fault(self, answer: Carried) -> Fault:
        try:
            return codec.decode_json(answer.body, Fault)
        except codec.Malformed as error:
            raise self._something_else() from error

    def _held(self, answer: Carried) -> int:
        try:
            return codec.decode_json(answer.body, dict[str, int])["held"]
        except (codec.Malformed, KeyError) as error:
            raise self._something_else() from error

    def _number(self, answer: Carried, header: str) -> int:
        told = answer.headers.get(header, "")
        if not told.isdecimal():
            raise self._something_else()
        return int(told)

    def _something_else(self) -> Unreachable:
        return Unreachable(N_("Something else than HQ answers at {address}"), address=self._hq.address)
