"""Going back to a copy: both files change places or neither does, and no number is given out twice."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from crm_core.errors import DamagedDatabase, UserError
from crm_desktop.models import numbers, repository, state
from crm_desktop.models.backup import ASKED, BEFORE, Copy, back_up, copies, restore_backup
from crm_desktop.models.device_tables import NumberLease
from crm_desktop.models.engine import connect
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.platform import disk
from crm_desktop.platform.paths import Profile
from crm_desktop.services import upkeep
from tests.desktop.models.support import KEY


def add(replica: Replica, name: str) -> None:
    with replica.write() as session:
        repository.create(session, "customer", {"name": name})


def state_of(profile: Profile) -> dict[str, bytes]:
    """Return what lies beside the copies: looking at one may note in it how it is read."""
    return {file.name: file.read_bytes() for file in profile.root.iterdir() if file.is_file()}


def customers(file: Path) -> list[str]:
    held = connect(file, KEY)
    try:
        return [name for (name,) in held.execute("SELECT name FROM customer")]
    finally:
        held.close()


def spoil(file: Path, *, first: int = 0) -> None:
    """Overwrite the pages of a database from the page `first` on."""
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(first * 4096)
        opened.write(os.urandom(size - first * 4096))


def test_copies_say_when_and_why_they_were_made(replica: Replica) -> None:
    profile = replica.profile
    back_up(profile, KEY, f"{BEFORE}0002").rename(profile.backups / "replica-20260102T030405-before-0002.db")
    file = back_up(profile, KEY, ASKED)
    (profile.backups / "replica-20269999T999999-asked.db").write_bytes(b"named by somebody")
    newest, older = copies(profile)
    assert (newest.file, newest.reason, newest.size) == (file, ASKED, file.stat().st_size)
    assert (older.made_ms, older.reason) == (1_767_323_045_000, "before-0002")


@pytest.mark.parametrize("first", [0, 1])
def test_a_damaged_copy_is_told_from_other_failures_and_changes_nothing(profile: Profile, first: int) -> None:
    with Replica.create(profile, KEY) as replica:
        add(replica, "Kept")
        copy = back_up(profile, KEY, ASKED)
    spoil(copy, first=first)
    before = state_of(profile)
    with pytest.raises(DamagedDatabase, match="This backup is damaged"):
        restore_backup(profile, KEY, copy)
    assert state_of(profile) == before


def test_a_full_disk_changes_nothing(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    with Replica.create(profile, KEY) as replica:
        copy = back_up(replica.profile, KEY, ASKED)
    before = state_of(profile)

    def full(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        with pytest.raises(UserError, match=r"the disk is full\. Nothing was changed"):
            restore_backup(profile, KEY, copy)
    with monkeypatch.context() as patch:
        patch.setattr(disk, "free_bytes", lambda _folder: 1000)
        with pytest.raises(UserError, match="The disk is nearly full"):
            restore_backup(profile, KEY, copy)
    assert state_of(profile) == before


def test_a_failure_between_the_two_moves_puts_the_database_back(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Replica.create(profile, KEY) as replica:
        copy = back_up(replica.profile, KEY, ASKED)
        add(replica, "After")
    replace = os.replace

    def held(source: Path, target: Path) -> None:
        if Path(source).suffix == ".restoring":
            raise PermissionError(errno.EACCES, "held by another program")
        replace(source, target)

    names = state_of(profile).keys()
    monkeypatch.setattr(os, "replace", held)
    with pytest.raises(UserError, match="access is denied"):
        restore_backup(profile, KEY, copy)
    assert state_of(profile).keys() == names
    assert customers(profile.database) == ["After"]


def test_a_database_another_program_works_with_stays(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_desktop.models.backup.ALONE_WAIT_MS", 50)
    with Replica.create(profile, KEY) as replica:
        copy = back_up(profile, KEY, ASKED)
        with pytest.raises(UserError, match="Another program is using this profile"):
            restore_backup(profile, KEY, copy)
        add(replica, "Still at work")
    assert customers(profile.database) == ["Still at work"]
    assert list(profile.root.glob("*-replaced.db*")) == []


def test_two_restores_in_one_second_keep_both_databases(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Replica.create(profile, KEY) as replica:
        copy = back_up(replica.profile, KEY, ASKED)
    monkeypatch.setattr("crm_desktop.models.backup.time.strftime", lambda *_: "20260101T000000")
    asides = [restore_backup(profile, KEY, copy) for _ in range(3)]
    assert len({aside for aside in asides if aside is not None and aside.exists()}) == 3


def test_the_log_of_a_database_that_crashed_goes_with_it(profile: Profile, tmp_path: Path) -> None:
    with Replica.create(profile, KEY) as replica:
        copy = back_up(profile, KEY, ASKED)
        add(replica, "Only in the log")
        crashed = Profile(tmp_path / "crashed")
        shutil.copytree(profile.root, crashed.root)
    assert crashed.database.with_name("replica.db-wal").stat().st_size > 0
    aside = restore_backup(crashed, KEY, crashed.backups / copy.name)
    assert aside is not None
    assert customers(aside) == ["Only in the log"]
    assert customers(crashed.database) == []


def test_a_database_that_is_gone_comes_back_from_its_copy(profile: Profile) -> None:
    with Replica.create(profile, KEY) as replica:
        add(replica, "Kept")
        copy = back_up(profile, KEY, ASKED)
    profile.database.unlink()
    assert restore_backup(profile, KEY, copy) is None
    assert customers(profile.database) == ["Kept"]


@pytest.mark.parametrize(("device", "left"), [(7, 0), (0, 50)])
def test_numbers_hq_leased_are_given_up_and_a_profiles_own_stay(
    profile: Profile, device: int, left: int
) -> None:
    with Replica.create(profile, KEY) as replica:
        with replica.applying() as session:
            session.add(NumberLease(series="quote", lo=1, hi=50, next=1, pattern="Q-{number}"))
            if device:
                state.write(session, {Key.DEVICE: device})
        copy = back_up(profile, KEY, ASKED)
    restore_backup(profile, KEY, copy)
    with Replica.open(profile, KEY) as replica, replica.read() as session:
        assert numbers.left(session, "quote") == left


def test_records_edited_after_a_copy_and_not_sent_are_counted(replica: Replica) -> None:
    with replica.applying() as session:
        state.write(session, {Key.OFFSET_MS: 3_600_000})
    replica.clock.offset_ms = 3_600_000  # HQ's clock is an hour ahead of this laptop's
    add(replica, "Before")
    add(replica, "After")
    with replica.read() as session:
        first, second = session.connection().exec_driver_sql("SELECT created_ms FROM outbox_txn").scalars()
    between = Copy(file=Path("between"), made_ms=second - 3_600_000, size=1, reason=ASKED)
    earlier = Copy(file=Path("earlier"), made_ms=first - 3_600_000, size=1, reason=ASKED)
    later = Copy(file=Path("later"), made_ms=second - 3_600_000 + 1, size=1, reason=ASKED)
    assert first < second
    assert upkeep.left_behind(replica, (later, between, earlier)) == {
        later.file: 0,
        between.file: 1,
        earlier.file: 2,
    }
