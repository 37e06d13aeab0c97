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

from crm_core.sync.protocol import Answer, Code, OpKind, Txn

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
fields_merged = Counter("satchel_fields_merged", "Fields that operations which stand have set.")
news_waits = Gauge("satchel_news_waits", "Laptops waiting for news now.", multiprocess_mode="livesum")
merges_again = Counter("satchel_merges_again", "Merges done again because another one came between.")
turned_away = Counter("satchel_turned_away", "Requests not answered because of a limit.", ["limit"])
under_way = Gauge("satchel_requests_under_way", "Requests being answered now.", multiprocess_mode="livesum")

chore_failures = Counter("satchel_chore_failures", "Times something HQ does by itself failed.", ["chore"])
chore_done = Gauge(
    "satchel_chore_done_seconds",
    "When something HQ does by itself was last done whole, since 1970.",
    ["chore"],
    multiprocess_mode="max",
)


def count_answers(codes: Iterable[int]) -> None:
    """Count what became of a batch of operations."""
    for code in codes:
        operations.labels(answer=Code(code).name.lower()).inc()


def count_fields(txns: Iterable[Txn], answers: Iterable[Answer]) -> None:
    """Count the fields set by the operations of a batch that stand."""
    standing = {answer.no for answer in answers if Code(answer.code).took_effect}
    fields_merged.inc(
        sum(
            len(op.value[0]) if op.kind == OpKind.CREATE else 1
            for txn in txns
            for op in txn.ops
            if op.no in standing
        )
    )


def registry() -> CollectorRegistry:
    """Return what this process counts, or where several serve, what all of them count."""
    if SHARED_FOLDER not in os.environ:
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared


def answer_on(port: int, shown: CollectorRegistry) -> None:
    """Answer to programs on this machine, from a thread, as long as the process lives."""
    start_http_server(port, addr=LOOPBACK, registry=shown)


def exposition(shown: CollectorRegistry) -> bytes:
    """Return a registry in Prometheus' text form, `EXPOSITION`."""
    return generate_latest(shown)
