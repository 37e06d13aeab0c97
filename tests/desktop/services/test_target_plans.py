"""A year of targets on a laptop: saved whole, copied, and shown with what is reached and what differs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from crm_core.errors import Invalid, UserError
from crm_core.ids import named_id
from crm_core.rules.target_plan import Parts, differing, spread
from crm_core.rules.targets import MONTHS
from crm_desktop.assembly import App
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import LOCAL_USER
from crm_desktop.services import board_moves, records, target_plans
from crm_desktop.services.target_plans import Subject
from tests.support.desktop import empty_app

EVEN = (100_00,) * 12


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Give a profile without records."""
    opened = empty_app(tmp_path)
    yield opened
    opened.close()


def make(app: App, entity: str, **values: object) -> str:
    return records.create(app.replica, entity, values).value.id  # type: ignore[arg-type]


def test_a_year_and_its_months_are_saved_changed_and_taken_away_together(app: App) -> None:
    subject = Subject(year=2027, currency="CNY", user_id=LOCAL_USER)
    assert target_plans.plan(app.replica, subject).year is None
    made = target_plans.save(app.replica, subject, 1_200_00, EVEN)
    assert len(made.value) == 13
    held = target_plans.plan(app.replica, subject)
    assert (held.year, held.months, held.difference) == (1_200_00, EVEN, 0)
    again = target_plans.save(app.replica, subject, 1_200_00, (110_00, *EVEN[1:]))
    assert len(again.value) == 1
    assert target_plans.plan(app.replica, subject).difference == 10_00
    gone = target_plans.save(app.replica, subject, None, (None,) * 12)
    assert len(gone.value) == 13
    assert records.count(app.replica, ListQuery(entity="target")) == 0


def test_nothing_is_saved_where_one_of_them_makes_no_sense(app: App) -> None:
    subject = Subject(year=2027, currency="CNY")
    with pytest.raises(Invalid):
        target_plans.save(app.replica, subject, 1_200_00, (-5, *EVEN[1:]))
    assert records.count(app.replica, ListQuery(entity="target")) == 0
    with pytest.raises(Invalid):
        target_plans.save(app.replica, Subject(year=2027, measure="visits", family="Pumps"), 5, (None,) * 12)
    with pytest.raises(Invalid):
        target_plans.save(app.replica, Subject(year=2027), 5_00, (None,) * 12)


def test_a_plan_is_copied_some_per_cent_higher_and_still_adds_up(app: App) -> None:
    before = Subject(year=2026, measure="won_count")
    after = Subject(year=2027, measure="won_count")
    with pytest.raises(UserError):
        target_plans.copied(app.replica, after, Decimal(5))
    target_plans.save(app.replica, before, 101, spread(101, [1] * 12))
    year, months = target_plans.copied(app.replica, after, Decimal("7.5"))
    assert year == 109
    assert sum(month or 0 for month in months) == 109
    target_plans.save(app.replica, before, 200, spread(101, [1] * 12))
    assert target_plans.copied(app.replica, after, Decimal(0)) == (200, spread(101, [1] * 12))


def test_targets_are_shown_below_their_team_with_what_is_reached_and_what_differs(app: App) -> None:
    year = app.replica.clock.today().year
    north = make(app, "team", name="North")
    city = make(app, "team", name="City", parent_id=north)
    role = make(app, "role", name="Sells", rights={})
    amy, bo = (
        make(app, "user", name=name, team_id=team, role_id=role)
        for name, team in (("Amy", city), ("Bo", north))
    )
    pump = make(app, "product", name="Pump", code="P", family="Pumps")
    for owner, product in ((amy, pump), (bo, None)):
        made = make(
            app, "deal", name="Demo", amount=50_00, currency="CNY", owner_id=owner, product_id=product
        )
        board_moves.move(app.replica, made, named_id("stage", "Won"))
        records.update(app.replica, "deal", made, {"close_date": app.replica.clock.today().isoformat()})
    for amount, whose in (
        (300_00, {}),
        (200_00, {"team_id": north}),
        (90_00, {"team_id": city}),
        (90_00, {"user_id": amy}),
        (80_00, {"user_id": bo}),
        (40_00, {"family": "Pumps"}),
    ):
        subject = Subject(year=year, currency="CNY", **whose)
        target_plans.save(app.replica, subject, amount, (None,) * 12)
    found = target_plans.attained(app.replica, year, "year")
    told = [(row.whose, row.product, row.depth, row.attainment.reached) for row in found.rows]
    assert told == [
        ("", "", 0, 100_00),
        ("", "Pumps", 0, 50_00),
        ("North", "", 1, 100_00),
        ("Bo", "", 2, 50_00),
        ("City", "", 2, 50_00),
        ("Amy", "", 3, 50_00),
    ]
    sums = {
        (found.names.get(each.whole.team_id or "", ""), each.parts): each.difference for each in found.sums
    }
    assert sums == {
        ("", Parts.TEAMS): -100_00,
        ("", Parts.PEOPLE): -130_00,
        ("North", Parts.TEAMS): -110_00,
        ("North", Parts.PEOPLE): -30_00,
        ("City", Parts.PEOPLE): 0,
    }
    assert len(differing(found.sums)) == 4
    family = next(row.attainment.goal for row in found.rows if row.product)
    for row in found.rows:
        entity, conditions = target_plans.records_behind(app.replica, row.attainment.goal)
        listed = records.page(app.replica, ListQuery(entity=entity, conditions=conditions)).rows
        assert sum(int(each.get("amount") or 0) for each in listed) == row.attainment.reached
    assert family.family == "Pumps"
    assert MONTHS[0] == "m01"


def test_orders_and_receipts_count_by_their_own_days_and_states(app: App) -> None:
    year = app.replica.clock.today().year
    customer = make(app, "customer", name="Demo customer", owner_id=LOCAL_USER)
    posted = make(
        app, "receipt", customer_id=customer, amount=70_00, currency="CNY", received_on=f"{year}-02-03"
    )
    make(app, "receipt", customer_id=customer, amount=9_00, currency="CNY", received_on=f"{year}-02-04")
    records.update(app.replica, "receipt", posted, {"status": "posted"})
    for measure in ("received", "ordered"):
        subject = Subject(year=year, measure=measure, currency="CNY", user_id=LOCAL_USER)
        target_plans.save(app.replica, subject, 100_00, (None,) * 12)
    (received,) = target_plans.attained(app.replica, year, "year", "received").rows
    assert received.attainment.reached == 70_00
    entity, conditions = target_plans.records_behind(app.replica, received.attainment.goal)
    assert records.count(app.replica, ListQuery(entity=entity, conditions=conditions)) == 1
    (ordered,) = target_plans.attained(app.replica, year, "year", "ordered").rows
    assert ordered.attainment.reached == 0
