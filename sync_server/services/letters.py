"""Mails as people wrote them: read with suspicion, for anybody may have sent one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import EmailPolicy
from email.utils import getaddresses
from html.parser import HTMLParser
from itertools import islice
from typing import Final, cast

TEXT_MOST: Final = 20_000
"""Characters of a mail kept; what is beyond is a quotation or an attack."""
SUBJECT_MOST: Final = 200
NAME_MOST: Final = 120
ADDRESS_MOST: Final = 254
PEOPLE_MOST: Final = 50
"""Of those a mail went to."""
HEADER_MOST: Final = 2_000
"""Characters of a header read; the parser takes a time that grows with the square of them."""
_ADDRESS: Final = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>.\"]+(\.[^@\s,;<>.\"]+)+\Z")
_ANY_ADDRESS: Final = re.compile(r"[^@\s,;:<>\"\[\]()（）]{1,64}@[A-Za-z0-9.-]{1,190}[A-Za-z0-9]")
_QUOTED_FROM: Final = re.compile(r"[>*\s]{0,20}(?:From|发件人|寄件人)\s{0,4}\*?[:：]\*?(?P<who>.*)", re.I)
_ROBOTS: Final = re.compile(r"(no-?reply|do-?not-?reply|mailer-daemon|postmaster|bounces?)([+.-].*)?\Z")
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]{1,400}>")
_REFERENCES_MOST, _PARTS_MOST, _REPORT_MOST = 30, 20, 20_000
_BLANK_LINES: Final = re.compile(r"\n\s*\n\s*\n+")
_QUIET: Final = ("bulk", "junk", "list", "auto_reply")
_UNSHOWN: Final = frozenset(("script", "style", "head", "title"))
_BREAKS: Final = frozenset(("p", "br", "div", "tr", "li", "h1", "h2", "h3"))


class _ShortHeaders(EmailPolicy):
    """Reads the beginning of each header, of the mail and of its parts."""

    def header_source_parse(self, sourcelines: Sequence[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(list(sourcelines))
        return name[:HEADER_MOST], value[:HEADER_MOST]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody as a mail names him."""

    name: str
    """As it is written; '' where it is not."""
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail."""

    id: str
    """Its Message-ID; where it has none, what stands for it."""
    name: str
    """Of the sender, as he writes it; '' where he does not."""
    address: str
    """Where an answer goes."""
    author: str
    """The address it says it is from, which may be another."""
    recipients: tuple[Person, ...]
    """Whom it went to openly: To and Cc."""
    subject: str
    text: str
    references: tuple[str, ...]
    """Message-IDs of mails it answers, the nearest first."""
    is_report: bool
    """It tells that a mail could not be delivered."""
    automatic: bool
    """Sent by a machine: answering it, or making leads of it, would go round in circles."""


def read_letter(raw: bytes, stands_for_id: str) -> Letter | None:
    """Return a mail; None for one without a sender that can be answered, or that cannot be read at all."""
    try:
        mail = BytesParser(policy=_ShortHeaders()).parsebytes(raw)
        return _letter(cast(EmailMessage, mail), stands_for_id)
    except (
        *(MessageError, ValueError, LookupError, AttributeError, TypeError),
        *(AssertionError, RecursionError, MemoryError),
    ):
        # The parser of the standard library breaks on headers made to break it, in all these ways.
        return None


def _letter(mail: EmailMessage, stands_for_id: str) -> Letter | None:
    senders = getaddresses([str(mail.get("Reply-To") or ""), str(mail.get("From") or "")])
    name, address = next(((n, a) for n, a in senders if _ADDRESS.match(a)), ("", ""))
    if not address:
        return None
    if not name:
        name = next((n for n, a in senders if n), "")
    author = next(iter(_people(mail, "From")), None)
    return Letter(
        id=(_message_id(mail) or stands_for_id)[:500],
        name=_line(name, NAME_MOST),
        address=address.lower()[:ADDRESS_MOST],
        author=author.address if author else "",
        recipients=tuple(islice(_people(mail, "To", "Cc"), PEOPLE_MOST)),
        subject=_line(str(mail.get("Subject") or ""), SUBJECT_MOST),
        text=_text_of(mail),
        references=_references(mail),
        is_report=mail.get_content_type() == "multipart/report",
        automatic=_is_automatic(mail, address.lower()),
    )


def _message_id(mail: EmailMessage) -> str:
    """Return the Message-ID as it was written: the parser cuts one with a space in it short."""
    written = (str(value) for name, value in mail.raw_items() if name.lower() == "message-id")
    return next(written, "").strip()


def _references(mail: EmailMessage) -> tuple[str, ...]:
    """Return the Message-IDs it names; of a report those of the mail it is about, too."""
    said = [str(mail.get(name) or "") for name in ("In-Reply-To", "References")]
    nearest = _MESSAGE_ID.findall(said[0]) + _MESSAGE_ID.findall(said[1])[::-1]
    if mail.get_content_type() == "multipart/report":
        for part in islice(mail.walk(), _PARTS_MOST):
            if part.get_content_type() in ("message/rfc822", "text/rfc822-headers"):
                nearest += _MESSAGE_ID.findall(part.as_string()[:_REPORT_MOST])
    return tuple(dict.fromkeys(nearest[:_REFERENCES_MOST]))


def _people(mail: EmailMessage, *headers: str) -> Iterator[Person]:
    for name, address in getaddresses([str(mail.get(header) or "") for header in headers]):
        if _ADDRESS.match(address):
            yield Person(name=_line(name, NAME_MOST), address=address.lower()[:ADDRESS_MOST])


def forwarded_from(text: str) -> Person | None:
    """Return who wrote what somebody handed on, as mail programs quote it; None where none is quoted."""
    for line in text[:TEXT_MOST].splitlines():
        said = _QUOTED_FROM.match(line)
        address = _ANY_ADDRESS.search(said["who"][:HEADER_MOST]) if said else None
        if said and address and _ADDRESS.match(address[0]):
            name = said["who"][: address.start()].replace("mailto:", "").strip(" \t*\"'<[(（")
            return Person(name=_line(name, NAME_MOST), address=address[0].lower()[:ADDRESS_MOST])
    return None


def _is_automatic(mail: EmailMessage, address: str) -> bool:
    submitted = str(mail.get("Auto-Submitted") or "no").strip().lower()
    if submitted.partition(";")[0].strip() != "no":  # RFC 3834
        return True
    if str(mail.get("Precedence") or "").strip().lower() in _QUIET:
        return True
    if any(mail.get(name) for name in ("List-Id", "List-Unsubscribe", "X-Autoreply", "X-Autorespond")):
        return True
    if str(mail.get("Return-Path") or "").strip() == "<>":
        return True
    if mail.get_content_type() == "multipart/report":
        return True
    return bool(_ROBOTS.match(address.partition("@")[0]))


def _text_of(mail: EmailMessage) -> str:
    part = mail.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    content = part.get_content()
    text = content if isinstance(content, str) else ""
    if part.get_content_type() == "text/html":
        text = _plain(text[: 10 * TEXT_MOST])
    return _storable(_BLANK_LINES.sub("\n\n", text.replace("\r\n", "\n")).strip())[:TEXT_MOST]


class _Words(HTMLParser):
    """Gathers what a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSHOWN:
            self._hidden += 1
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSHOWN and self._hidden:
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def _plain(html: str) -> str:
    words = _Words()
    words.feed("".join(_without_declarations(html)))
    words.close()
    return "".join(words.parts)


def _without_declarations(html: str) -> Iterator[str]:
    """Yield what stands outside of comments and declarations, up to one that does not end.

    Many that do not end take the parser of the standard library a time that grows with their square, or
    break it.
    """
    at = 0
    while (begin := html.find("<!", at)) >= 0:
        yield html[at:begin]
        end = "-->" if html.startswith("<!--", begin) else ">"
        found = html.find(end, begin + 2)
        if found < 0:
            return
        at = found + len(end)
    yield html[at:]


def _line(text: str, most: int) -> str:
    return " ".join(_storable(text).split())[:most]


def _storable(text: str) -> str:
    """Leave out what no engine stores and no list shows: controls, and marks that turn text around."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
