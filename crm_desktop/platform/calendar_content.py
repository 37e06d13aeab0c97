"""The content of a calendar file somebody chose, for what is made of it."""

from __future__ import annotations

from pathlib import Path

from crm_core.errors import UserError, reason_of
from crm_core.i18n import N_
from crm_core.rules.calendar_file import MOST_BYTES


def calendar_content(file: Path) -> bytes:
    """Return what is in a calendar file. `UserError` for one that cannot be read, or is too large."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise UserError(N_("The file is larger than a calendar of ours may be"))
        return file.read_bytes()
    except OSError as error:
        raise UserError(N_("{file} cannot be read: {reason}"), file=file, reason=reason_of(error)) from error
