"""Newest wins, whatever the order of arrival; lives and sets."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from crm_core.sync.clock import Stamp
from crm_core.sync.merge import Held, Verdict, after_seen, judge, lives, members, next_life

stamps = st.builds(
    Stamp,
    st.integers(min_value=1, max_value=5),
    st.integers(min_value=1, max_value=3),
    st.integers(min_value=1, max_value=4),
)


def merged(edits: list[Stamp]) -> Stamp:
    held: Held | None = None
    for position, stamp in enumerate(edits, start=1):
        if held is None or judge(held, stamp, base_seq=0) is not Verdict.SUPERSEDED:
            held = Held(stamp, position)
    assert held is not None
    return held.stamp


@given(st.lists(stamps, min_size=1, max_size=5, unique=True))
def test_every_order_of_arrival_leaves_the_same_winner(edits: list[Stamp]) -> None:
    assert {merged(list(order)) for order in permutations(edits)} == {max(edits)}


def test_an_edit_made_on_top_of_what_is_held_is_no_conflict() -> None:
    held = Held(Stamp(10, 1, 1), seq=7)
    assert judge(held, Stamp(11, 2, 1), base_seq=7) is Verdict.APPLIED
    assert judge(held, Stamp(11, 2, 1), base_seq=6) is Verdict.MERGED
    assert judge(held, Stamp(11, 1, 2), base_seq=6) is Verdict.APPLIED
    assert judge(held, Stamp(9, 2, 1), base_seq=6) is Verdict.SUPERSEDED


@given(stamps, stamps)
def test_an_edit_of_what_its_writer_saw_comes_after_it_whatever_his_clock_says(
    one: Stamp, two: Stamp
) -> None:
    held = Held(one, seq=7)
    placed = after_seen(held, two, seen=True)
    assert placed > one
    assert judge(held, placed, base_seq=7) is Verdict.APPLIED
    assert placed == two or not two > one
    assert after_seen(held, two, seen=False) == after_seen(None, two, seen=True) == two


def test_deleting_twice_or_from_an_older_life_is_stale() -> None:
    deleted = next_life(1, 1, restore=False)
    assert deleted == 2
    assert next_life(2, 1, restore=False) is None
    assert next_life(2, 2, restore=False) is None
    assert next_life(2, 2, restore=True) == 3
    assert not lives(2)
    assert lives(3)


def test_a_word_added_twice_is_shown_once_and_stays_while_one_addition_stays() -> None:
    assert members([("vip", "1.1.1"), ("vip", "2.1.9"), ("asia", "1.1.2")]) == ["asia", "vip"]
