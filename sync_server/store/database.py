"""One database, SQLite or PostgreSQL, and the three ways into it: read, write the feed, keep notes.

`write` locks the feed's head before anything else. So writers go one after the other, positions are handed
out from memory, and they become visible in their own order: a reader that has seen position 7 will never
find a new 6. The reasons and the price: docs/decisions/0005-one-writer-and-opaque-positions.md.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, insert, select, update
from sqlalchemy.engine import make_url

from crm_core.entities import ENTITIES
from crm_core.errors import BrokenPromise
from crm_core.i18n import N_
from sync_server.store.tables import FeedHead, HqBase, table_of

BUSY_TIMEOUT_MS: Final = 30_000  # longer than any one merge takes
STATEMENT_TIMEOUT_MS: Final = 60_000
IDLE_TIMEOUT_MS: Final = 60_000  # a forgotten transaction would hold the head, and everybody with it
POOL_SIZE: Final = 10
EPOCH_BYTES: Final = 16

_head = table_of(FeedHead)


class Positions:
    """Hands out feed positions, each once."""

    def __init__(self, last: int) -> None:
        self.last = last

    def next(self) -> int:
        """Return the next position."""
        self.last += 1
        return self.last


@dataclass(slots=True)
class HqTransaction:
    """A transaction that holds the feed's head. What is set on it is written with the last statement."""

    connection: Connection
    positions: Positions
    epoch: str
    policy_seq: int
    hq_op_no: int
    hq_hlc: int
    max_hlc: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A moment of the database; nothing read through it is newer than `head`."""

    connection: Connection
    head: int
    epoch: str
    policy_seq: int
    max_hlc: int


class Database:
    """HQ's database. Threads and processes may share it; connections come from a pool."""

    def __init__(self, url: str) -> None:
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
    def write(self) -> Iterator[HqTransaction]:
        """Give a transaction that may add to the feed; it commits at the end of the block."""
        with self._writer.begin() as connection:
            lock = (
                update(_head)
                .where(_head.c.id == 1)
                .values(seq=_head.c.seq)
                .returning(
                    _head.c.seq,
                    _head.c.epoch,
                    _head.c.policy_seq,
                    _head.c.hq_op_no,
                    _head.c.hq_hlc,
                    _head.c.max_hlc,
                )
            )
            head = _found(connection.execute(lock).one_or_none())
            hq = HqTransaction(
                connection=connection,
                positions=Positions(head.seq),
                epoch=head.epoch,
                policy_seq=head.policy_seq,
                hq_op_no=head.hq_op_no,
                hq_hlc=head.hq_hlc,
                max_hlc=head.max_hlc,
            )
            yield hq
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
        insert(_head).values(id=1, seq=0, epoch=epoch, policy_seq=0, hq_op_no=0, hq_hlc=0, max_hlc=0)
    )
    return epoch


def renew_epoch(connection: Connection) -> str:
    """Give HQ a new identity after a restore, so that every laptop notices; return it."""
    epoch = secrets.token_hex(EPOCH_BYTES)
    connection.execute(update(_head).where(_head.c.id == 1).values(epoch=epoch))
    return epoch


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
