"""What a page changes in rows that were here already: lines of history, and what to key and index anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import compress, repeat
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from crm_core.schema.field import FieldClass, Kind
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_desktop.models import indexing
from crm_desktop.models.history import shared_key
from crm_desktop.models.sorting import keyed_fields
from crm_desktop.sync.page_rows import HeldRow, PageRows, shown_custom


class Differences:
    """The rows `indexes` of a page beside what is held of them, compared column by column."""

    def __init__(
        self,
        schema: Schema,
        page: PageRows,
        shown: Mapping[str, Sequence[Any]],
        indexes: Sequence[int],
        held: Mapping[str, HeldRow],
    ) -> None:
        self._schema = schema
        self._page = page
        self._indexes = indexes
        self._ids = self._of_rows(page.ids)
        self._before = [held[row_id] for row_id in self._ids]
        names = [known.name for known in page.fields]
        columns = list(zip(*(row.values for row in self._before), strict=True)) or [()] * len(names)
        self._old = dict(zip(names, columns, strict=True))
        self._new = {name: self._of_rows(shown[name]) for name in names}
        self._differs = {
            # Nothing and an empty text or a zero are shown alike.
            name: [old != new and bool(old or new) for old, new in zip(self._old[name], column, strict=True)]
            for name, column in self._new.items()
        }
        self.same = {
            known.name
            for known in page.fields
            if known.kind not in (Kind.TAGS, Kind.JSON)
            and list(self._old[known.name]) == list(self._new[known.name])
        }
        """Fields of which no row holds another value than the page brings."""
        self._custom = {
            key: [
                ((row.custom or {}).get(key.removeprefix(CUSTOM_PREFIX)), shown_custom(value))
                for row, value in zip(self._before, self._of_rows(column), strict=True)
            ]
            for key, column in page.custom.items()
        }
        """Of custom fields: for each row the value before and after."""
        lives = self._of_rows(page.lives)
        self._turns = [row.life != life for row, life in zip(self._before, lives, strict=True)]
        self.turned = any(self._turns)
        """Whether a record was deleted or restored."""

    def _of_rows(self, column: Sequence[Any]) -> Sequence[Any]:
        if len(self._indexes) == len(column):
            return column
        return [column[index] for index in self._indexes]

    def keyed_after(self, session: Session) -> AbstractContextManager[None]:
        """Let the rows be updated that are keyed and marked for the search afterwards, if they are many."""
        if len(self._ids) < indexing.MANY:
            return nullcontext()
        marked = set(compress(self._ids, self._turns))
        for name in indexing.indexed_names(self._schema):
            marked.update(compress(self._ids, self._differs.get(name, ())))
        if self._schema.search_fields:
            for pairs in self._custom.values():
                marked.update(compress(self._ids, (old != new for old, new in pairs)))
        texts = {
            known.name: dict(
                compress(zip(self._ids, self._new[known.name], strict=True), self._differs[known.name])
            )
            for known in keyed_fields(self._schema)
            if known.name in self._new
        }
        return indexing.many_changes(session, self._schema, texts, marked)

    def lines(self) -> list[tuple[Any, ...]]:
        """Return what others changed as rows of the history, as far as it is told."""
        told = [known for known in self._page.fields if known.field_class is not FieldClass.SYSTEM]
        keys = [str(known.no) for known in told]
        registers = [str(self._schema.leader(known).no) for known in told]
        lines: list[tuple[Any, ...]] = []
        rows = zip(
            self._indexes,
            self._ids,
            self._rows(self._differs, told),
            self._rows(self._old, told),
            self._rows(self._new, told),
            self._turns,
            self._before,
            self._column("updated_at", 0),
            self._column("updated_by", None),
            strict=True,
        )
        for place, (index, row_id, differs, old, new, turns, before, at_ms, who) in enumerate(rows):
            writers = self._page.writers(index)
            changed = list(compress(keys, differs))
            if len(changed) > 1 and not writers:
                olds, news = list(compress(old, differs)), list(compress(new, differs))
                shared = shared_key(changed)
                lines.append((self._schema.name, row_id, shared, _json(olds), _json(news), at_ms or 0, who))
            elif changed:
                parts = zip(
                    changed,
                    compress(registers, differs),
                    compress(old, differs),
                    compress(new, differs),
                    strict=True,
                )
                for key, register, was, becomes in parts:
                    writer, when = writers.get(register, (who, at_ms))
                    lines.append(
                        (self._schema.name, row_id, key, _json(was), _json(becomes), when or 0, writer)
                    )
            for name, pairs in self._custom.items():
                was, becomes = pairs[place]
                if was != becomes:
                    writer, when = writers.get(name, (who, at_ms))
                    lines.append(
                        (self._schema.name, row_id, name, _json(was), _json(becomes), when or 0, writer)
                    )
            if turns:
                life = self._page.lives[index]
                lines.append(
                    (self._schema.name, row_id, "", _json(before.life), _json(life), at_ms or 0, who)
                )
        return lines

    def _rows(self, columns: Mapping[str, Sequence[Any]], fields: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        chosen = [columns[known.name] for known in fields]
        return zip(*chosen, strict=True) if chosen else repeat((), len(self._ids))

    def _column(self, name: str, otherwise: Any) -> Sequence[Any]:
        column = self._page.columns.get(name)
        return [otherwise] * len(self._ids) if column is None else self._of_rows(column)


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
