"""Calendars between real replicas: people put on an activity, and one series changed by two at once."""

from __future__ import annotations

import datetime

from crm_core.rules.recurrence import moment_of
from crm_desktop.platform.time_zone import usual_zone
from crm_desktop.services import calendar_period, delegating, planning, records
from crm_desktop.services.calendar_period import CalendarItem
from crm_desktop.services.planning import Which
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all

MONDAY = datetime.date(2027, 3, 1)
DAY = datetime.timedelta(days=1)


def at(day: datetime.date, hour: int) -> int:
    return moment_of(day, datetime.time(hour), usual_zone())


def week(laptop: Laptop) -> tuple[CalendarItem, ...]:
    return calendar_period.period(laptop.replica, at(MONDAY, 0), at(MONDAY + 7 * DAY, 0))


def said(laptop: Laptop) -> list[str]:
    return [
        f"{datetime.datetime.fromtimestamp(i.begins_ms / 1000, usual_zone()):%a %H} {i.done}"
        for i in week(laptop)
    ]


def test_who_is_put_on_a_series_sees_it_ticks_off_a_time_and_both_changes_stand(
    office: Office, laptops: Laptops
) -> None:
    lin_id, wang_id = office.user("Lin", "sales"), office.user("Wang", "sales")
    customer = office.hq.create("customer", {"name": "Tin Kettle", "owner_id": lin_id})
    lin, wang = laptops.make("lin", lin_id), laptops.make("wang", wang_id)
    settle_all([lin, wang], 1)
    series = records.create(
        lin.replica,
        "activity",
        {
            "kind": "task",
            "subject": "Round",
            "customer_id": customer,
            "due_at": at(MONDAY, 9),
            "repeats": "FREQ=DAILY;COUNT=4",
        },
    ).value.id
    settle_all([lin, wang])
    assert week(wang) == ()
    assert not delegating.give(lin.replica, series, wang_id).value.handed_over, "sales may not hand over"
    settle_all([lin, wang])
    assert said(wang) == ["Mon 09 False", "Tue 09 False", "Wed 09 False", "Thu 09 False"]
    assert week(wang)[0].customer_name == "", "of the customer he sees nothing"

    office.now_ms += 5_000
    planning.tick(wang.replica, f"{series}@2027-03-02", True)
    planning.move(lin.replica, f"{series}@2027-03-03", at(MONDAY + 2 * DAY, 15))
    planning.remove(lin.replica, f"{series}@2027-03-04", Which.THIS)
    settle_all([lin, wang])
    # What lin moved is his own record; wang is on it, as on the series.
    for laptop in (lin, wang):
        assert said(laptop) == ["Mon 09 False", "Tue 09 True", "Wed 15 False"]
        assert laptop.returned() == []
    ticked = next(item for item in week(lin) if item.done)
    assert records.get(lin.replica, "activity", ticked.id).get("done_by") == wang_id
    assert [each for laptop in (lin, wang) for each in differences(laptop)] == []
