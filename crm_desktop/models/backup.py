"""Encrypted copies of the database, before each upgrade and daily, and the way back to one."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_desktop.models.engine import STOPPED, check_file, connect, failure, heed, sqlcipher
from crm_desktop.platform.disk import demand_space
from crm_desktop.platform.paths import Profile

KEEP = 3
DAY_MS = 24 * 60 * 60 * 1000
HOUR_MS = 60 * 60 * 1000
_NAME = re.compile(r"replica-(\d{8}T\d{6})-[\w-]+\.db\Z")


def backups(profile: Profile) -> list[Path]:
    """Return the copies there are, newest first."""
    found = [path for path in profile.backups.glob("replica-*.db") if _NAME.match(path.name)]
    return sorted(found, reverse=True)


def back_up(profile: Profile, key: bytes, reason: str, stopped: Callable[[], bool] = lambda: False) -> Path:
    """Write an encrypted copy of the database as it is at this moment and return it; keep the newest three.

    The copy has the key of the original. Others may read and write meanwhile. `UserError` where it could not
    be written, or was stopped.
    """
    profile.make()
    demand_space(profile.backups, profile.database.stat().st_size)
    name = f"replica-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{reason}.db"
    target, part = profile.backups / name, profile.backups / f"{name}.part"
    for left in profile.backups.glob("*.part"):
        left.unlink(missing_ok=True)
    connection = connect(profile.database, key)
    heed(connection, stopped)
    try:
        # Into a new file under the same key, without free pages.
        connection.execute("VACUUM INTO ?", (str(part),))
    except sqlcipher.Error as error:
        part.unlink(missing_ok=True)
        if stopped():
            raise UserError(STOPPED) from error
        raise failure(error) or UserError(N_("The backup could not be written")) from error
    finally:
        connection.close()
    os.replace(part, target)
    for old in backups(profile)[KEEP:]:
        old.unlink(missing_ok=True)
    return target


def drop_backups(profile: Profile) -> None:
    """Take every copy away: they hold what the person may not see any more."""
    for copy in (
        *backups(profile),
        *profile.backups.glob("*.part"),
        *profile.root.glob("replica-*-replaced.db*"),
    ):
        copy.unlink(missing_ok=True)


def restore_backup(profile: Profile, key: bytes, copy: Path) -> Path:
    """Put a copy in the place of the database, which no program may have open, and return where that went.

    Edits made after the copy and not sent are only in the database that was put aside. HQ notices at the
    next contact that the laptop went back in time, and brings it up to date. `UserError` where the copy is
    damaged or of another key; then nothing is changed.
    """
    if check_file(copy, key):
        raise UserError(N_("This backup is damaged"))
    demand_space(profile.root, copy.stat().st_size)
    part = profile.database.with_suffix(".restoring")
    part.write_bytes(copy.read_bytes())
    aside = profile.database.with_name(f"replica-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-replaced.db")
    for suffix in ("", "-wal", "-shm"):
        held = profile.database.with_name(profile.database.name + suffix)
        if held.exists():
            os.replace(held, aside.with_name(aside.name + suffix))
    os.replace(part, profile.database)
    return aside
