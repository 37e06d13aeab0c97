"""The official days of mainland China in a work calendar: as published, never over what was typed."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import UserError
from crm_core.rules.holiday_file import days_in
from crm_core.rules.public_holidays import official_days, with_days, with_official_days, years
from crm_core.rules.working_time import NINE_TO_SIX, problems_of_calendar, working_time_of
from crm_core.times import HOUR_MS

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOURS = [[list(span) for span in day] for day in NINE_TO_SIX]


def worked(values: dict[str, object], day: str) -> int:
    time = working_time_of(values, SHANGHAI)
    begins = datetime.datetime.fromisoformat(day).replace(tzinfo=SHANGHAI)
    ends = begins + datetime.timedelta(days=1)
    return time.worked(round(begins.timestamp() * 1000), round(ends.timestamp() * 1000)) // HOUR_MS


def test_the_days_are_those_published() -> None:
    assert {2025, 2026} <= set(years())
    days = official_days(2025)
    assert {"2025-01-28", "2025-02-04", "2025-10-08"} <= set(days.off)
    assert days.worked == ("2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11")
    assert "2026-02-14" in official_days(2026).worked
    assert "2026-10-10" in official_days(2026).worked
    with pytest.raises(UserError, match="not known to this program"):
        official_days(1949)


def test_a_calendar_rests_on_days_off_and_works_on_saturdays_worked_in_their_place() -> None:
    values = {"name": "C", "time_zone": "Asia/Shanghai", "hours": HOURS}
    usual = worked(values, "2026-10-05")
    filled = {**values, **with_official_days(values, (2026,))}
    assert problems_of_calendar(filled) == []
    assert (worked(filled, "2026-10-05"), worked(filled, "2026-10-10")) == (0, usual)
    assert worked(filled, "2026-10-17") == 0, "a Saturday like any other"


@given(
    st.sets(st.sampled_from(official_days(2026).off + official_days(2026).worked), max_size=5),
    st.sets(st.sampled_from(official_days(2026).off), max_size=3),
)
def test_what_somebody_typed_stays_and_adding_twice_adds_nothing(off: set[str], made: set[str]) -> None:
    calendar = {"hours": HOURS, "holidays": sorted(off - made), "made_up": [[day, 3] for day in sorted(made)]}
    once = with_official_days(calendar, (2026,))
    assert set(calendar["holidays"]) <= set(once["holidays"] or ())  # type: ignore[arg-type]
    held = dict(once["made_up"] or ())  # type: ignore[arg-type]
    assert all(held[day] == 3 for day in made)
    assert not set(held) & set(once["holidays"] or ())  # type: ignore[arg-type]
    assert with_official_days({**calendar, **once}, (2026,)) == once


def ics(*events: str) -> bytes:
    """Return a calendar file of events, each given by its lines."""
    drawn = "".join(f"BEGIN:VEVENT\nUID:{place}\n{event}\nEND:VEVENT\n" for place, event in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//1823//HK//EN\n{drawn}END:VCALENDAR\n".encode()


def test_a_file_gives_its_whole_days_and_names_what_it_left() -> None:
    file = ics(
        "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261227\nSUMMARY:聖誕節",
        "DTSTART;VALUE=DATE:20270101\nSUMMARY:一月一日",
        "DTSTART;VALUE=DATE:20270206\nDTEND;VALUE=DATE:20270206\nSUMMARY:As Outlook ends it",
        "DTSTART:20270301T090000Z\nSUMMARY:Meeting",
        "DTSTART;VALUE=DATE:20270501\nRRULE:FREQ=YEARLY\nSUMMARY:For ever",
        "DTSTART;VALUE=DATE:20270601\nSTATUS:CANCELLED\nSUMMARY:Off",
        "DTSTART;VALUE=DATE:20270701\nDTEND;VALUE=DATE:20290701\nSUMMARY:Sabbatical",
        "DTSTART;VALUE=DATE:99999999\nSUMMARY:Never",
    )
    found = days_in(file)
    assert found.days == ("2026-12-25", "2026-12-26", "2027-01-01", "2027-02-06")
    assert [each.title for each in found.unread] == ["Meeting", "For ever", "Off", "Sabbatical", "Never"]
    assert days_in(file, (2026,)).days == ("2026-12-25", "2026-12-26")
    for junk in (b"", b"\0\xff", b"hello", b"BEGIN:VCALENDAR"):
        with pytest.raises(UserError):
            days_in(junk)


def test_days_of_a_file_leave_what_was_typed_and_are_not_without_end() -> None:
    calendar = {"hours": HOURS, "holidays": ["2026-12-24"], "made_up": [["2026-12-26", 2]]}
    added = with_days(calendar, ("2026-12-25", "2026-12-26"))
    assert added == {"holidays": ["2026-12-24", "2026-12-25"], "made_up": [["2026-12-26", 2]]}
    first = datetime.date(2026, 1, 1)
    with pytest.raises(UserError, match="1001 days off"):
        with_days({}, [str(first + datetime.timedelta(days=each)) for each in range(1001)])
