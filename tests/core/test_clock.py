"""The hybrid clock: later is later, and nothing lies in HQ's future."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crm_core.sync.clock import (
    COUNTER_MAX,
    SHIFT_TOLERANCE_MS,
    accept,
    ms_of,
    reading,
    shift_ms,
    tick,
)

NOW_MS = 1_790_000_000_000
times = st.integers(min_value=1, max_value=2**46)
offsets = st.integers(min_value=-(400 * 86_400_000), max_value=400 * 86_400_000)


@given(last=times.map(reading), now_ms=times)
def test_each_edit_is_later_than_every_reading_before_it(last: int, now_ms: int) -> None:
    assert tick(last, now_ms) > last
    assert tick(last, now_ms) >= reading(now_ms)


def test_a_full_counter_moves_the_millisecond_on() -> None:
    assert ms_of(tick(reading(5, COUNTER_MAX), 5)) == 6


@given(
    gaps=st.lists(st.integers(min_value=1, max_value=10**9), min_size=1, max_size=40),
    skew_ms=offsets,
)
def test_no_accepted_reading_lies_after_now_and_the_order_of_writing_is_kept(
    gaps: list[int], skew_ms: int
) -> None:
    laptop_now = reading(NOW_MS + skew_ms)
    sent = [laptop_now - sum(gaps[index:]) for index in range(len(gaps))]
    accepted = accept(sent, laptop_now, NOW_MS, last_accepted=reading(NOW_MS - 10**9))
    assert accepted == sorted(set(accepted))
    assert accepted[-1] <= reading(NOW_MS, COUNTER_MAX)


@given(ahead_ms=st.integers(min_value=SHIFT_TOLERANCE_MS + 1, max_value=10**10))
def test_a_clock_set_ahead_gains_nothing(ahead_ms: int) -> None:
    edited = reading(NOW_MS + ahead_ms - 60_000)
    (accepted,) = accept([edited], reading(NOW_MS + ahead_ms), NOW_MS)
    assert ms_of(accepted) == NOW_MS - 60_000


def test_an_edit_claimed_for_the_future_by_a_right_clock_is_capped_at_now() -> None:
    (accepted,) = accept([reading(NOW_MS + 10**9)], reading(NOW_MS), NOW_MS)
    assert ms_of(accepted) == NOW_MS


def test_small_differences_are_left_alone() -> None:
    assert shift_ms(reading(NOW_MS + SHIFT_TOLERANCE_MS), NOW_MS) == 0


def test_a_device_never_gets_a_reading_below_one_it_got_before() -> None:
    (accepted,) = accept([reading(NOW_MS - 10)], reading(NOW_MS), NOW_MS, last_accepted=reading(NOW_MS - 5))
    assert accepted > reading(NOW_MS - 5)
