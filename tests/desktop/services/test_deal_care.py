"""Milestones of deals, deals nobody looks after, and against whom and why deals were lost."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest

from crm_core.errors import NotFound
from crm_core.rules import milestones as rules
from crm_core.rules.milestones import Kept, Template
from crm_core.rules.neglect import DEAL_DAYS, neglect
from crm_core.rules.pipeline import StageRow
from crm_core.times import DAY_MS
from crm_desktop.assembly import App
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.services import (
    activities,
    board_moves,
    deals,
    losses,
    milestones,
    neglected,
    records,
    rivals,
)
from crm_desktop.services.deals import BoardFilter
from crm_desktop.services.losses import By
from tests.support.desktop import empty_app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Give an empty profile the tests of this module share; each looks at its own deals."""
    opened = empty_app(tmp_path_factory.mktemp("care"))
    yield opened
    opened.close()


def make(app: App, entity: str, **values: object) -> str:
    return records.create(app.replica, entity, values).value.id  # type: ignore[arg-type]


def test_a_deal_has_the_milestones_of_the_stages_it_reached_and_of_its_product(app: App) -> None:
    first, second = (column.stage for column in deals.board(app.replica).columns[:2])
    product = make(app, "product", name="Pump (demo)")
    survey = make(app, "milestone", name="Survey", name_zh="勘察", stage_id=first.id, due_days=5)
    make(app, "milestone", name="Visit the boss", stage_id=second.id)
    make(app, "milestone", name="Sample sent", product_id=product)
    deal = make(app, "deal", name="Line (demo)")
    listed = milestones.checklist(app.replica, deal)
    assert [(each.name, each.done, each.late) for each in listed] == [("Survey", False, False)]
    assert listed[0].due_on is not None
    records.update(app.replica, "deal", deal, {"product_id": product})
    board_moves.move(app.replica, deal, second.id)
    names = [each.name for each in milestones.checklist(app.replica, deal)]
    assert names == ["Survey", "Visit the boss", "Sample sent"]
    milestones.tick(app.replica, deal, "勘察", done=True)
    milestones.plan(app.replica, deal, survey, {"due_on": "2020-01-01"})
    ticked = milestones.checklist(app.replica, deal)[0]
    assert (ticked.done, ticked.late, ticked.due_on) == (True, False, "2020-01-01")
    assert ticked.done_at is not None
    (card,) = (
        card for column in deals.board(app.replica).columns for card in column.cards if card.id == deal
    )
    assert card.milestones == (1, 3)
    milestones.tick(app.replica, deal, survey, done=False)
    back = milestones.checklist(app.replica, deal)[0]
    assert (back.done, back.late, back.done_by_name, back.done_at) == (False, True, "", None)
    with pytest.raises(NotFound):
        milestones.tick(app.replica, deal, "nothing", done=True)


@pytest.mark.parametrize("deals_open", [1, 2])
def test_what_is_logged_with_a_customer_is_about_the_only_open_deal(app: App, deals_open: int) -> None:
    replica = app.replica
    customer = make(app, "customer", name="Blue Heron Valves (demo)")
    made = [make(app, "deal", name=f"Refit {n}", customer_id=customer) for n in range(deals_open)]
    over = make(app, "deal", name="Won before", customer_id=customer)
    board_moves.move(replica, over, str(deals.board(replica).won.id), also={"amount": 100})  # type: ignore[union-attr]
    visit = activities.log(replica, "visit", "Looked", customer_id=customer, next_step="Send the offer").value
    assert visit.get("deal_id") == (made[0] if deals_open == 1 else None)
    (task,) = records.page(
        replica,
        ListQuery(
            entity="activity",
            conditions=(
                Condition(field="customer_id", op=Op.EQUAL, value=customer),
                Condition(field="kind", op=Op.EQUAL, value="task"),
            ),
            limit=9,
        ),
    ).rows
    assert task.get("deal_id") == visit.get("deal_id")
    note = activities.log(replica, "note", "Thought", customer_id=customer).value
    assert note.get("deal_id") is None
    shown = activities.subject_of(replica, "customer", customer)
    assert shown.title == ("Refit 0" if deals_open == 1 else "")


def test_a_milestone_two_laptops_wrote_down_is_one_and_done_where_either_did_it() -> None:
    stage = StageRow(id="s", pipeline_id="p", name="S", rank=1, probability=10, kind="open")
    template = Template(
        id="t", name="Survey", name_zh="", stage_id="s", product_id=None, due_days=None, rank=1
    )

    def kept(record_id: str, *, done: bool, milestone_id: str | None = "t") -> Kept:
        facts = {"owner_id": None, "due_on": None, "done_at": None, "done_by": None}
        return Kept(id=record_id, name="Survey", milestone_id=milestone_id, done=done, **facts)

    both = [kept("a", done=False), kept("b", done=True), kept("c", done=False, milestone_id=None)]
    lines = rules.lines_of([template], both, stage, {"s": stage}, None)
    assert [line.kept.id for line in lines if line.kept] == ["b", "c"]
    assert rules.progress(lines) == (1, 2)
    retired = rules.lines_of([], both, stage, {"s": stage}, None)
    assert rules.progress(retired) == (1, 2)


@pytest.mark.parametrize("quiet", [0, DEAL_DAYS - 1, DEAL_DAYS, 60])
@pytest.mark.parametrize("stuck", [0, 7, 8])
def test_what_sql_finds_neglected_is_what_the_rule_says(app: App, quiet: int, stuck: int) -> None:
    replica = app.replica
    now = replica.clock.now_ms()
    stage = deals.board(replica).columns[3].stage
    records.update(replica, "stage", stage.id, {"age_limit_days": 7})
    deal = make(app, "deal", name=f"Quiet {quiet} {stuck}", stage_id=stage.id)
    with replica.write() as session:
        row = session.get(deals.Deal, deal)
        assert row is not None
        row.created_at, row.stage_since = now - 90 * DAY_MS, now - stuck * DAY_MS
    make(app, "activity", kind="call", subject="Call", deal_id=deal, happened_at=now - quiet * DAY_MS)
    make(app, "activity", kind="note", subject="Not a contact", deal_id=deal)
    why = neglect(
        now,
        contact_ms=now - quiet * DAY_MS,
        made_ms=now - 90 * DAY_MS,
        stage_since_ms=now - stuck * DAY_MS,
        neglect_days=None,
        age_limit_days=7,
    )
    found = {each.id: each.why for each in neglected.neglected(replica)}
    assert (deal in found) is bool(why)
    if why:
        assert found[deal].said == why.said
    shown = BoardFilter(neglected=True, now_ms=now)
    cards = {card.id for column in deals.board(replica, None, shown).columns for card in column.cards}
    assert (deal in cards) is bool(why)
    assert neglected.count_own(replica) == len(found)


def test_competitors_count_what_was_won_and_lost_and_losses_their_reasons(app: App) -> None:
    rival = make(app, "competitor", name="Kite Works (demo)")
    for kind, reason in (("won", None), ("lost", "price"), ("lost", "price"), ("lost", "timing")):
        deal = make(app, "deal", name="Against", competitor_id=rival, amount=1000, currency="CNY")
        extra = {"loss_reason": reason} if reason else {}
        deals.finish(app.replica, deal, kind, **extra)
    make(app, "deal", name="Still open", competitor_id=rival)
    (found,) = (each for each in rivals.rivals(app.replica) if each.id == rival)
    assert (found.open, found.won, found.lost, found.win_percent) == (1, 1, 3, 25)
    met = (Condition(field="competitor_id", op=Op.EQUAL, value=rival),)
    why = losses.counted(app.replica, By.REASON, besides=met)
    assert [(part.key, part.count, part.amount_minor) for part in why.parts] == [
        ("price", 2, 2000),
        ("timing", 1, 1000),
    ]
    assert rivals.percent_of(2, why.count) == 67
    today = app.replica.clock.today()
    for by in By:
        found_by = losses.counted(app.replica, by, today, today)
        for part in found_by.parts:
            rows = records.page(app.replica, ListQuery(entity="deal", conditions=part.conditions)).rows
            assert len(rows) == part.count  # the very deals a click shows
        assert found_by.count >= 3
    (against,) = (p for p in losses.counted(app.replica, By.COMPETITOR).parts if p.key == rival)
    assert (against.label, against.count) == ("Kite Works (demo)", 3)
    before = today - datetime.timedelta(days=1)
    assert losses.counted(app.replica, By.REASON, None, before, besides=met).count == 0
