"""In which order the custom fields of a kind of record stand."""

from __future__ import annotations

from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import ranking
from crm_desktop.services.completing import RANK_STEP
from crm_desktop.services.outcome import Outcome


def move(replica: Replica, record_id: str, by: int) -> Outcome[Record]:
    """Put a field so many places later among those of its kind of record, or earlier; at the end it stays."""
    return ranking.shift(replica, "custom_field", record_id, by, among="entity", step=RANK_STEP)
