"""What a laptop made by hand says of messages and tickets: whose they are, when, and what they were."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm_core.sync.protocol import Code
from tests.support.hq import Laptop, Office

FAR = 253_403_300_799_999
"""A moment of the year 10000."""


class Desk:
    """Sam and Ann answer tickets; one of Sam's was answered by him, with a note among colleagues."""

    def __init__(self, office: Office) -> None:
        self.office = office
        promised = {"name": "All", "promised": {"normal": {"reply": 60, "next": 60, "solve": 480}}}
        office.hq.create("sla_policy", promised)
        self.sam, self.ann = (office.laptop(office.user(name, "service")) for name in ("Sam", "Ann"))
        self.sam.sync()
        self.ticket = self.sam.create("ticket", {"subject": "Pump", "assignee_id": self.sam.user_id})
        self.answer = self.said(self.sam, body="Soon")
        self.note = self.said(self.sam, body="He never pays", internal=True)
        self.sam.sync()
        self.ann.sync()

    def said(self, laptop: Laptop, **values: object) -> str:
        given = {"ticket_id": self.ticket, "body": "x", "author_id": laptop.user_id}
        return laptop.create("ticket_message", {**given, **values})

    def code(self, laptop: Laptop, number: int | None = None) -> Code:
        number = laptop.last_op if number is None else number
        laptop.sync()
        return laptop.code(number)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    office = Office(tmp_path_factory.mktemp("messages") / "hq")
    yield Desk(office)
    office.close()


def test_a_note_stays_a_note_and_an_answer_what_the_customer_was_sent(desk: Desk) -> None:
    for laptop, message, field, value in (
        (desk.sam, desk.note, "internal", False),
        (desk.ann, desk.note, "body", "He always pays"),
        (desk.sam, desk.answer, "body", "Never"),
        (desk.sam, desk.answer, "author_id", desk.ann.user_id),
        (desk.sam, desk.answer, "from_customer", True),
    ):
        number = laptop.set("ticket_message", message, field, value)
        assert desk.code(laptop, number) is Code.ILLEGAL_STATE, field
    number = desk.sam.set("ticket_message", desk.note, "body", "He pays late")
    assert desk.code(desk.sam, number) is Code.APPLIED


def test_nobody_writes_in_the_name_of_another(desk: Desk) -> None:
    message = desk.said(desk.ann, body="As Sam", author_id=desk.sam.user_id)
    assert desk.code(desk.ann) is Code.APPLIED
    assert desk.office.row("ticket_message", message)["author_id"] == desk.ann.user_id
    desk.ann.sync()
    assert desk.ann.shown("ticket_message", message)["author_id"] == desk.ann.user_id  # type: ignore[index]


def test_moments_no_calendar_reaches_stop_nobody(desk: Desk) -> None:
    desk.said(desk.sam, from_customer=True, author_id=None, written_at=FAR)
    assert desk.code(desk.sam) is Code.INVALID
    later = desk.said(desk.sam, from_customer=True, author_id=None, written_at=200_000_000_000_000)
    assert desk.code(desk.sam) is Code.APPLIED
    row = desk.office.row("ticket", desk.ticket)
    assert row["next_due_at"] < desk.office.now_ms + 14 * 86_400_000  # asked when it was written down
    assert desk.office.row("ticket_message", later)["written_at"] == 200_000_000_000_000


def test_no_step_was_taken_before_a_ticket_was_made(desk: Desk) -> None:
    values = {"subject": "Paused", "assignee_id": desk.sam.user_id, "steps": [[FAR, "new", "waiting"]]}
    desk.sam.create("ticket", values)
    assert desk.code(desk.sam) is Code.INVALID


def test_no_ticket_is_part_of_itself_by_way_of_another(desk: Desk) -> None:
    upper = desk.sam.create("ticket", {"subject": "Upper", "assignee_id": desk.sam.user_id})
    given = {"subject": "Lower", "assignee_id": desk.sam.user_id, "parent_id": upper}
    lower = desk.sam.create("ticket", given)
    number = desk.sam.set("ticket", upper, "parent_id", lower)
    assert desk.code(desk.sam, number) is Code.INVALID
    assert desk.office.row("ticket", upper)["parent_id"] is None
