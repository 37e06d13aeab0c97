"""What records are put together by: in SQL, as keys, as people call them, and as the rule that finds them.

SQL puts days together by no more than day and month; weeks, quarters and years are put together here, so that
both engines know one calendar. A week is known by its first day.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func, literal_column, select, type_coerce
from sqlalchemy.types import Integer

from crm_core.entities import SCHEMAS
from crm_core.errors import AccessDenied, UserError
from crm_core.i18n import N_, Message, Worded, message, worded
from crm_core.reporting.moments import day_of, hour_of, midnight_ms, month_of, weekday_of
from crm_core.reporting.source import Linked, Source
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.customer_value import SCORED, SCORES
from crm_core.rules.moment_parts import WEEKDAYS, Part, part_name
from crm_core.rules.reports import NOTHING, RUNNING_PERIODS, Group, Head, Period
from crm_core.rules.segments import AllOf, Not, Rule
from crm_core.schema import code_lists
from crm_core.schema.field import Field, Kind, Plain

GROUPED: Final = frozenset(
    (
        *(Kind.TEXT, Kind.EMAIL, Kind.URL, Kind.INTEGER, Kind.PERCENT, Kind.CURRENCY, Kind.BOOLEAN),
        *(Kind.DATE, Kind.INSTANT, Kind.CHOICE, Kind.REF, Kind.TAGS),
    )
)
UNSEEN: Final = message(N_("(not visible)"))
YES: Final = message(N_("Yes"))
NO: Final = message(N_("No"))
_IDS_A_STATEMENT: Final = 500

Key = Plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """One group of a report: how records are put together by it."""

    group: Group
    field: Field
    value: ColumnElement[Any]
    """What SQL puts records together by."""
    zone: str
    first_weekday: int

    @property
    def is_set(self) -> bool:
        """Whether a record stands in the group of each of its words."""
        return self.field.kind is Kind.TAGS

    def key(self, found: Any) -> Key:
        """Return the key of what SQL found."""
        if found is None:
            return None
        match self.group.period:
            case None:
                return self._plain(found)
            case Period.DAY | Period.WEEK:
                day = _day(found)
                return day if day is None or self.group.period is Period.DAY else self._week(day)
            case Period.QUARTER:
                return f"{found[:4]}-Q{(int(found[5:7]) + 2) // 3}"
            case Period.YEAR:
                return str(found)[:4]
            case Period.MONTH:
                return str(found)
            case _:
                return int(found)

    def rule(self, key: Key) -> Rule:
        """Return the rule that finds the records of a key."""
        path, period = self.group.field, self.group.period
        if key is None:
            return nothing_at(path)
        if period is Period.WEEKDAY:
            return Condition(field=part_name(path, Part.WEEKDAY, self.zone), op=Op.EQUAL, value=str(key))
        if period is Period.HOUR:
            return Condition(field=part_name(path, Part.HOUR, self.zone), op=Op.EQUAL, value=int(str(key)))
        if period is None:
            assert isinstance(key, str | int | bool)  # what a group's value may be
            return Condition(field=path, op=Op.EQUAL, value=key)
        first = self.first_day(key)
        following = self.first_day(self.following(key))
        if self.field.kind is Kind.DATE:
            begins: int | str = first.isoformat()
            ends: int | str = following.isoformat()
        else:
            begins, ends = midnight_ms(first, self.zone), midnight_ms(following, self.zone)
        return AllOf(
            (
                Condition(field=path, op=Op.AT_LEAST, value=begins),
                Condition(field=path, op=Op.LESS, value=ends),
            )
        )

    def first_day(self, key: Key) -> datetime.date:
        """Return the first day of a running period."""
        text = str(key)
        match self.group.period:
            case Period.QUARTER:
                return datetime.date(int(text[:4]), 3 * int(text[6]) - 2, 1)
            case Period.YEAR:
                return datetime.date(int(text), 1, 1)
            case Period.MONTH:
                return datetime.date(int(text[:4]), int(text[5:7]), 1)
            case _:
                return datetime.date.fromisoformat(text)

    def following(self, key: Key) -> Key:
        """Return the period after one; the last one there is stays."""
        return self._moved(key, 1)

    def before(self, key: Key, *, a_year: bool = False) -> Key:
        """Return the period before one, or the same a year before: of a week the one 52 weeks before."""
        if not a_year:
            return self._moved(key, -1)
        if self.group.period is Period.DAY:
            return _a_year_before(key)
        steps = {Period.WEEK: 52, Period.MONTH: 12, Period.QUARTER: 4}.get(
            self.group.period or Period.YEAR, 1
        )
        return self._moved(key, -steps)

    def all_of_period(self, keys: Iterable[Key], most: int) -> list[Key]:
        """Return the keys from the first period to the last, those without records among them.

        As given where the group has no periods, or where more than `most` would come.
        """
        given = list(keys)
        period = self.group.period
        if period is Period.WEEKDAY:
            wanted: list[Key] = [(self.first_weekday + place) % 7 for place in range(7)]
        elif period is Period.HOUR:
            wanted = list(range(24))
        elif period in RUNNING_PERIODS:
            known = sorted(str(key) for key in given if key is not None)
            wanted = list(known[:1])
            while wanted and str(wanted[-1]) < known[-1]:
                if len(wanted) >= most:
                    return given
                wanted.append(self.following(wanted[-1]))
        elif self.field in SCORED:
            wanted = list(range(1, SCORES + 1))
        else:
            return given
        return wanted + ([None] if None in given else [])

    def _moved(self, key: Key, by: int) -> Key:
        first = self.first_day(key)
        period = self.group.period
        try:
            if period in (Period.DAY, Period.WEEK):
                return (first + datetime.timedelta(days=by * (7 if period is Period.WEEK else 1))).isoformat()
            months = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}[period or Period.MONTH]
            index = first.year * 12 + first.month - 1 + by * months
            moved = datetime.date(index // 12, index % 12 + 1, 1)
        except (OverflowError, ValueError):
            return key
        if period is Period.YEAR:
            return f"{moved.year:04}"
        if period is Period.QUARTER:
            return f"{moved.year:04}-Q{(moved.month + 2) // 3}"
        return f"{moved.year:04}-{moved.month:02}"

    def _week(self, day: str) -> str | None:
        date = datetime.date.fromisoformat(day)
        try:
            return (date - datetime.timedelta(days=(date.weekday() - self.first_weekday) % 7)).isoformat()
        except OverflowError:
            return day

    def _plain(self, found: Any) -> Key:
        if self.field.kind is Kind.BOOLEAN:
            return bool(found)
        if self.field.code_list is not None:
            return _one_spelling(self.field.code_list, str(found))
        return found if isinstance(found, int) else str(found)


def grouping(group: Group, linked: Linked, zone: str, first_weekday: int) -> Grouping:
    """Return how records are put together. `UserError` where they cannot be."""
    field = linked.field(group.field)
    value = linked.value(group.field)
    if field.kind not in GROUPED or (field.kind is Kind.REF and field.target not in SCHEMAS):
        raise UserError(N_("Records cannot be grouped by “{field}”"), field=Message(field.label))
    if field.kind is Kind.TAGS and "." in group.field:
        raise UserError(N_("Records cannot be grouped by “{field}”"), field=Message(field.label))
    has_days = field.kind in (Kind.DATE, Kind.INSTANT)
    if group.period is not None and (
        not has_days or (group.period is Period.HOUR and field.kind is Kind.DATE)
    ):
        raise UserError(N_("The field “{field}” has no days to put together"), field=Message(field.label))
    period = group.period or (Period.DAY if has_days else None)
    if period is not group.period:
        group = Group(field=group.field, period=period)
    match period:
        case None:
            found = _plain_value(field, value)
        case Period.DAY | Period.WEEK:
            found = func.nullif(value, "") if field.kind is Kind.DATE else day_of(value, field, zone)
        case Period.WEEKDAY:
            found = weekday_of(value, field, zone)
        case Period.HOUR:
            found = hour_of(value, zone)
        case _:
            found = month_of(value, field, zone)
    return Grouping(group=group, field=field, value=found, zone=zone, first_weekday=first_weekday)


def nothing_at(path: str) -> Rule:
    """Return that a field is empty, or that there is no record the links to it lead to."""
    if "." in path:
        return Not(Condition(field=path, op=Op.FILLED))
    return Condition(field=path, op=Op.EMPTY)


class Heads:
    """Keys as people call them, and in which order they come."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._titles: dict[str, dict[str, tuple[str, int]]] = {}

    def order(self, grouping: Grouping, keys: Iterable[Key]) -> Callable[[Key], Any]:
        """Return what keys are ordered by: set-up by its sequence, choices as declared, empty ones last."""
        field = grouping.field
        if grouping.group.period is Period.WEEKDAY:
            first = grouping.first_weekday
            return lambda key: (key is None, (int(str(key)) - first) % 7 if key is not None else 0)
        if field.kind is Kind.CHOICE:
            places = {choice.value: place for place, choice in enumerate(field.choices)}
            return lambda key: (key is None, places.get(str(key), len(places)), str(key))
        names = self._names(field, keys)
        if names:

            def by_name(key: Key) -> Any:
                title, rank = names.get(str(key), ("", 0))
                return (key is None, str(key) not in names, rank, title.casefold(), str(key))

            return by_name
        if field.kind in (Kind.INTEGER, Kind.INSTANT) or field.kind is Kind.BOOLEAN:
            return lambda key: (key is None, str(key) if isinstance(key, str) else "", _number(key))
        if field.kind is Kind.PERCENT:
            return lambda key: (key is None, float(str(key)) if key is not None else 0.0)
        return lambda key: (key is None, str(key).casefold(), str(key))

    def heads(self, grouping: Grouping, keys: Iterable[Key]) -> dict[Key, Head]:
        """Return the heads of keys."""
        wanted = list(keys)
        names = self._names(grouping.field, wanted)
        return {key: Head(key=key, label=_label(grouping, key, names)) for key in wanted}

    def _names(self, field: Field, keys: Iterable[Key]) -> Mapping[str, tuple[str, int]]:
        """Return (title, sequence) of linked records by id; those the person may not see are left out."""
        linked = (field.target or "",) if field.kind is Kind.REF else ()
        targets = field.members if field.kind is Kind.TAGS else linked
        found: dict[str, tuple[str, int]] = {}
        wanted = {str(key) for key in keys if key is not None}
        for target in targets:
            if target not in SCHEMAS:
                continue
            known = self._titles.setdefault(target, {})
            missing = sorted(wanted - known.keys())
            if missing:
                known.update(self._read(target, missing))
            found.update((key, known[key]) for key in wanted if known.get(key, ("", -1))[1] >= 0)
        return found

    def _read(self, entity: str, ids: list[str]) -> dict[str, tuple[str, int]]:
        schema = SCHEMAS[entity]
        read: dict[str, tuple[str, int]] = dict.fromkeys(ids, ("", -1))  # -1: not to be seen
        try:
            self._source.field(entity, schema.meta.title)
            seen = self._source.visible(entity)
        except AccessDenied:
            return read  # whoever may not read such records reads no title of one
        table = schema.table
        rank = table.c.rank if "rank" in schema.fields else literal_column("0")
        chinese = table.c[schema.title_zh] if schema.title_zh else literal_column("''")
        for start in range(0, len(ids), _IDS_A_STATEMENT):
            some = table.c.id.in_(ids[start : start + _IDS_A_STATEMENT])
            for row in self._source.execute(
                select(table.c.id, table.c[schema.meta.title], type_coerce(rank, Integer), chinese).where(
                    some, seen
                )
            ):
                read[row[0]] = (worded(row[1], row[3]), max(int(row[2] or 0), 0))
        return read


def _label(grouping: Grouping, key: Key, names: Mapping[str, tuple[str, int]]) -> Message:
    field, period = grouping.field, grouping.group.period
    if key is None:
        return NOTHING
    if period is Period.WEEKDAY:
        return Message(WEEKDAYS[int(str(key))])
    if period is Period.HOUR:
        return Message(f"{int(str(key)):02}:00")
    if period is not None:
        return Message(str(key))
    if field.kind is Kind.BOOLEAN:
        return YES if key else NO
    if field.kind is Kind.CHOICE:
        return Message(field.choice_label(str(key)))
    if field.kind is Kind.REF or (field.kind is Kind.TAGS and field.members):
        return Message(names[str(key)][0]) if str(key) in names else UNSEEN
    if field.code_list is not None:
        entry = code_lists.find(field.code_list, str(key), {})
        return Message(Worded(entry.english, entry.chinese) if entry is not None else str(key))
    return Message(str(key))


def _plain_value(field: Field, value: ColumnElement[Any]) -> ColumnElement[Any]:
    return value if field.kind in (Kind.BOOLEAN, Kind.INTEGER) else func.nullif(value, "")


def _a_year_before(key: Key) -> Key:
    """Return the same day of the year before; of a 29 February there is none."""
    day = datetime.date.fromisoformat(str(key))
    try:
        return day.replace(year=day.year - 1).isoformat()
    except ValueError:
        return ""


def _day(found: Any) -> str | None:
    if isinstance(found, str):
        try:
            return datetime.date.fromisoformat(found).isoformat()
        except ValueError:
            return None
    try:
        return datetime.date.fromordinal(int(found)).isoformat()
    except (ValueError, OverflowError):
        return None


def _number(key: Key) -> int:
    return int(key) if isinstance(key, int) else 0


def _one_spelling(which: code_lists.CodeList, text: str) -> str:
    """Return one text for all that a condition on the field takes for the same."""
    names = code_lists.spellings(which, text)
    alike = [name for name in names if set(code_lists.spellings(which, name)) == set(names)]
    return min(alike, default=text)
