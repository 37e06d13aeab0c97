"""Articles at HQ: whether a step fits, and what follows from publishing: a version, and a revision's text."""

from __future__ import annotations

from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.ids import new_id
from crm_core.rules import articles as rules
from crm_core.schema.machine import Step
from crm_core.sync.clock import ms_of, tick
from crm_core.sync.protocol import Code
from sync_server.services.records import Record, Records, mark_by_hq
from sync_server.services.registers import blank
from sync_server.services.rights import Refused
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.wanted import register_of
from sync_server.store.database import HqTransaction

ARTICLE: Final = SCHEMAS["article"]
VERSION: Final = SCHEMAS["article_version"]


def demand_possible(records: Records, record: Record, step: Step) -> None:
    """Raise `Refused` for a step of an article that does not fit what HQ holds."""
    if record.schema is not ARTICLE:
        return
    original = _original(records, record)
    try:
        rules.demand_possible(record.values, original.values if original else None, step)
    except UserError as error:
        raise Refused(Code.ILLEGAL_STATE, error.message) from error


def keep_version(
    hq: HqTransaction, records: Records, scopes: ScopeKeeper, record: Record, step: Step, user_id: str
) -> None:
    """Write down what is published now; the text of a revision goes into its article first."""
    if record.schema is not ARTICLE or step.name not in ("publish", "merge"):
        return
    article, version = record, 1
    if step.name == "merge":
        original = _original(records, record)
        assert original is not None, record.id
        article, version = original, (original.values["version"] or 1) + 1
        records.change(article)
        published = {"version": version, "published_at": ms_of(tick(hq.hq_hlc, ms_of(hq.hq_hlc)))}
        for name, value in {**rules.text_of(record.values), **published}.items():
            article.set(name, value)
            article.stamp(register_of(ARTICLE.leader(ARTICLE.fields[name])), mark_by_hq(hq))
    made = mark_by_hq(hq)
    at_ms = ms_of(made.hlc)
    values: dict[str, Any] = {
        **blank(VERSION.no),
        **rules.text_of(record.values),
        "id": new_id(),
        "article_id": article.id,
        "version": version,
        "author_id": record.values["owner_id"],
        "published_by": user_id,
        "published_at": at_ms,
        "created_at": at_ms,
        "updated_at": at_ms,
    }
    kept = Record(schema=VERSION, id=values["id"], values=values, made=made, is_new=True)
    records.add(kept)
    scopes.of_new(kept)


def _original(records: Records, record: Record) -> Record | None:
    original_id = record.values.get("replaces_id")
    found = records.get(ARTICLE.no, original_id) if original_id else None
    return found if found is not None and found.lives else None
