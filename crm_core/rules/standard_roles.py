"""The eight roles every HQ starts with, as the data an administrator may then change.

`*` is what holds for every entity not named, `*reference` for set-up everybody reads.
"""

from __future__ import annotations

from typing import Any

from crm_core.i18n import N_

_ALL_ACTIONS = ("create", "read", "edit", "delete", "export", "assign")
_WORK = (
    "customer",
    "contact",
    "lead",
    "deal",
    "deal_milestone",
    "activity",
    "quote",
    "quote_line",
    "contract",
    "contract_line",
    "contract_clause",
    "order",
    "order_line",
    "delivery",
    "delivery_line",
    "installed_product",
    "instalment",
    "invoice_title",
    "invoice",
    "ticket",
    "ticket_message",
    "ticket_question",
    "ticket_article",
    "service_request",
    "attachment",
)
_AGREED = ("contract", "order")
_BELOW_AGREED = ("contract_line", "contract_clause", "order_line", "delivery", "delivery_line")
_PAYMENTS = ("instalment", "receipt", "receipt_share", "invoice_title", "invoice")
_POOL = ["claim", "return", "lock", "leads"]
_CLASSES = ("core", "money", "comms", "private")


def _reach(reach: str, *actions: str) -> dict[str, str]:
    return dict.fromkeys(actions, reach)


def _classes(**rights: str) -> dict[str, str]:
    return {**dict.fromkeys(_CLASSES, "mask"), **rights}


_READS_SETUP = {"*reference": _reach("all", "read")}
_SETUP_CLASSES = {"*reference": _classes(core="read", money="read")}
_OWN_VIEWS = {
    "saved_view": _reach("own", "create", "read", "edit", "delete"),
    "absence": {**_reach("own", "create", "edit", "delete"), **_reach("all", "read")},
    "mandate": _reach("all", "read"),
    # Own ones, and whatever is published.
    "article": _reach("own", "read"),
    "article_version": _reach("own", "read"),
    "article_vote": _reach("own", "create", "read", "edit"),
}
_VIEW_CLASSES = {
    "saved_view": _classes(core="write"),
    "absence": _classes(core="write"),
    "mandate": _classes(core="read", money="read"),
    "article": _classes(core="read"),
    "article_version": _classes(core="read"),
    "article_vote": _classes(core="write"),
}
_DECIDES = {
    "approval_request": _reach("all", "create", "read", "edit"),
    "approval_decision": {**_reach("all", "read"), **_reach("own", "create")},
}
_DECIDES_CLASSES = {"approval_request": _classes(core="write"), "approval_decision": _classes(core="write")}


def _selling(reach: str, *, assign: bool, delete: bool) -> dict[str, Any]:
    """Rights of somebody who sells: everything of the work in reach, service tickets read and noted."""
    actions = ["create", "read", "edit", "export"]
    if delete:
        actions.append("delete")
    if assign:
        actions.append("assign")
    per_entity = {entity: _reach(reach, *actions) for entity in _WORK}
    rivals = ("create", "read", "edit") if assign else ("create", "read")
    targets = _ALL_ACTIONS if assign else ("read",)
    absences = ("create", "edit", "delete", *(("assign",) if assign else ()))
    return {
        "pool": _POOL,
        "reach": {
            **_READS_SETUP,
            **_OWN_VIEWS,
            "competitor": _reach("all", *rivals),
            "campaign": _reach("all", "read"),
            "target": _reach(reach, *targets),
            "absence": {**_reach(reach, *absences), **_reach("all", "read")},
            **per_entity,
            # Whoever sells reports what came; that it came, and what it was for, finance says.
            "receipt": _reach(reach, "create", "read", "edit", "export"),
            "receipt_share": _reach(reach, "read", "export"),
        },
        "classes": {
            **_SETUP_CLASSES,
            **_VIEW_CLASSES,
            "competitor": _classes(core="write"),
            # What campaigns cost is for those who answer for several people.
            "campaign": _classes(core="read", money="read" if assign else "mask"),
            "target": _classes(core="write", money="write")
            if assign
            else _classes(core="read", money="read"),
            **{entity: _classes(core="write", money="write", comms="write") for entity in _WORK},
            "receipt": _classes(core="write", money="write"),
            "receipt_share": _classes(core="read", money="read"),
        },
    }


STANDARD_ROLES: dict[str, tuple[str, dict[str, Any]]] = {
    "sales": (N_("Sells: sees and works on own customers."), _selling("own", assign=False, delete=True)),
    "sales_manager": (
        N_("Leads a team: sees and works on the customers of the team and the teams below."),
        _selling("team", assign=True, delete=True),
    ),
    "regional_manager": (
        N_("Leads a territory: sees and works on every customer of the territory."),
        _selling("territory", assign=True, delete=True),
    ),
    "finance": (
        N_("Sees the money of all customers and no communication."),
        {
            "reach": {
                **_READS_SETUP,
                **_OWN_VIEWS,
                "lead": {},
                "customer": _reach("all", "read", "edit", "export"),
                "contact": _reach("all", "read"),
                "deal": _reach("all", "read", "export"),
                "quote": _reach("all", "read", "export"),
                "quote_line": _reach("all", "read", "export"),
                **{entity: _reach("all", "read", "edit", "export") for entity in _AGREED},
                **{entity: _reach("all", "read", "export") for entity in _BELOW_AGREED},
                **{entity: _reach("all", *_ALL_ACTIONS) for entity in _PAYMENTS},
                "attachment": _reach("own", "create", "read", "edit", "delete"),
                "target": _reach("all", "read", "export"),
                # Those he is asked to approve.
                "service_request": _reach("own", "read"),
                "campaign": _reach("all", "read", "edit", "export"),
                **_DECIDES,
            },
            "classes": {
                **_SETUP_CLASSES,
                **_VIEW_CLASSES,
                **_DECIDES_CLASSES,
                "product": _classes(core="read", money="read", private="read"),
                "customer": _classes(core="read", money="write"),
                "contact": _classes(core="read"),
                "deal": _classes(core="read", money="read"),
                "quote": _classes(core="read", money="read"),
                "quote_line": _classes(core="read", money="read"),
                **{entity: _classes(core="read", money="write") for entity in _AGREED},
                **{entity: _classes(core="read", money="read") for entity in _BELOW_AGREED},
                **{entity: _classes(core="write", money="write", private="write") for entity in _PAYMENTS},
                "attachment": _classes(core="write"),
                "target": _classes(core="read", money="read"),
                "service_request": _classes(core="read"),
                "campaign": _classes(core="read", money="write"),
            },
        },
    ),
    "service": (
        N_("Answers every ticket and sees its customer's base data."),
        {
            "reach": {
                **_READS_SETUP,
                **_OWN_VIEWS,
                "lead": {},
                "customer": _reach("all", "read"),
                "contact": _reach("all", "read"),
                "order": _reach("all", "read"),
                "order_line": _reach("all", "read"),
                "delivery": _reach("all", "read"),
                "delivery_line": _reach("all", "read"),
                "installed_product": _reach("all", *_ALL_ACTIONS),
                "ticket": _reach("all", *_ALL_ACTIONS),
                # Of tickets: nothing else of his may be merged.
                "merge": _reach("all", "create", "read", "edit"),
                "ticket_message": _reach("all", *_ALL_ACTIONS),
                "ticket_question": _reach("all", *_ALL_ACTIONS),
                "ticket_article": _reach("all", *_ALL_ACTIONS),
                "barred_sender": _reach("all", *_ALL_ACTIONS),
                "service_request": _reach("all", *_ALL_ACTIONS),
                # Those about what he asked, and about what he is asked.
                "approval_request": _reach("own", "create", "read", "edit"),
                "approval_decision": _reach("own", "create", "read"),
                "article": _reach("own", "create", "read", "edit", "delete", "export"),
                "article_category": _reach("all", "create", "read", "edit"),
                "activity": _reach("own", "create", "read", "edit", "delete", "export"),
                "attachment": _reach("own", "create", "read", "edit", "delete"),
            },
            "classes": {
                **_SETUP_CLASSES,
                **_VIEW_CLASSES,
                "product": _classes(core="read"),
                "price": _classes(core="read"),
                "customer": _classes(core="read"),
                "contact": _classes(core="read"),
                "order": _classes(core="read"),
                "order_line": _classes(core="read"),
                "delivery": _classes(core="read"),
                "delivery_line": _classes(core="read"),
                "installed_product": _classes(core="write", comms="write"),
                "ticket": _classes(core="write", comms="write"),
                "merge": _classes(core="write"),
                "ticket_message": _classes(core="write", comms="write"),
                "ticket_question": _classes(core="write", comms="write"),
                "ticket_article": _classes(core="write"),
                "barred_sender": _classes(core="write"),
                "service_request": _classes(core="write"),
                **_DECIDES_CLASSES,
                "article": _classes(core="write"),
                "article_category": _classes(core="write"),
                "activity": _classes(core="write", comms="write"),
                "attachment": _classes(core="write"),
            },
        },
    ),
    "marketing": (
        N_("Plans campaigns and hands out leads; sees customers and contacts, no deals' money."),
        {
            "reach": {
                **_READS_SETUP,
                **_OWN_VIEWS,
                "customer": _reach("all", "read", "export"),
                "contact": _reach("all", "read", "export"),
                "deal": _reach("all", "read"),
                "lead": _reach("all", *_ALL_ACTIONS),
                "campaign": _reach("all", *_ALL_ACTIONS),
                "tag": _reach("all", "create", "read", "edit"),
            },
            "classes": {
                **_SETUP_CLASSES,
                **_VIEW_CLASSES,
                "tag": _classes(core="write"),
                "customer": _classes(core="read"),
                "contact": _classes(core="read"),
                "deal": _classes(core="read"),
                "lead": _classes(core="write", money="write", comms="write"),
                "campaign": _classes(core="write", money="write"),
            },
        },
    ),
    "auditor": (
        N_("Reads everything and writes nothing."),
        {
            "reach": {"*": _reach("all", "read", "export")},
            "classes": {"*": dict.fromkeys(_CLASSES, "read")},
        },
    ),
    "admin": (
        N_("Sets everything up and may do everything."),
        {
            "administers": True,
            "pool": _POOL,
            "reach": {"*": _reach("all", *_ALL_ACTIONS)},
            "classes": {"*": dict.fromkeys(_CLASSES, "write")},
        },
    ),
}
"""Role name to (description, rights)."""
