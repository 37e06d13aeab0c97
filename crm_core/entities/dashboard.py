"""Figures put side by side."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.i18n import N_
from crm_core.schema.columns import integer, json, owner, tags, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import ScopeSource


class Dashboard(Entity):
    """Tiles somebody arranged, each a report seen as a chart (`crm_core.rules.dashboards`)."""

    __tablename__ = "dashboard"
    meta = EntityMeta(
        no=77,
        label=N_("Dashboard"),
        plural=N_("Dashboards"),
        icon="bars",
        since=3,
        rights_like="saved_view",
    )

    name: Mapped[str | None] = text(
        10, N_("Name"), required=True, in_list=True, searchable=True, indexed=True, since=3
    )
    owner_id: Mapped[str | None] = owner(11, N_("Owner"), in_list=True, since=3)
    tiles: Mapped[list[Any] | None] = json(12, N_("Tiles"), in_form=False, since=3)
    period: Mapped[str | None] = text(13, N_("Time"), in_form=False, since=3)
    """A stretch of the calendar such as `this-quarter`; none: each tile's own."""
    rank: Mapped[int | None] = integer(14, N_("Sequence"), default=0, since=3)
    shown_to: Mapped[list[str] | None] = tags(
        15, N_("Shown to"), scope=ScopeSource.SHOWN, members=("user", "team", "role"), since=3
    )
    """A role stands for everybody who holds it."""
