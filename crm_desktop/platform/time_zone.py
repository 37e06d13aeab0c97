"""Which time zone this machine is in, by the name calendars use."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import tzlocal

UTC = "UTC"


def zone_name() -> str:
    """Return a name such as `Asia/Shanghai`; `UTC` where this machine's settings name no zone there is."""
    try:
        name = tzlocal.get_localzone_name()
        ZoneInfo(name or UTC)
    except (KeyError, ValueError, OSError):  # settings that contradict themselves, or no data for the zone
        return UTC
    return name or UTC


def usual_zone() -> ZoneInfo:
    """Return this machine's zone."""
    return ZoneInfo(zone_name())
