"""The database's steps lead to what the declarations say, and a backup stands before them."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from crm_core.errors import UserError
from crm_desktop.models import migrations, repository
from crm_desktop.models.backup import KEEP, back_up, backups, restore_backup
from crm_desktop.models.clock import Clock
from crm_desktop.models.engine import connect, writer_engine
from crm_desktop.models.replica import Replica
from crm_desktop.platform.paths import Profile
from tests.desktop.models.support import KEY, outbox
from tests.support.steps import version_at


def shape_of(path: Path) -> dict[str, object]:
    """Return tables with their columns and indexes, as SQLite knows them."""
    connection = connect(path, KEY)
    shape: dict[str, object] = {}
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        indexes = [
            (row[1], row[2], tuple(r[2] for r in connection.execute(f'PRAGMA index_info("{row[1]}")')))
            for row in connection.execute(f'PRAGMA index_list("{table}")').fetchall()
        ]
        shape[table] = (sorted(row[1:] for row in columns), sorted(indexes))
    rowids = connection.execute("SELECT name, wr FROM pragma_table_list WHERE schema = 'main'").fetchall()
    shape["without rowid"] = sorted(rowids)
    connection.close()
    return shape


def migrated(profile: Profile) -> None:
    """Make the profile's database by the steps alone."""
    profile.make()
    engine = writer_engine(profile.database, KEY)
    with engine.begin() as connection:
        migrations.run_steps(connection)
    engine.dispose()


def test_the_steps_lead_to_what_a_new_database_is_made_as(profile: Profile, tmp_path: Path) -> None:
    migrated(profile)
    fresh = tmp_path / "fresh.db"
    migrations.create_tables(fresh, KEY)
    assert shape_of(profile.database) == shape_of(fresh)


def test_the_steps_lead_to_what_the_declarations_say(profile: Profile) -> None:
    migrated(profile)
    engine = writer_engine(profile.database, KEY)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        difference = compare_metadata(context, migrations.whole_metadata())
    engine.dispose()
    assert difference == [], 'run: python -m crm_desktop.models.migrations "Say what changes"'


def test_the_last_step_is_the_one_the_program_expects() -> None:
    steps = sorted(path.stem[:4] for path in (migrations.VERSIONS / "versions").glob("0*.py"))
    assert steps[-1] == migrations.HEAD
    assert steps == [f"{n:04d}" for n in range(1, len(steps) + 1)]


def test_an_older_database_is_backed_up_and_brought_forward(profile: Profile) -> None:
    profile.make()
    connection = connect(profile.database, KEY)
    connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.close()
    with Replica.open(profile, KEY) as replica, replica.write() as session:
        repository.create(session, "customer", {"name": "after the upgrade"})
    assert version_at(profile.database, KEY) == migrations.HEAD


def test_a_database_of_a_newer_version_is_left_alone(profile: Profile) -> None:
    Replica.create(profile, KEY).close()
    connection = connect(profile.database, KEY)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(UserError, match="newer version"):
        Replica.open(profile, KEY)
    assert version_at(profile.database, KEY) == "9999"
    (copy,) = backups(profile)
    assert version_at(copy, KEY) == "9999"


def test_a_changed_declaration_has_everything_indexed_again(profile: Profile) -> None:
    with Replica.create(profile, KEY) as replica:
        with replica.write() as session:
            repository.create(session, "customer", {"name": "Acme"})
        replica.catch_up()
    connection = connect(profile.database, KEY)
    connection.execute("DELETE FROM sync_state WHERE key = 'index_version'")
    connection.execute("DELETE FROM sort_key")
    connection.close()
    with Replica.open(profile, KEY) as replica:
        with replica.read() as session:
            run = session.connection().exec_driver_sql
            assert run("SELECT key FROM sort_key WHERE field = 'name'").scalars().all() == ["acme"]
            assert run("SELECT count(*) FROM search_dirty").scalar_one() == 1
        assert replica.catch_up() == 0


def test_opening_imports_nothing_heavy(profile: Profile) -> None:
    Replica.create(profile, KEY).close()
    code = (
        "import sys; from pathlib import Path; import crm_desktop.models.replica, crm_desktop.models.query;"
        "from crm_desktop.platform import secrets, logs, synced_folders; from crm_desktop import settings;"
        "from crm_desktop.platform.paths import Profile; from crm_desktop.models.replica import Replica;"
        f"Replica.open(Profile(Path({str(profile.root)!r})), bytes(range(32))).close();"
        "print([m for m in ('alembic', 'pypinyin', 'keyring', 'argon2', 'PySide6') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_backup_opens_with_the_same_key_and_holds_everything(replica: Replica, tmp_path: Path) -> None:
    with replica.write() as session:
        made = repository.create(session, "customer", {"name": "Kept"})
    copy = back_up(replica.profile, KEY, "test")
    other = Profile(tmp_path / "other")
    other.make()
    os.replace(copy, other.database)
    with Replica.open(other, KEY) as again, again.read() as session:
        found = repository.get(session, "customer", made.id)
        assert found is not None
        assert found.title == "Kept"
    with pytest.raises(UserError):
        Replica.open(other, bytes(32))


def test_only_the_newest_backups_are_kept(replica: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(range(20))
    monkeypatch.setattr(
        "crm_desktop.models.backup.time.strftime", lambda *_: f"20260101T0000{next(seconds):02d}"
    )
    made = [back_up(replica.profile, KEY, "test") for _ in range(KEEP + 2)]
    assert backups(replica.profile) == sorted(made, reverse=True)[:KEEP]


def test_a_daily_backup_is_made_once_a_day(profile: Profile) -> None:
    hour = 3_600_000
    times = [1_800_000_000_000]
    with Replica.create(profile, KEY, Clock(wall=lambda: times[0], steady=lambda: times[0])) as replica:
        assert replica.back_up_if_due() is None
        times[0] += 25 * hour
        assert replica.back_up_if_due() is not None
        times[0] += 2 * hour
        assert replica.back_up_if_due() is None
    assert len(backups(profile)) == 1


def test_restoring_a_backup_puts_the_present_database_aside(profile: Profile) -> None:
    with Replica.create(profile, KEY) as replica:
        with replica.write() as session:
            repository.create(session, "customer", {"name": "Before"})
        copy = back_up(profile, KEY, "test")
        with replica.write() as session:
            repository.create(session, "customer", {"name": "After"})
    aside = restore_backup(profile, KEY, copy)
    with Replica.open(profile, KEY) as replica:
        assert len(outbox(replica)) == 1
    held = connect(aside, KEY)
    assert held.execute("SELECT count(*) FROM customer").fetchone() == (2,)
    held.close()


def test_a_damaged_backup_is_not_restored(profile: Profile) -> None:
    Replica.create(profile, KEY).close()
    copy = back_up(profile, KEY, "test")
    copy.write_bytes(b"\x00" * 8192)
    before = profile.database.read_bytes()
    with pytest.raises(UserError):
        restore_backup(profile, KEY, copy)
    assert profile.database.read_bytes() == before


def test_the_package_of_readings_is_where_sort_keys_look_for_it() -> None:
    spec = importlib.util.find_spec("pypinyin")
    assert spec is not None
    assert any(Path(folder, "pinyin_dict.json").exists() for folder in spec.submodule_search_locations or ())
