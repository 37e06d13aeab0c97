"""A row of a file on its way to a step of the plan, and a rule made ready to read its cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from crm_core.errors import UserError
from crm_core.exchange.convert import CellReader, clean
from crm_core.exchange.links import SeveralFit
from crm_core.exchange.mapping import Found, Rule, title_of
from crm_core.exchange.plan import Step
from crm_core.exchange.source import SourceRow
from crm_core.i18n import Message
from crm_core.schema.field import Field, Plain


@dataclass(slots=True, kw_only=True)
class Draft:
    """A row on its way to a step."""

    source: SourceRow
    step: Step
    record_id: str = ""
    values: dict[str, Plain] = field(default_factory=dict)
    reasons: list[Message] = field(default_factory=list)
    current: Mapping[str, Plain] = field(default_factory=dict)
    """Of a record there already: its values."""
    twin: Draft | None = None
    """An earlier row with the same key."""
    own_links: list[tuple[Column, str]] = field(default_factory=list)
    """Links into the entity that is being imported: found once every row is known."""

    def stays_with(self, link: str, error: UserError) -> bool:
        """Tell whether what a link holds already is among the records a cell names, which then is left."""
        return isinstance(error, SeveralFit) and self.current.get(link) in error.ids

    def reject(self, *reasons: Message) -> None:
        """Leave the row out."""
        self.step = Step.REJECT
        self.reasons += reasons


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """A rule made ready."""

    rule: Rule
    header: str
    field: Field
    read: CellReader
    replace: Mapping[str, str]
    others: tuple[Column, ...] = ()
    """Columns that say more of the record this one names."""

    def named(self, row: SourceRow) -> list[tuple[Found, str]]:
        """Return what the cells of a link say and by what it is looked up, those that say something."""
        told = ((each.rule.lookup, each.text(row)) for each in (self, *self.others))
        return [(found, text) for found, text in told if found is not None and text]

    def text(self, row: SourceRow) -> str:
        """Return the row's cell, replaced where that was asked for."""
        found = clean(row.cells[self.rule.column])
        return self.replace.get(found, found)


def gathered(columns: Iterable[Column]) -> list[Column]:
    """Return the columns, those that name one record together as one: what it is called comes first."""
    by_field: dict[str, list[Column]] = {}
    for column in columns:
        by_field.setdefault(column.field.name, []).append(column)
    found = []
    for several in by_field.values():
        first = min(several, key=lambda each: not _is_by_name(each.rule.lookup))
        others = tuple(each for each in several if each is not first)
        found.append(replace(first, others=others) if others else first)
    return found


def _is_by_name(found: Found | None) -> bool:
    return found is not None and found == title_of(found.entity)
