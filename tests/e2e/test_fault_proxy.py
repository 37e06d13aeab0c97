"""Every fault of the proxy against real laptops and a real server: nothing is lost, nothing happens twice."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from crm_core.errors import LineBroke
from crm_core.ids import new_id
from crm_core.sync.blobs import PART_BYTES
from crm_desktop.models import repository
from crm_desktop.services import attachments, records
from crm_desktop.services.attachments import FileState
from crm_desktop.sync import pace
from crm_desktop.sync.blob_line import HttpBlobLine
from crm_desktop.sync.blobs import BlobRule, BlobTransfer
from sync_server.services.blobs import broken_blobs
from tests.support.hq import make
from tests.support.online import OnlineLaptop, online_laptop
from tests.support.proxy import TARGET, Fault, Kind, Proxy
from tests.support.replicas import make_template
from tests.support.server import RunningServer, running_server
from tests.support.slow_line import Line

SEEDS = int(os.environ.get("SATCHEL_FAULT_SEEDS", "200"))
CUT_STEP = int(os.environ.get("SATCHEL_CUT_STEP", "1"))
LONGEST_BYTES = 600  # of head and body of such a request or answer
TRIES = 3


@dataclass
class Road:
    """One server, one laptop by way of the proxy and one that goes straight."""

    server: RunningServer
    proxy: Proxy
    lin: OnlineLaptop
    ann: OnlineLaptop
    made: list[str] = field(default_factory=list)
    """Names of the customers made so far, by both."""

    def work(self) -> None:
        """Let both make and change something; Ann's is at HQ, Lin's waits on the laptop."""
        for laptop, tag in ((self.ann, "vip"), (self.lin, "fair")):
            name = f"Customer {len(self.made)}（示例）"
            self.made.append(name)
            made = records.create(laptop.replica, "customer", {"name": name, "tags": ["new"]})
            with laptop.replica.write() as session:
                repository.update(session, "customer", made.value.id, {"phone": "+86 21 5550 0000"})
                repository.update(session, "customer", made.value.id, {"tags": ["new", tag]})
        self.ann.sync()

    def check(self) -> None:
        """Assert that both hold the same as HQ, all of it, and all of it once."""
        assert self.lin.waiting() == 0
        assert list(self.lin.differences()) == []
        with self.server.headquarters() as hq:
            customers = [values for _, values in hq.records.all("customer")]
        assert sorted(values["name"] for values in customers) == sorted(self.made)
        assert all(len(values["tags"]) == 2 for values in customers)
        assert all(values["phone"] == "+86 21 5550 0000" for values in customers)


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    folder = tmp_path_factory.mktemp("road")
    template = make_template(folder / "template")
    with running_server(folder) as server, Proxy(server.url) as proxy:
        for name in ("lin", "ann"):
            server.add_user(name, "admin")
        lin = online_laptop(server, template, folder / "lin", "lin", "lin", proxy.url)
        ann = online_laptop(server, template, folder / "ann", "ann", "ann")
        lin.sync()
        ann.sync()
        yield Road(server, proxy, lin, ann)
        lin.close()
        ann.close()


def go_through(road: Road, *faults: Fault) -> tuple[int, int]:
    """Let Lin sync through faults until both are even; return how many rounds and how many trips failed."""
    road.work()
    road.proxy.faults.extend(faults)
    report, failed = road.lin.sync_until_even(len(faults) + 2)
    while road.proxy.faults:  # a cut beyond the end of a message spoils nothing, so the round went well
        road.lin.sync_until_even(len(faults) + 2)
    # The round that ended well may have met a request that came late: the next hears what it did.
    road.lin.sync()
    road.check()
    assert road.proxy.spoilt[len(road.proxy.spoilt) - len(faults) :] == [*faults]
    return failed, report.retries


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=Kind.REQUEST_LOST),
        Fault(kind=Kind.REQUEST_CUT, at=20),
        Fault(kind=Kind.REQUEST_CUT, at=250),
        Fault(kind=Kind.REQUEST_LATE),
        Fault(kind=Kind.TWICE),
        Fault(kind=Kind.TWICE_SECOND),
        Fault(kind=Kind.ANSWER_LOST),
        Fault(kind=Kind.ANSWER_CUT, at=0),
        Fault(kind=Kind.ANSWER_CUT, at=60),
        Fault(kind=Kind.ANSWER_CUT, at=200),
        Fault(kind=Kind.ANSWER_RESET, at=200),
        Fault(kind=Kind.ANSWER_FLIPPED, at=8 * 150),
        Fault(kind=Kind.BAD_GATEWAY),
        Fault(kind=Kind.HOTEL),
        Fault(kind=Kind.REDIRECT),
        Fault(kind=Kind.BARE),
    ],
    ids=lambda fault: f"{fault.kind} {fault.at}".removesuffix(" 0"),
)
def test_whatever_the_line_does_to_a_round_both_sides_end_even(road: Road, fault: Fault) -> None:
    go_through(road, fault)


def test_a_round_cut_after_the_request_was_sent_again_and_again_happens_once(road: Road) -> None:
    go_through(road, *[Fault(kind=Kind.ANSWER_LOST)] * 4)


def test_a_request_that_arrives_after_its_repetition_changes_nothing(road: Road) -> None:
    late = Fault(kind=Kind.REQUEST_LATE)
    go_through(road, late, late, Fault(kind=Kind.ANSWER_LOST))


def test_a_connection_kept_open_and_closed_meanwhile_is_no_failure(road: Road) -> None:
    before = road.proxy.connections
    assert go_through(road, Fault(kind=Kind.REQUEST_LOST)) == (0, 0)
    assert road.proxy.connections == before + 1
    road.proxy.cut()
    assert go_through(road) == (0, 0)


def test_a_trip_that_breaks_in_the_middle_is_made_again_smaller_in_the_same_round(road: Road) -> None:
    # Of a connection that was just made, so that it is not taken for one kept open too long.
    assert go_through(road, Fault(kind=Kind.ANSWER_CUT, at=60)) == (0, 1)
    assert go_through(road, Fault(kind=Kind.REQUEST_FLIPPED, at=8 * 100)) == (0, 1)


def test_a_line_that_breaks_each_time_ends_the_round_with_a_sentence(road: Road) -> None:
    road.work()
    road.proxy.faults.extend([Fault(kind=Kind.ANSWER_CUT, at=60)] * TRIES)
    with pytest.raises(LineBroke):
        road.lin.sync()
    road.lin.sync()
    road.check()


@pytest.mark.parametrize("kind", [Kind.SILENCE, Kind.ANSWER_LATE])
def test_an_answer_that_does_not_come_in_time_is_asked_for_again(road: Road, kind: Kind) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pace, "LEAST_SILENCE_S", 0.5)
        patch.setattr(pace, "SLOWEST_BYTES_PER_S", 1e9)
        patch.setattr(pace, "SLOWEST_HQ_BYTES_PER_S", 1e9)
        assert go_through(road, Fault(kind=kind)) == (0, 1)


def test_whoever_stops_a_round_on_a_silent_line_is_heard_within_a_second(road: Road) -> None:
    road.work()
    road.proxy.faults.append(Fault(kind=Kind.SILENCE))
    stopped: list[float] = []
    stopper = threading.Timer(0.5, lambda: stopped.append(time.monotonic()))
    stopper.start()
    report = road.lin.engine().run_round(cancelled=lambda: bool(stopped))
    assert time.monotonic() - stopped[0] < 1
    assert not report.up_to_date
    road.lin.sync()
    road.check()


def test_a_slow_line_with_losses_gets_small_pages_and_what_came_stays(road: Road) -> None:
    line = Line(bits_per_s=2_000_000, rtt_s=0.02, loss=0.1)
    with Proxy(road.server.url, seed=3, line=line) as slow, road.server.headquarters() as hq:
        owner = road.lin.user_id
        chance = random.Random(3)  # names that no compression makes small
        names = [f"Slow {chance.randbytes(40).hex()}（示例）" for _ in range(300)]
        values = {"phone": "+86 21 5550 0000", "tags": ["new", "fair"], "owner_id": owner}
        hq.records.write_all([make("customer", new_id(), name=name, **values) for name in names])
        road.made.extend(names)
        road.lin.go_through(slow.url)
        try:
            report, _ = road.lin.sync_until_even(20)
        finally:
            road.lin.go_through(road.proxy.url)
        assert report.up_to_date
        assert slow.down.resent > 0
    road.check()


FILE_KINDS = (
    Kind.REQUEST_LOST,
    Kind.REQUEST_CUT,
    Kind.REQUEST_FLIPPED,
    Kind.TWICE,
    Kind.TWICE_SECOND,
    Kind.ANSWER_LOST,
    Kind.ANSWER_CUT,
    Kind.ANSWER_RESET,
    Kind.BAD_GATEWAY,
    Kind.HOTEL,
    Kind.REDIRECT,
    Kind.BARE,
)
FILE_BYTES = 2 * PART_BYTES + 999


def carry_file(road: Road, chance: random.Random, faults: int) -> None:
    """Carry a file up and down by way of the proxy, with faults in each direction."""
    content = chance.randbytes(FILE_BYTES)
    road.made.append(f"Customer {len(road.made)}, with a file（示例）")
    values = {"name": road.made[-1], "phone": "+86 21 5550 0000", "tags": ["new", "fair"]}
    customer = records.create(road.lin.replica, "customer", values).value.id
    file = attachments.add(road.lin.replica, "customer", customer, content, name="a.bin").value.id
    road.lin.sync()
    road.proxy.target = "/v1/blob"
    try:
        for there in (FileState.HERE, FileState.AT_HQ, FileState.HERE):
            if there is FileState.AT_HQ:
                attachments.leave_at_hq(road.lin.replica, file)
                attachments.fetch(road.lin.replica, file)
                continue
            road.proxy.faults.extend(
                Fault(kind=chance.choice(FILE_KINDS), at=chance.randrange(PART_BYTES)) for _ in range(faults)
            )
            for _ in range(3 * faults + 3):
                line = HttpBlobLine(road.lin.line)
                BlobTransfer(road.lin.replica, line, BlobRule(automatic_bytes=0)).run()
                if attachments.file(road.lin.replica, file).state is there:
                    break
            assert attachments.file(road.lin.replica, file).state is there
            road.proxy.faults.clear()
    finally:
        road.proxy.target = TARGET
    assert b"".join(attachments.content(road.lin.replica, file)) == content
    with road.server.headquarters() as hq, hq.database.read() as snapshot:
        assert broken_blobs(snapshot.connection)[1] == []


def test_a_file_arrives_whole_whatever_the_line_does_to_it(road: Road) -> None:
    chance = random.Random(11)
    for _ in range(3):
        carry_file(road, chance, faults=6)
    road.check()


def test_stopping_a_file_is_heard_at_once_on_a_line_that_fell_silent(road: Road) -> None:
    customer = records.create(road.lin.replica, "customer", {"name": "Silent（示例）"}).value.id
    road.made.append("Silent（示例）")
    attachments.add(road.lin.replica, "customer", customer, b"content", name="a.txt")
    road.lin.sync()
    road.proxy.target = "/v1/blob"
    road.proxy.faults.append(Fault(kind=Kind.SILENCE))
    began = time.monotonic()

    def cancelled() -> bool:
        return time.monotonic() > began + 0.3

    try:
        line = HttpBlobLine(road.lin.line, cancelled)
        report = BlobTransfer(road.lin.replica, line, BlobRule(automatic_bytes=0)).run(cancelled=cancelled)
    finally:
        road.proxy.target = TARGET
        road.proxy.faults.clear()
    assert time.monotonic() - began < 3
    assert (report.sent, report.problem) == (0, None)


@pytest.mark.soak
def test_any_row_of_faults_leaves_files_whole(road: Road) -> None:
    for seed in range(SEEDS):
        print(f"seed {seed}")
        carry_file(road, random.Random(seed), faults=8)


@pytest.mark.soak
@pytest.mark.parametrize("kind", [Kind.ANSWER_CUT, Kind.REQUEST_CUT])
def test_a_message_cut_at_each_of_its_bytes_is_applied_wholly_or_not_at_all(road: Road, kind: Kind) -> None:
    for at in range(0, LONGEST_BYTES, CUT_STEP):
        go_through(road, Fault(kind=kind, at=at))


@pytest.mark.soak
def test_any_row_of_faults_leaves_both_sides_even(road: Road) -> None:
    kinds = [kind for kind in Kind if kind not in (Kind.NOTHING, Kind.SILENCE, Kind.ANSWER_LATE)]
    for seed in range(SEEDS):
        chance = random.Random(seed)
        faults = [
            Fault(kind=chance.choice(kinds), at=chance.randrange(600)) for _ in range(chance.randrange(1, 6))
        ]
        print(f"seed {seed}: {', '.join(f'{fault.kind} {fault.at}' for fault in faults)}")
        go_through(road, *faults)
