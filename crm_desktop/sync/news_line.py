"""HQ's news for an open profile, on a line of their own: a round never waits for one that waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from crm_desktop.models import state
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.sync.own_line import OwnLine

if TYPE_CHECKING:
    from crm_desktop.sync.transport import HttpHeadquarters


class NewsLine:
    """What `Listener` waits by. `connect` makes a line to HQ, once the laptop is known there."""

    def __init__(self, replica: Replica, connect: Callable[[], HttpHeadquarters]) -> None:
        self._replica = replica
        self._line = OwnLine(connect)

    def token(self) -> bytes:
        """Return where this laptop stands."""
        with self._replica.read() as session:
            found: bytes = state.read(session, Key.TOKEN)
        return found

    def wait(self, token: bytes, is_wanted: Callable[[], bool]) -> bool:
        """Tell whether HQ holds something after `token`, when it does or after a while."""
        line = self._line.open()
        # Asked only now: whoever stops wanting it from here on finds a line to break off.
        return is_wanted() and line.wait_for_news(token)

    def break_off(self) -> None:
        """End the wait under way; the next has a new line."""
        self._line.break_off()
