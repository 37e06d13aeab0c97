"""Edits taken back before they were sent: HQ's values show again, and what is left still reaches HQ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from crm_core.errors import NotFound, Unreachable, UserError
from crm_core.sync.protocol import Code, SyncRequest, SyncResponse
from crm_desktop.models.device_tables import History, OutboxOp, OutboxTxn, RowMeta, SetDot, Shadow
from crm_desktop.services import records, search, waiting
from tests.support.hq import Office, make
from tests.support.replicas import Cut, Laptop, Laptops, differences


@pytest.fixture
def laptop(tmp_path: Path, office: Office, template: Path) -> Iterator[Laptop]:
    laptops = Laptops(tmp_path, office, template)
    made = laptops.make("lin", office.user("Lin", "sales"))
    made.sync()
    yield made
    laptops.close()


class DeadLine:
    """Counts what a line carried on which nothing goes."""

    up = down = 0


def known_customer(laptop: Laptop, **values: object) -> str:
    """Return a customer HQ has answered."""
    given = {"name": "纸鹤食品（示例）", "phone": "111 111", "tags": ["vip"], **values}
    made = records.create(laptop.replica, "customer", given).value.id  # type: ignore[arg-type]
    laptop.sync()
    assert laptop.waiting() == 0
    return made


def assert_even(laptop: Laptop) -> None:
    problems = list(differences(laptop))
    assert not problems, "\n".join(problems)


def state_of(laptop: Laptop) -> object:
    """Return everything the replica shows and holds under it, but its history."""
    with laptop.replica.read() as session:
        beneath = [
            sorted(tuple(row) for row in session.execute(select(*model.__table__.columns)))
            for model in (Shadow, RowMeta, SetDot)
        ]
    return laptop.projection(), [[tuple(map(repr, row)) for row in rows] for rows in beneath]


def test_hqs_values_show_again_and_undo_makes_the_edit_anew(laptop: Laptop) -> None:
    customer = known_customer(laptop)
    before = state_of(laptop)
    records.update(laptop.replica, "customer", customer, {"phone": "222 222", "industry": "food"})
    records.update(laptop.replica, "customer", customer, {"phone": "333 333"})
    records.change_tags(laptop.replica, "customer", customer, add=["asia"], remove=["vip"])
    discarded = waiting.discard(laptop.replica, [("customer", customer)]).value
    assert state_of(laptop) == before
    assert laptop.waiting() == 0
    assert laptop.sync().sent == 0
    waiting.bring_back(laptop.replica, discarded)
    shown = records.get(laptop.replica, "customer", customer)
    assert (shown["phone"], shown["industry"], shown["tags"]) == ("333 333", "food", ["asia"])
    laptop.sync()
    assert_even(laptop)
    assert laptop.returned() == []
    assert laptop.office.row("customer", customer)["phone"] == "333 333"


def test_a_discarded_creation_takes_the_record_away_and_undo_brings_the_same_one(laptop: Laptop) -> None:
    given = {"name": "青柠电子（示例）", "tags": ["new"]}
    made = records.create(laptop.replica, "customer", given).value.id
    records.update(laptop.replica, "customer", made, {"phone": "222 222"})
    laptop.replica.catch_up()
    discarded = waiting.discard(laptop.replica, [("customer", made)]).value
    with pytest.raises(NotFound):
        records.get(laptop.replica, "customer", made)
    assert search.find(laptop.replica, "青柠") == ()
    with laptop.replica.read() as session:
        for model in (RowMeta, Shadow, SetDot, History, OutboxTxn):
            table = model.__table__
            rows = select(table) if "row_id" not in table.c else select(table).where(table.c.row_id == made)
            assert session.execute(rows).all() == []
    waiting.bring_back(laptop.replica, discarded)
    laptop.sync()
    assert laptop.office.row("customer", made)["phone"] == "222 222"
    assert_even(laptop)


def test_what_was_made_here_below_a_discarded_record_goes_along_and_nothing_else(laptop: Laptop) -> None:
    replica = laptop.replica
    other = known_customer(laptop)
    deal = records.create(replica, "deal", {"name": "Pumps", "customer_id": other}).value.id
    laptop.sync()
    made = records.create(replica, "customer", {"name": "New（示例）"}).value.id
    contact = records.create(replica, "contact", {"name": "Mei", "customer_id": made}).value.id
    records.update(replica, "deal", deal, {"customer_id": made, "name": "Pumps and pipes"})
    records.update(replica, "customer", other, {"phone": "222 222"})
    discarded = waiting.discard(replica, [("customer", made)]).value
    assert discarded.records == 3
    with pytest.raises(NotFound):
        records.get(replica, "contact", contact)
    shown = records.get(replica, "deal", deal)
    assert (shown["customer_id"], shown["name"]) == (other, "Pumps and pipes")
    laptop.sync()
    assert laptop.returned() == []
    assert_even(laptop)
    waiting.bring_back(replica, discarded)
    laptop.sync()
    assert laptop.returned() == []
    assert laptop.office.row("deal", deal)["customer_id"] == made


def test_edits_left_in_the_outbox_close_up_and_reach_hq(laptop: Laptop) -> None:
    replica = laptop.replica
    first, second = known_customer(laptop), known_customer(laptop)
    records.update(replica, "customer", first, {"phone": "222 222"})
    records.change_tags(replica, "customer", second, add=["asia", "food"])
    records.change_tags(replica, "customer", second, remove=["asia"])
    waiting.discard(replica, [("customer", first)])
    with replica.read() as session:
        numbers = session.scalars(select(OutboxOp.no).order_by(OutboxOp.no)).all()
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    records.update(replica, "customer", second, {"phone": "333 333"})
    laptop.sync()
    assert laptop.returned() == []
    assert laptop.office.row("customer", second)["tags"] == ["food", "vip"]
    assert_even(laptop)
    entries = records.history(replica, "customer", second)
    assert all(entry.sent for entry in entries if entry.origin == "here")


def test_an_edit_that_left_without_an_answer_is_not_discarded_silently(laptop: Laptop) -> None:
    replica = laptop.replica
    customer = known_customer(laptop)
    records.update(replica, "customer", customer, {"phone": "222 222"})
    assert laptop.try_sync(Cut.ANSWER) is None
    (record,) = waiting.waiting(replica).records
    assert record.sent
    with pytest.raises(UserError, match="HQ has not answered"):
        waiting.discard(replica, [("customer", customer)])
    assert records.get(replica, "customer", customer)["phone"] == "222 222"
    later = records.create(replica, "customer", {"name": "Later（示例）"}).value.id
    waiting.discard(replica, [("customer", later)])
    laptop.sync()
    assert laptop.returned() == []
    assert laptop.office.row("customer", customer)["phone"] == "222 222"
    assert later not in {row for _, row in laptop.projection()}


def test_an_edit_stays_discardable_where_the_line_was_dead(laptop: Laptop) -> None:
    customer = known_customer(laptop)
    records.update(laptop.replica, "customer", customer, {"phone": "222 222"})

    laptop.counter = DeadLine()
    assert laptop.try_sync(Cut.REQUEST) is None
    waiting.discard(laptop.replica, [("customer", customer)])
    assert records.get(laptop.replica, "customer", customer)["phone"] == "111 111"


def test_news_of_hq_that_came_meanwhile_show_once_the_edit_is_discarded(
    office: Office, laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = known_customer(laptop)
    office.now_ms += 1000
    office.hq.update("customer", customer, {"phone": "444 444"})
    carry = laptop.line.sync

    def edit_while_the_page_is_on_its_way(request: SyncRequest) -> SyncResponse:
        if request.txns:
            raise Unreachable("cut")
        response = carry(request)
        records.update(laptop.replica, "customer", customer, {"phone": "222 222"})
        return response

    monkeypatch.setattr(laptop.line, "sync", edit_while_the_page_is_on_its_way)
    laptop.counter = DeadLine()
    assert laptop.try_sync() is None
    assert records.get(laptop.replica, "customer", customer)["phone"] == "222 222"
    monkeypatch.setattr(laptop.line, "sync", carry)
    discarded = waiting.discard(laptop.replica, [("customer", customer)]).value
    assert records.get(laptop.replica, "customer", customer)["phone"] == "444 444"
    office.now_ms += 1000
    waiting.bring_back(laptop.replica, discarded)
    laptop.sync()
    assert office.row("customer", customer)["phone"] == "222 222"
    assert_even(laptop)


def test_a_deletion_taken_back_shows_the_record_again(laptop: Laptop) -> None:
    customer = known_customer(laptop)
    records.delete(laptop.replica, "customer", customer)
    discarded = waiting.discard(laptop.replica, [("customer", customer)]).value
    assert records.get(laptop.replica, "customer", customer).alive
    waiting.bring_back(laptop.replica, discarded)
    assert not records.get(laptop.replica, "customer", customer).alive
    laptop.sync()
    assert_even(laptop)


def test_a_quotes_total_follows_the_lines_that_are_left(laptop: Laptop) -> None:
    replica = laptop.replica
    customer = known_customer(laptop)
    quote = records.create(replica, "quote", {"customer_id": customer, "currency": "CNY"}).value.id
    line = {"quote_id": quote, "description": "Pump", "quantity": "1", "unit_price": 10_000}
    records.create(replica, "quote_line", line)
    laptop.sync()
    one = records.get(replica, "quote", quote)["total"]
    second = records.create(replica, "quote_line", {**line, "unit_price": 5_000}).value.id
    assert records.get(replica, "quote", quote)["total"] == one + 5_000
    discarded = waiting.discard(replica, [("quote_line", second)]).value
    assert records.get(replica, "quote", quote)["total"] == one
    waiting.bring_back(replica, discarded)
    assert records.get(replica, "quote", quote)["total"] == one + 5_000


def test_the_history_says_what_was_taken_back(laptop: Laptop) -> None:
    customer = known_customer(laptop)
    records.update(laptop.replica, "customer", customer, {"phone": "222 222"})
    waiting.discard(laptop.replica, [("customer", customer)])
    back, edit = records.history(laptop.replica, "customer", customer)[:2]
    assert (back.origin, back.field, back.old, back.new) == ("restored", "phone", "222 222", "111 111")
    assert (edit.origin, edit.new, edit.sent) == ("here", "222 222", None)


def test_what_waits_is_told_with_its_fields_and_size(laptop: Laptop) -> None:
    customer = known_customer(laptop)
    records.update(laptop.replica, "customer", customer, {"phone": "222 222", "notes": "长" * 1000})
    made = records.create(laptop.replica, "customer", {"name": "New（示例）"}).value.id
    known = waiting.waiting(laptop.replica)
    first, second = known.records
    assert (first.record_id, first.kind, set(first.labels)) == (customer, "changed", {"Phone", "Notes"})
    assert (second.record_id, second.kind, second.labels) == (made, "new", ())
    assert 3000 < first.size_bytes < 4000 or 6000 < first.size_bytes < 7000
    assert known.size_bytes == first.size_bytes + second.size_bytes
    assert known.count == 2
    assert not first.sent


def test_an_edit_that_was_answered_meanwhile_cannot_be_discarded(laptop: Laptop) -> None:
    customer = known_customer(laptop)
    with pytest.raises(NotFound):
        waiting.discard(laptop.replica, [("customer", customer)])


def test_a_refused_creation_leaves_nothing_behind(laptop: Laptop, office: Office) -> None:
    made = records.create(laptop.replica, "customer", {"name": "New（示例）", "tags": ["x"]}).value.id
    office.hq.write_all([make("customer", made, name="Other（示例）")])
    laptop.sync()
    assert (("customer", "", int(Code.ID_TAKEN))) in laptop.returned()
    with laptop.replica.read() as session:
        assert session.execute(select(SetDot).where(SetDot.row_id == made)).all() == []
