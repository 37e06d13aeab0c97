"""A repeating rule in words: “Every 2 weeks on Monday, until 2027-03-01”."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

from crm_core.i18n import N_, Message, message, plural
from crm_core.rules.recurrence import WORKDAYS, Every, Repeat

WEEKDAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
_PLACES = {
    1: N_("first"),
    2: N_("second"),
    3: N_("third"),
    4: N_("fourth"),
    5: N_("fifth"),
    -1: N_("last"),
}


def repeat_words(
    rule: Repeat, first: datetime.date, show_day: Callable[[datetime.date], str] = datetime.date.isoformat
) -> Message:
    """Return a rule whose first day is `first` as a sentence without a full stop."""
    said = {Every.DAY: _days, Every.WEEK: _weeks, Every.MONTH: _months, Every.YEAR: _years}[rule.every](
        rule, first
    )
    if rule.until is not None:
        return message("{rule}, until {day}", rule=said, day=show_day(rule.until))
    if rule.count is not None:
        return plural(
            rule.count,
            message("{rule}, once", rule=said),
            message("{rule}, {count} times", rule=said, count=rule.count),
        )
    return said


def _days(rule: Repeat, _first: datetime.date) -> Message:
    return plural(rule.interval, message("Every day"), message("Every {count} days", count=rule.interval))


def _weeks(rule: Repeat, first: datetime.date) -> Message:
    days = rule.weekdays or (first.weekday(),)
    if days == WORKDAYS and rule.interval == 1:
        return message("Every working day")
    listed = _listed([Message(WEEKDAYS[day]) for day in days])
    return plural(
        rule.interval,
        message("Every week on {days}", days=listed),
        message("Every {count} weeks on {days}", count=rule.interval, days=listed),
    )


def _months(rule: Repeat, first: datetime.date) -> Message:
    if rule.nth is not None:
        place, day = Message(_PLACES[rule.nth]), Message(WEEKDAYS[rule.weekdays[0]])
        return plural(
            rule.interval,
            message("Every month on the {place} {day}", place=place, day=day),
            message("Every {count} months on the {place} {day}", count=rule.interval, place=place, day=day),
        )
    if rule.month_day == -1:
        return plural(
            rule.interval,
            message("Every month on the last day"),
            message("Every {count} months on the last day", count=rule.interval),
        )
    day_number = rule.month_day or first.day
    return plural(
        rule.interval,
        message("Every month on day {day}", day=day_number),
        message("Every {count} months on day {day}", count=rule.interval, day=day_number),
    )


def _years(rule: Repeat, _first: datetime.date) -> Message:
    return plural(rule.interval, message("Every year"), message("Every {count} years", count=rule.interval))


def _listed(parts: Sequence[Message]) -> Message:
    *before, last = parts
    if not before:
        return last
    listed = before[0]
    for each in before[1:]:
        listed = message("{first}, {second}", first=listed, second=each)
    return message("{first} and {second}", first=listed, second=last)
