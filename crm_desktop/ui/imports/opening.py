"""From an import to the list of what it brought."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject

from crm_core.i18n import message
from crm_desktop.interchange.undoing import records_of
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.places import page_listing

PARENTS: Mapping[str, str] = {
    "contact": "customer_id",
    "price": "product_id",
    "quote_line": "quote_id",
    "order_line": "order_id",
    "delivery": "order_id",
    "delivery_line": "delivery_id",
    "contract_line": "contract_id",
    "ticket_message": "ticket_id",
}
"""Kinds that have no list of their own are shown by what they belong to: the linking field."""


def show_records(context: Context, owner: QObject, entity: str, batch: str, file_name: str) -> None:
    """Go to the list of the records an import made or changed."""
    replica = context.replica

    def work() -> tuple[str, ...]:
        return records_of(replica, batch, entity, PARENTS.get(entity, ""))

    def done(ids: tuple[str, ...]) -> None:
        conditions = (Condition(field="id", op=Op.IN, value=ids),)
        title = message("Imported from {file}", file=file_name)
        options = {"conditions": conditions, "title": title}
        page = page_listing(entity)
        assert page is not None
        context.go.emit(Place(page=page, options=options))

    context.tasks.read(owner, work, done, context.show_error)
