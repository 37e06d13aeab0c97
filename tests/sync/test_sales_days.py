"""Days of selling at random: at rest all laptops are even with HQ, and nobody keeps a word out of sight."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sales_days import STEPS, played

FEW = 8  # steps of an ordinary run; at length `make soak` plays many seeds


def test_days_of_selling_end_even_and_leave_no_trace(tmp_path: Path, template: Path) -> None:
    wrong, done = played(tmp_path / "days", template, 3, range(FEW))
    assert wrong == [], "\n".join(done)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(40))
def test_many_days_of_selling_end_even_and_leave_no_trace(tmp_path: Path, template: Path, seed: int) -> None:
    wrong, done = played(tmp_path / "days", template, seed, range(STEPS))
    assert wrong == [], "\n".join(done)
