"""Words of what customers say, in both languages, and which are heard more often than before."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.rising import chance, standing
from crm_core.rules.words_heard import count_words, without_parts, words_in


def singles(text: str) -> list[str]:
    return [word.written for word in words_in(text) if not word.is_pair]


def pairs(text: str) -> list[str]:
    return [word.written for word in words_in(text) if word.is_pair]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The gateway is offline.", ["gateway", "offline"]),
        ("网关升级后又离线了，没有人回电。", ["网关", "升级", "离线", "回电"]),
        ("流量计读数恢复正常", ["流量计", "读数", "恢复正常"]),
        ("CP-22/2 leaks, 3 times", ["cp-22/2", "leaks", "times"]),
        ("网关 GW-10 离线", ["网关", "gw-10", "离线"]),
        ("ＧＡＴＥＷＡＹ！！", ["gateway"]),
        ("谢谢，你好 thank you 12 3.5", []),
        ("", []),
    ],
)
def test_words_are_told_apart_in_both_languages(text: str, words: list[str]) -> None:
    assert singles(text) == words


def test_pairs_stay_within_a_sentence_and_pass_over_little_words() -> None:
    assert pairs("The gateway is offline. Update failed") == ["gateway offline", "update failed"]
    assert pairs("网关又离线了。升级失败") == ["网关 离线", "升级 失败"]


def test_forms_of_a_word_are_one_called_as_it_is_written_most_often() -> None:
    counted = count_words(
        [("a", "Leaking seals"), ("b", "seal leaks"), ("c", "The seal leaks, it leaks"), ("c", "seal")]
    )
    assert (counted["seal"].label, counted["seal"].records) == ("seal", frozenset("abc"))
    assert (counted["leak"].label, len(counted["leak"].records)) == ("leaks", 3)


def test_a_word_heard_only_within_a_pair_is_told_of_as_the_pair() -> None:
    kept = without_parts(count_words([("a", "Spare part late"), ("b", "spare part missing"), ("c", "late")]))
    assert {each.label for each in kept.values()} == {"spare part", "late", "missing"}


words = st.sampled_from(("gateway", "offline", "网关", "离线", "pump", "水泵", "late"))
texts = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.lists(words, max_size=5).map("; ".join)), max_size=20
)


@given(texts)
def test_each_word_counts_once_for_each_record(told: list[tuple[str, str]]) -> None:
    counted = count_words(told)
    for word in {one for _, text in told for one in text.split("; ") if one}:
        key = next(each.key for each in words_in(word))
        assert counted[key].records == {record for record, text in told if word in text.split("; ")}


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_chance_is_that_of_the_coin(now: int, before: int) -> None:
    times = now + before
    exact = Fraction(sum(math.comb(times, many) for many in range(now, times + 1)), 2**times)
    assert chance(now, before, 100, 100) == pytest.approx(float(exact), abs=1e-9)


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 300), st.integers(0, 300))
def test_more_now_is_less_likely_by_chance_and_more_of_everything_explains_it(
    now: int, before: int, all_now: int, all_before: int
) -> None:
    found = chance(now, before, all_now, all_before)
    assert 0 <= found <= 1
    assert chance(now + 1, before, all_now, all_before) <= found + 1e-9
    assert chance(now, before, all_now + 50, all_before) >= found - 1e-9


def test_where_nothing_changed_hardly_anything_stands() -> None:
    drawn = random.Random(5)
    false = 0
    for _ in range(60):
        counts = [(drawn.randrange(2, 30), drawn.randrange(2, 30)) for _ in range(40)]
        halves = [sum(drawn.random() < 0.5 for _ in range(sum(each))) for each in counts]
        chances = [
            chance(half, sum(each) - half, 500, 500) for half, each in zip(halves, counts, strict=True)
        ]
        false += any(standing(chances))
    assert false <= 8, "at 5 % some three of sixty are expected"


def test_what_stands_is_bounded_by_how_many_things_were_tested() -> None:
    assert standing([]) == []
    assert standing([0.04]) == [True]
    assert standing([0.04] + [0.9] * 9) == [False] * 10
    assert standing([0.001, 0.9, 0.012, 0.8, 0.011]) == [True, False, True, False, True]
