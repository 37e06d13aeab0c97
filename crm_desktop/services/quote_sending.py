"""What a quote says is written down when it leaves the drafts, with whichever change that happens."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy.orm import Session

from crm_core.entities.quote import QUOTE_STEPS
from crm_core.rules import quote_versions
from crm_core.rules.quote_state import DRAFT, is_draft
from crm_core.schema.field import Plain
from crm_desktop.models import query, quote_totals, repository
from crm_desktop.models.custom import custom_fields
from crm_desktop.models.records import Record
from crm_desktop.models.session import WriteSession

_PARTS = ("quote", "quote_group", "quote_line")
_LINKS = {"customer_id": "customer", "contact_id": "contact"}


def keep_before_sending(session: WriteSession, before: Record, changes: Mapping[str, Plain]) -> None:
    """Write down what a quote says that leaves the drafts, before it does; nothing for other changes."""
    if before.entity != "quote" or not is_draft(before.values):
        return
    if changes.get("status") in (None, DRAFT, QUOTE_STEPS.waits):
        return
    said = as_it_stands(session, before, changes)
    repository.create(
        session,
        "quote_version",
        {
            "quote_id": before.id,
            "version": before.get("version") or 1,
            "content": said.content,
            "amounts": said.amounts,
            "total": said.total,
            "currency": changes.get("currency", before.get("currency")),
        },
    )


def as_it_stands(
    session: Session, quote: Record, changes: Mapping[str, Plain] = MappingProxyType({})
) -> quote_versions.Snapshot:
    """Return what a quote says, with changes that come with its sending."""
    values = {**quote.values, **changes}
    names = {
        field: query.labels(session, entity, {str(values[field])}).get(str(values[field]), "")
        for field, entity in _LINKS.items()
        if values.get(field)
    }
    return quote_versions.take(
        values,
        [(group.id, group.values) for group in quote_totals.groups_of(session, quote.id)],
        [(line.id, line.values) for line in quote_totals.lines_of(session, quote.id)],
        names=names,
        custom={entity: {field.name: field for field in custom_fields(session, entity)} for entity in _PARTS},
    )
