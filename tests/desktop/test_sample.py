"""The invented records a profile can be tried with."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from crm_core.entities import SCHEMAS
from crm_core.schema.validate import problems_of
from crm_desktop.assembly import App
from crm_desktop.models.clock import Clock
from crm_desktop.models.query import ListQuery
from crm_desktop.services import (
    activities,
    approvals,
    deals,
    orders,
    purchases,
    quote_versions,
    quotes,
    records,
    sample,
    sample_outgoing,
    search,
    syncing,
    tickets,
)
from tests.support.desktop import empty_app, sample_app


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    filled = sample_app(tmp_path)
    yield filled
    filled.close()


def _all(app: App, entity: str) -> list[dict[str, object]]:
    rows = records.page(app.replica, ListQuery(entity=entity, limit=1000)).rows
    return [{"id": row.id, **row.values} for row in rows]


def test_a_sample_profile_has_work_in_every_part_of_the_program(app: App) -> None:
    board = deals.board(app.replica)
    assert len(_all(app, "customer")) == sample.SAMPLE_CUSTOMERS
    assert next(column.stage.name for column in board.columns) == "Qualified"
    assert all(column.total.count for column in board.columns)
    assert all(board.next_step_counts[when] for when in ("overdue", "today", "planned", "none"))
    assert {quote["status"] for quote in _all(app, "quote")} >= {"draft", "sent", "accepted", "declined"}
    assert tickets.counts(app.replica)[tickets.Queue.UNASSIGNED] > 0
    # Tasks of today are late once their hour has passed: the day is looked at before it begins.
    now = datetime.datetime.now(datetime.UTC).astimezone()
    morning = now.replace(hour=0, minute=1).timestamp()
    app.replica.clock = Clock(wall=lambda: int(morning * 1000), steady=lambda: 0)
    day = activities.agenda(app.replica)
    assert [item.kind for item in day.today] == ["visit", "visit", "call", "meeting"]
    assert day.late_total == 3
    assert any(hit.title.startswith("纸鹤") for hit in search.find(app.replica, "zhsp"))


def test_numbers_of_the_sample_follow_the_days(app: App) -> None:
    by_day = sorted(_all(app, "quote"), key=lambda quote: (str(quote["issued_on"]), str(quote["number"])))
    assert [quote["number"] for quote in by_day] == sorted(str(quote["number"]) for quote in by_day)
    by_age = sorted(_all(app, "ticket"), key=lambda ticket: int(str(ticket["created_at"])))
    assert [ticket["number"] for ticket in by_age] == sorted(str(ticket["number"]) for ticket in by_age)
    deals_of = {quote["number"]: quote.get("deal_id") for quote in by_day}
    assert sum(deal is not None for deal in deals_of.values()) >= 4


def test_quotes_of_the_sample_come_to_what_their_lines_say(app: App) -> None:
    for quote in _all(app, "quote"):
        view = quotes.view(app.replica, str(quote["id"]))
        assert view.lines
        assert view.quote["total"] == view.totals.total_minor > 0


def test_every_sample_record_is_one_a_form_would_accept(app: App) -> None:
    for entity, schema in SCHEMAS.items():
        for row in _all(app, entity):
            values = {name: value for name, value in row.items() if name in schema.fields}
            problems = [
                problem
                for problem in problems_of(schema, values)
                if (entity, problem.field) != ("user", "role_id")
            ]
            assert not problems, (entity, values, problems)


def test_nothing_of_the_sample_waits_to_be_sent(app: App) -> None:
    assert sample.holds_sample(app.replica)
    assert not syncing.has_waiting(app.replica)


def test_the_same_seed_makes_the_same_customers_and_another_one_others(tmp_path: Path, app: App) -> None:
    again = sample_app(tmp_path / "again")
    assert {row["id"]: row["employees"] for row in _all(app, "customer")} == {
        row["id"]: row["employees"] for row in _all(again, "customer")
    }
    again.close()


def test_a_sample_in_chinese_speaks_chinese_where_people_wrote(tmp_path: Path) -> None:
    app = sample_app(tmp_path, language="zh_CN", customers=6)
    assert next(column.stage.name for column in deals.board(app.replica).columns) == "已确认"
    assert {row["name"] for row in _all(app, "product")} >= {"电磁流量计"}
    app.close()


def test_tags_of_the_sample_can_be_taken_off_and_put_on(app: App) -> None:
    customer = next(row for row in _all(app, "customer") if row["tags"] == ["food", "key account"])
    changed = records.change_tags(
        app.replica, "customer", str(customer["id"]), add=("new",), remove=("food",)
    ).value
    assert changed["tags"] == ["key account", "new"]


def test_an_empty_profile_without_hq_has_a_pipeline_and_its_person(tmp_path: Path) -> None:
    app = empty_app(tmp_path)
    assert len(deals.board(app.replica).columns) == 5
    assert [row["name"] for row in _all(app, "user")] == ["Me"]
    made = records.create(app.replica, "customer", {"name": "First"}).value
    assert records.create(app.replica, "deal", {"name": "D", "customer_id": made.id}).value["stage_id"]
    sample.prepare_local(app.replica, "zh_CN")
    assert [row["name"] for row in _all(app, "user")] == ["Me"]
    assert not sample.holds_sample(app.replica)
    app.close()


def test_quotes_of_the_sample_went_out_were_answered_and_wait_for_approval(app: App) -> None:
    assert {mail["status"] for mail in _all(app, "outgoing_mail")} == {"sent", "failed", "at_hq", "unknown"}
    assert {signature["verdict"] for signature in _all(app, "signature")} == {"accepted", "declined"}
    waiting = approvals.to_decide(app.replica)
    assert [view.asked_by for view in waiting] == ["Tom (demo)"]
    offer = waiting[0].offer
    assert offer is not None
    assert offer.below_list > sample_outgoing.MOST_BELOW_LIST
    sent = [quote for quote in _all(app, "quote") if quote["status"] not in ("draft", "waiting")]
    for quote in sent:
        (version,) = quote_versions.versions(app.replica, str(quote["id"]))
        assert version.sent_at_ms is not None
        assert version.total == quote["total"]


def test_orders_of_the_sample_say_what_may_be_sold_next_and_why(app: App) -> None:
    today = app.replica.clock.today()
    due = purchases.due(app.replica, today, 30)
    assert len({each.customer_id for each in due}) >= 3
    first = next(row for row in _all(app, "customer") if str(row["name"]).startswith("纸鹤"))
    found = purchases.suggestions(app.replica, str(first["id"]))
    assert found.expected
    assert found.related


def test_a_product_of_the_sample_that_comes_back_stands_at_the_customer_no_more(app: App) -> None:
    device = next(each for each in _all(app, "installed_product") if each["serial"])
    line = records.get(app.replica, "delivery_line", str(device["delivery_line_id"]))
    piece = orders.Moving(
        order_line_id=str(line["order_line_id"]), quantity=Decimal(1), serials=(str(device["serial"]),)
    )
    orders.take_back(app.replica, str(device["order_id"]), [piece], "faulty")
    assert records.get(app.replica, "installed_product", str(device["id"]))["status"] == "retired"
