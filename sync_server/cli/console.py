"""In which language a command speaks, and how it asks for a password."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final

from crm_core.errors import UserError
from crm_core.i18n import N_, Translate, message
from crm_terminal.console import ask_secret
from resources import translation
from sync_server.services.languages import language_of_terminal

LANGUAGE: Final = language_of_terminal()
tr: Final[Translate] = translation(LANGUAGE)
"""Translation into the terminal's language, which stays the same as long as a command runs."""


def read_passphrase(*, from_stdin: bool) -> str:
    """Return the passphrase of a file from the first line of standard input, or asked for twice.

    Raises `UserError` where there is neither.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return ask_secret(
        tr(N_("Passphrase of the file")),
        again=tr(N_("The same again")),
        instead=message(N_("Give the passphrase on standard input with --passphrase-stdin")),
    )


def read_password(*, from_stdin: bool, name: str) -> str:
    """Return the password from the first line of standard input, or asked for twice at the terminal.

    Raises `UserError` where there is neither: a password on the command line would be seen by others.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return ask_secret(
        message(N_("Password of {name}"), name=name).show(tr),
        again=tr(N_("The same again")),
        instead=message(N_("Give the password on standard input with --password-stdin")),
    )


def assigned(assignments: Iterable[str]) -> dict[str, str]:
    """Return what is written as `field=value`, by field. `UserError` for what is not."""
    given: dict[str, str] = {}
    for text in assignments:
        field, found, value = text.partition("=")
        if not found:
            raise UserError(N_("“{text}” is not written as field=value"), text=text)
        given[field.strip()] = value
    return given
