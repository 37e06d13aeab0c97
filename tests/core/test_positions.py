"""Keys for places in an order: there is always room, and the order is what was meant."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.positions import between


@given(st.lists(st.floats(min_value=0, max_value=1, exclude_max=True), max_size=120), st.randoms())
def test_lines_inserted_anywhere_stay_where_they_were_put(places: list[float], chance: random.Random) -> None:
    keys: list[str] = []
    for place in places:
        index = int(place * (len(keys) + 1))
        before = keys[index - 1] if index else None
        after = keys[index] if index < len(keys) else None
        keys.insert(index, between(before, after, chance.randrange))
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


@given(st.integers(0, 2**32))
def test_two_laptops_inserting_at_one_place_rarely_make_one_key(seed: int) -> None:
    chance = random.Random(seed)
    assert between("U00", "U01", chance.randrange) != between("U00", "U01", chance.randrange)


def test_typing_a_thousand_lines_one_after_the_other_keeps_keys_short() -> None:
    chance = random.Random(7)
    last: str | None = None
    for _ in range(1000):
        last = between(last, None, chance.randrange)
    assert last is not None
    assert len(last) <= 8


def test_keys_the_wrong_way_round_still_give_a_place() -> None:
    chance = random.Random(7)
    assert between("b", "a", chance.randrange) > "b"
    assert between("a", "a", chance.randrange) > "a"
