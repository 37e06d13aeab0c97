"""Whose figures a dashboard shows: what this laptop holds, or what HQ counted for the person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from crm_core.charts.chart import Chart
from crm_core.i18n import Message, message
from crm_core.rules.dashboards import Tile
from crm_desktop.models.replica import Replica
from crm_desktop.services import report_schedules
from crm_desktop.services.calendar import local
from crm_desktop.services.dashboards import DashboardRow
from crm_desktop.services.report_schedules import Snapshot
from crm_desktop.ui.dashboards.tile_card import TileCard
from crm_desktop.ui.field_texts import moment_text

HERE, AT_HQ = "here", "hq"
NOT_COUNTED = message("Headquarters has not counted this tile yet")


class Sources:
    """What HQ counted, by dashboard, and whether that is shown."""

    def __init__(self) -> None:
        self._snapshots: Mapping[str, Snapshot] = {}
        self._from_hq = False

    def take(self, snapshots: Mapping[str, Snapshot]) -> None:
        """Take what HQ counted."""
        self._snapshots = snapshots

    def choose(self, source: str) -> None:
        """Show what this laptop holds (`HERE`) or what HQ counted (`AT_HQ`)."""
        self._from_hq = source == AT_HQ

    def has(self, dashboard_id: str) -> bool:
        """Tell whether HQ counted a dashboard."""
        return dashboard_id in self._snapshots

    def shown(self, dashboard_id: str) -> Snapshot | None:
        """Return what HQ counted of a dashboard, where that is shown."""
        return self._snapshots.get(dashboard_id) if self._from_hq else None


def snapshots_of(replica: Replica, dashboards: Iterable[DashboardRow]) -> dict[str, Snapshot]:
    """Return what HQ counted of dashboards for the person, by their ids."""
    found = {each.id: report_schedules.snapshot_of(replica, each.id) for each in dashboards}
    return {key: each for key, each in found.items() if each is not None}


def snapshot_words(snapshot: Snapshot) -> Message:
    """Return whose figures these are, and how old."""
    at = moment_text(local(snapshot.as_of_ms))
    return message("What headquarters counted for you, as of {time}", time=at)


def show_snapshot(snapshot: Snapshot, tiles: Sequence[Tile], cards: Mapping[str, TileCard]) -> None:
    """Show HQ's charts on the cards; a tile made since is not among them."""
    for tile in tiles:
        title, found = snapshot.tiles.get(tile.id, (tile.title, NOT_COUNTED))
        card = cards.get(tile.id)
        if card is not None and isinstance(found, Chart):
            card.show_chart(Message(title), found)
        elif card is not None and isinstance(found, Message):
            card.show_fault(Message(title), found)
