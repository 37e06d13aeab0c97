"""Reading a folder of an IMAP server: each new mail once, marked as read when it was dealt with."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import structlog

from crm_core.errors import Unreachable, UserError
from crm_core.i18n import N_
from sync_server.settings import Settings

AT_ONCE: Final = 100  # mails of one run; the next run takes the rest
BYTES_MOST: Final = 256 * 1024
"""Of a mail: its text stands before its attachments, which are left with the mail server."""
TIMEOUT_S: Final = 30.0
_PORT, _PORT_TLS = 143, 993

log = structlog.get_logger("satchel.mail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A folder of a mail server. `called` begins the names of its settings."""

    server: str
    user: str
    password: str
    folder: str
    called: str


def own_address(settings: Settings) -> str:
    """Return the address customers write to for service; '' where none is set."""
    return (settings.service_address or settings.service_user).strip().lower()


def new_mails(box: Box) -> Iterator[tuple[str, bytes]]:
    """Yield the number and bytes of each mail not read yet; it is marked as read when the next is asked for.

    Raises `Unreachable` and `UserError`, without the password.
    """
    with _folder(box) as line:
        _status, found = line.uid("SEARCH", "UNSEEN")
        for uid in (found[0] or b"").split()[:AT_ONCE]:
            yield uid.decode("ascii", "replace"), _mail(line, uid)
            line.uid("STORE", uid.decode(), "+FLAGS", r"(\Seen)")


def _address(said: str, setting: str) -> tuple[str, int, bool]:
    """Return host, port and whether the line is encrypted. `UserError` for what is no such address."""
    try:
        found = urlsplit(said if "://" in said else f"imaps://{said}")
        port = found.port
    except ValueError:
        found, port = urlsplit(""), None
    if found.scheme not in ("imap", "imaps") or not found.hostname:
        raise UserError(N_("{setting} is an address such as imaps://mail.example.com"), setting=setting)
    with_tls = found.scheme == "imaps"
    return found.hostname, port or (_PORT_TLS if with_tls else _PORT), with_tls


@contextmanager
def _folder(box: Box) -> Iterator[imaplib.IMAP4]:
    """Give the folder, signed in. Whatever goes wrong is said without the password."""
    if not box.server:
        raise UserError(
            N_("No mail server is set; see {setting} in crm-server.toml"), setting=f"{box.called}_server"
        )
    host, number, with_tls = _address(box.server, f"{box.called}_server")
    try:
        if with_tls:
            context = ssl.create_default_context()
            line: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, number, ssl_context=context, timeout=TIMEOUT_S)
        else:
            line = imaplib.IMAP4(host, number, timeout=TIMEOUT_S)
    except (OSError, imaplib.IMAP4.error) as error:
        raise Unreachable(N_("The mail server {host} does not answer"), host=host) from error
    try:
        try:
            line.login(box.user, box.password)
        except imaplib.IMAP4.error as error:
            raise UserError(
                N_("The mail server refused {name}_user or {name}_password"), name=box.called
            ) from error
        status, _ = line.select(f'"{box.folder}"')
        if status != "OK":
            raise UserError(N_("The mail server has no folder “{folder}”"), folder=box.folder)
        yield line
    except (TimeoutError, imaplib.IMAP4.abort, OSError) as error:
        raise Unreachable(N_("The line to the mail server {host} broke"), host=host) from error
    finally:
        try:
            line.logout()
        except (OSError, imaplib.IMAP4.error):
            log.debug("the mail server hung up first")


def _mail(box: imaplib.IMAP4, uid: bytes) -> bytes:
    _status, found = box.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{BYTES_MOST}>)")
    for part in found or ():
        if isinstance(part, tuple) and len(part) == 2 and isinstance(part[1], bytes):
            return part[1]
    return b""
