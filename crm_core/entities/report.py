"""Reports somebody made and kept."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.i18n import N_
from crm_core.schema.columns import integer, json, owner, tags, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import ScopeSource


class SavedReport(Entity):
    """A report under a name (`crm_core.rules.reports`): what it counts, not what came out."""

    __tablename__ = "report"
    meta = EntityMeta(
        no=76,
        label=N_("Report"),
        plural=N_("Reports"),
        icon="bars",
        since=3,
        rights_like="saved_view",
    )

    name: Mapped[str | None] = text(
        10, N_("Name"), required=True, in_list=True, searchable=True, indexed=True, since=3
    )
    owner_id: Mapped[str | None] = owner(11, N_("Owner"), in_list=True, since=3)
    definition: Mapped[dict[str, Any] | None] = json(12, N_("Definition"), in_form=False, since=3)
    chart: Mapped[str | None] = text(13, N_("Chart"), in_form=False, since=3)
    """A kind of `crm_core.charts.chart`; none: what suits."""
    tells: Mapped[str | None] = text(14, N_("What it tells"), in_list=True, since=3)
    rank: Mapped[int | None] = integer(15, N_("Sequence"), default=0, since=3)
    shown_to: Mapped[list[str] | None] = tags(
        16, N_("Shown to"), scope=ScopeSource.SHOWN, members=("user", "team", "role"), since=3
    )
    """A role stands for everybody who holds it."""
