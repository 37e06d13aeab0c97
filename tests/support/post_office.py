"""A real SMTP server on loopback that keeps what it is given, and refuses what it is told to."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class PostOffice:
    """What came in, and what is to be answered."""

    port: int = 0
    envelopes: list[Envelope] = field(default_factory=list)
    answer: str = "250 taken"
    refused: frozenset[str] = frozenset()
    drops: bool = False
    """Hang up instead of answering the letter, after having kept it."""

    @property
    def letters(self) -> list[EmailMessage]:
        """Return the letters taken, oldest first."""
        return [
            cast(EmailMessage, message_from_bytes(cast(bytes, each.content), policy=default))
            for each in self.envelopes
        ]

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address in self.refused:
            return "550 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 yes"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.drops:
            self.envelopes.append(envelope)
            server.transport.abort()
            return "250 nobody hears it"
        if self.answer.startswith("250"):
            self.envelopes.append(envelope)
        return self.answer


@contextmanager
def post_office(
    user: str = "", password: str = "", *, files: tuple[Path, Path] | None = None
) -> Iterator[PostOffice]:
    """Serve one for as long as the block runs; with a user, only who signs in hands letters over.

    With the files of a certificate and its key only over lines encrypted by STARTTLS.
    """

    def signs_in(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: Any) -> AuthResult:
        is_right = (given.login, given.password) == (user.encode(), password.encode())
        return AuthResult(success=is_right, handled=False)

    office = PostOffice()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        office.port = free.getsockname()[1]
    guard: dict[str, Any] = {}
    if user:
        guard = {"authenticator": signs_in, "auth_required": True, "auth_require_tls": False}
    if files is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*files)
        guard |= {"tls_context": context, "require_starttls": True}
    controller = Controller(
        office, hostname="127.0.0.1", port=office.port, data_size_limit=40_000_000, **guard
    )
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
