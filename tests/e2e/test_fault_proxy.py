"""Every fault of the proxy against real laptops and a real server: nothing is lost, nothing happens twice."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from crm_core.errors import Unreachable
from crm_desktop.models import repository
from crm_desktop.services import records
from tests.support.online import OnlineLaptop, online_laptop
from tests.support.proxy import Fault, Kind, Proxy
from tests.support.replicas import make_template
from tests.support.server import RunningServer, running_server

SEEDS = int(os.environ.get("SATCHEL_FAULT_SEEDS", "200"))
ALWAYS_OPEN = (Kind.NOTHING, Kind.TWICE, Kind.TWICE_SECOND, Kind.BARE)
"""Faults a laptop does not even notice."""


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


def go_through(road: Road, *faults: Fault) -> int:
    """Let Lin sync through faults until both are even; return how many rounds failed."""
    road.work()
    road.proxy.faults.extend(faults)
    _, failed = road.lin.sync_until_even(len(faults) + 2)
    assert not road.proxy.faults, "the faults did not happen"
    # The round that ended well may have met a request that came late: the next hears what it did.
    road.lin.sync()
    road.check()
    return failed


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
    failed = go_through(road, fault)
    assert failed == (fault.kind not in ALWAYS_OPEN)
    assert road.proxy.spoilt[-1] == fault


def test_a_round_cut_after_the_request_was_sent_again_and_again_happens_once(road: Road) -> None:
    assert go_through(road, *[Fault(kind=Kind.ANSWER_LOST)] * 4) == 4


def test_a_request_that_arrives_after_its_repetition_changes_nothing(road: Road) -> None:
    late = Fault(kind=Kind.REQUEST_LATE)
    assert go_through(road, late, late, Fault(kind=Kind.ANSWER_LOST)) == 3


def test_a_flipped_bit_in_what_goes_up_is_refused_and_taken_for_a_bad_line(road: Road) -> None:
    road.work()
    road.proxy.faults.append(Fault(kind=Kind.REQUEST_FLIPPED, at=8 * 100))
    with pytest.raises(Unreachable):
        road.lin.sync()
    road.lin.sync()
    road.check()


@pytest.mark.soak
@pytest.mark.parametrize("kind", [Kind.ANSWER_CUT, Kind.REQUEST_CUT])
def test_a_message_cut_at_each_of_its_bytes_is_applied_wholly_or_not_at_all(road: Road, kind: Kind) -> None:
    at = 0
    while True:
        road.work()
        road.proxy.faults.append(Fault(kind=kind, at=at))
        _, failed = road.lin.sync_until_even()
        road.lin.sync()
        if not failed and kind is Kind.ANSWER_CUT:
            break  # longer than the message: nothing was cut
        if at > 700:
            break
        at += 1
    road.check()
    assert at > 200


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
