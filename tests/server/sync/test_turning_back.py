"""HQ whose machine's clock ran a year ahead: it starts again, and edits of now count again."""

from __future__ import annotations

import pytest

from crm_core.errors import UserError
from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from sync_server.services.turning_back import turn_back
from tests.support.hq import Office


def test_a_clock_that_ran_ahead_is_turned_back_and_edits_count_again(office: Office) -> None:
    lin = office.laptop(office.user("Lin", "admin"))
    early = lin.create("customer", {"name": "Early"})
    lin.sync()
    right = office.now_ms
    office.now_ms += 365 * DAY_MS
    lin.set("customer", early, "name", "A year ahead")
    late = lin.create("customer", {"name": "Late"})
    lin.sync()
    office.now_ms += DAY_MS
    lin.set("customer", late, "name", "A day later still")
    lin.sync()
    office.now_ms = right + 60_000
    with pytest.raises(UserError, match="turn-clock-back"):
        office.sync.demand_clock()
    maya = office.laptop(office.user("Maya", "admin"))
    assert turn_back(office.database, office.now_ms) > 364 * DAY_MS
    assert turn_back(office.database, office.now_ms) == 0
    office.sync.demand_clock()
    office.now_ms += 5_000
    maya.sync()
    assert [(maya.shown("customer", each) or {})["name"] for each in (early, late)] == [
        "A year ahead",
        "A day later still",
    ]
    changes = [maya.set("customer", each, "name", "Of now") for each in (early, late)]
    maya.sync()
    assert [maya.code(number) for number in changes] == [Code.APPLIED] * 2
    lin.set("customer", early, "phone", "+86 21 5550 0000")
    lin.sync()
    assert (office.row("customer", early)["name"], office.row("customer", late)["name"]) == ("Of now",) * 2
    assert office.row("customer", late)["updated_at"] <= office.now_ms
    fresh = office.laptop(lin.user_id)
    fresh.sync()
    assert fresh.replica == office.projection(lin.user_id)
