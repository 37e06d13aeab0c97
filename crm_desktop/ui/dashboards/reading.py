"""What the page of dashboards reads before it counts the one in front."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm_desktop.models.replica import Replica
from crm_desktop.services import dashboards, figures, saved_views
from crm_desktop.services.figures import DataAge
from crm_desktop.services.report_schedules import Snapshot
from crm_desktop.ui.dashboards.header import Choices
from crm_desktop.ui.dashboards.sources import snapshots_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Boards:
    """Which dashboards there are, how old this laptop's figures are, and what HQ counted."""

    choices: Choices
    age: DataAge
    snapshots: Mapping[str, Snapshot]


def read_boards(replica: Replica) -> Boards:
    """Return what there is now; called off the main thread."""
    choices = Choices(
        dashboards=dashboards.dashboards_of(replica),
        people=dashboards.people_of(replica),
        audiences=saved_views.audiences(replica),
    )
    return Boards(
        choices=choices,
        age=figures.data_age(replica),
        snapshots=snapshots_of(replica, choices.dashboards),
    )
