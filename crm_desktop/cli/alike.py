"""What a command says of a record just made that may be here, or at HQ, already."""

from __future__ import annotations

from crm_core.i18n import N_
from crm_core.rules.known import ENTITY as KNOWN
from crm_desktop.cli.console import tr
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import duplicates
from crm_terminal.console import Console


def tell_alike(console: Console, replica: Replica, record: Record) -> None:
    """Say which records a new one is likely the same as, and where a colleague holds one like it."""
    if not duplicates.is_compared(record.entity):
        return
    for match in duplicates.like(replica, record.entity, record.id):
        console.tell(
            N_("Looks like “{title}”, {id} ({reasons}). If it is the same, use “crm merge”"),
            title=match.title,
            id=match.record_id,
            reasons=", ".join(reason.show(tr) for reason in match.reasons),
        )
    elsewhere = duplicates.held_elsewhere(replica, record.values) if record.entity == KNOWN else ()
    if elsewhere:
        console.tell(
            N_("Somebody else holds a customer like this one ({reasons}). Ask HQ"),
            reasons=", ".join(reason.show(tr) for reason in elsewhere),
        )
