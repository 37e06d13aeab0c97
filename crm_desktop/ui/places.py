"""On which page a record of each kind is shown."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from crm_desktop.ui.context import Place

PAGE_OF_ENTITY: Mapping[str, str] = MappingProxyType(
    {
        "customer": "customers",
        "contact": "customers",
        "lead": "leads",
        "deal": "pipeline",
        "activity": "calendar",
        "quote": "quotes",
        "quote_line": "quotes",
        "order": "orders",
        "order_line": "orders",
        "delivery": "orders",
        "contract": "contracts",
        "contract_line": "contracts",
        "contract_clause": "contracts",
        "installed_product": "installed",
        "clause": "clauses",
        "article": "knowledge",
        "article_category": "article_categories",
        "article_version": "knowledge",
        "ticket": "tickets",
        "ticket_message": "tickets",
        "product": "products",
        "price": "products",
        "stock_level": "products",
        "price_book": "price_books",
        "tax_class": "tax_classes",
        "exchange_rate": "exchange_rates",
        "plan_template": "plan_templates",
        "custom_field": "fields",
        "tag": "tags",
        "pipeline": "pipelines",
        "stage": "stages",
        "stage_rule": "conditions",
        "milestone": "milestones",
        "competitor": "competitors",
        "pool_rule": "pool_rules",
        "document_template": "document_templates",
        "segment": "segments",
        "dashboard": "reports",
        "target": "targets",
        "campaign": "campaigns",
        "value_rule": "value_rules",
        "capture_form": "capture_forms",
        "assignment_rule": "assignment_rules",
        "scoring_rule": "scoring_rules",
        "work_calendar": "work_calendars",
        "sla_policy": "sla_policies",
        "ticket_category": "ticket_categories",
        "macro": "macros",
        "survey": "surveys",
        "feedback_rule": "feedback_rules",
        "survey_answer": "tickets",
        "barred_sender": "barred_senders",
        "request_form": "request_forms",
        "service_request": "service_requests",
        "approval_flow": "approval_flows",
        "approval_request": "approvals",
        "mandate": "mandates",
        "absence": "absences",
        "instalment": "payments",
        "receipt": "receipts",
        "receipt_share": "receipts",
        "invoice": "invoices",
        "invoice_title": "invoice_titles",
    }
)

LISTED_ON: Mapping[str, str] = MappingProxyType(
    {"ticket": "ticket_list", "ticket_message": "ticket_list", "article": "article_list"}
)
"""Pages that list a kind of record where the page that shows one of them is no list."""

CONTACT = "contact"
"""Kind of record a customer's page opens by its own id: the option of its place."""

SHOWN_WITH: Mapping[str, str] = MappingProxyType(
    {
        "contact": "customer",
        "quote_line": "quote",
        "order_line": "order",
        "delivery": "order",
        "contract_line": "contract",
        "contract_clause": "contract",
        "article_version": "article",
        "ticket_message": "ticket",
        "survey_answer": "ticket",
        "price": "product",
        "stock_level": "product",
        "receipt_share": "receipt",
    }
)
"""What has no page of its own, with what it is shown on."""


def page_listing(entity: str) -> str | None:
    """Return the page with the list of a kind of record, which can be narrowed; None where there is none."""
    return LISTED_ON.get(entity) or PAGE_OF_ENTITY.get(entity)


def place_showing(entity: str, record_id: str, shown_on: tuple[str, str], tab: str = "") -> Place:
    """Return where a record is seen, with a tab beside it; `shown_on` is the record whose page shows it."""
    options = {"tab": tab} if tab else {}
    if entity == CONTACT:
        options[CONTACT] = record_id
    return Place(page=PAGE_OF_ENTITY[shown_on[0]], record_id=shown_on[1], options=options)


def place_of(entity: str, record_id: str, belongs_to: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the page that shows a record and the id it goes by there; None where nothing shows it.

    `belongs_to` are the ids of the records it refers to, by their kind.
    """
    page = PAGE_OF_ENTITY.get(entity)
    if page is None or entity not in SHOWN_WITH:
        return None if page is None else (page, record_id)
    owner = belongs_to.get(SHOWN_WITH[entity])
    return None if owner is None else (page, owner)
