"""Merges of several laptops at once on PostgreSQL, stopped where it would hurt most."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, StatementError

from crm_core import SCHEMA_VERSION
from crm_core.entities import SCHEMAS
from crm_core.ids import named_id, new_id
from crm_core.sync.protocol import Code, SyncResponse
from sync_server.services.sync import SyncService
from sync_server.store import database as database_module
from sync_server.store.database import Database
from sync_server.store.tables import OpLog, RowScope, UniqueKey, table_of
from tests.support.hq import Laptop, Office
from tests.support.pauses import BEGUN, DECIDED, WRITTEN, Broken, Pauses
from tests.support.postgres import database_in

pytestmark = pytest.mark.postgres

CUSTOMER, CONTACT = SCHEMAS["customer"].no, SCHEMAS["contact"].no
TELLING = (10,)
"""Seeds of schedules in which a cursor over a sequence misses something."""
SOAK_SCHEDULES = int(os.environ.get("SATCHEL_SOAK_INTERLEAVINGS", "400"))


@pytest.fixture(scope="module")
def office(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Give an HQ on PostgreSQL that the tests share; each takes its own people."""
    with database_in(postgres_url) as url:
        opened = Office(tmp_path_factory.mktemp("beside") / "hq", url)
        yield opened
        opened.close()


@pytest.fixture
def pauses(office: Office) -> Iterator[Pauses]:
    """Give the stops of that HQ's transactions."""
    with Pauses(office.database.engine) as made:
        yield made


def person(office: Office, role: str = "sales", **values: Any) -> tuple[str, Laptop]:
    """Take somebody on with a laptop that knows everything there is for him."""
    user_id = office.user(f"用户 {new_id()[:6]}", role, **values)
    laptop = office.laptop(user_id)
    laptop.sync()
    return user_id, laptop


def pushing(laptop: Laptop) -> Callable[[], SyncResponse]:
    """Return the work of sending what waits on a laptop; nothing is applied."""
    request = laptop.request(pull=False)
    return lambda: laptop.send(request)


def codes(sent: Future[SyncResponse]) -> list[int]:
    """Return how a laptop's operations were answered."""
    return [answer.code for answer in sent.result(timeout=60).answers]


def settle(office: Office, *laptops: Laptop) -> None:
    """Let everybody take everything in, and hold each against what its user may see."""
    for laptop in laptops:
        laptop.sync()
    for laptop in laptops:
        laptop.sync()
        assert laptop.replica == office.projection(laptop.user_id)


def test_a_merge_that_is_still_deciding_keeps_nobody_waiting(office: Office, pauses: Pauses) -> None:
    (_, slow), (_, quick) = person(office), person(office)
    slow.create("customer", {"name": "慢"})
    quick.create("customer", {"name": "快"})
    first = pauses.start("slow", pushing(slow), DECIDED)
    second = pauses.start("quick", pushing(quick))
    assert codes(second) == [Code.APPLIED]
    assert pauses.where("slow") == DECIDED
    pauses.release("slow")
    assert codes(first) == [Code.APPLIED]
    settle(office, slow, quick)


def test_whoever_has_positions_lets_nobody_commit_before_him(office: Office, pauses: Pauses) -> None:
    (_, first), (_, second), (_, watcher) = person(office), person(office), person(office, "admin")
    one = first.create("customer", {"name": "甲"})
    two = second.create("customer", {"name": "乙"})
    earlier = pauses.start("earlier", pushing(first), WRITTEN)
    later = pauses.start("later", pushing(second))
    assert pauses.where("later") == "waiting"
    watcher.sync()  # its cursor moves to the head of now, which neither is part of
    assert not {(CUSTOMER, one), (CUSTOMER, two)} & watcher.replica.keys()
    pauses.release("earlier")
    assert codes(earlier) == codes(later) == [Code.APPLIED]
    settle(office, first, second, watcher)
    assert {(CUSTOMER, one), (CUSTOMER, two)} <= watcher.replica.keys()


def test_a_merge_that_fails_at_its_commit_leaves_no_gap_and_can_be_repeated(
    office: Office, pauses: Pauses
) -> None:
    (_, unlucky), (_, other), (_, watcher) = person(office), person(office), person(office, "admin")
    row = unlucky.create("customer", {"name": "再来"})
    other.create("customer", {"name": "另一个"})
    failing = pauses.start("failing", pushing(unlucky), WRITTEN)
    waiting = pauses.start("waiting", pushing(other))
    pauses.release("failing", fail=True)
    with pytest.raises(Broken):
        failing.result(timeout=60)
    assert codes(waiting) == [Code.APPLIED]
    watcher.sync()
    assert (CUSTOMER, row) not in watcher.replica
    settle(office, unlucky, other, watcher)
    assert (CUSTOMER, row) in watcher.replica


def test_two_edits_of_one_field_are_judged_one_after_the_other(office: Office, pauses: Pauses) -> None:
    owner, mine = person(office)
    row = mine.create("customer", {"name": "一", "owner_id": owner})
    mine.sync()
    theirs = office.laptop(owner)
    theirs.sync()
    mine.set("customer", row, "name", "二")
    office.now_ms += 10_000
    theirs.set("customer", row, "name", "三")
    paused = pauses.start("mine", pushing(mine), DECIDED)
    assert codes(pauses.start("theirs", pushing(theirs))) == [Code.APPLIED]
    pauses.release("mine")
    assert codes(paused) == [Code.SUPERSEDED]  # it is the older; decided alone it would have stood
    settle(office, mine, theirs)
    assert office.row("customer", row)["name"] == "三"


def test_what_is_made_below_a_record_that_moves_lies_where_it_moved_to(
    office: Office, pauses: Pauses
) -> None:
    (before, laptop), (after, taker), (_, admin) = person(office), person(office), person(office, "admin")
    row = laptop.create("customer", {"name": "搬家", "owner_id": before})
    laptop.sync()
    admin.sync()
    contact = laptop.create("contact", {"name": "联系人", "customer_id": row})
    making = pauses.start("making", pushing(laptop), DECIDED)
    admin.set("customer", row, "owner_id", after)
    assert codes(pauses.start("moving", pushing(admin))) == [Code.APPLIED]
    pauses.release("making")
    making.result(timeout=60)
    settle(office, laptop, taker, admin)
    if (CONTACT, contact) in admin.replica:
        assert (CONTACT, contact) in taker.replica
    assert (CONTACT, contact) not in laptop.replica


def test_what_moves_takes_along_what_was_made_below_it_meanwhile(office: Office, pauses: Pauses) -> None:
    (before, laptop), (after, taker), (_, admin) = person(office), person(office), person(office, "admin")
    row = laptop.create("customer", {"name": "搬家", "owner_id": before})
    laptop.sync()
    admin.sync()
    admin.set("customer", row, "owner_id", after)
    moving = pauses.start("moving", pushing(admin), DECIDED)
    contact = laptop.create("contact", {"name": "联系人", "customer_id": row})
    assert codes(pauses.start("making", pushing(laptop))) == [Code.APPLIED]
    pauses.release("moving")
    assert codes(moving) == [Code.APPLIED]
    settle(office, laptop, taker, admin)
    assert (CONTACT, contact) in taker.replica
    assert (CONTACT, contact) not in laptop.replica


def test_two_deals_deleted_at_once_lend_their_customer_no_more(office: Office, pauses: Pauses) -> None:
    seller, laptop = person(office)
    _, admin = person(office, "admin")
    row = office.hq.create("customer", {"name": "借来的"})
    values = {"customer_id": row, "pipeline_id": office.pipeline, "stage_id": office.stages["open"]}
    deals = [office.hq.create("deal", {"name": f"商机 {n}", "owner_id": seller, **values}) for n in range(2)]
    laptop.sync()
    admin.sync()
    assert (CUSTOMER, row) in laptop.replica
    laptop.delete("deal", deals[0])
    admin.delete("deal", deals[1])
    one = pauses.start("one", pushing(laptop), DECIDED)
    two = pauses.start("two", pushing(admin), DECIDED)
    pauses.release("two")
    pauses.release("one")
    assert codes(one) == codes(two) == [Code.APPLIED]
    settle(office, laptop, admin)
    assert (CUSTOMER, row) not in laptop.replica
    with office.database.read() as snapshot:
        lent = select(table_of(RowScope)).where(table_of(RowScope).c.row_id == row)
        assert not [each for each in snapshot.connection.execute(lent) if each.scope.startswith("~")]


def test_points_entered_and_lines_added_at_once_all_count(office: Office, pauses: Pauses) -> None:
    owner, one = person(office)
    two = office.laptop(owner)
    for laptop in (one, two):
        laptop.schema = SCHEMA_VERSION
    row = one.create("customer", {"name": "积分", "owner_id": owner})
    terms = {"currency": "CNY", "valid_until": "2027-12-31", "owner_id": owner}
    quote = one.create("quote", {"customer_id": row, **terms})
    one.sync()
    two.sync()
    for laptop, points in ((one, 5), (two, 7)):
        laptop.create("point_entry", {"customer_id": row, "points": points, "reason": "订单"})
        line = {"quantity": "1", "unit_price": points * 100, "currency": "CNY"}
        laptop.create("quote_line", {"quote_id": quote, "description": "行", **line})
    first = pauses.start("first", pushing(one), DECIDED)
    second = pauses.start("second", pushing(two), DECIDED)
    pauses.release("second")
    pauses.release("first")
    assert codes(first) == codes(second) == [Code.APPLIED] * 2
    settle(office, one, two)
    assert office.row("customer", row)["points"] == 12
    assert office.row("quote", quote)["total"] == 1200


def test_of_two_customers_with_one_tax_number_made_at_once_one_is_the_first(
    office: Office, pauses: Pauses
) -> None:
    (_, one), (_, two) = person(office), person(office)
    code = f"9131{new_id()[:8]}"
    for laptop in (one, two):
        laptop.create("customer", {"name": "同号", "tax_number": code})
    first = pauses.start("first", pushing(one), DECIDED)
    second = pauses.start("second", pushing(two), DECIDED)
    pauses.release("second")
    pauses.release("first")
    assert codes(first) == codes(second) == [Code.APPLIED]
    keys = table_of(UniqueKey)
    with office.database.read() as snapshot:
        rows = [key for laptop in (one, two) for key in laptop_rows(laptop)]
        kept = snapshot.connection.execute(select(keys.c.first).where(keys.c.row_id.in_(rows))).scalars()
        assert sorted(kept) == [False, True]
    settle(office, one, two)


def laptop_rows(laptop: Laptop) -> list[str]:
    """Return the ids of what a laptop's outbox is about."""
    return [pending.op.row.hex() for pending in laptop.outbox]


def test_who_loses_his_rights_while_his_batch_is_decided_is_refused(office: Office, pauses: Pauses) -> None:
    user_id, laptop = person(office)
    laptop.create("customer", {"name": "太晚"})
    late = pauses.start("late", pushing(laptop), DECIDED)
    office.hq.update("user", user_id, {"role_id": named_id("role", "auditor")})
    pauses.release("late")
    assert codes(late) == [Code.FORBIDDEN_ROW]


def test_two_records_of_one_id_made_at_once_are_one_and_a_taken_id(office: Office, pauses: Pauses) -> None:
    (_, one), (_, two) = person(office), person(office)
    row = new_id()
    one.create("customer", {"name": "先"}, row)
    two.create("customer", {"name": "后"}, row)
    first = pauses.start("first", pushing(one), DECIDED)
    # The paused one has written its record already; only its commit tells whether the id is taken.
    second = pauses.start("second", pushing(two))
    assert pauses.where("second") == "waiting"
    pauses.release("first")
    assert sorted(codes(first) + codes(second)) == [Code.APPLIED, Code.ID_TAKEN]


def test_a_request_and_its_repetition_at_once_are_taken_once(office: Office, pauses: Pauses) -> None:
    _, laptop = person(office)
    laptop.create("customer", {"name": "两次"})
    work = pushing(laptop)
    first = pauses.start("first", work, DECIDED)
    again = pauses.start("again", work)
    assert pauses.where("again") == "waiting"
    pauses.release("first")
    assert codes(first) == codes(again) == [Code.APPLIED]
    log = table_of(OpLog)
    with office.database.read() as snapshot:
        taken = select(log.c.op_no).where(log.c.device == laptop.device)
        assert len(snapshot.connection.execute(taken).all()) == 1


def test_a_place_in_the_feed_cannot_be_kept_before_it_is_given(office: Office) -> None:
    with office.database.write(late=True) as hq:
        row = {"entity": 10, "row_id": new_id(), "scope": "own:x", "in_seq": hq.positions.next()}
        entered = table_of(RowScope).insert().values(**row)
        with pytest.raises(StatementError, match="before it had one"):
            hq.connection.execute(entered)


def test_positions_given_out_in_a_savepoint_that_was_taken_back_are_gaps_and_nothing_more(
    office: Office,
) -> None:
    _, watcher = person(office, "admin")
    with office.database.write() as hq, hq.connection.begin_nested() as savepoint:
        hq.positions.next()
        savepoint.rollback()
    row = office.hq.create("customer", {"name": "空号之后"})
    settle(office, watcher)
    assert (CUSTOMER, row) in watcher.replica


def test_a_forgotten_transaction_stops_the_feed_for_its_time_limit_and_no_longer(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "IDLE_TIMEOUT_MS", 300)
    forgetful = Database(office.database.url)
    _, laptop = person(office)
    laptop.create("customer", {"name": "等一下"})
    try:
        with pytest.raises(DBAPIError), forgetful.write():
            assert laptop.sync().acked_to == 1  # it waits until the limit ends the other, not for ever
        # Whoever only reads for long holds nobody up.
        with office.database.read():
            laptop.create("customer", {"name": "不等"})
            assert laptop.sync().acked_to == 2
    finally:
        forgetful.close()


def test_a_database_moved_to_another_server_goes_on_where_it_was(office: Office, postgres_url: str) -> None:
    """Transaction numbers begin anew after a dump and restore; positions are HQ's own and do not."""
    _, laptop = person(office, "admin")
    with database_in(postgres_url) as url:
        tables = Database(url)
        tables.create_tables()
        _copy_rows(office.database.url, tables.url)
        moved = SyncService(tables, office.settings, office.clock)
        there, office.sync = office.sync, moved
        try:
            token = laptop.token
            laptop.create("customer", {"name": "搬过来"})
            answered = laptop.sync()
            assert not answered.resync
            assert answered.token != token
            laptop.sync()
        finally:
            office.sync = there
            tables.close()


def _copy_rows(from_url: str, to_url: str) -> None:
    """Move every row as `pg_dump` does: as COPY, and sequences set behind."""
    with psycopg.connect(_libpq(from_url)) as source, psycopg.connect(_libpq(to_url)) as target:
        names = [
            row[0] for row in source.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]
        for name in names:
            with (
                source.cursor().copy(f'COPY "{name}" TO STDOUT') as rows,  # type: ignore[arg-type]
                target.cursor().copy(f'COPY "{name}" FROM STDIN') as taken,  # type: ignore[arg-type]
            ):
                for piece in rows:
                    taken.write(piece)


def _libpq(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


# One and the same schedule for a cursor over a sequence and for ours


class Naive:
    """A feed numbered by a sequence, followed by the highest number seen."""

    def __init__(self, url: str) -> None:
        self._url = _libpq(url)
        self._writers: dict[str, psycopg.Connection[Any]] = {}
        self.cursor, self.seen, self.kept = 0, set[int](), set[int]()
        self._open: dict[str, int] = {}
        with psycopg.connect(self._url) as connection:
            connection.execute("DROP TABLE IF EXISTS naive")
            connection.execute("CREATE TABLE naive (seq BIGSERIAL PRIMARY KEY)")

    def write(self, name: str) -> None:
        writer = self._writers[name] = psycopg.connect(self._url)
        found = writer.execute("INSERT INTO naive DEFAULT VALUES RETURNING seq").fetchone()
        assert found is not None
        self._open[name] = found[0]

    def end(self, name: str, *, fail: bool) -> None:
        writer = self._writers.pop(name)
        if fail:
            writer.rollback()
        else:
            writer.commit()
            self.kept.add(self._open[name])
        writer.close()

    def read(self) -> None:
        with psycopg.connect(self._url) as connection:
            rows = connection.execute("SELECT seq FROM naive WHERE seq > %s", (self.cursor,)).fetchall()
        self.seen.update(row[0] for row in rows)
        self.cursor = max([self.cursor, *(row[0] for row in rows)])

    @property
    def missed(self) -> int:
        """How many rows were committed that no reader will ever be shown."""
        self.read()
        return len(self.kept - self.seen)


def run_schedule(office: Office, seed: int) -> tuple[int, int]:
    """Run one random schedule of writers, failures and readers; return what each cursor missed."""
    chance = random.Random(seed)
    naive = Naive(office.database.url)
    writers = [person(office)[1] for _ in range(3)]
    # Last, so that its rights are written down: working them out anew would wait for the head.
    _, watcher = person(office, "admin")
    rows = [laptop.create("customer", {"name": f"{seed}"}) for laptop in writers]
    names = [f"writer {number}" for number in range(len(writers))]
    kept: set[int] = set()
    with Pauses(office.database.engine) as pauses:
        running: dict[str, Future[SyncResponse]] = {}
        waiting, inside = list(range(len(names))), list[int]()
        ended: dict[str, bool] = {}
        while waiting or inside:
            step = chance.choice(["begin", "end", "read", "read"])
            if step == "begin" and waiting:
                number = waiting.pop(chance.randrange(len(waiting)))
                naive.write(names[number])
                stops = chance.choice([(WRITTEN,), (DECIDED, WRITTEN), (BEGUN, WRITTEN)])
                running[names[number]] = pauses.start(names[number], pushing(writers[number]), *stops)
                inside.append(number)
            elif step == "end" and inside:
                number = inside.pop(chance.randrange(len(inside)))
                ended[names[number]] = chance.random() < 0.25
                naive.end(names[number], fail=ended[names[number]])
                _let_go(pauses, ended)
            elif step == "read":
                naive.read()
                watcher.sync()
        while not all(each.done() for each in running.values()):
            _let_go(pauses, ended)
    for number, name in enumerate(names):
        try:
            running[name].result(timeout=60)
            kept.add(number)
        except Broken:
            pass
    watcher.sync()
    assert watcher.replica == office.projection(watcher.user_id)
    missed = sum((CUSTOMER, rows[number]) not in watcher.replica for number in kept)
    return naive.missed, missed


def _let_go(pauses: Pauses, ended: dict[str, bool]) -> None:
    """Let every writer whose end came go as far as it can; those told to fail do so before their commit."""
    moved = True
    while moved:
        moved = False
        for name, fails in ended.items():
            if (stop := pauses.where(name)) not in ("waiting", "done"):
                pauses.release(name, fail=fails and stop == WRITTEN)
                moved = True


def test_a_cursor_over_a_sequence_misses_what_commits_late_and_ours_does_not(
    office: Office,
) -> None:
    for seed in TELLING:
        naive, ours = run_schedule(office, seed)
        assert naive > 0, f"schedule {seed} is too tame to show anything"
        assert ours == 0, f"schedule {seed}"


@pytest.mark.soak
def test_hundreds_of_schedules_never_hide_a_row_from_our_cursor(office: Office) -> None:
    naive_missed = 0
    for seed in range(1000, 1000 + SOAK_SCHEDULES):
        naive, ours = run_schedule(office, seed)
        assert ours == 0, f"seed {seed}"
        naive_missed += naive
    print(f"{SOAK_SCHEDULES} schedules: a sequence's cursor missed {naive_missed} rows, ours none")
    assert naive_missed > 0


def test_the_database_forgets_nothing_of_how_statements_are_limited(office: Office) -> None:
    with office.database.engine.connect() as connection:
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            assert connection.execute(text(f"SHOW {name}")).scalar() not in (None, "0")
