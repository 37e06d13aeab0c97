"""Two sides hold the same exactly where their digests are equal; differing buckets hold what differs."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crm_core.ids import new_id
from crm_core.sync.digest import Digest, bucket_of, differing_buckets, row_hash, set_value

Rows = dict[str, tuple[int, dict[int | str, Any]]]

ids = st.binary(min_size=16, max_size=16).map(bytes.hex)
pairs = st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3)), max_size=3).map(set_value)
plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5)
values = st.dictionaries(
    st.integers(1, 40) | st.text("abc", min_size=1, max_size=2).map("x:".__add__),
    plain | pairs | st.dictionaries(st.text(max_size=2), plain, max_size=2),
    max_size=6,
)
rows = st.dictionaries(ids, st.tuples(st.integers(1, 4), values), max_size=8)


def digest(held: Rows) -> Digest:
    order = list(held.items())
    random.Random(len(order)).shuffle(order)
    return Digest((row_id, row_hash(5, row_id, life, filled)) for row_id, (life, filled) in order)


def told(held: Rows) -> dict[str, Any]:
    """Return what a projection says: empty fields are absent, True is not 1."""
    return {
        row_id: (life, {str(no): repr(value) for no, value in filled.items() if value is not None})
        for row_id, (life, filled) in held.items()
    }


def assert_digests_tell(here: Rows, there: Rows) -> None:
    differing = {
        bucket_of(row_id)
        for row_id in {*here, *there}
        if told({row_id: here[row_id]} if row_id in here else {})
        != told({row_id: there[row_id]} if row_id in there else {})
    }
    assert (digest(here).summary() == digest(there).summary()) == (not differing)
    assert set(differing_buckets(digest(here).buckets(), digest(there).buckets())) == differing


@given(rows, rows)
def test_digests_are_equal_exactly_where_the_rows_are(here: Rows, there: Rows) -> None:
    assert_digests_tell(here, here)
    assert_digests_tell(here, there)


@given(rows.filter(bool), st.data())
def test_one_changed_row_makes_its_bucket_differ_and_no_other(here: Rows, data: st.DataObject) -> None:
    victim = data.draw(st.sampled_from(sorted(here)))
    there = dict(here)
    if data.draw(st.booleans()):
        del there[victim]
    else:
        life, filled = there[victim]
        there[victim] = (life + data.draw(st.integers(0, 1)), filled | {data.draw(st.integers(1, 40)): 77})
    assert_digests_tell(here, there)


def test_a_field_the_other_side_never_heard_of_makes_no_difference() -> None:
    row_id = new_id()
    assert row_hash(1, row_id, 1, {2: "a", 99: None}) == row_hash(1, row_id, 1, {2: "a"})


def test_the_order_of_additions_and_of_structures_makes_no_difference() -> None:
    row_id = new_id()
    one = {1: set_value([("b", "1.1.2"), ("a", "1.1.1")]), 2: {"x": 1, "y": 2}}
    other = {2: {"y": 2, "x": 1}, 1: set_value([["a", "1.1.1"], ["b", "1.1.2"]])}
    assert row_hash(1, row_id, 1, one) == row_hash(1, row_id, 1, other)


def test_rows_made_one_after_the_other_fall_into_many_buckets() -> None:
    assert len({bucket_of(new_id()) for _ in range(1000)}) > 200
