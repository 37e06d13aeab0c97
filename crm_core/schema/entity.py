"""The base every entity shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import JSON, Integer, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from crm_core.i18n import N_
from crm_core.schema.columns import instant, ref
from crm_core.schema.field import FieldClass
from crm_core.schema.ledger import Ledger
from crm_core.schema.machine import Machine


class Base(DeclarativeBase):
    """Metadata of the tables both programs share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityMeta:
    """What an entity is called and how it behaves as a whole."""

    no: int
    """Number on the wire, never reused."""
    label: str
    plural: str
    icon: str
    title: str = "name"
    """Field that names a record to people."""
    reference: bool = False
    """Set-up everybody may read, such as stages and products; its rows are in the scope `all` alone."""
    since: int = 1
    """Schema version that brought the kind of record; older programs are not sent any."""
    series: str | None = None
    """Number series whose numbers its `number` field takes."""
    gapless: bool = False
    """The series has no gap: HQ alone gives its numbers, when a step that `posts` is taken. Laptops hold
    none; until HQ has answered they show a draft's number."""
    machine: Machine | None = None
    """The states its records go through by steps; the state's field is not merged by time."""
    ledger: Ledger | None = None
    """Its records are entries of an account: made, and never changed."""
    fixed: bool = False
    """Its records are made, and never changed, without being entries of an account: what was sent, what was
    decided. They go to the trash with the record they belong to."""
    unowned: bool = False
    """One made at HQ by whoever may act on all of them belongs to nobody until somebody is named."""
    pooled: frozenset[str] = frozenset()
    """A record nobody owns lies in the shared pool (`crm_core.rules.pool`), where any of these rights on the
    pool lets it be seen; none: there is no pool of them."""
    open_in: frozenset[str] = frozenset()
    """States of its machine in which whoever reads such records at all reads one, with what belongs to it."""
    written_by_readers: bool = False
    """Whoever reads a record of it and may write some at all may write one there too: it changes nothing of
    what it is about. Who may change whose is said elsewhere."""
    rights_like: str | None = None
    """Kind of record whose rights a role gives here too where it says nothing of this one: roles are data,
    and those of an HQ may be older than the entity."""

    @property
    def stands(self) -> bool:
        """Whether its records stay as they were made, whatever a role allows."""
        return self.fixed or self.ledger is not None


class Entity(Base):
    """A kind of record that is kept on laptops and at HQ and travels between them.

    `life` is odd while the record lives and even while it is deleted; each delete or restore adds one.
    `custom` holds the values of fields an administrator added, by their key.
    """

    __abstract__ = True
    meta: ClassVar[EntityMeta]

    id: Mapped[str] = mapped_column(Text, primary_key=True, sort_order=-10)
    life: Mapped[int] = mapped_column(Integer, default=1, nullable=False, sort_order=-9)
    created_at: Mapped[int | None] = instant(
        1, N_("Created"), field_class=FieldClass.SYSTEM, read_only=True, in_form=False, indexed=True
    )
    created_by: Mapped[str | None] = ref(
        2, N_("Created by"), "user", field_class=FieldClass.SYSTEM, read_only=True, in_form=False
    )
    updated_at: Mapped[int | None] = instant(
        3, N_("Changed"), field_class=FieldClass.SYSTEM, read_only=True, in_form=False, indexed=True
    )
    updated_by: Mapped[str | None] = ref(
        4, N_("Changed by"), "user", field_class=FieldClass.SYSTEM, read_only=True, in_form=False
    )
    custom: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True), nullable=True, sort_order=900
    )
