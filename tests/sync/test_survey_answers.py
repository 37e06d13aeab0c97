"""Answers of customers on laptops: asked about what was closed offline, seen by whoever sees the ticket."""

from __future__ import annotations

from dataclasses import replace

from crm_core.entities import SCHEMAS
from crm_core.rules import surveys as rules
from crm_core.times import HOUR_MS
from crm_desktop.services import records, tickets, timeline
from crm_desktop.services.timeline import ItemKind
from sync_server.services import survey_answers, survey_mails, surveys
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.survey_answers import Given
from tests.support.hq import Office
from tests.support.post_office import post_office
from tests.support.replicas import Laptops, differences, settle_all


def answer(hq: Headquarters, answer_id: str, score: int, words: str, at_ms: int) -> None:
    """Answer as somebody who has the link."""
    token = rules.token_of(answer_id, survey_answers.key_of(hq))
    found = survey_answers.find(hq, token, at_ms)
    assert found is not None
    assert survey_answers.take(hq, found, Given(score=score, words=words), at_ms)


def test_what_was_closed_offline_is_asked_about_and_the_answer_comes_to_who_sees_the_ticket(
    office: Office, laptops: Laptops
) -> None:
    lin, wu, he, fei = (
        laptops.make(name, office.user(name.title(), role))
        for name, role in (("lin", "service"), ("wu", "sales"), ("he", "sales"), ("fei", "finance"))
    )
    office.hq.create("survey", {"name": "Closed"})
    settle_all([lin, wu, he, fei], 1)
    customer = records.create(wu.replica, "customer", {"name": "Heron"}).value.id
    given = {"customer_id": customer, "name": "Tom", "email": "tom@heron.example"}
    contact = records.create(wu.replica, "contact", given).value.id
    settle_all([wu, lin, he, fei], 1)
    ticket = tickets.create(
        lin.replica, {"subject": "Leak", "customer_id": customer, "contact_id": contact}, "It leaks"
    ).value.id
    tickets.set_status(lin.replica, ticket, "closed")
    later = office.clock() + 3 * HOUR_MS
    with post_office() as post:
        settings = replace(
            office.settings,
            smtp_server=f"smtp://127.0.0.1:{post.port}",
            smtp_from="hq@kontor.example",
            public_url="https://hq.example",
        )
        hq = open_headquarters(settings)
        try:
            assert surveys.decide(hq, later).asked == 0, "HQ has not heard of it"
            lin.sync()
            assert surveys.decide(hq, later).asked == 1
            assert survey_mails.send_due(hq, later)["asked"] == 1
            assert [letter["To"] for letter in post.letters] == ["tom@heron.example"]
            ((answer_id, _),) = office.hq.find("survey_answer", "ticket_id", ticket)
            answer(hq, answer_id, 2, "Still leaks", later)
        finally:
            hq.close()
    settle_all([lin, wu, he, fei])
    for laptop in (lin, wu):
        (shown,) = tickets.view(laptop.replica, ticket).answers
        assert (shown.score, shown.most, shown.words, shown.counted) == (2, 5, "Still leaks", True)
    (entry,) = timeline.timeline(wu.replica, customer, [ItemKind.SURVEY]).items
    assert (entry.entity, entry.record_id, entry.score, entry.body) == (
        "ticket",
        ticket,
        (2, 5),
        "Still leaks",
    )
    number = SCHEMAS["survey_answer"].no
    seen = [(number, answer_id) in laptop.projection() for laptop in (lin, wu, he, fei)]
    assert seen == [True, True, False, False]
    tasks = [row for _, row in office.hq.find("activity", "about_id", ticket)]
    assert [row["owner_id"] for row in tasks] == [lin.user_id]
    assert [line for laptop in (lin, wu, he, fei) for line in differences(laptop)] == []
