"""Names of places and industries in a file: made standard where that is certain, and told of either way."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from crm_core.exchange.words import fold
from crm_core.i18n import N_, Message, message, plural
from crm_core.schema.code_lists import CodeList, entries, named
from crm_core.schema.field import Field, Kind, Plain
from crm_core.schema.standards import doubt_with, standardised

ALIKE = 0.85  # difflib ratio: one letter missing, doubled or swapped in a word of six letters or more
MOST_NOTES = 10
_PLACES = (CodeList.COUNTRY.value, CodeList.PROVINCE.value)


class StandardNames:
    """The standard names of one file's cells, each spelling looked up once, and how often which occurred."""

    def __init__(self, fields: Collection[Field]) -> None:
        self._fields = {field.name: field for field in fields if field.code_list is not None}
        self._phones = {field.name: field for field in fields if field.kind is Kind.PHONE}
        self._answers: dict[tuple[Any, ...], tuple[Plain, bool]] = {}
        self._renamed: dict[str, Counter[tuple[str, str]]] = {}
        self._kept: dict[str, Counter[str]] = {}

    def name(self, values: dict[str, Plain], held: Mapping[str, Plain]) -> None:
        """Give names in a row their standard form where that is certain. `held` is the record so far."""
        row = {**held, **values}
        for name in [name for name in self._fields if isinstance(values.get(name), str)]:
            text = str(values[name])
            standard, doubtful = self._answer(self._fields[name], text, row)
            if standard != text:
                self._renamed.setdefault(name, Counter())[text, str(standard)] += 1
                values[name] = row[name] = standard
            if doubtful:
                self._kept.setdefault(name, Counter())[text] += 1
        for name in self._phones:
            text = str(values.get(name) or "")
            if text and not text.startswith("+"):  # read as one, it would have its country
                self._kept.setdefault(name, Counter())[text] += 1

    def notes(self) -> Iterator[Message]:
        """Yield what was renamed and what stays as it is, one note a field."""
        for name, renamed in self._renamed.items():
            (text, standard), _ = renamed.most_common(1)[0]
            yield plural(
                renamed.total(),
                message(
                    N_("{field}: 1 cell gets its standard name: “{text}” is “{standard}”"),
                    field=Message(self._fields[name].label),
                    text=text,
                    standard=standard,
                ),
                message(
                    N_("{field}: {count} cells get their standard names, as “{text}” is “{standard}”"),
                    field=Message(self._fields[name].label),
                    count=renamed.total(),
                    text=text,
                    standard=standard,
                ),
            )
        for name, kept in self._kept.items():
            ((text, _),) = kept.most_common(1)
            label = Message((self._fields.get(name) or self._phones[name]).label)
            yield plural(
                kept.total(),
                message(N_("{field}: “{text}” is not standard; it stays as it is"), field=label, text=text),
                message(
                    N_("{field}: {count} cells are not standard and stay as they are, such as “{text}”"),
                    field=label,
                    count=kept.total(),
                    text=text,
                ),
            )

    def _answer(self, field: Field, text: str, row: Mapping[str, Any]) -> tuple[Plain, bool]:
        key = (field.name, text, *(row.get(place) for place in _PLACES))
        answer = self._answers.get(key)
        if answer is None:
            standard = standardised({field.name: field}, {field.name: text}, row)[field.name]
            doubtful = doubt_with(field, standard, {**row, field.name: standard}) is not None
            answer = self._answers[key] = standard, doubtful
        return answer


def likely_misspelt(field: Field, cells: Iterable[str]) -> Iterator[Message]:
    """Yield a note for each industry that is one letter away from a known one. Nothing is changed."""
    if field.code_list is not CodeList.INDUSTRY:
        return
    known = {fold(word): word for entry in entries(CodeList.INDUSTRY) for word in entry.spellings}
    told = 0
    for cell, count in Counter(cells).most_common():
        folded = fold(cell)
        if folded in known or named(CodeList.INDUSTRY, cell, {}) or told == MOST_NOTES:
            continue
        if close := difflib.get_close_matches(folded, known, n=1, cutoff=ALIKE):
            told += 1
            likely, label = known[close[0]], Message(field.label)
            yield plural(
                count,
                message(
                    N_("{field}: “{text}” (1 row) looks like “{likely}” misspelt; it stays as it is"),
                    field=label,
                    text=cell,
                    likely=likely,
                ),
                message(
                    N_("{field}: “{text}” ({count} rows) looks like “{likely}” misspelt; it stays as it is"),
                    field=label,
                    text=cell,
                    count=count,
                    likely=likely,
                ),
            )
