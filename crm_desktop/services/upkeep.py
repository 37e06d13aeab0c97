"""Looking after the data on this laptop: copies and checks, asked for by a person."""

from __future__ import annotations

from pathlib import Path

from crm_desktop.models.backup import backups
from crm_desktop.models.replica import Replica


def back_up_now(replica: Replica) -> Path:
    """Write an encrypted copy of the database and return it; the newest three are kept."""
    return replica.back_up_now()


def newest_backup(replica: Replica) -> Path | None:
    """Return the newest copy, None where there is none."""
    return next(iter(backups(replica.profile)), None)


def check(replica: Replica) -> list[str]:
    """Return what is wrong with the database; empty where all is well."""
    return replica.integrity_check()
