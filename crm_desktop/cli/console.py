"""In which language a command speaks, and what it asks for at the terminal."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from crm_core.i18n import N_, Translate, message
from crm_desktop.platform.paths import profile_at
from crm_desktop.settings import LANGUAGE as LANGUAGE_SETTING
from crm_desktop.settings import Settings
from crm_terminal.console import ask_secret
from resources import CHINESE, ENGLISH, translation


def _language(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the language: `CRM_LANGUAGE`, else the profile's own setting, else the terminal's locale."""
    named = environment.get("CRM_LANGUAGE", "")
    if not named:
        folders = (after for name, after in itertools.pairwise(arguments) if name == "--profile")
        joined = (each.partition("=")[2] for each in arguments if each.startswith("--profile="))
        folder = next(itertools.chain(folders, joined), None)
        named = Settings(profile_at(folder).settings_file).get(LANGUAGE_SETTING)
    locale = next(
        (environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), ""
    )
    return CHINESE if (named or locale).lower().startswith("zh") else ENGLISH


LANGUAGE: Final = _language(sys.argv, os.environ)
tr: Final[Translate] = translation(LANGUAGE)
"""Translation into the person's language, which stays the same as long as a command runs."""


def ask_passphrase(new: bool) -> str:
    """Return the passphrase as typed, a new one typed twice. Raises `UserError` without a terminal."""
    return ask_secret(
        tr(N_("New passphrase of this profile")) if new else tr(N_("Passphrase of this profile")),
        again=tr(N_("The same again")) if new else "",
        instead=message(N_("This computer has no key store: set CRM_PASSPHRASE, or use a terminal")),
    )


def read_file_passphrase(*, from_stdin: bool) -> str:
    """Return the passphrase of a file from the first line of standard input, or asked for at the terminal.

    Raises `UserError` where there is neither.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    instead = message(N_("Give the passphrase on standard input with --passphrase-stdin"))
    return ask_secret(tr(N_("Passphrase of the file")), instead=instead)


def read_password(*, from_stdin: bool) -> str:
    """Return the password from the first line of standard input, or asked for at the terminal.

    Raises `UserError` where there is neither: a password on the command line would be seen by others.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    instead = message(N_("Give the password on standard input with --password-stdin"))
    return ask_secret(tr(N_("Password")), instead=instead)
