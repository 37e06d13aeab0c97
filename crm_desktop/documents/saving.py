"""Files written wholly or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from crm_core.errors import UserError, reason_of
from crm_core.i18n import Message, message

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR})


def save(content: bytes, file: Path) -> None:
    """Write the file under its name once every byte is on the disk.

    A file of that name before stays whole until then, and stays if writing fails. Raises `UserError`
    saying why it failed.
    """
    target = Path(os.path.realpath(file))
    # A short name of its own: the target's may already be as long as the disk allows.
    partial = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        try:
            with partial.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(partial, target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(_why(error, file)) from error


def _why(error: OSError, file: Path) -> Message:
    if error.errno in _FULL:
        return message("There is no room left on the disk for “{file}”", file=file.name)
    if error.errno in _ABSENT:
        return message("The folder “{folder}” does not exist", folder=file.parent)
    if error.errno in _FORBIDDEN:
        return message(
            "“{file}” may not be written: it is open elsewhere, or the folder is protected", file=file.name
        )
    return message("“{file}” could not be written: {reason}", file=file.name, reason=reason_of(error))
