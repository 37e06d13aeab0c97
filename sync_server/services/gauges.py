"""How HQ and its laptops stand, read whenever a monitor asks. Nothing here names anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from crm_core import SCHEMA_VERSION
from crm_core.times import DAY_MS
from sync_server.services.auth import now_ms
from sync_server.services.health import Flag, flags_of
from sync_server.services.quarantine import KEPT
from sync_server.store.database import Database
from sync_server.store.tables import Device, table_of

AGES_DAYS = (1, 7, 14, 30)

_devices = table_of(Device)


class Standing(Collector):
    """Gauges of one HQ: laptops by age and flag, feed lag, refused edits, connections."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Promise nothing beforehand, so that registering asks no database."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges of this moment."""
        now = now_ms()
        with self._database.read() as snapshot:
            run, head = snapshot.connection.execute, snapshot.head
            devices = [dict(row) for row in run(select(_devices).where(~_devices.c.revoked)).mappings()]
            refused = run(select(KEPT.c.state, func.count()).group_by(KEPT.c.state)).all()
        yield _plain("satchel_feed_position", "Last position of the feed.", head)
        seen = [device for device in devices if now - (device["last_seen_at"] or 0) <= 7 * DAY_MS]
        lag = max((head - device["acked_seq"] for device in seen), default=0)
        yield _plain("satchel_feed_lag", "Positions the slowest laptop of the last 7 days is behind.", lag)
        ages = GaugeMetricFamily(
            "satchel_devices", "Laptops by days since they were heard of.", labels=["age"]
        )
        for age, count in _by_age(devices, now).items():
            ages.add_metric([age], count)
        yield ages
        flagged = GaugeMetricFamily(
            "satchel_devices_flagged", "Laptops somebody should look at.", labels=["flag"]
        )
        flags = Counter(flag for device in devices for flag in flags_of(device, now, SCHEMA_VERSION))
        for flag in Flag:
            flagged.add_metric([flag], flags[flag])
        yield flagged
        oldest = min((each["oldest_unsent_ms"] for each in devices if each["oldest_unsent_ms"]), default=now)
        age_s = max(0, now - oldest) // 1000
        yield _plain("satchel_oldest_unsent_seconds", "Age of the oldest edit on any laptop.", age_s)
        unsent = sum(device["waiting"] for device in devices)
        yield _plain("satchel_unsent_operations", "Operations on laptops that HQ has not got.", unsent)
        kept = GaugeMetricFamily("satchel_refused_edits", "Refused edits HQ keeps.", labels=["state"])
        for state, count in refused:
            kept.add_metric([state], count)
        yield kept
        pool: Any = self._database.engine.pool
        in_use = pool.checkedout() if hasattr(pool, "checkedout") else 0
        yield _plain("satchel_database_connections", "Connections in use by the process asked.", in_use)


def with_standing(counts: CollectorRegistry, database: Database) -> CollectorRegistry:
    """Return a registry that gives the counts and how HQ stands."""
    both = CollectorRegistry(auto_describe=False)
    both.register(Standing(database))
    both.register(_Counts(counts))
    return both


class _Counts(Collector):
    """The counts of another registry."""

    def __init__(self, counts: CollectorRegistry) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Any]:
        """Yield them."""
        yield from self._counts.collect()


def _plain(name: str, text: str, value: int) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _by_age(devices: list[dict[str, Any]], now: int) -> dict[str, int]:
    """Count laptops by the shortest of the ages they are within."""
    counts = {**{f"{days}d": 0 for days in AGES_DAYS}, "older": 0}
    for device in devices:
        age_ms = now - (device["last_seen_at"] or device["enrolled_at"])
        within = next((f"{days}d" for days in AGES_DAYS if age_ms <= days * DAY_MS), "older")
        counts[within] += 1
    return counts
