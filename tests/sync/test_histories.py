"""Histories of laptops over lines that break, with clocks that jump: what everybody saw hangs together."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from tests.support.hq import Office
from tests.support.replicas import Cut, Laptop, Laptops, differences
from tests.sync.histories.checks import problems
from tests.sync.histories.events import History
from tests.sync.histories.work import Diary, Worker, rest_of_hq

YEAR_MS = 365 * 24 * 3600 * 1000
SEEDS = int(os.environ.get("SATCHEL_HISTORY_SEEDS", "8"))
STEPS = 40
LONG_STEPS = 150


class Days:
    """Three laptops of two people, an HQ, and everything that goes wrong between them."""

    def __init__(self, folder: Path, office: Office, makes: Laptops, seed: int, *, hq_jumps: bool) -> None:
        self.office, self.chance, self.hq_jumps = office, Random(seed), hq_jumps
        users = [office.user(name, "admin") for name in ("lin", "maya")]
        self.customers = [office.hq.create("customer", {"name": name}) for name in ("Blue Heron", "纸鹤")]
        people = {"lin": users[0], "lin-2": users[0], "maya": users[1]}
        self.laptops = [makes.make(name, user, page_bytes=4096) for name, user in people.items()]
        self.diaries = [Diary(folder / f"{laptop.name}.jsonl", laptop.name) for laptop in self.laptops]
        self.workers = [
            Worker(diary, lambda each=laptop: each.replica, laptop.sync, self.customers, self.chance)  # type: ignore[misc]
            for diary, laptop in zip(self.diaries, self.laptops, strict=True)
        ]
        for laptop in self.laptops:
            laptop.sync()

    def run(self, steps: int) -> History:
        for _ in range(steps):
            self.office.now_ms += self.chance.choice((1, 100, 5_000, 3_600_000))
            at = self.chance.randrange(len(self.laptops))
            happens = self.chance.random()
            if happens < 0.55:
                self.workers[at].step()
            elif happens < 0.8:
                self._round(at)
            elif happens < 0.9:
                self._jump(self.laptops[at])
            elif happens < 0.95 or not self.hq_jumps:
                self.laptops[at].reopen()
            else:
                self._jump_at_hq()
        return self._rest()

    def _round(self, at: int) -> None:
        self.laptops[at].line.cuts = [self.chance.choice(list(Cut)) for _ in range(self.chance.randrange(3))]
        self.workers[at].round()
        self.laptops[at].line.cuts = []

    def _jump(self, laptop: Laptop) -> None:
        """Let a laptop's clock jump while it is off."""
        laptop.skew_ms = self.chance.choice((-YEAR_MS, 0, YEAR_MS, -3_000, 90_000))
        laptop.reopen()

    def _jump_at_hq(self) -> None:
        """Let HQ's clock jump, and no laptop's."""
        by = self.chance.choice((-YEAR_MS, YEAR_MS, -60_000, 60_000))
        self.office.now_ms += by
        for laptop in self.laptops:
            laptop.skew_ms -= by

    def _rest(self) -> History:
        for _ in range(3):
            for worker in self.workers:
                worker.round()
        for worker in self.workers:
            worker.rest()
        for diary in self.diaries:
            diary.close()
        found = History.read(diary.path for diary in self.diaries)
        last = rest_of_hq(self.office.projection(self.laptops[0].user_id), self.customers)
        return History.of([*found, last])


def run(folder: Path, office: Office, laptops: Laptops, seed: int, steps: int, *, hq_jumps: bool) -> None:
    days = Days(folder, office, laptops, seed, hq_jumps=hq_jumps)
    assert problems(days.run(steps)) == []
    assert [line for laptop in days.laptops for line in differences(laptop)] == []


def test_whatever_lines_and_clocks_do_what_everybody_saw_hangs_together(
    tmp_path: Path, office: Office, laptops: Laptops
) -> None:
    run(tmp_path, office, laptops, 0, STEPS, hq_jumps=True)


@pytest.mark.soak
@pytest.mark.parametrize("hq_jumps", [False, True], ids=["laptops clocks", "all clocks"])
@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_whatever_lines_and_clocks_do_for_long_it_hangs_together(
    tmp_path: Path, office: Office, laptops: Laptops, seed: int, hq_jumps: bool
) -> None:
    run(tmp_path, office, laptops, seed, LONG_STEPS, hq_jumps=hq_jumps)
