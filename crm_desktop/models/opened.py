"""Copies of files that were opened in another program: readable by their owner alone, and not for long.

Each lies in a folder named by its attachment, below the profile. They go when the window opens and closes,
and when the attachment is deleted or goes out of sight.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError, reason_of
from crm_core.i18n import N_

_attachment = SCHEMAS["attachment"].table


class OpenedCopies:
    """The folder of opened copies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, attachment_id: str, name: str, pieces: Iterable[bytes]) -> Path:
        """Write a copy for another program to open and return where. `UserError` where the disk refuses."""
        place = self._folder / attachment_id
        target = place / name
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                for piece in pieces:
                    stream.write(piece)
        except OSError as error:
            raise UserError(N_("The file could not be opened: {reason}"), reason=reason_of(error)) from error
        return target

    def close_gone(self, session: Session) -> None:
        """Erase the copies of what is not a living attachment any more."""
        held = self._ids()
        if not held:
            return
        living = session.scalars(
            select(_attachment.c.id).where(_attachment.c.id.in_(held), _attachment.c.life % 2 == 1)
        ).all()
        for attachment_id in held - {*living}:
            self._erase(attachment_id)

    def close_all(self) -> None:
        """Erase every copy; one that another program holds fast goes next time."""
        for attachment_id in self._ids():
            self._erase(attachment_id)

    def _ids(self) -> set[str]:
        return {place.name for place in self._folder.iterdir()} if self._folder.exists() else set()

    def _erase(self, attachment_id: str) -> None:
        shutil.rmtree(self._folder / attachment_id, ignore_errors=True)
