"""Records that may be the same: found on the laptop among what it holds, and told by a task of HQ's."""

from __future__ import annotations

from crm_desktop.services import customers, forms, records
from crm_desktop.services.twins import all_twins, twins
from tests.support.hq import Office
from tests.support.replicas import Laptops, differences, settle_all


def test_who_sees_both_is_led_from_the_task_to_both(office: Office, laptops: Laptops) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    boss = laptops.make("boss", office.user("Boss", "admin"))
    settle_all([lin, boss], 1)
    first = records.create(lin.replica, "customer", {"name": "纸鹤食品（示例）", "tax_number": "9133-01 AB"})
    second = records.create(boss.replica, "customer", {"name": "Paper Crane", "tax_number": "913301ab"})
    settle_all([lin, boss])
    assert [line for laptop in (lin, boss) for line in differences(laptop)] == []
    assert lin.returned() == boss.returned() == []
    (told,) = office.hq.find("activity", "kind", "task")
    setup = forms.open_form(boss.replica, "activity", told[0])
    assert setup.titles["about_id"] == "Paper Crane"
    assert [(twin.record_id, twin.label) for twin in setup.twins] == [(first.value.id, "Tax number")]
    assert [twin.title for twin in twins(boss.replica, "customer", first.value.id)] == ["Paper Crane"]
    assert [twin.record_id for twin in customers.overview(boss.replica, second.value.id).twins] == [
        first.value.id
    ]
    ((one, other),) = all_twins(boss.replica, "customer")
    assert {one.id, other.record_id} == {first.value.id, second.value.id}
    assert all_twins(lin.replica, "customer") == ()
    records.delete(boss.replica, "customer", second.value.id)
    assert twins(boss.replica, "customer", first.value.id) == ()
