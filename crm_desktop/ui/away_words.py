"""How it is told that somebody is away: “away until 12 Jan, Chen stands in”."""

from __future__ import annotations

from datetime import datetime

from crm_core.i18n import Message, message
from crm_desktop.services.absences import AwayNow, last_day
from crm_desktop.ui.format import clock, short_date


def until_words(ends_at: int) -> str:
    """Return until when somebody is away, `12 Jan` for the whole of a day, else `12 Jan 14:00`."""
    day = last_day(ends_at)
    if day is not None:
        return short_date(day)
    end = datetime.fromtimestamp(ends_at / 1000).astimezone()
    return f"{short_date(end.date())} {clock(end)}"


def from_words(begins_at: int) -> str:
    """Return from when somebody is away, `5 Jan` for the whole of a day, else `5 Jan 14:00`."""
    begin = datetime.fromtimestamp(begins_at / 1000).astimezone()
    day = short_date(begin.date())
    return day if (begin.hour, begin.minute) == (0, 0) else f"{day} {clock(begin)}"


def away_words(away: AwayNow) -> Message:
    """Return that somebody is away, until when, and who stands in."""
    until = until_words(away.until_ms)
    if away.stand_in:
        return message("away until {day}, {name} stands in", day=until, name=away.stand_in)
    return message("away until {day}", day=until)
