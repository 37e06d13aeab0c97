"""The parts of a mail: its text, and the files that came with it, whatever its writer made of them.

A mail may be a trap: parts within parts, a million headers, a charset that takes hours. What is read is
bounded; that something was left out is said.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import EmailMessage, Message
from typing import Any, Final, cast

FILES_MOST: Final = 20
FILE_NAME_MOST: Final = 120
PARTS_MOST: Final = 400
"""Parts of one mail that are looked at; people send some ten."""
HEAD_BYTES: Final = 256 * 1024
"""What is read of a mail made to be expensive."""
_BOUNDARY: Final = b"\n--"
_LINES_MOST: Final = 50_000
_SHORT_LINE: Final = 24
"""Bytes: many lines that are shorter on average are headers by the million, not a file in base64 of 76."""
_TEXT_BYTES: Final = 1_000_000
_PICTURE_LEAST: Final = 6_000
"""Bytes: smaller pictures within the text are the logos of signatures."""
_WIDER: Final = {"gb2312": "gb18030", "gbk": "gb18030", "ascii": "utf-8", "us-ascii": "utf-8"}
"""What is declared, and what programs that declare it mean."""
_TRAPS: Final = frozenset(("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf_7"))
_ENDINGS: Final = {
    "text/calendar": "ics",
    "message/rfc822": "eml",
    "application/ms-tnef": "dat",
    "text/html": "html",
    "text/plain": "txt",
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
}
_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?\Z", re.I)
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,80}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFile:
    """A file that came with a mail, a form or a chat."""

    name: str
    media_type: str
    content: bytes


@dataclass(slots=True)
class Parts:
    """What a mail is made of. `html` is as it came, not to be shown."""

    text: str = ""
    html: str = ""
    found: list[LetterFile] = field(default_factory=list)
    is_cut: bool = False

    @property
    def files(self) -> tuple[LetterFile, ...]:
        """Return the files in the order of the mail."""
        return tuple(self.found)


def sound_part(raw: bytes) -> bytes:
    """Return a mail, or of one made to exhaust a parser its beginning."""
    head_end = next((at for mark in (b"\r\n\r\n", b"\n\n") if (at := raw.find(mark)) >= 0), len(raw))
    lines = raw.count(b"\n")
    if raw.count(_BOUNDARY) > 4 * PARTS_MOST:
        end = 0
        for _ in range(PARTS_MOST):
            end = raw.index(_BOUNDARY, end) + len(_BOUNDARY)
        return raw[: min(end - len(_BOUNDARY), HEAD_BYTES)]
    is_trap = head_end > HEAD_BYTES or (lines > _LINES_MOST and len(raw) < lines * _SHORT_LINE)
    return raw[:HEAD_BYTES] if is_trap else raw


def parts_of(mail: EmailMessage) -> Parts:
    """Return the parts of a mail. Raises what the parser of the standard library raises."""
    parts = Parts()
    for number, part in enumerate(_leaves(mail, parts)):
        try:
            _take(parts, part, number, is_whole=part is mail)
        except (MessageError, ValueError, LookupError, AttributeError, TypeError, AssertionError):
            parts.is_cut = True  # the part is damaged; the others are not
    return parts


def file_name(said: str, media_type: str, number: int) -> str:
    """Return a name every system takes for a file, as like the one given as can be."""
    plain = unicodedata.normalize("NFC", said).replace("\\", "/").rpartition("/")[2]
    plain = "".join(c for c in plain if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    plain = _FORBIDDEN.sub("_", plain).strip(" .")
    if not plain:
        ending = _ENDINGS.get(media_type, "bin")
        return f"{number + 1}.{ending}"
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    stem, dot, ending = plain.rpartition(".")
    if len(plain) > FILE_NAME_MOST and dot and len(ending) < FILE_NAME_MOST // 4:
        return f"{stem[: FILE_NAME_MOST - len(ending) - 1]}.{ending}"
    return plain[:FILE_NAME_MOST]


def media_type_of(said: str) -> str:
    """Return a type of a file as it may be kept; what is none is that of anything."""
    plain = said.strip().lower()
    return plain if _MEDIA_TYPE.match(plain) else "application/octet-stream"


def _leaves(mail: EmailMessage, parts: Parts) -> Iterator[EmailMessage]:
    """Yield the parts that hold something, not going into mails that are within the mail."""
    waiting: list[Message] = [mail]
    looked_at = 0
    while waiting:
        part = waiting.pop(0)
        looked_at += 1
        if looked_at > PARTS_MOST:
            parts.is_cut = True
            return
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            within: Any = part.get_payload()
            waiting = [*within, *waiting]
        else:
            yield cast(EmailMessage, part)


def _take(parts: Parts, part: EmailMessage, number: int, *, is_whole: bool) -> None:
    kind = part.get_content_type()
    disposition = str(part.get_content_disposition() or "")
    name = _name_of(part)
    if kind.startswith("text/") and not name and disposition != "attachment":
        if kind == "text/html" and not parts.html:
            parts.html = _text(part, parts)
            return
        if kind == "text/plain" or (is_whole and kind != "text/html"):
            parts.text = "\n\n".join(each for each in (parts.text, _text(part, parts)) if each)
            return
        if kind == "text/html":
            return  # another form of what was there
    content = _content(part)
    is_logo = kind.startswith("image/") and (disposition == "inline" or part.get("Content-ID") is not None)
    if not content or (is_logo and len(content) < _PICTURE_LEAST) or kind == "message/delivery-status":
        return
    if len(parts.found) >= FILES_MOST:
        parts.is_cut = True
        return
    kind = media_type_of(kind)
    parts.found.append(LetterFile(name=file_name(name, kind, number), media_type=kind, content=content))


def _name_of(part: EmailMessage) -> str:
    try:
        return str(part.get_filename() or "")
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, AssertionError):
        return ""


def _content(part: EmailMessage) -> bytes:
    if part.is_multipart():  # a mail within the mail
        within: Any = part.get_payload()
        return b"".join(each.as_bytes() for each in within)
    try:
        found = part.get_payload(decode=True)
    except (ValueError, LookupError):  # the charset it names decodes no text
        found = part.as_bytes().partition(b"\n\n")[2]
    return found if isinstance(found, bytes) else b""


def _text(part: EmailMessage, parts: Parts) -> str:
    content = _content(part)
    if len(content) > _TEXT_BYTES:
        parts.is_cut = True
        content = content[:_TEXT_BYTES]
    named = str(part.get_content_charset() or "utf-8").lower()
    declared = _WIDER.get(named, named.replace("-", "_"))
    for charset in (declared, "utf-8", "gb18030"):
        if charset in _TRAPS:
            continue
        try:
            return content.decode(charset).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            if error.end >= _TEXT_BYTES - 4 and charset != "gb18030":
                return content[: error.start].decode(charset, "replace")
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1")
