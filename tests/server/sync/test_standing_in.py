"""Who is away and who is asked: tickets go to stand-ins; who is asked sees the ticket meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crm_core.entities import SCHEMAS
from crm_core.sync.protocol import Code, OpKind
from crm_core.times import DAY_MS, MINUTE_MS
from sync_server.services.standing_in import StoodIn, follow
from tests.support.hq import Laptop, Office

NIGHT_AND_DAY = [[[0, 1440]]] * 7


class Desk:
    """Maya and Chen of service, Sam who sells, and a promise of one hour."""

    def __init__(self, office: Office) -> None:
        self.office = office
        calendar = {"name": "Night", "time_zone": "Asia/Shanghai", "hours": NIGHT_AND_DAY, "standard": True}
        office.hq.create("work_calendar", calendar)
        office.hq.create("sla_policy", {"name": "All", "promised": {"normal": {"reply": 60}}})
        self.maya, self.chen = (office.laptop(office.user(name, "service")) for name in ("Maya", "Chen"))
        self.sam = office.laptop(office.user("Sam", "sales"))
        self.customer = office.hq.create("customer", {"name": "Acme"})
        self.meet()

    def meet(self) -> None:
        for laptop in (self.maya, self.chen, self.sam, self.maya):
            laptop.sync()

    def ticket(self, **values: Any) -> str:
        made = self.maya.create(
            "ticket",
            {"subject": "Leak", "customer_id": self.customer, "assignee_id": self.maya.user_id, **values},
        )
        self.maya.sync()
        return made

    def away(self, tickets: str | None, days: int = 1, stand_in: Laptop | None = None) -> str:
        now = self.office.now_ms
        values = {"owner_id": self.maya.user_id, "stand_in_id": (stand_in or self.chen).user_id}
        span = {"begins_at": now, "ends_at": now + days * DAY_MS, "tickets": tickets}
        return self.office.hq.create("absence", {**values, **span})

    def follow(self) -> StoodIn:
        self.office.now_ms += MINUTE_MS
        done = follow(self.office.database, self.office.now_ms)
        assert follow(self.office.database, self.office.now_ms) == StoodIn(), "each once"
        return done

    def tasks(self, laptop: Laptop) -> list[str]:
        seen = self.office.projection(laptop.user_id).values()
        return [
            row["subject"]
            for row in seen
            if row.get("kind") == "task" and row.get("owner_id") == laptop.user_id
        ]

    def step(self, laptop: Laptop, question: str, name: str, answer: str = "") -> int:
        fields = SCHEMAS["ticket_question"].fields
        given = [[fields["answer"].no], [answer]] if answer else [[], []]
        value = [name, "open", given]
        return laptop.do(OpKind.COMMAND, "ticket_question", question, fields["status"].no, value)

    def ask(self, ticket: str, whom: Laptop) -> str:
        values = {"ticket_id": ticket, "asked_id": whom.user_id, "question": "Did they pay?"}
        made = self.maya.create("ticket_question", values)
        self.maya.sync()
        whom.sync()
        return made


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    office = Office(tmp_path_factory.mktemp("desk") / "hq")
    yield Desk(office)
    office.close()


def test_tickets_due_before_the_end_are_handed_to_who_stands_in(desk: Desk) -> None:
    due, later = desk.ticket(), desk.ticket(priority="low")
    desk.away("hand")
    assert desk.follow() == StoodIn(handed=1)
    row = desk.office.row("ticket", due)
    assert (row["assignee_id"], row["assigned_why"]) == (desk.chen.user_id, "Stands in for Maya")
    assert desk.office.row("ticket", later)["assignee_id"] == desk.maya.user_id, "nothing is promised"
    assert any("is yours while Maya is away" in each for each in desk.tasks(desk.chen))


def test_tickets_are_offered_where_the_absence_says_no_more_and_stay_where_it_says_so(desk: Desk) -> None:
    ticket = desk.ticket()
    absence = desk.away("stay")
    assert desk.follow() == StoodIn()
    desk.office.hq.update("absence", absence, {"tickets": None})
    assert desk.follow() == StoodIn(offered=1)
    assert desk.office.row("ticket", ticket)["assignee_id"] == desk.maya.user_id
    assert any("due while Maya is away" in each for each in desk.tasks(desk.chen))
    again = desk.ticket()
    assert desk.follow() == StoodIn(offered=1), "one that came meanwhile"
    assert desk.office.row("ticket", again)["told"]


def test_nothing_is_handed_before_or_after_an_absence_or_to_who_works_on_no_tickets(desk: Desk) -> None:
    desk.ticket()
    absence = desk.away("hand", stand_in=desk.office.laptop(desk.office.user("Fin", "finance")))
    assert desk.follow() == StoodIn()
    desk.office.hq.update("absence", absence, {"stand_in_id": desk.chen.user_id})
    desk.office.now_ms += 2 * DAY_MS
    assert desk.follow() == StoodIn()


def test_a_colleague_sees_the_ticket_for_as_long_as_he_is_asked(desk: Desk) -> None:
    ticket = desk.ticket()
    desk.sam.sync()
    assert desk.sam.shown("ticket", ticket) is None
    question = desk.ask(ticket, desk.sam)
    assert desk.sam.shown("ticket", ticket) is not None
    assert desk.office.row("ticket", ticket)["shown_to"] == [desk.sam.user_id]
    assert any("Maya asks you about ticket" in each for each in desk.tasks(desk.sam))
    desk.sam.set("ticket", ticket, "subject", "Mine now")
    desk.sam.sync()
    assert desk.office.row("ticket", ticket)["subject"] == "Leak", "he reads it, no more"
    desk.step(desk.sam, question, "answer", "Yes, in May")
    desk.sam.sync()
    desk.meet()
    row = desk.office.row("ticket_question", question)
    assert (row["status"], row["answer"]) == ("answered", "Yes, in May")
    assert row["answered_at"] is not None
    assert desk.sam.shown("ticket", ticket) is None
    assert not desk.office.row("ticket", ticket)["shown_to"]
    assert any("Sam answered about ticket" in each for each in desk.tasks(desk.maya))
    assert (desk.chen.shown("ticket_question", question) or {})["answer"] == "Yes, in May"


def test_two_questions_show_a_ticket_until_both_ended_and_what_is_shown_otherwise_stays(desk: Desk) -> None:
    ticket = desk.ticket()
    first, second = desk.ask(ticket, desk.sam), desk.ask(ticket, desk.sam)
    desk.step(desk.maya, first, "withdraw")
    desk.maya.sync()
    assert desk.office.row("ticket", ticket)["shown_to"] == [desk.sam.user_id]
    desk.office.hq.update("ticket", ticket, {"shown_to": [desk.sam.user_id, desk.chen.user_id]})
    desk.maya.delete("ticket_question", second)
    desk.maya.sync()
    assert desk.chen.user_id in desk.office.row("ticket", ticket)["shown_to"]


def test_nobody_answers_for_another_who_may_not_change_the_ticket(desk: Desk) -> None:
    ticket = desk.ticket()
    other = desk.office.laptop(desk.office.user("Other", "sales"))
    question = desk.ask(ticket, desk.sam)
    other.sync()
    tried = desk.step(other, question, "answer", "No")
    other.sync()
    assert other.code(tried) is Code.FORBIDDEN_ROW
    empty = desk.step(desk.sam, question, "answer")
    desk.sam.sync()
    assert desk.sam.code(empty) is not Code.APPLIED, "an answer says something"
    assert desk.office.row("ticket_question", question)["status"] != "answered"
