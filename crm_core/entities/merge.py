"""Records put together to one: what came from where, so that it can be taken apart again."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.i18n import N_
from crm_core.schema.columns import instant, json, ref, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import FieldClass

SINCE = 3


class Merge(Entity):
    """One merging of records: which was kept, which went into it, and what that changed.

    What the kept record held before is kept by field class, so that nobody reads here what is masked there:
    `{field: [before, after]}`; of a set `{field: [words that came]}`.
    """

    __tablename__ = "merge"
    meta = EntityMeta(
        no=15,
        label=N_("Merge"),
        plural=N_("Merges"),
        icon="compare",
        since=SINCE,
        rights_like="customer",
    )

    name: Mapped[str | None] = text(10, N_("Name"), required=True, in_list=True, since=SINCE)
    kept_entity: Mapped[str | None] = text(
        11, N_("Kind of record"), required=True, in_form=False, since=SINCE
    )
    kept_id: Mapped[str | None] = ref(
        12, N_("Kept"), "*", target_field="kept_entity", required=True, parent=True, in_list=True, since=SINCE
    )
    merged: Mapped[list[str] | None] = json(13, N_("Merged into it"), in_form=False, since=SINCE)
    moves: Mapped[list[list[str]] | None] = json(14, N_("Moved to it"), in_form=False, since=SINCE)
    """`[kind of record, id, link, id it belonged to]`."""
    before_core: Mapped[dict[str, object] | None] = json(
        15, N_("Base data before"), in_form=False, since=SINCE
    )
    before_money: Mapped[dict[str, object] | None] = json(
        16, N_("Money before"), in_form=False, field_class=FieldClass.MONEY, since=SINCE
    )
    before_comms: Mapped[dict[str, object] | None] = json(
        17, N_("Communication before"), in_form=False, field_class=FieldClass.COMMS, since=SINCE
    )
    before_private: Mapped[dict[str, object] | None] = json(
        18, N_("Confidential before"), in_form=False, field_class=FieldClass.PRIVATE, since=SINCE
    )
    taken_apart_at: Mapped[int | None] = instant(19, N_("Taken apart"), in_list=True, since=SINCE)


BEFORE = {
    FieldClass.CORE: "before_core",
    FieldClass.MONEY: "before_money",
    FieldClass.COMMS: "before_comms",
    FieldClass.PRIVATE: "before_private",
}
"""Where the values of a field class stand."""
