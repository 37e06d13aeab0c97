"""`python -m benchmarks [NAME...]`: measure, and without names also write docs/performance.md.

With `--again` the sections of those named are written anew, and the others stay as they were.

Each module runs in a process of its own, so that none profits from what another has warmed up.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from benchmarks.figures import Figure, table

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
QUIET = 0.1  # of the machine; what others may take before times say little


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What one module measured."""

    name: str
    title: str
    figures: list[Figure]
    seconds: float


def main() -> int:
    """Run the named modules, or all; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(module_names()))
    parser.add_argument("--alone", metavar="NAME", help=argparse.SUPPRESS)
    parser.add_argument("--again", action="store_true", help="put what the named ones measure into the page")
    asked = parser.parse_args()
    if asked.alone:
        return measure_here(asked.alone)
    if unknown := set(asked.names) - set(module_names()):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(module_names())}")
    sections, failed = [], []
    before = Usage.now()
    for name in asked.names or module_names():
        print(f"{name} ...", file=sys.stderr, flush=True)
        section = measure_apart(name)
        if section is None:
            failed.append(name)
            continue
        sections.append(section)
        print(f"\n{section.title}\n\n{table(section.figures)}\n", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}; docs/performance.md is as it was", file=sys.stderr)
        return 1
    if not asked.names or asked.again:
        whole = page(sections, before)
        text = replaced(PAGE.read_text(encoding="utf-8"), whole) if asked.names else whole
        PAGE.write_text(text, encoding="utf-8")
        print(f"written to {PAGE.relative_to(ROOT)}", file=sys.stderr)
    return 0


def module_names() -> list[str]:
    """Return the modules that measure something, in the order of their names."""
    found = []
    for module in iter_modules([str(Path(__file__).parent)]):
        path = Path(__file__).parent / f"{module.name}.py"
        if path.exists() and "\ndef measure() ->" in path.read_text(encoding="utf-8"):
            found.append(module.name)
    return found


def measure_apart(name: str) -> Section | None:
    """Run one module in a new process; None if it failed, which it has then said itself."""
    start = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--alone", name], stdout=subprocess.PIPE, cwd=ROOT, check=False
    )
    if ran.returncode != 0:
        return None
    measured = json.loads(ran.stdout.splitlines()[-1])
    return Section(
        name=name,
        title=measured["title"],
        figures=[Figure(**figure) for figure in measured["figures"]],
        seconds=time.perf_counter() - start,
    )


def measure_here(name: str) -> int:
    """Run one module in this process and print what it measured as one line of JSON."""
    module = import_module(f"benchmarks.{name}")
    figures: list[Figure] = module.measure()
    print(json.dumps({"title": module.TITLE, "figures": [asdict(figure) for figure in figures]}))
    return 0


def page(sections: list[Section], before: Usage | None) -> str:
    """Return docs/performance.md; `before` was taken when the measuring began."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    total = sum(section.seconds for section in sections)
    parts = [
        "# Performance",
        "Written by `make bench`; do not edit. A time says little without its machine, so most figures\n"
        "stand beside a floor: the least that work could cost, measured in turns with it in the same run.\n"
        "Compare the ratios.",
        f"- machine: {machine()}\n- system: {platform.platform()}, Python {platform.python_version()}\n"
        f"- date: {today}, commit {commit()}, {total:.0f} s in all\n- other work meanwhile: {others(before)}",
    ]
    for section in sections:
        parts += [f"## {section.title}", table(section.figures)]
        parts.append(f"`python -m benchmarks {section.name}`, {section.seconds:.0f} s")
    return "\n\n".join(parts) + "\n"


def replaced(old: str, new: str) -> str:
    """Return a page with the sections a later one has in the place of its own, said to be of that commit."""
    head, *sections = new.split("\n## ")
    kept = dict(section.split("\n", 1) for section in old.split("\n## ")[1:])
    measured = next(line for line in head.splitlines() if line.startswith("- date:"))
    quiet = next(line for line in head.splitlines() if line.startswith("- other work"))
    for section in sections:
        title, body = section.split("\n", 1)
        kept[title] = f"{body.rstrip()}\n\nMeasured again: {measured[2:]}; {quiet[2:]}\n"
    return "\n## ".join([old.split("\n## ")[0], *(f"{title}\n{body}" for title, body in kept.items())])


def machine() -> str:
    """Return processor, cores and memory, as far as the system tells."""
    words = [platform.processor() or platform.machine(), f"{os.cpu_count()} cores"]
    cpu, memory = Path("/proc/cpuinfo"), Path("/proc/meminfo")
    if cpu.exists():
        models = [line for line in cpu.read_text().splitlines() if line.startswith("model name")]
        words[:1] = [models[0].partition(":")[2].strip()] if models else words[:1]
    if memory.exists():
        kilobytes = int(memory.read_text().split("MemTotal:", 1)[1].split()[0])
        words.append(f"{kilobytes / 1024**2:.0f} GB")
    return ", ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Seconds: of the clock, of all processors at work, of those for this process's ended children."""

    clock: float
    machine: float
    ours: float
    load: float
    """Processes that ran or waited to run, mean of the last minute."""

    @classmethod
    def now(cls) -> Usage | None:
        """Return it as of now; None on a system that does not tell."""
        stat = Path("/proc/stat")
        if not stat.exists():
            return None
        user, nice, system, _idle, _waiting, irq, softirq, *_ = map(int, stat.read_text().split()[1:9])
        ran = os.times()
        return cls(
            clock=time.monotonic(),
            machine=(user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK"),
            ours=ran.children_user + ran.children_system + ran.user + ran.system,
            load=os.getloadavg()[0],
        )


def others(before: Usage | None) -> str:
    """Return how much of the machine other programs took since `before`."""
    after = Usage.now()
    if before is None or after is None:
        return "not known"
    whole = (after.clock - before.clock) * (os.cpu_count() or 1)
    taken = max(0.0, (after.machine - before.machine) - (after.ours - before.ours)) / whole
    said = f"{100 * taken:.0f} % of the processors' time, load average {before.load:.1f} at the start"
    return said if taken < QUIET else f"{said}. TOO MUCH: trust the ratios, not the times"


def commit() -> str:
    """Return the commit measured, with a word when files differ from it."""
    said = [
        subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
        for words in (["rev-parse", "--short", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
    ]
    return (said[0] or "unknown") + (" with changes" if said[1] else "")


if __name__ == "__main__":
    sys.exit(main())
