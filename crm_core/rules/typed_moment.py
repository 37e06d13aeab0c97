"""A day and a time as people type them, in English and Chinese: “fri 14:00-15:30”, “下周三下午3点”.

Pure: the moment it is now is given. What is not understood wholly is not understood: a wrong guess would put
a visit on the wrong day.
"""

from __future__ import annotations

import calendar
import datetime
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

_CN_DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_CN = "[零〇一二两三四五六七八九十]+"
_NUMBER = rf"(?:\d+|{_CN})"
_EN_DAYS = "mon|tue|wed|thu|fri|sat|sun"
_EN_DAY = r"(mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_EN_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_EN_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_CN_DAYS = "一二三四五六日"
_MORNING, _AFTERNOON, _EVENING = datetime.time(9), datetime.time(14), datetime.time(19)
_NOON = datetime.time(12)
LONGEST_MINUTES = 24 * 60
_FARTHEST = 5_000
"""Days, weeks or months ahead that are taken for meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedMoment:
    """What was typed: the day, the time (None: the whole day), and how long, where that was said."""

    day: datetime.date
    at: datetime.time | None = None
    minutes: int | None = None


@dataclass(slots=True)
class _Reading:
    now: datetime.datetime
    rest: str
    day: datetime.date | None = None
    at: datetime.time | None = None
    minutes: int | None = None
    exact: datetime.datetime | None = None
    """“in 2 hours”: day and time in one."""
    floats: bool = False
    """A weekday alone: today where its time is still to come, else the next one."""
    problems: list[str] = field(default_factory=list)


def read_moment(text: str, now: datetime.datetime) -> TypedMoment | None:
    """Return the moment typed, by the wall clock `now` is of; None where it is not understood."""
    reading = _Reading(now=now.replace(tzinfo=None), rest=_normal(text))
    if not reading.rest.strip():
        return None
    try:
        for pattern, take in _DAYS + _TIMES:
            reading.rest = pattern.sub(_taking(reading, take), reading.rest, count=1)
    except (ValueError, OverflowError):  # the 31st of April, the year 99999
        return None
    if _FILLER.sub("", reading.rest).strip() or reading.problems:
        return None
    return _result(reading)


def _result(reading: _Reading) -> TypedMoment | None:
    if reading.exact is not None:
        if reading.day is not None or reading.at is not None:
            return None
        exact = reading.exact.replace(second=0, microsecond=0)
        return TypedMoment(day=exact.date(), at=exact.time(), minutes=reading.minutes)
    day, at = reading.day, reading.at
    if day is None and at is None:
        return None
    if day is None:
        day = reading.now.date()
        if at is not None and at <= reading.now.time():
            day += datetime.timedelta(days=1)
    elif reading.floats and day == reading.now.date() and (at is None or at <= reading.now.time()):
        day += datetime.timedelta(days=7)
    return TypedMoment(day=day, at=at, minutes=reading.minutes)


def _normal(text: str) -> str:
    """Return text in one form: half-width, small letters, one kind of dash, single blanks."""
    plain = unicodedata.normalize("NFKC", text).lower()
    plain = re.sub(r"[–—~〜]", "-", plain)
    return re.sub(r"\s+", " ", plain).strip()


def _taking(
    reading: _Reading, take: Callable[[_Reading, re.Match[str]], None]
) -> Callable[[re.Match[str]], str]:
    def replace(found: re.Match[str]) -> str:
        take(reading, found)
        return " "

    return replace


def _int(text: str) -> int:
    """Return a number in digits or in Chinese up to 99."""
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        if len(text) != 1:
            raise ValueError(text)
        return _CN_DIGITS[text]
    return (_CN_DIGITS[tens] if tens else 1) * 10 + (_CN_DIGITS[ones] if ones else 0)


def _set_day(reading: _Reading, day: datetime.date) -> None:
    if reading.day is not None:
        reading.problems.append("two days")
    reading.day = day


def _today(reading: _Reading) -> datetime.date:
    return reading.now.date()


def _ahead(reading: _Reading, days: int) -> datetime.date:
    return _today(reading) + datetime.timedelta(days=days)


def _months_ahead(day: datetime.date, months: int) -> datetime.date:
    """Return the same day so many months on, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return datetime.date(year, month + 1, min(day.day, last))


def _in_week(reading: _Reading, weekday: int, weeks: int) -> datetime.date:
    """Return a weekday of this week (0), the next (1) and so on; weeks begin on Monday."""
    monday = _today(reading) - datetime.timedelta(days=_today(reading).weekday())
    return monday + datetime.timedelta(days=7 * weeks + weekday)


def _fixed(days: int) -> Callable[[_Reading, re.Match[str]], None]:
    return lambda reading, _found: _set_day(reading, _ahead(reading, days))


def _take_iso(reading: _Reading, found: re.Match[str]) -> None:
    _set_day(reading, datetime.date(int(found[1]), int(found[2]), int(found[3])))


def _take_month_day(reading: _Reading, month: int, day: int, year: str | None) -> None:
    if year:
        _set_day(reading, datetime.date(_int(year), month, day))
        return
    this_year = _today(reading).year
    for candidate in range(this_year, this_year + 9):  # 29 February comes within eight years
        try:
            meant = datetime.date(candidate, month, day)
        except ValueError:
            continue
        if meant >= _today(reading):
            _set_day(reading, meant)
            return
    raise ValueError(day)


def _take_en_date(reading: _Reading, found: re.Match[str]) -> None:
    day, month = (found[1], found[2]) if found[1] else (found[5], found[4])
    year = found[3] if found[1] else found[6]
    _take_month_day(reading, _EN_MONTHS.split("|").index(month[:3]) + 1, int(day), year)


def _take_cn_date(reading: _Reading, found: re.Match[str]) -> None:
    _take_month_day(reading, _int(found[2]), _int(found[3]), found[1])


def _take_cn_day_of_month(reading: _Reading, found: re.Match[str]) -> None:
    wanted, this = _int(found[2]), _today(reading)
    if found[1]:
        first = _months_ahead(this.replace(day=1), 1)
        _set_day(reading, first.replace(day=wanted))
        return
    for months in range(3):
        first = _months_ahead(this.replace(day=1), months)
        if wanted <= calendar.monthrange(first.year, first.month)[1] and first.replace(day=wanted) >= this:
            _set_day(reading, first.replace(day=wanted))
            return
    raise ValueError(wanted)


def _take_en_weekday(reading: _Reading, found: re.Match[str]) -> None:
    weekday = _EN_DAYS.split("|").index(found[2][:3])
    if found[1] is None:
        _take_coming(reading, weekday)
    else:
        _set_day(reading, _in_week(reading, weekday, 1 if "next" in found[1] else 0))


def _take_cn_weekday(reading: _Reading, found: re.Match[str]) -> None:
    weekday = _CN_DAYS.index("日" if found[2] == "天" else found[2])
    before = found[1] or ""
    if not before:
        _take_coming(reading, weekday)
    else:
        _set_day(reading, _in_week(reading, weekday, before.count("下")))


def _take_coming(reading: _Reading, weekday: int) -> None:
    _set_day(reading, _ahead(reading, (weekday - _today(reading).weekday()) % 7))
    reading.floats = True


def _take_en_span(reading: _Reading, found: re.Match[str]) -> None:
    number = 1 if found[1] in ("a", "an") else _int(found[1])
    unit = found[2][:2] if found[2].startswith("mo") else found[2][:1]
    _take_span(reading, number, unit)


def _take_cn_span(reading: _Reading, found: re.Match[str]) -> None:
    unit = {
        "天": "d",
        "日": "d",
        "周": "w",
        "星期": "w",
        "礼拜": "w",
        "月": "mo",
        "小时": "h",
        "钟头": "h",
        "分钟": "m",
    }
    if found[1] == "半":
        if unit[found[2]] != "h":
            raise ValueError(found[0])
        _take_span(reading, 30, "m")
        return
    _take_span(reading, _int(found[1]), unit[found[2]])


def _take_span(reading: _Reading, number: int, unit: str) -> None:
    if number > _FARTHEST:
        raise ValueError(number)
    if unit in ("h", "m"):
        step = datetime.timedelta(hours=number) if unit == "h" else datetime.timedelta(minutes=number)
        reading.exact = reading.now + step
    elif unit == "mo":
        _set_day(reading, _months_ahead(_today(reading), number))
    else:
        _set_day(reading, _ahead(reading, number * (7 if unit == "w" else 1)))


def _take_next_week(reading: _Reading, found: re.Match[str]) -> None:
    _set_day(reading, _in_week(reading, 0, max(found[0].count("下"), 1)))


def _take_next_month(reading: _Reading, _found: re.Match[str]) -> None:
    _set_day(reading, _months_ahead(_today(reading).replace(day=1), 1))


def _take_month_end(reading: _Reading, _found: re.Match[str]) -> None:
    this = _today(reading)
    _set_day(reading, this.replace(day=calendar.monthrange(this.year, this.month)[1]))


def _set_time(reading: _Reading, at: datetime.time) -> None:
    if reading.at is not None:
        reading.problems.append("two times")
    reading.at = at


def _en_clock(hour: str, minute: str | None, half: str | None) -> datetime.time:
    number = int(hour)
    if half:
        if not 1 <= number <= 12:
            raise ValueError(hour)
        number = number % 12 + (12 if half.startswith("p") else 0)
    return datetime.time(number, int(minute or 0))


def _take_en_range(reading: _Reading, found: re.Match[str]) -> None:
    half = found[3] or (found[6] if found[6] and int(found[1]) <= int(found[4]) else None)
    _take_range(reading, _en_clock(found[1], found[2], half), _en_clock(found[4], found[5], found[6]))


def _take_cn_range(reading: _Reading, found: re.Match[str]) -> None:
    begins = _cn_clock(found[1], found[2], found[3])
    _take_range(reading, begins, _cn_clock(found[4] or found[1], found[5], found[6]))


def _take_range(reading: _Reading, begins: datetime.time, ends: datetime.time) -> None:
    _set_time(reading, begins)
    minutes = (ends.hour - begins.hour) * 60 + ends.minute - begins.minute
    if minutes <= 0:
        raise ValueError(minutes)
    reading.minutes = minutes


def _take_en_clock(reading: _Reading, found: re.Match[str]) -> None:
    _set_time(reading, _en_clock(found[1], found[2], found[3]))


def _take_cn_clock(reading: _Reading, found: re.Match[str]) -> None:
    _set_time(reading, _cn_clock(found[1], found[2], found[3]))


def _cn_clock(part: str | None, hour: str, rest: str | None) -> datetime.time:
    number = _int(hour)
    if (part in ("下午", "傍晚", "晚上", "晚") and 1 <= number < 12) or (part == "中午" and number < 3):
        number += 12
    minute = 0
    if rest:
        minute = {"半": 30, "一刻": 15, "三刻": 45}.get(rest, -1)
        minute = _int(rest.rstrip("分")) if minute < 0 else minute
    return datetime.time(number, minute)


def _take_length(reading: _Reading, found: re.Match[str]) -> None:
    number = 1 if found[1] in ("a", "an") else _int(found[1])
    minutes = number * (60 if found[2].startswith(("h", "小时")) else 1)
    if not 0 < minutes <= LONGEST_MINUTES or reading.minutes is not None:
        raise ValueError(found[0])
    reading.minutes = minutes


def _at(at: datetime.time) -> Callable[[_Reading, re.Match[str]], None]:
    return lambda reading, _found: _set_time(reading, at)


def _tonight(days: int) -> Callable[[_Reading, re.Match[str]], None]:
    def take(reading: _Reading, _found: re.Match[str]) -> None:
        _set_day(reading, _ahead(reading, days))
        _set_time(reading, _EVENING)

    return take


_Rule = tuple[re.Pattern[str], Callable[[_Reading, re.Match[str]], None]]


def _rule(pattern: str, take: Callable[[_Reading, re.Match[str]], None]) -> _Rule:
    return re.compile(pattern), take


_CN_PART = "(凌晨|早上|早晨|上午|中午|下午|傍晚|晚上|晚)?"
_CN_CLOCK = rf"{_CN_PART} ?({_NUMBER})[点时](半|一刻|三刻|(?:\d+|{_CN})分?)?"
_UNITS = "days?|d|weeks?|w|months?|mo|hours?|h|minutes?|mins?|min|m"
_COUNTED = rf"({_NUMBER}|an?)"

_DAYS: tuple[_Rule, ...] = (
    _rule(r"\bfor (\d+|an?) ?(hours?|h|minutes?|mins?|m)\b", _take_length),
    _rule(rf"(?:历时|共|用时)({_NUMBER})个?(小时|分钟)", _take_length),
    _rule(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b", _take_iso),
    _rule(
        rf"\b(?:(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_EN_MONTH}\b(?:,? (\d{{4}})\b)?"
        rf"|{_EN_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?\b(?![:.h])(?:,? (\d{{4}})\b)?)",
        _take_en_date,
    ),
    _rule(rf"(?:(\d{{4}})年)?({_NUMBER})月({_NUMBER})[日号]?", _take_cn_date),
    _rule(r"(?:\bin |\+)" + _COUNTED + rf" ?({_UNITS})\b", _take_en_span),
    _rule(rf"\b{_COUNTED} ({_UNITS}) (?:from now|later)\b", _take_en_span),
    _rule(rf"({_NUMBER}|半)个?(天|日|周|星期|礼拜|月|小时|钟头|分钟)(?:之?后|以后)", _take_cn_span),
    _rule(r"\bday after tomorrow\b", _fixed(2)),
    _rule(r"大后天", _fixed(3)),
    _rule(r"后天", _fixed(2)),
    _rule(r"\btonight\b", _tonight(0)),
    _rule(r"今晚(?!上? ?[\d零一二两三四五六七八九十])", _tonight(0)),
    _rule(r"明晚(?!上? ?[\d零一二两三四五六七八九十])", _tonight(1)),
    _rule(r"\b(?:tomorrow|tmrw?|tom)\b|明[天日]|明(?=晚)", _fixed(1)),
    _rule(r"\btoday\b|今[天日]|今(?=晚)", _fixed(0)),
    _rule(r"\byesterday\b|昨天", _fixed(-1)),
    _rule(rf"\b((?:this|next)(?: week)? )?{_EN_DAY}\b", _take_en_weekday),
    _rule(r"(本|这个?|下{1,3}个?)?(?:周|星期|礼拜)([一二三四五六日天])", _take_cn_weekday),
    _rule(r"\bnext week\b|下{1,3}个?(?:周|星期|礼拜)", _take_next_week),
    _rule(r"\bnext month\b|下个?月(?!\d)(?=\s|$)", _take_next_month),
    _rule(r"\bend of (?:the )?month\b|月底", _take_month_end),
    _rule(rf"(下个?月)?({_NUMBER})[日号]", _take_cn_day_of_month),
)
_CLOCK = r"(\d{1,2})(?:[:.](\d{2}))? ?(am|pm|a\.m\.|p\.m\.)?"
_TIMES: tuple[_Rule, ...] = (
    _rule(rf"{_CN_CLOCK} ?[-到至] ?{_CN_CLOCK}", _take_cn_range),
    _rule(_CN_CLOCK, _take_cn_clock),
    _rule(rf"(?<![\d:])(?:from )?{_CLOCK} ?(?:-|to|until|till|到|至) ?{_CLOCK}(?![\d:])", _take_en_range),
    _rule(
        r"(凌晨|早上|早晨|上午|中午|下午|傍晚|晚上|晚) ?(\d{1,2})(?:[:.](\d{2}))?(?![\d:])",
        _take_cn_clock,
    ),
    _rule(rf"(?<![\d:]){_CLOCK}(?![\d:])", _take_en_clock),
    _rule(r"\bnoon\b|中午|正午", _at(_NOON)),
    _rule(r"\bmidnight\b|午夜", _at(datetime.time(0))),
    _rule(r"\bmorning\b|早上|早晨|上午", _at(_MORNING)),
    _rule(r"\bafternoon\b|下午", _at(_AFTERNOON)),
    _rule(r"\bevening\b|傍晚|晚上", _at(_EVENING)),
)
_FILLER = re.compile(r"\b(?:at|on|the|by|of|in)\b|[,，。.@的在]")
