"""Groups of customers, by rules or picked by hand."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.i18n import N_
from crm_core.schema.columns import choice, json, owner, tags, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import ScopeSource

SEGMENT_KINDS = choices(("rules", N_("By rules")), ("picked", N_("Picked by hand")))
MOST_PICKED = 2_000
"""Customers picked into one segment: some 150 kB each time it travels."""


class Segment(Entity):
    """A group of customers: whoever fits its rules, on each laptop of those its person sees, or whom somebody
    put in (`crm_core.rules.segments`)."""

    __tablename__ = "segment"
    meta = EntityMeta(
        no=19,
        label=N_("Segment"),
        plural=N_("Segments"),
        icon="filter",
        since=3,
        rights_like="saved_view",
    )

    name: Mapped[str | None] = text(
        10, N_("Name"), required=True, in_list=True, searchable=True, indexed=True, since=3
    )
    kind: Mapped[str | None] = choice(11, N_("Kind"), SEGMENT_KINDS, default="rules", in_list=True, since=3)
    owner_id: Mapped[str | None] = owner(12, N_("Owner"), in_list=True, since=3)
    rules: Mapped[dict[str, Any] | None] = json(13, N_("Rules"), in_form=False, since=3)
    members: Mapped[list[str] | None] = tags(
        14, N_("Picked customers"), members=("customer",), most_words=MOST_PICKED, in_form=False, since=3
    )
    shown_to: Mapped[list[str] | None] = tags(
        15, N_("Shown to"), scope=ScopeSource.SHOWN, members=("user", "team", "role"), since=3
    )
    """A role stands for everybody who holds it."""
