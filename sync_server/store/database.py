"""One database, SQLite or PostgreSQL, and the three ways into it: read, write the feed, keep notes.

Whoever adds to the feed holds the lock of its head from when he learns his positions until he has committed.
So positions become visible in their own order: a reader that has seen position 7 will never find a new 6.
`write` takes the head before anything else, or on PostgreSQL as late as `HqTransaction.hold` is called. The
reasons and the price: docs/decisions/0005-one-writer-and-opaque-positions.md and the page that amends it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, insert, select, update
from sqlalchemy.engine import make_url

from crm_core.entities import ENTITIES
from crm_core.errors import BrokenPromise
from crm_core.i18n import N_
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_core.sync.sealing import Sealer
from resources import ENGLISH
from sync_server.store.tables import DRAFT, FeedHead, HqBase, table_of

BUSY_TIMEOUT_MS: Final = 30_000  # longer than any one merge takes
STATEMENT_TIMEOUT_MS: Final = 60_000
IDLE_TIMEOUT_MS: Final = 60_000  # a forgotten transaction would hold the head, and everybody with it
GIVE_WAY_S: Final = 0.12  # a little longer than SQLite's busy handler sleeps at most
POOL_SIZE: Final = 10
EPOCH_BYTES: Final = 16

_head = table_of(FeedHead)

# Entities say of which rows an index is for SQLite alone: a laptop that names PostgreSQL loads its dialect.
for _entity in ENTITIES:
    for _index in table_of(_entity).indexes:
        _index.dialect_options["postgresql"]["where"] = _index.dialect_options["sqlite"]["where"]


class Positions:
    """Hands out feed positions, each once; drafts of them, above `DRAFT`, until the head is held."""

    def __init__(self, last: int) -> None:
        self.last = last

    def next(self) -> int:
        """Return the next position."""
        self.last += 1
        return self.last


class Overtaken(Exception):
    """Somebody changed what this transaction decided on: it is to be done again with the head held first."""


@dataclass(slots=True)
class HqTransaction:
    """A transaction that adds to the feed. What is set on it is written with the last statement."""

    connection: Connection
    positions: Positions
    seen: int
    """Where the feed stood when it began."""
    epoch: str
    policy_seq: int
    hq_op_no: int
    hq_hlc: int
    max_hlc: int
    language: str = ENGLISH
    """Of what HQ itself writes."""
    currency: str = DEFAULT_CURRENCY
    """The company's."""
    company: Mapping[str, str] = field(default_factory=dict)
    """What documents say of the company (`crm_core.rules.template_filling.company_words`)."""
    pen: Sealer | None = None
    """What HQ signs with; None where nothing is signed."""
    is_held: bool = True
    """Whether it holds the head: positions are real, and nobody else adds to the feed."""

    def hold(self) -> int:
        """Take the head, and return what is to be added to every position drafted before.

        Raises `Overtaken` where rights changed since the transaction began; what else changed the caller
        looks up himself. From now on nothing may wait for a lock another writer could have.
        """
        if self.is_held:
            return 0
        head = _found(self.connection.execute(_lock_head()).one_or_none())
        if (head.epoch, head.policy_seq) != (self.epoch, self.policy_seq):
            raise Overtaken
        shift = head.seq - DRAFT
        self.positions.last += shift
        self.hq_op_no = head.hq_op_no
        self.hq_hlc = max(self.hq_hlc, head.hq_hlc)
        self.max_hlc = max(self.max_hlc, head.max_hlc)
        self.is_held = True
        return int(shift)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A moment of the database; nothing read through it is newer than `head`."""

    connection: Connection
    head: int
    epoch: str
    policy_seq: int
    max_hlc: int
    floor: int

    def knows_after(self, seq: int) -> bool:
        """Tell whether HQ still knows, and knows already, everything that happened after a position."""
        return self.floor <= seq <= self.head


class Database:
    """HQ's database. Threads and processes may share it; connections come from a pool."""

    def __init__(
        self,
        url: str,
        language: str = ENGLISH,
        pen: Sealer | None = None,
        currency: str = DEFAULT_CURRENCY,
        company: Mapping[str, str] | None = None,
    ) -> None:
        self._language = language
        self._currency = currency
        self._company = company or {}
        self._pen = pen
        if not ENTITIES:  # their tables belong to the metadata as soon as they are imported
            raise BrokenPromise(N_("HQ knows no entity"))
        self.url = _with_driver(url)
        self.is_sqlite = make_url(self.url).get_backend_name() == "sqlite"
        self.engine = _sqlite(self.url) if self.is_sqlite else _postgres(self.url)
        if self.is_sqlite:
            self._reader: Engine = self.engine
            self._writer: Engine = self.engine.execution_options(begins_immediate=True)
        else:
            self._reader = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self._writer = self.engine

    @contextmanager
    def write(self, *, late: bool = False) -> Iterator[HqTransaction]:
        """Give a transaction that may add to the feed; it commits at the end of the block.

        `late`: on PostgreSQL the head is left to others until the block calls `hold`, which it must before
        it writes a position. SQLite has one writer in any case.
        """
        late = late and not self.is_sqlite
        with self._writer.begin() as connection:
            looked = connection.execute(select(_head).where(_head.c.id == 1) if late else _lock_head())
            head = _found(looked.one_or_none())
            hq = HqTransaction(
                connection=connection,
                positions=Positions(DRAFT if late else head.seq),
                seen=head.seq,
                epoch=head.epoch,
                policy_seq=head.policy_seq,
                hq_op_no=head.hq_op_no,
                hq_hlc=head.hq_hlc,
                max_hlc=head.max_hlc,
                language=self._language,
                currency=self._currency,
                company=self._company,
                pen=self._pen,
                is_held=not late,
            )
            yield hq
            if hq.is_held:
                connection.execute(
                    update(_head)
                    .where(_head.c.id == 1)
                    .values(
                        seq=hq.positions.last,
                        policy_seq=hq.policy_seq,
                        hq_op_no=hq.hq_op_no,
                        hq_hlc=hq.hq_hlc,
                        max_hlc=hq.max_hlc,
                    )
                )

    def give_way(self) -> None:
        """Let others who wait write first, between two transactions of one piece of work.

        PostgreSQL serves them in turn. Who waits for SQLite looks again and again, at last every 100 ms.
        """
        if self.is_sqlite:
            time.sleep(GIVE_WAY_S)

    @contextmanager
    def note(self) -> Iterator[Connection]:
        """Give a transaction for what is not of the feed: sign-ins, devices seen, audit."""
        with self._writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Snapshot]:
        """Give one moment of the database: every statement in the block sees the same."""
        with self._reader.begin() as connection:
            head = _found(connection.execute(select(_head).where(_head.c.id == 1)).one_or_none())
            yield Snapshot(
                connection=connection,
                head=head.seq,
                epoch=head.epoch,
                policy_seq=head.policy_seq,
                max_hlc=head.max_hlc,
                floor=head.floor,
            )

    def create_tables(self) -> None:
        """Make every table of an empty database at once, without the history of migrations."""
        HqBase.metadata.create_all(self.engine)

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def found_feed(connection: Connection) -> str:
    """Begin the feed of a new HQ and return its epoch."""
    epoch = secrets.token_hex(EPOCH_BYTES)
    connection.execute(
        insert(_head).values(id=1, seq=0, epoch=epoch, policy_seq=0, hq_op_no=0, hq_hlc=0, max_hlc=0, floor=0)
    )
    return epoch


def renew_epoch(connection: Connection) -> str:
    """Give HQ a new identity after a restore, so that every laptop notices; return it."""
    epoch = secrets.token_hex(EPOCH_BYTES)
    connection.execute(update(_head).where(_head.c.id == 1).values(epoch=epoch))
    return epoch


def _lock_head() -> Any:
    """Return the statement that locks the head until the transaction ends, and reads it."""
    columns = (_head.c[name] for name in ("seq", "epoch", "policy_seq", "hq_op_no", "hq_hlc", "max_hlc"))
    return update(_head).where(_head.c.id == 1).values(seq=_head.c.seq).returning(*columns)


def _found(row: Any) -> Any:
    if row is None:
        raise BrokenPromise(N_("This database holds no HQ"))
    return row


def _with_driver(url: str) -> str:
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


def _sqlite(url: str) -> Engine:
    # What goes into a statement is people's, and errors are logged: it stays out of their texts.
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; the driver would only before writes
        for pragma in (
            "journal_mode=WAL",
            # What HQ acknowledged must survive a power cut: a laptop forgets it then.
            "synchronous=FULL",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "foreign_keys=OFF",
            "cache_size=-65536",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("begins_immediate")
        # A transaction that reads first and then writes would fail where another wrote in between.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _postgres(url: str) -> Engine:
    idle = f"-c idle_in_transaction_session_timeout={IDLE_TIMEOUT_MS}"
    limits = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} {idle}"
    return create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"options": limits},
    )
