"""What HQ counts about itself, in Prometheus' form; nothing here names a person or a record.

With several worker processes each keeps its counts in a folder named by `PROMETHEUS_MULTIPROC_DIR`,
which `serve` sets before it starts them, and any of them can answer for all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector

from crm_core.sync.protocol import Code

SHARED_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
LOOPBACK: Final = "127.0.0.1"
EXPOSITION: Final = "text/plain; version=0.0.4; charset=utf-8"

requests = Counter("satchel_requests", "Requests answered.", ["method", "route", "status"])
seconds = Histogram(
    "satchel_request_seconds",
    "Time to answer a request.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
sync_bytes = Counter("satchel_sync_bytes", "Bytes of sync bodies as sent, by direction.", ["direction"])
operations = Counter("satchel_operations", "Operations, by what became of them.", ["answer"])
sign_ins = Counter("satchel_sign_ins", "Attempts to sign in, by outcome.", ["outcome"])
merges_again = Counter("satchel_merges_again", "Merges done again because another one came between.")
turned_away = Counter("satchel_turned_away", "Requests not answered because of a limit.", ["limit"])
under_way = Gauge("satchel_requests_under_way", "Requests being answered now.", multiprocess_mode="livesum")


def count_answers(codes: Iterable[int]) -> None:
    """Count what became of a batch of operations."""
    for code in codes:
        operations.labels(answer=Code(code).name.lower()).inc()


def registry() -> CollectorRegistry:
    """Return what this process counts, or where several serve, what all of them count."""
    if SHARED_FOLDER not in os.environ:
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared


def answer_on(port: int) -> None:
    """Answer to programs on this machine with all counts, from a thread, as long as the process lives."""
    start_http_server(port, addr=LOOPBACK, registry=registry())


def exposition() -> bytes:
    """Return all counts in Prometheus' text form, `EXPOSITION`."""
    return generate_latest(registry())
