"""From a record in the replica to what a template says of it: values, pictures, and the finished file."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

import resources
from crm_core.entities.attachment import Attachment
from crm_core.entities.template import DocumentTemplate
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message
from crm_core.money import Money
from crm_core.rules.access import ClassRight
from crm_core.rules.sheets import SHEETS
from crm_core.rules.template_check import problems_of
from crm_core.rules.template_filling import company_part, filled_part
from crm_core.rules.template_kinds import (
    ACCEPTANCE_LINK,
    COMPANY,
    KINDS,
    MAIL,
    PDF,
    WORD,
    DocumentKind,
    printed_fields,
    shape_of,
)
from crm_core.rules.template_language import Rendered, TemplateRefused, render
from crm_core.rules.template_values import Amount, Blank, DocumentLanguage, Part
from crm_core.schema.field import Field
from crm_desktop.documents import word
from crm_desktop.documents.markup import PICTURE, escape
from crm_desktop.documents.quote_document import QuoteDocument
from crm_desktop.documents.quote_records import QUOTE, document_of
from crm_desktop.documents.saving import save
from crm_desktop.documents.template_pdf import FilledTemplate, template_pdf
from crm_desktop.models import blobs, quote_totals, repository, sheet_totals
from crm_desktop.models.custom import fields_of
from crm_desktop.models.records import Record, record_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import company
from resources import in_language

_PICTURES = ("image/png", "image/jpeg")
_MOST_PICTURE_BYTES = 4_000_000
_SHIPPED: Final[Mapping[str, tuple[str, DocumentLanguage, str, str]]] = {
    "quote.zh": ("quote", "zh", "quote.zh.md", N_("Quote in Chinese")),
    "quote.en": ("quote", "en", "quote.en.md", N_("Quote in English")),
    "quote.both": ("quote", "both", "quote.both.md", N_("Quote in both languages")),
    "proposal.zh": ("proposal", "zh", "proposal.zh.md", N_("Proposal in Chinese")),
    "proposal.en": ("proposal", "en", "proposal.en.md", N_("Proposal in English")),
    "proposal.both": ("proposal", "both", "proposal.both.md", N_("Proposal in both languages")),
    "contract.zh": ("contract", "zh", "contract.zh.md", N_("Contract in Chinese")),
    "contract.en": ("contract", "en", "contract.en.md", N_("Contract in English")),
    "contract.both": ("contract", "both", "contract.both.md", N_("Contract in both languages")),
    "order.zh": ("order", "zh", "order.zh.md", N_("Order confirmation in Chinese")),
    "order.en": ("order", "en", "order.en.md", N_("Order confirmation in English")),
    "order.both": ("order", "both", "order.both.md", N_("Order confirmation in both languages")),
    "mail.zh": ("mail", "zh", "mail.zh.txt", N_("Text of a mail in Chinese")),
    "mail.en": ("mail", "en", "mail.en.txt", N_("Text of a mail in English")),
    "contract_mail.zh": ("contract_mail", "zh", "contract_mail.zh.txt", N_("Text of a mail in Chinese")),
    "contract_mail.en": ("contract_mail", "en", "contract_mail.en.txt", N_("Text of a mail in English")),
    "order_mail.zh": ("order_mail", "zh", "order_mail.zh.txt", N_("Text of a mail in Chinese")),
    "order_mail.en": ("order_mail", "en", "order_mail.en.txt", N_("Text of a mail in English")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template to fill. `word` is a .docx file's content where it is made as Word."""

    name: str
    kind: str
    language: DocumentLanguage
    engine: str
    body: str = ""
    word: bytes = b""
    standard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A document made from a template: its bytes, pages (0: not known), and values the record lacks."""

    content: bytes
    suffix: str
    pages: int
    blanks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What a record gives the places of a template."""

    kind: DocumentKind
    known: Part
    filled: Mapping[str, Any]
    pictures: Mapping[str, bytes]
    document: QuoteDocument | None
    """None: of a record without lines."""
    typed: tuple[tuple[Message, str], ...]


def shipped() -> tuple[Template, ...]:
    """Return the templates that come with the program."""
    return tuple(
        Template(
            name=key,
            kind=kind,
            language=language,
            engine=MAIL if MAIL in KINDS[kind].engines else PDF,
            body=resources.path("templates", file).read_text(encoding="utf-8"),
        )
        for key, (kind, language, file, _name) in _SHIPPED.items()
    )


def name_of_shipped(key: str) -> Message:
    """Return what people call a template that comes with the program."""
    return Message(_SHIPPED[key][3])


def template_of(values: Mapping[str, Any]) -> Template:
    """Return a template from a record's values, saved or not."""
    language = values.get("language")
    return Template(
        name=str(values.get("name") or ""),
        kind=str(values.get("kind") or "quote"),
        language="zh" if language == "zh" else "en" if language == "en" else "both",
        engine=str(values.get("engine") or PDF),
        body=str(values.get("body") or ""),
        word=word.content_of(values.get("word")) if values.get("word") else b"",
        standard=bool(values.get("standard")),
    )


def templates(replica: Replica, entity: str) -> tuple[Template, ...]:
    """Return the templates for documents of a kind of record: those in use, then those that are shipped."""
    with replica.read() as session:
        rows = session.scalars(
            select(DocumentTemplate)
            .where(DocumentTemplate.life % 2 == 1, DocumentTemplate.active.isnot(False))
            .order_by(DocumentTemplate.name, DocumentTemplate.id)
        )
        own = [template_of(record_of(row).values) for row in rows]
    return tuple(
        each for each in (*own, *shipped()) if each.kind in KINDS and KINDS[each.kind].entity == entity
    )


def named(replica: Replica, entity: str, name: str) -> Template:
    """Return the template of a name. `NotFound` names those there are."""
    there = templates(replica, entity)
    for each in there:
        if each.name.casefold() == name.strip().casefold():
            return each
    raise NotFound(
        N_("There is no template called “{name}”; there are: {names}"),
        name=name,
        names=", ".join(each.name for each in there) or "–",
    )


def standard(
    replica: Replica, entity: str, language: str | None, engine: str | None = None
) -> Template | None:
    """Return the template taken where nobody names one; None: the fixed layout of quotes.

    Of other kinds, where none is the standard one, that of the program. Of a language and made in a way where
    these are asked for. `UserError` where there are no documents of such records at all.
    """
    if not any(kind.entity == entity for kind in KINDS.values()):
        raise UserError(N_("There are no documents of this kind of record"))
    there = templates(replica, entity)
    for each in there:
        is_fit = each.kind == entity and engine in (None, each.engine) and language in (None, each.language)
        if each.standard and is_fit:
            return each
    if entity == QUOTE:
        return None
    own = f"{entity}.{language or 'both'}"
    return next((each for each in there if each.name == own), None)


def make(
    replica: Replica,
    template: Template,
    record_id: str,
    language: DocumentLanguage | None = None,
    acceptance_url: str | None = None,
) -> Made:
    """Return a record's document. Raises `UserError` for a record that is not here or cannot be printed.

    `acceptance_url` is of a link that is being made. `TemplateRefused` names everything the template asks
    for and that is not there for this person.
    """
    spoken = language or template.language
    values = values_of(replica, template.kind, record_id, spoken, acceptance_url)
    if template.engine == WORD:
        content, blanks = word.fill(template.word, values.filled, values.known, spoken)
        return Made(content=content, suffix=".docx", pages=0, blanks=blanks)
    problems = problems_of(template.body, values.known)
    if problems:
        raise TemplateRefused(problems)
    if template.engine == MAIL:
        text = render(template.body, values.filled, spoken)
        return Made(content=text.text.encode("utf-8"), suffix=".txt", pages=0, blanks=text.blanks)
    if values.document is None:
        raise UserError(N_("There are no documents of this kind"))
    found: Rendered = render(template.body, values.filled, spoken, escape)
    title = in_language(KINDS[template.kind].label if template.name in _SHIPPED else template.name, spoken)
    filled = FilledTemplate(
        text=found.text,
        title=title,
        document=values.document,
        pictures=values.pictures,
        typed=values.typed,
    )
    content, pages = template_pdf(filled, spoken)
    return Made(content=content, suffix=".pdf", pages=pages, blanks=found.blanks)


def write(
    replica: Replica, template: Template, record_id: str, file: Path, language: DocumentLanguage | None
) -> Made:
    """Write a record's document into a file, wholly or not at all."""
    made = make(replica, template, record_id, language)
    save(made.content, file)
    return made


def known_to(replica: Replica, kind: str) -> Part:
    """Return what the places of such a template may take, as far as this person reads it."""
    with replica.read() as session:
        return shape_of(KINDS[kind], lambda entity: _readable(session, replica, entity))


def values_of(
    replica: Replica,
    kind: str,
    record_id: str,
    language: DocumentLanguage,
    acceptance_url: str | None = None,
) -> Values:
    """Return what a record gives the places of a template of a kind. `NotFound` where it is not here."""
    of = KINDS.get(kind)
    if of is None:
        raise UserError(N_("There are no documents of this kind"))
    is_sheet = of.entity in SHEETS
    document = document_of(replica, record_id, acceptance_url, of.entity) if is_sheet else None
    with replica.read() as session:
        filling = _Filling(session, replica, language)
        record = repository.get(session, of.entity, record_id)
        if record is None:
            raise NotFound(N_("There is no such record on this laptop"))
        parts: dict[str, Any] = {of.entity: filling.part(of.entity, record, of.entity)}
        for name, link in of.links.items():
            target = filling.fields(of.entity, all_of_them=True)[link].target
            linked = record.get(link)
            found = repository.get(session, target, str(linked)) if linked and target else None
            parts[name] = filling.part(target or "", found, name)
        for name in of.lines:
            assert document is not None, of.entity
            parts[name] = filling.lines(of, name, record, document)
        facts = company.company(session)
        parts["company"] = company_part({name: getattr(facts, name) for name in COMPANY})
    if document is not None and document.draft:
        parts[of.entity]["number"] = document.number
    if document is not None and of.totals:
        parts["totals"] = _sums(document)
    if document is not None and of.accepts:
        parts[ACCEPTANCE_LINK] = document.acceptance_url or Blank(ACCEPTANCE_LINK)
    parts["today"] = datetime.date.today()  # noqa: DTZ011 - the day where the person is
    parts["language"] = language
    return Values(
        kind=of,
        known=known_to(replica, kind),
        filled=parts,
        pictures=filling.pictures,
        document=document,
        typed=tuple(filling.typed),
    )


class _Filling:
    """Reads records as the person may see them, as values of a language."""

    def __init__(self, session: Session, replica: Replica, language: DocumentLanguage) -> None:
        self._session, self._replica, self._language = session, replica, language
        self.pictures: dict[str, bytes] = {}
        self.typed: list[tuple[Message, str]] = []

    def fields(self, entity: str, *, all_of_them: bool = False) -> Mapping[str, Field]:
        """Return the fields of a kind of record the person reads."""
        every = fields_of(self._session, entity)
        return every if all_of_them else _readable(self._session, self._replica, entity)

    def part(self, entity: str, record: Record | None, path: str) -> dict[str, Any]:
        """Return a record's values by the names templates know; blanks for one that is not here."""
        if not entity:
            return {}
        fields = self.fields(entity)
        row = record.values if record is not None else None
        values = filled_part(fields, row, path, self._language, in_language)
        for name, each in printed_fields(fields).items():
            if isinstance(values[name], str) and not isinstance(values[name], Blank):
                self.typed.append((Message(each.label), values[name]))
        return values

    def lines(
        self, of: DocumentKind, name: str, record: Record, document: QuoteDocument
    ) -> list[dict[str, Any]]:
        """Return the lines below a record, in their order."""
        declared = of.lines[name]
        rows: list[dict[str, Any]] = []
        if of.entity == QUOTE:
            found = quote_totals.lines_of(self._session, record.id)
        else:
            found = sheet_totals.parts_of(self._session, of.entity, record.id, declared.entity)
        are_summed = declared.entity == SHEETS[of.entity].line
        for number, line in enumerate(found, start=1):
            row = self.part(declared.entity, line, name)
            row["number"] = number
            if are_summed:
                row["net"] = Amount(Money(document.totals.lines[number - 1].net_minor, document.currency))
            for part, link in declared.links.items():
                target = self.fields(declared.entity, all_of_them=True)[link].target or ""
                linked = line.get(link)
                other = repository.get(self._session, target, str(linked)) if linked else None
                row[part] = self.part(target, other, f"{name}.{part}")
                row[part]["picture"] = self._picture(target, other) or Blank(f"{name}.{part}.picture")
            rows.append(row)
        return rows

    def _picture(self, entity: str, record: Record | None) -> str:
        """Return the place of the newest picture on a record, if its content is on this laptop."""
        if record is None:
            return ""
        newest = select(Attachment).where(
            Attachment.record_entity == entity,
            Attachment.record_id == record.id,
            Attachment.life % 2 == 1,
            Attachment.media_type.in_(_PICTURES),
            Attachment.size_bytes <= _MOST_PICTURE_BYTES,
        )
        for row in self._session.scalars(newest.order_by(Attachment.created_at.desc(), Attachment.id)):
            blob = blobs.find(self._session, row.sha256 or "")
            if blob is not None and blob.is_whole and self._replica.blobs.exists(blob):
                self.pictures[str(row.sha256)] = b"".join(self._replica.blobs.read(blob))
                return f"{PICTURE}{row.sha256}"
        return ""


def _readable(session: Session, replica: Replica, entity: str) -> dict[str, Field]:
    rights = replica.person.rights
    return {
        name: each
        for name, each in fields_of(session, entity).items()
        if rights.class_right(entity, each.field_class) >= ClassRight.READ
    }


def _sums(document: QuoteDocument) -> dict[str, Any]:
    found = document.totals

    def amount(minor: int) -> Amount:
        return Amount(Money(minor, found.currency))

    taxes = [
        {"rate": each.rate, "base": amount(each.base_minor), "tax": amount(each.tax_minor)}
        for each in found.taxes
    ]
    return {
        "subtotal": amount(found.subtotal_minor),
        "allowance": amount(found.allowance_minor),
        "net": amount(found.net_minor),
        "tax": amount(found.tax_minor),
        "total": amount(found.total_minor),
        "taxes": taxes,
    }


def blanks_said(blanks: tuple[str, ...]) -> Iterator[Message]:
    """Yield what is to be said of values a record lacks; nothing where it has all."""
    if blanks:
        yield Message(N_("The record has nothing for: {names}"), {"names": ", ".join(blanks)})
