"""Scheduled reports at the command line of HQ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.server import ADMIN, crm_server, initialised


def _rows(data: Path, *command: str) -> list[dict[str, Any]]:
    ran = crm_server(data, "--json", "report", "schedule", *command)
    assert ran.status == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def test_a_schedule_is_made_paused_resumed_sent_listed_and_deleted(tmp_path: Path) -> None:
    data = initialised(tmp_path / "hq")
    how = ("--report", "ranking", "--to", ADMIN, "--role", "sales", "--pdf", "--zone", "Asia/Shanghai")
    (made,) = _rows(
        data, "add", "Monday", *how, "--repeat", "FREQ=WEEKLY;BYDAY=MO", "--at", "2026-12-07 08:00"
    )
    assert made["when"].endswith(", 08:00")
    assert made["to"] == [ADMIN, "sales"]
    (sent,) = _rows(data, "send", "monday")
    assert sent["waiting"] == 1  # no mail server is set
    (logged,) = _rows(data, "log", "Monday")
    assert (logged["status"], "smtp_server" in logged["outcome"]) == ("waiting", True)
    assert _rows(data, "pause", "Monday")[0]["paused"]
    assert not _rows(data, "resume", "Monday")[0]["paused"]
    assert _rows(data, "run")[0]["waiting"] == 1
    (listed,) = _rows(data, "list")
    assert (listed["what"], listed["next"]) == ("ranking", "2026-12-07 08:00")
    for wrong in (("--at", "soon"), ("--at", "2026-12-07 08:00", "--zone", "Mars/Base")):
        ran = crm_server(data, "report", "schedule", "add", "X", "--report", "ranking", "--to", ADMIN, *wrong)
        assert ran.status == 1
    assert crm_server(data, "report", "schedule", "pause", "nothing").status == 1
    _rows(data, "delete", "Monday")
    assert _rows(data, "list") == []
