"""Numbers of quotes and tickets: leased to laptops in ranges, used once, never guessed.

Ranges of one series never overlap, for they are cut from the series under the lock of the feed. A range that
a laptop lost is a documented gap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, message
from crm_core.sync.protocol import Code, Lease, MsgKind
from sync_server.services.rights import Refused
from sync_server.store.tables import NumberLease, NumberSeries, NumberUsed, table_of

PATTERNS: Final[Mapping[str, str]] = {
    "quote": "Q-{year}-{number:05d}",
    "contract": "C-{year}-{number:05d}",
    "order": "O-{year}-{number:05d}",
    "delivery": "D-{year}-{number:05d}",
    "receipt": "R-{year}-{number:05d}",
    "ticket": "T-{number:06d}",
    "article": "KB-{number:03d}",
}
"""How the numbers of a new HQ look."""
LEASE_SIZE: Final = 50  # a month of one person's quotes
LEASE_MOST: Final = 500
UNTOUCHED_MOST: Final = 5  # a laptop holds one in use and one spare; what it lost and asked again goes on top
# What laptops may have given out between a backup and its restore: the leases of twenty of them.
LOST_MOST: Final = 1000

_series = table_of(NumberSeries)
_leases = table_of(NumberLease)
_used = table_of(NumberUsed)

NOT_LEASED = message(N_("This number was not given to this laptop, or it is used already"))
REPLACED = N_("A copy of this laptop's data had used its number already, so HQ gave this record another one")


@dataclass(frozen=True, slots=True)
class _Range:
    lo: int
    hi: int


class NumberBook:
    """The numbers one batch uses."""

    def __init__(self, connection: Connection, device: int) -> None:
        self._connection = connection
        self._device = device
        self._ranges: dict[str, list[_Range]] = {}
        self._patterns: dict[str, str] = {}
        self._noted: list[dict[str, Any]] = []
        self._replaced: list[str] = []

    def use(self, series: str, text: str, record_id: str) -> list[Any] | None:
        """Note a number as used by a record; `Refused` unless this device holds it and nobody used it.

        Where a copy of this laptop's data used it first, the record is to get another one (`must_replace`),
        and what to tell of it is returned. HQ itself may bring in numbers of an earlier system: those that
        look otherwise are not of the series, and those that the series has not reached move it on.
        """
        number = parse_number(self._pattern(series), text)
        if number is None and self._device == 0:
            return None
        if self._device == 0 and is_gapless(series):
            raise Refused(Code.INVALID, NOT_LEASED)
        if number is None or not self._holds(series, number):
            raise Refused(Code.INVALID, NOT_LEASED)
        if self._is_used(series, number):
            if not self._is_given_up(series, number):
                raise Refused(Code.INVALID, NOT_LEASED)
            self._replaced.append(record_id)
            return [REPLACED, {}, "number"]
        self._note(series, number, record_id)
        return None

    def must_replace(self, record_id: str) -> bool:
        """Tell whether a record of this batch still is to get a number in the place of one that was used."""
        return record_id in self._replaced

    def draw(self, series: str, record_id: str, now_ms: int) -> str:
        """Return the next number of a series for HQ itself, noted as used."""
        pattern = self._pattern(series)
        number = _cut(self._connection, series, 1)
        self._note(series, number, record_id)
        return write_number(pattern, number, now_ms)

    def _note(self, series: str, number: int, record_id: str) -> None:
        self._noted.append({"series": series, "number": number, "row_id": record_id})

    def finish(self) -> None:
        """Write the used numbers down."""
        if self._noted:
            self._connection.execute(insert(_used), self._noted)

    def mark(self) -> tuple[int, int]:
        """Return a mark to go back to."""
        return len(self._noted), len(self._replaced)

    def take_back(self, mark: tuple[int, int]) -> None:
        """Forget the numbers noted since `mark`, and those to be replaced."""
        del self._noted[mark[0] :]
        del self._replaced[mark[1] :]

    def _pattern(self, series: str) -> str:
        if series not in self._patterns:
            self._patterns[series] = pattern_of(self._connection, series)
        return self._patterns[series]

    def _holds(self, series: str, number: int) -> bool:
        if self._device == 0:
            return self._reach(series, number)
        if series not in self._ranges:
            query = select(_leases.c.lo, _leases.c.hi).where(
                _leases.c.device.in_((self._device, 0)), _leases.c.series == series
            )
            self._ranges[series] = [_Range(row.lo, row.hi) for row in self._connection.execute(query)]
        return any(each.lo <= number <= each.hi for each in self._ranges[series])

    def _is_given_up(self, series: str, number: int) -> bool:
        """Tell whether this device gave the range of a number up when its data was found to be a copy."""
        inside = (_leases.c.lo <= number, _leases.c.hi >= number)
        mine = (_leases.c.device == self._device, _leases.c.series == series, _leases.c.closed)
        return self._connection.execute(select(_leases.c.id).where(*mine, *inside)).first() is not None

    def _reach(self, series: str, number: int) -> bool:
        """Move the series beyond `number`; False where a laptop holds it."""
        inside = (_leases.c.series == series, _leases.c.lo <= number, _leases.c.hi >= number)
        if self._connection.execute(select(_leases.c.id).where(*inside)).first() is not None:
            return False
        behind = (_series.c.series == series, _series.c.next <= number)
        self._connection.execute(update(_series).where(*behind).values(next=number + 1))
        return True

    def _is_used(self, series: str, number: int) -> bool:
        if any(each["series"] == series and each["number"] == number for each in self._noted):
            return True
        query = select(_used.c.number).where(_used.c.series == series, _used.c.number == number)
        return self._connection.execute(query).first() is not None


# Put together once: every laptop that wants numbers asks each time it syncs.
_of_series = _leases.c.series == bindparam("name")
_of_device = _leases.c.device == bindparam("of_device")
_PATTERN: Final = select(_series.c.pattern).where(_series.c.series == bindparam("name"))
_CUT: Final = (
    update(_series)
    .where(_series.c.series == bindparam("name"))
    .values(next=_series.c.next + bindparam("size"))
    .returning(_series.c.next)
)
_UNTOUCHED: Final = (
    select(func.count())
    .select_from(_leases)
    .where(
        _of_device,
        _of_series,
        ~_leases.c.closed,
        ~select(_used.c.number)
        .where(
            _used.c.series == bindparam("name"),
            _used.c.number >= _leases.c.lo,
            _used.c.number <= _leases.c.hi,
        )
        .exists(),
    )
)
_NEWEST: Final = (
    select(_leases.c.lo, _leases.c.hi)
    .where(_of_device, _of_series, ~_leases.c.closed)
    .order_by(_leases.c.id.desc())
    .limit(1)
)
_USED_WITHIN: Final = (
    select(func.count())
    .select_from(_used)
    .where(_used.c.series == bindparam("name"), _used.c.number.between(bindparam("lo"), bindparam("hi")))
)


def leases(
    connection: Connection, device: int, wanted: Mapping[str, int], now_ms: int, *, again: bool
) -> Iterator[Lease]:
    """Yield a range of each series a laptop asks for, as `lease` does."""
    for series, count in wanted.items():
        if (given := lease(connection, device, series, count, now_ms, again=again)) is not None:
            yield given


def is_gapless(series: str) -> bool:
    """Tell whether HQ alone gives the numbers of a series, at posting (`posting`)."""
    return any(schema.meta.gapless for schema in SCHEMAS.values() if schema.meta.series == series)


def lease(
    connection: Connection, device: int, series: str, wanted: int, now_ms: int, *, again: bool
) -> Lease | None:
    """Give the device a range of its own; None for a series HQ does not have.

    `again`: the answer before was lost, so a newest range of which no number was used is given once more. So
    it is to a laptop that asks on and on and uses none: it needs one range and a spare.
    """
    if series not in PATTERNS or is_gapless(series):
        return None
    pattern = pattern_of(connection, series)
    size = max(1, min(wanted, LEASE_MOST))
    last = _newest_unused(connection, device, series)
    if last is not None and (again or _holds_enough(connection, device, series)):
        return _message(series, last, pattern)
    lo = _cut(connection, series, size)
    given = _Range(lo, lo + size - 1)
    connection.execute(
        insert(_leases).values(
            series=series, device=device, lo=given.lo, hi=given.hi, at_ms=now_ms, closed=False
        )
    )
    return _message(series, given, pattern)


def retire_leases(connection: Connection, device: int) -> None:
    """Close the ranges of a device whose database was found to be a copy: none is given out from again."""
    connection.execute(update(_leases).where(_leases.c.device == device).values(closed=True))


def set_lost_apart(connection: Connection, now_ms: int) -> None:
    """Let every series go on beyond what may have been given out after the backup this HQ went back to.

    Those numbers may stand on paper: they are given to nobody, and taken from any laptop that brings a record
    with one of them, once.
    """
    for row in connection.execute(select(_series.c.series, _series.c.next)).all():
        apart = {"series": row.series, "device": 0, "lo": row.next, "hi": row.next + LOST_MOST - 1}
        connection.execute(insert(_leases).values(**apart, at_ms=now_ms, closed=True))
        _cut(connection, row.series, LOST_MOST)


def pattern_of(connection: Connection, series: str) -> str:
    """Return how the numbers of a series look, and begin the series where it is new."""
    pattern = connection.execute(_PATTERN, {"name": series}).scalar()
    if pattern is None:
        pattern = PATTERNS.get(series, "{number}")
        connection.execute(insert(_series).values(series=series, next=1, pattern=pattern))
    return pattern


def write_number(pattern: str, number: int, now_ms: int) -> str:
    """Return a number as text."""
    return pattern.format(year=datetime.fromtimestamp(now_ms / 1000, UTC).year, number=number)


def parse_number(pattern: str, text: str) -> int | None:
    """Return the number in a text of this pattern; None for any other text."""
    regex = re.escape(pattern).replace(r"\{year\}", r"(?P<year>[0-9]{4})")
    regex = re.sub(r"\\\{number(:[0-9]*d)?\\\}", r"(?P<number>[0-9]{1,15})", regex)
    found = re.fullmatch(regex, text)
    if found is None:
        return None
    groups = found.groupdict()
    number = int(groups["number"])
    return number if pattern.format(year=groups.get("year") or "", number=number) == text else None


def _cut(connection: Connection, series: str, size: int) -> int:
    """Take `size` numbers from a series and return the first."""
    return int(connection.execute(_CUT, {"name": series, "size": size}).scalar_one()) - size


def _holds_enough(connection: Connection, device: int, series: str) -> bool:
    """Tell whether a device holds so many ranges untouched that another would be numbers thrown away."""
    untouched = connection.execute(_UNTOUCHED, {"of_device": device, "name": series}).scalar_one()
    return int(untouched) >= UNTOUCHED_MOST


def _newest_unused(connection: Connection, device: int, series: str) -> _Range | None:
    row = connection.execute(_NEWEST, {"of_device": device, "name": series}).first()
    if row is None:
        return None
    inside = {"name": series, "lo": row.lo, "hi": row.hi}
    return None if connection.execute(_USED_WITHIN, inside).scalar_one() else _Range(row.lo, row.hi)


def _message(series: str, given: _Range, pattern: str) -> Lease:
    return Lease(MsgKind.LEASE, 0, series, given.lo, given.hi, pattern)
