"""The official days of mainland China in a work calendar: as published, never over what was typed."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import UserError
from crm_core.rules.public_holidays import official_days, with_official_days, years
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
