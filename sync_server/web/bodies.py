"""Bodies of pages people send: small, and read as fields."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from crm_core.i18n import N_
from crm_core.schema.said import as_typed
from sync_server.services.faults import Refusal, too_large
from sync_server.services.letter_parts import LetterFile, file_name, media_type_of

BODY_BYTES_MAX: Final = 64 * 1024
FIELDS_MOST: Final = 100


async def small_body(request: Request) -> bytes:
    """Return the body; `Refusal` for one no person types."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise too_large(BODY_BYTES_MAX)
    return bytes(body)


Body = Annotated[bytes, Depends(small_body)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came with the page of a form."""

    answers: dict[str, str]
    files: tuple[LetterFile, ...] = ()


def is_of_parts(request: Request) -> bool:
    """Tell whether a page was sent in the form that carries files."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "multipart/form-data"


async def sent_parts(headers: Headers, body: AsyncGenerator[bytes, None], files_most: int) -> Sent:
    """Return the fields and files of a page that was sent; of several fields of one name the first.

    `Refusal` for what cannot be read, and for more fields or files than asked for.
    """
    # One file more than asked for is let in, so that the page can say how many there may be.
    parser = MultiPartParser(
        headers, body, max_files=files_most + 1, max_fields=FIELDS_MOST, max_part_size=BODY_BYTES_MAX
    )
    try:
        form = await parser.parse()
    except (MultiPartException, UnicodeDecodeError, KeyError, ValueError):
        raise Refusal("bad_request", N_("The request could not be read")) from None
    answers: dict[str, str] = {}
    files: list[LetterFile] = []
    try:
        for name, value in form.multi_items():
            if isinstance(value, str):
                answers.setdefault(name, as_typed(value))
            elif value.size:
                files.append(await _file(value, len(files)))
    finally:
        await form.close()
    return Sent(answers=answers, files=tuple(files))


async def _file(sent: UploadFile, number: int) -> LetterFile:
    media_type = media_type_of(sent.content_type or "")
    name = file_name(sent.filename or "", media_type, number)
    return LetterFile(name=name, media_type=media_type, content=await sent.read())


def answers_of(body: bytes) -> dict[str, str]:
    """Return the fields of a page that was sent; of several of one name the first."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MOST, errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise Refusal("bad_request", N_("The request could not be read")) from None
    answers: dict[str, str] = {}
    for name, value in pairs:
        answers.setdefault(name, as_typed(value))
    return answers
