"""Where the laptop stands with HQ: a few named values, read and written inside a session."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, cast

import msgspec
from sqlalchemy import Table, bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from crm_core import SCHEMA_VERSION
from crm_core.sync.clock import observe
from crm_desktop.models.device_tables import SyncState

_TABLE = cast(Table, SyncState.__table__)


class Key(StrEnum):
    """Names of the values; `DEFAULTS` says what each is until it was written."""

    TOKEN = "token"
    EPOCH = "epoch"
    NONCE = "nonce"
    DEVICE = "device"
    """Number HQ gave this laptop; 0 before it is enrolled."""
    INCARNATION = "incarnation"
    """Counts up when HQ finds this database to be a copy or a restored one."""
    HLC = "hlc"
    """Highest clock reading seen or given."""
    OFFSET_MS = "offset_ms"
    """HQ's time less this laptop's."""
    NEXT_OP = "next_op"
    SENT_OP = "sent_op"
    """Highest number of an operation that may have left this laptop, answered or not."""
    NEXT_TXN = "next_txn"
    SCHEMA = "schema"
    """Schema version of the last page applied."""
    LAST_OK_MS = "last_ok_ms"
    HEARD_MS = "heard_ms"
    """HQ's time of its latest answer that was applied."""
    SEEN_MS = "seen_ms"
    """The latest moment at which a change was refused because HQ had not been heard of for too long."""
    USER_ID = "user_id"
    """Who is signed in; '' before the laptop is enrolled."""
    USER_NAME = "user_name"
    SERVER_URL = "server_url"
    COMPANY = "company"
    SETTINGS = "settings"
    """What HQ sets for every laptop."""
    RESYNC_MARK = "resync_mark"
    """Generation of the running full resync; 0 where none runs."""
    INDEX_VERSION = "index_version"
    """Declarations the search triggers were made from."""
    COMPARE_AT_MS = "compare_at_ms"
    """When the next round is to compare what both sides hold; 0 before the first full round."""
    COMPARED = "compared"
    """[when everything was last compared with HQ, rows repaired then, rows that still differed]."""
    BACKED_UP_MS = "backed_up_ms"
    """When the last daily backup was made."""
    FILES_OUT = "files_out"
    """The last files written for HQ, of which an answer may come; see `sync.by_file`."""
    FILE_IN = "file_in"
    """Number of the latest file an answer of HQ's was applied to."""
    OPENED = "opened"
    """[HQ's first nonce, what this laptop drew] since it opened the file that signed it in; else nothing."""
    TRACES = "traces"
    """Whether something taken away may still stand in the write-ahead log or in a backup."""
    LINE = "line"
    """What the line to HQ last carried: how this laptop was connected, bytes of a page, of an upload."""
    KNOWN = "known"
    """[HQ's identity, its key, how far the hashes of its customers go, when it was asked for them]."""
    IMPORT_TEMPLATES = "import_templates"
    """How files were matched before, by entity and by the name it was kept under."""
    EXPORT_TOLD = "export_told"
    """Number of the latest export in the history that HQ has heard of."""
    LINK_KEY = "link_key"
    """Chance the tokens of this laptop's acceptance links follow from; b"" until it makes one."""
    TO_KEEP = "to_keep"
    """[version, language] by `kind/id` of documents whose approval was asked for here: their files."""
    REPORT_ANSWERS = "report_answers"
    """What the questions of reports were answered by last, by the report's key or id and the question's."""


DEFAULTS: Mapping[str, Any] = {
    Key.TOKEN: b"",
    Key.EPOCH: b"",
    Key.NONCE: b"",
    Key.DEVICE: 0,
    Key.INCARNATION: 1,
    Key.HLC: 0,
    Key.OFFSET_MS: 0,
    Key.NEXT_OP: 1,
    Key.SENT_OP: 0,
    Key.NEXT_TXN: 1,
    Key.SCHEMA: 0,
    Key.LAST_OK_MS: 0,
    Key.HEARD_MS: 0,
    Key.SEEN_MS: 0,
    Key.USER_ID: "",
    Key.USER_NAME: "",
    Key.SERVER_URL: "",
    Key.COMPANY: "",
    Key.SETTINGS: {},
    Key.RESYNC_MARK: 0,
    Key.INDEX_VERSION: "",
    Key.COMPARE_AT_MS: 0,
    Key.COMPARED: [0, 0, 0],
    Key.BACKED_UP_MS: 0,
    Key.FILES_OUT: [],
    Key.FILE_IN: 0,
    Key.OPENED: [],
    Key.TRACES: False,
    Key.LINE: [],
    Key.KNOWN: [],
    Key.IMPORT_TEMPLATES: {},
    Key.EXPORT_TOLD: 0,
    Key.LINK_KEY: b"",
    Key.TO_KEEP: {},
    Key.REPORT_ANSWERS: {},
}


_VALUE: Final = select(_TABLE.c.value).where(_TABLE.c.key == bindparam("key"))
"""Put together once: a round asks a dozen times."""


def read(session: Session, key: str) -> Any:
    """Return the value of `key`, or its default; None for a name that has none."""
    raw = session.scalar(_VALUE, {"key": str(key)})
    return DEFAULTS.get(key) if raw is None else msgspec.msgpack.decode(raw)


def schema_of_hq(known: Mapping[str, Any]) -> int:
    """Return the newest schema version HQ knows, as far as it said: an older HQ takes no newer field."""
    said = known[Key.SETTINGS].get("schema")
    return said if isinstance(said, int) else SCHEMA_VERSION


def read_all(session: Session) -> dict[str, Any]:
    """Return every value by its name, defaults filled in."""
    stored = session.execute(select(SyncState.key, SyncState.value))
    return {**DEFAULTS, **{key: msgspec.msgpack.decode(raw) for key, raw in stored}}


def write(session: Session, values: Mapping[str, Any]) -> None:
    """Keep the values, each a plain one: text, number, bytes, list, dict."""
    if not values:
        return
    rows = [{"key": str(key), "value": msgspec.msgpack.encode(value)} for key, value in values.items()]
    statement = insert(_TABLE)
    upsert = statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value})
    session.connection().execute(upsert, rows)


def forget(session: Session, key: str) -> None:
    """Drop the value of `key`, which then has its default again."""
    session.execute(delete(SyncState).where(SyncState.key == key))


def observe_hlc(session: Session, seen: int) -> None:
    """Remember a clock reading heard from HQ, so that no later edit here comes before it."""
    write(session, {Key.HLC: observe(read(session, Key.HLC), seen)})
