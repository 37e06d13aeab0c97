"""Calendar files: what is written is read back, and what other programs write is understood."""

from __future__ import annotations

import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.errors import UserError
from crm_core.rules.calendar_file import read_calendar, write_calendar
from crm_core.rules.recurrence import moment_of

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime.date(2026, 11, 30)
ID = "0" * 31 + "1"


def at(day: datetime.date, hour: int, minute: int = 0) -> int:
    return moment_of(day, datetime.time(hour, minute), BERLIN)


def event(*lines: str) -> bytes:
    head = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:a@x", "SUMMARY:Tea")
    return "\r\n".join((*head, *lines, "END:VEVENT", "END:VCALENDAR", "")).encode()


@given(
    subject=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=80),
    minutes=st.integers(1, 600),
    start=st.integers(0, 500_000),
    repeats=st.sampled_from(
        (
            None,
            "FREQ=DAILY;COUNT=5",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
            "FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20270301",
        )
    ),
)
@settings(max_examples=40)
def test_what_is_written_is_read_back(subject: str, minutes: int, start: int, repeats: str | None) -> None:
    if not subject.strip():
        return
    values: dict[str, Any] = {
        "kind": "visit",
        "subject": subject.strip(),
        "notes": "one; two, three\nfour",
        "place": "Hamburg, Kai 3",
        "due_at": at(MONDAY, 0) + start * 60_000,
        "duration_minutes": minutes,
        "time_zone": "Europe/Berlin",
        "repeats": repeats,
        "skipped": ["2026-12-14"] if repeats else None,
        "updated_at": 1,
    }
    raw = write_calendar([(ID, values, "Tin Kettle")], BERLIN, "Mine")
    assert raw == write_calendar([(ID, values, "Tin Kettle")], BERLIN, "Mine")
    (found,), unread = read_calendar(raw, BERLIN)
    assert unread == []
    assert found.record_id == ID
    for name in ("kind", "subject", "notes", "place", "due_at", "duration_minutes", "repeats"):
        assert found.values.get(name) == values[name], name
    assert (found.values.get("skipped") or None) == values["skipped"]


def test_whole_days_are_days_wherever_they_are_read() -> None:
    values = {
        "kind": "meeting",
        "subject": "Fair",
        "due_at": at(MONDAY, 23, 59),
        "all_day": True,
        "duration_minutes": 3 * 1440,
        "time_zone": "Europe/Berlin",
        "reminder": "60",
    }
    raw = write_calendar([(ID, values, "")], BERLIN, "Mine")
    assert b"DTSTART;VALUE=DATE:20261130" in raw
    assert b"DTEND;VALUE=DATE:20261203" in raw
    assert b"TRIGGER:-PT1H" in raw
    (found,), _ = read_calendar(raw, ZoneInfo("Asia/Shanghai"))
    assert found.values["all_day"] is True
    assert found.values["duration_minutes"] == 3 * 1440
    shanghai = datetime.datetime.fromtimestamp(
        int(str(found.values["due_at"])) / 1000, ZoneInfo("Asia/Shanghai")
    )
    assert shanghai.date() == MONDAY


def test_a_file_of_another_program_is_understood_with_its_zone_and_one_changed_day() -> None:
    raw = event(
        "DTSTART;TZID=America/New_York:20261130T090000",
        "DTEND;TZID=America/New_York:20261130T100000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO;WKST=SU",
        "EXDATE;TZID=America/New_York:20261207T090000",
    )
    one = event(
        "RECURRENCE-ID;TZID=America/New_York:20261214T090000", "DTSTART:20261214T160000Z", "DURATION:PT30M"
    )
    (series,), _ = read_calendar(raw, BERLIN)
    (instead,), _ = read_calendar(one, BERLIN)
    assert series.values["time_zone"] == "America/New_York"
    assert series.values["repeats"] == "FREQ=WEEKLY;BYDAY=MO"
    assert series.values["skipped"] == ["2026-12-07"]
    assert (series.record_id, series.values["kind"]) == (None, "meeting")
    assert (instead.of_series, instead.values["occurs_on"]) == ("a@x", "2026-12-14")
    assert instead.uid != series.uid


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("DTSTART:20261130T090000Z", "RRULE:FREQ=HOURLY"), "no rule"),
        (("DTSTART:20261130T090000Z", "DTEND:20261130T080000Z"), "ends before"),
        (("DTSTART:20261130T090000Z", "DTEND:20271130T080000Z"), "longer than"),
        (("SUMMARY:no time",), "cannot be read"),
    ],
)
def test_an_event_that_cannot_be_taken_says_why_and_leaves_the_others(
    lines: tuple[str, ...], reason: str
) -> None:
    good = event("DTSTART:20261201T090000Z")
    raw = event(*lines).replace(b"END:VCALENDAR\r\n", b"") + good[good.index(b"BEGIN:VEVENT") :]
    found, unread = read_calendar(raw, BERLIN)
    assert len(found) == 1
    assert reason in str(unread[0].reason)


@pytest.mark.parametrize(
    "raw", [b"", b"hello", b"\x00\xff" * 40, b"BEGIN:VCARD\r\nEND:VCARD\r\n", b"BEGIN:VCALENDAR"]
)
def test_what_is_no_calendar_is_said_to_be_none(raw: bytes) -> None:
    with pytest.raises(UserError, match="not a calendar"):
        read_calendar(raw, BERLIN)
