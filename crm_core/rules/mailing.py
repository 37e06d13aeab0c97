"""Mails HQ sends for somebody: whom they go to, and what is wrong with one before it is written down."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from crm_core.errors import Problem, UserError
from crm_core.i18n import N_, Message, message

MOST_RECIPIENTS: Final = 20
"""Of one mail, copies among them."""
MOST_SUBJECT: Final = 200
MOST_BODY: Final = 20_000
MOST_NAME: Final = 120
MOST_ADDRESS: Final = 254
ATTEMPTS_MOST: Final = 12
"""After so many, which is about a day, a mail is given up."""
_FIRST_PAUSE_MS: Final = 60_000
_LONGEST_PAUSE_MS: Final = 4 * 60 * 60_000
_SEPARATORS: Final = ",;，；、"
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+"
    r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])\Z"
)
_NAMED: Final = re.compile(r"\s*(?P<name>[^<>]*?)\s*<\s*(?P<address>[^<>\s]+)\s*>\s*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Whom a mail goes to. `name` is '' where none is said."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


def mailboxes(text: str | None) -> tuple[Mailbox, ...]:
    """Return the addresses typed as one line, each once. `UserError` for what is none."""
    found: dict[str, Mailbox] = {}
    for part in _parts(text or ""):
        named = _NAMED.match(part)
        address = (named["address"] if named else part).strip()
        if not is_address(address):
            raise UserError(N_("“{text}” is no e-mail address"), text=part.strip()[:80])
        name = named["name"].strip(' "“”') if named else ""
        found.setdefault(address.lower(), Mailbox(name=name[:MOST_NAME], address=address))
    return tuple(found.values())


def is_address(text: str) -> bool:
    """Tell whether a text is one address and nothing else."""
    return len(text) <= MOST_ADDRESS and bool(_ADDRESS.match(text)) and ".." not in text


def _parts(text: str) -> Iterator[str]:
    """Yield what stands between separators that are not in quotation marks."""
    part, is_quoted = "", False
    for character in text:
        is_quoted ^= character == '"'
        if character in _SEPARATORS and not is_quoted:
            if part.strip():
                yield part
            part = ""
        else:
            part += character
    if part.strip():
        yield part


def problems_of_mail(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a mail as it would be written down, each at its field."""
    problems = [
        Problem(field=name, message=message(N_("This is one line, without line breaks")))
        for name in ("recipients", "cc", "subject")
        if any(unicodedata.category(each) in ("Cc", "Zl", "Zp") for each in str(values.get(name) or ""))
    ]
    if problems:
        return problems
    count = 0
    for name in ("recipients", "cc"):
        try:
            count += len(mailboxes(values.get(name)))
        except UserError as error:
            problems.append(Problem(field=name, message=error.message))
    if count > MOST_RECIPIENTS:
        said = message(N_("A mail goes to at most {most} addresses"), most=MOST_RECIPIENTS)
        problems.append(Problem(field="recipients", message=said))
    for name, most in (("subject", MOST_SUBJECT), ("body", MOST_BODY)):
        if len(str(values.get(name) or "")) > most:
            problems.append(Problem(field=name, message=_too_long(most)))
    return problems


def _too_long(most: int) -> Message:
    return message(N_("At most {most} characters"), most=most)


def pause_ms(attempts: int) -> int:
    """Return how long to wait after so many attempts that failed: a minute, then ever longer, to 4 hours."""
    return min(_FIRST_PAUSE_MS << min(max(attempts - 1, 0), 16), _LONGEST_PAUSE_MS)


def message_id(record_id: str, domain: str) -> str:
    """Return the Message-ID of a record's mail: the same however often it is sent, so that doubles show."""
    return f"<{record_id}@{domain}>"
