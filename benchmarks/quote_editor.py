"""A long quote: what its totals take, beside adding up as many decimals, and what typing in it holds up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.figures import Figure
from benchmarks.timing import with_floor
from crm_core.rules.quote_sums import totals_of

TITLE = "Long quotes"
LINES, TYPED_IN = 1_000, 400
ROOT = Path(__file__).parent.parent
TIMEOUT_S = 300


def measure() -> list[Figure]:
    """Return the times of totals, and how long a changed cell holds the window."""
    quote = {"currency": "CNY", "discount_percent": "3.5"}
    lines = [(f"line {number}", _line(number)) for number in range(LINES)]
    plain = [(Decimal(line["quantity"]), line["unit_price"]) for _, line in lines]
    ours, floor = with_floor(
        lambda: totals_of(quote, lines), lambda: sum(quantity * price for quantity, price in plain), runs=15
    )
    command = [sys.executable, "-m", "benchmarks.quote_times", str(TYPED_IN)]
    offscreen = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    ran = subprocess.run(
        command, stdout=subprocess.PIPE, cwd=ROOT, env=offscreen, timeout=TIMEOUT_S, check=True
    )
    held = json.loads(ran.stdout.splitlines()[-1])
    note = f"{len(held)} changes, median {1000 * median(held):.1f} ms, worst {1000 * max(held):.0f} ms"
    typed = quantiles(held, n=100)[94]
    return [
        Figure(f"totals of {LINES:,} lines", ours, "s", floor, "quantity times price, added up"),
        Figure(f"a cell of {TYPED_IN} lines changed: 95 of 100 hold the window", typed, "s", note=note),
    ]


def _line(number: int) -> dict[str, Any]:
    return {
        "quantity": str(number % 24 + 1),
        "unit_price": 260_00 + 317 * number,
        "currency": "CNY",
        "discount_percent": str(number % 4 * 5),
        "tax_rate": ("13", "9", "6")[number % 3],
        "group_id": f"group {number % 10}",
    }
