"""`verify-certificate`: whether HQ sealed a certificate, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from crm_core.errors import UserError, reason_of
from crm_core.i18n import N_
from crm_core.money import Money
from crm_core.rules import signing
from crm_core.schema.values import instant_text
from sync_server.cli.console import tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import certificates

BYTES_MOST: Final = 50_000_000
_MOMENTS: Final = ("at_ms", "sealed_ms")


@click.command(
    "verify-certificate",
    help=tr(N_("Say what a certificate says, if this HQ sealed it and nothing was changed since.")),
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--document",
    type=click.Path(path_type=Path, dir_okay=False),
    help=tr(N_("The document; told is also whether the certificate is of that very file.")),
)
@pass_terminal
def verify_certificate(terminal: Terminal, file: Path, document: Path | None) -> None:
    """Verify a certificate."""
    with terminal.headquarters() as hq:
        said: dict[str, Any] = dict(certificates.read_certificate(_read(file), hq.settings))
    if document is not None and signing.file_hash(_read(document)) != said["document_sha256"]:
        raise UserError(N_("The certificate is true, but of another document"))
    for name in _MOMENTS:
        said[name.removesuffix("_ms")] = instant_text(int(said.pop(name) or 0))
    if said["total"] is not None and said["currency"]:
        said["total"] = str(Money(int(said["total"]), str(said["currency"])))
    del said["currency"]
    terminal.console.show(said)


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > BYTES_MOST:
            raise UserError(signing.NO_CERTIFICATE.text)
        return file.read_bytes()
    except OSError as error:
        raise UserError(
            N_("{file} cannot be opened: {reason}"), file=file, reason=reason_of(error)
        ) from error
