"""How far a month, a quarter and a year have come: own figures, one currency at a time, no masked amount."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.errors import Invalid
from crm_core.ids import named_id
from crm_core.money import Money
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_core.times import DAY_MS
from crm_desktop.assembly import App
from crm_desktop.models import state
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import LOCAL_USER
from crm_desktop.models.state import Key
from crm_desktop.services import activities, board_moves, records, targets
from crm_desktop.services.calendar import local
from crm_desktop.services.targets import Progress
from tests.support.desktop import empty_app


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Give a profile without records."""
    opened = empty_app(tmp_path)
    yield opened
    opened.close()


def make(app: App, entity: str, **values: object) -> str:
    return records.create(app.replica, entity, values).value.id  # type: ignore[arg-type]


def today(app: App) -> datetime.date:
    return local(app.replica.clock.now_ms()).date()


def won(app: App, amount: int, currency: str = "CNY", **more: object) -> str:
    day = more.pop("close_date", today(app).isoformat())
    deal = make(app, "deal", name="Won (demo)", amount=amount, currency=currency, close_date=day, **more)
    board_moves.move(app.replica, deal, named_id("stage", "Won"))
    records.update(app.replica, "deal", deal, {"close_date": day})
    return deal


def listed(app: App, shown: Progress) -> int:
    return records.count(app.replica, ListQuery(entity=shown.entity, conditions=shown.conditions))


def test_a_month_adds_up_each_currency_by_itself_and_leaves_other_months_out(app: App) -> None:
    last_month = today(app).replace(day=1) - datetime.timedelta(days=1)
    won(app, 100_00)
    won(app, 50_00)
    won(app, 70_00, "EUR")
    won(app, 999_00, close_date=last_month.isoformat())
    month = targets.own_figures(app.replica).month
    assert month is not None
    assert month.won == (Money(150_00, "CNY"), Money(70_00, "EUR"))
    assert month.won_count == 3
    assert records.count(app.replica, ListQuery(entity="deal", conditions=month.conditions)) == 3


def test_each_measure_counts_the_very_records_its_list_shows(app: App) -> None:
    day, period = today(app), f"m{today(app).month:02d}"
    won(app, 100_00)
    won(app, 50_00)
    won(app, 70_00, "EUR")
    make(app, "customer", name="New (demo)", phone="13800000000")
    activities.log(app.replica, "visit", "Seen (demo)")
    make(app, "activity", kind="visit", subject="Planned (demo)", due_at=app.replica.clock.now_ms() + DAY_MS)
    product = make(app, "product", name="Pump (demo)")
    won(app, 8_00, product_id=product)
    goals: dict[str, dict[str, object]] = {
        "won_amount": {"amount": 300_00},
        "won_count": {"number": 4, "product_id": product},
        "new_customers": {"number": 2},
        "visits": {"number": 3},
    }
    found: dict[str, Progress] = {}
    for measure, goal in goals.items():
        mine = {"measure": measure, "user_id": LOCAL_USER, **goal}
        target = make(app, "target", year=day.year, period=period, **mine)
        (found[measure],) = targets.own_figures(app.replica).progress
        assert found[measure].target_id == target
        records.delete(app.replica, "target", target)
    assert {name: (each.reached, each.goal, each.percent) for name, each in found.items()} == {
        "won_amount": (158_00, 300_00, 52),
        "won_count": (1, 4, 25),
        "new_customers": (1, 2, 50),
        "visits": (1, 3, 33),
    }
    amount = found["won_amount"]
    assert (amount.currency, amount.others, amount.pace.day, amount.name) == (
        "CNY",
        1,
        day.day,
        day.strftime("%Y-%m"),
    )
    assert listed(app, amount) == 4  # the one in another currency is in the list, and said to be left out
    for name in ("won_count", "new_customers", "visits"):
        assert listed(app, found[name]) == found[name].reached


def test_own_targets_come_first_then_the_teams_and_the_companys_and_nobody_elses(app: App) -> None:
    day = today(app)
    rival = make(app, "user", name="Other (demo)", role_id=_role(app, "sales"))
    near = make(app, "team", name="Mine (demo)", manager_id=LOCAL_USER)
    far = make(app, "team", name="Theirs (demo)")
    records.update(app.replica, "user", rival, {"team_id": near})
    won(app, 40_00, owner_id=rival)
    for whose in ({}, {"team_id": far}, {"team_id": near}, {"user_id": rival}, {"user_id": LOCAL_USER}):
        make(app, "target", year=day.year, amount=1000_00, **whose)
    make(app, "target", year=day.year - 1, amount=1_00, user_id=LOCAL_USER)
    found = targets.own_figures(app.replica).progress
    assert [each.whose for each in found] == [_name(app), "Mine (demo)", ""]
    assert found[1].reached == 40_00
    assert found[2].reached == found[0].reached + 40_00
    assert [each.mine for each in found] == [True, False, False]


def test_the_months_of_a_chart_have_the_companys_targets_in_its_currency(app: App) -> None:
    year = today(app).year
    kept = [
        make(app, "target", year=year, period="m03", **values)
        for values in (
            {"amount": 90_00},
            {"amount": 10_00},
            {"amount": 5_00, "currency": "EUR"},
            {"amount": 7_00, "user_id": LOCAL_USER},
            {"measure": "won_count", "number": 3},
        )
    ]
    assert targets.won_by_month(app.replica, [f"{year}-03", f"{year}-04"]) == {f"{year}-03": 100_00}
    for target in kept:
        records.delete(app.replica, "target", target)


def test_a_target_nobody_could_judge_is_refused_at_its_fields(app: App) -> None:
    with pytest.raises(Invalid) as refused:
        make(app, "target", measure="visits")
    assert {each.field for each in refused.value.problems} == {"year", "number"}
    target = make(app, "target", year=2026, amount=1_00)
    with pytest.raises(Invalid) as refused:
        records.update(app.replica, "target", target, {"measure": "calls"})
    assert [each.field for each in refused.value.problems] == ["number"]
    records.delete(app.replica, "target", target)


def test_amounts_a_role_may_not_read_are_neither_shown_nor_counted(app: App) -> None:
    day = today(app)
    rights = STANDARD_ROLES["finance"][1]
    masked = {**rights, "classes": {**rights["classes"], "deal": {"core": "read"}}}
    role = records.create(app.replica, "role", {"name": "counts", "rights": masked}).value.id
    user = make(app, "user", name="Counts (demo)", role_id=role)
    make(app, "target", year=day.year, measure="won_count", number=1)
    with app.replica.applying() as session:
        state.write(session, {Key.USER_ID: user})
        session.changed.add(("role", role))
    shown = targets.own_figures(app.replica)
    assert shown.month is not None
    assert shown.month.won == ()
    assert [each.measure for each in shown.progress] == ["won_count"]
    assert not shown.may_set


def _role(app: App, name: str) -> str:
    return records.create(app.replica, "role", {"name": name, "rights": STANDARD_ROLES[name][1]}).value.id


def _name(app: App) -> str:
    return records.get(app.replica, "user", LOCAL_USER).title
