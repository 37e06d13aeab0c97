"""What a command says: results on standard output, messages on standard error, in the person's language."""

from __future__ import annotations

import json
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from crm_core.errors import Invalid, UserError
from crm_core.i18n import Message, Translate, message
from crm_core.schema.said import as_typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """Where one command's results and messages go."""

    as_json: bool
    translate: Translate

    def tell(self, text: str | Message, /, **places: object) -> None:
        """Say a sentence on standard error."""
        sentence = text if isinstance(text, Message) else message(text, **places)
        click.echo(as_typed(sentence.show(self.translate)), err=True)

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

    def progress(self, text: str) -> Callable[[int, int], None]:
        """Return what says how much is done, at most once a second and only to a person at a terminal.

        The text has the places `done` and `total`.
        """
        if self.as_json or not sys.stderr.isatty():
            return lambda done, total: None
        return _EverySecond(self, text)


class _EverySecond:
    def __init__(self, console: Console, text: str) -> None:
        self._console = console
        self._text = text
        self._last_s = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._last_s >= 1:
            self._last_s = time.monotonic()
            self._console.tell(self._text, done=done, total=total)


def tell_error(error: UserError, translate: Translate) -> None:
    """Say what went wrong on standard error, each field's problem on its own line."""
    if isinstance(error, Invalid):
        for problem in error.problems:
            text = as_typed(problem.message.show(translate))
            click.echo(f"{problem.field}: {text}" if problem.field else text, err=True)
    else:
        click.echo(as_typed(error.show(translate)), err=True)


def ask_secret(question: str, *, again: str = "", instead: Message) -> str:
    """Return what is typed at the terminal without being shown, twice where `again` is a question.

    Raises `UserError` with `instead` where nobody sits at one.
    """
    if not sys.stdin.isatty():
        raise UserError(instead)
    answer: str = click.prompt(question, hide_input=True, confirmation_prompt=again or False, err=True)
    return answer


def _print_json(value: Mapping[str, Any]) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return as_typed(", ".join(value))
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return " ".join(as_typed(str(value)).splitlines())


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
