"""A record as the PDF it goes out as: by the company's standard template, else by the program's own."""

from __future__ import annotations

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.template_kinds import PDF
from crm_desktop.documents import template_records
from crm_desktop.documents.quote_pdf import quote_pdf
from crm_desktop.documents.quote_records import QUOTE, document_of
from crm_desktop.models.replica import Replica


def pdf_of(
    replica: Replica, entity: str, record_id: str, language: str, acceptance_url: str | None = None
) -> bytes:
    """Return a quote, contract or order as a PDF in `en`, `zh` or `both`.

    `acceptance_url` is of a link that is being made. Raises as `printed` does.
    """
    return printed(replica, entity, record_id, language, acceptance_url)[0]


def printed(
    replica: Replica, entity: str, record_id: str, language: str, acceptance_url: str | None = None
) -> tuple[bytes, int]:
    """Return the PDF of a record and its number of pages.

    Raises `UserError` for what cannot be printed, and `TemplateRefused` where the template asks for what is
    not there.
    """
    template = template_records.standard(replica, entity, language, PDF)
    if template is not None:
        made = template_records.make(replica, template, record_id, acceptance_url=acceptance_url)
        return made.content, made.pages
    if entity != QUOTE:
        raise UserError(N_("There is no standard PDF template for this kind of record"))
    return quote_pdf(document_of(replica, record_id, acceptance_url), language)
