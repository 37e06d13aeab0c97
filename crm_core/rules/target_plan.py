"""A year of targets: spread over its months, copied from the year before, and checked from person to company.

A plan never changes a figure by itself: where parts do not add up to the whole, the difference is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from crm_core.rules.scopes import below
from crm_core.rules.targets import MONTHS, QUARTERS

Of = tuple[str, str | None, str | None, str | None]
"""What is counted: measure, currency, product, family of products."""
Whose = tuple[str | None, str | None]
"""Person and team; neither: the company."""
COMPANY: Final[Whose] = (None, None)
_QUARTER_MONTHS: Final = {name: MONTHS[3 * place : 3 * place + 3] for place, name in enumerate(QUARTERS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A target as it is checked: `goal` in minor units of its currency, or a number."""

    id: str
    year: int
    period: str
    measure: str
    goal: int
    name: str = ""
    currency: str | None = None
    user_id: str | None = None
    team_id: str | None = None
    product_id: str | None = None
    family: str | None = None

    @property
    def of(self) -> Of:
        """Return what is counted."""
        return (self.measure, self.currency, self.product_id, self.family)

    @property
    def whose(self) -> Whose:
        """Return whose it is; naming a person it is his, whatever else it names."""
        return (self.user_id, None) if self.user_id else (None, self.team_id)

    @property
    def subject(self) -> tuple[int, Of, Whose]:
        """Return what the targets of one year's plan share."""
        return (self.year, self.of, self.whose)


def spread(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Return a total shared out by weights, to the last unit: what is left goes to the largest remainders,
    the earlier first. Weights below zero count as nothing; without any weight the parts are even.
    """
    weighed = [max(weight, 0) for weight in weights]
    if not any(weighed):
        weighed = [1] * len(weighed)
    whole = sum(weighed)
    parts = [total * weight // whole for weight in weighed]
    rests = [total * weight % whole for weight in weighed]
    fullest = sorted(range(len(weighed)), key=lambda place: (-rests[place], place))
    for place in fullest[: total - sum(parts)]:
        parts[place] += 1
    return tuple(parts)


def grown(goal: int, percent: Decimal) -> int:
    """Return a goal so many per cent higher, rounded half up; never below zero."""
    return max(int((goal * (100 + percent) / 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)), 0)


class Parts(StrEnum):
    """What a target is compared with."""

    MONTHS = "months"
    QUARTERS = "quarters"
    TEAMS = "teams"
    """Of the company: teams that have a target and are below none that has; of a team: those next below."""
    PEOPLE = "people"
    """Of the company: everybody who has a target; of a team: those in it and in the teams below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A target beside what its parts come to."""

    whole: Goal
    parts: Parts
    count: int
    """How many targets were added up."""
    total: int

    @property
    def difference(self) -> int:
        """Return by how much the parts come to more than the whole; below zero: less."""
        return self.total - self.whole.goal


def roll_up(
    goals: Iterable[Goal], parents: Mapping[str, str | None], team_of: Mapping[str, str | None]
) -> tuple[Sum, ...]:
    """Return every target that has parts beside what these come to, whether they agree or not.

    `parents` are the teams above by team, `team_of` the team of each person. Months and quarters are compared
    where all of them are there.
    """
    every = sorted(goals, key=lambda goal: (goal.year, goal.period, goal.name, goal.id))
    alike: dict[tuple[int, str, Of], list[Goal]] = defaultdict(list)
    plans: dict[tuple[int, Of, Whose], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for goal in every:
        alike[goal.year, goal.period, goal.of].append(goal)
        plans[goal.subject][goal.period] += goal.goal
    sums: list[Sum] = []
    for goal in every:
        plan = plans[goal.subject]
        sums += _in_time(goal, plan)
        if goal.user_id is None:
            sums += _below(goal, alike[goal.year, goal.period, goal.of], parents, team_of)
    return tuple(sums)


def differing(sums: Iterable[Sum]) -> tuple[Sum, ...]:
    """Return those whose parts do not come to the whole."""
    return tuple(each for each in sums if each.difference)


def _in_time(goal: Goal, plan: Mapping[str, int]) -> list[Sum]:
    asked: list[tuple[Parts, tuple[str, ...]]] = []
    if goal.period == "year":
        asked = [(Parts.MONTHS, MONTHS), (Parts.QUARTERS, QUARTERS)]
    elif goal.period in _QUARTER_MONTHS:
        asked = [(Parts.MONTHS, _QUARTER_MONTHS[goal.period])]
    return [
        Sum(whole=goal, parts=parts, count=len(names), total=sum(plan[name] for name in names))
        for parts, names in asked
        if all(name in plan for name in names)
    ]


def _below(
    goal: Goal,
    alike: Sequence[Goal],
    parents: Mapping[str, str | None],
    team_of: Mapping[str, str | None],
) -> list[Sum]:
    inside = set(parents) if goal.team_id is None else below(goal.team_id, parents)
    targeted = {each.team_id for each in alike if each.user_id is None and each.team_id}
    teams = [
        each
        for each in alike
        if each.user_id is None
        and each.team_id is not None
        and each.team_id != goal.team_id
        and (goal.team_id is None or each.team_id in inside)
        and _next_targeted(each.team_id, parents, targeted) == goal.team_id
    ]
    people = [
        each
        for each in alike
        if each.user_id is not None and (goal.team_id is None or team_of.get(each.user_id) in inside)
    ]
    return [
        Sum(whole=goal, parts=parts, count=len(found), total=sum(each.goal for each in found))
        for parts, found in ((Parts.TEAMS, teams), (Parts.PEOPLE, people))
        if found
    ]


def _next_targeted(team_id: str, parents: Mapping[str, str | None], targeted: set[str]) -> str | None:
    """Return the nearest team above that has a target; None: none has."""
    seen, above = {team_id}, parents.get(team_id)
    while above is not None and above not in seen:
        if above in targeted:
            return above
        seen.add(above)
        above = parents.get(above)
    return None


def seasonal_part(
    months: Mapping[str, int], first_month: int, last_month: int, month: int
) -> Fraction | None:
    """Return which part of a stretch of months lies before `month`, by the goals of its months; None where
    some month has no goal, or all are nothing."""
    names = MONTHS[first_month - 1 : last_month]
    whole = sum(months.get(name, 0) for name in names)
    if whole <= 0 or any(name not in months for name in names):
        return None
    before = MONTHS[first_month - 1 : month - 1]
    return Fraction(sum(months[name] for name in before), whole)
