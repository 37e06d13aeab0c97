"""Days and months of this machine's time zone as milliseconds."""

from __future__ import annotations

import datetime


def local(ms: int) -> datetime.datetime:
    """Return a moment in this machine's time zone."""
    return datetime.datetime.fromtimestamp(ms / 1000, tz=datetime.UTC).astimezone()


def moment(day: datetime.date, minutes: int = 0) -> int:
    """Return when it is so many minutes past midnight by the clock on the wall of a day here."""
    wall = datetime.datetime.combine(day, datetime.time()) + datetime.timedelta(minutes=minutes)
    return round(wall.astimezone().timestamp() * 1000)


def day_bounds(now_ms: int) -> tuple[int, int]:
    """Return the first and the last millisecond of the day `now_ms` lies in."""
    start = local(now_ms).replace(hour=0, minute=0, second=0, microsecond=0)
    # By the calendar, not by 24 hours: a day on which clocks change has 23 or 25.
    following = (start.replace(tzinfo=None) + datetime.timedelta(days=1)).astimezone()
    return round(start.timestamp() * 1000), round(following.timestamp() * 1000) - 1


def end_of_today_ms(now_ms: int) -> int:
    """Return the last millisecond of the day `now_ms` lies in."""
    return day_bounds(now_ms)[1]


def months_back(today: datetime.date, count: int) -> list[str]:
    """Return the last `count` months as `YYYY-MM`, oldest first, the present one last."""
    months = []
    year, month = today.year, today.month
    for _ in range(count):
        months.append(f"{year:04d}-{month:02d}")
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return months[::-1]
