"""What colleagues say to each other about a record."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.i18n import N_
from crm_core.schema.columns import json, long_text, ref, text
from crm_core.schema.entity import Entity, EntityMeta
from crm_core.schema.field import FieldClass


class Comment(Entity):
    """A remark on any record. Who wrote it (`created_by`) alone changes it or takes it away."""

    __tablename__ = "comment"
    meta = EntityMeta(
        no=32,
        label=N_("Comment"),
        plural=N_("Comments"),
        icon="reply",
        title="body",
        since=3,
        written_by_readers=True,
        rights_like="activity",
    )

    body: Mapped[str | None] = long_text(
        10, N_("Text"), required=True, in_list=True, searchable=True, field_class=FieldClass.COMMS, since=3
    )
    record_entity: Mapped[str | None] = text(11, N_("Kind of record"), required=True, in_form=False, since=3)
    record_id: Mapped[str | None] = ref(
        12,
        N_("Record"),
        "*",
        target_field="record_entity",
        required=True,
        parent=True,
        in_form=False,
        since=3,
    )
    mentions: Mapped[list[str] | None] = json(
        13, N_("Mentioned"), read_only=True, in_form=False, field_class=FieldClass.COMMS, since=3
    )
    """Ids of the users named in the text by @ and their name."""
