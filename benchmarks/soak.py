"""What `make soak` runs: the model of the visible feed at length, real replicas, the end of every process.

`python -m benchmarks.soak [--schedules 1000000] [--machines 400] [--seeds 60]`. Ends with 1 where anything
failed, and says at the end how long each part took. Some hours; `--only PART` runs one part.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

_PYTEST = (sys.executable, "-m", "pytest", "-q")
_SEEDED = (
    "tests/sync/test_by_file.py",
    "tests/sync/test_uploads_in_portions.py",
    "tests/server/sync/test_invariants.py",
)
_HISTORIES = ("tests/sync/test_histories.py", "tests/e2e/test_histories_of_processes.py")
_ENDS = "tests/sync/test_crash_sweep.py"
"""Runs in pieces what the part `ends` runs as a whole."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to run: a command, and settings that make it long."""

    title: str
    command: tuple[str, ...]
    settings: dict[str, str] = field(default_factory=dict)


def main() -> int:
    """Run the parts and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=1_000_000, help="random schedules of the model")
    parser.add_argument("--machines", type=int, default=400, help="random stories on real replicas")
    parser.add_argument("--seeds", type=int, default=60, help="of each test that is told how many")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", metavar="PART", help="model, stories, seeds, ends, histories or tests")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        parts = _parts(asked, folder)
        if asked.only and asked.only not in parts:
            parser.error(f"there is no {asked.only}; there are {', '.join(parts)}")
        chosen = [part for name, part in parts.items() if asked.only in (None, name)]
        told = [_run(part) for part in chosen]
    print("\n".join(["", "report:", *(line for line, _ in told)]), flush=True)
    return 0 if all(passed for _, passed in told) else 1


def _parts(asked: argparse.Namespace, folder: str) -> dict[str, Part]:
    seeds = str(asked.seeds)
    counts = ("--schedules", str(asked.schedules), "--processes", str(asked.processes))
    return {
        "model": Part(
            f"model of the visible feed, {asked.schedules} schedules",
            (sys.executable, "-m", "benchmarks.soak_model", *counts),
        ),
        "stories": Part(
            f"real replicas and the real HQ, {asked.machines} stories",
            (*_PYTEST, "tests/sync/test_convergence_machine.py", "--hypothesis-show-statistics"),
            {"SATCHEL_MACHINE_EXAMPLES": str(asked.machines)},
        ),
        "seeds": Part(
            f"files, uploads in portions and invariants, {asked.seeds} seeds each",
            (*_PYTEST, *_SEEDED),
            {
                "SATCHEL_FILE_SEEDS": seeds,
                "SATCHEL_FILE_STEPS": "120",
                "SATCHEL_PORTION_SEEDS": seeds,
                "SATCHEL_INVARIANT_SEEDS": seeds,
            },
        ),
        "ends": Part(
            "laptop and HQ ended at every commit, file call and message",
            (sys.executable, "-m", "tests.sync.crash", folder),
        ),
        "histories": Part(
            f"histories: clocks, lines and processes, {max(1, asked.seeds // 6)} seeds each",
            (*_PYTEST, "-m", "soak", "-rP", *_HISTORIES),
            {"SATCHEL_HISTORY_SEEDS": str(max(1, asked.seeds // 6))},
        ),
        "tests": Part(
            "tests marked soak",
            (*_PYTEST, "-m", "soak", "tests", *(f"--ignore={path}" for path in (*_HISTORIES, _ENDS))),
        ),
    }


def _run(part: Part) -> tuple[str, bool]:
    """Run one part; return its line of the report and whether it passed."""
    print(f"\n{part.title}", flush=True)
    began = time.monotonic()
    passed = subprocess.run(part.command, check=False, env={**os.environ, **part.settings}).returncode == 0
    minutes = (time.monotonic() - began) / 60
    return f"{'passed' if passed else 'FAILED'} {minutes:6.1f} min  {part.title}", passed


if __name__ == "__main__":
    sys.exit(main())
