"""What a quote said when it was sent: taken from who sent it, or written down by HQ where he did not say."""

from __future__ import annotations

from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.entities.quote import QUOTE_STEPS
from crm_core.errors import UserError
from crm_core.i18n import N_, message
from crm_core.ids import new_id
from crm_core.rules import quote_versions
from crm_core.rules.quote_state import DRAFT, is_draft
from crm_core.schema.machine import Step
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_core.sync.clock import ms_of, tick
from crm_core.sync.protocol import Code
from sync_server.services.custom import CustomFields
from sync_server.services.records import Mark, Record, Records
from sync_server.services.registers import blank
from sync_server.services.rights import Refused
from sync_server.services.scopes import ScopeKeeper
from sync_server.store.database import HqTransaction

QUOTE: Final = SCHEMAS["quote"]
GROUP: Final = SCHEMAS["quote_group"]
LINE: Final = SCHEMAS["quote_line"]
VERSION: Final = SCHEMAS["quote_version"]
_SENT_ALREADY: Final = message(N_("This version of the quote was sent already, and what it said is kept"))


def demand_of_draft(records: Records, record: Record) -> None:
    """Raise `Refused` for a new version that is not of its quote as it stands: unsent, and adding up."""
    if record.schema is not VERSION:
        return
    quote = records.get(QUOTE.no, str(record.values.get("quote_id") or ""))
    if quote is None:
        return  # refused for that already
    if not is_draft(quote.values) or record.values.get("version") != (quote.values.get("version") or 1):
        raise Refused(Code.ILLEGAL_STATE, _SENT_ALREADY)
    told = (record.values.get(name) for name in ("content", "amounts", "total"))
    try:
        quote_versions.demand_whole(*told)
    except UserError as error:
        raise Refused(Code.INVALID, error.message) from error


def keep_before(
    hq: HqTransaction,
    records: Records,
    scopes: ScopeKeeper,
    custom: CustomFields,
    quote: Record,
    step: Step,
) -> None:
    """Write down what a quote says that is about to be sent, unless who sends it just did."""
    if quote.schema is not QUOTE or not _is_unsent(quote.values["status"]) or step.stays:
        return
    if _is_unsent(step.ends):
        return  # it is asked whether it may be sent, or that is taken back
    below = records.children(quote)
    version = quote.values.get("version") or 1
    if any(each.schema is VERSION and each.is_new and each.values["version"] == version for each in below):
        return
    rows = {
        schema.name: [
            (each.id, _flat(each)) for each in _ordered(below) if each.schema is schema and each.lives
        ]
        for schema in (GROUP, LINE)
    }
    said = quote_versions.take(
        _flat(quote),
        rows["quote_group"],
        rows["quote_line"],
        names=_names(records, quote),
        custom={schema.name: custom.in_use(schema.name) for schema in (QUOTE, GROUP, LINE)},
    )
    hq.hq_hlc = tick(hq.hq_hlc, ms_of(hq.hq_hlc))
    ms = ms_of(hq.hq_hlc)
    values: dict[str, Any] = {
        **blank(VERSION.no),
        "id": new_id(),
        "quote_id": quote.id,
        "version": version,
        "content": said.content,
        "amounts": said.amounts,
        "total": said.total,
        "currency": quote.values.get("currency"),
        "created_at": ms,
        "updated_at": ms,
    }
    made = Mark(hq.hq_hlc, 0, 1, 0, hq.positions.next(), None)
    record = Record(schema=VERSION, id=values["id"], values=values, made=made, is_new=True)
    records.add(record)
    scopes.of_new(record)


def _is_unsent(status: str | None) -> bool:
    return (status or DRAFT) in (DRAFT, QUOTE_STEPS.waits)


def _ordered(records: list[Record]) -> list[Record]:
    return sorted(records, key=lambda each: (str(each.values.get("position") or ""), each.id))


def _flat(record: Record) -> dict[str, Any]:
    """Return a record's values with its custom ones under their names on the wire."""
    custom = record.values.get("custom") or {}
    return {**record.values, **{CUSTOM_PREFIX + key: value for key, value in custom.items()}}


def _names(records: Records, quote: Record) -> dict[str, str]:
    found = {}
    for field, entity in (("customer_id", "customer"), ("contact_id", "contact")):
        linked_id = quote.values.get(field)
        if linked_id:
            number = SCHEMAS[entity].no
            records.load({number: [linked_id]})
            linked = records.get(number, linked_id)
            found[field] = str(linked.values.get("name") or "") if linked is not None else ""
    return found
