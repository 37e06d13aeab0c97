"""Everything the Sync centre shows, read in one go."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.sync.protocol import Code
from crm_desktop.assembly import App
from crm_desktop.services import records, syncing
from crm_desktop.services.syncing import Event, ReturnedEdit, SyncStatus, WaitingRecord
from crm_desktop.ui.sync_centre.values import Titles, links_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A moment of the Sync centre."""

    status: SyncStatus
    waiting: tuple[WaitingRecord, ...]
    conflicts: tuple[ReturnedEdit, ...]
    """Edits a newer one of the same field replaced."""
    refused: tuple[ReturnedEdit, ...]
    """Edits HQ did not allow."""
    titles: Titles
    events: tuple[Event, ...]
    disk_bytes: int


def facts(app: App) -> Facts:
    """Read everything; not for the main thread."""
    replica = app.replica
    returned = syncing.returned(replica)
    links = {link for edit in returned for link in links_in(edit)}
    return Facts(
        status=syncing.status(replica),
        waiting=syncing.outbox(replica),
        conflicts=tuple(edit for edit in returned if edit.code is Code.SUPERSEDED),
        refused=tuple(edit for edit in returned if edit.code is not Code.SUPERSEDED),
        titles=records.titles(replica, links),
        events=syncing.events(replica),
        disk_bytes=app.profile.database.stat().st_size,
    )
