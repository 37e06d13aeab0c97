"""Forecasts on a laptop: each figure is its deals, weeks are explained by history, too little is told."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from crm_core.charts.starters import STARTERS
from crm_core.errors import AccessDenied, Invalid, NotFound, UserError
from crm_core.ids import named_id
from crm_core.rules.back_test import Carried, TooLittle
from crm_core.rules.forecast import (
    BEST_AT,
    COMMIT_AT,
    OMITTED_AT,
    PIPELINE_AT,
    WON_AT,
    Category,
    Change,
    category_of,
)
from crm_core.rules.pipeline import weighted_minor
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_core.rules.stretches import Length, Stretch, parse_stretch, stretch_at
from crm_core.rules.what_if import Changes
from crm_core.times import DAY_MS
from crm_desktop.assembly import App
from crm_desktop.models.clock import Clock
from crm_desktop.models.device_tables import History
from crm_desktop.models.history import values_left
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import LOCAL_USER
from crm_desktop.services import (
    board_moves,
    dashboards,
    forecast_changes,
    forecast_scopes,
    forecasts,
    outlooks,
    records,
    scenarios,
    target_plans,
)
from tests.support.desktop import empty_app, sample_app

HUNDRED = 100_00


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Give a profile without records."""
    opened = empty_app(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give a profile with invented records."""
    opened = sample_app(tmp_path_factory.mktemp("sample"))
    yield opened
    opened.close()


def make(app: App, entity: str, **values: object) -> str:
    return records.create(app.replica, entity, values).value.id  # type: ignore[arg-type]


def deal(app: App, amount: int, probability: int, **more: object) -> str:
    day = more.pop("close_date", app.replica.clock.today().isoformat())
    made = make(app, "deal", name="Demo deal", amount=amount, currency="CNY", close_date=day, **more)
    records.update(app.replica, "deal", made, {"probability": probability})
    return made


def quarter(app: App) -> Stretch:
    return stretch_at(app.replica.clock.today(), Length.QUARTER)


def widest(app: App) -> forecast_scopes.Scope:
    return forecast_scopes.scopes_of(app.replica)[0]


def test_each_figure_of_the_sample_is_the_sum_of_the_deals_its_click_shows(sample: App) -> None:
    replica = sample.replica
    for scope in forecast_scopes.scopes_of(replica):
        shown = forecasts.forecast(replica, quarter(sample), scope)
        assert shown.total.count
        for row in (None, *range(len(shown.people))):
            figures = shown.total if row is None else shown.people[row][1]
            for column, amount in (
                (WON_AT, figures.won),
                (COMMIT_AT, figures.commit),
                (BEST_AT, figures.best),
                (PIPELINE_AT, figures.pipeline),
                (OMITTED_AT, figures.omitted),
            ):
                rule = forecasts.rule_of(shown, [column], row)
                listed = ListQuery(
                    entity="deal", conditions=dashboards.conditions_for(replica, "deal", rule), limit=200
                )
                found = records.page(replica, listed).rows
                assert sum(int(each.get("amount") or 0) for each in found) == amount
        parts = [figures for _, figures in shown.people]
        assert sum(each.weighted for each in parts) == shown.total.weighted
    whole = forecasts.forecast(replica, quarter(sample), widest(sample))
    assert whole.target is not None  # the sum of the company's months
    assert whole.calls[0].at_ms > whole.calls[1].at_ms


def test_sums_are_those_of_counting_deal_by_deal(app: App) -> None:
    made = [
        (HUNDRED, 90, None),
        (2 * HUNDRED + 1, 50, None),
        (3 * HUNDRED, 10, None),
        (4 * HUNDRED, 10, "commit"),
        (5 * HUNDRED, 90, "omitted"),
        (6 * HUNDRED, 0, None),
        (7 * HUNDRED, 0, "best"),
    ]
    for amount, probability, by_hand in made:
        deal(app, amount, probability, forecast=by_hand)
    deal(app, 999 * HUNDRED, 90, close_date="2000-01-01")
    make(app, "deal", name="Some day", amount=5, currency="CNY")
    won = deal(app, 8 * HUNDRED, 90)
    board_moves.move(app.replica, won, named_id("stage", "Won"))
    shown = forecasts.forecast(app.replica, quarter(app), widest(app)).total
    by_category = dict.fromkeys(Category, 0)
    for amount, probability, by_hand in made:
        by_category[category_of(by_hand, probability)] += amount
    assert (shown.commit, shown.best, shown.pipeline, shown.omitted) == tuple(by_category.values())
    assert shown.weighted == 8 * HUNDRED + sum(
        weighted_minor(amount, probability)
        for amount, probability, by_hand in made
        if category_of(by_hand, probability) is not Category.OMITTED
    )
    assert (shown.with_commit, shown.with_best) == (13 * HUNDRED, 22 * HUNDRED + 1)
    assert forecasts.forecast(app.replica, quarter(app), widest(app)).undated == 1


def test_a_category_set_by_hand_is_a_change_of_the_deal_like_any_other(app: App) -> None:
    made = deal(app, HUNDRED, 10)
    forecasts.set_category(app.replica, made, Category.COMMIT)
    lines = records.history(app.replica, "deal", made)
    assert ("forecast", None, "commit") in [(line.field, line.old, line.new) for line in lines]
    forecasts.set_category(app.replica, made, None)
    assert forecasts.forecast(app.replica, quarter(app), widest(app)).total.pipeline == HUNDRED


def test_a_week_is_told_from_history_and_explains_the_difference(tmp_path: Path) -> None:
    app = empty_app(tmp_path)
    now = [1_900_000_000_000]
    app.replica.clock = Clock(wall=lambda: now[0], steady=lambda: now[0])
    replica = app.replica
    stretch = quarter(app)
    inside, outside = stretch.days[0].isoformat(), stretch.moved(2).days[0].isoformat()
    names = {
        "grew": inside,
        "shrank": inside,
        "goes": inside,
        "comes": outside,
        "won": inside,
        "lost": inside,
    }
    names |= {"stays": inside, "deleted": inside}
    made = {
        name: make(app, "deal", name=name, amount=10 * HUNDRED, currency="CNY", close_date=day)
        for name, day in names.items()
    }
    now[0] += 30 * DAY_MS
    before = forecasts.forecast(replica, stretch, widest(app)).total
    records.update(replica, "deal", made["grew"], {"amount": 14 * HUNDRED})
    records.update(replica, "deal", made["grew"], {"amount": 15 * HUNDRED})
    records.update(replica, "deal", made["shrank"], {"amount": 4 * HUNDRED})
    records.update(replica, "deal", made["goes"], {"close_date": outside})
    records.update(replica, "deal", made["comes"], {"close_date": inside})
    records.update(replica, "deal", made["stays"], {"name": "stays as it was"})
    board_moves.move(replica, made["won"], named_id("stage", "Won"))
    records.update(replica, "deal", made["won"], {"close_date": inside})
    board_moves.move(replica, made["lost"], named_id("stage", "Lost"), None, {"loss_reason": "price"})
    records.update(replica, "deal", made["lost"], {"close_date": inside})
    records.delete(replica, "deal", made["deleted"])
    make(app, "deal", name="new", amount=HUNDRED, currency="CNY", close_date=inside)
    make(app, "deal", name="euros", amount=HUNDRED, currency="EUR", close_date=inside)
    told = forecast_changes.changed(replica, stretch, widest(app))
    found = {each.name: (each.change, each.amount) for each in told.deals}
    assert found == {
        "grew": (Change.GREW, 5 * HUNDRED),
        "shrank": (Change.SHRANK, -6 * HUNDRED),
        "goes": (Change.MOVED_OUT, -10 * HUNDRED),
        "deleted": (Change.MOVED_OUT, -10 * HUNDRED),
        "comes": (Change.MOVED_IN, 10 * HUNDRED),
        "won": (Change.WON, 10 * HUNDRED),
        "lost": (Change.LOST, 10 * HUNDRED),
        "new": (Change.NEW, HUNDRED),
    }
    assert told.others == 1
    after = forecasts.forecast(replica, stretch, widest(app)).total
    opened = [Change.NEW, Change.MOVED_IN, Change.MOVED_OUT, Change.GREW, Change.SHRANK]
    went = told.sums[Change.WON] + told.sums[Change.LOST]

    def still_open(figures: forecasts.Figures) -> int:
        return figures.commit + figures.best + figures.pipeline + figures.omitted

    assert still_open(after) - still_open(before) == sum(told.sums[each] for each in opened) - went
    now[0] += 8 * DAY_MS
    assert forecast_changes.changed(replica, stretch, widest(app)).deals == ()
    app.close()


def test_a_judgement_stays_as_it_was_said_and_needs_a_reason(app: App) -> None:
    stretch, scope = quarter(app), widest(app)
    with pytest.raises(Invalid) as refused:
        forecasts.judge(app.replica, stretch, scope, HUNDRED, " ")
    assert [each.field for each in refused.value.problems] == ["reason"]
    said = forecasts.judge(app.replica, stretch, scope, HUNDRED, "A letter of intent").value
    with pytest.raises((AccessDenied, UserError)):
        records.update(app.replica, "forecast_call", said.id, {"amount": 5})
    calls = forecasts.forecast(app.replica, stretch, scope).calls
    assert [(each.amount, each.reason) for each in calls] == [(HUNDRED, "A letter of intent")]
    assert forecasts.forecast(app.replica, stretch.moved(1), scope).calls == ()


def test_who_sees_own_deals_alone_forecasts_these(app: App) -> None:
    make(app, "role", name="Sells", rights=STANDARD_ROLES["sales"][1])
    role = records.page(app.replica, ListQuery(entity="role", sort=(("name", False),))).rows
    other = make(app, "user", name="Other", role_id=role[0].id)
    deal(app, HUNDRED, 50, owner_id=other)
    deal(app, 3 * HUNDRED, 50, owner_id=LOCAL_USER)
    me = forecast_scopes.scope(app.replica, "me")
    assert forecasts.forecast(app.replica, quarter(app), me).total.best == 3 * HUNDRED
    assert forecasts.forecast(app.replica, quarter(app), widest(app)).total.best == 4 * HUNDRED
    with pytest.raises(NotFound):
        forecast_scopes.scope(app.replica, "no such team")


def test_tiles_of_targets_are_judged_by_what_is_due_today(sample: App) -> None:
    starter = next(each for each in STARTERS if each.key == "targets")
    counted = dashboards.count_tiles(sample.replica, starter.tiles)
    assert [each.fault for each in counted] == [None] * len(starter.tiles)
    people = next(each for each in counted if each.tile.id == "people").drawn
    assert people is not None
    year = sample.replica.clock.today().year
    rows = target_plans.attained(sample.replica, year, "year").rows
    own = [row.attainment for row in rows if row.attainment.goal.user_id]
    pace = sum(each.reached for each in own) / sum(each.due for each in own)
    assert float(people.table.totals[0].figures[0] or 0) == pytest.approx(float(pace), abs=1e-6)


# By history


def test_the_sample_is_carried_on_with_its_back_test(sample: App) -> None:
    told = outlooks.outlook(sample.replica, quarter(sample), widest(sample))
    assert isinstance(told.carried, Carried)
    assert told.total is not None
    assert len(told.history) >= 24
    assert told.total.low <= told.total.middle <= told.total.high
    assert told.won_so_far <= told.total.low
    assert told.carried.best.error == min(each.error for each in told.carried.tried)
    naive = {month: 0 for month, _ in told.history}
    with sample.replica.read():
        listed = records.page(
            sample.replica,
            ListQuery(entity="deal", conditions=(), limit=500, fields=("amount", "close_date", "stage_id")),
        ).rows
    won = named_id("stage", "Won")
    for each in listed:
        month = str(each.get("close_date") or "")[:7]
        if each.get("stage_id") == won and month in naive:
            naive[month] += int(each.get("amount") or 0)
    assert dict(told.history) == naive


def test_months_nobody_won_anything_in_count_and_too_few_are_told(app: App) -> None:
    today = app.replica.clock.today()
    for back in (2, 4):
        day = (today.replace(day=15) - datetime.timedelta(days=31 * back)).replace(day=10)
        made = deal(app, HUNDRED, 50)
        board_moves.move(app.replica, made, named_id("stage", "Won"))
        records.update(app.replica, "deal", made, {"close_date": day.isoformat()})
    told = outlooks.outlook(app.replica, quarter(app), widest(app))
    assert [amount for _, amount in told.history][:3] == [HUNDRED, 0, HUNDRED]
    assert isinstance(told.carried, TooLittle)
    assert (told.total, told.carried.figures) == (None, len(told.history))
    over = outlooks.outlook(app.replica, quarter(app).moved(-2), widest(app))
    assert (over.carried, over.months) == (None, ())


def test_what_a_stage_has_brought_is_counted_from_the_history_of_decided_deals(app: App) -> None:
    stages = {name: named_id("stage", name) for name in ("Qualified", "Proposal", "Won", "Lost")}
    for number in range(24):
        made = deal(app, HUNDRED, 10)
        board_moves.move(app.replica, made, stages["Proposal"])
        end = "Won" if number % 4 else "Lost"
        also = {"loss_reason": "price"} if end == "Lost" else {}
        board_moves.move(app.replica, made, stages[end], None, also)
        records.update(app.replica, "deal", made, {"close_date": app.replica.clock.today().isoformat()})
    still = deal(app, 10 * HUNDRED, 10)
    board_moves.move(app.replica, still, stages["Proposal"])
    with app.replica.write() as session:  # as HQ sends several fields that were changed at once
        session.add(
            History(
                entity="deal",
                row_id=still,
                field=",22,18,",
                old=[1, stages["Qualified"]],
                new=[2, stages["Proposal"]],
                at_ms=1,
                origin="hq",
            )
        )
    told = outlooks.outlook(app.replica, quarter(app), widest(app))
    known = {rate.stage_id: (rate.decided, rate.won) for _, rate in told.stages if rate is not None}
    assert known[stages["Proposal"]] == (24, 18)
    assert told.pipeline.middle == pytest.approx(10 * HUNDRED * 18 / 24)
    assert (told.pipeline.counted, told.pipeline.by_probability) == (1, 0)
    assert 0 <= told.pipeline.low < told.pipeline.middle < told.pipeline.high <= 10 * HUNDRED
    with app.replica.read() as session:
        values = values_left("deal", "18")
        passed = set(session.scalars(select(values.c.value).where(values.c.row_id == still)))
    assert stages["Qualified"] in passed


# What if


def test_a_what_if_of_the_sample_changes_nothing_without_changes_and_is_of_a_period_that_runs(
    sample: App,
) -> None:
    over = scenarios.setting(sample.replica, quarter(sample), widest(sample))
    base = scenarios.worked_out(over, "as it is", Changes())
    shown = forecasts.forecast(sample.replica, quarter(sample), widest(sample)).total
    assert base.result.won == shown.won
    assert abs(base.result.pipeline - shown.weighted_open) <= shown.count
    assert over.goal is not None
    assert base.gap == over.goal - base.result.total
    dearer = scenarios.worked_out(over, "dearer", Changes(price=Decimal(10)))
    assert abs(dearer.result.pipeline - base.result.pipeline * 11 / 10) <= 1
    for other in (quarter(sample).moved(1), quarter(sample).moved(-1)):
        with pytest.raises(UserError):
            scenarios.setting(sample.replica, other, widest(sample))


def test_scenarios_are_kept_by_name_changed_and_deleted(app: App) -> None:
    with pytest.raises(UserError):
        scenarios.save(app.replica, "  ", Changes())
    kept = scenarios.save(app.replica, "Spring", Changes(price=Decimal(5))).value
    scenarios.save(app.replica, "Spring prices", Changes(price=Decimal("7.5")), kept.id)
    (found,) = scenarios.scenarios_of(app.replica)
    assert (found.name, found.changes.price, found.own) == ("Spring prices", Decimal("7.5"), True)
    assert scenarios.scenario(app.replica, "spring PRICES").id == kept.id
    with pytest.raises(Invalid):
        records.update(app.replica, "scenario", kept.id, {"changes": {"price": "1000"}})
    scenarios.delete(app.replica, kept.id)
    assert scenarios.scenarios_of(app.replica) == ()


def test_periods_are_read_as_they_are_written() -> None:
    for text in ("2026", "2026-Q4", "2026-11"):
        assert str(parse_stretch(text)) == text
    assert str(parse_stretch("2026-q1")) == "2026-Q1"
    assert [str(Stretch(2026, "q4").moved(1)), str(Stretch(2026, "m01").moved(-1))] == ["2027-Q1", "2025-12"]
    assert Stretch(2026, "q4").months == ("2026-10", "2026-11", "2026-12")
    for wrong in ("", "2026-13", "2026-Q5", "26", "1900", "next"):
        with pytest.raises(UserError):
            parse_stretch(wrong)
