"""Who answers a ticket just now: said to HQ and heard from it while the ticket is open, kept nowhere."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from crm_core.errors import CrmError, Later, NotFound, Unreachable
from crm_core.i18n import N_
from crm_core.sync import codec
from crm_desktop.sync.news import LAST_RETRY_S, STOP_WAIT_S
from crm_desktop.sync.own_line import OwnLine
from crm_desktop.sync.refused import Refused

if TYPE_CHECKING:
    from crm_desktop.sync.transport import HttpHeadquarters

_log = logging.getLogger(__name__)

ASK_S: Final = 15.0  # a colleague who begins is seen so soon; HQ believes in a mark four times as long
_SILENCE_S: Final = 10.0  # later than that it would be old


class Said(msgspec.Struct, frozen=True):
    """HQ's answer."""

    users: tuple[str, ...]
    """Ids of the colleagues who write, the latest first."""


class AnsweringLine:
    """A line of its own: whoever types never waits for a round, nor a round for him."""

    def __init__(self, connect: Callable[[], HttpHeadquarters]) -> None:
        self._own = OwnLine(connect)

    def tell(self, ticket_id: str, *, writes: bool) -> tuple[str, ...]:
        """Say whether one writes an answer to a ticket; return the ids of the others who do.

        `Unreachable` where no answer comes, `NotFound` at an HQ that is older than this.
        """
        hq = self._own.open()
        path = f"/v1/answering?ticket={ticket_id}&writes={int(writes)}"
        answer = hq.carry("POST", path, b"", {}, silence_s=_SILENCE_S)
        if answer.status != 200:
            raise NotFound(N_("This HQ does not tell who is answering a ticket"))
        try:
            return codec.decode_json(answer.body, Said).users
        except codec.Malformed as error:
            raise Unreachable(
                N_("Something else than HQ answers at {address}"), address=hq.address
            ) from error

    def break_off(self) -> None:
        """End the request under way; the next has a new line."""
        self._own.break_off()


class Answering:
    """The thread that says and hears. It begins with the first ticket that is looked at."""

    def __init__(self, connect: Callable[[], HttpHeadquarters]) -> None:
        self.on_heard: Callable[[str, tuple[str, ...]], None] | None = None
        """Called from that thread with a ticket's id and the ids of the colleagues who answer it."""
        self._line = AnsweringLine(connect)
        self._wake = threading.Condition()
        self._wanted = _Look()
        self._is_stopping = False
        self._thread: threading.Thread | None = None

    def look_at(self, ticket_id: str, *, writes: bool = False) -> None:
        """Say from now on which ticket is on screen, '' for none, and whether one writes an answer to it."""
        wanted = _Look(ticket_id, writes)
        with self._wake:
            if wanted == self._wanted or self._is_stopping:
                return
            self._wanted = wanted
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="answering", daemon=True)
                self._thread.start()
            self._wake.notify_all()

    def break_off(self) -> None:
        """End the request under way; the next has a new line."""
        self._line.break_off()

    def stop(self) -> None:
        """End the thread, without waiting for HQ."""
        with self._wake:
            self._is_stopping = True
            self._wake.notify_all()
        self._line.break_off()
        if self._thread is not None:
            self._thread.join(STOP_WAIT_S)

    def _run(self) -> None:
        said, delay_s = _Look(), 0.0
        while True:
            with self._wake:
                moved = self._wake.wait_for(
                    lambda: self._is_stopping or self._wanted != said,  # noqa: B023 - asked here and now
                    delay_s if said.ticket_id else None,
                )
                if self._is_stopping:
                    return
                before, said = said, self._wanted
            if moved and before.writes and before.ticket_id != said.ticket_id:
                self._ask(_Look(before.ticket_id))
            if said.ticket_id:
                delay_s = self._ask(said)

    def _ask(self, look: _Look) -> float:
        """Say it and pass on what is heard; return after how many seconds to ask again."""
        users: tuple[str, ...] = ()
        delay_s: float = ASK_S
        try:
            users = self._line.tell(look.ticket_id, writes=look.writes)
        except Later as later:
            delay_s = max(ASK_S, later.wait_s)
        except (NotFound, Refused):
            delay_s = LAST_RETRY_S
        except CrmError as error:
            _log.info("cannot hear who answers: %s", error.message)
        except Exception:  # noqa: BLE001 - the thread must outlive a bug of ours
            _log.exception("hearing who answers broke")
            delay_s = LAST_RETRY_S
        if self.on_heard is not None:
            self.on_heard(look.ticket_id, users)
        return delay_s


class _Look(NamedTuple):
    ticket_id: str = ""
    writes: bool = False
