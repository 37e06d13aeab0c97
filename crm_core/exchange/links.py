"""Find the record a cell speaks of: exactly as written, else with case, width and spaces aside."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.exchange.mapping import RECORD_ID, Found, telling_fields
from crm_core.exchange.plan import Lookup
from crm_core.exchange.words import fold
from crm_core.i18n import N_, Message, message, plural
from crm_core.ids import is_id
from crm_core.schema.field import Kind, Plain
from crm_core.schema.phones import compared_form

MOST_CANDIDATES = 4
_LEAST_DIGITS = 3  # of a phone number or code; a name has fewer
MOST_NOTES = 10  # lenient matches told one by one; the rest is counted


class NotFoundHere(UserError):
    """No record holds the value."""


class SeveralFit(UserError):
    """Two records or more hold the value; `ids` are theirs."""

    def __init__(self, entity: str, text: str, ids: Sequence[str], candidates: str = "") -> None:
        label = Message(SCHEMAS[entity].meta.label)
        said = (
            message(
                N_("{count} records fit: {entity} “{text}” ({candidates})"),
                count=len(ids),
                entity=label,
                text=text,
                candidates=candidates,
            )
            if candidates
            else message(
                N_("{count} records fit: {entity} “{text}”"), count=len(ids), entity=label, text=text
            )
        )
        super().__init__(said)
        self.entity, self.text, self.ids = entity, text, tuple(ids)


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

        Raises `NotFoundHere`, or `SeveralFit` where two or more fit equally well.
        """
        hits, exact = self.fitting(text, among)
        if len(hits) > 1:
            raise SeveralFit(self.entity, text, [hit.record_id for hit in hits])
        if not hits:
            label = Message(SCHEMAS[self.entity].meta.label)
            raise NotFoundHere(N_("{entity} “{text}” was not found"), entity=label, text=text)
        return hits[0], exact

    def fitting(self, text: str, among: Collection[str] | None = None) -> tuple[list[Hit], bool]:
        """Return the records that fit best, and whether they hold the text as written."""
        exact = [each for each in self.exact.get(text, ()) if among is None or each in among]
        if exact:
            return [Hit(each, text) for each in exact], True
        lenient = self.folded.get(self._fold(text), ())
        return [hit for hit in lenient if among is None or hit.record_id in among], False

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
        self._telling: dict[str, dict[str, str]] = {}
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
            except NotFoundHere as error:
                answer = self._by_what_tells(found, text, among) or error
            except SeveralFit as error:
                answer = self._told_apart(error)
            except UserError as error:
                answer = error
            self._found[key] = answer
        if isinstance(answer, UserError):
            raise answer
        hit, as_written = answer
        if not as_written:
            self._lenient[text, hit.value] += 1
        return hit.record_id

    def find_by_all(self, pairs: Sequence[tuple[Found, str]]) -> str:
        """Return the id of the one record that several cells name together; those that find none say nothing.

        Raises `NotFoundHere`, or `UserError` where they name several, or different ones.
        """
        if len(pairs) == 1:
            return self.find(*pairs[0])
        left: list[str] | None = None
        first = pairs[0][1]
        for found, text in pairs:
            fitting = [hit.record_id for hit in self.index(found).fitting(text)[0]]
            both = fitting if left is None else [each for each in left if each in fitting]
            if fitting and not both:
                entity = Message(SCHEMAS[found.entity].meta.label)
                raise UserError(
                    N_("{entity}: “{first}” and “{second}” are different records"),
                    entity=entity,
                    first=first,
                    second=text,
                )
            left = both or left
        if left is not None and len(left) == 1:
            return left[0]
        if left:
            raise self._told_apart(SeveralFit(pairs[0][0].entity, first, left))
        return self.find(*pairs[0])

    def _by_what_tells(
        self, found: Found, text: str, among: Collection[str] | None
    ) -> tuple[Hit, bool] | None:
        """Return the record whose id or number stands where its name is asked for: a cell that was mended."""
        if found.field != SCHEMAS[found.entity].meta.title or sum(c.isdigit() for c in text) < _LEAST_DIGITS:
            return None
        names = [RECORD_ID] if is_id(text) else [field.name for field in telling_fields(found.entity)]
        for name in names:
            with contextlib.suppress(UserError):
                return self.index(Found(entity=found.entity, field=name)).find(text, among)
        return None

    def _told_apart(self, several: SeveralFit) -> SeveralFit:
        """Return the error with what tells the candidates apart, which may stand in the cell instead."""
        if several.entity not in self._telling:  # all in one go: a file may name many of them
            names = [field.name for field in telling_fields(several.entity)]
            self._telling[several.entity] = {
                record_id: next((str(value) for value in values if value), "")
                for record_id, values in self._lookup.records(several.entity, names)
            }
        held, shown = self._telling[several.entity], several.ids[:MOST_CANDIDATES]
        told = ", ".join(held.get(each) or each for each in shown)
        more = ", …" if len(several.ids) > len(shown) else ""
        return SeveralFit(several.entity, several.text, several.ids, told + more)

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
