"""What people wait for in the window: `python -m benchmarks.window_times PROFILE`, run by `desktop_window`.

Prints one line of JSON: `runs` by name as [seconds until shown, held, of the services]; `steps` by name as
the seconds each held the window; `memory` by name in bytes.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import crm_desktop.ui  # noqa: F401 - before all else of Qt, as in the program

# isort: split
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QLineEdit

from benchmarks import filled_profile as filling
from benchmarks.filled_profile import customer_name, record_id
from benchmarks.heartbeat import Heartbeat
from crm_desktop import assembly
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.services import customers, deals, lists, records, search, timeline
from crm_desktop.services.outcome import Outcome
from crm_desktop.ui import settling
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.lists.record_list import RecordList
from crm_desktop.ui.main_window import MainWindow
from crm_desktop.ui.opening import opened_of
from crm_desktop.ui.pages.customers import CustomersPage
from crm_desktop.ui.pages.pipeline import PipelinePage
from crm_desktop.ui.pipeline.board_view import BoardView
from crm_desktop.ui.shell.frame import Frame
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.theme import theme

Times = dict[str, list[tuple[float, float, float]]]
SORTS = ("name", "updated_at", "industry", "city", "level")
RUNS = 12
STEPS = 600
ROWS_A_STEP = 3
LINKS = ("owner_id", "territory_id")


class Session:
    """The window of a profile, watched."""

    def __init__(self, profile: Path) -> None:
        self.steps: dict[str, list[float]] = {}
        self.memory: dict[str, int] = {}
        self.weigh("before the profile is opened")
        qapp = QApplication.instance() or QApplication(sys.argv[:1])
        assert isinstance(qapp, QApplication)
        qapp.setCursorFlashTime(0)
        theme().apply(qapp, "light", 1.0)
        self.tasks = Tasks()
        self.app = assembly.open_profile(profile)
        opened = opened_of(self.app)
        self.frame = Frame(Context(self.app, self.tasks), opened.standing, sample=opened.sample)
        self.window = MainWindow()
        self.window.show_screen(self.frame)
        self.window.resize(1440, 900)
        self.window.show()
        self.heart = Heartbeat(self.window, self.tasks)
        self.times: Times = {}
        self.heart.watch(lambda: self.frame.go(Place(page="settings")))
        self.frame.load_ahead()  # as the program does once it rests
        while not self.frame.ahead.finished:
            qapp.processEvents()

    def run(
        self,
        name: str,
        act: Callable[[], object],
        alone: Callable[[], object],
        is_shown: Callable[[], bool] | None = None,
    ) -> None:
        """Watch something in the window, then time what its services take without one."""
        watched = self.heart.watch(act, is_shown)
        began = time.perf_counter()
        alone()
        spent = time.perf_counter() - began
        self.times.setdefault(name, []).append((watched.shown_s, watched.held_s, spent))

    def weigh(self, name: str) -> None:
        """Note how much memory the program takes."""
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        self.memory[name] = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))

    def close(self) -> None:
        """Close the window and the profile."""
        self.window.hide()
        self.tasks.close()
        self.app.close()


def walk_through(session: Session) -> None:
    """Go through the pages."""
    replica, frame = session.app.replica, session.frame

    def by(sort: str) -> ListQuery:
        return ListQuery(entity="customer", sort=((sort, False),), limit=200)

    def read(query: ListQuery | None) -> None:
        assert query is not None
        rows = lists.page(replica, query, LINKS).rows
        customers.list_extras(replica, [row.id for row in rows])

    def shown() -> RecordList:
        page = frame.page
        assert isinstance(page, CustomersPage)
        assert page.list is not None
        return page.list

    def is_list_shown() -> bool:
        page = frame.page
        return isinstance(page, CustomersPage) and page.list is not None and page.list.model.rowCount() > 0

    session.run(
        "customer list, first time",
        lambda: frame.go(Place(page="customers")),
        lambda: read(shown().model.query),
        is_list_shown,
    )
    asked: list[bool] = []
    shown().model.asked.connect(lambda: asked.append(True))
    for number in range(RUNS):
        query = by(SORTS[number % len(SORTS)])
        asked.clear()
        session.run(
            "customer list in another order",
            partial(shown().model.ask, query),
            partial(read, query),
            lambda: bool(asked),
        )
    bar = shown().table.verticalScrollBar()
    for _ in range(RUNS):
        session.run(
            "scrolling on to rows not read yet", lambda: bar.setValue(bar.maximum()), partial(read, query)
        )
    session.heart.watch(partial(shown().model.ask, by("name")))
    by_px = ROWS_A_STEP * shown().table.rowHeight(0)
    session.steps["scrolling on by three rows, sixty times a second"] = session.heart.watch_steps(
        lambda: bar.setValue(bar.value() + by_px), STEPS
    )
    session.weigh("the list")
    field = frame.top.search
    for text in _texts():
        field.clear()
        session.run(
            "search while typing, with its pause of 120 ms",
            partial(_type, field, text),
            partial(search.find, replica, text),
        )
    field.clear()

    def read_customer(customer: str) -> None:
        customers.overview(replica, customer)
        timeline.timeline(replica, customer)

    for number in range(RUNS + 1):
        customer = record_id("customer", number)
        session.run(
            "page of a customer" if number else "page of a customer, first time",
            partial(frame.go, Place(page="customers", record_id=customer)),
            partial(read_customer, customer),
        )
    session.weigh("pages of customers")

    def save(number: int) -> Outcome[Record]:
        return records.update(replica, "customer", record_id("customer", RUNS), {"notes": f"Noted {number}"})

    for number in range(RUNS):
        session.run(
            "note saved on a customer's page, until all of it shows it",
            partial(frame.context.change, frame, partial(save, 2 * number)),
            partial(save, 2 * number + 1),
        )

    def board() -> BoardView:
        page = frame.page
        assert isinstance(page, PipelinePage)
        return page.board

    session.run(
        "board of 5,000 open deals, first time",
        lambda: frame.go(Place(page="pipeline")),
        lambda: deals.board(replica),
        lambda: board().board is not None,
    )
    for _ in range(RUNS):
        session.run("board of 5,000 open deals, read anew", frame.refresh, partial(deals.board, replica))

    def is_read_anew(before: object) -> bool:
        return board().board is not before

    def rename(number: int) -> Outcome[Record]:
        return records.update(replica, "deal", record_id("deal", 0), {"name": f"Renamed {number}"})

    for number in range(RUNS):
        time.sleep(settling.QUIET_MS / 1000)  # a change so long after another is a single one
        session.run(
            "deal changed elsewhere, until the board shows it",
            partial(frame.context.change, frame, partial(rename, 2 * number)),
            partial(rename, 2 * number + 1),
            partial(is_read_anew, board().board),
        )
    session.weigh("the board")
    session.heart.watch(lambda: frame.go(Place(page="home")))
    session.weigh("the home page")


def _type(field: QLineEdit, text: str) -> None:
    """Have an input method commit a text, as it does for Chinese."""
    committed = QInputMethodEvent()
    committed.setCommitString(text)
    QApplication.sendEvent(field, committed)


def _texts() -> list[str]:
    chance = random.Random("window texts")
    numbers = chance.sample(range(filling.CUSTOMERS), RUNS)
    return [customer_name(n)[2:4] if n % 4 else customer_name(n).split()[1][:4] for n in numbers]


def main() -> int:
    """Measure and print."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    session = Session(Path(sys.argv[1]))
    try:
        walk_through(session)
    finally:
        session.close()
    print(json.dumps({"runs": session.times, "steps": session.steps, "memory": session.memory}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
