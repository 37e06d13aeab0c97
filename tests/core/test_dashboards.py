"""Dashboards as data: kept and read again, moved about, narrowed by time and person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import UserError
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.dashboards import (
    COLUMNS,
    MOST_TILES,
    WIDTHS,
    Tile,
    day_field_of,
    laid_out,
    moved_before,
    moved_by,
    narrowed,
    person_field_of,
    plain_tiles,
    problems_of_dashboard,
    tiles_of,
    widened,
    with_changed,
    with_tile,
    without_tile,
)
from crm_core.rules.relative_days import RelativeDay, Unit
from crm_core.rules.reports import Group, Period, Question, Report, all_of

QUARTER = RelativeDay(Unit.QUARTER)
WON = Condition(field="stage_id.kind", op=Op.EQUAL, value="won")
BY_MONTH = Report(entity="deal", rule=WON, rows=(Group(field="close_date", period=Period.MONTH),))


def tiles(*ids: str) -> tuple[Tile, ...]:
    return tuple(Tile(id=each, standard="won_by_month") for each in ids)


def ids(found: tuple[Tile, ...]) -> str:
    return "".join(tile.id for tile in found)


def test_tiles_are_kept_and_read_again() -> None:
    kept = (
        Tile(id="a", standard="won_by_month", look={"kind": "line"}, width=8),
        Tile(id="b", title="Own", report=BY_MONTH, tall=False, width=3),
        Tile(id="c", report_id="f" * 32),
    )
    assert tiles_of(plain_tiles(kept)) == kept
    assert tiles_of(None) == ()


@pytest.mark.parametrize(
    "stored",
    [
        "tiles",
        [5],
        [{"id": "a"}],
        [{"id": "", "standard": "x"}],
        [{"id": "a", "standard": "x"}, {"id": "a", "standard": "y"}],
        [{"id": str(n), "standard": "x"} for n in range(MOST_TILES + 1)],
    ],
)
def test_what_are_no_tiles_is_refused(stored: object) -> None:
    assert [problem.field for problem in problems_of_dashboard({"tiles": stored})] == ["tiles"]
    with pytest.raises(UserError):
        tiles_of(stored)


def test_a_tile_of_a_newer_version_stays_without_a_report() -> None:
    (tile,) = tiles_of(
        [{"id": "a", "report": {"entity": "deal", "measures": [{"take": "guess"}]}, "width": 99}]
    )
    assert tile.report is None
    assert tile.width == 4


@pytest.mark.parametrize(
    ("tile_id", "before_id", "order"),
    [("c", "a", "cabd"), ("a", None, "bcda"), ("a", "c", "bacd"), ("b", "b", "abcd"), ("x", "a", "abcd")],
)
def test_a_tile_is_dragged_in_front_of_another(tile_id: str, before_id: str | None, order: str) -> None:
    assert ids(moved_before(tiles(*"abcd"), tile_id, before_id)) == order


@given(st.permutations("abcdef"), st.sampled_from("abcdef"), st.integers(-9, 9))
def test_keys_move_a_tile_as_far_as_there_are_places(order: list[str], tile_id: str, by: int) -> None:
    moved = moved_by(tiles(*order), tile_id, by)
    assert sorted(ids(moved)) == sorted(order)
    assert ids(without_tile(moved, tile_id)) == "".join(each for each in order if each != tile_id)
    wanted = min(max(order.index(tile_id) + by, 0), len(order) - 1)
    assert ids(moved).index(tile_id) == wanted


@given(st.lists(st.sampled_from(WIDTHS), max_size=MOST_TILES), st.sampled_from((6, COLUMNS)))
def test_tiles_lie_in_their_order_and_never_over_one_another(widths: list[int], columns: int) -> None:
    given_ = tuple(Tile(id=str(n), standard="x", width=width) for n, width in enumerate(widths))
    placed = laid_out(given_, columns)
    assert tuple(each.tile for each in placed) == given_
    taken = [(each.row, column) for each in placed for column in range(each.column, each.column + each.span)]
    assert taken == sorted(taken)
    assert len(set(taken)) == len(taken)
    assert all(0 <= column < columns for _, column in taken)


def test_a_tile_grows_and_shrinks_by_the_widths_there_are() -> None:
    tile = Tile(id="a", standard="x", width=4)
    assert [widened(tile, by).width for by in (-9, -1, 0, 1, 2, 9)] == [3, 3, 4, 6, 8, 12]
    changed = with_changed(tiles("a", "b"), widened(Tile(id="a", standard="x"), 1))
    assert changed[0].width == 6
    assert changed[1].width == 4


def test_no_more_tiles_than_there_may_be() -> None:
    full = tiles(*(str(n) for n in range(MOST_TILES)))
    with pytest.raises(UserError):
        with_tile(full, Tile(id="x", standard="y"))
    assert ids(with_tile((), Tile(id="x", standard="y"))) == "x"


def test_time_and_person_narrow_a_report_by_its_own_fields() -> None:
    said = narrowed(BY_MONTH, QUARTER, "f" * 32)
    assert said.rule == all_of(
        [
            WON,
            Condition(field="close_date", op=Op.EQUAL, value=QUARTER),
            Condition(field="owner_id", op=Op.EQUAL, value="f" * 32),
        ]
    )
    assert narrowed(BY_MONTH, None, "") == BY_MONTH


def test_the_time_a_report_asks_for_is_answered_by_that_of_the_dashboard() -> None:
    since = Condition(field="close_date", op=Op.AT_LEAST, value=RelativeDay(Unit.YEAR))
    asking = Report(entity="deal", questions=(Question(key="since", label="Since", condition=since),))
    assert day_field_of(asking) == "close_date"
    said = narrowed(asking, QUARTER, "")
    assert said.questions == ()
    assert said.rule == Condition(field="close_date", op=Op.EQUAL, value=QUARTER)
    assert narrowed(asking, None, "").questions == asking.questions


def test_a_report_of_no_time_and_nobody_stays_as_it_is() -> None:
    products = Report(entity="product")
    assert day_field_of(products) == ""
    assert person_field_of(products) == ""
    assert narrowed(products, QUARTER, "f" * 32) == products


def test_a_stretch_that_is_none_is_refused() -> None:
    assert problems_of_dashboard({"period": "this-quarter"}) == []
    assert [problem.field for problem in problems_of_dashboard({"period": "whenever"})] == ["period"]
