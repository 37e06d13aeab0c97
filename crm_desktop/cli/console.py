"""What a command says: results on standard output, messages on standard error, in the person's language."""

from __future__ import annotations

import itertools
import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import click

import resources
from crm_core.errors import Invalid, UserError
from crm_core.i18n import N_, Message, Translate, message, untranslated
from crm_desktop.platform.paths import profile_at
from crm_desktop.settings import LANGUAGE as LANGUAGE_SETTING
from crm_desktop.settings import Settings

ENGLISH: Final = "en"
CHINESE: Final = "zh_CN"


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


def translation(language: str) -> Translate:
    """Return the translation into `en` or `zh_CN`; a text without one stays English."""
    if language == ENGLISH:
        return untranslated
    texts = resources.catalogue(language)
    return lambda text: texts.get(text, text)


LANGUAGE: Final = _language(sys.argv, os.environ)
tr: Final[Translate] = translation(LANGUAGE)
"""Translation into the person's language, which stays the same as long as a command runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """Where one command's results and messages go."""

    as_json: bool

    def tell(self, text: str | Message, /, **places: object) -> None:
        """Say a sentence on standard error."""
        sentence = text if isinstance(text, Message) else message(text, **places)
        click.echo(sentence.show(tr), err=True)

    def show(self, value: Mapping[str, Any]) -> None:
        """Print one result: a JSON object, or a name and value a line."""
        if self.as_json:
            _print_json(value)
            return
        width = max((_width(name) for name in value), default=0)
        for name, item in value.items():
            click.echo(f"{_padded(name, width)}  {_cell(item)}".rstrip())

    def show_rows(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
        """Print a list: a JSON object a line, or a table of the columns named."""
        if self.as_json:
            for row in rows:
                _print_json(row)
            return
        table = [list(columns), *([_cell(row.get(name)) for name in columns] for row in rows)]
        widths = [max(_width(line[place]) for line in table) for place in range(len(columns))]
        for line in table:
            click.echo("  ".join(map(_padded, line, widths)).rstrip())


def tell_error(error: UserError) -> None:
    """Say what went wrong on standard error, each field's problem on its own line."""
    if isinstance(error, Invalid):
        for problem in error.problems:
            text = problem.message.show(tr)
            click.echo(f"{problem.field}: {text}" if problem.field else text, err=True)
    else:
        click.echo(error.show(tr), err=True)


def ask_passphrase(new: bool) -> str:
    """Return the passphrase as typed, a new one typed twice. Raises `UserError` without a terminal."""
    return _ask(
        tr(N_("New passphrase of this profile")) if new else tr(N_("Passphrase of this profile")),
        twice=new,
        instead=message(N_("This computer has no key store: set CRM_PASSPHRASE, or use a terminal")),
    )


def read_password(*, from_stdin: bool) -> str:
    """Return the password from the first line of standard input, or asked for at the terminal.

    Raises `UserError` where there is neither: a password on the command line would be seen by others.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    instead = message(N_("Give the password on standard input with --password-stdin"))
    return _ask(tr(N_("Password")), twice=False, instead=instead)


def _ask(question: str, *, twice: bool, instead: Message) -> str:
    if not sys.stdin.isatty():
        raise UserError(instead)
    again: str | bool = tr(N_("The same again")) if twice else False
    answer: str = click.prompt(question, hide_input=True, confirmation_prompt=again, err=True)
    return answer


def _print_json(value: Mapping[str, Any]) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return ", ".join(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return " ".join(str(value).splitlines())


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
