"""Run ranges of schedules, shrink what fails, print what a person needs to see it again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

from tests.sync.model.bugs import world_of
from tests.sync.model.values import (
    Violation,
)
from tests.sync.model.world import Steps, World, steps_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A schedule that broke an invariant."""

    seed: int
    text: str

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a range of schedules showed."""

    first_seed: int
    count: int
    bug: str | None
    seconds: float
    failed: int = 0
    by_invariant: Counter[str] = field(default_factory=Counter)
    failures: tuple[Failure, ...] = ()  # the first of them, lowest seed first

    def __str__(self) -> str:
        last = self.first_seed + self.count - 1
        head = f"{self.bug or 'no bug seeded'}: seeds {self.first_seed} to {last}, {self.failed} failed"
        rate = f"{self.count / self.seconds:.0f} schedules/s" if self.seconds else ""
        kinds = ", ".join(f"{name} {count}" for name, count in sorted(self.by_invariant.items()))
        return "\n".join([f"{head}; {rate} {kinds}".rstrip(), *map(str, self.failures)])


KEEP = 5  # failures shown; more tell nothing new


def broken(world: type[World], steps: Steps) -> str | None:
    """Return the invariant a schedule breaks and how, None when all hold."""
    try:
        world(steps[0]).run(steps[1:])
    except Violation as violation:
        return str(violation)
    except Exception as error:  # noqa: BLE001 a crash is a failure of the seed, which must be named
        return f"crash {error!r}"
    return None


def run_schedules(first_seed: int, count: int, bug: str | None = None, *, stop_at: int = 0) -> Report:
    """Run `count` schedules from `first_seed` on, up to the `stop_at`th failure where that is not 0."""
    world = world_of(bug)
    started = time.perf_counter()
    kinds: Counter[str] = Counter()
    failures: list[Failure] = []
    done = 0
    for seed in range(first_seed, first_seed + count):
        done += 1
        text = broken(world, steps_of(seed))
        if text is not None:
            kinds[text.split()[0]] += 1
            if len(failures) < KEEP:
                failures.append(Failure(seed=seed, text=text))
            if kinds.total() == stop_at:
                break
    return Report(
        first_seed=first_seed,
        count=done,
        bug=bug,
        seconds=time.perf_counter() - started,
        failed=kinds.total(),
        by_invariant=kinds,
        failures=tuple(failures),
    )


def run_parallel(
    first_seed: int, count: int, bug: str | None = None, *, processes: int = 2, chunk: int = 5_000
) -> Iterator[Report]:
    """Yield the report of each chunk of the range, in order, worked on by several processes."""
    starts = range(first_seed, first_seed + count, chunk)
    sizes = [min(chunk, first_seed + count - start) for start in starts]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(run_schedules, starts, sizes, [bug] * len(sizes))


def total(reports: list[Report], seconds: float) -> Report:
    """Return several reports of one bug as one; `seconds` is what they took together by the wall."""
    kinds: Counter[str] = Counter()
    for report in reports:
        kinds += report.by_invariant
    return Report(
        first_seed=min(report.first_seed for report in reports),
        count=sum(report.count for report in reports),
        bug=reports[0].bug,
        seconds=seconds,
        failed=sum(report.failed for report in reports),
        by_invariant=kinds,
        failures=tuple(failure for report in reports for failure in report.failures)[:KEEP],
    )


def shrink(seed: int, bug: str | None = None, world: type[World] | None = None) -> tuple[Steps, str]:
    """Return the shortest schedule found by leaving steps out that still breaks the same invariant.

    `world` stands in for the one with the bug.
    """
    world = world or world_of(bug)
    steps = steps_of(seed)
    text = broken(world, steps)
    if text is None:
        raise ValueError(f"seed {seed} breaks nothing")
    name = text.split()[0]
    smaller = True
    while smaller:
        smaller = False
        for index in range(len(steps) - 1, 0, -1):
            shorter = steps[:index] + steps[index + 1 :]
            found = broken(world, shorter)
            if found is not None and found.split()[0] == name:
                steps, text, smaller = shorter, found, True
    return steps, text


def explain(seed: int, bug: str | None = None) -> str:
    """Return a failing seed with its shrunk schedule, ready to be pasted into a test."""
    steps, text = shrink(seed, bug)
    kinds = world_of(bug)(steps[0]).names(steps[1:])
    return f"seed {seed}, {len(steps) - 1} steps ({', '.join(kinds)}): {text}\nsteps = {steps!r}"
