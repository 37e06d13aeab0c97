"""Trees of records that stand below each other, whatever two laptops made of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.tree import forest


def test_roots_and_children_come_in_the_order_given() -> None:
    trees = forest({"b": None, "a": None, "z": "b", "y": "b", "x": "z", "lone": "not here"})
    shown = [(branch.id, depth) for tree in trees for branch, depth in tree.walk()]
    assert shown == [("b", 0), ("z", 1), ("x", 2), ("y", 1), ("a", 0), ("lone", 0)]


def test_a_circle_begins_with_its_smallest_id_and_keeps_what_hangs_on_it() -> None:
    (tree,) = forest({"c": "b", "b": "a", "a": "c", "leaf": "b"})
    assert [branch.id for branch, _ in tree.walk()] == ["a", "b", "c", "leaf"]


def test_a_record_above_itself_is_a_root() -> None:
    (tree,) = forest({"a": "a"})
    assert (tree.id, tree.children) == ("a", ())


@given(st.dictionaries(st.sampled_from("abcdefghij"), st.sampled_from([None, *"abcdefghijxy"])))
def test_every_record_stands_once_and_below_its_parent_unless_a_root(parents: dict[str, str | None]) -> None:
    trees = forest(parents)
    branches = [branch for tree in trees for branch, _ in tree.walk()]
    assert sorted(branch.id for branch in branches) == sorted(parents)
    for branch in branches:
        assert all(parents[child.id] == branch.id for child in branch.children)
    for tree in trees:
        above = parents[tree.id]
        assert above not in parents or above in {branch.id for branch, _ in tree.walk()}


def test_a_chain_of_thousands_is_no_trouble() -> None:
    names = [f"{number:05}" for number in range(5_000)]
    chain: dict[str, str | None] = dict(zip(names[1:], names, strict=False))
    (tree,) = forest({names[0]: None, **chain})
    depth = 0
    while tree.children:
        (tree,), depth = tree.children, depth + 1
    assert depth == len(names) - 1
