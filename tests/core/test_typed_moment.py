"""Days and times as people type them, in both languages."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.rules.lanes import clashes, lanes
from crm_core.rules.typed_moment import read_moment

NOW = datetime.datetime(2026, 11, 28, 10, 30)  # noqa: DTZ001 - a Saturday, by the clock on the wall


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("tomorrow 9", "2026-11-29 09:00"),
        ("fri 14:00", "2026-12-04 14:00"),
        ("周五 14:00", "2026-12-04 14:00"),
        ("下周三", "2026-12-02"),
        ("3天后", "2026-12-01"),
        ("下周三下午3点", "2026-12-02 15:00"),
        ("sat", "2026-12-05"),
        ("sat 11", "2026-11-28 11:00"),
        ("sat 9", "2026-12-05 09:00"),
        ("next fri 2pm-3:30pm", "2026-12-04 14:00 +90"),
        ("in 2 hours", "2026-11-28 12:30"),
        ("半小时后", "2026-11-28 11:00"),
        ("Dec 3 at 9:30", "2026-12-03 09:30"),
        ("12月3日上午10点半", "2026-12-03 10:30"),
        ("十二月二十五日", "2026-12-25"),
        ("后天下午", "2026-11-30 14:00"),
        ("三天后 9点", "2026-12-01 09:00"),
        ("2027-01-05 14:00", "2027-01-05 14:00"),
        ("9-10", "2026-11-29 09:00 +60"),
        ("noon", "2026-11-28 12:00"),
        ("今晚7点", "2026-11-28 19:00"),
        ("明晚8点", "2026-11-29 20:00"),
        ("月底", "2026-11-30"),
        ("下个月3号", "2026-12-03"),
        ("下下周一", "2026-12-07"),
        ("周日9点到11点", "2026-11-29 09:00 +120"),
        ("９：３０", "2026-11-29 09:30"),
        ("feb 29", "2028-02-29"),
        ("tomorrow at 9 for 2 hours", "2026-11-29 09:00 +120"),
        ("day after tomorrow morning", "2026-11-30 09:00"),
    ],
)
def test_what_is_typed_is_understood(text: str, meant: str) -> None:
    found = read_moment(text, NOW)
    assert found is not None
    said = found.day.isoformat()
    said += f" {found.at:%H:%M}" if found.at else ""
    said += f" +{found.minutes}" if found.minutes else ""
    assert said == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "foo",
        "every day",
        "tomorrow friday",
        "25:00",
        "31 april",
        "tomorrow 9 10",
        "9-8",
        "99999 days later",
    ],
)
def test_what_is_not_wholly_understood_is_not_guessed(text: str) -> None:
    assert read_moment(text, NOW) is None


@given(day=st.integers(1, 330), minutes=st.integers(0, 1439))
@settings(max_examples=60)
def test_any_day_and_time_is_understood_however_it_is_written(day: int, minutes: int) -> None:
    moment = datetime.datetime.combine(NOW.date(), datetime.time()) + datetime.timedelta(
        days=day, minutes=minutes
    )
    months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    clock = f"{moment:%H:%M}"
    for text in (
        f"{moment:%Y-%m-%d} {clock}",
        f"{moment.day} {months[moment.month - 1]} {clock}",
        f"{months[moment.month - 1]} {moment.day}, {clock}",
        f"{moment.month}月{moment.day}日 {clock}",
        f"{moment.year}年{moment.month}月{moment.day}号{moment.hour}点{moment.minute}分",
        f"{day}天后 {clock}",
        f"in {day} days {clock}",
    ):
        found = read_moment(text, NOW)
        assert found is not None, text
        assert (found.day, found.at) == (moment.date(), moment.time()), text


@given(text=st.text(max_size=30))
@settings(max_examples=80)
def test_nothing_typed_breaks_it(text: str) -> None:
    read_moment(text, NOW)


spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 12)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    max_size=12,
)


@given(spans=spans)
@settings(max_examples=80)
def test_no_two_in_one_lane_overlap_and_clashes_are_those_that_do(spans: list[tuple[int, int]]) -> None:
    placed = lanes(spans)
    overlapping = set()
    for one in range(len(spans)):
        assert 0 <= placed[one].place < placed[one].of
        for other in range(one):
            (a, b), (c, d) = spans[one], spans[other]
            if max(a, c) < min(b, d):
                assert placed[one].place != placed[other].place
                overlapping |= {one, other}
    assert clashes(spans) == overlapping
