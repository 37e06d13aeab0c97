"""Templates of documents, as data an administrator edits."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Mapped

from crm_core.entities._choices import choices
from crm_core.i18n import N_
from crm_core.schema.columns import boolean, choice, json, long_text, text
from crm_core.schema.entity import Entity, EntityMeta

DOCUMENT_KINDS = choices(
    ("quote", N_("Quote")),
    ("proposal", N_("Proposal")),
    ("contract", N_("Contract")),
    ("order", N_("Order confirmation")),
    ("mail", N_("Text of a mail")),
    ("contract_mail", N_("Text of a mail with a contract")),
    ("order_mail", N_("Text of a mail with an order")),
    ("answer", N_("Canned answer")),
)
DOCUMENT_LANGUAGES = choices(("both", N_("Both languages")), ("zh", N_("Chinese")), ("en", N_("English")))
DOCUMENT_ENGINES = choices(("pdf", N_("PDF")), ("word", N_("Word")), ("mail", N_("Plain text")))


class DocumentTemplate(Entity):
    """What a document says, with places for what a record holds (`crm_core.rules.template_language`)."""

    __tablename__ = "document_template"
    meta = EntityMeta(
        no=46,
        label=N_("Document template"),
        plural=N_("Document templates"),
        icon="file",
        reference=True,
        since=3,
    )

    name: Mapped[str | None] = text(
        10, N_("Name"), required=True, in_list=True, searchable=True, indexed=True, since=3
    )
    kind: Mapped[str | None] = choice(
        11, N_("Kind of document"), DOCUMENT_KINDS, required=True, default="quote", in_list=True, since=3
    )
    language: Mapped[str | None] = choice(
        12, N_("Language"), DOCUMENT_LANGUAGES, default="both", in_list=True, since=3
    )
    engine: Mapped[str | None] = choice(
        13, N_("Made as"), DOCUMENT_ENGINES, default="pdf", in_list=True, since=3
    )
    body: Mapped[str | None] = long_text(14, N_("Text of the template"), since=3)
    word: Mapped[dict[str, Any] | None] = json(15, N_("Word file"), since=3)
    """`{"name": file name, "content": the file in base64}`: part of the set-up, so it travels like it."""
    active: Mapped[bool | None] = boolean(16, N_("In use"), default=True, in_list=True, since=3)
    standard: Mapped[bool | None] = boolean(17, N_("Standard"), default=False, in_list=True, since=3)
    """Taken where nobody chooses another of its kind and language."""
