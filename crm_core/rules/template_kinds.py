"""Which documents come from templates, and what their places may take: read from what entities declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.errors import Problem
from crm_core.i18n import N_, Message, message
from crm_core.rules.template_values import LANGUAGES, Leaf, Part, Rows, Shape, Sort
from crm_core.schema.field import Field, FieldClass, Kind
from crm_core.schema.reading import CUSTOM_PREFIX

ACCEPTANCE_LINK: Final = "acceptance_link"
PDF, WORD, MAIL = "pdf", "word", "mail"
ENGINES: Final = (PDF, WORD, MAIL)
MOST_WORD_BYTES: Final = 600_000
"""Of a Word template: it travels as one value, and an operation holds a mebibyte."""

FieldsOf = Callable[[str], Mapping[str, Field]]
"""The fields of a kind of record by name: all there are, or those a person may read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Records below the one a document is of: their kind, the link to it, and links followed from each."""

    entity: str
    link: str
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKind:
    """A kind of document: whose it is, what its places reach, and how it is made."""

    label: str
    entity: str
    """Kind of record it is of; its own values stand under this name."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Name of a part to the field of the record that leads there."""
    lines: Mapping[str, Lines] = field(default_factory=dict)
    totals: bool = False
    """Whether what lines come to is among the values."""
    accepts: bool = False
    """Whether customers accept it on HQ's page: the link is among the values."""
    engines: tuple[str, ...] = (PDF, WORD)


_PARTIES: Final[Mapping[str, str]] = MappingProxyType(
    {"customer": "customer_id", "contact": "contact_id", "deal": "deal_id", "owner": "owner_id"}
)
_OF_QUOTE: Final[Mapping[str, Any]] = {
    "entity": "quote",
    "links": _PARTIES,
    "lines": {"lines": Lines(entity="quote_line", link="quote_id", links={"product": "product_id"})},
    "totals": True,
    "accepts": True,
}
_OF_CONTRACT: Final[Mapping[str, Any]] = {
    "entity": "contract",
    "links": _PARTIES,
    "lines": {
        "lines": Lines(entity="contract_line", link="contract_id", links={"product": "product_id"}),
        "clauses": Lines(entity="contract_clause", link="contract_id"),
    },
    "totals": True,
    "accepts": True,
}
_OF_ORDER: Final[Mapping[str, Any]] = {
    "entity": "order",
    "links": _PARTIES,
    "lines": {"lines": Lines(entity="order_line", link="order_id", links={"product": "product_id"})},
    "totals": True,
    "accepts": True,
}
KINDS: Final[Mapping[str, DocumentKind]] = MappingProxyType(
    {
        "quote": DocumentKind(label=N_("Quote"), **_OF_QUOTE),
        "proposal": DocumentKind(label=N_("Proposal"), **_OF_QUOTE),
        "contract": DocumentKind(label=N_("Contract"), **_OF_CONTRACT),
        "order": DocumentKind(label=N_("Order confirmation"), **_OF_ORDER),
        "mail": DocumentKind(label=N_("Text of a mail"), engines=(MAIL,), **_OF_QUOTE),
        "contract_mail": DocumentKind(
            label=N_("Text of a mail with a contract"), engines=(MAIL,), **_OF_CONTRACT
        ),
        "order_mail": DocumentKind(label=N_("Text of a mail with an order"), engines=(MAIL,), **_OF_ORDER),
        "answer": DocumentKind(
            label=N_("Canned answer"),
            entity="ticket",
            links={
                "customer": "customer_id",
                "contact": "contact_id",
                "product": "product_id",
                "assignee": "assignee_id",
            },
            engines=(MAIL,),
        ),
    }
)
"""Documents by kind. A kind of record that comes later adds its line."""

_SORTS: Final = {
    Kind.MONEY: Sort.MONEY,
    Kind.DATE: Sort.DATE,
    Kind.INSTANT: Sort.DATE,
    Kind.DECIMAL: Sort.NUMBER,
    Kind.PERCENT: Sort.NUMBER,
    Kind.INTEGER: Sort.NUMBER,
    Kind.BOOLEAN: Sort.TRUTH,
}
_UNPRINTED: Final = frozenset((Kind.JSON, Kind.POSITION, Kind.REF))
_EXAMPLES: Final = {
    Sort.MONEY: "CNY 386,000.00",
    Sort.DATE: "2026-11-24",
    Sort.NUMBER: "12.5",
    Sort.TRUTH: "yes",
}
COMPANY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "name": N_("Name"),
        "name_en": N_("English name"),
        "address": N_("Address"),
        "address_en": N_("Address in English"),
        "phone": N_("Phone"),
        "email": N_("E-mail"),
    }
)
SUMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "subtotal": N_("Subtotal"),
        "allowance": N_("Allowance"),
        "net": N_("Net of tax"),
        "tax": N_("Tax"),
        "total": N_("Total"),
    }
)


def printed_fields(fields: Mapping[str, Field]) -> dict[str, Field]:
    """Return the fields documents print, by the name templates know them by; custom ones by their key."""
    return {
        name.removeprefix(CUSTOM_PREFIX): each
        for name, each in fields.items()
        if each.kind not in _UNPRINTED
        and (each.field_class is not FieldClass.SYSTEM or name in ("created_at", "updated_at"))
    }


def sort_of(declared: Field) -> Sort:
    """Return the kind of value a field gives."""
    return _SORTS.get(declared.kind, Sort.TEXT)


def shape_of(kind: DocumentKind, fields_of: FieldsOf) -> Part:
    """Return everything the places of such a template may take."""
    own = fields_of(kind.entity)
    parts: dict[str, Shape] = {kind.entity: _record(kind.entity, own)}
    for name, link in kind.links.items():
        target = own[link].target if link in own else None
        if target is not None:
            parts[name] = _record(target, fields_of(target), Message(own[link].label))
    for name, lines in kind.lines.items():
        parts[name] = _rows(lines, fields_of)
    if kind.totals and any(each.kind is Kind.MONEY for each in own.values()):
        parts["totals"] = _sums()
    parts["company"] = Part(
        label=message("Company"),
        fields={name: Leaf(label=Message(said), sort=Sort.TEXT) for name, said in COMPANY.items()},
    )
    if kind.accepts:
        parts[ACCEPTANCE_LINK] = Leaf(
            label=message("Link to the acceptance page"), sort=Sort.TEXT, example="https://…/a/…"
        )
    parts["today"] = Leaf(label=message("Today"), sort=Sort.DATE, example=_EXAMPLES[Sort.DATE])
    parts["language"] = Leaf(label=message("Language of the document"), sort=Sort.TEXT, example="zh")
    return Part(label=Message(kind.label), fields=parts)


def variables_of(part: Part, before: str = "") -> list[tuple[str, Leaf | Rows]]:
    """Return what a template may name, as paths; of rows what each of them has is left to the caller."""
    found: list[tuple[str, Leaf | Rows]] = []
    for name, each in part.fields.items():
        path = f"{before}{name}"
        if isinstance(each, Part):
            found += variables_of(each, f"{path}.")
        else:
            found.append((path, each))
    return found


def problems_of_template(values: Mapping[str, Any], fields_of: FieldsOf) -> list[Problem]:
    """Return what is wrong with a template as it would be saved."""
    kind = KINDS.get(str(values.get("kind") or ""))
    if kind is None:
        return [Problem(field="kind", message=message("There are no documents of this kind"))]
    engine, language = values.get("engine") or PDF, values.get("language") or "both"
    if engine not in kind.engines:
        return [Problem(field="engine", message=message("Documents of this kind are not made this way"))]
    if language not in LANGUAGES:
        return [Problem(field="language", message=message("Documents are not printed in this language"))]
    if engine == WORD:
        return _of_word(values.get("word"))
    body = values.get("body")
    if not isinstance(body, str) or not body.strip():
        return [Problem(field="body", message=message("The template has no text"))]
    from crm_core.rules.template_check import problems_of  # noqa: PLC0415 - Jinja, which few records need

    return [
        Problem(field="body", message=each.told()) for each in problems_of(body, shape_of(kind, fields_of))
    ]


def _of_word(stored: Any) -> list[Problem]:
    if not isinstance(stored, Mapping) or not isinstance(stored.get("content"), str):
        return [Problem(field="word", message=message("Choose a Word file (.docx)"))]
    if len(stored["content"]) > MOST_WORD_BYTES * 4 // 3 + 4:
        most = MOST_WORD_BYTES // 1000
        return [Problem(field="word", message=message("The Word file is larger than {most} kB", most=most))]
    return []


def _record(entity: str, fields: Mapping[str, Field], label: Message | None = None) -> Part:
    return Part(
        label=label or Message(SCHEMAS[entity].meta.label),
        fields={
            name: Leaf(
                label=Message(each.label), sort=sort_of(each), example=_EXAMPLES.get(sort_of(each), "")
            )
            for name, each in printed_fields(fields).items()
        },
    )


def _rows(lines: Lines, fields_of: FieldsOf) -> Rows:
    own = fields_of(lines.entity)
    row: dict[str, Shape] = dict(_record(lines.entity, own).fields)
    row["number"] = Leaf(label=message("Number of the line"), sort=Sort.NUMBER, example="1")
    if any(each.kind is Kind.MONEY for each in own.values()):
        row["net"] = Leaf(label=message("Amount of the line"), sort=Sort.MONEY, example=_EXAMPLES[Sort.MONEY])
    for name, link in lines.links.items():
        target = own[link].target if link in own else None
        if target is not None:
            linked = dict(_record(target, fields_of(target)).fields)
            linked["picture"] = Leaf(label=message("Picture"), sort=Sort.PICTURE)
            row[name] = Part(label=Message(own[link].label), fields=linked)
    label = Message(SCHEMAS[lines.entity].meta.plural) if not lines.links else message("Lines")
    return Rows(label=label, row=Part(label=message("Line"), fields=row))


def _sums() -> Part:
    money = {
        name: Leaf(label=Message(said), sort=Sort.MONEY, example=_EXAMPLES[Sort.MONEY])
        for name, said in SUMS.items()
    }
    tax = {
        "rate": Leaf(label=message("Tax rate, %"), sort=Sort.NUMBER, example="13"),
        "base": Leaf(label=message("Taxed amount"), sort=Sort.MONEY, example=_EXAMPLES[Sort.MONEY]),
        "tax": Leaf(label=message("Tax"), sort=Sort.MONEY, example=_EXAMPLES[Sort.MONEY]),
    }
    taxes = Rows(label=message("Taxes"), row=Part(label=message("Tax"), fields=tax))
    return Part(label=message("Totals"), fields={**money, "taxes": taxes})
