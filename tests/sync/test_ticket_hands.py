"""Two laptops and HQ: tickets given out, taken by two at once, colleagues asked, people away."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from crm_core.errors import AccessDenied, NotFound, UserError
from crm_core.rules import segments
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.segments import AllOf
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_core.schema.field import Plain
from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from crm_desktop.services import absences, lists, questions, records, ticket_hands, tickets
from crm_desktop.services.ticket_hands import Held
from crm_desktop.services.tickets import Queue
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all


class Desk:
    """Two of one service team, and a seller who sees his own alone."""

    def __init__(self, office: Office, laptops: Laptops) -> None:
        self.office = office
        self.team = office.hq.create("team", {"name": "Service"})
        self.other = office.hq.create("team", {"name": "Field"})
        self.lin, self.he, self.wu = (
            laptops.make(name, office.user(name.title(), role, team_id=team))
            for name, role, team in (
                ("lin", "service", self.team),
                ("he", "service", self.team),
                ("wu", "sales", self.other),
            )
        )
        self.customer = office.hq.create("customer", {"name": "Acme"})
        settle_all(self.all, 1)

    @property
    def all(self) -> list[Laptop]:
        return [self.lin, self.he, self.wu]

    def ticket(self, **values: Any) -> str:
        given = {"subject": "Leak", "customer_id": self.customer, "assignee_id": None, **values}
        return tickets.create(self.lin.replica, given, "It leaks").value.id

    def holder(self, laptop: Laptop, ticket: str) -> Any:
        return tickets.view(laptop.replica, ticket).ticket.get("assignee_id")


@pytest.fixture
def desk(office: Office, laptops: Laptops) -> Desk:
    return Desk(office, laptops)


def test_a_ticket_made_here_awaits_hq_and_comes_back_with_whom_and_why(desk: Desk) -> None:
    people = [[desk.he.user_id, 1]]
    rule = {"name": "All", "way": "named", "people": people, "applies_to": "ticket"}
    desk.office.hq.create("assignment_rule", rule)
    ticket = desk.ticket()
    assert tickets.view(desk.lin.replica, ticket).awaits_rules
    settle_all(desk.all)
    view = tickets.view(desk.lin.replica, ticket)
    assert (view.assignee_name, view.awaits_rules) == ("He", False)
    assert view.ticket.get("assigned_why") == "Rule “All”: named"
    assert [row.id for row in tickets.queue(desk.he.replica, Queue.MINE)] == [ticket]
    changed = {entry.field for entry in records.history(desk.lin.replica, "ticket", ticket)}
    assert {"assignee_id", "assigned_why"} <= changed
    assert [line for laptop in desk.all for line in differences(laptop)] == []


def test_of_two_who_take_the_next_one_the_first_at_hq_has_it_and_the_other_hears_who(desk: Desk) -> None:
    urgent = desk.ticket(team_id=desk.team, priority="urgent")
    rest = desk.ticket(team_id=desk.team)
    elsewhere = desk.ticket(team_id=desk.other, priority="urgent")
    settle_all(desk.all)
    assert [(each.name, each.waiting) for each in ticket_hands.team_queues(desk.he.replica)] == [
        ("Service", 2)
    ]
    taken = [ticket_hands.take_next(laptop.replica).value.id for laptop in (desk.lin, desk.he)]
    assert taken == [urgent, urgent], "neither knows of the other"
    settle_all([desk.lin, desk.he, desk.wu])
    assert {desk.holder(laptop, urgent) for laptop in (desk.lin, desk.he)} == {desk.lin.user_id}
    assert desk.he.returned() == [("ticket", "14", int(Code.ILLEGAL_STATE))]
    assert ticket_hands.take_next(desk.he.replica).value.id == rest
    with pytest.raises(NotFound):
        ticket_hands.take_next(desk.he.replica, desk.team)
    assert ticket_hands.take_next(desk.he.replica, desk.other).value.id == elsewhere
    ticket_hands.give_back(desk.he.replica, elsewhere)
    settle_all([desk.lin, desk.he, desk.wu])
    assert desk.holder(desk.lin, elsewhere) is None
    rows = tickets.queue(desk.lin.replica, Queue.UNASSIGNED, team_id=desk.other)
    assert [row.id for row in rows] == [elsewhere]
    assert [line for laptop in desk.all for line in differences(laptop)] == []


def test_people_are_chosen_by_what_they_have_to_do_and_whether_they_are_here(desk: Desk) -> None:
    ticket = desk.ticket(assignee_id=desk.he.user_id)
    now = desk.office.now_ms
    away: dict[str, Plain] = {"stand_in_id": desk.lin.user_id, "begins_at": now - 1, "ends_at": now + DAY_MS}
    absences.begin(desk.he.replica, away)
    settle_all(desk.all)
    hands = {each.name: each for each in ticket_hands.hands(desk.lin.replica)}
    assert list(hands)[-1] == "He", "who is here comes first"
    assert (hands["He"].open_tickets, hands["Lin"].open_tickets) == (1, 0)
    assert hands["He"].away is not None
    assert hands["He"].away.stand_in == "Lin"
    (option,) = lists.options(desk.lin.replica, "user", "He")
    assert option.away == hands["He"].away
    ticket_hands.hand(desk.lin.replica, ticket, Held(assignee_id=None, team_id=desk.team))
    settle_all(desk.all)
    view = tickets.view(desk.he.replica, ticket)
    assert (view.assignee_name, view.team_name) == ("", "Service")
    absences.come_back(desk.he.replica)
    assert absences.away_now(desk.he.replica) == {}
    with pytest.raises(NotFound):
        absences.come_back(desk.he.replica)
    with pytest.raises(AccessDenied):
        absences.begin(
            desk.he.replica, {**away, "owner_id": desk.lin.user_id, "stand_in_id": desk.wu.user_id}
        )


def test_a_colleague_answers_in_the_ticket_and_sees_it_meanwhile(desk: Desk) -> None:
    ticket = desk.ticket(assignee_id=desk.lin.user_id)
    settle_all(desk.all)
    with pytest.raises(UserError, match="Write something"):
        questions.ask(desk.lin.replica, ticket, desk.wu.user_id, " ")
    with pytest.raises(UserError, match="somebody else"):
        questions.ask(desk.lin.replica, ticket, desk.lin.user_id, "Me?")
    money = desk.office.user("Fin", "finance")
    settle_all(desk.all)
    with pytest.raises(UserError, match="answers no questions"):
        questions.ask(desk.lin.replica, ticket, money, "Paid?")
    question = questions.ask(desk.lin.replica, ticket, desk.wu.user_id, "Did they pay?").value.id
    settle_all(desk.all)
    view = tickets.view(desk.wu.replica, ticket)
    assert view.mine is not None
    assert (view.mine.asker, view.mine.question, view.may_edit) == ("Lin", "Did they pay?", False)
    (row,) = tickets.queue(desk.lin.replica, Queue.MINE)
    assert row.waits_for == "Wu"
    questions.answer(desk.wu.replica, view.mine.id, "Yes, in May")
    settle_all(desk.all)
    with pytest.raises(NotFound):
        tickets.view(desk.wu.replica, ticket)
    seen = tickets.view(desk.lin.replica, ticket)
    assert [(m.author, m.asks, m.is_answer) for m in seen.messages[1:]] == [
        ("Lin", "Wu", False),
        ("Wu", "", True),
    ]
    assert seen.messages[-1].body == "Yes, in May"
    assert seen.waits_for == ""
    with pytest.raises(UserError, match="come to its end"):
        questions.withdraw(desk.lin.replica, question)
    again = questions.ask(desk.lin.replica, ticket, desk.wu.user_id, "Sure?").value.id
    questions.withdraw(desk.lin.replica, again)
    assert len(tickets.view(desk.lin.replica, ticket).messages) == len(seen.messages)
    settle_all(desk.all)
    assert [line for laptop in desk.all for line in differences(laptop)] == []


def test_who_does_not_see_the_customer_keeps_the_service_level_hq_chose_by_him(
    office: Office, laptops: Laptops
) -> None:
    rights = deepcopy(STANDARD_ROLES["service"][1])
    rights["reach"]["customer"] = {}
    role = office.hq.create("role", {"name": "blind", "rights": rights})
    user = office.hq.create("user", {"name": "Eve", "role_id": role})
    eve = laptops.make("eve", user)
    big = office.hq.create("customer", {"name": "Big", "level": "A"})
    by_level = segments.plain_rule(AllOf((Condition(field="customer_level", op=Op.EQUAL, value="A"),)))
    gold, usual = (
        office.hq.create("sla_policy", {"name": name, "rank": rank, "rules": rule, "promised": promised})
        for name, rank, rule, promised in (
            ("Gold", 1, by_level, {"normal": {"solve": 60}, "urgent": {"solve": 30}}),
            ("Usual", 2, None, {"normal": {"solve": 600}, "urgent": {"solve": 300}}),
        )
    )
    ticket = office.hq.create("ticket", {"subject": "Leak", "customer_id": big, "assignee_id": eve.user_id})
    settle_all([eve], 2)
    before = records.get(eve.replica, "ticket", ticket)
    assert before["policy_id"] == gold
    records.update(eve.replica, "ticket", ticket, {"priority": "urgent"})
    here = records.get(eve.replica, "ticket", ticket)
    assert here["policy_id"] == gold != usual
    assert here["solve_due_at"] < before["solve_due_at"]
    settle_all([eve], 2)
    assert list(differences(eve)) == []
