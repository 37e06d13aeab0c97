"""Laptops that speak HTTP with a real server process, without a key store or a password on the way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from crm_core.errors import Unreachable
from crm_core.sync.protocol import EnrolRequest
from crm_desktop.models.clock import Clock
from crm_desktop.models.device_tables import OutboxOp
from crm_desktop.models.replica import Replica
from crm_desktop.platform.paths import Profile
from crm_desktop.sync import enrolment
from crm_desktop.sync.engine import Engine
from crm_desktop.sync.report import RoundReport
from crm_desktop.sync.transport import HttpHeadquarters
from sync_server.services.entitlements import person_of
from tests.support.hq import visible_to
from tests.support.replicas import KEY, shown_by
from tests.support.server import RunningServer


@dataclass
class OnlineLaptop:
    """A replica and its line to a server process, by way of any address."""

    server: RunningServer
    replica: Replica
    user_id: str
    secret: str
    line: HttpHeadquarters

    def sync(self) -> RoundReport:
        """Run one full round."""
        return self.engine().run_round()

    def engine(self) -> Engine:
        """Return what runs its rounds, as the program makes it."""
        line = self.line
        return Engine(self.replica, line, counter=line.counter, patience=line.have_patience)

    def sync_until_even(self, rounds: int = 5) -> tuple[RoundReport, int]:
        """Run rounds until one ends well; return it and how many failed before."""
        for failed in range(rounds):
            try:
                return self.sync(), failed
            except Unreachable:
                continue
        raise AssertionError(f"not even after {rounds} rounds")

    def go_through(self, address: str) -> None:
        """Call HQ by another address from now on."""
        self.line.close()
        self.line = HttpHeadquarters(address, self.secret)

    def waiting(self) -> int:
        """Return how many operations wait."""
        with self.replica.read() as session:
            return session.scalar(select(func.count()).select_from(OutboxOp)) or 0

    def differences(self) -> Iterator[str]:
        """Yield how the replica differs from what its user may see by definition."""
        here = shown_by(self.replica)
        with self.server.headquarters() as hq:
            with hq.database.read() as snapshot:
                person = person_of(snapshot.connection, self.user_id)
            there = visible_to(hq.database, person)
        for key in sorted({*here, *there}):
            if here.get(key) != there.get(key):
                yield f"{key}: here {here.get(key)}, HQ {there.get(key)}"

    def reopen(self) -> None:
        """Open the replica again after `replica.close`; another process may have had it meanwhile."""
        self.replica = Replica.open(self.replica.profile, KEY, Clock())

    def close(self) -> None:
        """Let go of line and replica."""
        self.line.close()
        self.replica.close()


def online_laptop(
    server: RunningServer, template: Path, folder: Path, user: str, password: str, address: str = ""
) -> OnlineLaptop:
    """Enrol a laptop of a user; nothing is synced yet. `address` stands in for the server's own."""
    shutil.copytree(template, folder)
    with server.headquarters() as hq:
        request = EnrolRequest(user=user, password=password, device_name=folder.name, schema=1)
        answer = hq.auth.enrol(request, "127.0.0.1")
    replica = Replica.open(Profile(folder), KEY, Clock())
    with replica.applying() as session:
        enrolment.remember(session, answer, server.url)
    line = HttpHeadquarters(address or server.url, answer.secret)
    return OnlineLaptop(server, replica, answer.user_id, answer.secret, line)
