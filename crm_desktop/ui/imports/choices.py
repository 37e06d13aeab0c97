"""What a person has chosen about an import so far; steps fill it, going back loses nothing of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import resources
from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.exchange.mapping import RECORD_ID, Found, Rule, Target, guess_rules, link_to, title_of
from crm_core.exchange.plan import ImportPlan, Mode
from crm_core.exchange.source import SourceTable, TextForm
from crm_core.exchange.template import spell_rules
from crm_core.i18n import Translate
from crm_core.schema.field import Field, Kind
from crm_desktop.interchange.importing import FileOptions, read_file
from crm_desktop.interchange.known_rows import Doubles
from crm_desktop.interchange.lookup import import_target
from crm_desktop.interchange.mending import mend
from crm_desktop.interchange.preview import ColumnFacts, column_facts
from crm_desktop.interchange.templates import KeptTemplate, templates_of
from crm_desktop.models.replica import Replica

IMPORTED = (
    "customer",
    "contact",
    "lead",
    "deal",
    "activity",
    "product",
    "price",
    "price_book",
    "exchange_rate",
    "quote",
    "quote_line",
    "contract",
    "contract_line",
    "order",
    "order_line",
    "delivery",
    "delivery_line",
    "installed_product",
    "instalment",
    "receipt",
    "invoice_title",
    "invoice",
    "ticket",
    "ticket_message",
)
"""Kinds of record a window brings in, in the order offered."""

_LOOKED_UP = frozenset((Kind.TEXT, Kind.PHONE, Kind.EMAIL, Kind.URL))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """A file as read for one kind of record."""

    table: SourceTable
    facts: tuple[ColumnFacts, ...]
    target: Target
    guessed: tuple[Rule, ...]
    templates: tuple[KeptTemplate, ...]


@dataclass(slots=True, kw_only=True)
class Choices:
    """One import on its way."""

    entity: str
    path: Path | None = None
    form: TextForm | None = None
    """As a person corrected it; None: as found out."""
    read: ReadFile | None = None
    rules: tuple[Rule, ...] = ()
    template: str = ""
    mode: Mode = Mode.CREATE
    key: str = ""
    currency: str = ""
    doubles: Doubles = Doubles.CREATE
    defaults: dict[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    """What the place the import was asked for at says new records hold, such as the price book; as a file
    would say it."""
    replace: tuple[str, ...] = ()
    """Of the template that was taken."""
    mended: dict[tuple[int, int], str] = field(default_factory=dict)
    plan: ImportPlan | None = None
    """What these choices would do; None until that was worked out."""

    @property
    def table(self) -> SourceTable:
        """The file with what was mended."""
        assert self.read is not None
        return mend(self.read.table, self.mended)

    @property
    def target(self) -> Target:
        """What the file may fill."""
        assert self.read is not None
        return self.read.target

    def take_read(self, read: ReadFile) -> None:
        """Take up a file: how its columns are filled is as guessed, what was mended is forgotten."""
        before, self.read = self.read, read
        self.mended, self.plan = {}, None
        same = before is not None and (before.table.headers, before.target.schema) == (
            read.table.headers,
            read.target.schema,
        )
        if not same:
            self.rules, self.template, self.replace = read.guessed, "", ()
            self.key, self.defaults = "", dict(self.given)

    def give(self, given: Mapping[str, str]) -> None:
        """Have new records hold what another place says, in place of what was said before."""
        self.given, self.plan = dict(given), None
        self.defaults |= given

    def take_template(self, template: KeptTemplate | None) -> None:
        """Fill the columns as a template says, or as guessed. `UserError` where it does not fit the file."""
        assert self.read is not None
        if template is None:
            self.rules, self.template, self.replace = self.read.guessed, "", ()
            return
        self.rules = template.rules(self.read.table, self.target)
        self.template, kept = template.name, template.options
        self.mode, self.key, self.currency = kept.mode, kept.key, kept.currency
        self.defaults, self.replace, self.doubles = dict(kept.defaults), kept.replace, kept.doubles

    def options(self) -> FileOptions:
        """Return the choices as a template keeps them."""
        spelled = spell_rules(self.table, self.rules)
        return FileOptions(
            maps=spelled.maps,
            lookups=spelled.lookups,
            create_missing=spelled.create_missing,
            replace=self.replace,
            defaults=dict(self.defaults),
            key=self.key,
            mode=self.mode,
            currency=self.currency,
            doubles=self.doubles,
        )

    def filled(self) -> frozenset[str]:
        """Return the names of the fields that columns fill."""
        return frozenset(rule.field for rule in self.rules)

    def fields(self) -> Mapping[str, Field]:
        """Return the fields a file may fill, by name."""
        return {each.name: each for each in self.target.fields() if not each.read_only}


def read_choices(
    replica: Replica, path: Path, entity: str, form: TextForm | None, known: SourceTable | None = None
) -> ReadFile:
    """Return a file read for a kind of record; `known` is its table where it was read before.

    Takes as long as the file is large: not for the main thread. `UserError` where it holds no table.
    """
    table = known or read_file(path, form)
    target = import_target(replica, entity, languages())
    return ReadFile(
        table=table,
        facts=column_facts(table),
        target=target,
        guessed=guess_rules(table, target),
        templates=templates_of(replica, entity),
    )


def languages() -> tuple[Translate, ...]:
    """Return what gives labels in every language the program speaks beside English."""
    found = (resources.catalogue(language) for language in resources.LANGUAGES)
    return tuple(partial(_translate, texts) for texts in found if texts)


def lookups_of(linked: Field, target: Target) -> tuple[Found, ...]:
    """Return by what the records of a link can be looked up, the title first; nothing for other fields."""
    if linked.kind is not Kind.REF or linked.target in (None, "*"):
        return ()
    by_title = title_of(str(linked.target))
    try:
        usual = link_to(by_title.entity, target)
    except UserError:
        return (by_title,)
    if usual.name != linked.name:
        return (by_title,)  # a further link to the same kind: only by what the records are called
    others = (
        Found(entity=by_title.entity, field=each.name)
        for each in SCHEMAS[by_title.entity].fields.values()
        if each.kind in _LOOKED_UP and each.name != by_title.field
    )
    return (by_title, *others, Found(entity=by_title.entity, field=RECORD_ID))


def _translate(texts: Mapping[str, str], text: str) -> str:
    return texts.get(text, text)
