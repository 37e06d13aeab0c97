"""What a merge takes by rule."""

from __future__ import annotations

from crm_core.rules.merging import all_words, best_kept, best_value, is_empty, joined_text


def test_the_record_with_most_fields_is_kept_and_of_equals_the_oldest() -> None:
    assert best_kept([3, 5, 5], [1, 9, 4]) == 2
    assert best_kept([2, 2], [7, 7]) == 0


def test_a_value_is_the_kept_records_or_else_the_one_changed_last() -> None:
    assert best_value([("x",), ("y",)], 0, [1, 9]) == 0
    assert best_value([(None, ""), ("y", None), ("z", None)], 0, [9, 1, 5]) == 2
    assert best_value([(None,), (None,)], 1, [1, 2]) == 1
    assert is_empty((None, "", [], {}))
    assert not is_empty((0, None))


def test_texts_and_words_are_put_together_each_once() -> None:
    assert joined_text([" one ", None, "two", "one"]) == "one\n\ntwo"
    assert joined_text([None, " "]) is None
    assert all_words([["b"], None, ["a", "b"]]) == ["a", "b"]
