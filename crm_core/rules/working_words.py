"""Working time as people type it: spans of a day, days, and lengths in hours and minutes."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Final

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.working_time import DAY_MINUTES

_TO: Final = re.compile(r"\s*(?:-|–|—|~|～|至|到|\.\.+|…)\s*")
_BETWEEN: Final = re.compile(r"\s*[,;，；、]\s*")
_TIME: Final = re.compile(r"(\d{1,2})[:：](\d{2})")
_LENGTH: Final = re.compile(r"(\d+)(?:[:：](\d{2}))?")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def spans_text(spans: Sequence[Sequence[int]]) -> str:
    """Return spans of minutes as `09:00–12:00, 13:00–18:00`."""
    return ", ".join(f"{_clock(begins)}–{_clock(ends)}" for begins, ends in spans)


def parse_spans(text: str) -> list[list[int]]:
    """Return the spans a text names, none for an empty one. `UserError` for what cannot be read."""
    found: list[list[int]] = []
    for part in filter(None, _BETWEEN.split(text.strip())):
        ends = [_minute(each) for each in _TO.split(part)]
        if len(ends) != len(("from", "to")) or ends[0] >= ends[1] or (found and ends[0] < found[-1][1]):
            raise UserError(N_("Write spans of a day like 09:00-12:00, 13:00-18:00"))
        found.append(ends)
    return found


def days_text(days: Sequence[str]) -> str:
    """Return days, one a line, those that follow one another as `2026-10-01 – 2026-10-07`."""
    lines: list[list[datetime.date]] = []
    for day in sorted(datetime.date.fromisoformat(each) for each in days):
        if lines and day - lines[-1][-1] == datetime.timedelta(days=1):
            lines[-1] = [lines[-1][0], day]
        else:
            lines.append([day])
    return "\n".join(" – ".join(str(each) for each in line) for line in lines)


def parse_days(text: str) -> list[str]:
    """Return the days a text names, in order. `UserError` for what is no day, or no end of a span of days."""
    found = set[datetime.date]()
    for line in filter(None, map(str.strip, re.split(r"[\n,;，；、]", text))):
        ends = [_day(each) for each in _DAY.findall(line)]
        rest = _DAY.sub("", line).strip()
        if not 1 <= len(ends) <= len(("from", "to")) or (rest and not _TO.fullmatch(f" {rest} ")):
            raise UserError(N_("Write a day a line, like 2026-10-01 or 2026-10-01 - 2026-10-07"))
        if ends[-1] < ends[0] or (ends[-1] - ends[0]).days > _LONGEST:
            raise UserError(N_("Write a day a line, like 2026-10-01 or 2026-10-01 - 2026-10-07"))
        found.update(ends[0] + datetime.timedelta(days=each) for each in range((ends[-1] - ends[0]).days + 1))
    return [day.isoformat() for day in sorted(found)]


def made_up_text(made_up: Sequence[tuple[str, int]], names: Sequence[str]) -> str:
    """Return days with the weekday they are worked like, one a line: `2026-10-10 = Friday`."""
    return "\n".join(f"{day} = {names[weekday]}" for day, weekday in sorted(made_up))


def parse_made_up(text: str, names: Sequence[str]) -> list[list[str | int]]:
    """Return days with weekdays, Monday being 0; `names` are those of the weekdays. `UserError`."""
    found: dict[str, int] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        day, sign, name = line.partition("=")
        known = [each.casefold() for each in names]
        word = name.strip().casefold()
        if not sign or word not in known:
            raise UserError(
                N_("Write a day a line with its weekday, like 2026-10-10 = {name}"), name=names[4]
            )
        found[_day(day.strip()).isoformat()] = known.index(word)
    return [[day, weekday] for day, weekday in sorted(found.items())]


def length_text(minutes: int | None) -> str:
    """Return a length as `1:30`, hours and minutes; nothing for None."""
    return "" if minutes is None else f"{minutes // 60}:{minutes % 60:02}"


def parse_length(text: str) -> int | None:
    """Return the minutes of `1:30` or `2`, whole hours; None for an empty text. `UserError`."""
    if not text.strip():
        return None
    found = _LENGTH.fullmatch(text.strip())
    if found is None or int(found[2] or 0) >= 60:
        raise UserError(N_("Write hours and minutes like 1:30"))
    return int(found[1]) * 60 + int(found[2] or 0)


_LONGEST: Final = 400


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _minute(text: str) -> int:
    found = _TIME.fullmatch(text.strip())
    minute = int(found[1]) * 60 + int(found[2]) if found is not None and int(found[2]) < 60 else -1
    if not 0 <= minute <= DAY_MINUTES:
        raise UserError(N_("Write spans of a day like 09:00-12:00, 13:00-18:00"))
    return minute


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise UserError(N_("There is no day “{day}”"), day=text) from error
