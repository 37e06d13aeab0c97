"""Memory of the laptop and of HQ while an empty laptop fetches 200,000 customers for the first time.

`SATCHEL_BENCH_FIRST=20000 python -m benchmarks first_sync_memory` takes fewer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.many_laptops import BATCH, UNLIMITED
from benchmarks.sync_rounds import customers
from sync_server.services.auth import now_ms
from tests.support.crowd import enrol_crowd
from tests.support.server import ROOT, RunningServer, running_server

TITLE = "Memory of a first sync"
ROWS = 200_000

# In a process of its own: what it took at its highest is known only of a whole process.
LAPTOP = """
import json, sys, time
from pathlib import Path
from crm_desktop import assembly
def memory(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))
app = assembly.new_profile(Path(sys.argv[1]))
app.enrol(sys.argv[2], "ada", "ada", "laptop")
before, began = memory("VmRSS"), time.perf_counter()
report = app.sync_now()
spent = time.perf_counter() - began
app.close()
print(json.dumps([before, memory("VmHWM"), spent, report.bytes_down]))
"""


def measure() -> list[Figure]:
    """Return what a first sync takes at most above what each side had before."""
    rows = int(os.environ.get("SATCHEL_BENCH_FIRST", str(ROWS)))
    with tempfile.TemporaryDirectory() as name, running_server(Path(name), environment=UNLIMITED) as server:
        user = server.add_user("ada", "admin")
        with server.headquarters() as hq:
            (filler,) = enrol_crowd(hq, server.url, [user["id"]])
        filler.catch_up()
        for start in range(0, rows, BATCH):
            filler.create("customer", customers(BATCH, user["id"], seed=start), now_ms())
        filler.close()
        server.restart()  # what the filling took is not what is asked for
        resting = _memory(server, "VmRSS")
        environment = {**os.environ, "CRM_PASSPHRASE": "benchmark passphrase"}
        ran = subprocess.run(
            [sys.executable, "-c", LAPTOP, str(Path(name) / "laptop"), server.url],
            stdout=subprocess.PIPE,
            check=True,
            cwd=ROOT,
            env=environment,
        )
        before, highest, seconds, fetched = json.loads(ran.stdout.splitlines()[-1])
        taken = _memory(server, "VmHWM") - resting
    return [
        Figure(
            f"laptop, first sync of {rows:,} customers, above its start",
            highest - before,
            "bytes",
            before,
            "before it",
            "150 MB is the limit set",
        ),
        Figure("HQ meanwhile, above its start", taken, "bytes", resting, "before it"),
        Figure(f"first sync of {rows:,} customers", seconds, "s", note=f"{fetched:,} bytes down"),
    ]


def _memory(server: RunningServer, name: str) -> int:
    lines = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))
