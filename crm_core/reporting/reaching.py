"""How far targets are reached, over the records somebody may see: for the laptop, HQ and every report alike.

What counts for a measure, and on which day, is said once (`_COUNTED`); it is brought together by person and
month in one statement a measure and year, and each target takes its people's months of it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import schema_of
from crm_core.errors import AccessDenied
from crm_core.reporting.gathering import Gathered
from crm_core.reporting.moments import midnight_ms
from crm_core.reporting.source import Source
from crm_core.rules.attainment import Attainment, attained
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.pipeline import WON
from crm_core.rules.reports import FieldAt, Group, Measure, Period, Report, Take, all_of
from crm_core.rules.scopes import below
from crm_core.rules.segments import AllOf, Rule
from crm_core.rules.service_levels import STANDARD_ZONE, standard_time
from crm_core.rules.target_plan import Goal, Whose
from crm_core.rules.targets import FIRST_YEAR, IN_MONEY, LAST_YEAR, bounds
from crm_core.rules.working_time import NINE_TO_SIX, WorkingTime
from crm_core.schema.field import Kind

TARGET: Final = "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """What a measure counts: records of a kind that meet a rule, on a day, for a person."""

    entity: str
    rule: Rule
    day: str
    person: str = "owner_id"
    amount: str = ""
    """Field that is added up; '': the records are counted."""


def _is(field: str, *values: str) -> Condition:
    if len(values) == 1:
        return Condition(field=field, op=Op.EQUAL, value=values[0])
    return Condition(field=field, op=Op.IN, value=values)


_WON: Final = _is("stage_id.kind", WON)
_COUNTED: Final[Mapping[str, _Counted]] = {
    "won_amount": _Counted(entity="deal", rule=_WON, day="close_date", amount="amount"),
    "won_count": _Counted(entity="deal", rule=_WON, day="close_date"),
    "ordered": _Counted(
        entity="order", rule=_is("status", "confirmed", "closed"), day="ordered_on", amount="total"
    ),
    "received": _Counted(
        entity="receipt",
        rule=_is("status", "posted"),
        day="received_on",
        person="customer_id.owner_id",
        amount="amount",
    ),
    "new_customers": _Counted(entity="customer", rule=AllOf(), day="created_at"),
    "visits": _Counted(entity="activity", rule=_is("kind", "visit"), day="happened_at"),
    "calls": _Counted(entity="activity", rule=_is("kind", "call"), day="happened_at"),
}
_Slice = tuple[str | None, int, str, str | None]
"""Person, month, currency, and the product or family where it is counted by one."""


class Reaching:
    """Counts targets over what one person may see at one moment."""

    def __init__(self, source: Source, zone: str = "") -> None:
        self._source, self._zone = source, zone
        self._cubes: dict[tuple[str, int, str], dict[_Slice, int] | None] = {}
        self._people: dict[Whose, frozenset[str]] = {}
        self._parents: dict[str, str | None] | None = None
        self._team_of: dict[str, str | None] | None = None
        self._time: WorkingTime | None = None

    @property
    def parents(self) -> Mapping[str, str | None]:
        """Return the teams there are, each with the one above it."""
        if self._parents is None:
            self._parents = self._links("team", "parent_id")
        return self._parents

    @property
    def team_of(self) -> Mapping[str, str | None]:
        """Return the team of each person."""
        if self._team_of is None:
            self._team_of = self._links("user", "team_id")
        return self._team_of

    def goals(self, rule: Rule = AllOf()) -> list[Goal]:  # noqa: B008
        """Return the targets in sight that meet a rule, without those whose amount may not be read."""
        source, table = self._source, schema_of(TARGET).table
        names = ("year", "period", "measure", "name", "user_id", "team_id", "product_id", "family", "number")
        try:
            source.field(TARGET, "amount")
            money = [table.c.amount, table.c.currency]
        except AccessDenied:
            money = []
        wanted = select(table.c.id, *(table.c[name] for name in names), *money)
        found = []
        for row in source.execute(wanted.where(source.visible(TARGET), source.where(TARGET, rule))):
            values = row._mapping
            in_money = values["measure"] in IN_MONEY
            if values["year"] is None or not values["period"] or (in_money and not money):
                continue
            found.append(
                Goal(
                    id=values["id"],
                    name=values["name"] or "",
                    year=values["year"],
                    period=values["period"],
                    measure=values["measure"] or "",
                    goal=(values["amount"] if in_money else values["number"]) or 0,
                    currency=values["currency"] if in_money else None,
                    user_id=values["user_id"] or None,
                    team_id=values["team_id"] or None,
                    product_id=values["product_id"] or None,
                    family=values["family"] or None,
                )
            )
        return found

    def attainments(self, goals: Iterable[Goal]) -> dict[str, Attainment]:
        """Return how far each target is reached, by its id; of those that can be counted by who asks."""
        asked = list(goals)
        years = {goal.year for goal in asked if FIRST_YEAR <= goal.year <= LAST_YEAR}
        plans: dict[Any, dict[str, int]] = {}
        within = Condition(field="year", op=Op.IN, value=tuple(sorted(years)))
        for goal in self.goals(within) if years else []:
            plans.setdefault(goal.subject, {})[goal.period] = goal.goal
        found = {}
        for goal in asked:
            reached = self.reached(goal)
            if reached is None:
                continue
            months = plans.get(goal.subject, {})
            told = attained(goal, reached, months, self._source.today, self._works)
            if told is not None:
                found[goal.id] = told
        return found

    def reached(self, goal: Goal) -> int | None:
        """Return what is reached of a target; None where who asks, or this version, cannot count it."""
        span = bounds(goal.year, goal.period)
        by = "product_id" if goal.product_id else "product_id.family" if goal.family else ""
        cube = self._cube(goal.measure, goal.year, by) if span is not None else None
        if span is None or cube is None:
            return None
        people, part = self.people(goal), goal.product_id or goal.family
        first, last = span
        return sum(
            value
            for (person, month, currency, of), value in cube.items()
            if first.month <= month <= last.month
            and (people is None or person in people)
            and (goal.currency is None or currency == goal.currency)
            and (not by or of == part)
        )

    def by_month(self, goal: Goal) -> tuple[int, ...]:
        """Return what was reached in each month of a target's year; nothing where it cannot be counted."""
        spans = [(goal.year, f"m{month:02d}") for month in range(1, 13)]
        months = [
            Goal(
                id=goal.id,
                year=year,
                period=period,
                measure=goal.measure,
                goal=0,
                currency=goal.currency,
                user_id=goal.user_id,
                team_id=goal.team_id,
                product_id=goal.product_id,
                family=goal.family,
            )
            for year, period in spans
        ]
        return tuple(self.reached(each) or 0 for each in months)

    def people(self, goal: Goal) -> frozenset[str] | None:
        """Return whose work counts for a target; None: everybody's."""
        if goal.user_id:
            return frozenset((goal.user_id,))
        if not goal.team_id:
            return None
        if goal.whose not in self._people:
            teams = below(goal.team_id, self.parents)
            self._people[goal.whose] = frozenset(
                person for person, team in self.team_of.items() if team in teams
            )
        return self._people[goal.whose]

    def counted(self, goal: Goal) -> tuple[str, Rule] | None:
        """Return the kind of record a target counts, and the rule that finds the very ones; None: unknown."""
        counted, span = _COUNTED.get(goal.measure), bounds(goal.year, goal.period)
        if counted is None or span is None:
            return None
        parts: list[Rule] = [counted.rule, *self._days(counted, *span)]
        people = self.people(goal)
        if people is not None:
            parts.append(_is(counted.person, *sorted(people)))
        if counted.amount:
            field = schema_of(counted.entity).fields[counted.amount]
            parts.append(_is(field.currency or "", goal.currency or ""))
        if goal.product_id:
            parts.append(_is("product_id", goal.product_id))
        elif goal.family:
            parts.append(_is("product_id.family", goal.family))
        return counted.entity, all_of(parts)

    def _cube(self, measure: str, year: int, by: str) -> dict[_Slice, int] | None:
        key = (measure, year, by)
        if key not in self._cubes:
            counted = _COUNTED.get(measure)
            try:
                self._cubes[key] = None if counted is None else self._counted(counted, year, by)
            except AccessDenied:
                self._cubes[key] = None
        return self._cubes[key]

    def _counted(self, counted: _Counted, year: int, by: str) -> dict[_Slice, int]:
        days = self._days(counted, datetime.date(year, 1, 1), datetime.date(year, 12, 31))
        own = (Group(field=by),) if by else ()
        measure = Measure(take=Take.SUM, of=FieldAt(counted.amount)) if counted.amount else Measure()
        gathered = Gathered(
            self._source,
            Report(
                entity=counted.entity,
                rule=all_of([counted.rule, *days]),
                rows=(Group(field=counted.person), Group(field=counted.day, period=Period.MONTH), *own),
                measures=(measure,),
                zone=self._zone,
            ),
        )
        found: dict[_Slice, int] = {}
        for currency, by_row in gathered.cells.items():
            for (person, month, *of), cells in by_row.items():
                value = sum(int(gathered.figure(0, cell) or 0) for cell in cells.values())
                part = str(of[0]) if of and of[0] is not None else None
                at = (None if person is None else str(person), int(str(month)[5:7]), currency, part)
                found[at] = found.get(at, 0) + value
        return found

    def _days(self, counted: _Counted, first: datetime.date, last: datetime.date) -> list[Rule]:
        following = last + datetime.timedelta(days=1)
        begins: str | int = first.isoformat()
        ends: str | int = following.isoformat()
        if schema_of(counted.entity).fields[counted.day].kind is Kind.INSTANT:
            begins, ends = midnight_ms(first, self._zone), midnight_ms(following, self._zone)
        return [
            Condition(field=counted.day, op=Op.AT_LEAST, value=begins),
            Condition(field=counted.day, op=Op.LESS, value=ends),
        ]

    def _works(self, day: datetime.date) -> bool:
        if self._time is None:
            table = schema_of("work_calendar").table
            rows = self._source.execute(select(table).where(self._source.visible("work_calendar")))
            found = standard_time([dict(row._mapping) for row in rows], STANDARD_ZONE)
            # A calendar without a day off says when customers are answered, not when people sell.
            self._time = replace(found, hours=NINE_TO_SIX) if all(found.hours) else found
        return bool(self._time.spans(day))

    def _links(self, entity: str, field: str) -> dict[str, str | None]:
        table = schema_of(entity).table
        rows = self._source.execute(select(table.c.id, table.c[field]).where(self._source.visible(entity)))
        return {row[0]: row[1] for row in rows}
