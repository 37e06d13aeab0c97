"""Telling the story: once undisturbed, then for each point asked for.

`python -m tests.sync.crash FOLDER [--side hq] [--sample 5] [--at laptop:12]` ends with 1 where something was
lost, doubled, leaked or not even, or where a point was not reached.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
from collections import Counter
from contextlib import suppress
from multiprocessing.connection import Client
from pathlib import Path
from typing import Final

from sqlalchemy import update

from sync_server.store.tables import Device, table_of
from tests.support.crashing import KILLED, fork
from tests.support.hq import START_MS, Office
from tests.support.replicas import Laptops, make_template
from tests.sync.crash.ending import End, differences, look, read_end
from tests.sync.crash.hq import keep, move, serve
from tests.sync.crash.story import Story

SIDES: Final = ("laptop", "hq")


def _found(folder: Path) -> None:
    """Make the beginning every telling starts from."""
    office = Office(folder / "hq")
    team = office.hq.create("team", {"name": "North"})
    users = {
        "lin": office.user("Lin", "sales", team_id=team),
        "maya": office.user("Maya", "sales_manager", team_id=team),
    }
    users["new"] = users["lin"]
    makes = Laptops(folder / "made", office, make_template(folder / "template"))
    known = {}
    for name, user in users.items():
        laptop = makes.make(name, user)
        if name != "new":
            laptop.sync()
        known[name] = {"user": user, "device": laptop.line._device.device_id}
    makes.close()
    for name, each in known.items():
        shutil.move(folder / "made" / f"{name}-{each['device']}", folder / name)
    with office.database.note() as connection:
        connection.execute(update(table_of(Device)).values(purge_allowed=2**40))
    (folder / "laptops.json").write_text(json.dumps(known))
    keep(office, folder / "hq")
    office.close()


def _wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _stop(folder: Path, hq: int) -> int:
    """Let HQ end in its own good order, unless it ended at its very last point; return its status."""
    with suppress(OSError), Client(str(folder / "hq.socket"), "AF_UNIX") as caller:
        caller.send(("stop", START_MS, ()))
    return _wait(hq)


def _tell(base: Path, folder: Path, side: str = "", fatal: int = 0) -> tuple[bool, str]:
    """Tell the story in `folder`, one side ending at a point; return whether it did and what went wrong."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder)
    move(folder)
    log = folder / "log"
    fatal_at = {each: fatal if each == side else 0 for each in SIDES}
    hq = fork(lambda: serve(folder, fatal_at["hq"]), log)
    laptops = fork(lambda: Story(folder, fatal_at["laptop"]).run(), log)
    killed = False
    while True:
        pid, status = os.wait()
        code = os.waitstatus_to_exitcode(status)
        if code == KILLED:
            killed = True
        elif pid == hq or code:
            other = laptops if pid == hq else hq
            os.kill(other, signal.SIGKILL)
            _wait(other)
            return killed, f"ended with {code}: {log.read_text(errors='replace')[-3000:]}"
        if pid == hq:
            hq = fork(lambda: serve(folder, 0), log)
        elif killed and code == KILLED:
            laptops = fork(lambda: Story(folder, 0).run(), log)
        else:
            break
    killed |= _stop(folder, hq) == KILLED
    if code := _wait(fork(lambda: look(folder), log)):
        return killed, f"looking ended with {code}: {log.read_text(errors='replace')[-3000:]}"
    return killed, ""


def main() -> int:
    """Tell the story once undisturbed, then for each point asked for; print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--at", action="append", default=[], help="laptop:12 or hq:7")
    parser.add_argument("--sample", type=int, default=0, help="so many points, spread over both sides")
    parser.add_argument("--side", choices=SIDES, help="only points of one side")
    parser.add_argument("--keep", action="store_true", help="leave the folders of what failed")
    options = parser.parse_args()
    base, folder = options.folder / "base", options.folder / "run"
    base.mkdir(parents=True)
    if _wait(fork(lambda: _found(base), options.folder / "log")):
        print((options.folder / "log").read_text())
        return 1
    _, wrong = _tell(base, folder)
    usual = End() if wrong else read_end(folder)
    if wrong or usual.problems:
        print("the story does not end well undisturbed:", wrong, *usual.problems, sep="\n")
        return 1
    sites = {side: json.loads((folder / f"{side}.points").read_text()) for side in SIDES}
    sides = (options.side,) if options.side else SIDES
    points = [(side, number) for side in sides for number in range(1, len(sites[side]) + 1)]
    if options.at:
        points = [(at.split(":")[0], int(at.split(":")[1])) for at in options.at]
    elif options.sample:
        stride = len(points) / options.sample
        points = [points[int((index + 0.5) * stride)] for index in range(options.sample)]
    covered: Counter[str] = Counter()
    failed = 0
    for side, number in points:
        killed, wrong = _tell(base, folder, side, number)
        problems = [wrong] if wrong else differences(read_end(folder), usual)
        covered[side] += killed
        if problems:
            failed += 1
            place = sites[side][number - 1] if number <= len(sites[side]) else "?"
            print(f"{side}:{number} ({place})", *problems[:6], sep="\n  ", flush=True)
            if options.keep:
                shutil.copytree(folder, options.folder / f"{side}-{number}")
    kinds = Counter(site for side in SIDES for site in set(sites[side]))
    total = {side: len(sites[side]) for side in SIDES}
    print(
        f"crash points: {len(points)} of {sum(total.values())} tried ({total}),"
        f" ended at {sum(covered.values())} of them, {len(kinds)} places in the programs; failed {failed}"
    )
    return 1 if failed or sum(covered.values()) < len(points) else 0


if __name__ == "__main__":
    sys.exit(main())
