"""A replica damaged behind the program's back is compared with HQ, and only what differs is fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_core.entities import SCHEMAS
from crm_core.ids import new_id
from crm_core.sync import codec
from crm_core.sync.digest import bucket_of
from crm_core.sync.protocol import DigestAsk, DigestDiff, DigestRows, Purge, Put, SyncRequest, SyncResponse
from crm_desktop.models import state
from crm_desktop.services import records, syncing
from crm_desktop.sync.report import RoundReport
from tests.support.hq import Office, make
from tests.support.replicas import Laptop, Laptops, differences

CUSTOMERS = 60
WEEK_MS = 7 * 86_400_000


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.soak])])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    url = request.getfixturevalue("tabled_postgres") if request.param == "postgres" else None
    made = Office(tmp_path / "hq", url)
    yield made
    made.close()


class Listening:
    """A line that remembers what was asked, and may do something before HQ hears it."""

    def __init__(self, laptop: Laptop) -> None:
        self._line = laptop.line
        self.asked: list[SyncRequest] = []
        self.before: Callable[[SyncRequest], None] = lambda _request: None
        self.change: Callable[[SyncResponse], SyncResponse] = lambda response: response

    def sync(self, request: SyncRequest) -> SyncResponse:
        """Carry it on."""
        self.asked.append(request)
        self.before(request)
        return self.change(self._line.sync(request))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)


@pytest.fixture
def customers(office: Office) -> list[str]:
    """Sixty customers with words, of whom nobody is the owner."""
    ids = [new_id() for _ in range(CUSTOMERS)]
    office.hq.write_all(
        [make("customer", each, name=f"客户 {no}", notes="note", tags=["vip"]) for no, each in enumerate(ids)]
    )
    return ids


@pytest.fixture
def maya(office: Office, laptops: Laptops, customers: list[str]) -> Laptop:
    laptop = laptops.make("maya", office.user("Maya", "admin"))
    laptop.sync()
    laptop.line = Listening(laptop)  # type: ignore[assignment]
    return laptop


def damage(laptop: Laptop, statement: str, *values: Any) -> None:
    """Change the database as no part of the program would."""
    with laptop.replica.applying() as session:
        session.connection().exec_driver_sql(statement, values)


def compare(laptop: Laptop) -> RoundReport:
    syncing.ask_to_compare(laptop.replica)
    laptop.line.seen.clear()
    return laptop.sync()


def rows_sent(laptop: Laptop) -> set[str]:
    """Return the rows that came down, whole or as a purge."""
    found = set()
    for response in laptop.line.seen:
        for message in map(codec.read_message, response.msgs):
            if isinstance(message, Put | Purge):
                found.update(codec.unpack_ids(message.ids))
    return found


def assert_even(laptop: Laptop) -> None:
    assert not list(differences(laptop))


def test_where_nothing_differs_one_small_request_says_so(maya: Laptop) -> None:
    report = compare(maya)
    assert (report.compared, report.repaired, report.differing) == (True, 0, 0)
    requests = [each for each in maya.line.asked if each.digest is not None]  # type: ignore[attr-defined]
    assert len(requests) == 1
    plain = SyncRequest(*[getattr(requests[0], name) for name in requests[0].__struct_fields__[:11]])
    assert len(codec.encode(requests[0])) - len(codec.encode(plain)) < 400
    assert not rows_sent(maya)


DAMAGE = {
    "a value changed": "UPDATE customer SET name = 'wrong' WHERE id = ?",
    "a value gone": "UPDATE customer SET notes = NULL WHERE id = ?",
    "a value where HQ has none": "UPDATE customer SET website = 'x.example' WHERE id = ?",
    "a number that became a fraction": "UPDATE customer SET updated_at = 0.5 WHERE id = ?",
    "a life changed": "UPDATE customer SET life = 2 WHERE id = ?",
    "a row missing": "DELETE FROM customer WHERE id = ?",
    "a word's addition changed": "UPDATE set_dot SET dot = '9.9.9' WHERE row_id = ?",
    "a word's addition gone": "DELETE FROM set_dot WHERE row_id = ?",
    "words beside the additions": "UPDATE customer SET tags = '[\"other\"]' WHERE id = ?",
    "a custom value HQ never sent": 'UPDATE customer SET custom = \'{"colour": "red"}\' WHERE id = ?',
}


@pytest.mark.parametrize("statement", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_row_is_fetched_and_no_other(maya: Laptop, customers: list[str], statement: str) -> None:
    victim = customers[7]
    damage(maya, statement, victim)
    report = compare(maya)
    assert (report.compared, report.repaired, report.differing) == (True, 1, 0)
    assert rows_sent(maya) == {victim}
    asked = [rows for request in maya.line.asked if request.digest for rows in request.digest.rows]  # type: ignore[attr-defined]
    assert [(rows.entity, list(rows.buckets)) for rows in asked] == [
        (SCHEMAS["customer"].no, [bucket_of(victim)])
    ]
    assert_even(maya)
    assert records.get(maya.replica, "customer", victim)["tags"] == ["vip"]
    assert compare(maya).repaired == 0


def test_additions_hq_does_not_have_are_taken_out(office: Office, maya: Laptop) -> None:
    plain = office.hq.create("customer", {"name": "No words"})
    maya.sync()
    damage(
        maya,
        "INSERT INTO set_dot (entity, row_id, field, word, dot) VALUES ('customer', ?, ?, 'x', '9.9.9')",
        plain,
        str(SCHEMAS["customer"].fields["tags"].no),
    )
    assert compare(maya).repaired == 1
    assert_even(maya)


def test_a_row_too_many_is_taken_away(maya: Laptop) -> None:
    ghost = new_id()
    damage(maya, "INSERT INTO customer (id, life, name) VALUES (?, 1, 'ghost')", ghost)
    report = compare(maya)
    assert (report.repaired, report.differing) == (1, 0)
    assert rows_sent(maya) == {ghost}
    assert_even(maya)


def test_a_repair_leaves_no_history_for_nobody_changed_anything(maya: Laptop, customers: list[str]) -> None:
    damage(maya, "UPDATE customer SET name = 'wrong' WHERE id = ?", customers[0])
    compare(maya)
    with maya.replica.read() as session:
        lines = session.connection().exec_driver_sql("SELECT count(*) FROM history").scalar()
    assert lines == 0


def test_a_replica_that_lost_everything_gets_everything_in_pieces(
    maya: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_desktop.sync.comparing.ROWS_AT_ONCE", 10)
    damage(maya, "DELETE FROM customer")
    damage(maya, "UPDATE user SET name = 'nobody'")
    report = compare(maya)
    assert report.repaired >= CUSTOMERS + 2
    assert sum(bool(request.digest and request.digest.rows) for request in maya.line.asked) > 5  # type: ignore[attr-defined]
    assert_even(maya)


def test_an_edit_made_meanwhile_stays_and_goes_up(maya: Laptop, customers: list[str]) -> None:
    edited, victim = customers[1], customers[2]
    damage(maya, "UPDATE customer SET notes = 'wrong' WHERE id IN (?, ?)", edited, victim)
    done: list[bool] = []

    def edit(request: SyncRequest) -> None:
        if request.digest is not None and not done:
            done.append(True)
            maya.office.now_ms += 1_000
            records.update(maya.replica, "customer", edited, {"name": "新名字"})
            records.create(maya.replica, "customer", {"name": "made meanwhile"})

    maya.line.before = edit  # type: ignore[attr-defined]
    report = compare(maya)
    assert (report.compared, report.repaired, report.differing) == (True, 2, 0)
    assert rows_sent(maya) == {edited, victim}
    assert maya.office.row("customer", edited)["name"] == "新名字"
    assert records.get(maya.replica, "customer", edited)["notes"] == "note"
    assert maya.waiting() == 0
    assert maya.returned() == []
    assert_even(maya)


def test_operations_go_up_before_deletions_and_totals_are_compared(
    maya: Laptop, customers: list[str]
) -> None:
    done: list[bool] = []

    def edit(request: SyncRequest) -> None:
        if request.digest is not None and not done:
            done.append(True)
            damage(maya, "UPDATE customer SET notes = 'wrong' WHERE id = ?", customers[4])
            records.delete(maya.replica, "customer", customers[3])

    damage(maya, "UPDATE customer SET notes = 'wrong' WHERE id = ?", customers[5])
    maya.line.before = edit  # type: ignore[attr-defined]
    report = compare(maya)
    assert (report.compared, report.repaired, report.differing) == (True, 2, 0)
    assert all(not (request.digest and request.txns) for request in maya.line.asked)  # type: ignore[attr-defined]
    assert maya.office.row("customer", customers[3])["life"] == 2
    assert_even(maya)


def test_news_that_come_meanwhile_are_no_damage(office: Office, maya: Laptop, customers: list[str]) -> None:
    done: list[bool] = []

    def news(request: SyncRequest) -> None:
        if request.digest is not None and not done:
            done.append(True)
            office.hq.update("customer", customers[0], {"name": "News"})

    maya.line.before = news  # type: ignore[attr-defined]
    report = compare(maya)
    assert (report.compared, report.repaired) == (True, 0)
    assert records.get(maya.replica, "customer", customers[0])["name"] == "News"


def test_who_may_not_see_money_is_never_sent_it_by_a_repair(office: Office, laptops: Laptops) -> None:
    customer = office.hq.create("customer", {"name": "Masked", "credit_limit": 999_00, "notes": "canary"})
    sven = laptops.make("sven", office.user("Sven", "service"))
    sven.sync()
    assert "credit_limit" not in office.projection(sven.user_id)[SCHEMAS["customer"].no, customer]
    assert compare(sven).repaired == 0
    damage(sven, "UPDATE customer SET name = 'wrong', credit_limit = 5 WHERE id = ?", customer)
    assert compare(sven).repaired == 1
    assert "99900" not in str([response.msgs for response in sven.line.seen])
    assert_even(sven)


def test_what_two_repairs_do_not_mend_is_reported_and_left(maya: Laptop, customers: list[str]) -> None:
    damage(
        maya,
        f"CREATE TRIGGER stubborn AFTER UPDATE ON customer WHEN new.id = '{customers[0]}'"
        " AND new.name <> 'wrong' BEGIN UPDATE customer SET name = 'wrong' WHERE id = new.id; END",
    )
    damage(maya, "UPDATE customer SET notes = 'x' WHERE id = ?", customers[0])
    report = compare(maya)
    assert (report.compared, report.repaired, report.differing) == (True, 2, 1)
    assert report.up_to_date


def test_it_happens_by_itself_once_a_week(office: Office, maya: Laptop, customers: list[str]) -> None:
    assert not maya.sync().compared
    damage(maya, "UPDATE customer SET name = 'wrong' WHERE id = ?", customers[0])
    office.now_ms += WEEK_MS + 1
    assert maya.sync().repaired == 1
    assert not maya.sync().compared


def test_an_hq_that_does_not_compare_is_asked_again_a_day_later(office: Office, maya: Laptop) -> None:
    def silent(response: SyncResponse) -> SyncResponse:
        values = {name: getattr(response, name) for name in response.__struct_fields__}
        return SyncResponse(**(values | {"digest_diff": None}))

    maya.line.change = silent  # type: ignore[attr-defined]
    report = compare(maya)
    assert (report.compared, report.up_to_date) == (False, True)
    with maya.replica.read() as session:
        due_ms = state.read(session, state.Key.COMPARE_AT_MS)
    assert due_ms == office.now_ms + WEEK_MS // 7


def test_words_taken_off_while_a_laptop_begins_anew_are_gone_there(office: Office, laptops: Laptops) -> None:
    only = office.hq.create("customer", {"name": "Only one", "tags": ["vip"]})
    laptop = laptops.make("lin", office.user("Lin", "admin"))
    laptop.sync()
    with laptop.replica.applying() as session:
        state.write(session, {state.Key.TOKEN: b"unreadable"})
    office.hq.update("customer", only, {"tags": []})
    laptop.sync()
    assert_even(laptop)


def test_hq_passes_over_kinds_of_records_it_does_not_know_and_names_what_differs(office: Office) -> None:
    laptop = office.laptop(office.user("Lin", "admin"))
    laptop.sync()
    user = SCHEMAS["user"].no
    response = laptop.sync(digest=DigestAsk(kinds=[(999, b"12345678"), (user, b"12345678")]))
    assert response.digest_diff == DigestDiff(kinds=[user])
    response = laptop.sync(digest=DigestAsk(buckets=[(999, [])], rows=[]))
    assert response.digest_diff == DigestDiff()
    response = laptop.sync(digest=DigestAsk(rows=[DigestRows(999, b"\x01", b"", b"")]))
    assert (response.digest_diff, response.msgs) == (DigestDiff(), [])


def test_rows_out_of_sight_look_like_rows_that_are_not_there(office: Office) -> None:
    team = office.hq.create("team", {"name": "North"})
    owner = office.user("Maya", "admin", team_id=team)
    hidden = office.hq.create("customer", {"name": "Hidden", "owner_id": owner})
    laptop = office.laptop(office.user("Lin", "sales"))
    laptop.sync()
    customer = SCHEMAS["customer"].no
    for asked in (hidden, new_id()):
        rows = DigestRows(customer, bytes([bucket_of(asked)]), bytes.fromhex(asked), bytes(16))
        response = laptop.sync(digest=DigestAsk(rows=[rows]))
        (purge,) = map(codec.read_message, response.msgs)
        assert isinstance(purge, Purge)
        assert purge.ids == bytes.fromhex(asked)
    response = laptop.sync(digest=DigestAsk(buckets=[(customer, [])]))
    assert response.digest_diff == DigestDiff()


def test_a_digest_that_comes_with_operations_is_not_answered(office: Office) -> None:
    laptop = office.laptop(office.user("Lin", "admin"))
    laptop.sync()
    laptop.create("customer", {"name": "New"})
    response = laptop.send(laptop.request(digest=DigestAsk(kinds=[(SCHEMAS["user"].no, b"12345678")])))
    assert response.digest_diff is None
    assert [answer.code for answer in response.answers] == [0]
