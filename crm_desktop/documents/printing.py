"""A record as the PDF it goes out as: by the company's standard template, else by the program's own."""

from __future__ import annotations

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.template_kinds import PDF
from crm_desktop.documents import quote_records, template_records
from crm_desktop.documents.quote_records import QUOTE
from crm_desktop.models.replica import Replica


def pdf_of(
    replica: Replica, entity: str, record_id: str, language: str, acceptance_url: str | None = None
) -> bytes:
    """Return a quote, contract or order as a PDF in `en`, `zh` or `both`.

    `acceptance_url` is of a link that is being made. Raises `UserError` for what cannot be printed, and
    `TemplateRefused` where the template asks for what is not there.
    """
    template = template_records.standard(replica, entity, language, PDF)
    if template is not None:
        return template_records.make(replica, template, record_id, acceptance_url=acceptance_url).content
    if entity != QUOTE:
        raise UserError(N_("There is no standard PDF template for this kind of record"))
    return quote_records.pdf_bytes(replica, record_id, language, acceptance_url)
