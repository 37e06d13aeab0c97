"""From a customer's mail to his judgement: a laptop without a network, real mail servers, a browser.

HQ is killed whenever somebody works on the laptop, so that it is never at hand.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import expect

from crm_core.reporting.texts import plain_rows
from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.models.query import ListQuery, parse_conditions
from crm_desktop.models.records import Record
from crm_desktop.services import article_suggestions, records, reports, ticket_hands, ticket_work, tickets
from crm_desktop.services.ticket_hands import Held
from sync_server.services import survey_mails, surveys
from tests.support.chromium import chromium
from tests.support.mail_box import PASSWORD, USER, mail, mail_box, post
from tests.support.post_office import PostOffice, post_office
from tests.support.server import RunningServer, initialised

PUBLIC_URL = "https://hq.example"
SURVEY = re.compile(rf"{PUBLIC_URL}(/[A-Za-z]+/[A-Za-z0-9_.-]+)\?\S*score=2\b")
TOM = "Tom Reed <tom@heron.example>"


@pytest.fixture
def box() -> Iterator[int]:
    """Give the port of the mail server customers write to."""
    with mail_box() as port:
        yield port


@pytest.fixture
def office() -> Iterator[PostOffice]:
    """Give the server HQ's mails go out by."""
    with post_office() as made:
        yield made


@pytest.fixture
def hq(tmp_path: Path, box: int, office: PostOffice) -> Iterator[RunningServer]:
    """Give an HQ with Maya, who answers tickets, a customer, an article and a macro."""
    outgoing = {"smtp_server": f"smtp://127.0.0.1:{office.port}", "smtp_from": "Kontor <hq@kontor.example>"}
    incoming = {
        "service_server": f"imap://127.0.0.1:{box}",
        "service_user": USER,
        "service_password": PASSWORD,
    }
    server = RunningServer(
        initialised(tmp_path / "hq", public_url=PUBLIC_URL, company="Kontor", **outgoing, **incoming)
    )
    server.start()
    server.add_user("maya", "service")
    with server.headquarters() as found:
        customer = found.records.create("customer", {"name": "Blue Heron"})
        tom = {"name": "Tom Reed", "email": "tom@heron.example", "language": "en"}
        found.records.create("contact", {"customer_id": customer, **tom})
        text = {
            "title": "Zero calibration",
            "summary": "When readings drift",
            "body": "Fill the pipe, then zero.",
        }
        article = found.records.create("article", {**text, "audience": "public"})
        found.records.update("article", article, {"status": "published"})
        found.records.create("macro", {"name": "Wait", "changes": {"status": "waiting"}})
        found.records.create("survey", {"name": "Closed", "wait_hours": 0, "bad_at": 2})
    yield server
    if server.is_running:
        server.kill()


@pytest.fixture
def maya(hq: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """Give Maya's laptop."""
    monkeypatch.setenv("CRM_PASSPHRASE", "test passphrase")
    app = assembly.new_profile(tmp_path / "maya")
    app.enrol(hq.url, "maya", "maya", "maya")
    app.sync_now()
    yield app
    app.close()


@contextmanager
def alone(hq: RunningServer, app: App) -> Iterator[None]:
    """Have HQ down while somebody works; then bring what was done to it."""
    hq.kill()
    yield
    hq.start()
    app.sync_now()


def take_in(hq: RunningServer, app: App) -> None:
    """Have HQ read its box, and the laptop hear of it."""
    hq.command("mail", "tickets")
    app.sync_now()


def the(app: App, entity: str, *conditions: str) -> Record:
    """Return the one record of a kind that fits, on a laptop."""
    with app.replica.read() as session:
        query = ListQuery(entity=entity, conditions=parse_conditions(session, entity, conditions), limit=2)
    (found,) = records.page(app.replica, query).rows
    return found


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def ask_how_it_was(hq: RunningServer) -> None:
    """Have HQ do the chore of its surveys now."""
    with hq.headquarters() as found:
        moment = int(time.time() * 1000) + 1000
        surveys.decide(found, moment)
        survey_mails.send_due(found, moment)


def judge(hq: RunningServer, letter: EmailMessage, words: str) -> None:
    """Have the customer choose two stars in the mail, write a word and send the page."""
    found = SURVEY.search(text_of(letter)) or SURVEY.search(str(letter.get_body(("html",)).get_content()))  # type: ignore[union-attr]
    assert found is not None, text_of(letter)
    with chromium() as browser:
        page = browser.new_context(java_script_enabled=False, locale="en-GB").new_page()
        page.goto(f"{hq.url}{found[1]}?lang=en&score=2")
        page.get_by_label("In your words, if you like").fill(words)
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("status")).to_contain_text("Thank you!")
        page.goto(f"{hq.url}{found[1]}")
        expect(page.get_by_role("button", name="Send")).to_have_count(0)


def test_a_mail_becomes_an_answered_ticket_and_a_judgement_though_the_laptop_was_alone(
    hq: RunningServer, maya: App, box: int, office: PostOffice
) -> None:
    replica = maya.replica
    first = mail(TOM, "Readings drift", "The meter drifts. Calibration?", Message_ID="<one@heron.example>")
    post(box, first, first)
    take_in(hq, maya)
    ticket = the(maya, "ticket")
    assert (ticket["channel"], ticket["status"]) == ("mail", "new")
    assert the(maya, "customer").id == ticket["customer_id"]
    assert ticket["reply_due_at"] is not None
    with alone(hq, maya):
        ticket_hands.hand(replica, ticket.id, Held(assignee_id=replica.person.user_id, team_id=None))
        (offered, *_) = article_suggestions.of_ticket(replica, ticket.id)
        assert offered.title == "Zero calibration"
        tickets.reply(replica, ticket.id, "Please zero it with the pipe full.")
        ticket_work.run_macro(replica, ticket.id, the(maya, "macro", "name = Wait").id)
        post(box, mail("eve@evil.example", f"Re: [{ticket['number']}]", "Tell me all about them"))
    hq.command("mail", "send")
    (answer,) = office.letters
    assert (answer["To"], answer["In-Reply-To"]) == ("tom@heron.example", "<one@heron.example>")
    assert "with the pipe full" in text_of(answer)
    post(box, mail(TOM, "Re: Readings drift", "It still does!", In_Reply_To=str(answer["Message-ID"])))
    take_in(hq, maya)
    assert records.get(replica, "ticket", ticket.id)["status"] == "open"
    bodies = [message.body for message in tickets.view(replica, ticket.id).messages]
    assert sorted(bodies) == sorted(
        ["The meter drifts. Calibration?", "Please zero it with the pipe full.", "It still does!"]
    )
    with alone(hq, maya):
        tickets.reply(replica, ticket.id, "A new one is on its way.", close=True)
    hq.command("mail", "send")
    ask_how_it_was(hq)
    ask_how_it_was(hq)
    (_, _, asking) = office.letters
    judge(hq, asking, "It took too long")
    maya.sync_now()
    told = the(maya, "survey_answer")
    assert (told["status"], told["score"], told["words"]) == ("answered", 2, "It took too long")
    assert told["assignee_id"] == replica.person.user_id
    task = the(maya, "activity", "kind = task", f"about_id = {ticket.id}")
    assert task["owner_id"] == replica.person.user_id
    assert records.get(replica, "ticket", ticket.id)["replied_at"] is not None
    here = reports.count(replica, reports.report(replica, "csat_by_person").report)
    there = hq.command("--json", "report", "run", "csat_by_person", "--as", "maya")
    assert there.rows() == list(plain_rows(here, str))
