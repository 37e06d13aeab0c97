"""What thousands of rows of one transaction ask for alike, such as fields and conditions: read once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from sqlalchemy.orm import Session

_KEPT: Final = "read once"
_T = TypeVar("_T")


@contextmanager
def reading_once(session: Session) -> Iterator[None]:
    """Keep what `once` reads for as long as the block runs, which changes none of it."""
    kept: dict[Hashable, Any] = {}
    session.info[_KEPT] = kept
    try:
        yield
    finally:
        del session.info[_KEPT]


def once(session: Session, key: Hashable, read: Callable[[], _T]) -> _T:
    """Return what was read under the key in this `reading_once`; outside of one, what is read now."""
    kept = session.info.get(_KEPT)
    if kept is None:
        return read()
    if key not in kept:
        kept[key] = read()
    found: _T = kept[key]
    return found
