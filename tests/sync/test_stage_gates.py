"""Conditions of stages: asked on the laptop, asked again at HQ by its newer ones, skipped with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from crm_core.errors import Invalid, StageBlocked, UserError
from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from crm_desktop.services import board_moves, deals, deciding, quotes, records, returned_edits
from crm_desktop.services.deciding import Decision, Verdict
from sync_server.services.hq import Edit, EditKind
from sync_server.store.tables import Audit, table_of
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all

Pair = tuple[Laptop, Laptop]


@pytest.fixture
def proposal(office: Office) -> str:
    """Give a stage after the first one."""
    office.hq.update("stage", office.stages["open"], {"rank": 1})
    values = {
        "pipeline_id": office.pipeline,
        "name": "Proposal",
        "rank": 2,
        "kind": "open",
        "probability": 50,
    }
    return office.hq.create("stage", values)


@pytest.fixture
def pair(office: Office, laptops: Laptops, proposal: str) -> Pair:
    """Give the laptops of somebody who sells and of the manager of the team."""
    boss = office.user("Boss", "sales_manager")
    team = office.hq.create("team", {"name": "South", "manager_id": boss})
    office.hq.update("user", boss, {"team_id": team})
    lin = office.user("Lin", "sales", team_id=team)
    made = laptops.make("lin", lin), laptops.make("boss", boss)
    settle_all(list(made), 1)
    return made


def rule(office: Office, stage_id: str, **values: Any) -> str:
    return office.hq.create("stage_rule", {"stage_id": stage_id, **values})


def new_deal(laptop: Laptop, **values: Any) -> str:
    return records.create(laptop.replica, "deal", {"name": "Pump", **values}).value.id


def skips(office: Office) -> Sequence[Any]:
    audit = table_of(Audit)
    with office.database.read() as snapshot:
        return snapshot.connection.execute(select(audit).where(audit.c.action == "skip conditions")).all()


def assert_even(*laptops: Laptop) -> None:
    assert [line for laptop in laptops for line in differences(laptop)] == []


def test_a_laptop_asks_for_what_is_missing_and_hq_takes_the_move_with_it(
    office: Office, pair: Pair, proposal: str
) -> None:
    lin, boss = pair
    rule(office, proposal, field="close_date")
    rule(office, proposal, kind="field_compares", field="amount", operator=">=", value="500")
    settle_all([lin])
    deal = new_deal(lin)
    with pytest.raises(StageBlocked) as blocked:
        board_moves.move(lin.replica, deal, proposal)
    assert [problem.field for problem in blocked.value.problems] == ["close_date", "amount"]
    assert not blocked.value.may_skip
    assert records.get(lin.replica, "deal", deal)["stage_id"] == office.stages["open"]
    # The amount comes behind the move in the transaction; HQ judges the move by it all the same.
    board_moves.move(lin.replica, deal, proposal, also={"amount": 50_000, "close_date": "2027-03-01"})
    settle_all([lin, boss])
    assert office.row("deal", deal)["stage_id"] == proposal
    assert lin.returned() == []
    assert_even(lin, boss)


def test_hq_hands_a_card_back_by_a_condition_newer_than_the_laptop(
    office: Office, pair: Pair, proposal: str
) -> None:
    lin, _ = pair
    deal = new_deal(lin)
    settle_all([lin])
    made = rule(office, proposal, field="source", message="Ask where it came from", message_zh="先问来源")
    board_moves.move(lin.replica, deal, proposal)
    settle_all([lin])
    assert records.get(lin.replica, "deal", deal)["stage_id"] == office.stages["open"]
    (back,) = returned_edits.returned(lin.replica)
    assert (back.field, back.code) == ("pipeline_id", Code.INVALID)
    assert back.reason.show() == "Ask where it came from"
    (card,) = next(c for c in deals.board(lin.replica, office.pipeline).columns if c.cards).cards
    assert card.conflict
    with pytest.raises(StageBlocked, match="Ask where"):
        deciding.redo(lin.replica, back.id)
    records.update(lin.replica, "deal", deal, {"source": "web"})
    deciding.decide(lin.replica, [(back.id, Decision(verdict=Verdict.MINE))])
    settle_all([lin])
    assert office.row("deal", deal)["stage_id"] == proposal
    assert_even(lin)
    office.hq.delete("stage_rule", made)


def test_a_quote_a_visit_and_a_milestone_are_asked_for_on_both_sides(
    office: Office, pair: Pair, proposal: str
) -> None:
    lin, _ = pair
    survey = office.hq.create("milestone", {"name": "Site survey", "stage_id": office.stages["open"]})
    first = office.stages["open"]
    rule(office, first, moment="exit", kind="quote_sent")
    rule(office, first, moment="exit", kind="activity_done", activity_kind="visit", days=14)
    rule(office, first, moment="exit", kind="milestone_done", milestone_id=survey)
    settle_all([lin])
    customer = records.create(lin.replica, "customer", {"name": "纸鹤食品（示例）"}).value.id
    deal = new_deal(lin, customer_id=customer)
    with pytest.raises(StageBlocked) as blocked:
        board_moves.move(lin.replica, deal, proposal)
    assert [str(problem.message) for problem in blocked.value.problems] == [
        "A quote for this deal must have been sent",
        "“Visit” must have been done in the last 14 days",
        "The milestone “Site survey” must be done",
    ]
    quote = quotes.create(lin.replica, {"customer_id": customer, "deal_id": deal, "currency": "CNY"}).value.id
    quotes.add_line(lin.replica, quote, {"description": "Pump", "unit_price": 1000})
    quotes.set_status(lin.replica, quote, "sent")
    visit = {
        "kind": "visit",
        "subject": "At theirs",
        "deal_id": deal,
        "happened_at": office.now_ms - 13 * DAY_MS,
    }
    records.create(lin.replica, "activity", visit)
    ticked = {"name": "Site survey", "deal_id": deal, "milestone_id": survey, "done": True}
    done = records.create(lin.replica, "deal_milestone", ticked).value
    assert (done["done_by"], done["done_at"]) == (lin.replica.person.user_id, office.now_ms)
    board_moves.move(lin.replica, deal, proposal)
    office.now_ms += 30 * DAY_MS  # sent late: the visit counts by when the move was made
    settle_all([lin])
    assert office.row("deal", deal)["stage_id"] == proposal
    assert lin.returned() == []
    board_moves.move(lin.replica, deal, first)  # going back is free
    settle_all([lin])
    assert office.row("deal", deal)["stage_id"] == first
    assert_even(lin)


def test_a_manager_skips_with_a_reason_that_is_audited_and_a_seller_does_not(
    office: Office, pair: Pair, proposal: str
) -> None:
    lin, boss = pair
    made = rule(office, proposal, kind="quote_sent")
    settle_all([lin, boss])
    deal = new_deal(lin)
    settle_all([lin, boss])
    with pytest.raises(StageBlocked) as stopped:
        board_moves.move(lin.replica, deal, proposal, also={"skip_reason": "I want to"})
    assert [problem.field for problem in stopped.value.problems][-1] == "skip_reason"
    with pytest.raises(StageBlocked) as blocked:
        board_moves.move(boss.replica, deal, proposal)
    assert blocked.value.may_skip
    board_moves.move(boss.replica, deal, proposal, also={"skip_reason": "老客户，口头同意"})
    settle_all([boss, lin])
    row = office.row("deal", deal)
    assert (row["stage_id"], row["skip_reason"]) == (proposal, "老客户，口头同意")
    assert row["skip_at"] == row["stage_since"]
    assert row["skipped"] == [[made, "A quote for this deal must have been sent", {}]]
    seen = records.history(lin.replica, "deal", deal)
    assert [(e.user_name, e.new) for e in seen if e.field == "skip_reason"] == [("Boss", "老客户，口头同意")]
    (card,) = next(c for c in deals.board(lin.replica, office.pipeline).columns if c.cards).cards
    assert card.skip_reason == "老客户，口头同意"
    (entry,) = skips(office)
    assert (entry.row_id, entry.user_id) == (deal, boss.replica.person.user_id)
    assert entry.detail == {"stage": proposal, "conditions": [made], "reason": "老客户，口头同意"}
    assert_even(lin, boss)


def test_a_skip_somebody_may_not_make_is_refused_at_hq(office: Office, pair: Pair, proposal: str) -> None:
    lin, _ = pair
    rule(office, proposal, kind="quote_sent")
    office.hq.update("stage", proposal, {"skip_by": "everybody"})
    settle_all([lin])
    deal = new_deal(lin)
    settle_all([lin])
    office.hq.update("stage", proposal, {"skip_by": "nobody"})
    board_moves.move(lin.replica, deal, proposal, also={"skip_reason": "Hurry"})
    settle_all([lin])
    assert office.row("deal", deal)["stage_id"] == office.stages["open"]
    assert Code.INVALID in [code for _, _, code in lin.returned()]
    audit = table_of(Audit)
    with office.database.read() as snapshot:
        assert (
            snapshot.connection.execute(select(audit).where(audit.c.action == "skip conditions")).all() == []
        )


def test_a_reason_without_a_move_and_a_retired_stage_are_refused(
    office: Office, pair: Pair, proposal: str
) -> None:
    lin, _ = pair
    deal = new_deal(lin)
    settle_all([lin])
    with pytest.raises(UserError, match="goes with a move"):
        records.update(lin.replica, "deal", deal, {"skip_reason": "Because"})
    board_moves.move(lin.replica, deal, proposal)
    settle_all([lin])
    with pytest.raises(Invalid, match="still in this stage"):
        office.hq.delete("stage", proposal)
    office.hq.update("stage", proposal, {"retired": True})
    other = new_deal(lin)
    board_moves.move(lin.replica, other, proposal)  # not heard of yet
    settle_all([lin])
    assert office.row("deal", other)["stage_id"] == office.stages["open"]
    assert office.row("deal", deal)["stage_id"] == proposal
    with pytest.raises(UserError, match="was retired"):
        board_moves.move(lin.replica, other, proposal)
    column = next(c for c in deals.board(lin.replica, office.pipeline).columns if c.stage.id == proposal)
    assert (column.stage.retired, [card.id for card in column.cards]) == (True, [deal])
    board_moves.move(lin.replica, deal, office.stages["open"])
    shown = deals.board(lin.replica, office.pipeline).columns
    assert [column.stage.id for column in shown] == [office.stages["open"]]


def test_two_moves_offline_leave_both_stages_with_their_times(
    office: Office, pair: Pair, proposal: str
) -> None:
    lin, boss = pair
    deal = new_deal(lin, amount=100)
    settle_all([lin, boss])
    board_moves.move(lin.replica, deal, proposal)
    office.now_ms += 60_000
    deals.finish(boss.replica, deal, "won")
    settle_all([boss, lin])
    assert office.row("deal", deal)["stage_id"] == office.stages["won"]
    (back,) = returned_edits.returned(lin.replica)
    stage_of_mine, stage_of_theirs = back.mine[1], back.theirs[1]
    assert (stage_of_mine, stage_of_theirs) == (proposal, office.stages["won"])
    assert back.mine[4] < back.theirs[4]
    assert_even(lin, boss)


def test_a_deal_made_at_hq_meets_the_conditions_of_its_stage(office: Office, proposal: str) -> None:
    rule(office, proposal, field="close_date")
    values = {"name": "Pump", "pipeline_id": office.pipeline, "stage_id": proposal, "probability": 50}
    edits = [
        Edit(kind=EditKind.CREATE, entity="deal", values={**values, **more})
        for more in ({}, {"close_date": "2027-03-01"})
    ]
    refused, taken = office.hq.write(edits)
    assert str(refused.error) == "“Closing date” must be filled in"
    assert taken.error is None
