"""The file of a profile is closed to everybody without its key."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from crm_core.errors import BrokenPromise, UserError
from crm_desktop.models import repository
from crm_desktop.models.backup import back_up
from crm_desktop.models.replica import Replica
from crm_desktop.platform.paths import Profile
from tests.desktop.models.support import KEY

CANARY = "Kanarienvogel贸易7731"


def test_a_wrong_key_is_told_from_a_missing_database(profile: Profile) -> None:
    with pytest.raises(UserError, match="no database in this profile"):
        Replica.open(profile, KEY)
    Replica.create(profile, KEY).close()
    with pytest.raises(UserError, match="not a Satchel database, or the key does not fit"):
        Replica.open(profile, bytes(32))


def test_any_other_file_is_no_database_and_stays_as_it_is(profile: Profile) -> None:
    profile.make()
    profile.database.write_bytes(b"something else entirely" * 400)
    before = profile.database.read_bytes()
    with pytest.raises(UserError, match="not a Satchel database"):
        Replica.open(profile, KEY)
    assert profile.database.read_bytes() == before


def test_a_key_of_another_length_is_our_own_mistake(profile: Profile) -> None:
    with pytest.raises(BrokenPromise):
        Replica.create(profile, b"short")


def test_plain_sqlite_cannot_read_the_file(replica: Replica) -> None:
    plain = sqlite3.connect(replica.profile.database)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        plain.execute("SELECT count(*) FROM sqlite_master").fetchone()
    plain.close()


def test_no_file_of_the_profile_holds_a_text_in_the_clear(replica: Replica) -> None:
    with replica.write() as session:
        made = repository.create(session, "customer", {"name": CANARY, "notes": CANARY * 50})
        repository.create_many(session, "contact", [{"name": f"{CANARY} {n}"} for n in range(300)])
    with replica.write() as session:
        repository.update(session, "customer", made.id, {"name": f"{CANARY}!"})
    replica.catch_up()
    back_up(replica.profile, KEY, "test")
    # The write-ahead log is there and full: nothing was checkpointed yet.
    files = [path for path in replica.profile.root.rglob("*") if path.is_file()]
    assert any(path.name.endswith("-wal") and path.stat().st_size for path in files)
    for path in files:
        content = path.read_bytes()
        for written in (CANARY, "Kanarienvogel", "kanarienvogel", "7731", "sort_key", "SQLite format 3"):
            assert written.encode() not in content, f"{written} in {path.name}"


def test_a_wrong_key_writes_nothing_to_standard_error(
    profile: Profile, capfd: pytest.CaptureFixture[str]
) -> None:
    Replica.create(profile, KEY).close()
    with pytest.raises(UserError):
        Replica.open(profile, bytes(32))
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(os.name != "posix", reason="file modes of POSIX")
def test_the_folders_are_their_owners_alone(replica: Replica) -> None:
    for folder in (replica.profile.root, replica.profile.logs, replica.profile.backups):
        assert Path(folder).stat().st_mode & 0o077 == 0


def test_the_file_passes_its_own_check(replica: Replica) -> None:
    with replica.write() as session:
        repository.create(session, "customer", {"name": "Check"})
    assert replica.integrity_check() == []


def test_a_damaged_page_is_found(profile: Profile) -> None:
    with Replica.create(profile, KEY) as replica:
        with replica.write() as session:
            repository.create_many(session, "customer", [{"name": f"c{n}"} for n in range(200)])
        replica.scrub()
        with replica.read() as session:  # a page that opening need not read
            named = text("SELECT rootpage FROM sqlite_master WHERE name = 'customer'")
            page, size = session.scalar(named), int(str(session.scalar(text("PRAGMA page_size"))))
    with profile.database.open("r+b") as file:
        file.seek((page - 1) * size + size // 2)
        file.write(b"\x00\x01\x02\x03" * 64)
    with Replica.open(profile, KEY) as replica:
        assert replica.integrity_check() != []
