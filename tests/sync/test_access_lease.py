"""A laptop that has not heard of HQ for as long as HQ allows is read, and changes nothing until it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.errors import AccessDenied
from crm_core.times import DAY_MS
from crm_desktop.models.query import ListQuery
from crm_desktop.services import drafts, records, syncing
from tests.support.hq import Office
from tests.support.replicas import Cut, Laptops

DAYS = 30


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Office]:
    """Give an HQ that wants to be heard of every thirty days."""
    made = Office(tmp_path / "hq", offline_days=DAYS)
    yield made
    made.close()


def test_after_the_last_day_everything_is_read_and_nothing_changed_until_hq_has_answered(
    tmp_path: Path, strict: Office, template: Path
) -> None:
    lin = strict.user("Lin（示例）", "sales")
    laptops = Laptops(tmp_path, strict, template)
    laptop = laptops.make("lin", lin)
    customer = strict.hq.create("customer", {"name": "Papercrane (demo)", "owner_id": lin})
    laptop.sync()
    replica = laptop.replica
    assert syncing.status(replica).works_until_ms == strict.now_ms + DAYS * DAY_MS

    strict.now_ms += DAYS * DAY_MS - 60_000
    records.update(replica, "customer", customer, {"city": "Suzhou"})
    strict.now_ms += 120_000
    for change in (
        lambda: records.update(replica, "customer", customer, {"city": "Ningbo"}),
        lambda: records.create(replica, "customer", {"name": "New (demo)"}),
        lambda: records.delete(replica, "customer", customer),
    ):
        with pytest.raises(AccessDenied, match="last heard of 30 days ago"):
            change()
    assert records.get(replica, "customer", customer)["city"] == "Suzhou"
    assert records.count(replica, ListQuery(entity="customer")) == 1
    stands = syncing.status(replica)
    assert (stands.waiting_operations, stands.read_only is not None) == (1, True)

    strict.now_ms -= 20 * DAY_MS  # a clock turned back does not lengthen it
    with pytest.raises(AccessDenied):
        records.update(replica, "customer", customer, {"city": "Ningbo"})
    strict.now_ms += 20 * DAY_MS

    drafts.keep(replica, "customer", customer, {"city": "Ningbo"})  # what is typed meanwhile is kept
    laptop.sync()
    assert strict.row("customer", customer)["city"] == "Suzhou"
    records.update(replica, "customer", customer, {"city": "Ningbo"})
    assert syncing.status(replica).read_only is None
    laptops.close()


def test_any_answer_of_hqs_counts_and_an_hq_that_sets_no_time_asks_for_none(
    tmp_path: Path, strict: Office, template: Path
) -> None:
    lin = strict.user("Lin（示例）", "sales")
    laptops = Laptops(tmp_path, strict, template)
    laptop = laptops.make("lin", lin, page_bytes=4096)
    laptop.sync()
    for number in range(600):
        strict.hq.create("customer", {"name": f"Customer {number} (demo)", "owner_id": lin})
    strict.now_ms += (DAYS + 1) * DAY_MS
    assert laptop.try_sync(Cut.NOWHERE, Cut.REQUEST) is None
    assert syncing.status(laptop.replica).last_ok_ms != strict.now_ms
    records.create(laptop.replica, "customer", {"name": "Made (demo)"})

    strict.sync._told["offline_days"] = 0
    strict.sync._told_mark += 1
    laptop.sync()
    strict.now_ms += 400 * DAY_MS
    records.create(laptop.replica, "customer", {"name": "Made a year later (demo)"})
    assert syncing.status(laptop.replica).works_until_ms is None
    laptops.close()
