"""Reports counted over the records of this laptop."""

from __future__ import annotations

from collections.abc import Mapping

from crm_core.reporting.tables import run
from crm_core.rules.conditions import Value
from crm_core.rules.reports import Report, ReportTable
from crm_desktop.models import state
from crm_desktop.models.replica import Replica
from crm_desktop.models.report_source import LaptopSource
from crm_desktop.models.state import Key
from crm_desktop.services.company import company


def count(replica: Replica, report: Report, answers: Mapping[str, Value] | None = None) -> ReportTable:
    """Return a report counted over what the person sees here; its errors are those of `run`."""
    with replica.read() as session:
        source = LaptopSource(session, replica.person, company(session).currency)
        return run(source, report, answers, as_of_ms=state.read(session, Key.LAST_OK_MS) or None)
