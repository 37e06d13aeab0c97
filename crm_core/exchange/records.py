"""Records as JSON: one array of objects, or one object on each line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from crm_core.errors import UserError
from crm_core.exchange.decoding import decode
from crm_core.exchange.source import SourceRow, SourceTable, tidy_headers
from crm_core.i18n import N_, Message, message
from crm_core.schema.field import Plain

_Found = tuple[int, dict[str, Any] | None, str, Message | None]


def read(raw: bytes) -> SourceTable:
    """Return the table of the records; headers are their keys in the order of first mention."""
    text, _, notes = decode(raw)
    found = list(_array(text) if text.lstrip()[:1] == "[" else _lines(text))
    keys: dict[str, None] = {}
    for _, record, _, _ in found:
        keys.update(dict.fromkeys(record or ()))
    if not keys:
        raise UserError(N_("The file holds no records"))
    headers, renamed = tidy_headers(list(keys))
    rows = tuple(
        SourceRow(
            line=line,
            cells=tuple(_cell(record.get(key)) for key in keys)
            if record is not None
            else (source, *("",) * (len(keys) - 1)),
            problem=problem,
        )
        for line, record, source, problem in found
    )
    return SourceTable(headers=headers, rows=rows, notes=(*notes, *renamed))


def write(record: dict[str, Plain]) -> str:
    """Return one record as one line."""
    return json.dumps(record, ensure_ascii=False)


def _array(text: str) -> Iterator[_Found]:
    try:
        found = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except json.JSONDecodeError as error:
        raise UserError(
            N_("The file is no JSON: it goes wrong in line {line}, at character {character}"),
            line=error.lineno,
            character=error.colno,
        ) from error
    except RecursionError as error:
        raise UserError(N_("The file is no JSON this program reads: it is nested too deeply")) from error
    for number, record in enumerate(found, start=1):
        yield _one(number, record, json.dumps(record, ensure_ascii=False))


def _lines(text: str) -> Iterator[_Found]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
        except (json.JSONDecodeError, RecursionError):
            yield number, None, line, message(N_("This line is no JSON"))
            continue
        yield _one(number, record, line)


def _one(number: int, record: object, source: str) -> _Found:
    if not isinstance(record, dict):
        return number, None, source, message(N_("This is no record, which JSON writes in braces"))
    return number, record, source, None


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return _words(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _words(words: Sequence[str]) -> str:
    # A word with a comma in it cannot be told from two, so such a set travels as JSON.
    if any("," in word for word in words):
        return json.dumps(list(words), ensure_ascii=False)
    return ", ".join(words)
