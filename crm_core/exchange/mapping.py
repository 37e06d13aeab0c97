"""Which column fills which field: said by hand, or guessed by header and by what the cells look like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache

from crm_core.entities import SCHEMAS, schema_of
from crm_core.errors import UserError
from crm_core.exchange.source import SourceTable
from crm_core.exchange.synonyms import ANY, SYNONYMS
from crm_core.exchange.words import fold_header, in_all_languages
from crm_core.i18n import N_, Message, Translate
from crm_core.ids import is_id
from crm_core.schema.field import Field, FieldClass, Kind, ScopeSource
from crm_core.schema.reading import Schema

RECORD_ID = "id"
"""Named like a field where a column or a key is the record's own id."""

_SAMPLE = 200
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
_PHONE = re.compile(r"(?:\+[\d][\d ()\-]{6,}|1[3-9]\d{9}|0\d{2,3}-\d{7,8})\Z")
_URL = re.compile(r"(?:https?://|www\.)\S+\Z", re.IGNORECASE)
_NUMBERS = frozenset(("number", "code"))
_BY_LOOKS = ((Kind.EMAIL, _EMAIL), (Kind.PHONE, _PHONE), (Kind.URL, _URL))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where the value of a link is looked up: a field of an entity that holds what the cell says."""

    entity: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One column fills one field. A column may have several rules."""

    column: int
    field: str
    """Name of the field, or `RECORD_ID`."""
    lookup: Found | None = None
    create_missing: bool = False
    """A value the lookup does not find becomes a record of its own."""
    factor: Decimal | None = None
    """Numbers are multiplied by it."""
    guessed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an import fills: an entity, with the fields an administrator added to it."""

    schema: Schema
    custom: tuple[Field, ...] = ()
    """Custom fields, named `x:key`."""
    languages: tuple[Translate, ...] = ()

    def fields(self) -> Iterable[Field]:
        """Yield every field a file may fill, in declared order."""
        for field in (*self.schema.fields.values(), *self.custom):
            if field.field_class is not FieldClass.SYSTEM and not field.computed:
                yield field

    def field(self, name: str) -> Field:
        """Return the field of that name or, in any language, that label. Raises `UserError`."""
        wanted = fold_header(name)
        found = next((field for field in self.fields() if field.name == name), None)
        if found is None:
            labelled = (
                field
                for field in self.fields()
                if wanted == fold_header(field.name)
                or wanted in map(fold_header, in_all_languages(field.label, self.languages))
            )
            found = next(labelled, None)
        if found is None:
            raise UserError(
                N_("{entity} has no field called “{field}” that a file could fill; there are {fields}"),
                entity=Message(self.schema.meta.label),
                field=name,
                fields=", ".join(field.name for field in self.fields() if not field.read_only),
            )
        return found


def guess_rules(table: SourceTable, target: Target) -> tuple[Rule, ...]:
    """Return a rule for each column whose header or cells tell what it is; each field is filled once."""
    rules: list[Rule] = []
    taken: set[str] = set()
    for guess in (_by_name, _by_synonym, _by_looks):
        for column in range(len(table.headers)):
            if any(rule.column == column for rule in rules):
                continue
            name = guess(table, column, target)
            if name is not None and name not in taken:
                taken.add(name)
                rules.append(_guessed(table, column, name, target))
    rules += _beside(rules, table, target)
    return tuple(sorted(rules, key=lambda rule: rule.column))


def rules_by_hand(
    table: SourceTable,
    target: Target,
    maps: Sequence[str] = (),
    lookups: Sequence[str] = (),
    create_missing: Sequence[str] = (),
) -> tuple[Rule, ...]:
    """Return the rules that `Column=field` and `Column=entity.field` texts say.

    `field*1000000` multiplies; nothing behind the equals sign leaves a column out. Columns they do not
    name are filled where their header is exactly a field's name or label: whoever maps by hand gets what
    he mapped. With nothing said at all, everything is guessed. Raises `UserError`.
    """
    rules: list[Rule] = []
    mentioned: set[int] = set()
    for text in maps:
        column, name = _split(table, text)
        mentioned.add(column)
        if name:
            rules.append(_mapped(table, column, name, target))
    for texts, creates in ((lookups, False), (create_missing, True)):
        for text in texts:
            column, name = _split(table, text)
            mentioned.add(column)
            rules.append(_looked_up(column, name, target, creates))
    _refuse_doubles(table, rules, target)
    if not (maps or lookups or create_missing):
        return guess_rules(table, target)
    taken = {rule.field for rule in rules}
    for column in range(len(table.headers)):
        found = None if column in mentioned else _by_name(table, column, target)
        # A link's column that merely sounds like it would reject rows for links nobody asked for.
        asked = found is not None and (found == table.headers[column] or not found.endswith("_id"))
        if asked and found is not None and found not in taken:
            taken.add(found)
            rules.append(_guessed(table, column, found, target))
    return tuple(sorted(rules, key=lambda rule: rule.column))


def replacements(table: SourceTable, texts: Sequence[str]) -> Mapping[int, Mapping[str, str]]:
    """Return, by column, what stands for what: the texts are `Column:found=wanted`. Raises `UserError`."""
    wanted: dict[int, dict[str, str]] = {}
    for text in texts:
        head, separator, new = text.rpartition("=")
        column, colon, old = head.partition(":")
        if not separator or not colon:
            raise UserError(N_("“{text}” does not have the form Column:found=wanted"), text=text)
        wanted.setdefault(find_column(table, column), {})[old.strip()] = new.strip()
    return wanted


def find_column(table: SourceTable, header: str) -> int:
    """Return the place of the column called `header`, case and joints aside. Raises `UserError`."""
    if header in table.headers:
        return table.headers.index(header)
    folded = fold_header(header)
    found = [place for place, each in enumerate(table.headers) if fold_header(each) == folded]
    if len(found) != 1:
        raise UserError(
            N_("The file has no column called “{column}”; there are {columns}"),
            column=header,
            columns=", ".join(table.headers),
        )
    return found[0]


def title_of(entity: str) -> Found:
    """Return where the records of an entity are looked up by what they are called."""
    return Found(entity=entity, field=SCHEMAS[entity].meta.title)


def _split(table: SourceTable, text: str) -> tuple[int, str]:
    header, separator, name = text.rpartition("=")
    if not separator or not header.strip():
        raise UserError(N_("“{text}” does not have the form Column=field"), text=text)
    return find_column(table, header.strip()), name.strip()


def _mapped(table: SourceTable, column: int, name: str, target: Target) -> Rule:
    name, star, times = name.partition("*")
    if name.strip() == RECORD_ID:
        return Rule(column=column, field=RECORD_ID)
    field = target.field(name.strip())
    if field.read_only:
        raise UserError(
            N_("“{field}” is kept by the program; no file can fill it"), field=Message(field.label)
        )
    factor = None
    if star:
        try:
            factor = Decimal(times.strip().replace(",", "").replace("_", ""))
        except InvalidOperation:
            raise UserError(N_("“{text}” is not a number"), text=times) from None
        if field.kind not in (Kind.MONEY, Kind.INTEGER, Kind.DECIMAL, Kind.PERCENT) or not factor.is_finite():
            raise UserError(N_("“{field}” cannot be multiplied"), field=Message(field.label))
    return Rule(column=column, field=field.name, lookup=_link(table, column, field), factor=factor)


def _looked_up(column: int, name: str, target: Target, creates: bool) -> Rule:
    entity, dot, by = name.partition(".")
    if not dot:
        raise UserError(N_("“{text}” does not have the form entity.field"), text=name)
    found = schema_of(entity)
    if by != RECORD_ID and by not in found.fields:
        raise UserError(
            N_("{entity} has no field called “{field}”"), entity=Message(found.meta.label), field=by
        )
    return Rule(
        column=column,
        field=link_to(entity, target).name,
        lookup=Found(entity=entity, field=by),
        create_missing=creates,
    )


def link_to(entity: str, target: Target) -> Field:
    """Return the field that links to `entity`.

    Of several the owner, else `<entity>_id`, else the parent in a tree.

    Raises `UserError` where none or more than one remains.
    """
    links = [field for field in target.fields() if field.target == entity and not field.read_only]
    chosen = (
        [field for field in links if field.scope is ScopeSource.OWN]
        or [field for field in links if field.name == f"{entity}_id"]
        or [field for field in links if field.name == "parent_id"]
        or links
    )
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        raise UserError(
            N_("{entity} has no link to {target}"),
            entity=Message(target.schema.meta.label),
            target=Message(SCHEMAS[entity].meta.label),
        )
    raise UserError(
        N_("{entity} has several links to {target}: map the column to one of {fields}"),
        entity=Message(target.schema.meta.label),
        target=Message(SCHEMAS[entity].meta.label),
        fields=", ".join(field.name for field in chosen),
    )


def name_together(one: Rule, other: Rule) -> bool:
    """Tell whether two columns that fill one link say different things of the record: its name, its phone."""
    return one.lookup is not None and other.lookup is not None and one.lookup != other.lookup


def _refuse_doubles(table: SourceTable, rules: Sequence[Rule], target: Target) -> None:
    filled: dict[str, Rule] = {}
    for rule in rules:
        other = filled.setdefault(rule.field, rule)
        if other is not rule and not name_together(other, rule):
            label = "ID" if rule.field == RECORD_ID else target.field(rule.field).label
            raise UserError(
                N_("“{first}” and “{second}” would both fill “{field}”"),
                first=table.headers[other.column],
                second=table.headers[rule.column],
                field=Message(label),
            )


def _guessed(table: SourceTable, column: int, name: str, target: Target) -> Rule:
    if name == RECORD_ID:
        return Rule(column=column, field=RECORD_ID, guessed=True)
    link = _link(table, column, target.field(name))
    return Rule(column=column, field=name, lookup=link, guessed=True)


def _link(table: SourceTable, column: int, field: Field) -> Found | None:
    """Return where the cells of a link's column are looked up; nowhere where they are ids themselves."""
    if field.kind is not Kind.REF or field.target is None or field.target not in SCHEMAS:
        return None
    cells = [cell.strip().lower().replace("-", "") for cell in table.column(column)]
    if all(is_id(cell) for cell in cells if cell) and any(cells):
        return None
    return title_of(field.target)


def _by_name(table: SourceTable, column: int, target: Target) -> str | None:
    """Return the field whose name, name without `_id`, or label in any language is the header."""
    header = fold_header(table.headers[column])
    if header in ("id", "recordid", "记录编号"):
        cells = [cell.strip() for cell in table.column(column) if cell.strip()]
        return RECORD_ID if cells and all(is_id(cell.lower().replace("-", "")) for cell in cells) else None
    for field in target.fields():
        if field.read_only:
            continue
        names = [field.name, *in_all_languages(field.label, target.languages)]
        if field.kind is Kind.REF:
            names.append(field.name.removesuffix("_id"))
        if header in map(fold_header, names):
            return field.name
    return None


def _by_synonym(table: SourceTable, column: int, target: Target) -> str | None:
    header = fold_header(table.headers[column])
    for entity in (target.schema.name, ANY):
        for name, others in SYNONYMS.get(entity, {}).items():
            if name in target.schema.fields and header in map(fold_header, others):
                return name
    return None


def _by_looks(table: SourceTable, column: int, target: Target) -> str | None:
    """Return the entity's only field of the kind that nearly all cells have the form of."""
    cells = [cell.strip() for cell in table.column(column)[:_SAMPLE] if cell.strip()]
    for kind, form in _BY_LOOKS:
        fields = [field for field in target.fields() if field.kind is kind and not field.read_only]
        if (
            len(fields) == 1
            and cells
            and 10 * sum(bool(form.match(cell)) for cell in cells) >= 9 * len(cells)
        ):
            return fields[0].name
    return None


@cache
def telling_fields(entity: str) -> tuple[Field, ...]:
    """Return the fields of which seldom two records hold the same."""
    return tuple(
        field
        for field in SCHEMAS[entity].fields.values()
        if field.field_class is not FieldClass.SYSTEM
        and (field.kind in (Kind.PHONE, Kind.EMAIL) or field.unique or field.name in _NUMBERS)
        and field.kind is not Kind.INTEGER
    )


def _beside(rules: Sequence[Rule], table: SourceTable, target: Target) -> tuple[Rule, ...]:
    """Return rules for columns that say more of a record another column names: “Customer phone”, “客户电话”.

    Only of columns no rule uses, and of links looked up by what the records are called.
    """
    used = {rule.column for rule in rules}
    free = {
        fold_header(header): place
        for place, header in enumerate(table.headers)
        if place not in used and header
    }
    return tuple(found for rule in rules for found in _beside_one(rule, free, target))


def _beside_one(rule: Rule, free: dict[str, int], target: Target) -> Iterator[Rule]:
    if rule.lookup is None or rule.field == RECORD_ID:
        return
    link = target.field(rule.field)
    entity = SCHEMAS[rule.lookup.entity]
    if link.members or rule.lookup.field != entity.meta.title:
        return
    called = [link.name.removesuffix("_id"), *in_all_languages(link.label, target.languages)]
    called += in_all_languages(entity.meta.label, target.languages)
    parts = [(field.name, field.name, field.label) for field in telling_fields(rule.lookup.entity)]
    for name, *spoken in (*parts, (RECORD_ID, "id", "Record ID")):
        words = [spoken[0], *in_all_languages(spoken[1], target.languages)]
        heads = (fold_header(first + second) for first in called for second in words)
        column = next((free.pop(head) for head in heads if head in free), None)
        if column is not None:
            lookup = Found(entity=rule.lookup.entity, field=name)
            yield Rule(column=column, field=rule.field, lookup=lookup, guessed=True)
