"""`crm demo` as somebody types it who has nothing but the program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from pypdf import PdfReader

from tests.support.server import ROOT


def test_the_demo_plays_the_whole_day_and_says_what_came_out(tmp_path: Path) -> None:
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
        env={**os.environ, "LANG": "C.UTF-8"},
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert report["merged"]["tags"] == ["cold chain", "key account"]
    (superseded,) = report["superseded"]
    assert (superseded["field"], superseded["theirs"], superseded["who"]) == (
        "Phone",
        "0512 5550 0140",
        "maya",
    )
    (refused,) = report["refused"]
    assert refused["mine"] == "Wants a second offer in spring."
    assert report["sees"]["lin"]["customer"] < report["sees"]["maya"]["customer"]
    text = "".join(page.extract_text() for page in PdfReader(report["pdf"]).pages)
    assert "Q-" in text
    assert "纸鹤食品（示例）" in text
    assert len(report["pictures"]) >= 5
    assert all(Path(picture).stat().st_size > 10_000 for picture in report["pictures"])
