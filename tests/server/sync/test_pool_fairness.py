"""A customer comes back to who had it where a visit made in time would have kept it, told late too."""

from __future__ import annotations

import random

import pytest

from crm_core.times import DAY_MS
from sync_server.services.recycling import recycle
from tests.support.claims import CUSTOMERS, laptop_of
from tests.support.hq import Office

DAYS = 30
HALF = DAY_MS // 2


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 12))])
def test_a_visit_counts_at_its_own_time_whenever_hq_hears_of_it(sqlite_office: Office, seed: int) -> None:
    office, chance = sqlite_office, random.Random(seed)
    CUSTOMERS.rule(office, contact_days=DAYS, remind_days=7)
    lin, wang = laptop_of(office, "Lin"), laptop_of(office, "Wang")
    begun = office.now_ms
    held = {lin.create("customer", {"name": f"Customer {n}"}): chance.randrange(1, 45) for n in range(12)}
    lin.sync()
    office.now_ms = begun + (DAYS - 6) * DAY_MS
    assert recycle(office.database, office.now_ms).warned == len(held)
    office.now_ms = begun + (DAYS + 1) * DAY_MS + HALF
    assert recycle(office.database, office.now_ms).returned == len(held)
    returned = office.now_ms
    office.now_ms += 20 * DAY_MS
    wang.sync()
    for customer, day in held.items():
        visit = {"kind": "visit", "subject": "Visit", "happened_at": begun + day * DAY_MS, "done": True}
        lin.create("activity", {**visit, "customer_id": customer})
    lin.sync()
    back = {each for each in held if office.row("customer", each)["owner_id"] == lin.user_id}
    visited = {each: begun + day * DAY_MS for each, day in held.items()}
    assert back == {each for each, at in visited.items() if at <= returned < at + DAYS * DAY_MS}
    assert 0 < len(back) < len(held)
    wang.sync()
    assert wang.replica == office.projection(wang.user_id)
