"""From a quote, contract or order in the replica to the document that prints it."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.money import Money
from crm_core.rules.answers import ANSWERS, version_of
from crm_core.rules.quote_state import is_draft
from crm_core.rules.totals import Totals
from crm_core.schema.phones import shown_form
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.documents.quote_document import (
    CustomerBlock,
    Letterhead,
    PreparedBy,
    PrintedGroup,
    PrintedLine,
    QuoteDocument,
    clauses,
)
from crm_desktop.documents.quote_pdf import quote_pdf, write_quote_pdf
from crm_desktop.models import numbers, quote_totals, repository, sheet_totals, state
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.services import approving, links
from crm_desktop.services.company import company

QUOTE: Final = "quote"
_DAYS: Final = {QUOTE: "issued_on", "order": "ordered_on", "contract": "signed_on"}


def write_pdf(replica: Replica, quote_id: str, file: Path, language: str) -> int:
    """Write a quote as a PDF in `en`, `zh` or `both`; return its number of pages."""
    return write_quote_pdf(document_of(replica, quote_id), file, language)


def pdf_bytes(replica: Replica, quote_id: str, language: str, acceptance_url: str | None = None) -> bytes:
    """Return the very PDF `write_pdf` would write, for the preview; with the address of a link being made."""
    return quote_pdf(document_of(replica, quote_id, acceptance_url), language)[0]


def file_name(replica: Replica, quote_id: str, entity: str = QUOTE) -> str:
    """Return the name a document's file gets: number, version where it has one, customer."""
    with replica.read() as session:
        quote = _needed(session, quote_id, entity)
        customer = _linked(session, quote, "customer_id", "customer")
    name = "".join(c for c in (customer.title if customer else "") if c.isalnum() or c in " -").strip()
    version = f"-v{version_of(quote.values)}" if ANSWERS[entity].has_versions else ""
    parts = [_number(quote, 0)[0] + version, name[:40]]
    return "_".join(part for part in parts if part) + ".pdf"


def document_of(
    replica: Replica, record_id: str, acceptance_url: str | None = None, entity: str = QUOTE
) -> QuoteDocument:
    """Return what the PDF of a quote, contract or order says. `NotFound` where it is not on this laptop.

    `acceptance_url`: of a link that is being made; without one, of its open link made here.
    """
    with replica.read() as session:
        quote = _needed(session, record_id, entity)
        if entity == QUOTE:
            groups = quote_totals.groups_of(session, record_id)
            lines = quote_totals.lines_of(session, record_id, groups)
            found = quote_totals.totals_of(quote, lines)
            printed = _printed_groups(groups, lines, found)
        else:
            lines = sheet_totals.lines_of(session, entity, record_id)
            found = quote_totals.totals_of(quote, lines)
            printed = _printed_headings(lines, found)
        acceptance_url = acceptance_url or links.known_url(session, quote)
        facts = company(session)
        currency = quote.get("currency") or DEFAULT_CURRENCY
        customer = _linked(session, quote, "customer_id", "customer")
        contact = _linked(session, quote, "contact_id", "contact")
        owner = _linked(session, quote, "owner_id", "user")
        number, draft = _number(quote, state.read(session, Key.DEVICE))
        valid_until = quote.get("valid_until")
        issued_on = quote.get(_DAYS[entity])
        return QuoteDocument(
            letterhead=Letterhead(
                name_zh=facts.name,
                name_en=facts.name_en,
                address_zh=facts.address,
                address_en=facts.address_en,
                phone=facts.phone,
                email=facts.email,
            ),
            number=number,
            version=version_of(quote.values) if ANSWERS[entity].has_versions else 0,
            issued_on=datetime.date.fromisoformat(issued_on) if issued_on else datetime.date.today(),  # noqa: DTZ011
            valid_until=datetime.date.fromisoformat(valid_until) if valid_until else None,
            customer=_customer_block(customer, contact),
            prepared_by=PreparedBy(
                name_zh=owner.get("name", "") if owner else "",
                title_zh=owner.get("title", "") if owner else "",
                phone=shown_form(str(owner.get("phone") or "")) if owner else "",
                email=owner.get("email", "") if owner else "",
            ),
            lines=tuple(_printed_line(session, line, currency) for line in lines),
            totals=found,
            groups=printed,
            terms_zh=clauses(quote.get("terms")),
            terms_en=clauses(quote.get("terms_en")),
            acceptance_url=acceptance_url,
            draft=draft or (entity != QUOTE and is_draft(quote.values)),
            subject_to_approval=approving.is_subject_to_approval(
                session, replica.person, replica.clock, quote
            ),
        )


def _needed(session: Session, quote_id: str, entity: str = QUOTE) -> Record:
    quote = repository.get(session, entity, quote_id)
    if quote is None:
        raise NotFound(N_("There is no such record on this laptop"))
    return quote


def _linked(session: Session, record: Record, field: str, entity: str) -> Record | None:
    record_id = record.get(field)
    return repository.get(session, entity, record_id) if record_id else None


def _number(quote: Record, device: int) -> tuple[str, bool]:
    """Return what is printed as the number, and whether it is a draft's."""
    if quote.get("number"):
        return str(quote["number"]), False
    return numbers.draft(device, quote.id), True


def _customer_block(customer: Record | None, contact: Record | None) -> CustomerBlock:
    if customer is None:
        return CustomerBlock()
    place = [customer.get(name, "") for name in ("province", "city", "address")]
    parts = [str(part) for part in (contact.get("name"), contact.get("title")) if part] if contact else []
    # A comma of the script before it: one text is printed in both languages.
    who = (", " if "".join(parts).isascii() else "，").join(parts)
    return CustomerBlock(
        name_zh=customer.title,
        address_zh=" ".join(part for part in dict.fromkeys(place) if part),
        contact=who,
        phone=shown_form(str((contact.get("phone") if contact else None) or customer.get("phone") or "")),
        email=str((contact.get("email") if contact else None) or customer.get("email", "")),
    )


def _printed_groups(
    groups: Sequence[Record], lines: Sequence[Record], found: Totals
) -> tuple[PrintedGroup, ...]:
    """Return the groups that have lines; these stand in the order of the groups already."""
    sums = {each.key: each.subtotal_minor for each in found.groups}
    printed = []
    for group in groups:
        places = [place for place, line in enumerate(lines) if line.get("group_id") == group.id]
        if places:
            title, english = str(group.get("title") or ""), str(group.get("title_en") or "")
            printed.append(
                PrintedGroup(
                    title_zh=title,
                    title_en=english if english != title else "",
                    first=places[0],
                    count=len(places),
                    subtotal_minor=sums.get(group.id, 0),
                )
            )
    return tuple(printed)


def _printed_headings(lines: Sequence[Record], found: Totals) -> tuple[PrintedGroup, ...]:
    """Return the groups of lines that follow each other under one heading."""
    printed = []
    place = 0
    for title, some in itertools.groupby(lines, key=lambda line: str(line.get("heading") or "")):
        rows = list(some)
        if title:
            english = str(rows[0].get("heading_en") or "")
            nets = (each.net_minor for each in found.lines[place : place + len(rows)] if each.counts)
            printed.append(
                PrintedGroup(
                    title_zh=title,
                    title_en=english if english != title else "",
                    first=place,
                    count=len(rows),
                    subtotal_minor=sum(nets),
                )
            )
        place += len(rows)
    return tuple(printed)


def _printed_line(session: Session, line: Record, currency: str) -> PrintedLine:
    product = _linked(session, line, "product_id", "product")
    description = str(line.get("description", ""))
    # The English name belongs to the product's own name; a description typed anew stands alone.
    english = product.get("name_en", "") if product and description == product.get("name") else ""
    return PrintedLine(
        code=str(product.get("code", "")) if product else "",
        description_zh=description,
        # Nor is it said twice where a product has one name in both languages.
        description_en=str(english) if english != description else "",
        quantity=Decimal(line.get("quantity") or "0"),
        unit_zh=str(line.get("unit", "")),
        unit_price=Money(line.get("unit_price") or 0, currency),
        discount_percent=Decimal(line.get("discount_percent") or "0"),
    )
