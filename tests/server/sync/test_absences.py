"""Some years of random work and random absences, HQ forgetting all the while: nothing lost, nothing twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.ids import named_id
from crm_core.times import DAY_MS
from sync_server.services import forgetting
from sync_server.store.tables import Grave, OpLog, OpSeen, table_of
from tests.support.hq import Office

DAY = DAY_MS
KEEP = 180

ROLES = ("sales", "sales_manager", "finance", "admin")


class Years:
    """Random work on laptops that are away at random, over some years, HQ keeping house all the while."""

    def __init__(self, office: Office, seed: int) -> None:
        self.office, self.random = office, Random(seed)
        self.teams = [office.hq.create("team", {"name": name}) for name in ("North", "South")]
        self.users = [
            office.user(name, role, team_id=self.teams[index % 2])
            for index, (name, role) in enumerate(
                (("Lin", "sales"), ("Maya", "sales_manager"), ("Wang", "sales"))
            )
        ]
        self.laptops = [office.laptop(self.users[index % 3]) for index in range(5)]
        self.deleted: set[str] = set()
        self.made: set[str] = set()

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self.random.choice(
                [
                    self.work,
                    self.work,
                    self.work,
                    self.contact,
                    self.contact,
                    self.move,
                    self.change,
                    self.wait,
                ]
            )()
        for _ in range(3):
            for laptop in self.laptops:
                laptop.sync()

    def wait(self) -> None:
        self.office.now_ms += self.random.choice((1, 1, 20, 100, 200)) * DAY
        forgetting.forget(self.office.database, KEEP, self.office.now_ms)

    def contact(self) -> None:
        laptop = self.random.choice(self.laptops)
        fate = self.random.random()
        if fate < 0.25:
            laptop.send(laptop.request())  # the answer is lost
        elif fate < 0.4:
            laptop.apply(laptop.send(laptop.request(want_bytes=2048)))
        else:
            laptop.sync(want_bytes=self.random.choice((2048, 1 << 20)))

    def customers(self) -> list[str]:
        with self.office.database.read() as snapshot:
            table = SCHEMAS["customer"].table
            return list(snapshot.connection.execute(select(table.c.id).order_by(table.c.id)).scalars())

    def move(self) -> None:
        ids = self.customers()
        if ids:
            self._tried(
                lambda: self.office.hq.update(
                    "customer", self.random.choice(ids), {"owner_id": self.random.choice(self.users)}
                )
            )

    def change(self) -> None:
        values = self.random.choice(
            [
                {"role_id": named_id("role", self.random.choice(ROLES))},
                {"team_id": self.random.choice(self.teams)},
            ]
        )
        self.office.hq.update("user", self.random.choice(self.users), values)

    def work(self) -> None:
        laptop = self.random.choice(self.laptops)
        held = sorted(row_id for entity, row_id in laptop.replica if entity == 10)
        if not held or self.random.random() < 0.3:
            self.made.add(laptop.create("customer", {"name": f"C{len(self.made)}"}))
            return
        row = self.random.choice(held)
        what = self.random.choice(("set", "set", "tag", "untag", "delete", "contact", "restore"))
        if what == "set":
            laptop.set("customer", row, "industry", f"{laptop.device}.{laptop.last_op}")
        elif what == "tag":
            laptop.tag("customer", row, self.random.choice("abc"))
        elif what == "untag":
            laptop.untag("customer", row, self.random.choice("abc"))
        elif what == "contact":
            laptop.create("contact", {"name": "何苗", "customer_id": row})
        elif (laptop.life("customer", row) % 2 == 1) == (what == "delete"):
            laptop.delete("customer", row) if what == "delete" else laptop.restore("customer", row)

    def _tried(self, work: Callable[[], Any]) -> None:
        with suppress(UserError):  # HQ may say no, as its rules have it
            work()

    def problems(self) -> list[str]:
        found = []
        for laptop in self.laptops:
            expected = self.office.projection(laptop.user_id)
            found += [
                f"laptop {laptop.device} {key}: {laptop.replica.get(key)} should be {expected.get(key)}"
                for key in laptop.replica.keys() | expected.keys()
                if laptop.replica.get(key) != expected.get(key)
            ]
            if laptop.outbox or len(laptop.answers) != laptop.last_op:
                found.append(f"laptop {laptop.device}: an operation has no answer")
        with self.office.database.read() as snapshot:
            run = snapshot.connection.execute
            graves = {row.row_id for row in run(select(table_of(Grave)))}
            if graves & set(self.customers()):
                found.append("a record came back from its grave")
            ops, seen = table_of(OpLog), table_of(OpSeen)
            took = list(run(select(ops.c.payload_sha).where(ops.c.device > 0, ops.c.seq > 0)).scalars())
            if len(set(took)) < len(took) or set(took) & set(run(select(seen.c.payload_sha)).scalars()):
                found.append("an operation took effect twice")
        return found


def assert_years_end_even(office: Office, seed: int, steps: int) -> None:
    years = Years(office, seed)
    years.run(steps)
    assert years.problems() == [], f"seed {seed}"


def test_random_absences_lead_to_the_same_and_double_nothing(sqlite_office: Office) -> None:
    assert_years_end_even(sqlite_office, int(os.environ.get("SATCHEL_ABSENCES_SEED", "0")), 30)
    with sqlite_office.database.read() as snapshot:
        assert snapshot.floor > 0


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 1 + int(os.environ.get("SATCHEL_ABSENCES", "40"))))
def test_many_random_absences_lead_to_the_same_and_double_nothing(office: Office, seed: int) -> None:
    assert_years_end_even(office, seed, 120)
