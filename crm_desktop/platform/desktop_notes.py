"""Lines shown by the desktop: freedesktop.org's notifications, over the session's D-Bus. Linux alone.

https://specifications.freedesktop.org/notification-spec/1.2/
"""

from __future__ import annotations

import html
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from crm_core.errors import Unreachable
from crm_core.i18n import N_

ANSWER_S: Final = 5.0
"""A desktop that does not answer for so long shows nothing."""
CLICKED: Final = "default"
"""What the desktop calls a click on the line itself."""
_NAME: Final = "org.freedesktop.Notifications"
_PATH: Final = "/org/freedesktop/Notifications"
_HINTS: Final = {"urgency": ("y", 1), "desktop-entry": ("s", "satchel")}
_NO_LINES: Final = N_("This desktop shows no notifications")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line. `choices` are its buttons: what each is called here, and on screen."""

    token: int
    title: str
    text: str
    choices: Mapping[str, str] = field(default_factory=dict)
    shown_ms: int


def is_likely() -> bool:
    """Tell whether this machine has a session that could show a line."""
    return sys.platform == "linux" and bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS"))


class DesktopNotes:
    """Shows lines one after the other in a thread of its own, and hears what is clicked on them.

    Both callables are called in that thread: `acted` with a line's token and the choice, `failed` with the
    token of a line nobody could show.
    """

    def __init__(self, acted: Callable[[int, str], None], failed: Callable[[int], None]) -> None:
        self._acted, self._failed = acted, failed
        self._asked: queue.Queue[Any] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._closed = False

    def show(self, note: Note) -> None:
        """Have a line shown."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="desktop notes", daemon=True)
            self._thread.start()
        self._asked.put(note)

    def close(self) -> None:
        """End the thread, without waiting for it; lines that are shown stay, and nobody hears of them."""
        self._closed = True
        self._asked.put(None)

    def _run(self) -> None:
        desktop: _Desktop | None = None
        shown: dict[int, int] = {}
        while (asked := self._asked.get()) is not None:
            if isinstance(asked, Note):
                try:
                    desktop = desktop or _Desktop(self._asked)
                    shown[desktop.show(asked)] = asked.token
                except Unreachable as error:
                    log.info("no line by the desktop: %s", error.__cause__)
                    if desktop is not None:
                        desktop.close()  # the next line is tried with a new connection
                    desktop = None
                    if not self._closed:
                        self._failed(asked.token)
            elif desktop is not None and (clicked := desktop.clicked(asked)) is not None:
                number, choice = clicked
                if number in shown and not self._closed:
                    self._acted(shown.pop(number), choice)
        if desktop is not None:
            desktop.close()


class _Desktop:
    """The connection to what shows the lines; its signals go into a queue."""

    def __init__(self, signals: queue.Queue[Any]) -> None:
        """Connect. `Unreachable` where there is no session, or nothing in it that shows lines."""
        try:
            import jeepney  # noqa: PLC0415 - other systems have none, and most starts never need it
            from jeepney.bus_messages import MatchRule, message_bus  # noqa: PLC0415
            from jeepney.io.common import RouterClosed  # noqa: PLC0415
            from jeepney.io.threading import DBusRouter, open_dbus_connection  # noqa: PLC0415
        except ImportError as error:
            raise Unreachable(_NO_LINES) from error
        self._jeepney = jeepney
        self._broken = (OSError, TimeoutError, RouterClosed)
        self._address = jeepney.DBusAddress(_PATH, bus_name=_NAME, interface=_NAME)
        try:
            self._router = DBusRouter(open_dbus_connection(bus="SESSION"))
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            raise Unreachable(_NO_LINES) from error
        try:
            rule = MatchRule(type="signal", interface=_NAME, member="ActionInvoked", path=_PATH)
            self._router.filter(rule, queue=signals)
            self._send(message_bus.AddMatch(rule))
            (able,) = self._send(jeepney.new_method_call(self._address, "GetCapabilities")).body
        except Unreachable:
            self.close()
            raise
        self._marks_up = "body-markup" in able
        self._has_buttons = "actions" in able

    def show(self, note: Note) -> int:
        """Show a line and return the desktop's number for it. `Unreachable` where it does not answer."""
        # Names come from anybody: what looks like markup is not to be taken as such.
        text = html.escape(note.text, quote=False) if self._marks_up else note.text
        choices = [word for pair in note.choices.items() for word in pair] if self._has_buttons else []
        given = ("Satchel", 0, "", note.title, text, choices, _HINTS, note.shown_ms)
        call = self._jeepney.new_method_call(self._address, "Notify", "susssasa{sv}i", given)
        return int(self._send(call).body[0])

    def clicked(self, signal: Any) -> tuple[int, str] | None:
        """Return the number of a line and the choice, of a signal that says so."""
        body = signal.body
        well = len(body) == 2 and isinstance(body[0], int) and isinstance(body[1], str)
        return (body[0], body[1]) if well else None

    def close(self) -> None:
        """Hang up."""
        self._router.close()
        self._router.conn.close()

    def _send(self, call: Any) -> Any:
        try:
            answer = self._router.send_and_get_reply(call, timeout=ANSWER_S)
        except self._broken as error:
            raise Unreachable(_NO_LINES) from error
        if answer.header.message_type is self._jeepney.MessageType.error:
            raise Unreachable(_NO_LINES) from RuntimeError(str(answer.body))
        return answer
