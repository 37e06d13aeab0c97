"""Fetching what HQ tells of customers out of sight: after a round, seldom, and only what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from crm_core.errors import NotFound, Unreachable
from crm_core.i18n import N_
from crm_core.rules.known import KnownPage
from crm_core.sync import codec
from crm_desktop.models import known
from crm_desktop.models.replica import Replica
from crm_desktop.sync.report import Cancelled, never

if TYPE_CHECKING:
    from crm_desktop.sync.transport import HttpHeadquarters

EVERY_MS: Final = 10 * 60 * 1000
_SILENCE_S: Final = 60.0  # HQ hashes a hundred thousand customers when it is first asked


class KnownLine(Protocol):
    """Asks HQ for a page; `NotFound` where it tells this laptop nothing."""

    def __call__(self, since: int, epoch: str) -> KnownPage:
        """Return what changed since there."""


def fetch_if_due(replica: Replica, hq: HttpHeadquarters, cancelled: Cancelled = never) -> None:
    """Fetch what changed where the last time is some minutes ago."""
    with replica.read() as session:
        at_ms = known.standing(session)[3]
    if not 0 <= replica.clock.now_ms() - at_ms < EVERY_MS:
        fetch(replica, over(hq), cancelled)


def fetch(replica: Replica, line: KnownLine, cancelled: Cancelled = never) -> None:
    """Fetch what changed, page by page; what is here goes where HQ tells nothing. `Unreachable`."""
    more = True
    while more and not cancelled():
        with replica.read() as session:
            epoch, _, since, _ = known.standing(session)
        try:
            page = line(since, epoch)
        except NotFound:
            with replica.applying() as session:
                known.forget(session, replica.clock.now_ms())
            return
        with replica.applying() as session:
            known.apply(session, page, replica.clock.now_ms())
        more = page.more


def over(hq: HttpHeadquarters) -> KnownLine:
    """Return the line over HTTP."""

    def ask(since: int, epoch: str) -> KnownPage:
        answer = hq.carry("GET", f"/v1/known?since={since}&epoch={epoch}", b"", {}, silence_s=_SILENCE_S)
        if answer.status != 200:  # an older HQ knows nothing of it
            raise NotFound(N_("This HQ does not tell of customers held by others"))
        try:
            return codec.decode(answer.body, KnownPage)
        except codec.Malformed as error:
            raise Unreachable(
                N_("Something else than HQ answers at {address}"), address=hq.address
            ) from error

    return ask
