"""Whatever stops the program, a row and its operation are both there or neither is."""

from __future__ import annotations

import multiprocessing
import random
import shutil
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crm_core.entities.customer import Customer
from crm_core.errors import BrokenPromise, UserError
from crm_core.sync.protocol import OpKind
from crm_desktop.models import repository, state
from crm_desktop.models.device_tables import History, OutboxOp, OutboxTxn, RowMeta
from crm_desktop.models.engine import connect
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.platform import disk
from crm_desktop.platform.paths import Profile
from tests.desktop.models.support import KEY, outbox, rows_of

KILLS = 12


def write_until_killed(folder: str, started: Connection) -> None:
    """Write customers, contacts and their index for ever; say so once the first is in."""
    with Replica.open(Profile(Path(folder)), KEY) as replica:
        n = 0
        while True:
            with replica.write() as session:
                made = repository.create(session, "customer", {"name": f"贸易 {n}", "tags": ["a"]})
            if n == 0:
                started.send(True)
            with replica.write() as session:
                repository.update(session, "customer", made.id, {"city": f"city {n}"})
                repository.create_many(session, "contact", [{"name": f"p{i}"} for i in range(n % 40)])
            with replica.write() as session:
                repository.delete(session, "customer", made.id)
            replica.catch_up(20)
            n += 1


def check_consistent(replica: Replica) -> int:
    """Assert that every row has its operations and back; return how many operations there are."""
    assert replica.integrity_check() == []
    with replica.read() as session:
        ops = list(session.scalars(select(OutboxOp).order_by(OutboxOp.no)))
        created = {op.row_id for op in ops if op.kind == OpKind.CREATE}
        customers = session.scalars(select(Customer)).all()
        metas = {row.row_id for row in session.scalars(select(RowMeta))}
        contacts = session.connection().exec_driver_sql("SELECT id FROM contact").scalars().all()
        assert created == {row.id for row in customers} | set(contacts) == metas
        set_rows = {op.row_id for op in ops if op.kind == OpKind.SET}
        deleted = {op.row_id for op in ops if op.kind == OpKind.DELETE}
        assert {row.id for row in customers if row.city} == set_rows
        assert {row.id for row in customers if row.life == 2} == deleted
        remembered = set(session.scalars(select(History.op_no)))
        assert {op.no for op in ops if op.kind != OpKind.TAG_ADD} == remembered
        assert set(session.scalars(select(OutboxTxn.no))) == {op.txn_no for op in ops}
        kept = state.read_all(session)
        assert [op.no for op in ops] == list(range(1, kept[Key.NEXT_OP]))
        assert kept[Key.HLC] >= max((op.hlc for op in ops), default=0)
        assert [op.hlc for op in ops] == sorted({op.hlc for op in ops})
        keyed = session.connection().exec_driver_sql(
            "SELECT count(*) FROM sort_key WHERE entity = 'customer' AND field = 'name'"
        )
        assert keyed.scalar_one() == len(customers)
    return len(ops)


def test_a_program_killed_at_any_moment_leaves_rows_and_operations_together(profile: Profile) -> None:
    Replica.create(profile, KEY).close()
    moments = random.Random()
    # A server that has imported everything forks the writers; where there is no fork, each starts anew.
    how = multiprocessing.get_context("forkserver" if sys.platform != "win32" else "spawn")
    if sys.platform != "win32":
        how.set_forkserver_preload([__name__])
    grown = [0]
    for _ in range(KILLS):
        here, there = how.Pipe(duplex=False)
        writer = how.Process(target=write_until_killed, args=(str(profile.root), there), daemon=True)
        writer.start()
        assert here.poll(60)
        time.sleep(moments.uniform(0.0, 0.15))
        writer.kill()
        writer.join()
        with Replica.open(profile, KEY) as replica:
            grown.append(check_consistent(replica))
    assert grown == sorted(grown)
    assert grown[-1] > KILLS


def test_a_power_cut_after_a_commit_does_not_lose_it(profile: Profile, tmp_path: Path) -> None:
    # What a disk holds that only keeps what was synced: file and log copied at the moment of the cut.
    with Replica.create(profile, KEY) as replica:
        with replica.write() as session:
            made = repository.create(session, "customer", {"name": "Saved"})
        raw = replica._writer.connect()  # how it is opened is what is tested here
        assert raw.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert raw.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert raw.exec_driver_sql("PRAGMA secure_delete").scalar_one() == 1
        assert raw.exec_driver_sql("PRAGMA temp_store").scalar_one() == 2
        raw.close()
        copy = Profile(tmp_path / "after")
        copy.make()
        for suffix in ("", "-wal"):
            shutil.copy(f"{profile.database}{suffix}", f"{copy.database}{suffix}")
    with Replica.open(copy, KEY) as again, again.read() as session:
        found = repository.get(session, "customer", made.id)
    assert found is not None
    assert found.title == "Saved"


def test_four_threads_write_one_after_the_other_and_lose_nothing(replica: Replica) -> None:
    each, failures = 40, []

    def work(name: str) -> None:
        try:
            for n in range(each):
                with replica.write() as session:
                    total = session.scalar(select(func.count()).select_from(Customer)) or 0
                    made = repository.create(session, "customer", {"name": f"{name} {n}", "employees": total})
                    repository.update(session, "customer", made.id, {"city": name})
        except Exception as error:  # noqa: BLE001 - whatever it is, the main thread shall tell it
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with replica.read() as session:
        counted = sorted(session.scalars(select(Customer.employees)))
    # Each saw every row of those before it: no two transactions overlapped.
    assert counted == list(range(4 * each))
    assert [op.no for op in outbox(replica)] == list(range(1, 4 * each + 1))


def test_a_reader_sees_one_moment_while_others_write(replica: Replica) -> None:
    with replica.read() as session:
        before = session.scalar(select(func.count()).select_from(Customer))
        with replica.write() as writer:
            repository.create(writer, "customer", {"name": "meanwhile"})
        assert session.scalar(select(func.count()).select_from(Customer)) == before
    with replica.read() as session:
        assert session.scalar(select(func.count()).select_from(Customer)) == 1


def test_a_reader_cannot_write(replica: Replica) -> None:
    with pytest.raises(UserError, match="cannot be written"), replica.read() as session:
        session.connection().exec_driver_sql("DELETE FROM customer")


def test_a_write_inside_a_write_is_our_own_mistake_and_no_deadlock(replica: Replica) -> None:
    with replica.write(), pytest.raises(BrokenPromise):
        replica.write().__enter__()
    with replica.write() as session:
        repository.create(session, "tag", {"name": "still works"})


def test_a_second_program_writes_too_and_the_first_notices(profile: Profile) -> None:
    with Replica.create(profile, KEY) as window, Replica.open(profile, KEY) as command_line:
        seen = window.version()
        with command_line.write() as session:
            repository.create(session, "tag", {"name": "a"})
        assert window.version() != seen
        with window.write() as session:
            repository.create(session, "tag", {"name": "b"})
        assert [op.no for op in outbox(window)] == [1, 2]


def test_a_database_somebody_holds_is_told_and_nothing_is_lost(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_desktop.models.engine.BUSY_TIMEOUT_MS", 50)
    with Replica.create(profile, KEY) as replica:
        other = connect(profile.database, KEY)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UserError, match="Another program is using this profile"), replica.write():
            pass
        other.rollback()
        other.close()
        with replica.write() as session:
            repository.create(session, "tag", {"name": "a"})
    assert len(rows_of(Replica.open(profile, KEY), OutboxOp)) == 1


def test_a_full_disk_is_told_and_nothing_is_changed(replica: Replica) -> None:
    with replica.write() as session:
        repository.create(session, "tag", {"name": "before"})
    # The outermost edge: SQLite itself is told how many pages the disk still takes.
    raw = replica._writer.connect()
    pages = raw.exec_driver_sql("PRAGMA page_count").scalar_one()
    raw.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1}")
    raw.close()
    with pytest.raises(UserError, match="disk is full"), replica.write() as session:
        repository.create_many(session, "customer", [{"name": f"c{n}" * 100} for n in range(500)])
    raw = replica._writer.connect()
    raw.exec_driver_sql("PRAGMA max_page_count = 1000000")
    raw.close()
    assert len(outbox(replica)) == 1
    with replica.write() as session:
        repository.create(session, "tag", {"name": "after"})
    assert [op.no for op in outbox(replica)] == [1, 2]
    assert replica.integrity_check() == []


def test_a_profile_is_not_made_on_a_nearly_full_disk(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "free_bytes", lambda _folder: 1024 * 1024)
    with pytest.raises(UserError, match="nearly full: 1 MB are free, 20 MB are needed"):
        Replica.create(profile, KEY)
    assert not profile.database.exists()


def test_a_listener_that_fails_does_not_undo_a_save(
    replica: Replica, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[object] = []

    def fail(_changed: object) -> None:
        raise RuntimeError("listener")

    replica.on_changed += [fail, heard.append]
    with replica.write() as session:
        made = repository.create(session, "tag", {"name": "a"})
    assert heard == [frozenset({("tag", made.id)})]
    assert "A listener to changes failed" in caplog.text


def test_a_check_and_a_backup_end_when_the_program_is_left(replica: Replica) -> None:
    with replica.write() as session:
        repository.create_many(session, "customer", [{"name": f"Heron {n}（示例）"} for n in range(3_000)])
    replica.leave()
    with pytest.raises(UserError, match="Stopped"):
        replica.integrity_check()
    with pytest.raises(UserError, match="Stopped"):
        replica.back_up_now()
    assert list(replica.profile.backups.iterdir()) == []


def test_closing_waits_for_what_is_being_written_and_nothing_is_written_afterwards(tmp_path: Path) -> None:
    replica = Replica.create(Profile(tmp_path / "lin"), KEY)
    inside, go_on = threading.Event(), threading.Event()

    def write() -> None:
        with replica.write() as session:
            inside.set()
            assert go_on.wait(20)
            repository.create(session, "customer", {"name": "Written (demo)"})

    writing, closing = threading.Thread(target=write), threading.Thread(target=replica.close)
    writing.start()
    assert inside.wait(20)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive(), "the connection was closed under the thread that writes"
    go_on.set()
    writing.join(20)
    closing.join(20)
    with pytest.raises(UserError, match="Stopped"), replica.write():
        pass
    with Replica.open(Profile(tmp_path / "lin"), KEY) as again:
        assert [row.name for row in rows_of(again, Customer)] == ["Written (demo)"]
