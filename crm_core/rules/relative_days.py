"""Days that move with the calendar: “90 days ago”, “this quarter”. Today is passed in."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from enum import StrEnum

from crm_core.i18n import N_, Message, message, plural

MOST_BACK = 10_000
"""Units a day may lie away: what is longer ago than the calendar reaches is a slip."""


class Unit(StrEnum):
    """Stretches of the calendar."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class RelativeDay:
    """A stretch of the calendar, so many of its kind from the present one: (day, -90) is 90 days ago."""

    unit: Unit = Unit.DAY
    offset: int = 0

    def __str__(self) -> str:
        head = "today" if self.unit is Unit.DAY else f"this-{self.unit.value}"
        return head if not self.offset else f"{head}{self.offset:+d}"

    def begins(self, today: datetime.date) -> datetime.date:
        """Return its first day. Days beyond the calendar are its first or last."""
        return self._at(today, self.offset)

    def following(self, today: datetime.date) -> datetime.date:
        """Return the first day after it."""
        return self._at(today, self.offset + 1)

    def _at(self, today: datetime.date, offset: int) -> datetime.date:
        try:
            match self.unit:
                case Unit.DAY:
                    return today + datetime.timedelta(days=offset)
                case Unit.WEEK:
                    return today + datetime.timedelta(days=7 * offset - today.weekday())
                case _:
                    months = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}[self.unit]
                    index = (today.year * 12 + today.month - 1) // months * months + offset * months
                    return datetime.date(index // 12, index % 12 + 1, 1)
        except (OverflowError, ValueError):
            return datetime.date.min if offset < 0 else datetime.date.max


_TEXT = re.compile(r"(?:today|this-(?P<unit>week|month|quarter|year))(?P<offset>[+-]\d{1,5})?\Z")


_AGO_TEXT = re.compile(r"(?P<count>\d{1,5})\s*(?P<unit>days?|weeks?|months?|quarters?|years?) ago\Z")
_AGO_CHINESE = re.compile(r"(?P<count>\d{1,5})\s*(?P<unit>天|周|个月|个季度|年)前\Z")
_CHINESE = {"天": Unit.DAY, "周": Unit.WEEK, "个月": Unit.MONTH, "个季度": Unit.QUARTER, "年": Unit.YEAR}
_WORDS = {
    **{f"this {unit}": (unit, 0) for unit in Unit if unit is not Unit.DAY},
    **{f"last {unit}": (unit, -1) for unit in Unit if unit is not Unit.DAY},
    **{
        word: (unit, offset)
        for unit, words in (
            (Unit.WEEK, ("本周", "上周")),
            (Unit.MONTH, ("本月", "上月")),
            (Unit.QUARTER, ("本季度", "上季度")),
            (Unit.YEAR, ("今年", "去年")),
        )
        for word, offset in zip(words, (0, -1), strict=True)
    },
}
"""Stretches as people write them; “today” and “yesterday” are days of their own where one is asked for."""


def parse_relative(text: str) -> RelativeDay | None:
    """Return the day written as `today`, `today-90`, `this-quarter` or `this-year-1`, or in words.

    In words: “90 days ago”, “this quarter”, “last year”, “90天前”, “本季度”. None for other text.
    """
    text = " ".join(text.split()).lower()
    if text in _WORDS:
        return RelativeDay(*_WORDS[text])
    ago = _AGO_TEXT.match(text) or _AGO_CHINESE.match(text)
    if ago is not None:
        unit = _CHINESE.get(ago["unit"]) or Unit(ago["unit"].rstrip("s"))
        count = int(ago["count"])
        return RelativeDay(unit, -count) if count <= MOST_BACK else None
    found = _TEXT.match(text)
    if found is None:
        return None
    offset = int(found["offset"] or 0)
    if abs(offset) > MOST_BACK:
        return None
    return RelativeDay(Unit(found["unit"] or "day"), offset)


_PRESENT = {
    Unit.DAY: N_("today"),
    Unit.WEEK: N_("this week"),
    Unit.MONTH: N_("this month"),
    Unit.QUARTER: N_("this quarter"),
    Unit.YEAR: N_("this year"),
}
_LAST = {
    Unit.DAY: N_("yesterday"),
    Unit.WEEK: N_("last week"),
    Unit.MONTH: N_("last month"),
    Unit.QUARTER: N_("last quarter"),
    Unit.YEAR: N_("last year"),
}
_AGO = {
    Unit.DAY: N_("{count} days ago"),
    Unit.WEEK: N_("{count} weeks ago"),
    Unit.MONTH: N_("{count} months ago"),
    Unit.QUARTER: N_("{count} quarters ago"),
    Unit.YEAR: N_("{count} years ago"),
}
_AHEAD = {
    Unit.DAY: (N_("tomorrow"), N_("in {count} days")),
    Unit.WEEK: (N_("next week"), N_("in {count} weeks")),
    Unit.MONTH: (N_("next month"), N_("in {count} months")),
    Unit.QUARTER: (N_("next quarter"), N_("in {count} quarters")),
    Unit.YEAR: (N_("next year"), N_("in {count} years")),
}


def relative_words(day: RelativeDay) -> Message:
    """Return it in words: “90 days ago”, “this quarter”."""
    count = abs(day.offset)
    if not count:
        return message(_PRESENT[day.unit])
    if day.offset < 0:
        return plural(count, message(_LAST[day.unit]), message(_AGO[day.unit], count=count))
    one, many = _AHEAD[day.unit]
    return plural(count, message(one), message(many, count=count))
