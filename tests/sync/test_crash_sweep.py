"""Laptop and HQ end wherever something becomes lasting or leaves them; see `tests/sync/crash`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.older_program import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks processes that hold databases")


def sweep(tmp_path: Path, *options: str, timeout_s: int) -> str:
    """Tell the story for the points the options choose; return the report."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.sync.crash", str(tmp_path / "crash"), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


@pytest.mark.soak
def test_a_laptop_or_hq_that_ends_at_some_point_loses_doubles_and_shows_nothing(tmp_path: Path) -> None:
    assert "failed 0" in sweep(tmp_path, "--sample", "1", timeout_s=300)


@pytest.mark.soak
@pytest.mark.parametrize("side", ["laptop", "hq"])
def test_a_laptop_or_hq_that_ends_at_any_point_loses_doubles_and_shows_nothing(
    tmp_path: Path, side: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = sweep(tmp_path, "--side", side, timeout_s=4 * 60 * 60)
    with capsys.disabled():
        print(f"\n{report}")
    assert "failed 0" in report
