"""Accepting a document: the link a customer gets, what a signature may hold, and the certificate HQ seals.

Nothing here draws chance, reads a clock or holds a key: all three are handed in.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from crm_core.errors import Problem, UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules.answers import ANSWERS, version_of
from crm_core.rules.quote_state import EXPIRED

TOKEN_BYTES: Final = 32
PATH: Final = "/a/"
"""Where HQ's page of a link is, before its token."""
WIDTH, HEIGHT = 1000, 400
"""The sheet a signature is drawn on, in its own units; y grows downwards."""
MOST_STROKES: Final = 200
MOST_POINTS: Final = 4_000
MOST_NAME: Final = 120
MOST_REASON: Final = 2_000
_LEAST_POINTS: Final = 4
_LEAST_EXTENT: Final = 40
_SHA256: Final = re.compile(r"[0-9a-f]{64}\Z")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")
_PURPOSE: Final = b"satchel certificate 1\n"
_MARK: Final = b"\n%satchel-certificate "

Strokes = tuple[tuple[tuple[int, int], ...], ...]
"""Lines of points (x, y) on the sheet."""

NOT_OPEN: Final = message(N_("This document is not open to be signed: it was not sent, or decided already"))
NO_CERTIFICATE: Final = message(N_("This file is no certificate of Satchel, or it was changed"))


class Standing(Enum):
    """What may be done with a link."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    """A newer version is being made or was sent."""
    SETTLED = "settled"
    """The document was accepted or declined by another way."""


# Links


def token_of(drawn: bytes) -> str:
    """Return the token that stands in a link, of `TOKEN_BYTES` bytes of chance."""
    if len(drawn) != TOKEN_BYTES:
        raise ValueError("a token is made of 32 bytes")
    return base64.urlsafe_b64encode(drawn).decode().rstrip("=")


def token_hash(token: str) -> str:
    """Return what is kept of a token; '' for what can be none, which no link has."""
    return hashlib.sha256(token.encode()).hexdigest() if _TOKEN.match(token) else ""


def link_of(public_url: str, token: str) -> str:
    """Return the address of a link's page; '' where HQ has no public address."""
    return f"{public_url.rstrip('/')}{PATH}{token}" if public_url else ""


def standing(link: Mapping[str, Any], record: Mapping[str, Any] | None, at_ms: int) -> Standing:
    """Return what may be done with a link at a moment; `record` is what it is of, None where that is gone."""
    status = str(link.get("status") or "open")
    if status != "open":
        return Standing(status)
    if record is None:
        return Standing.WITHDRAWN
    of = ANSWERS[str(link["record_entity"])]
    if version_of(record) != link.get("version"):
        return Standing.SUPERSEDED
    if of.is_settled(record):
        return Standing.SETTLED
    if at_ms >= (link.get("expires_at") or 0) or record.get("status") == EXPIRED:
        return Standing.EXPIRED
    return Standing.OPEN if of.is_open(record) else Standing.SUPERSEDED


def problems_of_link(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a link's record as it would be made."""
    return [
        Problem(field=name, message=message(N_("This is not the hash of a file")))
        for name in ("token_hash", "sha256")
        if not _SHA256.match(str(values.get(name) or ""))
    ]


# Signatures


def read_strokes(given: Any) -> Strokes:
    """Return what was drawn, given as flat lists of whole numbers x, y, x, y. `UserError` for all else."""
    if not isinstance(given, list) or len(given) > MOST_STROKES:
        raise UserError(_UNREADABLE.text)
    strokes: list[tuple[tuple[int, int], ...]] = []
    count = 0
    for stroke in given:
        if not isinstance(stroke, list) or len(stroke) % 2 or not all(type(each) is int for each in stroke):
            raise UserError(_UNREADABLE.text)
        count += len(stroke) // 2
        if count > MOST_POINTS:
            raise UserError(N_("This signature has too many points; draw it anew"))
        points = tuple(zip(stroke[::2], stroke[1::2], strict=True))
        if not all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points):
            raise UserError(_UNREADABLE.text)
        if points:
            strokes.append(points)
    if count < _LEAST_POINTS or not _is_large(strokes):
        raise UserError(N_("Draw your signature, or type your name instead"))
    return tuple(strokes)


def plain_strokes(strokes: Strokes) -> list[list[int]]:
    """Return what was drawn as `read_strokes` takes it."""
    return [[number for point in stroke for number in point] for stroke in strokes]


def _is_large(strokes: list[tuple[tuple[int, int], ...]]) -> bool:
    """Tell whether it is more than a dot: a finger that slipped is no signature."""
    xs = [x for stroke in strokes for x, _ in stroke]
    ys = [y for stroke in strokes for _, y in stroke]
    return max(xs) - min(xs) + max(ys) - min(ys) >= _LEAST_EXTENT


_UNREADABLE: Final = message(N_("The drawn signature cannot be read; draw it anew"))


def problems_of_signature(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a signature as it would be made, each at its field."""
    problems: list[Problem] = []

    def wrong(field: str, said: Message) -> None:
        problems.append(Problem(field=field, message=said))

    if not _SHA256.match(str(values.get("sha256") or "")):
        wrong("sha256", message(N_("This is not the hash of a file")))
    name = str(values.get("name") or "")
    if not name.strip():
        wrong("name", message(N_("This is required")))
    if len(name) > MOST_NAME:
        wrong("name", message(N_("At most {most} characters"), most=MOST_NAME))
    reason = str(values.get("reason") or "")
    if len(reason) > MOST_REASON:
        wrong("reason", message(N_("At most {most} characters"), most=MOST_REASON))
    if values.get("verdict") == "declined":
        if not reason.strip():
            wrong("reason", message(N_("Please say why, so that we can do better")))
    elif values.get("way") == "drawn":
        try:
            read_strokes(values.get("strokes"))
        except UserError as error:
            wrong("strokes", error.message)
    elif values.get("strokes"):
        wrong("strokes", _UNREADABLE)
    return problems


# Certificates


def digest_of(said: Mapping[str, Any]) -> bytes:
    """Return the hash under which HQ's signature stands: of what is said, written in one way only."""
    text = json.dumps(dict(said), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(_PURPOSE + text.encode(), digest_size=32).digest()


def file_hash(content: bytes) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def strokes_digest(strokes: Any) -> str | None:
    """Return the SHA-256 of what was drawn, hexadecimal; None where nothing was."""
    if not strokes:
        return None
    return hashlib.sha256(json.dumps(strokes, separators=(",", ":")).encode()).hexdigest()


def sealed(page: bytes, said: Mapping[str, Any], sign: Callable[[bytes], bytes]) -> bytes:
    """Return a PDF with HQ's seal behind it: what is said, the hash of the page itself, and a signature."""
    whole = {**said, "page_sha256": file_hash(page)}
    seal = json.dumps({"said": whole, "signature": sign(digest_of(whole)).hex()}, ensure_ascii=False)
    return page + _MARK + base64.b64encode(seal.encode()) + b"\n"


def read_certificate(content: bytes, is_signed: Callable[[bytes, bytes], bool]) -> Mapping[str, Any]:
    """Return what a certificate says. `UserError` unless HQ sealed these very bytes.

    `is_signed` tells whether a signature (second) is HQ's under a hash (first).
    """
    page, found, seal = content.rpartition(_MARK)
    try:
        opened = json.loads(base64.b64decode(seal.removesuffix(b"\n"), validate=True))
        said, signature = opened["said"], bytes.fromhex(opened["signature"])
        is_whole = said["page_sha256"] == file_hash(page)
        is_true = bool(found) and is_whole and is_signed(digest_of(said), signature)
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise UserError(NO_CERTIFICATE.text) from error
    # The seal is written in one way only, so that no byte of the file can change unseen.
    if not is_true or sealed(page, _without_page(said), lambda _digest: signature) != content:
        raise UserError(NO_CERTIFICATE.text)
    return dict(said)


def _without_page(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != "page_sha256"}
