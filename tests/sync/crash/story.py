"""What happens on the laptops, step by step, in a process that may end anywhere and go on in another."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any, Final

from crm_core.errors import Unreachable, UserError
from crm_core.ids import named_id
from crm_core.sync import codec
from crm_core.sync.protocol import SyncRequest, SyncResponse
from crm_core.times import DAY_MS
from crm_desktop.models.clock import Clock
from crm_desktop.models.replica import Replica
from crm_desktop.platform.paths import Profile
from crm_desktop.services import deciding, records, returned_edits
from crm_desktop.sync.engine import Engine
from crm_desktop.sync.pace import Pace
from tests.support.crashing import Points
from tests.support.hq import START_MS
from tests.support.replicas import KEY
from tests.sync.crash.hq import LONGEST_S

STEP_MS: Final = 60_000
CANARY: Final = "canarynotes"
SECRET_ROWS: Final = 8  # enough for several pages of a first sync, and for a purge
PAGE_BYTES: Final = 2048


def _id(name: str) -> str:
    return named_id("story", name)


class Line:
    """HQ in the other process, as an engine calls it; up and down are what it carried."""

    def __init__(self, story: Story, device: int, user_id: str) -> None:
        self._story, self._device, self._user_id = story, device, user_id
        self.up = self.down = 0

    def enrol(self, request: Any) -> Any:
        raise NotImplementedError(request)

    def sync(self, request: SyncRequest) -> SyncResponse:
        raw = codec.encode(request)
        self._story.points.reach("before a request is sent")
        self.up += len(raw)
        try:
            answer = self._story.ask("sync", self._device, self._user_id, raw)
        except (EOFError, OSError) as error:
            raise Unreachable("HQ ended") from error
        self._story.points.reach("an answer received")
        self.down += len(answer)
        return codec.decode(answer, SyncResponse)


class Story:
    """What happens, step by step; every step may be begun again after it was broken off anywhere."""

    def __init__(self, folder: Path, fatal: int) -> None:
        self.folder = folder
        self.points = Points(fatal)
        self.now_ms = START_MS
        known = json.loads((folder / "laptops.json").read_text())
        self.users = {name: each["user"] for name, each in known.items()}
        self._devices = {name: each["device"] for name, each in known.items()}
        self.replicas: dict[str, Replica] = {}

    def ask(self, order: str, *arguments: Any) -> Any:
        """Have HQ do something. Raises `EOFError` or `OSError` where it ends before it answers."""
        for left in reversed(range(400)):
            try:
                caller = Client(str(self.folder / "hq.socket"), "AF_UNIX")
            except (FileNotFoundError, ConnectionRefusedError):
                if not left:
                    raise
                time.sleep(0.01)  # it is being started
            else:
                with caller:
                    caller.send((order, self.now_ms, arguments))
                    return caller.recv()
        raise AssertionError

    def run(self) -> None:
        """Go on where an earlier process stopped, to the end."""
        signal.alarm(LONGEST_S)
        self.points.lay()
        done = self.folder / "step"
        first = int(done.read_text()) if done.exists() else 0
        self.now_ms = START_MS + DAY_MS  # the laptops' first rounds are over
        for name in self.users:
            self.replicas[name] = Replica.open(Profile(self.folder / name), KEY, Clock(self.time, self.time))
        for number, (wait_ms, step) in enumerate(self.steps()):
            self.now_ms += wait_ms
            if number < first:
                continue
            self._try(step)
            done.write_text(str(number + 1))
        for replica in self.replicas.values():
            replica.close()
        (self.folder / "laptop.points").write_text(json.dumps(self.points.sites))

    def _try(self, step: Callable[[], None]) -> None:
        for left in reversed(range(5)):
            try:
                step()
                return
            except (Unreachable, EOFError, OSError):
                if not left:
                    raise

    def time(self) -> int:
        """Return what every clock says."""
        return self.now_ms

    def steps(self) -> Iterator[tuple[int, Callable[[], None]]]:
        """Yield how long nothing happens, and what happens then."""
        for step in (
            self.begin_work,
            *(lambda: self.sync("lin"), lambda: self.sync("maya")),
            self.work_apart,
            *(lambda: self.sync("lin"), lambda: self.sync("maya"), lambda: self.sync("lin")),
            *(self.answer_returned, self.back_up, self.edit_what_is_lost, self.take_rights),
            *(lambda: self.sync("maya"), lambda: self.sync("lin"), lambda: self.sync("new")),
            *(self.delete, lambda: self.ask("forget")),
        ):
            yield STEP_MS, step
        yield 100 * DAY_MS, lambda: self.sync("lin")
        yield 100 * DAY_MS, lambda: self.sync("maya")
        yield STEP_MS, lambda: self.ask("forget")
        for name in ("new", "lin", "maya"):
            yield STEP_MS, lambda name=name: self.sync(name)  # type: ignore[misc]

    # The steps

    def sync(self, name: str) -> None:
        line = Line(self, self._devices[name], self.users[name])
        pace = Pace(down_bytes=PAGE_BYTES, up_bytes=PAGE_BYTES) if name == "new" else Pace()
        report = Engine(self.replicas[name], line, counter=line, pace=pace).run_round()
        assert report.up_to_date, report

    def make(self, at: str, entity: str, record_id: str, /, **values: Any) -> None:
        try:
            records.get(self.replicas[at], entity, record_id)
        except UserError:
            records.create(self.replicas[at], entity, values, record_id)

    def change(self, at: str, entity: str, record_id: str, /, **values: Any) -> None:
        held = records.get(self.replicas[at], entity, record_id)
        if any(held.get(field) != value for field, value in values.items()):
            records.update(self.replicas[at], entity, record_id, values)

    def begin_work(self) -> None:
        customer = _id("customer")
        self.make("lin", "customer", customer, name="纸鹤食品（示例）", tags=["vip"], city="苏州")
        for each in ("kept", "deleted"):
            self.make("lin", "contact", _id(each), name=each, customer_id=customer)
        self.make(
            "lin", "quote", _id("quote"), customer_id=customer, currency="CNY", valid_until="2031-12-31"
        )
        line = {"quantity": "3", "unit_price": 333, "tax_rate": "13", "currency": "CNY"}
        self.make("lin", "quote_line", _id("line"), quote_id=_id("quote"), description="Pump", **line)
        for number in range(SECRET_ROWS):
            values = {"name": f"Secret {number}", "notes": f"{CANARY} {number}" * 20}
            self.make("lin", "customer", _id(f"secret {number}"), **values)

    def work_apart(self) -> None:
        customer = _id("customer")
        self.change("lin", "customer", customer, industry="lin's word", phone="111 111")
        self.change("lin", "contact", _id("deleted"), title="edited while another deletes it")
        self.now_ms += 1_000
        self.change("maya", "customer", customer, industry="maya's later word", website="https://x.example")
        self.change("maya", "customer", customer, tags=["asia"])
        if records.get(self.replicas["maya"], "contact", _id("deleted")).alive:
            records.delete(self.replicas["maya"], "contact", _id("deleted"))
        self.now_ms -= 1_000

    def answer_returned(self) -> None:
        for name in ("lin", "maya"):
            for edit in returned_edits.returned(self.replicas[name]):
                deciding.redo(self.replicas[name], edit.id)

    def back_up(self) -> None:
        self.replicas["lin"].back_up_now()
        self.replicas["maya"].back_up_now()

    def edit_what_is_lost(self) -> None:
        self.change("maya", "customer", _id("secret 0"), industry="typed before it was out of sight")
        self.change("maya", "customer", _id("secret 0"), size="small")

    def take_rights(self) -> None:
        self.ask("update", "user", self.users["maya"], {"role_id": named_id("role", "sales")})
        self.ask("make", "customer", _id("hers"), {"name": "Hers", "owner_id": self.users["maya"]})

    def delete(self) -> None:
        held = records.get(self.replicas["lin"], "customer", _id("secret 1"))
        if held.alive:
            records.delete(self.replicas["lin"], "customer", _id("secret 1"))
