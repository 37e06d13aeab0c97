"""What HQ writes down beside a step, where who takes it has not."""

from __future__ import annotations

from crm_core.schema.machine import Step
from sync_server.services import articles, delivering, quote_versions
from sync_server.services.custom import CustomFields
from sync_server.services.records import Record, Records
from sync_server.services.rights import Author
from sync_server.services.scopes import ScopeKeeper
from sync_server.store.database import HqTransaction


def write(
    hq: HqTransaction,
    records: Records,
    scopes: ScopeKeeper,
    custom: CustomFields,
    record: Record,
    step: Step,
    author: Author,
) -> None:
    """Write it; nothing for most steps."""
    quote_versions.keep_before(hq, records, scopes, custom, record, step)
    delivering.install_before(hq, records, scopes, record, step)
    articles.keep_version(hq, records, scopes, record, step, author.user_id)
