"""How a story ended, and what must be true then."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import BY_NO
from crm_core.schema.field import FieldClass, Kind
from crm_desktop.models.backup import backups
from crm_desktop.models.engine import connect
from crm_desktop.models.replica import Replica
from crm_desktop.platform.paths import Profile
from sync_server.services.checking import check
from sync_server.store.tables import OpLog, table_of
from tests.support.hq import Projection
from tests.support.pages import found_in
from tests.support.replicas import KEY, shown_by
from tests.sync.crash.hq import LONGEST_S, Reopened
from tests.sync.crash.story import CANARY

_CHANCE: Final = (Kind.INSTANT, Kind.POSITION)
"""Kinds of values that differ from one telling to the next."""


@dataclass(frozen=True, slots=True)
class End:
    """How a story ended, without what differs from one telling to the next."""

    records: dict[str, Any] = field(default_factory=dict)
    returned: list[list[str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def look(folder: Path) -> None:
    """Write down how the story in a folder ended."""
    signal.alarm(LONGEST_S)
    office = Reopened(folder / "hq")
    known = json.loads((folder / "laptops.json").read_text())
    problems, returned = [], []
    for name, each in known.items():
        replica = Replica.open(Profile(folder / name), KEY)
        here, there = shown_by(replica), office.projection(each["user"])
        problems += [
            f"{name}: {key} {here.get(key)} {there.get(key)}"
            for key in here | there
            if here.get(key) != there.get(key)
        ]
        problems += [f"{name}: {text}" for text in replica.integrity_check()]
        with replica.read() as session:
            run = session.connection().exec_driver_sql
            problems += [
                f"{name}: {count} operations wait"
                for (count,) in run("SELECT count(*) FROM outbox_op")
                if count
            ]
            lost = "SELECT count(*) FROM history WHERE origin = 'here' AND sent = 0"
            problems += [
                f"{name}: {count} edits neither wait nor were answered" for (count,) in run(lost) if count
            ]
            returned += [
                [name, *map(str, row)] for row in run("SELECT entity, field, code, state FROM returned")
            ]
        replica.close()
        for copy in backups(Profile(folder / name)):
            copied = connect(copy, KEY)
            problems += [
                f"{name}: backup {row}" for row in copied.execute("PRAGMA integrity_check") if row != ("ok",)
            ]
            copied.close()
    leaked = found_in(folder / "maya", KEY, [CANARY])
    problems += [f"maya still holds {what}" for what in sorted(leaked)]
    problems += [
        f"HQ: {finding.name} {finding.found}"
        for finding in check(office.settings, office.database).findings
        if not (finding.ok or finding.name == "revision")
    ]
    with office.database.read() as snapshot:
        ops = table_of(OpLog)
        took = list(
            snapshot.connection.execute(
                select(ops.c.payload_sha).where(ops.c.device > 0, ops.c.seq > 0)
            ).scalars()
        )
        if len(set(took)) < len(took):
            problems.append("HQ: an operation took effect twice")
    end = {
        "records": _plain(office.projection(office.founder)),
        "returned": sorted(returned),
        "problems": problems,
    }
    (folder / "end.json").write_text(json.dumps(end, sort_keys=True, default=str))
    office.close()


def _plain(shown: Projection) -> dict[str, Any]:
    """Return the records without their times and names of additions."""
    told: dict[str, Any] = {}
    for (entity, row_id), values in shown.items():
        plain = {}
        for name, value in values.items():
            declared = BY_NO[entity].fields.get(name)
            if declared is None or declared.field_class is FieldClass.SYSTEM or declared.kind in _CHANCE:
                continue
            plain[name] = sorted({word for word, _ in value}) if declared.kind is Kind.TAGS else value
        told[f"{entity} {row_id}"] = {"life": values["life"], **plain}
    return told


def read_end(folder: Path) -> End:
    told = json.loads((folder / "end.json").read_text())
    return End(told["records"], told["returned"], told["problems"])


def differences(end: End, usual: End) -> list[str]:
    found = list(end.problems)
    for key in sorted(end.records.keys() | usual.records.keys()):
        if end.records.get(key) != usual.records.get(key):
            found.append(f"{key} is {end.records.get(key)}, without a crash {usual.records.get(key)}")
    if end.returned != usual.returned:
        found.append(f"came back {end.returned}, without a crash {usual.returned}")
    return found
