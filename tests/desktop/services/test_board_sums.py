"""What the columns and the forecast of a board come to, beside the rule that weighs one deal."""

from __future__ import annotations

import datetime
import random
from pathlib import Path

from crm_core.rules.forecast import Category, category_of
from crm_core.rules.pipeline import weighted_minor
from crm_desktop.services import deals, records
from tests.support.desktop import empty_app

AMOUNTS = (0, 1, 49, 50, 51, 333, 12_345_678, -1, -50, -333)


def test_sums_made_by_the_database_are_those_of_each_deal_weighed_alone(tmp_path: Path) -> None:
    app = empty_app(tmp_path)
    chance, today = random.Random("board sums"), datetime.date(2026, 1, 1)
    pipeline = deals.pipelines(app.replica)[0]
    with app.replica.read() as session:
        stages = [stage for stage in deals.stages(session, pipeline.id) if stage.kind == "open"]
    made = []
    with app.replica.write() as session:
        for number in range(60):
            day = chance.choice((None, today - datetime.timedelta(days=3), today + datetime.timedelta(3650)))
            values = {
                "name": f"Deal {number}",
                "stage_id": chance.choice(stages).id,
                "amount": chance.choice((*AMOUNTS, None)),
                "currency": chance.choice(("CNY", "CNY", "EUR")),
                "probability": chance.choice((0, 10, 33, 50, 75, 90)),
                "forecast": chance.choice((None, None, *Category)),
                "close_date": day.isoformat() if day else None,
            }
            made.append(records.create_in(session, app.replica, "deal", values))
    board = deals.board(app.replica)
    ours = [deal for deal in made if deal.get("currency") == "CNY"]
    soon = [deal for deal in ours if (deal.get("close_date") or "9999") <= board.forecast.until]
    by_category = {
        category: [
            deal for deal in soon if category_of(deal.get("forecast"), deal.get("probability")) is category
        ]
        for category in Category
    }
    committed, best = (
        sum(deal.get("amount", 0) for deal in by_category[each]) for each in (Category.COMMIT, Category.BEST)
    )
    assert board.forecast.commit_minor == committed
    assert board.forecast.best_minor == committed + best
    assert board.forecast.weighted_minor == sum(
        weighted_minor(deal.get("amount"), deal.get("probability"))
        for category, several in by_category.items()
        for deal in several
        if category is not Category.OMITTED
    )
    assert board.forecast.undated == sum(deal.get("close_date") is None for deal in made)
    assert board.other_currencies == sum(
        deal.get("amount") is not None for deal in made if deal.get("currency") == "EUR"
    )
    for column in board.columns:
        there = [deal for deal in made if deal.get("stage_id") == column.stage.id]
        assert column.total.count == len(there)
        assert column.total.amount_minor == sum(
            deal.get("amount", 0) for deal in there if deal.get("currency") == "CNY"
        )
    assert sum(board.next_step_counts.values()) == len(made)
    app.close()
