"""Who is looked at when the feed moves: whoever may be concerned, and hardly anybody else."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crm_core.ids import named_id
from sync_server.api import newsroom
from sync_server.api.newsroom import Newsroom, _Waiter
from sync_server.services.auth import Auth, DeviceSession
from sync_server.services.hearing import ever_of, touched_after
from tests.support.hq import Laptop, Office

STEPS, SOAK_STEPS = 8, 200


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.soak])])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """Give an HQ on each engine."""
    url = request.getfixturevalue("tabled_postgres") if request.param == "postgres" else None
    opened = Office(tmp_path / "hq", url)
    yield opened
    opened.close()


class Counting(Newsroom):
    """A newsroom that notes whom it looked at by himself."""

    def __init__(self, office: Office) -> None:
        parts: Any = SimpleNamespace(
            database=office.database, sync=office.sync, auth=Auth(office.database, office.settings)
        )
        super().__init__(parts)
        self.looked_at: list[int] = []

    def _unheard(self, waiter: _Waiter) -> bytes | None:
        self.looked_at.append(waiter.session.device_id)
        return super()._unheard(waiter)


def waiter_of(laptop: Laptop) -> _Waiter:
    """Return a laptop as one that waits."""
    answer: Any = asyncio.get_running_loop().create_future()
    return _Waiter(DeviceSession(device_id=laptop.device, user_id=laptop.user_id), laptop.token, answer)


async def look(room: Counting, waiters: list[_Waiter]) -> list[int]:
    """Look once at all; return who was looked at by himself."""
    room.looked_at = []
    room._look_at_all(asyncio.get_running_loop(), waiters)
    await asyncio.sleep(0)
    return room.looked_at


def test_only_those_are_looked_at_whose_scopes_were_touched(office: Office) -> None:
    people = [office.user(f"人 {number}", "sales") for number in range(12)]
    laptops = [office.laptop(user_id) for user_id in people]
    for laptop in laptops:
        laptop.sync()

    async def wait() -> None:
        room = Counting(office)
        waiters = [waiter_of(laptop) for laptop in laptops]
        assert len(await look(room, waiters)) == len(waiters)  # each once, when it comes
        assert await look(room, waiters) == []
        row = office.hq.create("customer", {"name": "有消息", "owner_id": people[3]})
        assert await look(room, waiters) == [laptops[3].device]
        assert [waiter.answer.done() for waiter in waiters].index(True) == 3
        # Who loses a record is told too, though it lies in none of his scopes any more.
        laptops[3].sync()
        waiters[3] = waiter_of(laptops[3])
        await look(room, waiters)
        office.hq.update("customer", row, {"owner_id": people[4]})
        assert sorted(await look(room, waiters)) == [laptops[3].device, laptops[4].device]
        assert waiters[3].answer.result()
        assert waiters[4].answer.result()

    asyncio.run(wait())


@pytest.mark.parametrize("office", ["sqlite"], indirect=True)
def test_whoever_is_left_out_would_have_been_told_nothing(office: Office) -> None:
    _edit_at_random(office, STEPS)


@pytest.mark.soak
def test_in_hundreds_of_edits_nobody_is_passed_over(office: Office) -> None:
    _edit_at_random(office, SOAK_STEPS)


def _edit_at_random(office: Office, steps: int) -> None:
    """Let random people edit: nobody a round would bring something may be passed over."""
    chance = random.Random(11)
    team = office.hq.create("team", {"name": "东区"})
    roles = ["sales", "sales_manager", "finance", "admin", "sales", "service"]
    people = [office.user(f"{role} {n}", role, team_id=team) for n, role in enumerate(roles)]
    laptops = [office.laptop(user_id) for user_id in people]
    rows = [office.hq.create("customer", {"name": f"{n}", "owner_id": people[n % 2]}) for n in range(6)]
    for laptop in laptops:
        laptop.sync()

    async def wait() -> int:
        room, left_out = Counting(office), 0
        waiters = [waiter_of(laptop) for laptop in laptops]
        await look(room, waiters)
        for step in range(steps):
            _change_something(office, chance, people, rows, laptops, step)
            looked_at = await look(room, waiters)
            for number, laptop in enumerate(laptops):
                waiter = waiters[number]
                if waiter.answer.done():
                    laptop.sync()
                    waiters[number] = waiter_of(laptop)
                elif laptop.device not in looked_at:
                    left_out += 1
                    assert office.sync.unheard(waiter.session, waiter.token) is not None, step
            room._looked = None if chance.random() < 0.1 else room._looked
        return left_out

    assert asyncio.run(wait()) > steps // 4  # else nothing was saved


def _change_something(
    office: Office,
    chance: random.Random,
    people: list[str],
    rows: list[str],
    laptops: list[Laptop],
    step: int,
) -> None:
    row = chance.choice(rows)
    what = chance.randrange(6)
    if what == 0:
        office.hq.update("customer", row, {"owner_id": chance.choice(people)})
    elif what == 1:
        office.hq.update("customer", row, {"notes": f"{step}", "phone": f"+86 21 {step:05d}"})
    elif what == 2:
        values = {"customer_id": row, "pipeline_id": office.pipeline, "stage_id": office.stages["open"]}
        office.hq.create("deal", {"name": f"{step}", "owner_id": chance.choice(people), **values})
    elif what == 3:
        rows.append(office.hq.create("customer", {"name": f"{step}", "owner_id": chance.choice(people)}))
    elif what == 4:
        laptop = chance.choice(laptops)
        if (10, row) in laptop.replica:
            laptop.set("customer", row, "notes", f"{step}")
            laptop.sync()
    elif chance.random() < 0.3:
        office.hq.update("user", chance.choice(people[:3]), {"role_id": named_id("role", "sales_manager")})


def test_more_than_can_be_looked_through_concerns_everybody(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = office.user("lin", "sales")
    laptop = office.laptop(user_id)
    laptop.sync()
    with office.database.read() as snapshot:
        head = snapshot.head
    for number in range(5):
        office.hq.create("customer", {"name": f"{number}", "owner_id": user_id})
    monkeypatch.setattr("sync_server.services.hearing.AT_ONCE", 3)
    with office.database.read() as snapshot:
        touched = touched_after(snapshot, head)
        assert touched is not None
        assert touched.may_concern(laptop.device, ever_of(snapshot.connection, user_id))
        monkeypatch.setattr("sync_server.services.hearing.MOST", 3)
        assert touched_after(snapshot, head) is None


def test_a_shut_out_laptop_is_told_to_make_its_round_whatever_happened(office: Office) -> None:
    laptop = office.laptop(office.user("lin", "sales"))
    laptop.sync()

    async def wait() -> bool:
        room = Counting(office)
        waiter = waiter_of(laptop)
        await look(room, [waiter])
        Auth(office.database, office.settings).revoke(laptop.device, wipe=False)
        room._doors_at = -newsroom.DOORS_S
        await look(room, [waiter])
        return waiter.answer.result()

    assert asyncio.run(wait())
