"""Find the record a cell speaks of: exactly as written, else with case, width and spaces aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.exchange.mapping import RECORD_ID, Found
from crm_core.exchange.plan import Lookup
from crm_core.exchange.words import fold
from crm_core.i18n import N_, Message, message, plural
from crm_core.schema.field import Kind, Plain
from crm_core.schema.phones import compared_form

MOST_NOTES = 10  # lenient matches told one by one; the rest is counted


class NotFoundHere(UserError):
    """No record holds the value."""


@dataclass(frozen=True, slots=True)
class Hit:
    """The record found, and what its field really holds."""

    record_id: str
    value: str


@dataclass(slots=True)
class Index:
    """The records of an entity by what one field holds."""

    entity: str
    by: str
    exact: dict[str, list[str]] = field(default_factory=dict)
    folded: dict[str, list[Hit]] = field(default_factory=dict)

    def add(self, record_id: str, value: Plain) -> None:
        """Take in a record; one without a value is found by nothing."""
        if value is None or value == "":
            return
        text = str(value).strip()
        self.exact.setdefault(text, []).append(record_id)
        self.folded.setdefault(self._fold(text), []).append(Hit(record_id, text))

    def find(self, text: str, among: Collection[str] | None = None) -> tuple[Hit, bool]:
        """Return the record and whether it holds the text as written. `among` leaves others aside.

        Raises `NotFoundHere`, or `UserError` where two or more fit equally well.
        """
        exact = [each for each in self.exact.get(text, ()) if among is None or each in among]
        if len(exact) == 1:
            return Hit(exact[0], text), True
        lenient = [
            hit for hit in self.folded.get(self._fold(text), ()) if among is None or hit.record_id in among
        ]
        label = Message(SCHEMAS[self.entity].meta.label)
        if len(exact) > 1 or len(lenient) > 1:
            count = len(exact) or len(lenient)
            raise UserError(
                N_("{count} records fit: {entity} “{text}”"), count=count, entity=label, text=text
            )
        if not lenient:
            raise NotFoundHere(N_("{entity} “{text}” was not found"), entity=label, text=text)
        return lenient[0], False

    def _fold(self, text: str) -> str:
        """Return what spellings have in common; those of one phone number are one."""
        by = SCHEMAS[self.entity].fields.get(self.by)
        return (compared_form(text) if by is not None and by.kind is Kind.PHONE else "") or fold(text)


class Links:
    """Every index an import needs, each read once; and what was found only leniently."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._indexes: dict[Found, Index] = {}
        self._titles: dict[str, dict[str, str]] = {}
        self._added: dict[str, list[tuple[str, Mapping[str, Plain]]]] = {}
        self._found: dict[tuple[Found, str, str], tuple[Hit, bool] | UserError] = {}
        self._lenient: Counter[tuple[str, str]] = Counter()

    def index(self, found: Found) -> Index:
        """Return the records of an entity by a field."""
        index = self._indexes.get(found)
        if index is None:
            index = self._indexes[found] = Index(found.entity, found.field)
            by_id = found.field == RECORD_ID
            for record_id, values in self._lookup.records(found.entity, () if by_id else (found.field,)):
                index.add(record_id, record_id if by_id else values[0])
            for record_id, given in self._added.get(found.entity, ()):
                index.add(record_id, record_id if by_id else given.get(found.field))
        return index

    def add(self, entity: str, record_id: str, values: Mapping[str, Plain]) -> None:
        """Take in a record that is yet to be made."""
        self._added.setdefault(entity, []).append((record_id, values))
        for found, index in self._indexes.items():
            if found.entity == entity:
                index.add(record_id, record_id if found.field == RECORD_ID else values.get(found.field))
        self._titles.pop(entity, None)
        self._found.clear()

    def find(self, found: Found, text: str, among: Collection[str] | None = None, within: str = "") -> str:
        """Return the id of the record a cell names; `within` names what `among` stands for.

        Raises as `Index.find`. Answers are remembered: a column of thousands names a few records.
        """
        key = (found, text, within)
        answer = self._found.get(key)
        if answer is None:
            try:
                answer = self.index(found).find(text, among)
            except UserError as error:
                answer = error
            self._found[key] = answer
        if isinstance(answer, UserError):
            raise answer
        hit, as_written = answer
        if not as_written:
            self._lenient[text, hit.value] += 1
        return hit.record_id

    def title(self, entity: str, record_id: Plain) -> str:
        """Return what a record is called; '' where it is not there."""
        if not isinstance(record_id, str):
            return ""
        if entity not in self._titles:
            title = SCHEMAS[entity].meta.title
            rows = self._lookup.records(entity, (title,))
            titles = {each: str(values[0] or "") for each, values in rows}
            titles |= {each: str(values.get(title) or "") for each, values in self._added.get(entity, ())}
            self._titles[entity] = titles
        return self._titles[entity].get(record_id, "")

    def notes(self) -> Iterable[Message]:
        """Yield what was taken for what, most frequent first."""
        ranked = self._lenient.most_common()
        for (text, value), count in ranked[:MOST_NOTES]:
            yield plural(
                count,
                message(N_("“{text}” was taken for “{value}” (once)"), text=text, value=value),
                message(
                    N_("“{text}” was taken for “{value}” ({count} times)"),
                    text=text,
                    value=value,
                    count=count,
                ),
            )
        more = len(ranked) - MOST_NOTES
        if more > 0:
            yield plural(
                more,
                message(N_("1 more spelling was taken for a record with the same letters")),
                message(
                    N_("{count} more spellings were taken for records with the same letters"), count=more
                ),
            )
