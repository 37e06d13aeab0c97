"""The visible-feed model at length: clean schedules, then how often each seeded bug is caught.

`python -m benchmarks.soak_model --schedules 1000000 --processes 2`. Ends with 1 when a clean schedule failed
or a bug went uncaught.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.sync.model.bugs import BUGS, FRUGAL, SHARING
from tests.sync.model.runner import Report, explain, run_parallel, total

CHUNK = 2_000
SHOW_EVERY = 50  # chunks between two lines of progress


def soak(first_seed: int, count: int, bug: str | None, processes: int) -> Report:
    """Run a range, telling on the way how far it is, and return its report."""
    started = time.perf_counter()
    reports: list[Report] = []
    for report in run_parallel(first_seed, count, bug, processes=processes, chunk=CHUNK):
        reports.append(report)
        if bug is None and (report.failed or len(reports) % SHOW_EVERY == 0):
            print(f"  {total(reports, time.perf_counter() - started)}", flush=True)
    return total(reports, time.perf_counter() - started)


def main() -> int:
    """Read the command line, run, print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=1_000_000)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--bug-schedules", type=int, default=20_000, help="per seeded bug; 0 leaves them out")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()

    clean = soak(options.first_seed, options.schedules, None, options.processes)
    print(clean, flush=True)
    for failure in clean.failures:
        print(explain(failure.seed), flush=True)
    frugal = soak(options.first_seed, options.schedules // 4, FRUGAL, options.processes)
    print(frugal, flush=True)
    for failure in frugal.failures:
        print(explain(failure.seed, FRUGAL), flush=True)
    sharing = soak(options.first_seed, options.schedules // 4, SHARING, options.processes)
    print(sharing, flush=True)
    for failure in sharing.failures:
        print(explain(failure.seed, SHARING), flush=True)
    uncaught = []
    for bug in BUGS if options.bug_schedules else ():
        report = soak(options.first_seed, options.bug_schedules, bug, options.processes)
        caught = report.failed - report.by_invariant["crash"]
        rate = f"1 in {report.count / caught:.0f}" if caught else "NOT CAUGHT"
        first = report.failures[0].seed if report.failures else "none"
        kinds = " ".join(f"{name}={number}" for name, number in sorted(report.by_invariant.items()))
        print(f"{bug:12} {rate:>12}  first seed {first:<6} {kinds}", flush=True)
        if not caught:
            uncaught.append(bug)
    if uncaught:
        print(f"uncaught: {', '.join(uncaught)}")
    return 1 if clean.failed or frugal.failed or sharing.failed or uncaught else 0


if __name__ == "__main__":
    sys.exit(main())
