"""The next operations are on their way while the last answers are written; nothing breaks between them."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.ids import named_id
from crm_core.sync.protocol import SyncRequest, SyncResponse
from crm_desktop.models import repository
from tests.support.hq import Office
from tests.support.replicas import Cut, Laptop, Laptops, differences

CUSTOMERS = 240
TOGETHER = 15  # in one transaction, which is never split
SMALL = 1_024


@pytest.fixture
def laptop(tmp_path: Path, template: Path) -> Iterator[Laptop]:
    """Give a laptop with more to hand in than one request takes."""
    office = Office(tmp_path / "hq")
    lin = office.user("Lin", "sales")
    laptops = Laptops(tmp_path, office, template)
    made = laptops.make("lin", lin)
    made.sync()
    made.push_bytes = SMALL
    rows = [{"name": f"Heron {n}（示例）", "owner_id": lin} for n in range(CUSTOMERS)]
    for start in range(0, CUSTOMERS, TOGETHER):
        with made.replica.write() as session:
            repository.create_many(session, "customer", rows[start : start + TOGETHER])
    yield made
    laptops.close()
    office.close()


def _watch(laptop: Laptop) -> list[SyncRequest]:
    carry, seen = laptop.line.sync, []
    under_way = threading.Lock()

    def sync(request: SyncRequest) -> SyncResponse:
        assert under_way.acquire(blocking=False), "two requests at a time"
        try:
            seen.append(request)
            return carry(request)
        finally:
            under_way.release()

    laptop.line.sync = sync  # type: ignore[method-assign]
    return seen


def _numbers(request: SyncRequest) -> list[int]:
    return [op.no for txn in request.txns for op in txn.ops]


def test_every_operation_goes_up_once_and_in_its_order(laptop: Laptop) -> None:
    seen = _watch(laptop)
    report = laptop.sync()
    assert report.up_to_date
    assert report.sent == CUSTOMERS
    numbers = [no for request in seen for no in _numbers(request)]
    assert numbers == sorted(set(numbers))
    assert len([request for request in seen if request.txns]) > 3
    assert list(differences(laptop)) == []


def test_nothing_follows_what_was_refused(laptop: Laptop) -> None:
    role_id = named_id("role", "auditor")
    laptop.office.hq.update("user", laptop.user_id, {"role_id": role_id})
    seen = _watch(laptop)
    laptop.sync()
    pushed = [request for request in seen if request.txns]
    # What was sent off before an answer came would carry the nonce of the request before.
    assert len({request.nonce for request in pushed}) == len(pushed)
    assert len(laptop.returned()) == CUSTOMERS


@pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(3, 60))]
)
def test_a_line_that_breaks_between_two_loses_nothing_and_doubles_nothing(laptop: Laptop, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(60):
        cuts = [chance.choice(list(Cut)) for _ in range(chance.randrange(1, 6))]
        if (report := laptop.try_sync(*cuts)) and report.up_to_date:
            break
        if chance.random() < 0.3:
            laptop.reopen()
    assert laptop.sync().up_to_date
    assert laptop.waiting() == 0
    assert laptop.returned() == []
    assert list(differences(laptop)) == []
