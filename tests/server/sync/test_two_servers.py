"""Two servers on one PostgreSQL decide in the same moment: each thing is given once, nobody gets too much."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crm_core.rules.approval import Mode, Who
from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from sync_server.services import alike, alike_tasks, assigning
from sync_server.services.edits import Edits
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.hq import Hq
from sync_server.services.recycling import recycle
from sync_server.services.sync import SyncService
from sync_server.store.database import Database
from sync_server.store.serving import turn_at
from sync_server.store.tables import table_of
from sync_server.store.turns import AssignmentTurn
from tests.server.sync.approval_firm import ApprovalFirm, step
from tests.support.claims import CUSTOMERS, LEADS, Pooled
from tests.support.hq import Laptop, Office

pytestmark = pytest.mark.postgres

AT_LENGTH = pytest.param(8, marks=pytest.mark.soak)
TOGETHER_S = 20.0


class Two:
    """One database, served by two who share nothing else."""

    def __init__(self, folder: Path, url: str) -> None:
        self.office = Office(folder, url)
        self.beside = Database(url)
        self.servers = [
            self.office.sync,
            SyncService(self.beside, self.office.settings, self.office.clock),
        ]

    def headquarters(self) -> list[Headquarters]:
        settings = self.office.settings
        return [
            replace(open_headquarters(settings), database=each, records=Hq(each, self.office.clock))
            for each in (self.office.database, self.beside)
        ]

    def send(self, laptops: Sequence[Laptop]) -> None:
        """Let each laptop send what it has, the first to one server, the next to the other, at once."""

        def carry(number: int) -> None:
            laptop = laptops[number]
            laptop.office = replace_sync(self.office, self.servers[number % 2])
            laptop.sync()

        at_once([partial(carry, number) for number in range(len(laptops))])

    def close(self) -> None:
        self.beside.close()
        self.office.close()


class _Served:
    """An office as a laptop sees it, answered by one of the servers."""

    def __init__(self, office: Office, sync: SyncService) -> None:
        self._office = office
        self.sync = sync

    def __getattr__(self, name: str) -> Any:
        return getattr(self._office, name)


def replace_sync(office: Office, sync: SyncService) -> Any:
    return _Served(office, sync)


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do several things in threads of their own and return what they give."""
    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(60) for future in [pool.submit(work) for work in works]]


@contextmanager
def decided_together(of: type[Any], name: str) -> Iterator[None]:
    """Have the first two that decide something wait for each other: neither knows of the other's."""
    both, asked = threading.Barrier(2), threading.Semaphore(2)
    original = getattr(of, name)

    def decide(*arguments: Any, **how: Any) -> Any:
        found = original(*arguments, **how)
        if asked.acquire(blocking=False):
            both.wait(TOGETHER_S)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(of, name, decide)
        yield


@pytest.fixture
def two(tmp_path: Path, tabled_postgres: str) -> Iterator[Two]:
    made = Two(tmp_path / "hq", tabled_postgres)
    yield made
    made.close()


@pytest.mark.parametrize("count", [2, AT_LENGTH])
def test_a_customer_of_the_pool_goes_to_one_of_two_who_claim_it_at_once(two: Two, count: int) -> None:
    laptops = [two.office.laptop(two.office.user(name, "sales")) for name in ("Lin", "Wang")]
    customers = [CUSTOMERS.free(two.office) for _ in range(count)]
    for laptop in laptops:
        laptop.sync()
    claims = [(laptop, each, CUSTOMERS.claim(laptop, each)) for each in customers for laptop in laptops]
    with decided_together(Edits, "apply"):
        two.send(laptops)
    codes = [(each, laptop.code(number)) for laptop, each, number in claims]
    assert Counter(code for _, code in codes) == {Code.APPLIED: count, Code.ILLEGAL_STATE: count}
    for each in customers:
        owner = two.office.row("customer", each)["owner_id"]
        (won,) = [lap.user_id for lap, named, no in claims if named == each and lap.code(no) is Code.APPLIED]
        assert owner == won
    for laptop in laptops:
        laptop.sync()
        assert laptop.replica == two.office.projection(laptop.user_id)


@pytest.mark.parametrize("kind", [CUSTOMERS, LEADS], ids=lambda kind: kind.entity)
def test_nobody_takes_more_than_the_limit_by_asking_two_servers(two: Two, kind: Pooled) -> None:
    kind.rule(two.office, most_held=1)
    lin = two.office.user("Lin", "sales")
    laptops = [two.office.laptop(lin) for _ in range(2)]
    records = [kind.free(two.office) for _ in range(2)]
    for laptop in laptops:
        laptop.sync()
    numbers = [kind.claim(laptop, each) for laptop, each in zip(laptops, records, strict=True)]
    with decided_together(Edits, "apply"):
        two.send(laptops)
    codes = [laptop.code(number) for laptop, number in zip(laptops, numbers, strict=True)]
    assert Counter(codes) == {Code.APPLIED: 1, Code.ILLEGAL_STATE: 1}
    assert len(two.office.hq.find(kind.entity, "owner_id", lin)) == 1


def test_no_deal_comes_into_a_stage_that_goes_in_the_same_moment(two: Two) -> None:
    office = two.office
    stage = office.hq.create(
        "stage", {"pipeline_id": office.pipeline, "name": "Short-lived", "kind": "open", "rank": 5}
    )
    laptops = [office.laptop(office.user(name, role)) for name, role in (("Wang", "admin"), ("Lin", "sales"))]
    admin, seller = laptops
    for laptop in laptops:
        laptop.sync()
    gone = admin.delete("stage", stage)
    seller.create("deal", {"name": "Deal", "pipeline_id": office.pipeline, "stage_id": stage})
    made = seller.last_op
    with decided_together(Edits, "apply"):
        two.send(laptops)
    assert sorted((admin.code(gone).took_effect, seller.code(made).took_effect)) == [False, True]


@pytest.mark.parametrize("count", [3, AT_LENGTH])
def test_a_lead_is_given_out_once_and_the_turns_stay_counted(two: Two, count: int) -> None:
    hqs = two.headquarters()
    people = [two.office.user(name, "sales") for name in "ABC"]
    rule = {"name": "All", "way": "round_robin", "people": [[each, 1] for each in people]}
    two.office.hq.create("assignment_rule", rule)
    leads = [two.office.hq.create("lead", {"name": f"L{n}"}) for n in range(count)]
    with decided_together(assigning, "_rows"):
        given = at_once([partial(assigning.assign_waiting, hq, two.office.now_ms) for hq in hqs])
    assert sum(given) == count
    owners = Counter(two.office.row("lead", each)["owner_id"] for each in leads)
    assert owners.keys() <= set(people)
    turns = table_of(AssignmentTurn)
    with two.office.database.read() as snapshot:
        counted = dict(snapshot.connection.execute(select(turns.c.user_id, turns.c.given)).all())
    assert {user: number for user, number in counted.items() if number} == owners


def test_customers_are_warned_of_and_returned_once_by_two_who_keep_house(two: Two) -> None:
    office = two.office
    office.hq.create("pool_rule", {"name": "All", "contact_days": 10, "remind_days": 2})
    lin = office.user("Lin", "sales")
    held = [office.hq.create("customer", {"name": f"C{n}", "owner_id": lin}) for n in range(3)]
    databases = [office.database, two.beside]
    told = []
    for days in (8, 3):
        office.now_ms += days * DAY_MS
        done = at_once([partial(recycle, each, office.now_ms) for each in databases])
        told.append((sum(each.warned for each in done), sum(each.returned for each in done)))
    assert told == [(3, 0), (0, 3)]
    assert {office.row("customer", each)["holding"] for each in held} == {"pool"}
    assert len(office.hq.find("activity", "kind", "task")) == 3


def test_of_records_that_are_alike_two_who_look_tell_once(two: Two) -> None:
    office = two.office
    lin = office.user("Lin", "sales")
    for _ in range(2):
        office.hq.create("customer", {"name": "Paper Crane Foods", "owner_id": lin, "phone": "+8621555001"})
    databases, now_ms = [office.database, two.beside], office.now_ms

    def look(database: Database) -> int:
        with turn_at(database, "alike", wait_s=30) as is_mine:  # as the chore does
            assert is_mine
            alike.follow(database)
        return alike_tasks.tell(database, now_ms, tells_known=False)

    assert sum(at_once([partial(look, each) for each in databases])) == 1
    assert len(office.hq.find("activity", "kind", "task")) == 1


def test_of_two_who_decide_at_once_one_counts_where_one_is_enough(two: Two) -> None:
    firm = ApprovalFirm(two.office)
    firm.flow(step(who=Who.NAMED, users=(firm.bo_id, firm.lin_id), mode=Mode.ANY))
    quote, _ = firm.quote("15")
    request = firm.ask(quote)
    firm.sync()
    laptops = (firm.bo, firm.lin)
    numbers = [firm.decide(laptop, request, "approve") for laptop in laptops]
    with decided_together(Edits, "apply"):
        two.send(laptops)
    codes = Counter(laptop.code(number) for laptop, number in zip(laptops, numbers, strict=True))
    # Who comes second finds it decided, or sees it no longer: nothing is left for him to decide.
    assert codes.pop(Code.APPLIED) == 1
    assert codes.keys() < {Code.ILLEGAL_STATE, Code.PARENT}
    assert codes.total() == 1
    assert firm.state(quote) == "sent"
