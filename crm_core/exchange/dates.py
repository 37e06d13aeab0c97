"""Days as files write them: ISO, Chinese, month first, day first, with month names."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable
from enum import Enum

_TIME = (
    r"(?:[T\s]+(?P<time>(?P<am>上午|下午|[AaPp][Mm])?\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?"
    r"\s*(?P<pm>[AaPp]\.?[Mm]\.?)?)\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?\s*\Z"
)
_YEAR_FIRST = re.compile(r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*日?" + _TIME)
_YEAR_LAST = re.compile(r"(?P<a>\d{1,2})(?P<sep>[-/. ])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4}|\d{2})" + _TIME)
_COMPACT = re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})" + _TIME)
_DAY_NAMED = re.compile(r"(?P<d>\d{1,2})[-\s.]+(?P<name>[A-Za-z]{3,9})\.?[-\s,]+(?P<y>\d{4}|\d{2})" + _TIME)
_MONTH_NAMED = re.compile(
    r"(?P<name>[A-Za-z]{3,9})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})" + _TIME
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CENTURY_TURN = 70  # two-digit years from here on belong to the last century, as in POSIX strptime
_FIRST_DAY = datetime.date(1970, 1, 1)


class DayOrder(Enum):
    """Which of `3/4/2026` is the month."""

    MONTH_FIRST = "month first"
    DAY_FIRST = "day first"


def day_order(cells: Iterable[str]) -> tuple[DayOrder, bool]:
    """Return how a column writes its days, and whether that had to be assumed.

    One cell with a first number above 12 settles it for the column; with dots the day stands first
    wherever dots are used. Cells that agree with neither are for the reader of each cell to refuse.
    """
    month_first = day_first = undecided = 0
    for cell in cells:
        found = _YEAR_LAST.match(_plain(cell))
        if found is None:
            continue
        if int(found["a"]) > 12 or found["sep"] == ".":
            day_first += 1
        elif int(found["b"]) > 12:
            month_first += 1
        else:
            undecided += 1
    if day_first > month_first:
        return DayOrder.DAY_FIRST, False
    return DayOrder.MONTH_FIRST, month_first == 0 and undecided > 0


def parse_day(text: str, order: DayOrder) -> datetime.date:
    """Return the day; a time of day behind it is left aside. Raises ValueError."""
    return _parts(text, order)[0]


def parse_moment(text: str, order: DayOrder) -> int:
    """Return milliseconds since 1970 UTC; without a zone the time is UTC's. Raises ValueError."""
    day, found = _parts(text, order)
    ms = (day - _FIRST_DAY).days * 86_400_000
    if found["time"]:
        ms += _time_ms(found["time"], found["am"], found["pm"])
    zone = found["zone"]
    if zone and zone != "Z":
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        ms -= minutes * 60_000 * (1 if zone[0] == "+" else -1)
    return ms


def _parts(text: str, order: DayOrder) -> tuple[datetime.date, re.Match[str]]:
    plain = _plain(text)
    if found := _YEAR_FIRST.match(plain) or _COMPACT.match(plain):
        return datetime.date(int(found["y"]), int(found["m"]), int(found["d"])), found
    if found := _YEAR_LAST.match(plain):
        first, second = int(found["a"]), int(found["b"])
        day_first = found["sep"] == "." or order is DayOrder.DAY_FIRST
        month, day = (second, first) if day_first else (first, second)
        return datetime.date(_year(found["y"]), month, day), found
    if found := _DAY_NAMED.match(plain) or _MONTH_NAMED.match(plain):
        month = _MONTHS.index(found["name"][:3].lower()) + 1
        return datetime.date(_year(found["y"]), month, int(found["d"])), found
    raise ValueError(text)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return year + (1900 if year >= _CENTURY_TURN else 2000)


def _time_ms(text: str, before: str | None, after: str | None) -> int:
    digits = [float(part) for part in re.sub(r"[^\d:.]", "", text).strip(".").split(":")]
    hours, minutes, seconds = int(digits[0]), int(digits[1]), (*digits, 0.0)[2]
    half = (before or after or "").lower().replace(".", "")
    if half in ("pm", "下午") and hours < 12:
        hours += 12
    elif half in ("am", "上午") and hours == 12:
        hours = 0
    if hours > 23 or minutes > 59 or seconds >= 60:
        raise ValueError(text)
    return (hours * 60 + minutes) * 60_000 + round(seconds * 1000)
