"""Reading a folder of an IMAP server: each new mail once, marked as read when it was dealt with."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import structlog

from crm_core.errors import Unreachable, UserError
from crm_core.i18n import N_
from sync_server.settings import Settings

AT_ONCE: Final = 100  # mails of one run; the next run takes the rest
BYTES_MOST: Final = 256 * 1024
"""Of a mail of which the text is wanted: it stands before the files, which are left with the mail server."""
BATCH: Final = 50
BATCH_BYTES: Final = 8_000_000
"""What is asked for at once: as many mails, or as many bytes and one mail more."""
TIMEOUT_S: Final = 30.0
_PORT, _PORT_TLS = 143, 993
_UID: Final = re.compile(rb"\bUID (\d+)")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d+)")

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A mail as the server gave it; `content` is its beginning where `size` is more."""

    uid: str
    content: bytes
    size: int


def new_mails(box: Box) -> Iterator[tuple[str, bytes]]:
    """Yield the number and beginning of each mail not read yet; it is read when the next is asked for.

    Raises `Unreachable` and `UserError`, without the password.
    """
    for batch in mail_batches(box, whole_up_to=0, most=AT_ONCE, batch=1):
        for each in batch.mails:
            yield each.uid, each.content


@dataclass(frozen=True, slots=True)
class MailBatch:
    """Some mails; those whose numbers are put into `left` stay unread."""

    mails: Sequence[Fetched]
    left: set[str] = field(default_factory=set)


def mail_batches(
    box: Box,
    *,
    whole_up_to: int,
    most: int,
    batch: int = BATCH,
    due: Callable[[Sequence[str], bytes], list[str]] | None = None,
) -> Iterator[MailBatch]:
    """Yield mails not read yet, some at a time; those are marked as read when the next are asked for.

    A mail of more than `whole_up_to` bytes comes with its beginning alone. `due` says which of those not
    read are wanted, by their numbers and what these are valid for. Raises as `new_mails` does.
    """
    with _folder(box) as line:
        _kind, validity = line.response("UIDVALIDITY")
        _status, found = line.uid("SEARCH", "UNSEEN")
        unread = [uid.decode("ascii", "replace") for uid in (found[0] or b"").split()]
        waiting = (unread if due is None else due(unread, (validity or [b""])[0] or b""))[:most]
        while waiting:
            asked, waiting = waiting[:batch], waiting[batch:]
            for some in _portions(_sizes(line, asked), whole_up_to):
                fetched = MailBatch(_fetched(line, some, whole_up_to))
                yield fetched
                done = [each.uid for each in fetched.mails if each.uid not in fetched.left]
                if done:
                    line.uid("STORE", ",".join(done), "+FLAGS", r"(\Seen)")


def _sizes(line: imaplib.IMAP4, uids: Sequence[str]) -> dict[str, int]:
    """Return the size of each mail that is there, in their order."""
    _status, found = line.uid("FETCH", ",".join(uids), "(UID RFC822.SIZE)")
    sizes: dict[str, int] = {}
    for said in found or ():
        head = said[0] if isinstance(said, tuple) else said
        uid, size = (_UID.search(head), _SIZE.search(head)) if isinstance(head, bytes) else (None, None)
        if uid and size:
            sizes[uid[1].decode()] = int(size[1])
    return {uid: sizes[uid] for uid in uids if uid in sizes}


def _portions(sizes: Mapping[str, int], whole_up_to: int) -> Iterator[dict[str, int]]:
    """Yield what is asked for at once: mails that come whole, or one of which the beginning comes."""
    portion: dict[str, int] = {}
    for uid, size in sizes.items():
        if size > whole_up_to:
            yield {uid: size}
            continue
        portion[uid] = size
        if sum(portion.values()) > BATCH_BYTES:
            yield portion
            portion = {}
    if portion:
        yield portion


def _fetched(line: imaplib.IMAP4, sizes: Mapping[str, int], whole_up_to: int) -> list[Fetched]:
    """Return mails as they are; one the server gives nothing of is empty."""
    is_whole = all(size <= whole_up_to for size in sizes.values())
    asked = "(UID BODY.PEEK[])" if is_whole else f"(UID BODY.PEEK[]<0.{BYTES_MOST}>)"
    _status, found = line.uid("FETCH", ",".join(sizes), asked)
    contents: dict[str, bytes] = {}
    answers = list(found or ())
    for place, part in enumerate(answers):
        if not (isinstance(part, tuple) and len(part) == 2 and isinstance(part[1], bytes)):
            continue
        # The number stands before the content or, with some servers, behind it.
        behind = answers[place + 1] if place + 1 < len(answers) else b""
        uid = _UID.search(part[0]) or (_UID.search(behind) if isinstance(behind, bytes) else None)
        if uid:
            contents[uid[1].decode()] = part[1]
    return [Fetched(uid=uid, content=contents.get(uid, b""), size=size) for uid, size in sizes.items()]


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
