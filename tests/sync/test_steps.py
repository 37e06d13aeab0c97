"""Steps taken on laptops: shown at once, decided at HQ, handed back where somebody was first."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from crm_core.errors import UserError
from crm_core.sync.protocol import Code, OpKind
from crm_desktop.models.device_tables import OutboxOp, Shadow
from crm_desktop.services import deciding, quotes, records, returned_edits, tickets, waiting
from crm_desktop.services.deciding import Decision, Verdict
from tests.support.hq import Office
from tests.support.replicas import Cut, Laptop, Laptops, differences, settle_all
from tests.sync.test_beginning_anew import Saved


@pytest.fixture
def pair(office: Office, laptops: Laptops) -> tuple[Laptop, Laptop]:
    made = (
        laptops.make("lin", office.user("Lin", "admin")),
        laptops.make("wang", office.user("Wang", "admin")),
    )
    settle_all(list(made), 1)
    return made


def assert_even(*laptops: Laptop) -> None:
    assert [line for laptop in laptops for line in differences(laptop)] == []


def new_quote(laptop: Laptop) -> str:
    customer = records.create(laptop.replica, "customer", {"name": "纸鹤食品（示例）"}).value.id
    quote = quotes.create(laptop.replica, {"customer_id": customer, "currency": "CNY"}).value.id
    quotes.add_line(laptop.replica, quote, {"description": "Pump", "unit_price": 1000})
    return quote


def kinds(laptop: Laptop) -> list[int]:
    with laptop.replica.read() as session:
        return list(session.scalars(select(OutboxOp.kind).order_by(OutboxOp.no)))


def test_a_state_shows_at_once_and_travels_as_a_step(office: Office, pair: tuple[Laptop, Laptop]) -> None:
    lin, wang = pair
    ticket = tickets.create(lin.replica, {"subject": "Pump"}).value.id
    settle_all([lin, wang])
    tickets.set_status(lin.replica, ticket, "solved")
    shown = records.get(lin.replica, "ticket", ticket)
    assert (shown["status"], shown["closed_at"]) == ("solved", office.now_ms)
    assert kinds(lin) == [OpKind.COMMAND]
    lin.skew_ms = -5_000_000  # a wrong clock: HQ's reading is what counts
    tickets.reply(lin.replica, ticket, "Done")
    settle_all([lin, wang])
    assert_even(lin, wang)
    assert records.get(wang.replica, "ticket", ticket)["status"] == "solved"
    with lin.replica.read() as session:
        assert session.scalars(select(Shadow.field)).all() == []


def test_the_steps_a_ticket_took_are_written_down_alike_wherever_each_began(
    office: Office, pair: tuple[Laptop, Laptop]
) -> None:
    lin, wang = pair
    ticket = tickets.create(lin.replica, {"subject": "Pump"}).value.id
    settle_all([lin, wang])
    for state in ("open", "waiting", "open", "solved", "closed"):
        tickets.set_status(lin.replica, ticket, state)
        settle_all([lin, wang])
    took = [each[1:] for each in office.row("ticket", ticket)["steps"]]
    assert took == [
        ["new", "open"],
        ["open", "waiting"],
        ["waiting", "open"],
        ["open", "solved"],
        ["solved", "closed"],
    ]
    assert [each[1:] for each in records.get(lin.replica, "ticket", ticket)["steps"]] == took
    assert_even(lin, wang)


def test_who_comes_second_gets_his_step_back_with_hqs_state(pair: tuple[Laptop, Laptop]) -> None:
    lin, wang = pair
    quote = new_quote(lin)
    quotes.set_status(lin.replica, quote, "sent")
    settle_all([lin, wang])
    quotes.set_status(lin.replica, quote, "accepted")
    quotes.set_status(wang.replica, quote, "declined")
    assert records.get(wang.replica, "quote", quote)["status"] == "declined"
    settle_all([lin, wang])
    assert_even(lin, wang)
    assert records.get(wang.replica, "quote", quote)["status"] == "accepted"
    (back,) = returned_edits.returned(wang.replica)
    assert (back.field, back.mine, back.theirs, back.base) == ("status", "declined", "accepted", "sent")
    assert back.code is Code.ILLEGAL_STATE
    with pytest.raises(UserError, match="cannot take that step"):
        deciding.redo(wang.replica, back.id)
    deciding.decide(
        wang.replica, [(back.id, Decision(verdict=Verdict.OTHER, value="sent"))]
    )  # opened again, and then
    quotes.set_status(wang.replica, quote, "declined")
    settle_all([lin, wang])
    assert_even(lin, wang)
    assert records.get(lin.replica, "quote", quote)["status"] == "declined"
    assert returned_edits.returned(wang.replica) == ()


def test_steps_that_follow_from_one_another_stand_or_come_back_together(
    office: Office, pair: tuple[Laptop, Laptop]
) -> None:
    lin, wang = pair
    quote = new_quote(lin)
    settle_all([lin, wang])
    for state in ("sent", "accepted", "sent", "declined"):
        quotes.set_status(lin.replica, quote, state)
    assert lin.try_sync(Cut.ANSWER) is None
    settle_all([lin])
    assert office.row("quote", quote)["status"] == "declined"
    quotes.set_status(lin.replica, quote, "sent")
    settle_all([lin, wang])
    quotes.set_status(wang.replica, quote, "accepted")
    for state in ("declined", "sent", "expired"):
        quotes.set_status(lin.replica, quote, state)
    settle_all([wang, lin])
    assert_even(lin, wang)
    assert [code for _, _, code in lin.returned()] == [Code.ILLEGAL_STATE] * 3
    assert records.get(lin.replica, "quote", quote)["status"] == "accepted"


def test_who_took_a_step_that_had_been_taken_shows_what_that_one_wrote(
    office: Office, pair: tuple[Laptop, Laptop]
) -> None:
    lin, wang = pair
    ticket = tickets.create(lin.replica, {"subject": "Pump"}).value.id
    settle_all([lin, wang])
    tickets.set_status(lin.replica, ticket, "solved")
    office.now_ms += 60_000
    tickets.set_status(wang.replica, ticket, "solved")
    lin.sync()
    solved_at = office.row("ticket", ticket)["closed_at"]
    settle_all([wang, lin])
    assert wang.returned() == []
    assert records.get(wang.replica, "ticket", ticket)["closed_at"] == solved_at
    assert_even(lin, wang)


def test_a_step_that_waits_is_taken_back_and_taken_again(pair: tuple[Laptop, Laptop]) -> None:
    lin, _ = pair
    ticket = tickets.create(lin.replica, {"subject": "Pump"}).value.id
    settle_all([lin])
    tickets.set_status(lin.replica, ticket, "closed")
    taken = waiting.discard(lin.replica, [("ticket", ticket)]).value
    shown = records.get(lin.replica, "ticket", ticket)
    assert (shown["status"], shown.get("closed_at")) == ("new", None)
    assert lin.waiting() == 0
    waiting.bring_back(lin.replica, taken)
    assert kinds(lin) == [OpKind.COMMAND]
    settle_all([lin])
    assert_even(lin)
    assert records.get(lin.replica, "ticket", ticket)["status"] == "closed"


def test_a_state_no_step_leads_to_is_refused_where_it_is_set(pair: tuple[Laptop, Laptop]) -> None:
    lin, _ = pair
    quote = new_quote(lin)
    customer = records.get(lin.replica, "quote", quote)["customer_id"]
    empty = quotes.create(lin.replica, {"customer_id": customer, "currency": "CNY"})
    for quote_id, state, said in (
        (quote, "accepted", "cannot take that step"),
        (empty.value.id, "sent", "no lines"),
    ):
        with pytest.raises(UserError, match=said):
            records.update(lin.replica, "quote", quote_id, {"status": state})
    with pytest.raises(UserError, match="cannot take that step"):
        records.create(lin.replica, "quote", {"customer_id": customer, "status": "sent"})
    quotes.set_status(lin.replica, quote, "sent")
    quotes.set_status(lin.replica, quote, "accepted")
    with pytest.raises(UserError, match="cannot take that step"):
        records.update(lin.replica, "quote", quote, {"status": "draft"})


def test_terms_written_together_with_sending_are_taken_before_they_are_fixed(
    office: Office, pair: tuple[Laptop, Laptop]
) -> None:
    lin, _ = pair
    quote = new_quote(lin)
    settle_all([lin])
    records.update(lin.replica, "quote", quote, {"status": "sent", "terms": "30 days"})
    settle_all([lin])
    assert lin.returned() == []
    row = office.row("quote", quote)
    assert (row["status"], row["terms"]) == ("sent", "30 days")


def test_a_sent_quote_lost_with_a_backup_comes_again_with_its_lines_and_its_state(
    tmp_path: Path, office: Office, pair: tuple[Laptop, Laptop]
) -> None:
    lin, wang = pair
    ticket = tickets.create(lin.replica, {"subject": "Pump"}).value.id
    settle_all([lin, wang])
    saved = Saved(office, tmp_path)
    office.now_ms += 60_000
    quote = new_quote(lin)
    for state in ("sent", "accepted"):
        quotes.set_status(lin.replica, quote, state)
    tickets.set_status(lin.replica, ticket, "solved")
    settle_all([lin, wang])
    saved.go_back()
    settle_all([lin, wang])
    assert_even(lin, wang)
    assert lin.returned() == wang.returned() == []
    assert office.row("quote", quote)["status"] == "accepted"
    assert office.row("ticket", ticket)["status"] == "solved"
    assert office.row("quote", quote)["total"] == 1000
