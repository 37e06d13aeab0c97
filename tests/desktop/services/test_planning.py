"""The calendar: what stands in a week, moving and repeating, one time of a series and all of them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from crm_core.errors import Invalid
from crm_core.rules.recurrence import moment_of, parse_repeat
from crm_core.rules.typed_moment import read_moment
from crm_core.schema.field import Plain
from crm_core.times import HOUR_MS
from crm_desktop.assembly import App
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.platform.time_zone import usual_zone
from crm_desktop.services import activities, calendar_period, delegating, planning, records
from crm_desktop.services.calendar_period import CalendarItem
from crm_desktop.services.planning import Which
from tests.support.desktop import empty_app

MONDAY = datetime.date(2027, 3, 1)
DAY = datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give a profile of which every test uses a year of its own."""
    opened = empty_app(Path(tmp_path_factory.mktemp("planning")))
    yield opened
    opened.close()


@pytest.fixture
def replica(app: App) -> Iterator[Replica]:
    """Give a replica without activities."""
    yield app.replica
    for made in records.page(app.replica, ListQuery(entity="activity", limit=200)).rows:
        records.delete(app.replica, "activity", made.id)


def at(day: datetime.date, hour: int = 9, minute: int = 0, zone: ZoneInfo | None = None) -> int:
    return moment_of(day, datetime.time(hour, minute), zone or usual_zone())


def make(replica: Replica, subject: str, **values: Plain) -> str:
    return records.create(replica, "activity", {"kind": "visit", "subject": subject, **values}).value.id


def week(replica: Replica, first: datetime.date = MONDAY, days: int = 7) -> tuple[CalendarItem, ...]:
    return calendar_period.period(replica, at(first, 0), at(first + days * DAY, 0))


def said(items: tuple[CalendarItem, ...]) -> list[str]:
    return [
        f"{datetime.datetime.fromtimestamp(item.begins_ms / 1000, usual_zone()):%m-%d %H:%M} {item.subject}"
        for item in items
    ]


def test_a_week_holds_what_begins_in_it_and_what_lasts_into_it(replica: Replica) -> None:
    make(replica, "visit", due_at=at(MONDAY), duration_minutes=90)
    make(replica, "before", due_at=at(MONDAY - DAY, 12))
    make(replica, "all night", due_at=at(MONDAY - DAY, 23), duration_minutes=120)
    make(
        replica, "fair", kind="meeting", due_at=at(MONDAY - 5 * DAY), all_day=True, duration_minutes=10 * 1440
    )
    make(replica, "after", due_at=at(MONDAY + 7 * DAY, 0))
    make(replica, "a note", kind="note", due_at=at(MONDAY))
    make(replica, "called", kind="call", happened_at=at(MONDAY + DAY, 15))
    items = week(replica)
    assert [item.subject for item in items] == ["fair", "all night", "visit", "called"]
    assert items[0].first_day == MONDAY - 5 * DAY
    assert items[0].last_day == MONDAY + 4 * DAY
    assert items[2].ends_ms - items[2].begins_ms == 90 * 60_000


def test_a_whole_day_is_late_only_when_it_is_over(replica: Replica) -> None:
    make(replica, "report", kind="task", due_at=at(MONDAY, 9), all_day=True)
    item = week(replica)[0]
    assert item.first_day == MONDAY
    assert not item.is_late(at(MONDAY, 23))
    assert item.is_late(at(MONDAY + DAY, 0))


def test_one_time_of_a_series_is_moved_and_comes_back(replica: Replica) -> None:
    series = make(replica, "round", due_at=at(MONDAY), repeats="FREQ=WEEKLY;BYDAY=MO,TH")
    assert said(week(replica)) == ["03-01 09:00 round", "03-04 09:00 round"]
    thursday = week(replica)[1].key
    moved = planning.move(replica, thursday, at(MONDAY + 4 * DAY, 14)).value
    assert said(week(replica)) == ["03-01 09:00 round", "03-05 14:00 round"]
    assert records.get(replica, "activity", series).get("skipped") == ["2027-03-04"]
    planning.take_back(replica, moved)
    assert said(week(replica)) == ["03-01 09:00 round", "03-04 09:00 round"]


def test_this_and_the_following_times_leave_the_earlier_ones(replica: Replica) -> None:
    make(replica, "round", due_at=at(MONDAY), repeats="FREQ=DAILY;COUNT=5")
    wednesday = week(replica)[2].key
    planned = planning.change(replica, wednesday, {"due_at": at(MONDAY + 2 * DAY, 11)}, Which.FOLLOWING).value
    assert said(week(replica)) == [
        "03-01 09:00 round",
        "03-02 09:00 round",
        "03-03 11:00 round",
        "03-04 11:00 round",
        "03-05 11:00 round",
    ]
    planning.take_back(replica, planned)
    assert len(week(replica)) == 5
    assert {item.key.partition("@")[0] for item in week(replica)} == {wednesday.partition("@")[0]}


def test_all_times_move_to_another_day_of_the_week(replica: Replica) -> None:
    make(replica, "round", due_at=at(MONDAY), repeats="FREQ=WEEKLY;BYDAY=MO,WE")
    wednesday = week(replica)[1].key
    planning.remove(replica, week(replica, MONDAY + 7 * DAY)[0].key)
    planning.move(replica, wednesday, at(MONDAY + 3 * DAY, 10), Which.ALL)
    assert said(week(replica, MONDAY, 14)) == ["03-02 10:00 round", "03-04 10:00 round", "03-11 10:00 round"]


def test_a_time_left_out_stays_left_out_and_a_series_can_end(replica: Replica) -> None:
    make(replica, "round", due_at=at(MONDAY), repeats="FREQ=DAILY")
    planning.remove(replica, week(replica)[1].key)
    planning.remove(replica, week(replica)[3].key, Which.FOLLOWING)
    assert said(week(replica)) == ["03-01 09:00 round", "03-03 09:00 round", "03-04 09:00 round"]
    planning.remove(replica, week(replica)[0].key, Which.ALL)
    assert week(replica) == ()


def test_ticking_off_one_time_leaves_the_others_open(replica: Replica) -> None:
    make(replica, "round", kind="task", due_at=at(MONDAY), repeats="FREQ=DAILY;COUNT=2")
    planning.tick(replica, week(replica)[0].key, True)
    assert [item.done for item in week(replica)] == [True, False]
    one = records.get(replica, "activity", week(replica)[0].id)
    assert one.get("done_by") == replica.person.user_id
    assert one.get("occurs_on") == "2027-03-01"


def test_todays_time_of_a_series_is_in_the_day_ticked_off_there_and_never_late(replica: Replica) -> None:
    begun = replica.clock.now_ms() - 40 * 24 * HOUR_MS
    series = make(replica, "report", kind="task", due_at=begun, repeats="FREQ=DAILY")
    agenda = activities.agenda(replica)
    (today,) = [item for item in agenda.today if item.subject == "report"]
    assert today.id.startswith(f"{series}@")
    assert agenda.late_total == 0
    ticked = activities.set_done(replica, today.id, True).value
    assert (ticked.get("series_id"), ticked.get("done")) == (series, True)
    assert records.get(replica, "activity", series).get("done") is False
    assert [item.done for item in activities.agenda(replica).today if item.subject == "report"] == [True]
    activities.set_done(replica, today.id, False)
    assert [item.done for item in activities.agenda(replica).today if item.subject == "report"] == [False]


def test_last_nights_time_of_a_series_is_not_in_the_day_it_ran_into(replica: Replica) -> None:
    today = datetime.datetime.fromtimestamp(replica.clock.now_ms() / 1000, usual_zone()).date()
    make(replica, "night call", kind="call", due_at=at(today - 9 * DAY, 23, 50), repeats="FREQ=DAILY")
    make(
        replica,
        "fair",
        due_at=at(today - 8 * DAY),
        all_day=True,
        repeats="FREQ=WEEKLY",
        duration_minutes=2880,
    )
    items = activities.agenda(replica).today
    assert [item.at_ms for item in items if item.subject == "night call"] == [at(today, 23, 50)]
    assert [item.at_ms for item in items if item.subject == "fair"] == [at(today, 0)]


def test_a_task_is_planned_by_typing_and_unplanned(replica: Replica) -> None:
    task = make(replica, "call back", kind="task")
    assert [each.id for each in calendar_period.undated(replica)] == [task]
    typed = read_moment("周五 14:00-15:30", datetime.datetime.combine(MONDAY, datetime.time(8)))
    assert typed is not None
    planning.plan(replica, task, typed)
    assert said(week(replica)) == ["03-05 14:00 call back"]
    assert week(replica)[0].ends_ms == at(MONDAY + 4 * DAY, 15, 30)
    planning.unplan(replica, task)
    assert [each.id for each in calendar_period.undated(replica)] == [task]


def test_a_rule_that_is_none_is_refused_at_its_field_and_the_first_day_fits_the_rule(
    replica: Replica,
) -> None:
    with pytest.raises(Invalid) as refused:
        make(replica, "x", due_at=at(MONDAY), repeats="sometimes")
    assert [problem.field for problem in refused.value.problems] == ["repeats"]
    with pytest.raises(Invalid, match="first time"):
        make(replica, "x", repeats="FREQ=DAILY")
    with pytest.raises(Invalid, match="31 days"):
        make(replica, "x", due_at=at(MONDAY), duration_minutes=99_999)
    tuesday = make(replica, "x", due_at=at(MONDAY), repeats="freq=weekly;byday=tu")
    assert records.get(replica, "activity", tuesday).get("due_at") == at(MONDAY + DAY)
    assert records.get(replica, "activity", tuesday).get("repeats") == "FREQ=WEEKLY;BYDAY=TU"
    planning.repeat(replica, tuesday, parse_repeat("FREQ=DAILY;COUNT=2"))
    assert len(week(replica)) == 2


def test_only_the_calendars_asked_for_are_shown_with_what_somebody_is_put_on(replica: Replica) -> None:
    me = replica.person.user_id
    role = records.create(replica, "role", {"name": "any", "rights": {"reach": {}}}).value.id
    other = records.create(replica, "user", {"name": "wang", "role_id": role}).value.id
    make(replica, "mine", due_at=at(MONDAY, 9))
    make(replica, "his", due_at=at(MONDAY, 10), owner_id=other)
    make(replica, "both", due_at=at(MONDAY, 11), assignees=[other])
    begins, ends = at(MONDAY, 0), at(MONDAY + DAY, 0)
    shown = calendar_period.period(replica, begins, ends, (other,))
    assert [item.subject for item in shown] == ["his", "both"]
    assert [item.subject for item in calendar_period.period(replica, begins, ends, (me,))] == ["mine", "both"]
    assert [item.owner_name for item in shown] == [
        "wang",
        records.titles(replica, [("user", me)]).get(("user", me), ""),
    ]
    assert {pair[0] for pair in calendar_period.calendars(replica)} == {me, other}


def test_a_task_is_given_to_who_knows_the_customer_and_its_giver_stays_on_it(replica: Replica) -> None:
    role = records.create(replica, "role", {"name": "any", "rights": {"reach": {}}}).value.id
    lin, may = (
        records.create(replica, "user", {"name": name, "role_id": role}).value.id for name in ("lin", "may")
    )
    customer = records.create(replica, "customer", {"name": "Tin Kettle"}).value.id
    now = replica.clock.now_ms()
    make(replica, "met", owner_id=may, customer_id=customer, happened_at=now - HOUR_MS)
    make(replica, "much to do", owner_id=may, due_at=now + HOUR_MS)
    task = make(replica, "offer", due_at=now + HOUR_MS, customer_id=customer)
    found = [each for each in delegating.suggestions(replica, task) if each.user_id in (lin, may)]
    assert [each.name for each in found] == ["may", "lin"]
    assert "1 open, 0 late; 1 of this kind and 1 with this customer" in str(found[0].reason)
    handed = delegating.give(replica, task, may).value
    assert handed.handed_over
    record = records.get(replica, "activity", task)
    assert (record.get("owner_id"), record.get("assignees")) == (may, [replica.person.user_id])
    planning.take_back(replica, handed.planned)
    assert records.get(replica, "activity", task).get("owner_id") == replica.person.user_id


def test_the_days_of_another_zone_are_that_zones_days(replica: Replica) -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    make(replica, "holiday", due_at=at(MONDAY, 12, zone=shanghai), time_zone="Asia/Shanghai", all_day=True)
    assert week(replica)[0].first_day == MONDAY
    make(
        replica,
        "early",
        due_at=at(MONDAY, 9, zone=shanghai),
        time_zone="Asia/Shanghai",
        repeats="FREQ=DAILY;COUNT=40",
    )
    found = calendar_period.period(replica, 0, 2**42)
    assert {(item.begins_ms // HOUR_MS) % 24 for item in found if item.subject == "early"} == {1}


def test_one_time_of_a_colleagues_series_is_done_by_who_ticks_it_off(replica: Replica) -> None:
    me = replica.person.user_id
    role = records.create(replica, "role", {"name": "any", "rights": {"reach": {}}}).value.id
    lin = records.create(replica, "user", {"name": "colleague", "role_id": role}).value.id
    make(replica, "round", due_at=at(MONDAY), repeats="FREQ=DAILY;COUNT=2", owner_id=lin, assignees=[me])
    planning.tick(replica, week(replica)[0].key, True)
    one = records.get(replica, "activity", week(replica)[0].id)
    assert (one.get("owner_id"), one.get("done_by")) == (lin, me)
