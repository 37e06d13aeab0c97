"""Deadlines and answers of tickets at HQ: counted, kept once broken, held where two answer one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crm_core.ids import named_id
from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS, HOUR_MS, MINUTE_MS
from sync_server.services import promises
from sync_server.services.escalating import Escalated, escalate
from tests.support.hq import Laptop, Office

NIGHT_AND_DAY = [[[0, 1440]]] * 7


class Desk:
    """Two people who answer tickets, and what customers are promised."""

    def __init__(self, office: Office) -> None:
        self.office = office
        calendar = {"name": "Night", "time_zone": "Asia/Shanghai", "hours": NIGHT_AND_DAY, "standard": True}
        office.hq.create("work_calendar", calendar)
        promised = {"reply": 60, "next": 120, "solve": 600}
        self.policy = office.hq.create(
            "sla_policy", {"name": "All", "rank": 9, "promised": {"normal": promised}}
        )
        self.maya, self.chen = (office.laptop(office.user(name, "service")) for name in ("Maya", "Chen"))
        self.customer = office.hq.create("customer", {"name": "Acme", "level": "A"})
        self.meet()

    def meet(self) -> None:
        for laptop in (self.maya, self.chen, self.maya):
            laptop.sync()

    def ticket(self, laptop: Laptop, **values: Any) -> str:
        made = laptop.create(
            "ticket", {"subject": "Leak", "customer_id": self.customer, "priority": "normal", **values}
        )
        laptop.sync()
        return made

    def answer(self, laptop: Laptop, ticket: str, **values: Any) -> str:
        said = {"ticket_id": ticket, "body": "Hello", "author_id": laptop.user_id, **values}
        return laptop.create("ticket_message", said)

    def row(self, ticket: str) -> dict[str, Any]:
        return self.office.row("ticket", ticket)

    def message(self, record_id: str) -> dict[str, Any]:
        return self.office.row("ticket_message", record_id)

    def go_by(self, minutes: int) -> None:
        self.office.now_ms += minutes * MINUTE_MS


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    office = Office(tmp_path_factory.mktemp("desk") / "hq")
    yield Desk(office)
    office.close()


def test_a_ticket_is_due_by_its_service_level_and_laptops_hear_of_it(desk: Desk) -> None:
    opened = desk.office.now_ms
    ticket = desk.ticket(desk.maya)
    desk.meet()
    for row in (desk.row(ticket), desk.chen.shown("ticket", ticket) or {}):
        assert row["policy_id"] == desk.policy
        assert row["due_at"] == row["reply_due_at"]
        assert row["solve_due_at"] - row["reply_due_at"] == 540 * MINUTE_MS
        assert abs(row["reply_due_at"] - opened - HOUR_MS) < MINUTE_MS
    assert desk.row(desk.ticket(desk.maya, priority="low"))["due_at"] is None, "nothing is promised"


def test_the_first_level_that_fits_decides_also_by_what_a_laptop_cannot_know(desk: Desk) -> None:
    rule = {"all": [{"field": "customer_level", "op": "=", "kind": "one", "value": "A"}]}
    gold = {"name": "Gold", "rank": 1, "promised": {"normal": {"reply": 5}}, "rules": rule}
    policy = desk.office.hq.create("sla_policy", gold)
    ticket = desk.ticket(desk.maya)
    assert desk.row(ticket)["policy_id"] == policy
    assert desk.row(ticket)["solve_due_at"] is None
    other = desk.office.hq.create("customer", {"name": "Beta", "level": "C"})
    assert desk.row(desk.ticket(desk.maya, customer_id=other))["policy_id"] == desk.policy


def test_an_answer_counts_when_hq_has_it_and_one_by_phone_when_it_was_given(desk: Desk) -> None:
    ticket, called = desk.ticket(desk.maya), desk.ticket(desk.maya)
    written = desk.office.now_ms
    answer = desk.answer(desk.maya, ticket, written_at=written)
    desk.answer(desk.maya, called, written_at=written, channel="phone")
    desk.go_by(90)
    desk.maya.sync()
    assert desk.message(answer)["status"] == "sent"
    assert desk.row(ticket)["replied_at"] == desk.message(answer)["sent_at"] >= written + 90 * MINUTE_MS
    assert desk.row(called)["replied_at"] == written
    assert desk.row(ticket)["reply_failed_at"] is not None, "it came too late"
    assert desk.row(called)["reply_failed_at"] is None


def test_a_broken_promise_stays_broken_whatever_is_promised_later(desk: Desk) -> None:
    ticket = desk.ticket(desk.maya)
    due = desk.row(ticket)["reply_due_at"]
    desk.go_by(61)
    desk.answer(desk.maya, ticket)
    desk.maya.sync()
    assert desk.row(ticket)["reply_failed_at"] == due
    desk.office.hq.update("sla_policy", desk.policy, {"promised": {"normal": {"reply": 6000}}})
    desk.maya.set("ticket", ticket, "kind", "praise")
    desk.maya.sync()
    assert desk.row(ticket)["reply_failed_at"] == due


def test_the_clock_stands_still_while_the_customer_is_waited_for(desk: Desk) -> None:
    ticket = desk.ticket(desk.maya)
    due = desk.row(ticket)["solve_due_at"]
    desk.go_by(30)
    desk.office.hq.update("ticket", ticket, {"status": "waiting"})
    assert desk.row(ticket)["due_at"] is None
    assert desk.row(ticket)["solve_due_at"] is None
    desk.go_by(24 * 60)
    desk.office.hq.update("ticket", ticket, {"status": "open"})
    assert abs(desk.row(ticket)["solve_due_at"] - due - DAY_MS) < MINUTE_MS
    assert [step[1:] for step in desk.row(ticket)["steps"]] == [["new", "waiting"], ["waiting", "open"]]


def test_open_tickets_follow_a_changed_service_level_calendar_and_customer_once(desk: Desk) -> None:
    office, hq = desk.office, desk.office.hq
    kept, open_one = desk.ticket(desk.maya), desk.ticket(desk.maya)
    desk.go_by(30)
    desk.answer(desk.maya, kept)
    desk.maya.set("ticket", kept, "status", "solved")
    desk.maya.sync()
    promises.follow_rules(office.database, office.now_ms)
    hq.update("sla_policy", desk.policy, {"promised": {"normal": {"reply": 10, "solve": 20}}})
    assert desk.row(open_one)["solve_failed_at"] is None
    assert promises.follow_rules(office.database, office.now_ms) == 1, "what ended is judged no more"
    assert promises.follow_rules(office.database, office.now_ms) == 0
    opened = desk.row(open_one)["created_at"]
    assert desk.row(open_one)["solve_failed_at"] == opened + 20 * MINUTE_MS
    desk.maya.set("ticket", kept, "kind", "praise")
    desk.answer(desk.maya, kept, internal=True)
    desk.maya.sync()
    failed = [desk.row(kept)[f"{name}_failed_at"] for name in ("reply", "next", "solve")]
    assert failed == [None, None, None], "it was kept by what was promised then"

    later = desk.ticket(desk.maya)
    calendar = hq.find("work_calendar", "standard", True)[0][0]
    hq.update("work_calendar", calendar, {"hours": [[[0, 5]]] * 7})
    assert promises.follow_rules(office.database, office.now_ms) == 2
    assert desk.row(later)["reply_due_at"] > office.now_ms + 12 * HOUR_MS
    rule = {"all": [{"field": "customer_level", "op": "=", "kind": "one", "value": "A"}]}
    hq.update("sla_policy", desk.policy, {"rules": rule})
    promises.follow_rules(office.database, office.now_ms)
    assert desk.row(later)["policy_id"] == desk.policy
    hq.update("customer", desk.customer, {"level": "C"})
    assert (desk.row(later)["policy_id"], desk.row(later)["due_at"]) == (None, None)


def test_of_two_answers_the_second_is_held_and_its_writer_decides(desk: Desk) -> None:
    ticket = desk.ticket(desk.maya)
    desk.meet()
    first, second = desk.answer(desk.maya, ticket), desk.answer(desk.chen, ticket)
    third = desk.answer(desk.chen, ticket, body="And another thing")
    desk.meet()
    assert [desk.message(each)["status"] for each in (first, second, third)] == ["sent", "held", "held"]
    tasks = [
        row for row in desk.office.projection(desk.chen.user_id).values() if row.get("about_id") == ticket
    ]
    assert {row["owner_id"] for row in tasks} == {desk.chen.user_id}
    desk.chen.set("ticket_message", second, "status", "sent")
    desk.chen.set("ticket_message", third, "status", "dropped")
    desk.chen.sync()
    assert [desk.message(each)["status"] for each in (second, third)] == ["sent", "dropped"]
    assert desk.message(second)["sent_at"] is not None


def test_who_saw_the_first_answer_or_says_it_by_phone_is_not_held(desk: Desk) -> None:
    ticket = desk.ticket(desk.maya)
    first = desk.answer(desk.maya, ticket)
    desk.meet()
    knowing = desk.answer(desk.chen, ticket, answers_seen=[first])
    spoken = desk.answer(desk.chen, desk.ticket(desk.maya), channel="phone")
    note = desk.answer(desk.chen, ticket, internal=True)
    desk.meet()
    assert [desk.message(each)["status"] for each in (knowing, spoken)] == ["sent", "sent"]
    assert desk.message(note)["sent_at"] is None


def test_nobody_says_himself_that_an_answer_was_sent(desk: Desk) -> None:
    ticket = desk.ticket(desk.maya)
    desk.meet()
    first, second = desk.answer(desk.maya, ticket), desk.answer(desk.chen, ticket, sent_at=5)
    desk.meet()
    assert desk.message(first)["sent_at"] != 5
    assert second not in {key[1] for key in desk.office.projection(desk.maya.user_id)}


def test_what_was_said_and_when_a_ticket_ended_is_not_made_otherwise_by_hand(desk: Desk) -> None:
    hq, ticket = desk.office.hq, desk.ticket(desk.maya)
    said = {"ticket_id": ticket, "body": "It leaks", "from_customer": True, "written_at": desk.office.now_ms}
    mail = hq.create("ticket_message", said)
    note = desk.answer(desk.maya, ticket, internal=True)
    spoken = desk.answer(desk.maya, ticket, channel="phone", written_at=1)
    desk.maya.set("ticket", ticket, "status", "solved")
    desk.meet()
    solved = desk.row(ticket)["closed_at"]
    assert desk.row(ticket)["replied_at"] == desk.row(ticket)["created_at"], "not before it was opened"
    answer = desk.answer(desk.chen, ticket, answers_seen=[spoken])
    desk.meet()
    numbers = [desk.maya.delete("ticket_message", each) for each in (mail, answer, note)]
    numbers.append(desk.chen.delete("ticket_message", answer))
    desk.maya.set("ticket", ticket, "closed_at", 1)
    desk.meet()
    codes = [desk.maya.code(each) for each in numbers[:3]] + [desk.chen.code(numbers[3])]
    assert codes == [Code.ILLEGAL_STATE, Code.ILLEGAL_STATE, Code.APPLIED, Code.ILLEGAL_STATE]
    assert desk.row(ticket)["closed_at"] == solved
    assert desk.maya.replica == desk.office.projection(desk.maya.user_id)


class Hall(Desk):
    """The desk with a head of the team, and levels of escalation."""

    def __init__(self, office: Office) -> None:
        super().__init__(office)
        self.head = office.user("Head", "service")
        team = office.hq.create("team", {"name": "Service", "manager_id": self.head})
        office.hq.update("user", self.maya.user_id, {"team_id": team})
        levels = [
            {"after": 0, "to": "assignee"},
            {"after": 30, "to": "manager"},
            {"after": 60, "to": "flag"},
            {"after": 60, "to": "reassign", "user": self.chen.user_id},
        ]
        office.hq.update("sla_policy", self.policy, {"escalations": levels, "warn_minutes": 20})

    def escalate(self) -> tuple[int, int]:
        done = escalate(self.office.database, self.office.now_ms)
        assert escalate(self.office.database, self.office.now_ms) == Escalated(), "each once"
        return done.warned, done.levels

    def tasks(self, user_id: str, ticket: str) -> list[str]:
        return [
            row["subject"]
            for row in self.office.projection(user_id).values()
            if row.get("about_id") == ticket and row.get("owner_id") == user_id
        ]


@pytest.fixture
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    office = Office(tmp_path_factory.mktemp("hall") / "hq")
    yield Hall(office)
    office.close()


def test_deadlines_are_warned_of_and_escalated_level_by_level(hall: Hall) -> None:
    ticket = hall.ticket(hall.maya, assignee_id=hall.maya.user_id)
    assert hall.escalate() == (0, 0)
    hall.go_by(41)
    assert hall.escalate() == (1, 0)
    assert len(hall.tasks(hall.maya.user_id, ticket)) == 1
    hall.go_by(20)
    assert hall.escalate() == (0, 1)
    assert hall.row(ticket)["reply_failed_at"] == hall.row(ticket)["reply_due_at"]
    hall.go_by(30)
    assert hall.escalate() == (0, 1)
    assert len(hall.tasks(hall.head, ticket)) == 1
    hall.go_by(30)
    assert hall.escalate() == (0, 2)
    row = hall.row(ticket)
    assert (row["escalated"], row["flagged"], row["assignee_id"]) == (4, True, hall.chen.user_id)
    hall.meet()
    assert (hall.chen.shown("ticket", ticket) or {})["escalated"] == 4


def test_a_deadline_that_moved_is_told_of_anew_and_one_met_is_not(hall: Hall) -> None:
    ticket, answered = (hall.ticket(hall.maya, assignee_id=hall.maya.user_id) for _ in "12")
    hall.answer(hall.maya, answered)
    hall.maya.sync()
    hall.go_by(61)
    assert hall.escalate() == (0, 1)
    hall.office.hq.update("ticket", ticket, {"status": "waiting"})
    hall.go_by(10)
    hall.office.hq.update("ticket", ticket, {"status": "open"})
    assert hall.row(ticket)["reply_failed_at"] is not None
    hall.answer(hall.maya, ticket)
    hall.maya.sync()
    hall.go_by(525)
    assert hall.escalate()[0] == 2, "both are to be solved soon"


def test_a_late_ticket_is_given_to_who_stands_in_and_to_nobody_who_works_on_none(hall: Hall) -> None:
    hq = hall.office.hq
    away = {"owner_id": hall.chen.user_id, "begins_at": hall.office.now_ms, "tickets": "stay"}
    absence = hq.create("absence", {**away, "ends_at": hall.office.now_ms + DAY_MS, "stand_in_id": hall.head})
    late, later = (hall.ticket(hall.maya, assignee_id=hall.maya.user_id) for _ in "12")
    hall.answer(hall.maya, later)
    hall.maya.sync()
    hall.go_by(121)
    assert hall.escalate()[1] == 4
    assert hall.row(late)["assignee_id"] == hall.head
    hq.delete("absence", absence)
    hq.update("user", hall.chen.user_id, {"role_id": named_id("role", "finance")})
    hall.go_by(600)
    hall.escalate()
    row = hall.row(later)
    assert (row["escalated"], row["assignee_id"]) == (4, hall.maya.user_id)
