"""Everything the Sync centre shows, read in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm_core.sync.protocol import Code
from crm_desktop.assembly import App
from crm_desktop.services import offers, records, returned_edits, syncing, transfers
from crm_desktop.services.joined import JoinedField, joined
from crm_desktop.services.offers import OfferedEdit
from crm_desktop.services.returned_edits import ReturnedEdit
from crm_desktop.services.syncing import Event, SyncStatus
from crm_desktop.services.transfers import UnderWay
from crm_desktop.services.waiting import Waiting, waiting
from crm_desktop.sync.line import proxy_of
from crm_desktop.ui.sync_centre.values import Titles, links_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A moment of the Sync centre."""

    status: SyncStatus
    rows: Mapping[str, int]
    """Living records on this laptop, by entity."""
    waiting: Waiting
    conflicts: tuple[ReturnedEdit, ...]
    """Edits a newer one of the same field replaced."""
    refused: tuple[ReturnedEdit, ...]
    """Edits HQ did not allow."""
    offered: tuple[OfferedEdit, ...]
    """Edits of colleagues that this person may accept."""
    joined: Mapping[tuple[str, str], tuple[JoinedField, ...]]
    """What came through without asking beside the conflicts, by record."""
    files: UnderWay
    """Contents of files that are to be sent and fetched."""
    titles: Titles
    events: tuple[Event, ...]
    disk_bytes: int
    """The database and what is still to be written into it."""
    proxy: str
    """Through which server HQ is reached; '' for none."""


def facts(app: App) -> Facts:
    """Read everything; not for the main thread."""
    replica = app.replica
    status = syncing.status(replica)
    returned = returned_edits.returned(replica)
    conflicts = tuple(edit for edit in returned if edit.code is Code.SUPERSEDED)
    together = joined(replica, conflicts)
    fields = (field for each in together.values() for field in each)
    offered = offers.offered(replica)
    links = {link for edit in (*returned, *fields, *offered) for link in links_in(edit)}
    return Facts(
        status=status,
        rows=syncing.rows_here(replica),
        waiting=waiting(replica),
        conflicts=conflicts,
        offered=offered,
        joined=together,
        files=transfers.under_way(replica),
        refused=tuple(edit for edit in returned if edit.code is not Code.SUPERSEDED),
        titles=records.titles(replica, links),
        events=syncing.events(replica),
        disk_bytes=sum(
            file.stat().st_size
            for file in app.profile.database.parent.glob(f"{app.profile.database.name}*")
            if file.is_file()
        ),
        proxy=proxy_of(status.server) if status.server else "",
    )
