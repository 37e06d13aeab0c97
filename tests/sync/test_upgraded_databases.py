"""A laptop's database of every earlier step, with records and edits that wait, under the program of now."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.entities import BY_NO
from crm_desktop.models import migrations
from crm_desktop.models.engine import connect, writer_engine
from crm_desktop.models.replica import Replica
from crm_desktop.services import records, syncing
from tests.support.hq import Office, Projection
from tests.support.replicas import KEY, Laptop, Laptops, differences, settle_all
from tests.support.steps import version_at

STEPS = [f"{number:04d}" for number in range(1, int(migrations.HEAD))]


def take_back(path: Path, step: str) -> dict[str, set[str]]:
    """Make a database what it was at an earlier step: its tables made by the steps, its rows copied.

    Returns the columns it then has, by table.
    """
    newer = path.rename(path.with_suffix(".newer"))
    for leftover in path.parent.glob(f"{path.name}-*"):
        leftover.unlink()
    engine = writer_engine(path, KEY)
    with engine.begin() as connection:
        migrations.run_steps(connection, step)
    engine.dispose()
    source, target = connect(newer, KEY), connect(path, KEY)
    tables = target.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'alembic%'"
    ).fetchall()
    known: dict[str, set[str]] = {}
    for (table,) in tables:
        columns = [
            {row[1] for row in db.execute(f'PRAGMA table_info("{table}")').fetchall()}
            for db in (source, target)
        ]
        known[table] = columns[1]
        names = ", ".join(f'"{name}"' for name in sorted(set.intersection(*columns)))
        rows = source.execute(f'SELECT {names} FROM "{table}"').fetchall() if names else []
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            target.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)
    target.execute("DELETE FROM sync_state WHERE key = 'index_version'")
    target.commit()
    source.close()
    target.close()
    newer.unlink()
    return known


def of_columns(shown: Projection, known: dict[str, set[str]]) -> Projection:
    """Return what of records lies in these columns."""
    return {
        (entity, record_id): {name: value for name, value in values.items() if name in columns}
        for (entity, record_id), values in shown.items()
        if (columns := known.get(BY_NO[entity].name))
    }


def waiting(laptop: Laptop) -> list[tuple[object, ...]]:
    with laptop.replica.read() as session:
        rows = session.connection().exec_driver_sql("SELECT * FROM outbox_op ORDER BY no")
        return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    "step", [*(pytest.param(step, marks=pytest.mark.soak) for step in STEPS[:-1]), STEPS[-1]]
)
def test_a_database_of_an_earlier_step_keeps_its_records_and_sends_what_waits(
    step: str, office: Office, laptops: Laptops
) -> None:
    lin, maya = (laptops.make(name, office.user(name, "sales")) for name in ("lin", "maya"))
    lin.sync()
    kept = records.create(lin.replica, "customer", {"name": "纸鹤食品（示例）", "tags": ["vip"]}).value.id
    lin.sync()
    office.now_ms += 60_000
    records.update(lin.replica, "customer", kept, {"city": "苏州", "industry": "typed before the upgrade"})
    records.change_tags(lin.replica, "customer", kept, add=["asia"], remove=["vip"])
    records.create(lin.replica, "contact", {"name": "何苗", "customer_id": kept})
    before, shown = waiting(lin), lin.projection()
    profile = lin.replica.profile
    lin.replica.close()
    known = take_back(profile.database, step)
    assert version_at(profile.database, KEY) == step
    lin.replica = Replica.open(profile, KEY, lin._clock())
    assert version_at(profile.database, KEY) == migrations.HEAD
    assert [row[: len(before[0])] for row in waiting(lin)] == before
    assert of_columns(lin.projection(), known) == of_columns(shown, known)
    assert lin.replica.integrity_check() == []
    settle_all([lin, maya])
    assert lin.waiting() == 0
    assert lin.returned() == []
    row = office.row("customer", kept)
    assert (row["city"], row["industry"], row["tags"]) == ("苏州", "typed before the upgrade", ["asia"])
    syncing.ask_to_compare(lin.replica)  # fetches the columns the step had not
    lin.sync()
    assert list(differences(lin)) == []
