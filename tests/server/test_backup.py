"""Backup and restore: everything comes back, nothing is replaced that should not be."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from crm_core.errors import UserError
from crm_core.ids import named_id
from crm_core.sync.blobs import PART_BYTES
from crm_core.sync.sealing import PIECE_BYTES
from sync_server.services import backup, checking, founding
from sync_server.services.archive import Damaged
from sync_server.services.auth import DeviceSession
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.sealing import WrongPassphrase
from sync_server.settings import fresh_settings, read_settings
from sync_server.store import serving
from sync_server.store.tables import FeedHead, HqBase, NumberSeries, table_of
from tests.support.server import ADMIN, ADMIN_PASSWORD, crm_server, running_server

FILE = b"\x00picture\n" * 100_000


def fill(hq: Headquarters) -> None:
    """Put something of every kind of value in."""
    customer = hq.records.create(
        "customer",
        {
            "name": "示例公司 “A”\n",
            "credit_limit": 2**53,
            "credit_currency": "CNY",
            "tags": ["a", "b"],
            "employees": 0,
        },
    )
    stage = {"pipeline_id": named_id("pipeline", "Sales"), "stage_id": named_id("stage", "Needs")}
    deal = hq.records.create("deal", {"name": "Deal", "customer_id": customer, **stage})
    hq.records.delete("deal", deal)
    hq.records.create(
        "saved_view", {"name": "View", "entity": "deal", "definition": {"columns": ["name", None, 1]}}
    )
    brochure = hashlib.sha256(FILE).hexdigest()
    hq.records.create(
        "attachment",
        {"name": "a.pdf", "record_entity": "customer", "record_id": customer, "sha256": brochure},
    )
    sender = DeviceSession(device_id=7, user_id=hq.records.all("user")[0][0])
    for start in range(0, len(FILE), PART_BYTES):
        part = FILE[start : start + PART_BYTES]
        hq.blobs.add(sender, brochure, start, len(FILE), part, hashlib.sha256(part).hexdigest())
    folder = hq.settings.data / "files" / "ab"
    folder.mkdir(parents=True)
    (folder / "abcdef").write_bytes(FILE)


def contents(hq: Headquarters) -> dict[str, list[Any]]:
    """Return every row of every table but what a restore is to change."""
    with hq.database.read() as snapshot:
        found = {
            table.name: list(
                snapshot.connection.execute(select(table).order_by(*table.primary_key.columns)).all()
            )
            for table in HqBase.metadata.sorted_tables
        }
    found["feed_head"] = [(row[0], row[1], *row[3:]) for row in found["feed_head"]]
    # Each restore sets numbers apart, which no laptop holds, and lets the series go on behind them.
    leases = [row._mapping for row in found["number_lease"]]
    apart = [lease for lease in leases if lease["device"] == 0]
    found["number_lease"] = [tuple(lease.values()) for lease in leases if lease["device"]]
    for place, row in enumerate(found["number_series"]):
        series = dict(row._mapping)
        skipped = sum(each["hi"] - each["lo"] + 1 for each in apart if each["series"] == series["series"])
        found["number_series"][place] = tuple({**series, "next": series["next"] - skipped}.values())
    return found


def opened(data: Path) -> Headquarters:
    return open_headquarters(read_settings(data, {}))


@pytest.fixture
def filled(headquarters: Headquarters) -> Headquarters:
    fill(headquarters)
    return headquarters


@pytest.fixture
def saved(filled: Headquarters, tmp_path: Path) -> Path:
    file = tmp_path / "hq.backup"
    backup.back_up(filled.settings, filled.database, file)
    return file


@pytest.fixture
def restored(saved: Path, tmp_path: Path) -> Iterator[Headquarters]:
    assert backup.restore(tmp_path / "again", saved).files == 2  # one in the database, one beside it
    hq = opened(tmp_path / "again")
    yield hq
    hq.close()


def test_everything_comes_back(filled: Headquarters, restored: Headquarters) -> None:
    assert contents(restored) == contents(filled)
    assert (restored.settings.data / "files" / "ab" / "abcdef").read_bytes() == FILE
    assert restored.settings.secret == filled.settings.secret
    assert checking.check(restored.settings, restored.database).ok
    assert restored.auth.check_password(ADMIN, ADMIN_PASSWORD, "")


def test_laptops_are_to_notice_a_restore(filled: Headquarters, restored: Headquarters) -> None:
    epochs = set()
    for hq in (filled, restored):
        with hq.database.read() as snapshot:
            epochs.add(snapshot.epoch)
    assert len(epochs) == 2


def test_numbers_laptops_may_have_given_out_since_are_set_apart(
    filled: Headquarters, restored: Headquarters
) -> None:
    def standing(hq: Headquarters) -> dict[str, int]:
        with hq.database.read() as snapshot:
            series = table_of(NumberSeries)
            rows = snapshot.connection.execute(select(series.c.series, series.c.next)).all()
            return {row.series: row.next for row in rows}

    before = standing(filled)
    assert before
    assert standing(restored) == {series: number + 1000 for series, number in before.items()}


def test_work_goes_on_after_a_restore(restored: Headquarters) -> None:
    made = restored.records.create("customer", {"name": "Later"})
    restored.records.update("customer", made, {"name": "Later still"})
    assert checking.check(restored.settings, restored.database).ok


@pytest.mark.soak
@pytest.mark.postgres
def test_a_backup_of_either_engine_is_restored_into_the_other(
    filled: Headquarters, saved: Path, tmp_path: Path, fresh_postgres: str
) -> None:
    backup.restore(tmp_path / "pg", saved, database_url=fresh_postgres)
    on_postgres = opened(tmp_path / "pg")
    assert contents(on_postgres) == contents(filled)
    on_postgres.records.create("customer", {"name": "Later"})
    assert checking.check(on_postgres.settings, on_postgres.database).ok
    second = tmp_path / "second.backup"
    backup.back_up(on_postgres.settings, on_postgres.database, second)
    with serving.serving(on_postgres.database), pytest.raises(serving.InUse):
        backup.restore(tmp_path / "pg", second)
    backup.restore(tmp_path / "pg", second)
    backup.restore(tmp_path / "lite", second, database_url="sqlite:///satchel.db")
    on_sqlite = opened(tmp_path / "lite")
    assert contents(on_sqlite) == contents(on_postgres)
    on_sqlite.close()
    on_postgres.close()


def test_a_restore_over_the_same_headquarters_brings_back_what_was(filled: Headquarters, saved: Path) -> None:
    before = contents(filled)
    backup.restore(filled.settings.data, saved)
    assert contents(filled) == before


def test_a_newer_database_is_replaced_only_when_told_so(filled: Headquarters, saved: Path) -> None:
    filled.records.create("customer", {"name": "Since then"})
    with pytest.raises(UserError, match="newer"):
        backup.restore(filled.settings.data, saved)
    assert filled.records.find("customer", "name", "Since then")
    backup.restore(filled.settings.data, saved, overwrite_newer=True)
    assert not filled.records.find("customer", "name", "Since then")


def test_another_companys_database_is_not_replaced(saved: Path, tmp_path: Path) -> None:
    settings = fresh_settings(tmp_path / "other")
    founding.found(settings, ADMIN, ADMIN_PASSWORD)
    with pytest.raises(UserError, match="another headquarters"):
        backup.restore(tmp_path / "other", saved)


def test_a_database_of_a_newer_program_is_not_replaced(filled: Headquarters, saved: Path) -> None:
    with filled.database.note() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(UserError, match="newer version"):
        backup.restore(filled.settings.data, saved, overwrite_newer=True)


def test_a_running_server_keeps_its_database(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        file = tmp_path / "hq.backup"
        assert server.command("--json", "backup", str(file)).json()["rows"] > 10
        refused = server.command("restore", str(file))
        assert refused.status == 1
        assert "running" in refused.err
        server.kill()
        assert server.command("--json", "restore", str(file)).status == 0
        server.start()


def test_nobody_begins_to_serve_while_a_restore_runs(filled: Headquarters) -> None:
    with serving.alone_with(filled.database), pytest.raises(serving.InUse), serving.serving(filled.database):
        pytest.fail("served")


def test_two_may_serve_one_database(filled: Headquarters) -> None:
    one, other = serving.serving(filled.database), serving.serving(filled.database)
    with one, other, pytest.raises(serving.InUse), serving.alone_with(filled.database):
        pytest.fail("had it alone")


@pytest.mark.parametrize("spoil", ["cut", "flip", "empty", "text"])
def test_a_damaged_backup_replaces_nothing(filled: Headquarters, saved: Path, spoil: str) -> None:
    whole = saved.read_bytes()
    middle = len(whole) // 2
    saved.write_bytes(
        {
            "cut": whole[:-40],
            "flip": whole[:middle] + bytes((whole[middle] ^ 1,)) + whole[middle + 1 :],
            "empty": b"",
            "text": b"-- SQL dump\n",
        }[spoil]
    )
    before = contents(filled)
    with pytest.raises(Damaged):
        backup.restore(filled.settings.data, saved)
    assert contents(filled) == before


def test_a_restore_that_fails_halfway_replaces_nothing(
    filled: Headquarters, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(filled)

    def fail(_connection: object) -> str:
        raise OSError("no space left")

    monkeypatch.setattr(backup, "renew_epoch", fail)
    with pytest.raises(OSError, match="no space left"):
        backup.restore(filled.settings.data, saved)
    assert contents(filled) == before
    assert (filled.settings.data / "files" / "ab" / "abcdef").read_bytes() == FILE


def test_a_sealed_backup_opens_with_its_passphrase_alone(filled: Headquarters, tmp_path: Path) -> None:
    file = tmp_path / "sealed.backup"
    backup.back_up(filled.settings, filled.database, file, "open sesame")
    assert b"SQLite" not in file.read_bytes()
    with pytest.raises(UserError, match="passphrase"):
        backup.restore(tmp_path / "again", file)
    with pytest.raises(WrongPassphrase):
        backup.restore(tmp_path / "again", file, passphrase="guess")
    backup.restore(tmp_path / "again", file, passphrase="open sesame")
    hq = opened(tmp_path / "again")
    assert contents(hq) == contents(filled)
    hq.close()


def test_a_sealed_backup_cut_at_a_piece_is_noticed(filled: Headquarters, tmp_path: Path) -> None:
    (filled.settings.data / "files" / "noise").write_bytes(os.urandom(4 * PIECE_BYTES))
    file = tmp_path / "sealed.backup"
    backup.back_up(filled.settings, filled.database, file, "open sesame")
    sealed = file.read_bytes()
    header = 17 + 16
    file.write_bytes(sealed[: header + 2 * (PIECE_BYTES + 16)])
    with pytest.raises(WrongPassphrase):
        backup.restore(tmp_path / "again", file, passphrase="open sesame")


def test_only_the_owner_may_read_a_backup(saved: Path) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600


def test_check_finds_what_was_changed_behind_its_back(filled: Headquarters) -> None:
    owner = filled.records.all("user")[0][0]
    customer, _ = filled.records.all("customer")[0]
    with filled.database.note() as connection:
        connection.exec_driver_sql(f"DELETE FROM row_scope WHERE row_id = '{customer}'")
        connection.exec_driver_sql("UPDATE audit SET user_id = 'somebody else' WHERE id = 1")
        connection.exec_driver_sql("DELETE FROM row_meta WHERE seq = (SELECT max(seq) FROM row_meta)")
        connection.exec_driver_sql('UPDATE "user" SET role_id = NULL')
        connection.execute(update(table_of(FeedHead)).values(seq=1))
    report = checking.check(filled.settings, filled.database)
    assert owner
    assert {finding.name for finding in report.findings if not finding.ok} == {
        *("scopes", "audit", "records", "roles", "feed")
    }
    checked = crm_server(filled.settings.data, "--json", "check")
    assert checked.status == 1
    assert checked.json()["ok"] is False
