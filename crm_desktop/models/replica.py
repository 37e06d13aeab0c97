"""The local replica: one encrypted file, one writer, readers that see one moment, one announcement a commit.

A `Replica` may be used from any thread. Writers wait for one another; a second process beside (the command
line beside the window) waits at SQLite's own lock. Everything a write transaction did is in the file when
its block ends, or none of it, whenever the program or the machine stops.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.errors import AccessDenied, BrokenPromise, UserError
from crm_core.i18n import N_
from crm_core.ids import named_id
from crm_core.rules.access import NO_RIGHTS, Person, Reach, read_rights
from crm_core.rules.people import person_for
from crm_core.rules.scopes import EVERYONE
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_core.schema.phones import set_home_region
from crm_core.sync.protocol import TxnFlag
from crm_core.times import DAY_MS, HOUR_MS
from crm_desktop.models import access_lease, blobs, custom_index, indexing, put_off, state
from crm_desktop.models.backup import ASKED, DAILY, back_up, backups, drop_backups
from crm_desktop.models.clock import SESSION_CLOCK, Clock
from crm_desktop.models.device_tables import Blob
from crm_desktop.models.engine import (
    LESSER_CACHE_KIB,
    STOPPED,
    check_file,
    connect,
    failure,
    reader_engine,
    writer_engine,
)
from crm_desktop.models.migrations import create_tables, upgrade
from crm_desktop.models.opened import OpenedCopies
from crm_desktop.models.recording import Recorder
from crm_desktop.models.session import WriteSession
from crm_desktop.models.state import Key
from crm_desktop.platform import garbage
from crm_desktop.platform.disk import demand_space
from crm_desktop.platform.paths import Profile
from crm_desktop.platform.synced_folders import refuse_synced

log = logging.getLogger(__name__)

LOCAL_USER = named_id("user", "local")
"""Whoever works in a profile that was never enrolled: may do everything, and nothing travels."""

Changed = frozenset[tuple[str, str]]
"""(entity, id) of every record a transaction changed."""

INDEX_BATCH = 500
MUCH_INDEXED = 5_000
"""Records after whose indexing memory is given back: tens of megabytes that nothing needs afterwards."""
RETIRED_AT_ONCE = 20_000  # search entries: a fifth of a second
SCRUB_WAIT_MS = 1_000  # for readers of an earlier moment; nobody can save meanwhile


class Replica:
    """The laptop's database. Make one with `Replica.create` or `Replica.open`, and close it."""

    def __init__(self, profile: Profile, key: bytes, clock: Clock, writer: Engine) -> None:
        self.profile = profile
        self.clock = clock
        self.blobs = blobs.BlobFolder(profile.blobs)
        """Contents of files; which there are stands in the database."""
        self.opened = OpenedCopies(profile.opened)
        self.on_changed: list[Callable[[Changed], None]] = []
        """Called after each commit, on the thread that wrote."""
        self._lock = threading.Lock()
        self._owner: int | None = None
        self._key = key
        self._person: Person | None = None
        self._person_version = 0
        self._writer = writer
        self._indexed = 0
        self._reader = reader_engine(profile.database, key)
        self._reading = threading.Lock()
        """Held by who has the reader with the larger cache; two read at a time in the window (`ui.tasks`)."""
        self._further_readers = reader_engine(profile.database, key, LESSER_CACHE_KIB)
        self._watch = connect(profile.database, key)
        self._watch_lock = threading.Lock()
        self._leaving = threading.Event()
        self._closed = False

    @classmethod
    def create(cls, profile: Profile, key: bytes, clock: Clock | None = None) -> Self:
        """Make an empty replica and open it; `UserError` where the profile holds one already."""
        refuse_synced(profile.root)
        profile.make()
        demand_space(profile.root)
        if profile.has_database:
            raise UserError(N_("This profile has a database already"))
        create_tables(profile.database, key)
        replica = cls.open(profile, key, clock)
        with replica.applying() as session:
            state.write(session, {Key.BACKED_UP_MS: replica.clock.now_ms()})
        return replica

    @classmethod
    def open(cls, profile: Profile, key: bytes, clock: Clock | None = None) -> Self:
        """Open the replica and bring its tables up to date.

        `UserError` where there is none, the key does not fit, a newer version made it, or the folder is
        one that is synced or shared.
        """
        refuse_synced(profile.root)
        if not profile.has_database:
            raise UserError(N_("There is no database in this profile. Sign in first"))
        profile.make()
        writer = writer_engine(profile.database, key)
        try:
            upgrade(profile, key, writer)
            replica = cls(profile, key, clock or Clock(), writer)
        except BaseException:
            writer.dispose()
            raise
        try:
            with replica.read() as reader:
                current = indexing.is_current(reader)
                replica.clock.offset_ms = state.read(reader, Key.OFFSET_MS)
                set_home_region(state.read(reader, Key.SETTINGS).get("region"))
            if not current:
                with replica.applying() as session:
                    indexing.install(session)
                replica._give_memory_back()  # indexes are sorted in memory: in a file they would be legible
            replica.make_put_off_indexes()
        except BaseException:
            replica.close()
            raise
        return replica

    @contextmanager
    def write(self, *, record: bool = True, flags: TxnFlag = TxnFlag.NONE) -> Iterator[WriteSession]:
        """Give the session of one write transaction, which commits at the end of the block.

        What is changed goes to the outbox with it, unless `record` is False; `flags` say how the operations
        hang together. An exception undoes all of it. Full disk, missing rights and a busy file raise
        `UserError`.
        """
        if record:
            self._demand_access()
        with self._one_writer() as changed, self._transaction() as session:
            if record:
                user_id = state.read(session, Key.USER_ID) or None
                session.recorder = Recorder(user_id, self.clock.now_ms, flags)
            yield session
            session.flush()
            custom_index.follow(session, session.changed)
            changed.update(session.changed)
        self.announce(changed)

    def applying(self) -> AbstractContextManager[WriteSession]:
        """Give the session of one write transaction that records nothing: what HQ sent, the index."""
        return self.write(record=False)

    def _demand_access(self) -> None:
        """Raise `AccessDenied` where HQ wants to be heard of before anything is changed here."""
        now = self.clock.now_ms()
        with self.read() as session:
            known = state.read_all(session)
        if not access_lease.is_over(known, now):
            return
        if now > known[Key.SEEN_MS]:
            with self.applying() as session:
                state.write(session, {Key.SEEN_MS: now})
        raise AccessDenied(access_lease.words(known, now))

    @contextmanager
    def _one_writer(self) -> Iterator[set[tuple[str, str]]]:
        if self._owner == threading.get_ident():
            raise BrokenPromise(N_("A write transaction was begun inside another"))
        with self._lock:
            if self._closed:
                raise UserError(STOPPED)
            self._owner = threading.get_ident()
            try:
                yield set()
            finally:
                self._owner = None

    @contextmanager
    def _transaction(self) -> Iterator[WriteSession]:
        session = WriteSession(bind=self._writer, recorder=None, expire_on_commit=False)
        try:
            session.connection()
            yield session
            session.commit()
        except BaseException as error:
            session.rollback()
            if isinstance(error, DBAPIError) and (known := failure(error)):
                raise known from error
            raise
        finally:
            session.close()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that sees one moment of the database and can write nothing."""
        is_alone = self._reading.acquire(blocking=False)
        session = Session(
            bind=self._reader if is_alone else self._further_readers,
            autoflush=False,
            expire_on_commit=False,
            info={SESSION_CLOCK: self.clock},
        )
        try:
            yield session
        except DBAPIError as error:
            known = failure(error)
            if known is None:
                raise
            raise known from error
        finally:
            session.close()
            if is_alone:
                self._reading.release()

    @property
    def person(self) -> Person:
        """Whoever is signed in, with present rights; in a profile never enrolled, one who may do all.

        Nothing may be done while the first page has not brought the person's role.
        """
        version = self.version()
        if self._person is None or version != self._person_version:
            with self.read() as session:
                self._person = _read_person(session)
            self._person_version = version
        return self._person

    def version(self) -> int:
        """Return a number that is another one after each commit, by this program or one beside it."""
        with self._watch_lock:
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def catch_up(self, limit: int = 2_000) -> int:
        """Bring up to `limit` changed records into the search index; return how many are left.

        Called before a search and while idle. Batches are transactions of their own, so that other writers
        get in between.
        """
        with self.read() as session:
            left = indexing.waiting(session)
        while left and limit > 0 and not self._leaving.is_set():
            with self.applying() as session:
                taken = indexing.index_pending(session, min(limit, INDEX_BATCH))
                left = indexing.waiting(session)
            limit -= taken
            self._indexed += taken
        if not left and self._indexed >= MUCH_INDEXED:
            self._indexed = 0
            self._give_memory_back()
        return left

    def _give_memory_back(self) -> None:
        """Let go of the pages the writer has read, and of memory nothing lies in any more."""
        with self._one_writer(), self._writer.connect() as connection:
            connection.exec_driver_sql("PRAGMA shrink_memory")
        garbage.trim_heap()

    def make_put_off_indexes(self) -> None:
        """Make the indexes again that waited for the rows of a first sync, a kind of record at a time."""
        with self.read() as session:
            is_waiting = put_off.is_waiting(session.connection())
        while is_waiting and not self._leaving.is_set():
            with self.applying() as session:
                put_off.make_next(session.connection())
                is_waiting = put_off.is_waiting(session.connection())
            self._give_memory_back()

    def back_up_if_due(self) -> Path | None:
        """Write a backup and return it if a day has passed since the last; any thread may.

        Where the copies had to go (`erase_traces`), a new one is due an hour after the last: somebody's
        customers may change hands all day long.
        """
        now_ms = self.clock.now_ms()
        with self.read() as session:
            last_ms = state.read(session, Key.BACKED_UP_MS)
        if now_ms - last_ms < (DAY_MS if backups(self.profile) else HOUR_MS):
            return None
        return self._back_up(DAILY)

    def back_up_now(self) -> Path:
        """Write a backup at once and return it; any thread may."""
        return self._back_up(ASKED)

    def _back_up(self, reason: str) -> Path:
        copy = back_up(self.profile, self._key, reason, self._leaving.is_set)
        with self.applying() as session:
            state.write(session, {Key.BACKED_UP_MS: self.clock.now_ms()})
        return copy

    def integrity_check(self) -> list[str]:
        """Return what is wrong with the file, page authentication included; empty where all is well."""
        return check_file(self.profile.database, self._key, self._leaving.is_set)

    def leave(self) -> None:
        """Stop checks and backups under way, so that nobody who closes the program waits for them."""
        self._leaving.set()

    def scrub(self) -> bool:
        """Take what was purged out of the search index's pages and the log, so that no trace stays.

        False where somebody still reads an earlier moment, or the program is to end: then some of it stays.
        """
        if not self._erase_words():
            return False
        with self._one_writer():
            raw = connect(self.profile.database, self._key)
            try:
                raw.execute(f"PRAGMA busy_timeout = {SCRUB_WAIT_MS}")
                busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                raw.close()
        return not busy

    def _erase_words(self) -> bool:
        """Take retired entries and their words out of the index's pages; False where the program is to end.

        Each step is a transaction of its own, so that other writers get in between.
        """
        begin = goes_on = True
        while goes_on and not self._leaving.is_set():
            with self.applying() as session:
                if not indexing.take_out_retired(session, RETIRED_AT_ONCE):
                    goes_on = indexing.merge_pages(session, begin=begin)
                    begin = False
        return not goes_on

    def erase_traces(self) -> None:
        """Take what is out of sight out of the log and the backups too; what cannot be done now waits.

        `Key.TRACES` says that there is something to do, written with the page that took it away, so that a
        program that ends in between does it at its next start.
        """
        with self.read() as session:
            if not state.read(session, Key.TRACES):
                return
        drop_backups(self.profile)
        self.drop_unnamed_blobs()
        if self.scrub():
            with self.applying() as session:
                state.forget(session, Key.TRACES)

    def drop_unnamed_blobs(self) -> None:
        """Take contents away that no attachment here names any more, copies open elsewhere too."""
        with self.read() as session:
            self.opened.close_gone(session)
            gone = blobs.unnamed(session)
        with self.applying() as session:
            blobs.forget(session, gone)
            blobs.forget_unnamed_queue(session)
        for blob in gone:
            self.blobs.remove(blob.file)

    def tidy_blobs(self) -> None:
        """Bring database and folder of contents in step, as after a crash or the way back to a backup."""
        self.drop_unnamed_blobs()
        with self.read() as session:
            known = list(session.scalars(select(Blob)))
        lost = [blob for blob in known if not self.blobs.exists(blob)]
        if lost:
            with self.applying() as session:
                blobs.forget(session, lost)
        self.blobs.remove_left_behind({blob.file for blob in known})

    def close(self) -> None:
        """Let go of the file once what is being written is done; nothing is written afterwards.

        The connection that writes must not be closed under the thread that uses it: that ends the program.
        """
        self._leaving.set()
        with self._lock:
            self._closed = True
            self._writer.dispose()
        with self._watch_lock:
            self._watch.close()
        self._reader.dispose()
        self._further_readers.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def announce(self, changed: Iterable[tuple[str, str]]) -> None:
        """Tell every listener which records changed; nothing is told where none did."""
        told = frozenset(changed)
        for listener in tuple(self.on_changed) if told else ():
            try:
                listener(told)
            except Exception:
                # The data is saved: a listener that fails must not look like a save that failed.
                log.exception("A listener to changes failed")


def _read_person(session: Session) -> Person:
    user_id = state.read(session, Key.USER_ID)
    if not user_id:
        return Person(
            user_id=LOCAL_USER,
            rights=read_rights(STANDARD_ROLES["admin"][1]),
            scopes={reach: frozenset((EVERYONE,)) for reach in Reach},
        )
    users, teams, territories, roles = (
        [dict(row) for row in session.execute(select(SCHEMAS[entity].table)).mappings()]
        for entity in ("user", "team", "territory", "role")
    )
    role_ids = {row["id"] for row in roles}
    if not any(row["id"] == user_id and row["role_id"] in role_ids for row in users):
        return Person(user_id=user_id, rights=NO_RIGHTS, scopes={})
    return person_for(user_id, users, teams, territories, roles)
