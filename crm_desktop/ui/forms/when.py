"""Days and moments as people type them, in both languages: `2026-11-24`, `tomorrow 9`, `周五 14:00`."""

from __future__ import annotations

import datetime
import re

_DAYS = {
    "today": 0,
    "tomorrow": 1,
    "yesterday": -1,
    "今天": 0,
    "明天": 1,
    "后天": 2,
    "昨天": -1,
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            ("mon", "monday", "周一", "星期一"),
            ("tue", "tuesday", "周二", "星期二"),
            ("wed", "wednesday", "周三", "星期三"),
            ("thu", "thursday", "周四", "星期四"),
            ("fri", "friday", "周五", "星期五"),
            ("sat", "saturday", "周六", "星期六"),
            ("sun", "sunday", "周日", "星期日", "周天", "星期天"),
        )
    )
    for name in names
}
_ISO = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\Z")
_MONTH_DAY = re.compile(r"(\d{1,2})[-/月](\d{1,2})日?\Z")
_AHEAD = re.compile(r"([+-]\d{1,4})\s*(?:d|天)?\Z")
_TIME = re.compile(r"(\d{1,2})(?:[:：](\d{2}))?(?:\s*(am|pm|点))?\Z", re.IGNORECASE)
NOON = 12


def parse_day(text: str, today: datetime.date) -> datetime.date:
    """Return the day a text means; a weekday is the next one, a day without its year the nearest to come.

    Raises ValueError.
    """
    words = text.strip().casefold()
    if words in _DAYS:
        return today + datetime.timedelta(days=_DAYS[words])
    if words in _WEEKDAYS:
        return today + datetime.timedelta(days=(_WEEKDAYS[words] - today.weekday() - 1) % 7 + 1)
    if found := _ISO.match(words):
        year, month, day = (int(part) for part in found.groups())
        return datetime.date(year, month, day)
    if found := _AHEAD.match(words):
        return today + datetime.timedelta(days=int(found[1]))
    if found := _MONTH_DAY.match(words):
        month, day = int(found[1]), int(found[2])
        this_year = datetime.date(today.year, month, day)
        return this_year if this_year >= today else datetime.date(today.year + 1, month, day)
    raise ValueError(text)


def parse_moment(
    text: str, now: datetime.datetime, usual: datetime.time = datetime.time(9)
) -> datetime.datetime:
    """Return the moment a text means, in the zone of `now`; a day alone is at the `usual` time.

    Raises ValueError.
    """
    words = text.strip().replace("T", " ").split()
    if not words:
        raise ValueError(text)
    day, time = now.date(), usual
    if len(words) == 1 and _is_time(words[0]):
        time = _time(words[0])
    else:
        ends_in_time = len(words) > 1 and _TIME.match(words[-1]) is not None
        day = parse_day(" ".join(words[:-1] if ends_in_time else words), now.date())
        time = _time(words[-1]) if ends_in_time else usual
    # The zone is worked out for that day: clocks may have changed by then.
    return datetime.datetime.combine(day, time).astimezone()


def _is_time(word: str) -> bool:
    return _TIME.match(word) is not None and not word.isdecimal()


def _time(word: str) -> datetime.time:
    found = _TIME.match(word)
    if found is None:
        raise ValueError(word)
    hour, minute = int(found[1]), int(found[2] or 0)
    half = (found[3] or "").casefold()
    if half == "pm" and hour < NOON:
        hour += NOON
    return datetime.time(hour, minute)
