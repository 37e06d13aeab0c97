"""HQ's own tables: positions and stamps of the feed, devices, leases, and what must never be lost.

They share `Base.metadata` with the entities, so one metadata makes a whole HQ on SQLite and PostgreSQL. What
each is for and how they work together: docs/sync.md. Nothing here refers by foreign key: rows of entities
come in any order, and history outlives what it is about.

Positions (`seq`) are whole numbers handed out in commit order by `Database.write`; no two events share one.
"""

from __future__ import annotations

from typing import Any, Final, cast

from sqlalchemy import JSON, BigInteger, Boolean, Dialect, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from crm_core.errors import BrokenPromise
from crm_core.i18n import N_
from crm_core.schema.entity import Base

DRAFT: Final = 2**62
"""Positions above are drafts, handed out before the head of the feed was held; real ones stay below."""

# SQLite numbers rows by itself only where the key is exactly INTEGER.
_AutoKey = BigInteger().with_variant(Integer, "sqlite")


class HqBase(DeclarativeBase):
    """Base of the tables only HQ has."""

    metadata = Base.metadata


def table_of(model: type[DeclarativeBase]) -> Table:
    """Return the table behind a class, for statements over many rows at once."""
    return cast(Table, model.__table__)


class Position(TypeDecorator[int]):
    """A place in the feed. A draft of one, made before the head was held, cannot be written down."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Return the position. Raises `BrokenPromise` for a draft."""
        if value is not None and value > DRAFT:
            raise BrokenPromise(N_("HQ was about to keep a place in the feed before it had one"))
        return value


def _position(*, index: bool = False, key: bool = False, of_old: bool = False) -> Mapped[int]:
    """Return a column of positions; `of_old`: it came later, and rows from before are at 0."""
    return mapped_column(
        Position,
        index=index,
        primary_key=key,
        autoincrement=False,
        nullable=False,
        default=0,
        server_default="0" if of_old else None,
    )


def _key(kind: Any = Text) -> Mapped[Any]:
    return mapped_column(kind, primary_key=True, autoincrement=False)


class FeedHead(HqBase):
    """The one row every change of the feed locks first; `id` is 1."""

    __tablename__ = "feed_head"

    id: Mapped[int] = _key(Integer)
    seq: Mapped[int] = _position()
    """Last position handed out."""
    epoch: Mapped[str] = mapped_column(Text)
    """32 hexadecimal digits: this HQ's identity; a new one after a restore from a backup."""
    policy_seq: Mapped[int] = _position()
    """Last position at which a user, team, territory or role changed."""
    hq_op_no: Mapped[int] = _position()
    """Last operation number of device 0, which is HQ itself."""
    hq_hlc: Mapped[int] = _position()
    """Last clock reading of device 0."""
    max_hlc: Mapped[int] = _position()
    """Highest clock reading ever accepted; HQ does not start with a clock behind it."""
    floor: Mapped[int] = _position()
    """Up to here exits and rights are forgotten: a token from before it begins anew."""


class RowMeta(HqBase):
    """What holds for a record as a whole. Its stamp stands for every field that has no `Cell`."""

    __tablename__ = "row_meta"

    entity: Mapped[int] = _key(Integer)
    row_id: Mapped[str] = _key()
    seq: Mapped[int] = _position(index=True)
    """Position of its creation."""
    hlc: Mapped[int] = mapped_column(BigInteger)
    device: Mapped[int] = mapped_column(Integer)
    incarnation: Mapped[int] = mapped_column(Integer)
    op_no: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[str | None] = mapped_column(Text)
    life: Mapped[int] = mapped_column(Integer, default=1)
    life_seq: Mapped[int] = _position(index=True)
    """Position of its last delete or restore; 0 where there was none."""
    life_device: Mapped[int] = mapped_column(Integer, default=0)
    cascade: Mapped[str | None] = mapped_column(Text)
    """Name of the operation that deleted it, by itself or with what it belongs to."""
    __table_args__ = (
        Index(
            "ix_row_meta_cascade",
            "cascade",
            sqlite_where=text("cascade IS NOT NULL"),
            postgresql_where=text("cascade IS NOT NULL"),
        ),
    )


class Cell(HqBase):
    """Stamp of a register changed since its record was created; the value is in the entity's table."""

    __tablename__ = "cell"

    entity: Mapped[int] = _key(Integer)
    row_id: Mapped[str] = _key()
    field: Mapped[str] = _key()
    """Number of the register's leading field as text, or a custom field's `x:key`."""
    hlc: Mapped[int] = mapped_column(BigInteger)
    device: Mapped[int] = mapped_column(Integer)
    incarnation: Mapped[int] = mapped_column(Integer)
    op_no: Mapped[int] = mapped_column(BigInteger)
    seq: Mapped[int] = _position(index=True)
    user_id: Mapped[str | None] = mapped_column(Text)


class RowScope(HqBase):
    """A scope a record lies in. `all` is not written down: every record lies in it from its creation on."""

    __tablename__ = "row_scope"
    __table_args__ = (Index("ix_row_scope_members", "entity", "scope", "row_id"),)

    entity: Mapped[int] = _key(Integer)
    row_id: Mapped[str] = _key()
    scope: Mapped[str] = _key()
    in_seq: Mapped[int] = _position(index=True)


class ScopeExit(HqBase):
    """The event that a record left a scope."""

    __tablename__ = "scope_exit"

    seq: Mapped[int] = _position(key=True)
    entity: Mapped[int] = mapped_column(Integer)
    row_id: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(Text)


class PoolWarning(HqBase):
    """Whose owner was warned that it returns to the shared pool, and when to look again."""

    __tablename__ = "pool_warning"

    customer_id: Mapped[str] = _key()
    warned_ms: Mapped[int] = mapped_column(BigInteger)
    look_ms: Mapped[int] = mapped_column(BigInteger)


class NeglectNotice(HqBase):
    """A neglected deal a manager was told of, and since when it had been so."""

    __tablename__ = "neglect_notice"

    deal_id: Mapped[str] = _key()
    since_ms: Mapped[int] = mapped_column(BigInteger)


class SetDot(HqBase):
    """One addition to an add-wins set such as tags; the word is present while it has a dot."""

    __tablename__ = "set_dot"

    entity: Mapped[int] = _key(Integer)
    row_id: Mapped[str] = _key()
    field: Mapped[str] = _key()
    word: Mapped[str] = _key()
    dot: Mapped[str] = _key()


class EntitlementVersion(HqBase):
    """What a user could read from a position on."""

    __tablename__ = "entitlement"

    user_id: Mapped[str] = _key()
    version: Mapped[int] = _position(key=True)
    scopes: Mapped[list[Any]] = mapped_column(JSON)
    """[[entity numbers], [scopes]], entities that share their scopes together."""
    classes: Mapped[list[Any]] = mapped_column(JSON)
    """[entity number, [field classes]]."""
    hash: Mapped[str] = mapped_column(Text)
    checked_seq: Mapped[int] = _position()
    """`FeedHead.policy_seq` it was last found still right at."""


class UserScopeEver(HqBase):
    """A scope a user has or had by any version of rights that is kept."""

    __tablename__ = "user_scope_ever"

    user_id: Mapped[str] = _key()
    entity: Mapped[int] = _key(Integer)
    scope: Mapped[str] = _key()
    lapsed_seq: Mapped[int | None] = mapped_column(BigInteger)
    """Where the feed stood when the last version that has it was forgotten; below it exits may be news."""


class Device(HqBase):
    """A laptop HQ knows. Its number goes into every stamp; 0 is HQ itself and has no row."""

    __tablename__ = "device"
    # SQLite would give the number of a deleted last device to the next one.
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    user_id: Mapped[str] = mapped_column(Text, index=True)
    name: Mapped[str] = mapped_column(Text)
    secret_hash: Mapped[str] = mapped_column(Text, unique=True)
    incarnation: Mapped[int] = mapped_column(Integer, default=1)
    """Counts how often the laptop's database was found to be a copy of an older one."""
    nonce: Mapped[bytes] = mapped_column(LargeBinary)
    """What the next request must carry."""
    last_nonce: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What the request before carried: accepted once more, for an answer that was lost."""
    acked_op: Mapped[int] = mapped_column(BigInteger, default=0)
    """Highest operation of this incarnation that was answered."""
    last_hlc: Mapped[int] = mapped_column(BigInteger, default=0)
    acked_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    """Feed position the laptop was seen to hold."""
    schema: Mapped[int] = mapped_column(Integer, default=1)
    enrolled_at: Mapped[int] = mapped_column(BigInteger)
    last_seen_at: Mapped[int | None] = mapped_column(BigInteger)
    revoked: Mapped[bool] = mapped_column(Boolean, default=False)
    wipe: Mapped[bool] = mapped_column(Boolean, default=False)
    clock_shift_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    """How far its clock was ahead of HQ's at its last contact."""
    waiting: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """Operations it had not handed in when it was last heard of."""
    oldest_unsent_ms: Mapped[int | None] = mapped_column(BigInteger)
    """When the oldest of them was made."""
    returned: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """Edits that came back to it and wait for its person's decision."""
    compared_at: Mapped[int | None] = mapped_column(BigInteger)
    """When it last compared everything it holds with HQ."""
    repaired: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """Rows that differed then and were sent again."""
    differing: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """Rows that differed even after that."""
    alarms: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """How often two seemed to write under its name: an operation came again with another content."""
    bytes_in: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes_out: Mapped[int] = mapped_column(BigInteger, default=0)
    used_day: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """Day since 1970 UTC that the two figures below are of."""
    used_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """Bytes it sent and fetched on that day."""
    used_operations: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """Operations it brought on that day."""
    purge_held: Mapped[int | None] = mapped_column(BigInteger)
    """Entitlement version whose purge waits for an administrator, because it would take so many rows."""
    purge_allowed: Mapped[int | None] = mapped_column(BigInteger)
    """Entitlement version up to which an administrator allowed purges."""
    file_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Public keys its files are known by and HQ's are sealed for; None before it was in touch."""
    file_no: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """Highest number of a file of this incarnation that was answered."""
    file_until: Mapped[int | None] = mapped_column(BigInteger)
    """Until when the file that signs it in may be used first; None where it signed in otherwise."""
    file_opened: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What the laptop that opened that file drew, as HQ first heard it; empty from an older program."""


class OpLog(HqBase):
    """Every operation HQ answered, so that none is taken twice."""

    __tablename__ = "op_log"
    __table_args__ = (Index("ix_op_log_payload", "device", "payload_sha"),)

    device: Mapped[int] = _key(Integer)
    incarnation: Mapped[int] = _key(Integer)
    op_no: Mapped[int] = _key(BigInteger)
    txn_no: Mapped[int] = mapped_column(BigInteger)
    payload_sha: Mapped[bytes] = mapped_column(LargeBinary)
    """Hash of the operation without its number: the same after the laptop was restored and renumbered."""
    code: Mapped[int] = mapped_column(Integer)
    hlc_sent: Mapped[int] = mapped_column(BigInteger)
    hlc: Mapped[int] = mapped_column(BigInteger)
    seq: Mapped[int] = _position()
    answer: Mapped[bytes] = mapped_column(LargeBinary)
    at_ms: Mapped[int] = mapped_column(BigInteger)


class LostEditLog(HqBase):
    """An edit that stood and was then replaced by somebody who had not seen it.

    With `is_other` it is told to whom it gave way: a long text somebody else wrote at the same time.
    """

    __tablename__ = "lost_edit"
    __table_args__ = (Index("ix_lost_edit_device", "device", "seq"),)

    seq: Mapped[int] = _position(key=True)
    device: Mapped[int] = mapped_column(Integer)
    incarnation: Mapped[int] = mapped_column(Integer)
    op_no: Mapped[int] = mapped_column(BigInteger)
    entity: Mapped[int] = mapped_column(Integer)
    row_id: Mapped[str] = mapped_column(Text)
    field: Mapped[str] = mapped_column(Text)
    mine: Mapped[Any] = mapped_column(JSON)
    """The value lost: what the writer of this device had typed."""
    user_id: Mapped[str | None] = mapped_column(Text)
    """Who replaced it; of another version who wrote it."""
    at_ms: Mapped[int] = mapped_column(BigInteger)
    is_other: Mapped[bool] = mapped_column(Boolean, default=False)


class Quarantine(HqBase):
    """An operation HQ refused, whole, so that nothing a person typed is lost."""

    __tablename__ = "quarantine"
    __table_args__ = (
        Index("ix_quarantine_open", "state", "seq"),
        Index("ix_quarantine_judged", "device", "judged_seq"),
    )

    id: Mapped[int] = mapped_column(_AutoKey, primary_key=True, autoincrement=True)
    device: Mapped[int] = mapped_column(Integer, index=True)
    incarnation: Mapped[int] = mapped_column(Integer)
    op_no: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[str] = mapped_column(Text)
    entity: Mapped[int] = mapped_column(Integer)
    row_id: Mapped[str] = mapped_column(Text)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    """The operation as MessagePack; as JSON where its numbers are too large for that."""
    code: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    """English source of the sentence; `places` goes into it."""
    places: Mapped[Any] = mapped_column(JSON, default=dict, server_default="{}")
    at_ms: Mapped[int] = mapped_column(BigInteger)
    seq: Mapped[int] = _position(index=True, of_old=True)
    """Position of its refusal, so that whoever may accept it hears of it."""
    state: Mapped[str] = mapped_column(Text, default="open", server_default="open")
    """`open`, `accepted`, `declined`, or `withdrawn` by its writer."""
    judge_id: Mapped[str | None] = mapped_column(Text)
    """Who accepted or declined it."""
    judged_ms: Mapped[int | None] = mapped_column(BigInteger)
    judged_seq: Mapped[int] = _position(of_old=True)
    """Position at which its writer is told; 0 where there is nothing to tell."""


class NumberSeries(HqBase):
    """A series of numbers, such as those of quotes."""

    __tablename__ = "number_series"

    series: Mapped[str] = _key()
    next: Mapped[int] = mapped_column(BigInteger, default=1)
    pattern: Mapped[str] = mapped_column(Text)


class NumberLease(HqBase):
    """Numbers one device may give out: `lo` to `hi`, both included."""

    __tablename__ = "number_lease"
    __table_args__ = (Index("ix_number_lease_device", "device", "series"),)

    id: Mapped[int] = mapped_column(_AutoKey, primary_key=True, autoincrement=True)
    series: Mapped[str] = mapped_column(Text)
    device: Mapped[int] = mapped_column(Integer)
    lo: Mapped[int] = mapped_column(BigInteger)
    hi: Mapped[int] = mapped_column(BigInteger)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    closed: Mapped[bool] = mapped_column(Boolean, default=False)


class NumberUsed(HqBase):
    """A number given out, and to which record."""

    __tablename__ = "number_used"

    series: Mapped[str] = _key()
    number: Mapped[int] = _key(BigInteger)
    row_id: Mapped[str] = mapped_column(Text)


class Credential(HqBase):
    """How a user signs in. Never leaves HQ."""

    __tablename__ = "credential"

    user_id: Mapped[str] = _key()
    login: Mapped[str] = mapped_column(Text, unique=True)
    """Normalised: NFKC, case folded, trimmed."""
    password_hash: Mapped[str] = mapped_column(Text)
    disabled: Mapped[bool] = mapped_column(Boolean, default=False)


class UniqueKey(HqBase):
    """What a living record has in a field no two should have alike: a hash of it, however it is written."""

    __tablename__ = "unique_key"
    __table_args__ = (
        Index(
            "ux_unique_key_first",
            "entity",
            "field",
            "hash",
            unique=True,
            sqlite_where=text("first"),
            postgresql_where=text("first"),
        ),
        Index("ix_unique_key_hash", "entity", "field", "hash"),
    )

    entity: Mapped[int] = _key(Integer)
    field: Mapped[int] = _key(Integer)
    row_id: Mapped[str] = _key()
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    first: Mapped[bool] = mapped_column(Boolean, default=True)
    """Held by one record of those alike, whichever had it first; the others are accepted beside it."""


FOUNDER = "founder"
"""Key of the setting that holds the first administrator's id, for whom HQ acts when nobody is signed in."""


class Setting(HqBase):
    """One setting of this HQ."""

    __tablename__ = "setting"

    key: Mapped[str] = _key()
    value: Mapped[Any] = mapped_column(JSON)


class Audit(HqBase):
    """Who did what at HQ, each entry chained to the one before by a hash."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(_AutoKey, primary_key=True, autoincrement=True)
    at_ms: Mapped[int] = mapped_column(BigInteger, index=True)
    user_id: Mapped[str | None] = mapped_column(Text)
    device: Mapped[int | None] = mapped_column(Integer)
    action: Mapped[str] = mapped_column(Text)
    entity: Mapped[int | None] = mapped_column(Integer)
    row_id: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[Any] = mapped_column(JSON)
    chain: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 over the chain value before and this entry."""


class FeedMark(HqBase):
    """Where the feed stood at a time, noted about once a day: positions themselves know no time."""

    __tablename__ = "feed_mark"

    at_ms: Mapped[int] = _key(BigInteger)
    seq: Mapped[int] = _position()


class OpSeen(HqBase):
    """What is left of an answer nobody should need any more, so that the operation is never taken twice."""

    __tablename__ = "op_seen"
    __table_args__ = ({"sqlite_with_rowid": False},)

    device: Mapped[int] = _key(Integer)
    payload_sha: Mapped[bytes] = _key(LargeBinary)
    incarnation: Mapped[int] = mapped_column(Integer)
    code: Mapped[int] = mapped_column(Integer)
    hlc: Mapped[int] = mapped_column(BigInteger)


class Grave(HqBase):
    """A record whose values are gone for good. Kept for ever, so that nothing brings it back."""

    __tablename__ = "grave"
    __table_args__ = ({"sqlite_with_rowid": False},)

    entity: Mapped[int] = _key(Integer)
    row_id: Mapped[str] = _key()
    seq: Mapped[int] = _position()
    """Position at which it left the feed."""
    scopes: Mapped[list[Any]] = mapped_column(JSON)
    """Where it lay: who could see it there is told that it was deleted, everybody else nothing."""
