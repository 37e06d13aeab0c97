"""Files on records. What is in a file travels apart, by its hash; see docs/sync.md, “Files”."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.i18n import N_
from crm_core.schema.columns import choice, integer, owner, ref, text
from crm_core.schema.entity import Entity, EntityMeta

SENT, CERTIFICATE, SIGNED = "sent", "certificate", "signed"
FILE_ROLES = choices(
    (SENT, N_("As it was sent")),
    (CERTIFICATE, N_("Certificate of a signature")),
    (SIGNED, N_("Signed copy")),
)


class Attachment(Entity):
    """A file on a record: what it is called and how to know its content.

    The content of one stands for good (`CONTENT_FIELDS`); another content is another attachment.
    """

    __tablename__ = "attachment"
    meta = EntityMeta(no=72, label=N_("Attachment"), plural=N_("Attachments"), icon="clip")

    name: Mapped[str | None] = text(10, N_("File name"), required=True, in_list=True, searchable=True)
    record_entity: Mapped[str | None] = text(11, N_("Kind of record"), required=True, in_form=False)
    record_id: Mapped[str | None] = ref(
        12, N_("Record"), "*", target_field="record_entity", required=True, parent=True, in_form=False
    )
    media_type: Mapped[str | None] = text(13, N_("Type"), in_list=True)
    size_bytes: Mapped[int | None] = integer(14, N_("Size, bytes"), in_list=True)
    sha256: Mapped[str | None] = text(15, N_("SHA-256"), indexed=True, in_form=False)
    owner_id: Mapped[str | None] = owner(16, N_("Owner"))
    caption: Mapped[str | None] = text(17, N_("Caption"), in_list=True, searchable=True, since=2)
    width: Mapped[int | None] = integer(18, N_("Width, pixels"), in_form=False, since=2)
    height: Mapped[int | None] = integer(19, N_("Height, pixels"), in_form=False, since=2)
    pages: Mapped[int | None] = integer(20, N_("Pages"), in_form=False, since=2)
    preview_sha256: Mapped[str | None] = text(
        21, N_("SHA-256 of the small picture"), indexed=True, in_form=False, since=2
    )
    role: Mapped[str | None] = choice(22, N_("What the file is"), FILE_ROLES, in_form=False, since=3)
    """The very file a document went out as or came back signed, or HQ's certificate; None: any other."""
    version: Mapped[int | None] = integer(23, N_("Version of the document"), in_form=False, since=3)
    """Of a file with a role: the version of its record that it is of."""


ROLE_FIELDS = ("role", "version")
"""Fields that say which file of its record it is: said when it is made, and never after."""
CONTENT_FIELDS = ("media_type", "size_bytes", "sha256", "width", "height", "pages", "preview_sha256")
"""Fields that say which content a file has: once one of them is filled, it stays."""
