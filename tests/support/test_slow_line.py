"""The bad line itself: as slow as it says, and the same losses for the same seed."""

from __future__ import annotations

import pytest

from tests.support.slow_line import SEGMENT_BYTES, Direction, Line, LineReset, Path, promised_line


def carried(line: Line, seed: str, segments: int) -> tuple[float, Direction]:
    """Return how long a path rests over so many segments, and what its direction counted."""
    rested: list[float] = []
    direction = Direction()
    path = Path(direction, lambda: line, seed, rested.append)
    for _ in range(segments):
        path.carry(SEGMENT_BYTES)
    return sum(rested), direction


def test_a_clean_line_takes_as_long_as_its_rate_says_and_a_fast_one_no_time() -> None:
    seconds, direction = carried(promised_line(), "a", 100)
    assert seconds == pytest.approx(100 * SEGMENT_BYTES / 8000)
    assert direction.carried == 100 * SEGMENT_BYTES
    assert carried(Line(), "a", 100)[0] == 0


def test_lost_segments_cost_time_and_bytes_and_are_the_same_each_time() -> None:
    seconds, direction = carried(promised_line(0.1), "a", 100)
    assert 5 * SEGMENT_BYTES < direction.resent < 20 * SEGMENT_BYTES
    assert seconds > 1.2 * 100 * SEGMENT_BYTES / 8000
    assert carried(promised_line(0.1), "a", 100) == (seconds, direction)
    assert carried(promised_line(0.1), "b", 100)[0] != seconds


def test_a_line_that_loses_everything_is_reset() -> None:
    with pytest.raises(LineReset):
        carried(promised_line(1.0), "a", 1)
