"""The one error of work that a person stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crm_core.errors import UserError
from crm_core.i18n import N_


class Stopped(UserError):
    """The person stopped it before anything was written."""


def until(blocks: Iterator[bytes], cancelled: Callable[[], bool]) -> Iterator[bytes]:
    """Yield the blocks of a file; raises `Stopped` once somebody wants no more of them."""
    for block in blocks:
        if cancelled():
            raise Stopped(N_("Stopped; no file was written"))
        yield block
