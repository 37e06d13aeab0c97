"""`crm demo` as somebody types it who has nothing but the program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pypdf import PdfReader

from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.demo import DEMO_PASSPHRASE
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE
from crm_desktop.services import activities, deals, figures, records, syncing, tickets
from crm_desktop.services.calendar import local
from tests.support.server import ROOT


def test_the_demo_plays_the_whole_day_and_says_what_came_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "crm_desktop",
            "--json",
            "demo",
            "--no-window",
            "--dir",
            str(tmp_path / "demo"),
        ],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        env={
            **os.environ,
            "LANG": "C.UTF-8",
            PASSPHRASE_VARIABLE: "a passphrase of the person's own",
            "CRM_SERVER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/real",
        },
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert report["merged"]["tags"] == ["cold chain", "key account"]
    (superseded,) = report["superseded"]
    assert (superseded["field"], superseded["theirs"], superseded["who"]) == (
        "Phone",
        "+8651255500140",
        "maya",
    )
    (refused,) = report["refused"]
    assert refused["mine"] == "Wants a second offer in spring."
    assert report["sees"]["lin"]["customer"] < report["sees"]["maya"]["customer"]
    text = "".join(page.extract_text() for page in PdfReader(report["pdf"]).pages)
    assert "Q-" in text
    assert "纸鹤食品（示例）" in text
    assert len(report["pictures"]) >= 5
    assert {"customer-zh.png", "quotes.png", "tickets-dark.png"} <= {Path(p).name for p in report["pictures"]}
    assert all(Path(picture).stat().st_size > 10_000 for picture in report["pictures"])
    monkeypatch.setenv(PASSPHRASE_VARIABLE, DEMO_PASSPHRASE)
    lin = assembly.open_profile(tmp_path / "demo" / "laptop-lin")
    try:
        today = local(lin.replica.clock.now_ms()).date()
        assert sum(part.amount_minor > 0 for part in figures.won_by_month(lin.replica, today).parts) >= 10
        assert set(deals.board(lin.replica).next_step_counts) >= {"overdue", "today", "planned", "none"}
        assert activities.agenda(lin.replica).late_total >= 3
        assert any(column.cards for column in deals.board(lin.replica).columns)
        assert any(card.too_long for column in deals.board(lin.replica).columns for card in column.cards)
        assert tickets.counts(lin.replica)[tickets.Queue.MINE] >= 3
        assert {row["status"] for row in _quotes(lin)} == {"draft", "sent", "accepted", "declined"}
        assert syncing.status(lin.replica).waiting_records > 0
    finally:
        lin.close()


def _quotes(app: App) -> tuple[Record, ...]:
    return records.page(app.replica, ListQuery(entity="quote", limit=50)).rows


def test_a_demo_never_runs_over_another(tmp_path: Path) -> None:
    (tmp_path / "hq").mkdir()
    ran = subprocess.run(
        [sys.executable, "-m", "crm_desktop", "demo", "--no-window", "--dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "LANG": "C.UTF-8"},
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "give another folder" in ran.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["hq"]
