"""Where a record is shown: some have a page of their own, others stand on the page of what they belong to."""

from __future__ import annotations

from crm_desktop.models import repository
from crm_desktop.models.replica import Replica

_STANDS_ON = {
    "contact": ("customer", "customer_id"),
    "quote_line": ("quote", "quote_id"),
    "order_line": ("order", "order_id"),
    "delivery": ("order", "order_id"),
    "contract_line": ("contract", "contract_id"),
    "contract_clause": ("contract", "contract_id"),
    "ticket_message": ("ticket", "ticket_id"),
    "survey_answer": ("ticket", "ticket_id"),
    "article_version": ("article", "article_id"),
    "price": ("product", "product_id"),
    "stock_level": ("product", "product_id"),
}


def shown_on(replica: Replica, entity: str, record_id: str) -> tuple[str, str]:
    """Return the (entity, id) of the record on whose page a record is shown; mostly itself."""
    with replica.read() as session:
        record = repository.get(session, entity, record_id)
        if record is None:
            return entity, record_id
        if entity == "attachment":
            return str(record.get("record_entity", entity)), str(record.get("record_id", record_id))
        owner, link = _STANDS_ON.get(entity, (entity, ""))
        return owner, str(record.get(link, record_id)) if link else record_id
