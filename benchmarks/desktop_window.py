"""What people wait for: the real window, drawn off screen, on a laptop with 100,000 customers.

Each figure runs until the last of what was asked for is drawn; of a list, the board and a deal changed
elsewhere until that itself is, whatever is counted and read beside it afterwards. Floors: what
the services alone take, in turns with it; of the start: a process that shows an empty window.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

from benchmarks.figures import Figure
from benchmarks.filled_profile import filled_profile
from crm_desktop.platform.paths import profile_at
from crm_desktop.settings import LAST_VIEW, Settings

TITLE = "The window with 100,000 customers"
STARTS = 7
ROOT = Path(__file__).parent.parent
TIMEOUT_S = 600
BEFORE = "before the profile is opened"


def measure() -> list[Figure]:
    """Return the figures: medians of twelve runs, and of seven starts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "profile"
        with filled_profile(folder):
            pass
        return [*_starts(folder), *_pages(folder)]


def _starts(folder: Path) -> list[Figure]:
    Settings(profile_at(folder).settings_file).set(LAST_VIEW, "customers")
    turns = [(_start(str(folder)), _start()) for _ in range(STARTS + 1)][1:]
    ours = median(program for program, _ in turns)
    floor = median(empty for _, empty in turns)
    return [Figure("start until the customer list is shown", ours, "s", floor, "an empty window")]


def _start(*arguments: str) -> float:
    """Return the seconds from starting a process to the line it prints when its window is shown."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.window_start", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=_environment()) as started:
        assert started.stdout is not None
        said = started.stdout.readline()
        spent = time.perf_counter() - began
    if said.strip() != b"shown":
        raise RuntimeError(f"{command} said {said!r}")
    return spent


def _pages(folder: Path) -> list[Figure]:
    command = [sys.executable, "-m", "benchmarks.window_times", str(folder)]
    ran = subprocess.run(
        command, stdout=subprocess.PIPE, cwd=ROOT, env=_environment(), timeout=TIMEOUT_S, check=True
    )
    found = []
    told = json.loads(ran.stdout.splitlines()[-1])
    for name, runs in told["runs"].items():
        shown, held, alone = (list(column) for column in zip(*runs, strict=True))
        note = "once" if len(runs) == 1 else f"worst of {len(runs)}: {1000 * max(shown):.0f} ms"
        found.append(Figure(name, median(shown), "s", median(alone), "services alone", note))
        worst = "" if len(runs) == 1 else f"worst of {len(runs)}: {1000 * max(held):.0f} ms"
        found.append(Figure("… window held at most", median(held), "s", note=worst))
    for name, held in told["steps"].items():
        note = f"{len(held)} steps, median {1000 * median(held):.1f} ms, worst {1000 * max(held):.0f} ms"
        found.append(Figure(f"{name}: 99 of 100 hold the window", quantiles(held, n=100)[98], "s", note=note))
    before, *later = told["memory"].values()
    after = ", ".join(name for name, _ in list(told["memory"].items())[1:])
    found.append(
        Figure("memory of the program at most", max(later), "bytes", before, BEFORE, f"after {after}")
    )
    return found


def _environment() -> dict[str, str]:
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
