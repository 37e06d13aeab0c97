"""Encrypted copies of the database, before each upgrade and daily, and the way back to one."""

from __future__ import annotations

import calendar
import os
import re
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from crm_core.errors import DamagedDatabase, UserError, reason_of
from crm_core.i18n import N_
from crm_desktop.models.engine import STOPPED, check_file, connect, failure, heed, sqlcipher
from crm_desktop.platform.disk import demand_space
from crm_desktop.platform.paths import Profile

KEEP = 3
ALONE_WAIT_MS = 2_000  # a command that is just ending lets go of the file by then
DAMAGED_COPY = N_("This backup is damaged")
DAILY, ASKED, BEFORE = "daily", "asked", "before-"
_STAMP = "%Y%m%dT%H%M%S"
_NAME = re.compile(r"replica-(\d{8}T\d{6})-([\w-]+)\.db\Z")
_BESIDE = ("", "-wal", "-shm")
"""What a database consists of; the log alone would be played into whatever stands in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One encrypted copy of the database."""

    file: Path
    made_ms: int
    """When, by this laptop's clock, in milliseconds since 1970 UTC; whole seconds."""
    size: int
    """In bytes."""
    reason: str
    """Why it was made: `DAILY`, `ASKED`, or `BEFORE` and the step an upgrade led to."""


def backups(profile: Profile) -> list[Path]:
    """Return the copies there are, newest first."""
    found = [path for path in profile.backups.glob("replica-*.db") if _NAME.match(path.name)]
    return sorted(found, reverse=True)


def copies(profile: Profile) -> tuple[Copy, ...]:
    """Return what is known of the copies there are, newest first."""
    found = []
    for file in backups(profile):
        with suppress(FileNotFoundError, ValueError):  # taken away meanwhile, or renamed to no time at all
            found.append(_described(file))
    return tuple(found)


def back_up(profile: Profile, key: bytes, reason: str, stopped: Callable[[], bool] = lambda: False) -> Path:
    """Write an encrypted copy of the database as it is at this moment and return it; keep the newest three.

    The copy has the key of the original. Others may read and write meanwhile. `UserError` where it could not
    be written, or was stopped.
    """
    profile.make()
    demand_space(profile.backups, profile.database.stat().st_size)
    name = f"replica-{time.strftime(_STAMP, time.gmtime())}-{reason}.db"
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


def restore_backup(profile: Profile, key: bytes, copy: Path) -> Path | None:
    """Put a copy in the place of the database, which no program may have open, and return where that went.

    None where there was no database any more. Edits made after the copy and not sent are only in the
    database that was put aside. HQ notices at the next contact that the laptop went back in time, and brings
    it up to date. `DamagedDatabase` where the copy is damaged or of another key, another `UserError` where
    the disk refuses; then nothing is changed.
    """
    try:
        found = check_file(copy, key)
    except DamagedDatabase as error:
        raise DamagedDatabase(DAMAGED_COPY) from error
    if found:
        raise DamagedDatabase(DAMAGED_COPY)
    demand_space(profile.root, copy.stat().st_size)
    part = profile.database.with_suffix(".restoring")
    try:
        _drop(part)
        shutil.copyfile(copy, part)
        os.chmod(part, 0o600)
        _give_up_numbers(part, key)
        with part.open("r+b") as written:
            os.fsync(written.fileno())
        _demand_alone(profile, key)
        return _exchange(profile, part)
    except OSError as error:
        raise UserError(
            N_("The copy could not be restored: {reason}. Nothing was changed"), reason=reason_of(error)
        ) from error
    finally:
        _drop(part)


def _described(file: Path) -> Copy:
    named = _NAME.match(file.name)
    assert named is not None, file
    return Copy(
        file=file,
        made_ms=calendar.timegm(time.strptime(named[1], _STAMP)) * 1000,
        size=file.stat().st_size,
        reason=named[2],
    )


def _demand_alone(profile: Profile, key: bytes) -> None:
    """Raise `UserError` where another program has the database: it would go on in the file put aside."""
    if not profile.has_database:
        return
    try:
        connection = connect(profile.database, key)
    except DamagedDatabase:
        return  # nobody can work with it
    try:
        connection.execute(f"PRAGMA busy_timeout = {ALONE_WAIT_MS}")
        # Leaving the log is only granted to the last one there; its contents go into the file first.
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlcipher.Error as error:
        known = failure(error)
        if known is None:
            raise
        if not isinstance(known, DamagedDatabase):
            raise known from error
    finally:
        connection.close()


def _give_up_numbers(database: Path, key: bytes) -> None:
    """Take the numbers HQ leased out of a copy: since it was made they may have been given out already.

    HQ leases others at the next contact. Those of a profile no HQ knows are its own to count.
    """
    connection = connect(database, key)
    try:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("DELETE FROM lease WHERE EXISTS (SELECT 1 FROM sync_state WHERE key = 'device')")
    except sqlcipher.Error as error:
        known = failure(error)
        if known is None:
            raise
        raise known from error
    finally:
        connection.close()


def _exchange(profile: Profile, part: Path) -> Path | None:
    """Put the database aside and `part` in its place: both or neither."""
    aside = _free_name(profile)
    moved: list[tuple[Path, Path]] = []
    try:
        for suffix in _BESIDE:
            held = profile.database.with_name(profile.database.name + suffix)
            if held.exists():
                there = aside.with_name(aside.name + suffix)
                os.replace(held, there)
                moved.append((held, there))
        os.replace(part, profile.database)
    except OSError:
        for held, there in reversed(moved):
            os.replace(there, held)
        raise
    return aside if aside.exists() else None


def _drop(database: Path) -> None:
    for suffix in _BESIDE:
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _free_name(profile: Profile) -> Path:
    stamp, number = time.strftime(_STAMP, time.gmtime()), 1
    while True:
        more = f"-{number}" if number > 1 else ""
        aside = profile.database.with_name(f"replica-{stamp}{more}-replaced.db")
        if not any(aside.with_name(aside.name + suffix).exists() for suffix in _BESIDE):
            return aside
        number += 1
