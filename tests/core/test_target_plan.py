"""A year of targets: shared out to the last unit, and checked from person to company by adding up."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.attainment import attained
from crm_core.rules.target_plan import Goal, Parts, differing, grown, roll_up, spread
from crm_core.rules.targets import MONTHS, Standing, standing

DAY = datetime.date
_AMOUNTS = st.integers(0, 10**9)


@given(_AMOUNTS, st.lists(st.integers(-5, 10**6), min_size=1, max_size=12))
def test_what_is_shared_out_adds_up_to_the_last_unit_and_follows_the_weights(
    total: int, weights: list[int]
) -> None:
    parts = spread(total, weights)
    assert sum(parts) == total
    shares = [max(weight, 0) for weight in weights]
    if not any(shares):
        shares = [1] * len(weights)
    for part, share in zip(parts, shares, strict=True):
        assert abs(part - Fraction(total * share, sum(shares))) < 1
        assert share or part == 0


def test_even_months_differ_by_one_unit_and_last_years_share_is_kept() -> None:
    assert spread(100, [1] * 12) == (9, 9, 9, 9, 8, 8, 8, 8, 8, 8, 8, 8)
    assert spread(1000, [1, 0, 3]) == (250, 0, 750)
    assert [grown(1005, Decimal(each)) for each in ("10", "0", "-100", "-150", "0.5")] == [
        1106,
        1005,
        0,
        0,
        1010,
    ]


def _goal(key: str, amount: int, **whose: str | None) -> Goal:
    return Goal(id=key, year=2027, period="year", measure="won_amount", goal=amount, currency="CNY", **whose)


@st.composite
def _firms(draw: st.DrawFn) -> tuple[list[Goal], Mapping[str, str | None], Mapping[str, str | None]]:
    """Draw teams below one another, people in them, and targets of some of all these."""
    count = draw(st.integers(1, 6))
    parents: dict[str, str | None] = {}
    for place in range(count):
        above = draw(st.integers(-1, place - 1)) if place else -1
        parents[f"t{place}"] = None if above < 0 else f"t{above}"
    team_of = {
        f"u{place}": draw(st.sampled_from([None, *parents])) for place in range(draw(st.integers(0, 6)))
    }
    goals = [_goal(team, draw(_AMOUNTS), team_id=team) for team in parents if draw(st.booleans())]
    goals += [_goal(user, draw(_AMOUNTS), user_id=user) for user in team_of if draw(st.booleans())]
    if draw(st.booleans()):
        goals.append(_goal("all", draw(_AMOUNTS)))
    return goals, parents, team_of


def _chain(team: str | None, parents: Mapping[str, str | None]) -> list[str]:
    found = []
    while team is not None:
        found.append(team)
        team = parents[team]
    return found


@given(_firms())
def test_people_and_teams_roll_up_as_adding_them_one_by_one_does(
    firm: tuple[list[Goal], Mapping[str, str | None], Mapping[str, str | None]],
) -> None:
    goals, parents, team_of = firm
    found = {(each.whole.id, each.parts): each for each in roll_up(goals, parents, team_of)}
    with_goal = {goal.team_id for goal in goals if goal.team_id}
    for whole in goals:
        if whole.user_id:
            assert (whole.id, Parts.PEOPLE) not in found
            continue
        people = [
            goal.goal
            for goal in goals
            if goal.user_id
            and (whole.team_id is None or whole.team_id in _chain(team_of[goal.user_id], parents))
        ]
        teams = [
            goal.goal
            for goal in goals
            if goal.team_id
            and next((up for up in _chain(parents[goal.team_id], parents) if up in with_goal), None)
            == whole.team_id
        ]
        for parts, values in ((Parts.PEOPLE, people), (Parts.TEAMS, teams)):
            told = found.get((whole.id, parts))
            assert (told is None) == (not values)
            if told is not None:
                assert (told.total, told.count) == (sum(values), len(values))
                assert told.difference == sum(values) - whole.goal
    assert differing(found.values()) == tuple(each for each in found.values() if each.difference)


def _plan(year: int, months: tuple[int, ...], **whose: str | None) -> list[Goal]:
    made = [_goal("year", year, **whose)]
    for name, goal in zip(MONTHS, months, strict=False):
        made.append(
            Goal(
                id=name,
                year=2027,
                period=name,
                measure="won_amount",
                goal=goal,
                currency="CNY",
                user_id=whose.get("user_id"),
                team_id=whose.get("team_id"),
            )
        )
    return made


def test_months_that_do_not_come_to_the_year_are_told_and_nothing_is_changed() -> None:
    told = roll_up(_plan(1200, (100,) * 11 + (90,)), {}, {})
    assert [(each.parts, each.total, each.difference) for each in told] == [(Parts.MONTHS, 1190, -10)]
    assert roll_up(_plan(1200, (100,) * 11), {}, {}) == ()  # one month says nothing yet
    assert differing(roll_up(_plan(1200, (100,) * 12), {}, {})) == ()


def test_targets_of_other_things_are_never_added_up_together() -> None:
    company = _goal("all", 100)
    euros = Goal(id="e", year=2027, period="year", measure="won_amount", goal=7, currency="EUR", user_id="u")
    pumps = Goal(
        id="p", year=2027, period="year", measure="won_amount", goal=7, currency="CNY", user_id="u",
        product_id="pump",
    )  # fmt: skip
    assert roll_up([company, euros, pumps], {}, {"u": None}) == ()


def test_by_today_a_year_is_due_as_its_months_say_and_else_day_by_day() -> None:
    year = _goal("year", 3650)
    even = attained(year, 0, {}, DAY(2027, 1, 10))
    assert even is not None
    assert (even.due, even.seasonal, even.due_percent) == (100, False, 2)
    months = dict(zip(MONTHS, (0, 650, *(300,) * 10), strict=True))
    seasonal = attained(year, 0, months, DAY(2027, 2, 14))
    assert seasonal is not None
    assert (seasonal.due, seasonal.seasonal) == (325, True)
    over = attained(year, 3000, months, DAY(2028, 1, 5))
    assert over is not None
    assert (over.due, over.days_left, over.a_day, over.gap) == (3650, 0, None, 650)


def test_what_is_missing_is_shared_among_the_working_days_left() -> None:
    november = Goal(id="n", year=2027, period="m11", measure="visits", goal=30)
    told = attained(november, 10, {}, DAY(2027, 11, 19))  # a Friday: 22 to 26, 29 and 30 are left
    assert told is not None
    assert (told.days_left, told.gap, told.a_day, told.percent) == (7, 20, 3, 33)
    closed = attained(november, 10, {}, DAY(2027, 11, 19), works=lambda day: day.day == 30)
    assert closed is not None
    assert closed.a_day == 20
    ahead = attained(november, 0, {}, DAY(2027, 10, 1))
    assert ahead is not None
    assert (ahead.due, ahead.days_left, ahead.standing) == (0, 22, Standing.MET)


def test_one_rule_says_met_close_or_below() -> None:
    assert [standing(*each) for each in ((100, 100), (80, 100), (79, 100), (0, 0))] == [
        Standing.MET,
        Standing.CLOSE,
        Standing.BELOW,
        Standing.MET,
    ]


def test_a_period_of_a_newer_program_is_not_judged() -> None:
    assert (
        attained(Goal(id="h", year=2027, period="h1", measure="visits", goal=3), 1, {}, DAY.today()) is None
    )
