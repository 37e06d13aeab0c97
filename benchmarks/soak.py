"""What `make soak` runs: the model of the visible feed at length, then real replicas against the real HQ.

`python -m benchmarks.soak [--schedules 1000000] [--machines 400]`. Ends with 1 where anything failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

_MACHINES = "tests/sync/test_convergence_machine.py"


def main() -> int:
    """Run both and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=1_000_000, help="random schedules of the model")
    parser.add_argument("--machines", type=int, default=400, help="random stories on real replicas")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    model = [
        *(sys.executable, "-m", "benchmarks.soak_model"),
        *("--schedules", str(options.schedules), "--processes", str(options.processes)),
    ]
    stories = [sys.executable, "-m", "pytest", "-q", _MACHINES, "--hypothesis-show-statistics"]
    soak = [sys.executable, "-m", "pytest", "-q", "-m", "soak", "tests"]
    print("model of the visible feed", flush=True)
    failed = subprocess.run(model, check=False).returncode != 0
    print("real replicas and the real HQ", flush=True)
    environment = {**os.environ, "SATCHEL_MACHINE_EXAMPLES": str(options.machines)}
    failed |= subprocess.run(stories, check=False, env=environment).returncode != 0
    print("tests marked soak", flush=True)
    failed |= subprocess.run(soak, check=False).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
