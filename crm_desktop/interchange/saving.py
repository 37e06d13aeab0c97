"""Write a file wholly or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from crm_core.errors import UserError, reason_of
from crm_core.i18n import N_


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Give a path beside `file` to write to, which takes its place at the end of the block.

    An exception leaves what was there before. Raises `UserError` where the folder cannot be written or the
    disk is full.
    """
    partial: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".part", dir=file.parent)
        os.close(descriptor)
        partial = Path(name)
        yield partial
        with partial.open("rb+") as stream:
            os.fsync(stream.fileno())
        partial.chmod(0o666 & ~_umask())
        partial.replace(file)
    except OSError as error:
        raise UserError(
            N_("{file} cannot be written: {reason}"), file=file, reason=reason_of(error)
        ) from error
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)


def write_pieces(file: Path, pieces: Iterable[bytes]) -> None:
    """Write the pieces one after the other, wholly or not at all."""
    with replacing(file) as partial, partial.open("wb") as stream:
        stream.writelines(pieces)


def _umask() -> int:
    """Return the process's mask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
