"""Tiles counted over sample records: each mark leads to as many records as its figure was counted of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm_core.charts.chart import Kind
from crm_core.charts.layout import layout
from crm_core.charts.starters import STARTERS, Starter
from crm_core.charts.words import Words
from crm_core.errors import UserError
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.dashboards import Tile
from crm_core.rules.segments import Not
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.services import dashboards, records
from tests.core.test_charts import SixWide
from tests.support.desktop import sample_app

WHOLE = ("funnel", "won_by_month", "ranking", "won_by_region", "losses", "lead_sources", "issues", "cycle")
"""Standard reports whose measures count every record of a row."""


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    app = sample_app(tmp_path_factory.mktemp("dashboards"))
    yield app.replica
    app.close()


def test_each_mark_leads_to_as_many_records_as_it_was_counted_of(replica: Replica) -> None:
    tiles = [Tile(id=key, standard=key, look={"kind": Kind.BAR.value, "lying": True}) for key in WHOLE]
    followed = 0
    for counted in dashboards.count_tiles(replica, tiles):
        assert counted.drawn is not None, counted.fault
        drawn = counted.drawn
        entity = drawn.table.report.entity
        for mark in layout(drawn.chart, 500, 900, SixWide(), Words()).marks:
            assert mark.category is not None
            conditions = dashboards.conditions_for(replica, entity, drawn.rule_of(mark))
            found = records.count(replica, ListQuery(entity=entity, conditions=conditions))
            rows = drawn.rows[mark.category]
            if drawn.table.report.measures[0].only is None:
                assert found == sum(drawn.table.rows[row].counted for row in rows), (
                    counted.title,
                    mark.words,
                )
                followed += 1
    assert followed > 10


def test_what_has_no_list_of_its_own_leads_to_what_it_belongs_to(replica: Replica) -> None:
    every = Condition(field="quantity", op=Op.MORE, value=0)
    conditions = dashboards.conditions_for(replica, "order_line", every, "order")
    found = records.count(replica, ListQuery(entity="order", conditions=conditions))
    assert found == records.count(replica, ListQuery(entity="order")) > 0


def test_a_rule_no_list_can_hold_leads_to_the_records_found_now_if_there_are_not_too_many(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = Not(Condition(field="name", op=Op.EQUAL, value="nobody"))
    (condition,) = dashboards.conditions_for(replica, "customer", rule)
    assert condition.field == "id"
    every = records.count(replica, ListQuery(entity="customer"))
    assert records.count(replica, ListQuery(entity="customer", conditions=(condition,))) == every > 11
    monkeypatch.setattr(dashboards, "MOST_FOUND", 11)
    with pytest.raises(UserError, match="more than 11 records"):
        dashboards.conditions_for(replica, "customer", rule)


@pytest.mark.parametrize("starter", STARTERS, ids=lambda starter: starter.key)
def test_every_tile_of_every_starter_can_be_counted(replica: Replica, starter: Starter) -> None:
    counted = dashboards.count_tiles(replica, starter.tiles, starter.period)
    assert [each.fault for each in counted if each.drawn is None] == []
