"""When people of this company are at work, for whatever HQ lets them wait."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import tzlocal

from crm_core.rules.service_levels import STANDARD_ZONE, standard_time
from crm_core.rules.working_time import WorkingTime
from sync_server.services.headquarters import Headquarters


def machine_zone() -> ZoneInfo:
    """Return the zone of this machine; the standard one where its settings name none there is."""
    try:
        return ZoneInfo(tzlocal.get_localzone_name() or STANDARD_ZONE.key)
    except (KeyError, ValueError, OSError):
        return STANDARD_ZONE


def working_time(hq: Headquarters) -> WorkingTime:
    """Return the standard work calendar; where there is none, Monday to Friday from nine to six here."""
    rows = [{"id": row_id, **row} for row_id, row in hq.records.all("work_calendar")]
    return standard_time(rows, machine_zone())
