"""Records about the program's own set-up: saved views and custom fields."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.i18n import N_
from crm_core.schema.columns import boolean, choice, currency_code, integer, json, owner, tags, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import FIELD_CLASS_LABELS, FieldClass, Kind, ScopeSource

CUSTOM_KINDS = choices(
    (Kind.TEXT, N_("Text")),
    (Kind.LONG_TEXT, N_("Long text")),
    (Kind.INTEGER, N_("Whole number")),
    (Kind.DECIMAL, N_("Decimal number")),
    (Kind.MONEY, N_("Money")),
    (Kind.DATE, N_("Date")),
    (Kind.CHOICE, N_("Choice")),
    (Kind.TAGS, N_("Several choices")),
    (Kind.BOOLEAN, N_("Yes or no")),
    (Kind.REF, N_("Link")),
)

CUSTOM_CLASSES = choices(
    *((each, FIELD_CLASS_LABELS[each]) for each in FieldClass if each is not FieldClass.SYSTEM)
)


class SavedView(Entity):
    """A list's filter, columns and order under a name."""

    __tablename__ = "saved_view"
    meta = EntityMeta(no=70, label=N_("Saved view"), plural=N_("Saved views"), icon="filter")

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True)
    entity: Mapped[str | None] = text(11, N_("Shows"), required=True, in_list=True, indexed=True)
    owner_id: Mapped[str | None] = owner(12, N_("Owner"), in_list=True)
    definition: Mapped[dict[str, Any] | None] = json(13, N_("Definition"), in_form=False)
    rank: Mapped[int | None] = integer(14, N_("Sequence"), default=0)
    shown_to: Mapped[list[str] | None] = tags(
        15, N_("Shown to"), scope=ScopeSource.SHOWN, members=("user", "team", "role"), since=3
    )
    """A role stands for everybody who holds it."""


class CustomField(Entity):
    """A field an administrator added to an entity."""

    __tablename__ = "custom_field"
    meta = EntityMeta(
        no=71,
        label=N_("Custom field"),
        plural=N_("Custom fields"),
        icon="sliders",
        title="label",
        reference=True,
    )

    entity: Mapped[str | None] = text(
        10, N_("Belongs to"), required=True, in_list=True, indexed=True, names_entity=True
    )
    key: Mapped[str | None] = text(11, N_("Key"), required=True, in_list=True)
    label: Mapped[str | None] = text(12, N_("English label"), required=True, in_list=True)
    label_zh: Mapped[str | None] = text(13, N_("Chinese label"), in_list=True)
    kind: Mapped[str | None] = choice(14, N_("Kind"), CUSTOM_KINDS, required=True, in_list=True)
    choices: Mapped[list[Any] | None] = json(15, N_("Choices"))
    target: Mapped[str | None] = text(16, N_("Links to"), names_entity=True)
    required: Mapped[bool | None] = boolean(17, N_("Required"), default=False)
    retired: Mapped[bool | None] = boolean(18, N_("Retired"), default=False, in_list=True)
    rank: Mapped[int | None] = integer(19, N_("Sequence"), default=0)
    field_class: Mapped[str | None] = choice(20, N_("Field class"), CUSTOM_CLASSES, in_list=True, since=3)
    hint: Mapped[str | None] = text(21, N_("English hint"), since=3)
    hint_zh: Mapped[str | None] = text(22, N_("Chinese hint"), since=3)
    section: Mapped[str | None] = text(23, N_("English section"), since=3)
    section_zh: Mapped[str | None] = text(24, N_("Chinese section"), since=3)
    default: Mapped[str | None] = text(25, N_("Default"), since=3)
    """Written as on the command line."""
    currency: Mapped[str | None] = currency_code(26, N_("Currency"), field_class=FieldClass.CORE, since=3)
    """Of a field of money: what all its amounts are in."""
