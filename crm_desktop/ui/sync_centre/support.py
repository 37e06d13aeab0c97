"""What whoever helps needs to know of this laptop's way to HQ, as text: no customer's data, no secret."""

from __future__ import annotations

import platform
from importlib import metadata

from crm_desktop.sync.runner import Status
from crm_desktop.ui.sync_centre.facts import Facts
from crm_desktop.ui.sync_centre.history import event_text
from crm_desktop.ui.sync_words import moment, sync_state
from crm_desktop.ui.translate import show

MOST_EVENTS = 20


def support_text(facts: Facts, status: Status) -> str:
    """Return it, one fact a line; names of fields in English, as in the log."""
    known = facts.status
    lines = {
        "satchel": metadata.version("satchel"),
        "system": f"{platform.platform()}, Python {platform.python_version()}",
        "state": sync_state(status, known).value,
        "hq": known.server or "-",
        "proxy": facts.proxy or "-",
        "device": str(known.device),
        "clock_off_ms": str(known.clock_off_ms),
        "waiting": f"{facts.waiting.count} records, {known.waiting_operations} operations",
        "returned": str(known.returned),
        "last_sync": _iso(known.last_ok_ms),
        "offline_since": _iso(status.offline_since_ms),
        "failures": str(status.failures),
        "refusal": status.refusal or "-",
        "problem": f"{show(status.problem)} ({status.problem})" if status.problem else "-",
        "disk_bytes": str(facts.disk_bytes),
    }
    told = [f"{name}: {value}" for name, value in lines.items()]
    failed = [event for event in facts.events if event.kind in ("failed", "refused")]
    return "\n".join([*told, *(event_text(event) for event in failed[:MOST_EVENTS])])


def _iso(at_ms: int | None) -> str:
    return moment(at_ms).isoformat(timespec="seconds") if at_ms else "-"
