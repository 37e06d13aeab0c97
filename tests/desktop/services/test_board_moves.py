"""Moving deals on the board, where they come to stand, and taking a move back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crm_core.errors import Invalid, StaleRecord
from crm_desktop.assembly import App
from crm_desktop.models import repository
from crm_desktop.services import board_moves, deals, records
from crm_desktop.services.deals import Board, BoardFilter, Card
from tests.support.desktop import empty_app


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Give an empty profile."""
    opened = empty_app(tmp_path)
    yield opened
    opened.close()


def _deal(app: App, name: str, amount: int | None, owner_id: str | None = None) -> str:
    values: dict[str, str | int | None] = {"name": name, "amount": amount, "currency": "CNY"}
    if amount is None:
        del values["amount"], values["currency"]
    if owner_id:
        values["owner_id"] = owner_id
    return records.create(app.replica, "deal", values).value.id


def _names(cards: tuple[Card, ...]) -> list[str]:
    return [card.name for card in cards]


def _all_cards(app: App, board: Board, shown: BoardFilter, limit: int) -> list[str]:
    stage_id = board.columns[0].stage.id
    cards = list(deals.board(app.replica, None, shown, limit).columns[0].cards)
    while True:
        following = deals.more_cards(app.replica, stage_id, cards[-1], shown, limit)
        if not following:
            return [card.name for card in cards]
        cards += following


def test_a_move_says_where_the_deal_came_to_stand(app: App) -> None:
    small, large = _deal(app, "small", 100), _deal(app, "large", 900)
    board = deals.board(app.replica)
    second = board.columns[1].stage
    board_moves.move(app.replica, large, second.id)
    moved = board_moves.move(app.replica, small, second.id).value
    assert (moved.name, moved.stage.name, moved.place, moved.count) == ("small", second.name, 2, 2)
    assert _names(deals.board(app.replica).columns[1].cards) == ["large", "small"]


def test_a_move_taken_back_leaves_the_deal_as_it_was_its_time_in_the_stage_too(app: App) -> None:
    deal_id = _deal(app, "swing", 500)
    before = records.get(app.replica, "deal", deal_id)
    board = deals.board(app.replica)
    assert board.won is not None
    moved = board_moves.move(app.replica, deal_id, board.won.id).value
    assert moved.place == 0
    won = records.get(app.replica, "deal", deal_id)
    assert won["probability"] == 100
    assert won["close_date"]
    board_moves.take_back(app.replica, moved)
    after = records.get(app.replica, "deal", deal_id)
    for name in ("stage_id", "probability", "stage_since", "close_date", "loss_reason"):
        assert after[name] == before[name], name


def test_a_move_somebody_changed_since_is_not_taken_back(app: App) -> None:
    deal_id = _deal(app, "contested", 500)
    columns = deals.board(app.replica).columns
    moved = board_moves.move(app.replica, deal_id, columns[1].stage.id).value
    board_moves.move(app.replica, deal_id, columns[2].stage.id)
    with pytest.raises(StaleRecord):
        board_moves.take_back(app.replica, moved)
    assert records.get(app.replica, "deal", deal_id)["stage_id"] == columns[2].stage.id


def test_a_deal_without_amount_is_not_won_until_it_has_one(app: App) -> None:
    deal_id = _deal(app, "priceless", None)
    won = deals.board(app.replica).won
    assert won is not None
    with pytest.raises(Invalid) as caught:
        board_moves.move(app.replica, deal_id, won.id)
    assert [problem.field for problem in caught.value.problems] == ["amount"]
    assert records.get(app.replica, "deal", deal_id)["stage_id"] != won.id
    given = {"amount": 4200, "currency": "CNY"}
    moved = board_moves.move(app.replica, deal_id, won.id, also=given).value
    board_moves.take_back(app.replica, moved)
    assert records.get(app.replica, "deal", deal_id).get("amount") is None


def test_every_card_of_a_column_comes_once_page_by_page(app: App) -> None:
    with app.replica.applying() as session:
        other = repository.create(session, "user", {"name": "Zoe (example)", "active": True}).id
    for number in range(17):
        _deal(
            app,
            f"deal {number}",
            None if number % 5 == 0 else number % 4 * 100,
            other if number % 3 else None,
        )
    board = deals.board(app.replica)
    whole = sorted(f"deal {number}" for number in range(17))
    plain = _all_cards(app, board, BoardFilter(), 4)
    grouped = _all_cards(app, board, BoardFilter(by_owner=True), 4)
    assert sorted(plain) == whole
    assert sorted(grouped) == whole
    assert plain == _names(deals.board(app.replica, None, BoardFilter(), 50).columns[0].cards)
    in_groups = deals.board(app.replica, None, BoardFilter(by_owner=True), 50).columns[0].cards
    owners = [card.owner_name for card in in_groups]
    assert owners == sorted(owners)
    assert grouped == _names(in_groups)


def test_the_next_cards_are_found_though_the_last_one_is_gone(app: App) -> None:
    for number in range(6):
        _deal(app, f"deal {number}", 1000 - number)
    column = deals.board(app.replica, limit=3).columns[0]
    last = column.cards[-1]
    gone = replace(last, id="00000000-0000-7000-8000-000000000000")
    assert _names(deals.more_cards(app.replica, column.stage.id, gone)) == [
        "deal 2",
        "deal 3",
        "deal 4",
        "deal 5",
    ]
