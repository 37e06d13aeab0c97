"""Days, weekdays and hours of moments and dates in SQL, the same on SQLite and PostgreSQL.

A moment becomes a time on the wall of a zone by adding what the zone's clock was ahead by then; the rest is
whole-number arithmetic. Days are counted as by `datetime.date.toordinal`.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import BigInteger, ColumnElement, Text, case, cast, false, func, literal, or_, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.moment_parts import Part, split_part
from crm_core.schema.field import Field, Kind
from crm_core.times import DAY_MS, HOUR_MS

EPOCH_ORDINAL: Final = datetime.date(1970, 1, 1).toordinal()
_BEFORE_MS: Final = EPOCH_ORDINAL * DAY_MS
"""Added to a moment, so that all since the year 1 are above zero and whole division rounds down."""
_FIRST_YEAR, _LAST_YEAR = 1970, 2060
_STEP_S: Final = 7 * 86_400  # no zone changes its clock twice in a week and back


class _Quotient(FunctionElement[int]):
    """A whole number divided by another, what remains cut off."""

    inherit_cache = True
    type = BigInteger()


class _DayNumber(FunctionElement[int]):
    """The ordinal of a day kept as `YYYY-MM-DD`."""

    inherit_cache = True
    type = BigInteger()


class _MonthOfSeconds(FunctionElement[str]):
    """The month `YYYY-MM` of seconds since 1970."""

    inherit_cache = True
    type = Text()


@compiles(_Quotient)
def _quotient(element: Any, compiler: Any, **how: Any) -> str:
    above, below = (compiler.process(each, **how) for each in element.clauses)
    return f"(({above}) / ({below}))"  # whole numbers divide so on both engines


@compiles(_DayNumber, "sqlite")
def _day_number_here(element: Any, compiler: Any, **how: Any) -> str:
    return f"CAST(julianday({compiler.process(element.clauses, **how)}) - 1721424.5 AS INTEGER)"


@compiles(_DayNumber)
def _day_number(element: Any, compiler: Any, **how: Any) -> str:
    return f"(CAST({compiler.process(element.clauses, **how)} AS DATE) - DATE '0001-01-01' + 1)"


@compiles(_MonthOfSeconds, "sqlite")
def _month_here(element: Any, compiler: Any, **how: Any) -> str:
    return f"strftime('%Y-%m', {compiler.process(element.clauses, **how)}, 'unixepoch')"


@compiles(_MonthOfSeconds)
def _month(element: Any, compiler: Any, **how: Any) -> str:
    seconds = compiler.process(element.clauses, **how)
    return f"to_char(to_timestamp({seconds}) AT TIME ZONE 'UTC', 'YYYY-MM')"


def quotient(above: ColumnElement[Any], below: ColumnElement[Any] | int) -> ColumnElement[int]:
    """Return a whole number divided by another, what remains cut off."""
    return _Quotient(above, literal(below, BigInteger) if isinstance(below, int) else below)


def demand_zone(name: str) -> None:
    """Raise `UserError` where there is no such time zone; '' is the one of this place."""
    if name:
        _zone(name)


def offset_ms(moment_ms: int, zone: str) -> int:
    """Return what the clock of a zone is ahead of UTC at a moment; '' is the zone of this place."""
    return _offset_s(moment_ms // 1000, zone) * 1000


def midnight_ms(day: datetime.date, zone: str) -> int:
    """Return the moment a day begins in a zone; days beyond the calendar are its ends."""
    if day.year < 2 or day.year > 9998:
        return -_BEFORE_MS if day.year < 2 else 2**53
    at = datetime.datetime.combine(day, datetime.time())
    aware = at.replace(tzinfo=_zone(zone)) if zone else at.astimezone()
    return round(aware.timestamp() * 1000)


def wall(value: ColumnElement[Any], zone: str) -> ColumnElement[int]:
    """Return a moment as milliseconds on the wall of a zone."""
    changes = _changes(zone, time.tzname if not zone else ("", ""), time.timezone if not zone else 0)
    ahead = _ahead(value, changes)
    return type_coerce(value, BigInteger) + ahead


def day_of(value: ColumnElement[Any], field: Field, zone: str) -> ColumnElement[int]:
    """Return the ordinal of the day of a date or moment."""
    if field.kind is Kind.DATE:
        return _DayNumber(func.nullif(value, ""))
    return quotient(wall(value, zone) + _BEFORE_MS, DAY_MS)


def month_of(value: ColumnElement[Any], field: Field, zone: str) -> ColumnElement[str]:
    """Return the month `YYYY-MM` of a date or moment."""
    if field.kind is Kind.DATE:
        return func.nullif(func.substr(value, 1, 7), "")
    seconds = quotient(wall(value, zone) + _BEFORE_MS, 1000) - _BEFORE_MS // 1000
    return _MonthOfSeconds(seconds)


def weekday_of(value: ColumnElement[Any], field: Field, zone: str) -> ColumnElement[int]:
    """Return the weekday of a date or moment: 0 Monday to 6 Sunday."""
    return (day_of(value, field, zone) + 6) % 7


def hour_of(value: ColumnElement[Any], zone: str) -> ColumnElement[int]:
    """Return the hour of a moment, 0 to 23."""
    return quotient(wall(value, zone) + _BEFORE_MS, HOUR_MS) % 24


def part_where(
    value: ColumnElement[Any], field: Field, asked: Field, condition: Condition
) -> ColumnElement[bool]:
    """Return that a part of a date or moment is as a condition says (`crm_core.rules.moment_parts`)."""
    _, part, zone = split_part(condition.field)
    demand_zone(zone)
    found = hour_of(value, zone) if part is Part.HOUR else weekday_of(value, field, zone)
    op = condition.op
    if op in (Op.EMPTY, Op.FILLED):
        return found.is_(None) if op is Op.EMPTY else found.is_not(None)
    if op is Op.IN:
        values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        return func.coalesce(found.in_([_whole(asked, each) for each in values]), false())
    if condition.value in (None, ""):
        return found.is_(None) if op is Op.EQUAL else found.is_not(None)
    other = _whole(asked, condition.value)
    compared: ColumnElement[bool]
    match op:
        case Op.EQUAL:
            compared = found == other
        case Op.NOT_EQUAL:
            return or_(found != other, found.is_(None))
        case Op.LESS:
            compared = found < other
        case Op.AT_MOST:
            compared = found <= other
        case Op.MORE:
            compared = found > other
        case Op.AT_LEAST:
            compared = found >= other
        case _:
            raise UserError(_unfit(asked, op))
    return func.coalesce(compared, false())


def _whole(asked: Field, value: Any) -> int:
    try:
        found = int(value)
    except (TypeError, ValueError):
        raise UserError(_unfit(asked, Op.EQUAL)) from None
    if abs(found) > _LAST_YEAR:  # no hour, and no day of the week
        raise UserError(_unfit(asked, Op.EQUAL))
    return found


def _unfit(asked: Field, op: Op) -> Message:
    return message(
        N_("The field “{field}” cannot be compared by {op}"), field=Message(asked.label), op=op.value
    )


def _ahead(value: ColumnElement[Any], changes: Sequence[tuple[int, int]]) -> ColumnElement[int]:
    """Return what the clock is ahead by at a moment, found by halving the list of its changes."""
    if len(changes) == 1:
        return literal(changes[0][1], BigInteger)
    middle = len(changes) // 2
    earlier, later = _ahead(value, changes[:middle]), _ahead(value, changes[middle:])
    return cast(case((value < literal(changes[middle][0], BigInteger), earlier), else_=later), BigInteger)


@lru_cache(maxsize=16)
def _changes(zone: str, _names: tuple[str, ...], _seconds: int) -> tuple[tuple[int, int], ...]:
    """Return (moment, ahead by) of a zone's clock, in milliseconds, oldest first."""
    at = round(datetime.datetime(_FIRST_YEAR, 1, 1, tzinfo=datetime.UTC).timestamp())
    end = round(datetime.datetime(_LAST_YEAR, 1, 1, tzinfo=datetime.UTC).timestamp())
    ahead = _offset_s(at, zone)
    found = [(at * 1000, ahead * 1000)]
    while at < end:
        following = at + _STEP_S
        if _offset_s(following, zone) != ahead:
            low, high = at, following
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset_s(middle, zone) == ahead else (low, middle)
            ahead = _offset_s(following, zone)
            found.append((high * 1000, ahead * 1000))
        at = following
    return tuple(found)


def _offset_s(second: int, zone: str) -> int:
    if not zone:
        return time.localtime(second).tm_gmtoff
    ahead = datetime.datetime.fromtimestamp(second, _zone(zone)).utcoffset()
    return round(ahead.total_seconds()) if ahead is not None else 0


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UserError(N_("There is no time zone called “{name}”"), name=name) from None
