"""The line to the company's SMTP server: a letter is handed over, and what came of it is said."""

from __future__ import annotations

import ipaddress
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

import structlog

from crm_core.errors import Unreachable, UserError
from crm_core.i18n import N_
from sync_server.settings import Settings

TIMEOUT_S: Final = 60.0
MOST_SAID: Final = 300
"""Characters kept of what a mail server says."""
_PORT, _PORT_TLS = 587, 465

log = structlog.get_logger("satchel.mail")


class Fate(Enum):
    """What became of handing a letter over."""

    TAKEN = "taken"
    REFUSED = "refused"
    """For good: sending it again would be refused again."""
    LATER = "later"
    """Not now; nothing was taken."""
    UNKNOWN = "unknown"
    """The line broke behind the whole letter: perhaps it was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What came of it. `said` is the server's own word; `refused` are addresses it did not take."""

    fate: Fate
    said: str = ""
    refused: tuple[str, ...] = ()


class Line:
    """An open line; letters go over it one after the other."""

    def __init__(self, client: smtplib.SMTP) -> None:
        self._client = client

    def hand_over(self, letter: EmailMessage, sender: str, recipients: Sequence[str]) -> Handed:
        """Hand a letter over. Whatever the server does is an answer; nothing is raised for it."""
        begun = False
        content = letter.as_bytes(policy=letter.policy.clone(linesep="\r\n"))
        try:
            self._client.ehlo_or_helo_if_needed()
            # A server that says how much it takes refuses what is more before it came (RFC 1870).
            size = [f"size={len(content)}"] if self._client.has_extn("size") else []
            code, said = self._client.mail(sender, size)
            if code != 250:
                self._client.rset()
                return _answered(code, said)
            refused, last = [], (250, b"")
            for address in recipients:
                code, said = self._client.rcpt(address)
                if code not in (250, 251):
                    refused.append(address)
                    last = (code, said)
            if len(refused) == len(recipients):
                self._client.rset()
                return _answered(*last)
            begun = True
            code, said = self._client.data(content)
            if code != 250:
                self._client.rset()
                return _answered(code, said)
            return Handed(fate=Fate.TAKEN, said=_text(said), refused=tuple(refused))
        except smtplib.SMTPDataError as error:
            return _answered(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            return Handed(fate=Fate.UNKNOWN if begun else Fate.LATER, said=type(error).__name__)


@contextmanager
def line_to(settings: Settings) -> Iterator[Line]:
    """Give a line to the mail server. `Unreachable` where it does not answer, `UserError` for settings."""
    host, port, with_tls = address_of(settings.smtp_server)
    context = ssl.create_default_context()
    try:
        if with_tls:
            client: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=context)
        else:
            client = smtplib.SMTP(host, port, timeout=TIMEOUT_S)
            client.ehlo()
            if client.has_extn("starttls"):
                client.starttls(context=context)
                client.ehlo()
                with_tls = True
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(N_("The mail server {host} does not answer"), host=host) from error
    try:
        if settings.smtp_user:
            if not with_tls and not _is_here(host):
                raise UserError(
                    N_("The mail server {host} offers no encrypted line, so no password is sent"), host=host
                )
            try:
                client.login(settings.smtp_user, settings.smtp_password)
            except (smtplib.SMTPException, OSError) as error:
                raise UserError(N_("The mail server refused smtp_user or smtp_password")) from error
        yield Line(client)
    finally:
        try:
            client.quit()
        except (OSError, smtplib.SMTPException):
            log.debug("the mail server hung up first")


def address_of(said: str) -> tuple[str, int, bool]:
    """Return host, port and whether the line is encrypted from the start. `UserError` for no such address."""
    try:
        found = urlsplit(said if "://" in said else f"smtps://{said}")
        port = found.port
    except ValueError:
        found, port = urlsplit(""), None
    if found.scheme not in ("smtp", "smtps") or not found.hostname:
        raise UserError(N_("smtp_server is an address such as smtps://mail.example.com"))
    with_tls = found.scheme == "smtps"
    return found.hostname, port or (_PORT_TLS if with_tls else _PORT), with_tls


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _answered(code: int, said: bytes | str) -> Handed:
    fate = Fate.REFUSED if 500 <= code < 600 else Fate.LATER
    return Handed(fate=fate, said=f"{code} {_text(said)}".strip())


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return "".join(each if each.isprintable() else " " for each in text)[:MOST_SAID].strip()
