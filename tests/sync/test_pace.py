"""How much a trip carries: little on an unknown line, as much as some seconds carry on a known one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.sync.pace import (
    LEAST_BYTES,
    MOST_DOWN_BYTES,
    MOST_SILENCE_S,
    MOST_UP_BYTES,
    TRIP_S,
    UNKNOWN_LINE_BYTES,
    Pace,
)

RTT_S = 0.3


def download(pace: Pace, bytes_per_s: float, trips: int, rtt_s: float = RTT_S) -> tuple[Pace, float]:
    """Return the pace after so many full pages over a line, and the seconds they took."""
    seconds = 0.0
    for _ in range(trips):
        took = rtt_s + pace.down_bytes / bytes_per_s
        seconds += took
        pace = pace.after_trip(seconds=took, up=300, down=pace.down_bytes)
    return pace, seconds


def test_the_first_page_over_an_unknown_line_is_small_and_a_slow_line_gets_seconds_of_it() -> None:
    assert Pace().down_bytes == UNKNOWN_LINE_BYTES == 8 * 1024
    settled, _ = download(Pace(), 8_000, 10)
    assert 0.9 * TRIP_S < RTT_S + settled.down_bytes / 8_000 < TRIP_S + 0.2


def test_a_fast_line_has_the_largest_pages_after_five() -> None:
    pace, seconds = download(Pace(), 50_000_000, 5, rtt_s=0.02)
    assert pace.down_bytes == MOST_DOWN_BYTES
    assert seconds < 0.2


def test_a_line_that_became_slow_gets_small_pages_again_step_by_step() -> None:
    fast, _ = download(Pace(), 50_000_000, 6, rtt_s=0.02)
    slow, _ = download(fast, 8_000, 8)
    assert slow.down_bytes < 70_000


def test_trips_that_bring_nothing_say_nothing_of_a_line() -> None:
    pace = Pace(down_bytes=100_000, up_bytes=50_000)
    for _ in range(20):
        pace = pace.after_trip(seconds=0.6, up=276, down=174)
    assert pace == Pace(down_bytes=100_000, up_bytes=50_000)


def test_a_loss_halves_to_a_floor_and_lets_the_next_wait_be_longer() -> None:
    pace = Pace(down_bytes=16_384, up_bytes=16_384)
    once = pace.after_loss()
    assert (once.down_bytes, once.up_bytes) == (8_192, 8_192)
    assert once.silence_s(300, 8_192) == 2 * pace.silence_s(300, 8_192)
    for _ in range(20):
        pace = pace.after_loss()
    assert (pace.down_bytes, pace.up_bytes) == (LEAST_BYTES, LEAST_BYTES)
    assert pace.silence_s(0, 0) == MOST_SILENCE_S
    assert pace.after_trip(seconds=1, up=300, down=2_000).losses == 0


def test_what_a_line_carried_is_known_the_next_time_and_nonsense_is_not_believed() -> None:
    pace = Pace(down_bytes=123_456, up_bytes=7_890)
    assert Pace.unpack(pace.pack()) == pace
    assert Pace.unpack([]) == Pace()
    assert Pace.unpack([-1, 10**12]) == Pace(down_bytes=LEAST_BYTES, up_bytes=MOST_UP_BYTES)


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.tuples(st.floats(0, 500), st.integers(0, 10**7), st.integers(0, 10**7)),
        ),
        max_size=40,
    )
)
def test_whatever_a_line_does_sizes_stay_within_bounds(trips: list[tuple[float, int, int] | None]) -> None:
    pace = Pace()
    for trip in trips:
        if trip is None:
            pace = pace.after_loss()
        else:
            pace = pace.after_trip(seconds=trip[0], up=trip[1], down=trip[2])
        assert LEAST_BYTES <= pace.down_bytes <= MOST_DOWN_BYTES
        assert LEAST_BYTES <= pace.up_bytes <= MOST_UP_BYTES
        assert 0 < pace.silence_s(pace.up_bytes, pace.down_bytes) <= MOST_SILENCE_S
