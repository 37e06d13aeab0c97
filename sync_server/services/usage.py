"""What a laptop may use in a day and what it used, counted where every process sees it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from crm_core.times import DAY_MS
from sync_server.settings import Settings

MEGABYTE: Final = 1_000_000
LONGEST_WAIT_S: Final = 60 * 60  # the administrator may have raised the limit by then


class Traffic(NamedTuple):
    """Bytes of bodies on the line."""

    received: int = 0
    sent: int = 0


class Meter:
    """Bytes this process exchanged with each laptop, until they are written down with its next request.

    Threads may share it. What waits when the process ends is not counted: one request of each laptop.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[int, Traffic] = {}

    def note(self, device_id: int, *, received: int, sent: int) -> None:
        """Count what an exchange took."""
        with self._lock:
            before = self._waiting.get(device_id, Traffic())
            self._waiting[device_id] = Traffic(before.received + received, before.sent + sent)

    def take(self, device_id: int) -> Traffic:
        """Return what waits to be written down, which is then the caller's to do."""
        with self._lock:
            return self._waiting.pop(device_id, Traffic())


def counted(device: Mapping[str, Any], traffic: Traffic, operations: int, now_ms: int) -> dict[str, int]:
    """Return the columns of a laptop's row after it used so much more."""
    today = now_ms // DAY_MS
    is_same_day = device["used_day"] == today
    return {
        "bytes_in": device["bytes_in"] + traffic.received,
        "bytes_out": device["bytes_out"] + traffic.sent,
        "used_day": today,
        "used_bytes": sum(traffic) + (device["used_bytes"] if is_same_day else 0),
        "used_operations": operations + (device["used_operations"] if is_same_day else 0),
    }


def wait_s_of(device: Mapping[str, Any], settings: Settings, now_ms: int) -> int:
    """Return how long a laptop is to wait before its next request; 0 while it is within its limits."""
    if device["used_day"] != now_ms // DAY_MS:
        return 0
    used = (
        (settings.megabytes_per_day * MEGABYTE, device["used_bytes"]),
        (settings.operations_per_day, device["used_operations"]),
    )
    if not any(limit and taken >= limit for limit, taken in used):
        return 0
    left_ms = DAY_MS - now_ms % DAY_MS
    return min(LONGEST_WAIT_S, -(-left_ms // 1000))
