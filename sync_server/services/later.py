"""Mails that stay unread at the mail server for now: of a sender who writes more than a person does.

Kept in memory: whoever starts HQ anew reads them once more and leaves them again. Nothing is lost by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.times import HOUR_MS
from sync_server.services.intake import AN_HOUR_MOST


class Later:
    """The numbers of such mails by who wrote them, oldest first."""

    def __init__(self) -> None:
        self._validity = b""
        self._waiting: dict[str, list[str]] = {}
        self._until: dict[str, int] = {}

    def put(self, sender: str, uid: str, now_ms: int) -> None:
        """Leave a mail of a sender for another hour."""
        self._waiting.setdefault(sender, []).append(uid)
        if self._until.get(sender, 0) <= now_ms:
            self._until[sender] = now_ms + HOUR_MS

    def due(self, unread: Sequence[str], validity: bytes, now_ms: int) -> list[str]:
        """Return which mails to read now, in their order: of a sender who waits as many as an hour lets in.

        `validity`: another one means that the mail server counts its mails anew (RFC 3501).
        """
        if validity != self._validity:
            self._validity = validity
            self._waiting.clear()
        there = set(unread)
        left: set[str] = set()
        for sender, uids in list(self._waiting.items()):
            waiting = [uid for uid in uids if uid in there]
            if self._until[sender] <= now_ms:
                waiting = waiting[AN_HOUR_MOST:]
                self._until[sender] = now_ms + HOUR_MS
            left.update(waiting)
            self._waiting[sender] = waiting
            if not waiting:
                del self._waiting[sender], self._until[sender]
        return [uid for uid in unread if uid not in left]
