"""Who should do a task, and why."""

from __future__ import annotations

from crm_core.rules.suggesting import Colleague, ranked


def names(*colleagues: Colleague) -> list[str]:
    return [each.name for each in ranked(colleagues)]


def test_who_has_less_to_do_goes_first_and_late_work_counts_twice() -> None:
    free = Colleague(user_id="1", name="free")
    busy = Colleague(user_id="2", name="busy", open_tasks=3)
    late = Colleague(user_id="3", name="late", open_tasks=2, late_tasks=2)
    assert names(late, busy, free) == ["free", "busy", "late"]


def test_who_knows_the_customer_goes_before_who_is_merely_free_unless_he_drowns() -> None:
    free = Colleague(user_id="1", name="free")
    knows = Colleague(user_id="2", name="knows", open_tasks=3, with_customer=2)
    drowns = Colleague(user_id="3", name="drowns", open_tasks=60, with_customer=50, same_kind_done=500)
    assert names(free, drowns, knows) == ["knows", "free", "drowns"]
    assert "3 open" in str(knows.reason)
    assert "2 with this customer" in str(knows.reason)
