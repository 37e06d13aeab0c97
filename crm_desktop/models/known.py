"""Short hashes of the customers HQ knows, held by whoever: asked one by one, they say yes or no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from crm_core.i18n import Message
from crm_core.rules.known import ENTITY, KnownPage, hash_of, hashes_in, known_texts
from crm_desktop.models import state
from crm_desktop.models.state import Key

__all__ = ["ENTITY", "apply", "forget", "known", "standing"]

NOTHING: Final[list[Any]] = ["", b"", 0, 0]


def standing(session: Session) -> tuple[str, bytes, int, int]:
    """Return HQ's identity, its key, how far what is here goes, and when HQ was last asked."""
    held: list[Any] = state.read(session, Key.KNOWN) or NOTHING
    epoch, key, since, at_ms = held
    return str(epoch), bytes(key), int(since), int(at_ms)


def apply(session: Session, page: KnownPage, now_ms: int) -> None:
    """Take in a page."""
    run = session.connection().exec_driver_sql
    if page.begins:
        run("DELETE FROM known_hash")
    for statement, packed in (
        ("DELETE FROM known_hash WHERE hash = ?", page.removed),
        ("INSERT OR IGNORE INTO known_hash VALUES (?)", page.added),
    ):
        if rows := [(each,) for each in hashes_in(packed)]:
            run(statement, rows)
    state.write(session, {Key.KNOWN: [page.epoch.hex(), page.key, page.next, now_ms]})


def forget(session: Session, now_ms: int) -> None:
    """Drop all of it: HQ does not tell, or not this person any more."""
    session.connection().exec_driver_sql("DELETE FROM known_hash")
    state.write(session, {Key.KNOWN: ["", b"", 0, now_ms]})


def known(session: Session, values: Mapping[str, Any]) -> Iterable[tuple[str, Message]]:
    """Yield what of these values some customer of HQ's has, with what that means."""
    _, key, _, _ = standing(session)
    if not key:
        return
    for text, reason in known_texts(values):
        number = int.from_bytes(hash_of(key, text), "big")
        query = "SELECT 1 FROM known_hash WHERE hash = ?"
        if session.connection().exec_driver_sql(query, (number,)).first() is not None:
            yield text, reason
