"""What customers are worth on a laptop: asked by lists, segments and one customer, by rule and by right."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from crm_core.errors import AccessDenied, Invalid, UserError
from crm_core.rules.customer_value import RFM_CLASSES, Counting
from crm_core.rules.reports import FieldAt, Group, Measure, Over, Period, Report, Take, Unit
from crm_core.rules.standard_reports import STANDARD_REPORTS
from crm_desktop.assembly import App
from crm_desktop.models import query
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.services import customer_values, dashboards, lists, records, reports, rule_offers, segments
from tests.desktop.models.support import person
from tests.support.desktop import sample_app
from tests.support.plain_reports import living_rows
from tests.support.plain_worth import worth_of_customers


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give a laptop with invented records, which stays as it is."""
    made = sample_app(tmp_path_factory.mktemp("value"))
    yield made
    made.close()


@pytest.fixture
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give one that may change."""
    made = sample_app(tmp_path_factory.mktemp("changing"))
    yield made
    made.close()


def found(replica: Replica, *conditions: str) -> set[str]:
    """Return the ids of the customers a list narrowed so holds."""
    with replica.read() as session:
        asked = query.parse_conditions(session, "customer", conditions)
    wanted = ListQuery(entity="customer", conditions=asked, limit=query.MAX_LIMIT)
    return {row.id for row in records.page(replica, wanted).rows}


def by_hand(replica: Replica, counting: Counting | None = None) -> dict[str, dict[str, Any]]:
    """Return what customers are worth, counted record by record."""
    rows = living_rows(replica)
    return worth_of_customers(rows, replica.clock.today(), "CNY", {}, counting or Counting())


def test_lists_find_each_class_and_what_is_more_or_less(app: App) -> None:
    worth = by_hand(app.replica)
    for each in RFM_CLASSES:
        wanted = {key for key, one in worth.items() if one["rfm_class"] == each.key}
        assert found(app.replica, f"rfm_class = {each.key}") == wanted
    rich = {key for key, one in worth.items() if one["bought"] > 50_000_00}
    assert found(app.replica, "bought > 50000 CNY") == rich
    assert found(app.replica, "bought > 50000 EUR") == set()
    silent = {key for key, one in worth.items() if one["pace"] == "silent"}
    assert silent
    assert found(app.replica, "pace = silent", "purchases >= 3") == silent


def test_who_bought_nothing_has_no_class(app: App) -> None:
    every = found(app.replica)
    worth = by_hand(app.replica)
    assert found(app.replica, "rfm_class =") == every - worth.keys()
    assert found(app.replica, "last_purchase !=") == worth.keys()


def test_a_list_is_not_sorted_by_what_follows_from_purchases(app: App) -> None:
    with pytest.raises(UserError, match="not sorted"):
        records.page(app.replica, ListQuery(entity="customer", sort=(("bought", True),)))
    assert "rfm_class" in {each.name for each in lists.setup_of(app.replica, "customer").filters}
    assert "rfm_class" in {each.name for each in rule_offers.rule_offers(app.replica).fields}


def test_a_segment_of_a_class_holds_its_customers(changing: App) -> None:
    replica = changing.replica
    rule = segments.read_rule(replica, "rfm_class in champion, loyal and silent_days < 90")
    segment = segments.save(replica, "Best", rule).value
    worth = by_hand(replica)
    wanted = {
        key
        for key, one in worth.items()
        if one["rfm_class"] in ("champion", "loyal") and one["silent_days"] < 90
    }
    assert wanted
    assert found(replica, f"segment = {segment.id}") == wanted


def test_bounds_an_administrator_types_decide_the_scores(changing: App) -> None:
    replica = changing.replica
    values = {
        "name": "By bounds",
        "recency_days": "30 60 120 240",
        "frequency": "2 3 4 5",
        "monetary": "1 2 3 4",
    }
    rule = records.create(replica, "value_rule", values).value
    counting = Counting(recency=(30, 60, 120, 240), frequency=(2, 3, 4, 5), monetary=(100, 200, 300, 400))
    worth = by_hand(replica, counting)
    for score in range(1, 6):
        wanted = {key for key, one in worth.items() if one["rfm_recency"] == score}
        assert found(replica, f"rfm_recency = {score}") == wanted
        assert found(replica, f"rfm_frequency = {score}") == {
            key for key, one in worth.items() if one["rfm_frequency"] == score
        }
    assert found(replica, "rfm_revenue = 5") == worth.keys()
    records.update(replica, "value_rule", rule.id, {"active": False})
    assert found(replica, "rfm_revenue = 5") != worth.keys()


def test_deals_won_count_only_where_the_rule_says_so(changing: App) -> None:
    replica = changing.replica
    with_deals = found(replica, "purchases >= 1")
    records.create(replica, "value_rule", {"name": "Orders", "purchases": "orders"})
    assert found(replica, "purchases >= 1") == by_hand(replica, Counting(deals_too=False)).keys() < with_deals


def test_a_rule_with_bad_bounds_is_refused_at_the_field(changing: App) -> None:
    with pytest.raises(Invalid) as refused:
        records.create(changing.replica, "value_rule", {"name": "Bad", "frequency": "3 2 1 0"})
    assert [each.field for each in refused.value.problems] == ["frequency"]


def test_a_customer_has_its_class_with_the_reason(app: App) -> None:
    worth = by_hand(app.replica)
    for key, one in worth.items():
        value = customer_values.value_of(app.replica, key)
        assert value is not None
        assert (value.bought, value.purchases, value.expected) == (
            one["bought"],
            one["purchases"],
            one["expected"],
        )
        assert value.last_on == datetime.date.fromisoformat(one["last_purchase"])
        label = next(each.label for each in RFM_CLASSES if each.key == one["rfm_class"])
        assert value.class_label == label
        assert str(one["silent_days"]) in str(customer_values.why_class(value))
    nobody = next(iter(found(app.replica) - worth.keys()), None)
    assert nobody is None or customer_values.value_of(app.replica, nobody) is None


def test_who_reads_no_orders_is_told_no_value_and_refused_the_fields(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = app.replica
    worth = by_hand(replica)
    monkeypatch.setattr(Replica, "person", property(lambda _replica: person("service")))
    assert customer_values.value_of(replica, next(iter(worth))) is None
    assert customer_values.tiles_of(replica) == ()
    with pytest.raises(AccessDenied):
        found(replica, "rfm_class = champion")
    with pytest.raises(AccessDenied):
        reports.count(replica, STANDARD_REPORTS["value_classes"].report)
    names = {each.name for each in lists.setup_of(replica, "customer").filters}
    assert not names & {"rfm_class", "bought", "purchases"}


def test_the_page_counts_every_tile_and_a_click_leads_to_the_records(app: App) -> None:
    counted = dashboards.count_tiles(app.replica, customer_values.tiles_of(app.replica))
    assert [each.tile.id for each in counted if each.fault is not None] == []
    table = next(each.drawn for each in counted if each.tile.id == "rfm" and each.drawn).table
    assert [row.heads[0].key for row in table.rows] == [5, 4, 3, 2, 1]
    for place, row in enumerate(table.rows):
        for at, figure in enumerate(row.figures):
            rule = table.rule_at(place, at)
            conditions = dashboards.conditions_for(app.replica, "customer", rule)
            wanted = ListQuery(entity="customer", conditions=conditions, limit=query.MAX_LIMIT)
            assert len(records.page(app.replica, wanted).rows) == figure


def test_a_change_against_a_year_before_and_against_the_column_before(app: App) -> None:
    report = Report(
        entity="order",
        rows=(Group(field="ordered_on", period=Period.QUARTER),),
        measures=(
            Measure(),
            Measure(take=Take.SUM, of=FieldAt("total"), over=Over.PER),
            Measure(take=Take.SUM, of=FieldAt("total")),
            Measure(take=Take.SUM, of=FieldAt("total"), over=Over.YEAR),
        ),
    )
    table = reports.count(app.replica, report)
    sums = {str(row.heads[0].key): row.figures[2] for row in table.rows}
    seen = 0
    for row in table.rows:
        count, each, total, change = row.figures
        assert each == (None if not count else round(int(total or 0) / int(count))), row.heads
        key = str(row.heads[0].key)
        earlier = sums.get(f"{int(key[:4]) - 1}{key[4:]}")
        if earlier:
            seen += 1
            assert float(change or 0) == pytest.approx(float(total or 0) / float(earlier) - 1, abs=1e-6)
        else:
            assert change is None
    assert seen


def test_the_open_rate_is_the_part_of_the_mails_that_was_opened(app: App) -> None:
    table = reports.count(app.replica, STANDARD_REPORTS["open_rate"].report)
    (total,) = table.totals
    for row in (*table.rows, total):
        sent, part, opened = row.figures
        assert part == round(Decimal(int(opened or 0)) / Decimal(int(sent or 0)), 6)
    assert table.columns[1].unit is Unit.SHARE
    campaign_id = str(table.rows[0].heads[0].key)
    with pytest.raises(Invalid, match="than were sent"):
        records.update(app.replica, "campaign", campaign_id, {"mails_opened": 10_000})


def test_the_first_measure_has_none_before_it(app: App) -> None:
    report = Report(entity="deal", measures=(Measure(over=Over.AGAINST),))
    with pytest.raises(UserError, match="none before it"):
        reports.count(app.replica, report)


def test_each_record_alone_is_found_by_its_row(app: App) -> None:
    report = replace(STANDARD_REPORTS["lifetime_value"].report, top=3)
    table = reports.count(app.replica, report)
    assert len(table.rows) == 4
    for place, row in enumerate(table.rows[:3]):
        conditions = dashboards.conditions_for(app.replica, "customer", table.rule_at(place))
        rows = records.page(app.replica, ListQuery(entity="customer", conditions=conditions)).rows
        assert [each.id for each in rows] == [row.heads[0].key]
    assert table.rest == table.counted - 3
