"""Whatever happens to somebody's rights, and whenever: the laptop holds what he may see and no trace beyond.

At length `SATCHEL_MATRIX` cases run, all of them without it; an ordinary run takes a few that between them
hold every part.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from sync_server.services import sync
from tests.support.hq import Office
from tests.support.matrix import CHANGES, MASKS, PENDING, PLACES, SCOPES, TINY, Case, all_cases, play
from tests.support.replicas import Laptops

AT_ONCE = 16  # cases of one office: its records make every page's check longer
LONGEST = int(os.environ.get("SATCHEL_MATRIX", str(len(all_cases()))))


def sample() -> list[Case]:
    """Return few cases that hold every part at least once, each with its parts as they come round.

    Where a case can be of records and of people, it is of each in turn.
    """
    width = max(map(len, (CHANGES, SCOPES, MASKS, PENDING, PLACES)))
    chosen = []
    for n in range(width):
        wanted = (
            CHANGES[n % len(CHANGES)],
            SCOPES[n % len(SCOPES)],
            MASKS[(n + 2) % len(MASKS)],
            PENDING[(n + 1) % len(PENDING)],
            PLACES[n % len(PLACES)],
        )
        alike = [
            case
            for case in all_cases()
            if (case.change, case.scope, case.mask, case.pending, case.place) == wanted
        ]
        chosen += alike[n % len(alike) :][:1] if alike else []
    return chosen


def wrong_in(cases: Sequence[Case], folder: Path, template: Path) -> list[str]:
    """Play cases in one office and return what is wrong."""
    office = Office(folder / "hq")
    laptops = Laptops(folder, office, template)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sync, "LEAST_BYTES", TINY)  # so that a few records make many pages
        try:
            return [wrong for case in cases for wrong in play(office, laptops, case)]
        finally:
            laptops.close()
            office.close()


def test_the_sample_holds_every_part() -> None:
    cases = sample()
    assert {case.change for case in cases} == set(CHANGES)
    assert {case.scope for case in cases} == set(SCOPES)
    assert {case.mask for case in cases} == set(MASKS)
    assert {case.place for case in cases} == set(PLACES)
    assert {case.pending for case in cases} == set(PENDING)
    assert {case.by_person for case in cases} == {True, False}


def test_a_few_of_everything_that_can_happen_to_rights_leave_no_trace(tmp_path: Path, template: Path) -> None:
    assert wrong_in(sample(), tmp_path, template) == []


@pytest.mark.soak
@pytest.mark.parametrize("start", range(0, LONGEST, AT_ONCE))
def test_everything_that_can_happen_to_rights_leaves_no_trace(
    tmp_path: Path, template: Path, start: int
) -> None:
    cases = all_cases()[start : min(start + AT_ONCE, LONGEST)]
    assert wrong_in(cases, tmp_path, template) == []
    print(f"permission matrix: cases {start} to {start + len(cases) - 1} of {len(all_cases())}, 0 traces")
