"""Who answers a ticket just now: who may say so, who is told, and how soon it is forgotten."""

from __future__ import annotations

from sync_server.services.answering import LIFE_S, Answering
from sync_server.services.auth import DeviceSession
from tests.support.hq import Office


def test_marks_are_told_to_who_sees_the_ticket_and_forgotten_within_a_minute(office: Office) -> None:
    ann, li = (office.user(name, "service") for name in ("Ann", "Li（示例）"))
    reader, stranger = office.user("Rui", "auditor"), office.user("Sol", "sales")
    of_ann, of_li, of_reader, of_stranger = (
        DeviceSession(office.laptop(each).device, each) for each in (ann, li, reader, stranger)
    )
    ticket = office.hq.create("ticket", {"subject": "Leaks", "assignee_id": ann})
    now = [100.0]
    desk = Answering(office.database, lambda: now[0])
    assert desk.tell(of_li, ticket, writes=True) == ()
    assert desk.tell(of_ann, ticket, writes=False) == (li,)
    now[0] += 1
    assert desk.tell(of_ann, ticket, writes=True) == (li,)
    assert desk.tell(of_reader, ticket, writes=True) == (ann, li), "the latest first"
    assert desk.tell(of_ann, ticket, writes=True) == (li,), "who may not answer makes no mark"
    assert desk.tell(of_li, ticket, writes=False) == (ann,)
    # Of a ticket out of sight nothing is said, and nothing is noted.
    assert desk.tell(of_stranger, ticket, writes=True) == ()
    assert desk.tell(of_stranger, "0" * 32, writes=True) == ()
    assert desk.tell(of_ann, ticket, writes=True) == ()
    now[0] += LIFE_S
    assert desk.tell(of_li, ticket, writes=False) == ()
    assert not desk._marks
