"""Looking after the data on this laptop: copies, checks and the way back, asked for by a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select

from crm_desktop.models import backup, state
from crm_desktop.models.backup import Copy
from crm_desktop.models.device_tables import OutboxOp, OutboxTxn
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.platform.paths import Profile


def back_up_now(replica: Replica) -> Path:
    """Write an encrypted copy of the database and return it; the newest three are kept."""
    return replica.back_up_now()


def newest_backup(replica: Replica) -> Path | None:
    """Return the newest copy, None where there is none."""
    return next(iter(backup.backups(replica.profile)), None)


def copies(profile: Profile) -> tuple[Copy, ...]:
    """Return the copies a profile can go back to, newest first; nobody need have it open."""
    return backup.copies(profile)


def left_behind(replica: Replica, copies: Sequence[Copy]) -> dict[Path, int]:
    """Return, by copy, how many records have edits not sent yet that going back to it would leave behind.

    A copy bears the second it was begun in: an edit of that very second counts.
    """
    with replica.read() as session:
        ahead_ms = state.read(session, Key.OFFSET_MS)
        waiting = session.execute(
            select(OutboxOp.entity, OutboxOp.row_id, OutboxTxn.created_ms).join(
                OutboxTxn, OutboxTxn.no == OutboxOp.txn_no
            )
        ).all()
    return {
        copy.file: len({(entity, row_id) for entity, row_id, ms in waiting if ms - ahead_ms >= copy.made_ms})
        for copy in copies
    }


def check(replica: Replica) -> list[str]:
    """Return what is wrong with the database; empty where all is well."""
    return replica.integrity_check()
