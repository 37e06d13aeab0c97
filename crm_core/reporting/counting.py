"""The statement of a report, and what the database found put into cells.

One statement counts all measures but numbers of different values, which have one each: those of two groups do
not add up, so the values themselves are brought together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    column,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.exc import OperationalError

from crm_core.entities import schema_of
from crm_core.errors import UserError
from crm_core.i18n import N_, message
from crm_core.reporting.keys import GROUPED, Grouping, Key, grouping
from crm_core.reporting.source import Linked, Source
from crm_core.reporting.tallies import Cell, Numbers, Tally, empty_cell
from crm_core.reporting.terms import Counted, Cut, counted, currency_at
from crm_core.reporting.worth import asked_of
from crm_core.rules.conditions import Condition
from crm_core.rules.report_check import paths_in
from crm_core.rules.reports import PLACES, FieldAt, Measure, Report, Take, Unit
from crm_core.rules.segments import AllOf, AnyOf, Not, Rule, leaves
from crm_core.schema.field import Kind

NUMERIC: Final = frozenset((Take.SUM, Take.AVERAGE, Take.LEAST, Take.MOST))
Keys = tuple[Key, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The records of one group: its keys (rows, then columns), its currency, what they come to."""

    keys: Keys
    currency: str
    cell: Cell


class Plan:
    """A report against the records somebody may see.

    `UserError` or `AccessDenied` where it cannot be counted.
    """

    def __init__(self, source: Source, report: Report) -> None:
        self._source, self.report = source, report
        self._schema = schema_of(report.entity)
        self._visible = source.visible(report.entity)
        only = [each.only for each in report.measures if each.only is not None]
        judged = [each for rule in only for each in leaves(rule) if isinstance(each, Condition)]
        self._linked = Linked(source, report.entity, self._paths(only), judged)
        self._rule = source.where(report.entity, report.rule, self._linked.worth)
        zone, first = report.zone, report.first_weekday
        self.rows = tuple(grouping(each, self._linked, zone, first) for each in report.rows)
        self.columns = tuple(grouping(each, self._linked, zone, first) for each in report.columns)
        sets = [each for each in (*self.rows, *self.columns) if each.is_set]
        if len(sets) > 1 or (sets and sets[0] in self.columns):
            raise UserError(N_("A report puts records together by one set of words, in its rows"))
        self.has_set = bool(sets)
        self.terms = tuple(self._term(each) for each in report.measures)
        self._only = tuple(
            self._met(each.only) if each.only is not None else None for each in report.measures
        )
        self.currencies = tuple(
            dict.fromkeys(
                term.currency for term in self.terms if term is not None and term.unit is Unit.MONEY
            )
        )

    def unit(self, place: int) -> Unit:
        """Return what the figures of a measure are."""
        take, term = self.report.measures[place].take, self.terms[place]
        if take is Take.SHARE:
            return Unit.SHARE
        return term.unit if term is not None and take in NUMERIC else Unit.COUNT

    def scale(self, place: int) -> int:
        """Return the scale of a measure's numbers."""
        term = self.terms[place]
        return term.scale if term is not None else 0

    def find(self, *, without_set: bool = False) -> Iterator[Found]:
        """Yield the groups there are. `without_set`: the group by a set of words left out, so that each
        record stands in one group."""
        groups = [
            (each, place)
            for place, each in enumerate((*self.rows, *self.columns))
            if not (without_set and each.is_set)
        ]
        yield from self._find_numbers(groups)
        for place, measure in enumerate(self.report.measures):
            if measure.take is Take.DISTINCT:
                yield from self._find_values(groups, place)

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of record, other than set-up, whose fields are asked for by a link."""
        return self._linked.kinds()

    def keyed(self) -> Select[Any]:
        """Return the statement that gives each record its `id` and the keys of its rows (`key_0`, `key_1` …);
        for reports without a set of words."""
        keys = [each.value.label(f"key_{place}") for place, each in enumerate(self.rows)]
        statement = select(self._schema.table.c.id, *keys).select_from(self._linked.table)
        return statement.where(self._visible, self._rule)

    def _find_numbers(self, groups: Sequence[tuple[Grouping, int]]) -> Iterator[Found]:
        measured: list[ColumnElement[Any]] = [func.count().label("counted")]
        for place, measure in enumerate(self.report.measures):
            measured += self._measured(place, measure)
        for row in self._executed(self._grouped(groups, measured)):
            found = row._asdict()
            units = self._found_units(found)
            cell = Cell(counted=found["counted"], tallies=[])
            for place, measure in enumerate(self.report.measures):
                tally = Tally()
                term = self.terms[place]
                if measure.take in (Take.COUNT, Take.SHARE):
                    tally.count = int(found[f"count_{place}"] or 0)
                    tally.met = int(found[f"met_{place}"] or 0) if measure.take is Take.SHARE else 0
                elif measure.take is not Take.DISTINCT and term is not None:
                    unit = units.get(term.currency, term.currency.removeprefix(":"))
                    number = Numbers(
                        count=int(found[f"count_{place}"] or 0),
                        total=_total(found, place),
                        least=_whole(found[f"least_{place}"]),
                        most=_whole(found[f"most_{place}"]),
                    )
                    tally.numbers[unit if term.unit is Unit.MONEY else ""] = number
                cell.tallies.append(tally)
            yield Found(keys=self._keys(groups, found), currency=self._currency(units), cell=cell)

    def _executed(self, statement: Select[Any]) -> Sequence[Any]:
        try:
            return self._source.execute(statement)
        except OperationalError as error:
            if "integer overflow" in str(error.orig):  # SQLite says so of a sum, and gives it no number
                raise UserError(_TOO_LARGE) from error
            raise

    def _find_values(self, groups: Sequence[tuple[Grouping, int]], place: int) -> Iterator[Found]:
        measure = self.report.measures[place]
        assert isinstance(measure.of, FieldAt)
        value = self._linked.value(measure.of.path)
        if self._linked.field(measure.of.path).kind not in (Kind.INTEGER, Kind.INSTANT, Kind.BOOLEAN):
            value = func.nullif(value, "")
        only = self._only[place]
        statement = self._grouped(groups, [value.label("value")]).where(value.is_not(None))
        statement = statement.group_by(column("value"))
        if only is not None:
            statement = statement.where(only)
        together: dict[tuple[Any, ...], set[Any]] = {}
        for *group, one in self._source.execute(statement):
            together.setdefault(tuple(group), set()).add(one)
        names = [each.name for each in statement.selected_columns]
        for group, values in together.items():
            found = dict(zip(names, group, strict=False))
            cell = empty_cell(self.report.measures)
            cell.tallies[place].values = values
            yield Found(
                keys=self._keys(groups, found), currency=self._currency(self._found_units(found)), cell=cell
            )

    def _measured(self, place: int, measure: Measure) -> list[ColumnElement[Any]]:
        only = self._only[place]
        if measure.take is Take.DISTINCT:
            return []
        if measure.take is Take.SHARE:
            met = func.sum(case((only, 1), else_=0)) if only is not None else null()
            return [func.count().label(f"count_{place}"), met.label(f"met_{place}")]
        if measure.take is Take.COUNT:
            number = func.count() if only is None else func.sum(case((only, 1), else_=0))
            return [number.label(f"count_{place}")]
        term = self.terms[place]
        assert term is not None
        value = term.value if only is None else case((only, term.value))
        found: list[ColumnElement[Any]] = [func.count(value).label(f"count_{place}")]
        for take, name in ((Take.SUM, "sum"), (Take.LEAST, "least"), (Take.MOST, "most")):
            wanted = measure.take is take or (take is Take.SUM and measure.take is Take.AVERAGE)
            # Decimals of many records come to more than eight bytes hold: they are added up by themselves.
            apart = take is Take.SUM and wanted and term.scale > 0
            whole = Cut(value, literal(_WHOLE, BigInteger)) if apart else value
            found.append(
                (getattr(func, _AGGREGATES[take])(whole) if wanted else null()).label(f"{name}_{place}")
            )
            if apart:
                found.append(func.sum(value % literal(_WHOLE, BigInteger)).label(f"rest_{place}"))
        return found

    def _grouped(
        self, groups: Sequence[tuple[Grouping, int]], measured: Sequence[ColumnElement[Any]]
    ) -> Select[Any]:
        keys = [each.value.label(f"key_{place}") for each, place in groups]
        table: Any = self._linked.table
        for each, place in groups:
            if each.is_set:
                words = self._source.words(self.report.entity, each.field)
                table = table.outerjoin(words, words.c.row_id == self._schema.table.c.id)
                keys[[p for _, p in groups].index(place)] = words.c.word.label(f"key_{place}")
        keys += [self._linked.value(at).label(f"unit_{n}") for n, at in enumerate(self._units())]
        statement = select(*keys, *measured).select_from(table).where(self._visible, self._rule)
        return statement.group_by(*(column(key.name) for key in keys)) if keys else statement

    def _keys(self, groups: Sequence[tuple[Grouping, int]], found: Any) -> Keys:
        return tuple(each.key(found[f"key_{place}"]) for each, place in groups)

    def _found_units(self, found: Any) -> dict[str, str]:
        return {at: found[f"unit_{n}"] or "" for n, at in enumerate(self._units())}

    def _currency(self, units: Mapping[str, str]) -> str:
        """Return the currency a group's records are in; '' where no amounts are counted, or several are."""
        if len(self.currencies) != 1:
            return ""
        return units.get(self.currencies[0], self.currencies[0].removeprefix(":"))

    def _units(self) -> tuple[str, ...]:
        return tuple(at for at in self.currencies if not at.startswith(":"))

    def _term(self, measure: Measure) -> Counted | None:
        if measure.take is Take.SHARE and measure.only is None:
            raise UserError(N_("Say which records a share is of"))
        if measure.take in (Take.COUNT, Take.SHARE):
            return None
        if measure.of is None:
            raise UserError(N_("Say what is added up or compared"))
        if measure.take is Take.DISTINCT:
            field = self._linked.field(measure.of.path) if isinstance(measure.of, FieldAt) else None
            if field is None or field.kind not in GROUPED or field.kind is Kind.TAGS:
                raise UserError(N_("Different values are counted of one field, which is no set of words"))
            return None
        return counted(measure.of, self._linked, self.report.zone)

    def _met(self, rule: Rule) -> ColumnElement[bool]:
        """Return that a record meets a rule of one measure."""
        match rule:
            case AllOf(parts):
                return and_(true(), *(self._met(part) for part in parts))
            case AnyOf(parts):
                return or_(false(), *(self._met(part) for part in parts))
            case Not(part):
                return not_(self._met(part).self_group())
        found = self._linked.holds(rule) if isinstance(rule, Condition) else None
        return self._source.where(self.report.entity, rule, self._linked.worth) if found is None else found

    def _paths(self, only: Sequence[Rule]) -> Iterator[str]:
        yield from sorted(asked_of(self.report.entity, (self.report.rule, *only)))
        for group in (*self.report.rows, *self.report.columns):
            yield group.field
        for measure in self.report.measures:
            for path in paths_in(measure.of):
                yield path
                yield from self._currency_of(path)

    def _currency_of(self, path: str) -> Iterator[str]:
        *links, last = path.split(".")
        entity = self.report.entity
        for link in links:
            field = self._source.field(entity, link)
            entity = field.target or ""
            schema_of(entity)
        field = self._source.field(entity, last)
        at = currency_at(path, field) if field.kind is Kind.MONEY else ":"
        if not at.startswith(":"):
            yield at


_AGGREGATES: Final = {Take.SUM: "sum", Take.LEAST: "min", Take.MOST: "max"}


_WHOLE: Final = 10**PLACES
_MOST: Final = 2**63
_TOO_LARGE: Final = message(N_("What this report counts comes to numbers that are too large"))


def _total(found: Any, place: int) -> int:
    total = _whole(found[f"sum_{place}"]) or 0
    rest = _whole(found[f"rest_{place}"]) if f"rest_{place}" in found else None
    return total if rest is None else total * _WHOLE + rest


def _whole(found: Any) -> int | None:
    """Return a number the database found. `UserError` where it is beyond what both engines count exactly."""
    if isinstance(found, float) or (found is not None and abs(found) >= _MOST):
        raise UserError(_TOO_LARGE)
    return None if found is None else int(found)
