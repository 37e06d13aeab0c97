"""Days and moments as people type them."""

from __future__ import annotations

import datetime

import pytest

from crm_desktop.ui.forms.when import parse_day, parse_moment

TUESDAY = datetime.date(2026, 11, 24)
NOW = datetime.datetime(2026, 11, 24, 10, 30).astimezone()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-24", "2026-12-24"),
        ("2026/2/3", "2026-02-03"),
        ("2026年2月3日", "2026-02-03"),
        ("12-24", "2026-12-24"),
        ("2月3日", "2027-02-03"),
        ("today", "2026-11-24"),
        ("Tomorrow", "2026-11-25"),
        ("明天", "2026-11-25"),
        ("后天", "2026-11-26"),
        ("fri", "2026-11-27"),
        ("周五", "2026-11-27"),
        ("星期二", "2026-12-01"),
        ("+10", "2026-12-04"),
        ("+3天", "2026-11-27"),
    ],
)
def test_a_day_is_understood_as_it_is_typed(text: str, day: str) -> None:
    assert parse_day(text, TUESDAY).isoformat() == day


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2-30", "24"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_day(text, TUESDAY)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-24 09:30", "2026-12-24 09:30"),
        ("2026-12-24T09:30", "2026-12-24 09:30"),
        ("tomorrow 9", "2026-11-25 09:00"),
        ("周五 14:00", "2026-11-27 14:00"),
        ("fri 2pm", "2026-11-27 14:00"),
        ("明天 9点", "2026-11-25 09:00"),
        ("14:15", "2026-11-24 14:15"),
        ("12-24", "2026-12-24 09:00"),
    ],
)
def test_a_moment_is_understood_as_it_is_typed(text: str, moment: str) -> None:
    assert f"{parse_moment(text, NOW):%Y-%m-%d %H:%M}" == moment


@pytest.mark.parametrize("text", ["", "tomorrow 25:00", "later 9"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_moment(text, NOW)
