"""The laptop's own tables beside the entities: what waits, what HQ confirmed, what came back.

They lie in the same encrypted file and share its migrations, but have their own metadata, so that HQ, whose
tests run in the same process, never makes them.

`field` names a register as the wire does: the number of its leading field as text, or `x:key` for a custom
field; '' where no field is meant. Values are what `crm_core.schema.field.Plain` allows, links as their ids.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Index, Integer, LargeBinary, MetaData, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DEVICE_METADATA = MetaData()

PlainJson = JSON(none_as_null=True)


class DeviceBase(DeclarativeBase):
    """Base of the tables only a laptop has."""

    metadata = DEVICE_METADATA


class OutboxTxn(DeviceBase):
    """Operations that were made together and travel together."""

    __tablename__ = "outbox_txn"

    no: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    flags: Mapped[int] = mapped_column(Integer, default=0)
    """`crm_core.sync.protocol.TxnFlag`."""
    hlc: Mapped[int] = mapped_column(BigInteger)
    """Reading of its first operation."""
    created_ms: Mapped[int] = mapped_column(BigInteger)


class OutboxOp(DeviceBase):
    """One change that HQ has not answered. Numbers go up by one and are never used twice."""

    __tablename__ = "outbox_op"
    __table_args__ = (
        Index("ix_outbox_op_row", "entity", "row_id"),
        Index("ix_outbox_op_txn", "txn_no", "no"),
    )

    no: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    txn_no: Mapped[int] = mapped_column(Integer)
    kind: Mapped[int] = mapped_column(Integer)
    """`crm_core.sync.protocol.OpKind`, which says what `value` holds."""
    entity: Mapped[str] = mapped_column(Text)
    row_id: Mapped[str] = mapped_column(Text)
    field: Mapped[str] = mapped_column(Text, default="")
    value: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    hlc: Mapped[int] = mapped_column(BigInteger)
    base: Mapped[int] = mapped_column(BigInteger, default=0)


class Shadow(DeviceBase):
    """HQ's value of a register that has a pending edit on top. Gone once no edit of it is pending."""

    __tablename__ = "shadow"

    entity: Mapped[str] = mapped_column(Text, primary_key=True)
    row_id: Mapped[str] = mapped_column(Text, primary_key=True)
    field: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    """Of a group: its members' values by ascending number. Of a set: its [word, dot] pairs."""


class RowMeta(DeviceBase):
    """What is known of a row beside its values."""

    __tablename__ = "row_meta"

    entity: Mapped[str] = mapped_column(Text, primary_key=True)
    row_id: Mapped[str] = mapped_column(Text, primary_key=True)
    base: Mapped[int] = mapped_column(BigInteger, default=0)
    """`base` of the last message applied for the row; 0 for one made here."""
    life: Mapped[int] = mapped_column(Integer, default=0)
    """Life counter as HQ confirmed it; 0 before HQ ever did."""
    local: Mapped[bool] = mapped_column(Boolean, default=False)
    """Made here, and HQ has not answered yet."""
    mark: Mapped[int] = mapped_column(Integer, default=0)
    """Generation of the last full resync that named the row; what a resync did not name is swept."""


class SetDot(DeviceBase):
    """One present addition to an add-wins set; the entity's column holds the sorted words."""

    __tablename__ = "set_dot"

    entity: Mapped[str] = mapped_column(Text, primary_key=True)
    row_id: Mapped[str] = mapped_column(Text, primary_key=True)
    field: Mapped[str] = mapped_column(Text, primary_key=True)
    word: Mapped[str] = mapped_column(Text, primary_key=True)
    dot: Mapped[str] = mapped_column(Text, primary_key=True)


class History(DeviceBase):
    """Who changed which field when, from what to what, as far as this laptop knows.

    One entry per field, members of groups apart; several may share a row, which `crm_desktop.models.history`
    takes apart. `field` '' is the record itself: `old` and `new` are life
    counters, `old` empty meaning it was made.
    """

    __tablename__ = "history"
    __table_args__ = (
        Index("ix_history_row", "entity", "row_id", "id"),
        # Only of edits made here: what HQ sends is most of it, and has none.
        Index("ix_history_op", "op_no", sqlite_where=text("op_no IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    entity: Mapped[str] = mapped_column(Text)
    row_id: Mapped[str] = mapped_column(Text)
    field: Mapped[str] = mapped_column(Text)
    old: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    new: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[str | None] = mapped_column(Text, nullable=True)
    hlc: Mapped[int] = mapped_column(BigInteger, default=0)
    origin: Mapped[str] = mapped_column(Text)
    """`here`, `hq`, or `restored` for a refused edit that was rolled back."""
    op_no: Mapped[int | None] = mapped_column(Integer, nullable=True)
    sent: Mapped[bool | None] = mapped_column(Boolean, nullable=True)
    """Of an edit made here: whether HQ has answered it."""
    typed_by: Mapped[str | None] = mapped_column(Text, nullable=True)
    """Whose edit it was that `user_id` accepted."""


class Returned(DeviceBase):
    """An edit HQ refused or replaced, until the person has said what becomes of it."""

    __tablename__ = "returned"
    __table_args__ = (Index("ix_returned_state", "state", "id"), Index("ix_returned_row", "entity", "row_id"))

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    op_no: Mapped[int] = mapped_column(Integer)
    incarnation: Mapped[int] = mapped_column(Integer)
    kind: Mapped[int] = mapped_column(Integer)
    entity: Mapped[str] = mapped_column(Text)
    row_id: Mapped[str] = mapped_column(Text)
    field: Mapped[str] = mapped_column(Text, default="")
    base: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    """Value before the edit, as far as it was known here."""
    mine: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    theirs: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    code: Mapped[int] = mapped_column(Integer)
    """`crm_core.sync.protocol.Code`."""
    reason: Mapped[str] = mapped_column(Text, default="")
    """English source of the sentence; `places` goes into it."""
    places: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    who: Mapped[str | None] = mapped_column(Text, nullable=True)
    """Who made HQ's value."""
    at_ms: Mapped[int] = mapped_column(BigInteger)
    """When it was replaced, or refused."""
    mine_ms: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    """When it was typed."""
    theirs_ms: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    """When HQ's value came about, where that is not `at_ms`."""
    state: Mapped[str] = mapped_column(Text, default="open")
    """`open`, `redone`, `discarded`, `handed` (its owner is to decide) or `accepted` (somebody did)."""
    decided_ms: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    undo: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    """What it takes to undo the decision; written and read by `services.deciding`."""
    verdict: Mapped[str] = mapped_column(Text, default="", server_default="")
    """What somebody who may change the record said to it: `accepted`, `declined` or nothing yet."""
    judge: Mapped[str | None] = mapped_column(Text, nullable=True)
    judged_ms: Mapped[int | None] = mapped_column(BigInteger, nullable=True)


class Offer(DeviceBase):
    """An edit of somebody else's that HQ refused, and that this person may accept or decline.

    HQ sends the whole list whenever it changes.
    """

    __tablename__ = "offer"
    __table_args__ = (Index("ix_offer_row", "entity", "row_id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """HQ's number."""
    kind: Mapped[int] = mapped_column(Integer)
    entity: Mapped[str] = mapped_column(Text)
    row_id: Mapped[str] = mapped_column(Text)
    field: Mapped[str] = mapped_column(Text, default="")
    value: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    code: Mapped[int] = mapped_column(Integer)
    """Why HQ refused it: `crm_core.sync.protocol.Code`."""
    user_id: Mapped[str | None] = mapped_column(Text, nullable=True)
    """Who typed it."""
    at_ms: Mapped[int] = mapped_column(BigInteger)
    answer: Mapped[str] = mapped_column(Text, default="", server_default="")
    """`accept` or `decline`, decided here and not carried out at HQ yet; '' while it is open."""
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why HQ could not carry out the last answer; `places` goes into it."""
    places: Mapped[Any] = mapped_column(PlainJson, nullable=True)


class UntoldVerdict(DeviceBase):
    """What the person decided about an own refused edit and HQ has not heard: to go on offering it or not."""

    __tablename__ = "untold_verdict"

    incarnation: Mapped[int] = mapped_column(Integer, primary_key=True)
    op_no: Mapped[int] = mapped_column(Integer, primary_key=True)
    verdict: Mapped[int] = mapped_column(Integer)
    """`crm_core.sync.protocol.Judgement`."""


class OtherVersion(DeviceBase):
    """A long text somebody wrote at the same time as this laptop's person, whose own stands."""

    __tablename__ = "other_version"
    __table_args__ = (Index("ix_other_version_row", "entity", "row_id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    entity: Mapped[str] = mapped_column(Text)
    row_id: Mapped[str] = mapped_column(Text)
    field: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str | None] = mapped_column(Text, nullable=True)
    """Who wrote it."""
    at_ms: Mapped[int] = mapped_column(BigInteger)
    is_open: Mapped[bool] = mapped_column(Boolean, default=True)
    """Nobody has said yet what becomes of it."""


class SyncState(DeviceBase):
    """Where this laptop stands with HQ; read and written through `crm_desktop.models.state`."""

    __tablename__ = "sync_state"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
    """MessagePack."""


class NumberLease(DeviceBase):
    """A range of numbers this laptop may give out, `lo` to `hi`, both included."""

    __tablename__ = "lease"

    series: Mapped[str] = mapped_column(Text, primary_key=True)
    lo: Mapped[int] = mapped_column(Integer, primary_key=True)
    hi: Mapped[int] = mapped_column(Integer)
    next: Mapped[int] = mapped_column(Integer)
    """First number not given out yet; `hi` + 1 where none is left."""
    pattern: Mapped[str] = mapped_column(Text)


EXPORTED = "exported"
"""Kind of a line in the Sync centre's history that says of an export; HQ is told of these."""


class SyncEvent(DeviceBase):
    """One line of the Sync centre's history."""

    __tablename__ = "sync_event"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(Text)
    detail: Mapped[Any] = mapped_column(PlainJson, nullable=True)


class Draft(DeviceBase):
    """A form that was left unfinished."""

    __tablename__ = "draft"

    entity: Mapped[str] = mapped_column(Text, primary_key=True)
    row_id: Mapped[str] = mapped_column(Text, primary_key=True)
    """'' for a record that is still to be made."""
    values: Mapped[Any] = mapped_column("values", PlainJson, nullable=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)


class ImportBatch(DeviceBase):
    """One import of a file, so that it can be undone."""

    __tablename__ = "import_batch"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    entity: Mapped[str] = mapped_column(Text)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    file_name: Mapped[str] = mapped_column(Text)
    undone_ms: Mapped[int | None] = mapped_column(BigInteger, nullable=True)


class ImportChange(DeviceBase):
    """A row an import made or changed."""

    __tablename__ = "import_change"

    batch_id: Mapped[str] = mapped_column(Text, primary_key=True)
    row_id: Mapped[str] = mapped_column(Text, primary_key=True)
    before: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    """Field name to value before; empty where the import made the row."""
    after: Mapped[Any] = mapped_column(PlainJson, nullable=True)
    """Field name to value the import set."""


class HandOver(DeviceBase):
    """A hand-over made here, so that it can be undone: ids alone."""

    __tablename__ = "hand_over"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    giver_id: Mapped[str] = mapped_column(Text)
    moved: Mapped[Any] = mapped_column(PlainJson)
    """Of each record its kind, its id and who received it."""
    undone_ms: Mapped[int | None] = mapped_column(BigInteger, nullable=True)


class Blob(DeviceBase):
    """A content kept on this laptop, or as far as it came; see `crm_desktop.models.blobs`."""

    __tablename__ = "blob"

    sha256: Mapped[str] = mapped_column(Text, primary_key=True)
    file: Mapped[str] = mapped_column(Text)
    """What it is called in the folder of contents: nothing but chance."""
    key: Mapped[bytes] = mapped_column(LargeBinary)
    """Its own key: without this row the file is noise."""
    size_bytes: Mapped[int] = mapped_column(Integer)
    is_whole: Mapped[bool] = mapped_column(Boolean, default=False)
    sent_epoch: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True)
    """Which HQ is known to hold it; another one, as after a restore there, is asked anew."""
    used_ms: Mapped[int] = mapped_column(BigInteger, default=0)


class BlobQueue(DeviceBase):
    """A file whose content is still to be sent or fetched."""

    __tablename__ = "blob_queue"

    sha256: Mapped[str] = mapped_column(Text, primary_key=True)
    direction: Mapped[str] = mapped_column(Text, primary_key=True)
    """`up` or `down`."""
    size_bytes: Mapped[int] = mapped_column(Integer, default=0)
    offset: Mapped[int] = mapped_column("done_bytes", Integer, default=0)
    """Bytes that are through."""
    tries: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str | None] = mapped_column(Text, nullable=True)
    """English source of why it does not go on by itself."""
    asked: Mapped[bool] = mapped_column(Boolean, default=False, server_default="0")
    """Somebody waits for it: before all others, and on a paid network too."""
    not_before_ms: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    rest: Mapped[bytes | None] = mapped_column(LargeBinary, nullable=True)
    """Coming down: the beginning of the part in which the line broke."""


class SortKey(DeviceBase):
    """Where a text stands in an alphabetical list, Chinese by pinyin; see `crm_desktop.models.sorting`."""

    __tablename__ = "sort_key"
    __table_args__ = (
        Index("ix_sort_key_order", "entity", "field", "key", "row_id"),
        {"sqlite_with_rowid": False},
    )

    entity: Mapped[str] = mapped_column(Text, primary_key=True)
    row_id: Mapped[str] = mapped_column(Text, primary_key=True)
    field: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text)


class SearchDoc(DeviceBase):
    """A record in the search index, which knows it by `id`."""

    __tablename__ = "search_doc"
    __table_args__ = (
        Index("ix_search_doc_row", "entity", "row_id", unique=True),
        Index("ix_search_doc_title", "title"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    entity: Mapped[str] = mapped_column(Text)
    row_id: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    """Folded as queries are, so that exact and leading matches can come first."""


class SearchDirty(DeviceBase):
    """A record whose search entry and sort keys are behind; written by triggers, so never forgotten."""

    __tablename__ = "search_dirty"
    __table_args__ = ({"sqlite_with_rowid": False},)

    entity: Mapped[str] = mapped_column(Text, primary_key=True)
    row_id: Mapped[str] = mapped_column(Text, primary_key=True)


class KnownHash(DeviceBase):
    """A short hash of a customer's name, number or phone, of all customers HQ has; see `models.known`."""

    __tablename__ = "known_hash"

    hash: Mapped[int] = mapped_column(Integer, primary_key=True)
