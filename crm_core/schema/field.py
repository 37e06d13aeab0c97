"""What one field is: the only declaration that table, merge, rights, form, list, import and API read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from crm_core.i18n import N_
from crm_core.schema.code_lists import CodeList

Plain = None | bool | int | str | list["Plain"] | dict[str, "Plain"]
"""What a field's value is in a row, in an operation and on the wire: no floats, no dates, no decimals.

Decimals, dates and links are text, instants whole milliseconds since 1970 UTC, money whole minor
units. So every engine stores the same bytes and a digest over them needs no conversion.
"""

CUSTOM_PREFIX = "x:"
"""Name and wire number of a custom field: this and its key."""


class Kind(StrEnum):
    """How a field is stored, checked, shown and compared."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    PHONE = "phone"
    EMAIL = "email"
    URL = "url"
    INTEGER = "integer"
    DECIMAL = "decimal"
    PERCENT = "percent"
    MONEY = "money"
    CURRENCY = "currency"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    CHOICE = "choice"
    REF = "ref"
    TAGS = "tags"
    POSITION = "position"
    JSON = "json"


class FieldClass(StrEnum):
    """Fields whose rights go together; a role reads, writes or never receives a class."""

    CORE = "core"
    MONEY = "money"
    COMMS = "comms"
    PRIVATE = "private"
    SYSTEM = "system"


FIELD_CLASS_LABELS = {
    FieldClass.CORE: N_("Base data"),
    FieldClass.MONEY: N_("Money"),
    FieldClass.COMMS: N_("Communication"),
    FieldClass.PRIVATE: N_("Confidential"),
    FieldClass.SYSTEM: N_("Record keeping"),
}


class ScopeSource(StrEnum):
    """Which scope of the row a link puts it in."""

    OWN = "own"
    TEAM = "team"
    TERRITORY = "terr"
    SHARE = "share"
    """Shared with: read and changed, neither deleted nor handed on."""
    SHOWN = "show"
    """Shown to: read and nothing more."""


SHARING = frozenset((ScopeSource.SHARE, ScopeSource.SHOWN))
"""Scopes named by a set of users and teams, not by one link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One allowed value of a choice field. Unknown values from newer versions are kept and shown raw."""

    value: str
    label: str
    retired: bool = False
    """Kept where it is, chosen no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of one entity.

    `no` is its number on the wire: given once, never used for another field, never re-typed.
    """

    no: int
    label: str
    kind: Kind
    name: str = ""
    field_class: FieldClass = FieldClass.CORE
    group: str | None = None
    """Fields of one group are one register: set together, merged together, shown together."""
    required: bool = False
    read_only: bool = False
    """Never typed by a person: kept by the program or by HQ."""
    computed: bool = False
    """Follows from other rows by a pure rule; never travels as an operation."""
    by_hq: bool = False
    """HQ fills it in by itself and nobody else changes it: what somebody agreed to, who gave it out."""
    default: Plain = None
    choices: Sequence[Choice] = ()
    target: str | None = None
    """Entity a link points to; `*` where the sibling `target_field` names it."""
    target_field: str | None = None
    members: tuple[str, ...] = ()
    """Set: the entities its words are ids of; empty where they are words."""
    most_words: int = 200
    """Set: how many words it may hold."""
    parent: bool = False
    """The row inherits the scopes of the row this links to, and is deleted and restored with it."""
    lends: bool = False
    """Whoever may see this row by its own scopes may read (not change) the row this links to."""
    scope: ScopeSource | None = None
    currency: str | None = None
    """Money: the sibling field holding its currency."""
    in_list: bool = False
    in_form: bool = True
    searchable: bool = False
    personal: bool = False
    """Personal data: kept out of logs and support bundles, found by a subject request."""
    indexed: bool = False
    unique: bool = False
    """No two records should have the same, however it is written (`crm_core.rules.uniqueness`). Nothing is
    refused for it, for two laptops cannot know of each other: HQ has whoever sees both look."""
    unit: str = ""
    """Money: the one currency all its amounts are in, where no sibling says it."""
    names_entity: bool = False
    """Text: the name of a kind of record, chosen from those there are."""
    code_list: CodeList | None = None
    """Text: names of a list the program brings, or anything else. Linked fields are called as their lists."""
    section: str = ""
    hint: str = ""
    """What helps whoever fills it in."""
    retired: bool = False
    """A custom field that is shown no more; its values stay."""
    since: int = 1
    """Schema version that brought the field."""

    def choice_label(self, value: str) -> str:
        """Return the English label of a choice value; an unknown value is its own label."""
        return next((choice.label for choice in self.choices if choice.value == value), value)
