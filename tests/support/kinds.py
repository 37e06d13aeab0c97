"""One record of every kind there is, made from the declarations: a kind added later is among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from crm_core.entities import CHILDREN, SCHEMAS
from crm_core.rules.report_form import plain_report
from crm_core.rules.reports import Report
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_core.schema.field import Field, FieldClass, Kind, ScopeSource
from crm_core.schema.reading import Schema

WORK: Final = tuple(name for name, schema in SCHEMAS.items() if not schema.meta.reference)
"""Kinds of record that are not everybody's to read."""
NOT_MADE: Final = frozenset(
    (
        *("merge", "mandate", "approval_request", "approval_decision", "acceptance", "signature"),
        *("instalment", "receipt_share", "article_version", "article_vote", "ticket_article"),
        *("survey_answer", "ticket_question", "report_sending", "dashboard_snapshot"),
        "service_request",
    )
)
"""Kinds of record that only a deed of its own makes."""

_TYPED: Final = (Kind.TEXT, Kind.LONG_TEXT)
_USUAL: Final[Mapping[Kind, Any]] = MappingProxyType(
    {
        Kind.INTEGER: 2027,
        Kind.DECIMAL: "1",
        Kind.PERCENT: "1",
        Kind.MONEY: 100,
        Kind.CURRENCY: "CNY",
        Kind.DATE: "2030-01-01",
        Kind.INSTANT: 1_800_000_000_000,
        Kind.BOOLEAN: True,
    }
)
_TOGETHER: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "target": {"measure": "visits", "number": 5},
        "segment": {"kind": "picked"},
        "report": {"definition": plain_report(Report(entity="deal"))},
        "saved_view": {"entity": "customer"},
        "scenario": {"changes": {"price": "5"}},
        "forecast_call": {"year": 2027, "period": "q1", "amount": 100, "currency": "CNY"},
        "dashboard": {"tiles": [{"id": "a", "standard": "won_by_month"}]},
        "report_schedule": {"standard": "ranking", "readers": ["f" * 32], "repeat": "FREQ=DAILY"},
        "quote_version": {
            "version": 1,
            "content": {"form": {}, "names": {}, "quote": {}, "groups": [], "lines": []},
            "amounts": {"quote": {}, "lines": {}},
            "total": 0,
            "currency": "CNY",
        },
        "approval_flow": {"record_entity": "quote", "steps": [{"who": "superior"}]},
        "outgoing_mail": {"recipients": "ann@kontor.example", "subject": "Quote"},
        "feedback_rule": {"tickets": 3},
        "absence": {"stand_in_id": "f" * 32, "begins_at": 1, "ends_at": 2},
        "role": {"rights": STANDARD_ROLES["auditor"][1]},
        "delivery_line": {"order_line_id": "f" * 32},
        "ticket_question": {"asked_id": "f" * 32},
        "invoice": {"title_name": "Acme"},
        "assignment_rule": {"people": [["f" * 32, 1]]},
        "barred_sender": {"address": "junk@example.com"},
        "capture_form": {"token": "form", "asked": ["name"]},
    }
)
"""What a kind's own rules ask for beyond its single fields."""


def sample(name: str, word: Callable[[], str], links: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of a record of a kind: words wherever somebody writes, and what must be filled in.

    `links` are taken by field name as far as the kind has them.
    """
    schema, together = SCHEMAS[name], _TOGETHER.get(name, {})
    values: dict[str, Any] = {}
    for field in schema.fields.values():
        if _is_typed(schema, field):
            values[field.name] = word()
        elif field.required and field.default is None and field.name not in {**together, **links}:
            values[field.name] = field.choices[0].value if field.choices else _USUAL[field.kind]
    known = {name: link for name, link in links.items() if name in schema.fields}
    return {**values, **together, **known}


def typed_field(name: str) -> str:
    """Return the field of a kind that somebody always writes something into."""
    schema = SCHEMAS[name]
    first = next(each for each in schema.fields.values() if _is_typed(schema, each))
    return first.name


def below(name: str) -> Iterator[tuple[str, Field]]:
    """Yield every kind of record that hangs on another or on what hangs on that, each once, and its link."""
    seen, level = {name}, [name]
    while level:
        for schema, link in CHILDREN[level.pop(0)]:
            if schema.name not in seen and schema.name not in NOT_MADE:
                seen.add(schema.name)
                level.append(schema.name)
                yield schema.name, link


def having(source: ScopeSource, member: str) -> list[tuple[str, Field]]:
    """Return the kinds of record that stand by themselves and come into sight so."""
    return [
        (name, field)
        for name in WORK
        if not any(link.required for link in SCHEMAS[name].parent_fields)
        for field in SCHEMAS[name].scope_fields
        if field.scope is source and (member in field.members or field.target == member)
    ]


def _is_typed(schema: Schema, field: Field) -> bool:
    if field.kind not in _TYPED or field.read_only or field.computed or field.names_entity:
        return False
    if field.field_class is FieldClass.SYSTEM or field.code_list is not None:
        return False
    wanted = field.required or field.searchable or field.kind is Kind.LONG_TEXT
    return wanted or field.name == schema.meta.title
