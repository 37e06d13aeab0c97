"""Work handed in by portions over a line that breaks: a repetition may be smaller than what was lost."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from crm_core.sync.protocol import SyncRequest, SyncResponse
from crm_desktop.services import records
from crm_desktop.sync.pace import LEAST_BYTES, MOST_UP_BYTES
from tests.support.hq import Office
from tests.support.replicas import Cut, Laptop, Laptops, differences, settle_all

SEEDS = int(os.environ.get("SATCHEL_PORTION_SEEDS", "1"))
CUSTOMERS = 8
LONG = 900  # characters a value: a portion of the least size holds about six


def word(chance: random.Random) -> str:
    return f"zq{chance.getrandbits(32):08x}" * (LONG // 10)


@pytest.fixture
def both(office: Office, laptops: Laptops) -> tuple[Laptop, Laptop]:
    manager = office.user("Ann", "admin")
    pair = laptops.make("lin", manager), laptops.make("ann", manager)
    for _ in range(CUSTOMERS):
        office.hq.create("customer", {"name": "Heron（示例）", "tags": ["new"]})
    settle_all([*pair], rounds=1)
    return pair


@pytest.mark.parametrize("seed", range(SEEDS))
def test_answers_of_a_repetition_cut_in_portions_never_undo_what_came_later(
    both: tuple[Laptop, Laptop], office: Office, seed: int
) -> None:
    chance = random.Random(seed)
    customers = [row for entity, row in both[0].projection() if entity == 10]
    assert len(customers) == CUSTOMERS
    for _ in range(5):
        for laptop in both:
            office.now_ms += chance.randrange(1, 5_000)
            for customer in chance.sample(customers, 5):
                field = chance.choice(("notes", "address", "payment_terms"))
                records.update(laptop.replica, "customer", customer, {field: word(chance)})
            if chance.random() < 0.5:
                tags = [chance.choice(("vip", "fair", "new")), "kept"]
                records.update(laptop.replica, "customer", chance.choice(customers), {"tags": tags})
            # First in one piece, whose answer is lost; then again and again in small ones.
            laptop.push_bytes = MOST_UP_BYTES
            laptop.try_sync(chance.choice([Cut.ANSWER, Cut.REQUEST]))
            laptop.push_bytes = LEAST_BYTES
            for _ in range(chance.randrange(3)):
                laptop.try_sync(*[chance.choice([*Cut]) for _ in range(4)])
    settle_all([*both])
    assert [*differences(both[0]), *differences(both[1])] == []


def test_no_news_are_asked_for_before_everything_that_may_have_left_is_answered(
    both: tuple[Laptop, Laptop], tmp_path: Path
) -> None:
    lin = both[0]
    chance = random.Random(1)
    customers = [row for entity, row in lin.projection() if entity == 10]
    for customer in customers:
        for field in ("notes", "payment_terms"):
            records.update(lin.replica, "customer", customer, {field: word(chance)})
    lin.try_sync(Cut.ANSWER)
    asked: list[SyncRequest] = []
    carry = lin.line.sync

    def sync(request: SyncRequest) -> SyncResponse:
        asked.append(request)
        return carry(request)

    lin.line.sync = sync  # type: ignore[method-assign]
    lin.push_bytes = LEAST_BYTES
    assert lin.sync().up_to_date
    assert [request.pull for request in asked if request.txns] == [False] * (len(asked) - 1) + [True]
    assert len(asked) > 1
