"""What a command says: results on standard output, messages on standard error."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import click

from crm_core.errors import Invalid, UserError
from crm_core.i18n import N_, Message, Translate, message
from sync_server.services.languages import language_of_terminal, translate_into

LANGUAGE: Final = language_of_terminal()
tr: Final[Translate] = translate_into(LANGUAGE)
"""Translation into the terminal's language, which stays the same as long as a command runs."""


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
            click.echo(f"{_padded(name, width)}  {_cell(item)}")

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


def read_password(*, from_stdin: bool, name: str) -> str:
    """Return the password from the first line of standard input, or asked for twice at the terminal.

    Raises `UserError` where there is neither: a password on the command line would be seen by others.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise UserError(N_("Give the password on standard input with --password-stdin"))
    asked = message(N_("Password of {name}"), name=name).show(tr)
    again = tr(N_("The same again"))
    answer: str = click.prompt(asked, hide_input=True, confirmation_prompt=again, err=True)
    return answer


def _print_json(value: Mapping[str, Any]) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
