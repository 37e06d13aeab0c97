"""A quote as a PDF file: the door other parts come in by."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_desktop.documents import missing
from crm_desktop.documents.columns import choose
from crm_desktop.documents.labels import LANGUAGES, DocumentLanguage, Label, say, say_version
from crm_desktop.documents.manuscript import Manuscript
from crm_desktop.documents.paper import Page
from crm_desktop.documents.quote_document import QuoteDocument
from crm_desktop.documents.quote_pages import quote_pages
from crm_desktop.documents.saving import save
from crm_desktop.documents.sheets import printed
from crm_desktop.documents.typesetting import Typesetter


def write_quote_pdf(document: QuoteDocument, file: Path, language: str) -> int:
    """Write the quote as a PDF in `en`, `zh` or `both` and return its number of pages.

    Raises `UserError` for a quote without lines, a character the fonts lack, a logo that is no picture,
    and a file that cannot be written; a file of that name before stays as it was then.
    """
    content, count = quote_pdf(document, language)
    save(content, file)
    return count


def quote_pdf(document: QuoteDocument, language: str) -> tuple[bytes, int]:
    """Return the PDF's bytes and its number of pages; the same quote gives the same bytes."""
    from crm_desktop.documents.pdf import Title, draw_pdf  # noqa: PLC0415 - reportlab, left out of start-up

    spoken = _language(language)
    if not document.lines:
        raise UserError(N_("The quote has no lines yet"))
    pages = _pages(document, spoken)
    missing.refuse(_missing(pages), missing.texts_of(document))
    title = Title(
        title=f"{say(Label.QUOTATION, spoken)} {document.number} · {say_version(document.version, spoken)}",
        author=choose(document.letterhead.name_zh, document.letterhead.name_en, spoken),
        subject=choose(document.customer.name_zh, document.customer.name_en, spoken),
        language="en" if spoken == "en" else "zh-CN",
    )
    return draw_pdf(pages, title), len(pages)


def missing_characters(document: QuoteDocument, language: str = "both") -> list[str]:
    """Return the characters of the printed quote that the fonts have no shape for, each once, in order."""
    return _missing(_pages(document, _language(language)))


def _pages(document: QuoteDocument, language: DocumentLanguage) -> tuple[Page, ...]:
    from crm_desktop.documents.fonts import measurer  # noqa: PLC0415 - reportlab, left out of start-up

    return quote_pages(Manuscript(document=document, language=language, typesetter=Typesetter(measurer())))


def _missing(pages: tuple[Page, ...]) -> list[str]:
    from resources.faces import face_of  # noqa: PLC0415 - reportlab, left out of start-up

    absent = (character for character, face in printed(pages) if face_of(character, face) is None)
    return list(dict.fromkeys(absent))


def _language(language: str) -> DocumentLanguage:
    if language not in LANGUAGES:
        raise ValueError(f"documents are printed in {', '.join(LANGUAGES)}, not in {language!r}")
    return cast(DocumentLanguage, language)
