"""Customers asked how satisfied they are: who, when, once; by real SMTP and a real page."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from crm_core.errors import CrmError
from crm_core.rules import surveys as rules
from crm_core.times import DAY_MS, HOUR_MS
from sync_server.jobs import surveys as chore
from sync_server.services import feedback, founding, keys, outside, survey_answers, survey_mails, surveys
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.hq import Hq
from sync_server.services.survey_answers import Given, key_of
from sync_server.services.visitors import AT_ONCE
from sync_server.settings import fresh_settings, read_settings
from tests.support.post_office import PostOffice, post_office
from tests.support.server import (
    ADMIN,
    ADMIN_PASSWORD,
    RunningServer,
    crm_server,
    initialised,
    running_server,
)

PUBLIC = "https://hq.example"
NUMBER = itertools.count(1)
CLOCK = [0]


def time_there() -> int:
    """Return the moment the tests have come to: HQ's clock does not go back."""
    return max(now_ms(), CLOCK[0])


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    """Give an SMTP server."""
    with post_office() as made:
        yield made


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Give the server of the pages, which believes what network address a request says it comes from."""
    folder = tmp_path_factory.mktemp("surveys")
    initialised(folder / "hq", company="Kontor", company_zh="康拓", trusted_proxies=("127.0.0.1",))
    with running_server(folder) as running:
        yield running


@pytest.fixture(scope="module")
def hq(served: RunningServer, office: PostOffice) -> Iterator[Headquarters]:
    """Give the same headquarters here, which sends mails."""
    settings = replace(
        read_settings(served.data),
        smtp_server=f"smtp://127.0.0.1:{office.port}",
        smtp_from="Kontor <hq@kontor.example>",
        public_url=PUBLIC,
    )
    made = open_headquarters(settings)
    yield replace(made, records=Hq(made.database, time_there))
    made.close()


class Browser:
    """Somebody who opens pages, from another address each time."""

    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, path: str, **how: Any) -> requests.Response:
        return requests.get(self._url + path, timeout=30, headers=self._from(), **how)

    def post(self, path: str, data: dict[str, str] | None = None) -> requests.Response:
        found = requests.post(
            self._url + path, data or {}, timeout=30, headers=self._from(), allow_redirects=False
        )
        return self.get(found.headers["Location"]) if found.status_code == 303 else found

    def _from(self) -> dict[str, str]:
        number = next(NUMBER)
        return {"X-Forwarded-For": f"192.0.{number // 250}.{number % 250 + 1}"}


@pytest.fixture(scope="module")
def browser(served: RunningServer) -> Browser:
    """Give a browser of this HQ's pages."""
    return Browser(served.url)


@pytest.fixture(autouse=True)
def one_survey(hq: Headquarters, office: PostOffice) -> Iterator[str]:
    """Give the one survey there is, as it is set up if nobody says more."""
    made = hq.records.create("survey", {"name": "Closed"})
    office.envelopes.clear()
    yield made
    hq.records.delete("survey", made)


def maya(hq: Headquarters) -> str:
    found = hq.records.find("user", "name", "maya")
    if found:
        return found[0][0]
    ((role, _),) = hq.records.find("role", "name", "service")
    return hq.records.create("user", {"name": "maya", "email": "maya@kontor.example", "role_id": role})


def ended_ticket(hq: Headquarters, **said: Any) -> str:
    """Return a ticket of a customer of its own, closed now."""
    number = next(NUMBER)
    customer = hq.records.create("customer", {"name": f"Heron {number}", **said.pop("customer", {})})
    contact = hq.records.create(
        "contact",
        {
            "customer_id": customer,
            "name": "Tom",
            "email": f"tom{number}@heron.example",
            **said.pop("contact", {}),
        },
    )
    values = {"subject": f"Leak {number}", "customer_id": customer, "contact_id": contact}
    ticket = hq.records.create("ticket", {**values, "assignee_id": maya(hq), **said})
    hq.records.update("ticket", ticket, {"status": "closed"})
    return ticket


def asked_about(hq: Headquarters, ticket: str) -> list[dict[str, Any]]:
    found = [{**row, "id": row_id} for row_id, row in hq.records.find("survey_answer", "ticket_id", ticket)]
    return sorted(found, key=lambda each: each["closed_at"])


def later(hq: Headquarters, hours: int = 3, days: int = 0) -> None:
    """Decide and send as if so much more time had passed."""
    moment = CLOCK[0] = time_there() + hours * HOUR_MS + days * DAY_MS
    surveys.decide(hq, moment)
    surveys.look_again(hq, moment)
    survey_mails.send_due(hq, moment)


def path_to(hq: Headquarters, ticket: str) -> str:
    return rules.PATH + rules.token_of(asked_about(hq, ticket)[-1]["id"], key_of(hq))


def tasks_about(hq: Headquarters, ticket: str) -> list[dict[str, Any]]:
    return [row for _, row in hq.records.find("activity", "about_id", ticket)]


def test_nobody_is_asked_where_nothing_can_be_sent_or_about_what_ended_before(
    hq: Headquarters, one_survey: str
) -> None:
    with_none = open_headquarters(replace(hq.settings, smtp_server=""))
    try:
        chore.decide(with_none)
        assert not survey_mails.can_send(with_none)
    finally:
        with_none.close()
    old = ended_ticket(hq)
    hq.records.delete("survey", one_survey)
    newer = hq.records.create("survey", {"name": "Newer"})
    later(hq)
    assert not asked_about(hq, old), "it had ended when the survey was made"
    hq.records.delete("survey", newer)
    hq.records.restore("survey", one_survey)


def test_the_end_of_a_ticket_is_asked_about_once_after_its_hours(
    hq: Headquarters, office: PostOffice
) -> None:
    ticket = ended_ticket(hq)
    later(hq, hours=1)
    assert not asked_about(hq, ticket), "two hours are to pass"
    for _ in range(3):
        later(hq)
    ((answer),) = asked_about(hq, ticket)
    assert (answer["status"], answer["reminders"]) == ("asked", 0)
    assert answer["assignee_id"] == maya(hq)
    (letter,) = office.letters
    plain = letter.get_body(("plain",))
    page = letter.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert letter["To"] == answer["address"]
    assert hq.records.get("ticket", ticket)["number"] in letter["Subject"]
    assert f"{PUBLIC}{path_to(hq, ticket)}?lang=en" in plain.get_content()
    assert re.findall(r"&amp;score=(\d)", page.get_content()) == ["1", "2", "3", "4", "5"]
    assert letter["List-Unsubscribe"] == f"<{PUBLIC}{path_to(hq, ticket)}/stop>"
    assert letter["Auto-Submitted"] == "auto-generated"


def test_looking_counts_nothing_and_one_answer_stands(hq: Headquarters, browser: Browser) -> None:
    ticket = ended_ticket(hq)
    later(hq)
    path = path_to(hq, ticket)
    for score in (1, 5, 99):
        shown = browser.get(f"{path}?lang=en&score={score}")
        assert shown.status_code == 200
        assert ("checked" in shown.text.partition("<form")[2]) == (score != 99)
    assert asked_about(hq, ticket)[0]["status"] == "asked", "a mail program that looks answers nothing"
    nothing = browser.post(path, data={"words": "no score"})
    assert (nothing.status_code, "Choose one of these" in nothing.text) == (422, True)
    taken = browser.post(path, data={"score": "5", "words": " \0Quick & <b>k\x1bind</b> "})
    assert "Thank you!" in taken.text
    again = browser.post(path, data={"score": "1"})
    assert again.status_code == 409
    assert "Quick &amp; &lt;b&gt;kind&lt;/b&gt;" in browser.get(path).text, "what was answered is shown"
    (answer,) = asked_about(hq, ticket)
    kept = {name: answer[name] for name in ("status", "score", "percent", "words", "counted", "language")}
    assert kept == {
        "status": "answered",
        "score": 5,
        "percent": 100,
        "words": "Quick & <b>kind</b>",
        "counted": True,
        "language": "en",
    }
    assert hq.records.get("ticket", ticket)["satisfaction"] == 100
    assert not tasks_about(hq, ticket)


def test_links_that_lead_nowhere_are_one_page(hq: Headquarters, browser: Browser) -> None:
    ticket = ended_ticket(hq)
    later(hq)
    good = path_to(hq, ticket)
    forged = [
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        rules.PATH + rules.token_of("f" * 32, key_of(hq)),
        rules.PATH + rules.token_of(asked_about(hq, ticket)[0]["id"], b"another HQ's key"),
        rules.PATH + "x",
        rules.PATH + "é" * 64,
        good + "=",
    ]
    said = {browser.get(f"{path}?lang=en").text for path in forged}
    assert len(said) == 1
    assert "This link leads nowhere" in said.pop()
    assert {browser.post(path, data={"score": "5"}).status_code for path in forged} == {404}
    assert {browser.post(f"{path}/stop").status_code for path in forged} == {404}


def test_a_bad_score_makes_one_task_and_can_open_the_ticket_again(
    hq: Headquarters, browser: Browser, one_survey: str
) -> None:
    hq.records.update("survey", one_survey, {"reopens": True})
    ticket = ended_ticket(hq)
    later(hq)
    browser.post(path_to(hq, ticket), data={"score": "2", "words": "Still leaks\nevery day"})
    browser.post(path_to(hq, ticket), data={"score": "1"})
    (task,) = tasks_about(hq, ticket)
    assert task["owner_id"] == maya(hq)
    assert task["subject"].endswith("2 of 5. Still leaks every day")
    row = hq.records.get("ticket", ticket)
    assert (row["status"], row["closed_at"], row["satisfaction"]) == ("open", None, 25)
    assert row["steps"][-1][1:] == ["closed", "open"]


def test_the_head_of_the_team_follows_up_where_that_is_set(
    hq: Headquarters, browser: Browser, one_survey: str
) -> None:
    founder = hq.records.founder_id()
    team = hq.records.create("team", {"name": "Service", "manager_id": founder})
    hq.records.update("user", maya(hq), {"team_id": team})
    hq.records.update("survey", one_survey, {"bad_to": "manager"})
    ticket = ended_ticket(hq)
    later(hq)
    browser.post(path_to(hq, ticket), data={"score": "1"})
    assert [each["owner_id"] for each in tasks_about(hq, ticket)] == [founder]
    assert hq.records.get("ticket", ticket)["status"] == "closed"


def test_a_ticket_that_goes_on_is_asked_about_no_more_and_anew_at_its_next_end(
    hq: Headquarters, browser: Browser, one_survey: str
) -> None:
    hq.records.update("survey", one_survey, {"quiet_days": 0})
    ticket = ended_ticket(hq)
    later(hq)
    first = path_to(hq, ticket)
    hq.records.update("ticket", ticket, {"status": "open"})
    assert "not open any more" in browser.get(f"{first}?lang=en").text
    assert browser.post(first, data={"score": "5"}).status_code == 409
    later(hq)
    assert [each["status"] for each in asked_about(hq, ticket)] == ["stopped"]
    hq.records.update("ticket", ticket, {"status": "closed"})
    later(hq)
    browser.post(path_to(hq, ticket), data={"score": "3"})
    assert [(each["status"], each["counted"]) for each in asked_about(hq, ticket)] == [
        ("stopped", False),
        ("answered", True),
    ]


def test_of_several_answers_about_one_ticket_the_newest_counts(
    hq: Headquarters, browser: Browser, one_survey: str
) -> None:
    hq.records.update("survey", one_survey, {"quiet_days": 0})
    ticket = ended_ticket(hq)
    later(hq)
    browser.post(path_to(hq, ticket), data={"score": "1"})
    hq.records.update("ticket", ticket, {"status": "open"})
    hq.records.update("ticket", ticket, {"status": "closed"})
    later(hq)
    browser.post(path_to(hq, ticket), data={"score": "5"})
    assert [(each["score"], each["counted"]) for each in asked_about(hq, ticket)] == [(1, False), (5, True)]
    assert hq.records.get("ticket", ticket)["satisfaction"] == 100


def test_answers_of_tickets_that_are_merged_count_once_and_each_again_when_they_are_taken_apart(
    hq: Headquarters, browser: Browser
) -> None:
    kept, other = ended_ticket(hq), ended_ticket(hq)
    later(hq)
    browser.post(path_to(hq, kept), data={"score": "2"})
    later(hq)
    hq.records.create("tag", {"name": "An hour passes"})
    browser.post(path_to(hq, other), data={"score": "4"})
    hq.records.update("ticket", other, {"merged_into_id": kept})
    hq.records.delete("ticket", other)
    surveys.look_again(hq, time_there())
    assert sorted((each["score"], each["counted"]) for each in asked_about(hq, kept)) == [
        (2, False),
        (4, True),
    ]
    assert hq.records.get("ticket", kept)["satisfaction"] == 75
    hq.records.restore("ticket", other)
    surveys.look_again(hq, time_there())
    for ticket, score in ((kept, 2), (other, 4)):
        assert [(each["score"], each["counted"]) for each in asked_about(hq, ticket)] == [(score, True)]
    assert hq.records.get("ticket", kept)["satisfaction"] == 25


def test_who_was_asked_lately_or_wants_no_questions_is_left_in_peace(
    hq: Headquarters, browser: Browser, office: PostOffice
) -> None:
    asked = ended_ticket(hq)
    row = hq.records.get("ticket", asked)
    later(hq)
    again = ended_ticket(hq, customer_id=row["customer_id"], contact_id=row["contact_id"])
    unwanted = [
        ended_ticket(hq, no_survey=True),
        ended_ticket(hq, contact={"no_surveys": True}),
        ended_ticket(hq, customer={"no_surveys": True}),
        ended_ticket(hq, contact={"email": None}),
    ]
    later(hq)
    assert not [each for ticket in (again, *unwanted) for each in asked_about(hq, ticket)]
    stopped = browser.post(f"{path_to(hq, asked)}/stop?lang=en")
    assert "We will not ask you again" in stopped.text
    assert "Do not ask me again" not in stopped.text
    assert hq.records.get("contact", row["contact_id"])["no_surveys"] is True
    assert [(each["status"], each["refused"]) for each in asked_about(hq, asked)] == [("stopped", True)]
    next_one = ended_ticket(hq, customer_id=row["customer_id"], contact_id=row["contact_id"])
    later(hq, days=40)
    assert not asked_about(hq, next_one)


def test_a_stranger_who_wants_no_questions_is_asked_none_though_no_contact_says_so(
    hq: Headquarters, browser: Browser, one_survey: str
) -> None:
    hq.records.update("survey", one_survey, {"quiet_days": 0})
    stranger = {"customer_id": None, "contact_id": None, "from_address": "Kim@else.example"}
    first = ended_ticket(hq, **stranger)
    later(hq)
    browser.post(f"{path_to(hq, first)}/stop")
    second = ended_ticket(hq, **stranger)
    later(hq)
    assert not asked_about(hq, second)


def test_reminders_stop_at_their_number_at_an_answer_and_at_the_end_of_the_link(
    hq: Headquarters, browser: Browser, office: PostOffice, one_survey: str
) -> None:
    hq.records.update("survey", one_survey, {"remind_days": 2, "remind_most": 2, "lives_days": 20})
    silent, answering = ended_ticket(hq), ended_ticket(hq)
    later(hq)
    browser.post(path_to(hq, answering), data={"score": "4"})
    for days in (1, 2, 0, 2, 1, 3, 3):
        later(hq, hours=0, days=days)
    ((row),) = asked_about(hq, silent)
    assert row["reminders"] == 2
    sent = [letter for letter in office.letters if letter["To"] == row["address"]]
    assert len({letter["Message-ID"] for letter in sent}) == len(sent) == 3
    assert "We asked you a few days ago" in str(sent[1].get_body(("plain",)))
    assert not [each for each in office.letters[2:] if each["To"] != row["address"]]
    later(hq, days=9)
    assert asked_about(hq, silent)[0]["status"] == "expired"
    (kept,) = asked_about(hq, silent)
    assert rules.standing(kept, hq.records.get("ticket", silent), time_there()) is rules.Standing.EXPIRED


def test_a_mail_that_was_begun_when_hq_was_killed_is_not_sent_again(
    hq: Headquarters, office: PostOffice
) -> None:
    ticket = ended_ticket(hq)
    moment = CLOCK[0] = time_there() + 3 * HOUR_MS
    surveys.decide(hq, moment)
    child = os.fork()
    if not child:  # another process of HQ, which ends between handing over and noting it
        survey_mails._note_sent = lambda *_: os._exit(9)
        survey_mails.send_due(open_headquarters(hq.settings), moment)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 9
    assert len(office.letters) == 1
    assert asked_about(hq, ticket)[0]["status"] == "waits"
    assert survey_mails.send_due(hq, moment)["asked"] == 1
    assert len(office.letters) == 1
    assert asked_about(hq, ticket)[0]["status"] == "asked"


def test_mails_wait_for_a_server_that_is_busy_and_stop_at_one_that_refuses(
    hq: Headquarters, office: PostOffice
) -> None:
    ticket, other = ended_ticket(hq), ended_ticket(hq)
    refused = hq.records.get("contact", hq.records.get("ticket", other)["contact_id"])["email"]
    office.answer, office.refused = "451 later", frozenset((refused,))
    try:
        later(hq)
        assert asked_about(hq, ticket)[0]["status"] == "waits"
        assert asked_about(hq, other)[0]["status"] == "undelivered"
    finally:
        office.answer, office.refused = "250 taken", frozenset()
    later(hq, hours=0)
    assert asked_about(hq, ticket)[0]["status"] == "waits", "not before its time"
    later(hq, hours=1)
    assert asked_about(hq, ticket)[0]["status"] == "asked"


def test_further_questions_are_asked_and_kept_in_the_language_of_the_page(
    hq: Headquarters, browser: Browser, one_survey: str
) -> None:
    asked = [
        {
            "kind": "choice",
            "en": "How fast?",
            "zh": "速度如何？",
            "options": [["Slow", "慢"], ["Fast", "快"]],
        },
        {"kind": "text", "en": "What else?", "zh": ""},
    ]
    hq.records.update("survey", one_survey, {"questions": asked, "scale": "points", "bad_at": 6})
    ticket = ended_ticket(hq, contact={"language": "zh"})
    later(hq)
    path = path_to(hq, ticket)
    page = browser.get(path).text
    assert [text in page for text in ("速度如何？", "What else?", "我们做得如何？")] == [True] * 3
    assert browser.post(path, data={"score": "11"}).status_code == 422
    wrong = browser.post(path, data={"score": "9", "q0": "7", "words": "x" * 2001})
    assert wrong.status_code == 422
    assert wrong.text.count('class="wrong"') == 2
    browser.post(path, data={"score": "9", "q0": "1", "q1": "x"})
    (row,) = asked_about(hq, ticket)
    assert row["answers"] == [["速度如何？", "快"], ["What else?", "x"]]
    assert (row["percent"], row["scale"], row["language"]) == (90, "points", "zh")


def test_a_laptop_can_neither_make_nor_change_nor_delete_an_answer(
    hq: Headquarters, browser: Browser
) -> None:
    ticket = ended_ticket(hq)
    later(hq)
    browser.post(path_to(hq, ticket), data={"score": "1"})
    (row,) = asked_about(hq, ticket)
    with pytest.raises(CrmError):
        hq.records.update("survey_answer", row["id"], {"score": 5}, maya(hq))
    with pytest.raises(CrmError):
        hq.records.delete("survey_answer", row["id"], maya(hq))
    with pytest.raises(CrmError):
        hq.records.create("survey_answer", {"ticket_id": ticket, "score": 5}, maya(hq))
    assert asked_about(hq, ticket) == [row]


def test_one_address_may_send_only_so_much(hq: Headquarters, served: RunningServer) -> None:
    ticket = ended_ticket(hq)
    later(hq)
    url = f"{served.url}{path_to(hq, ticket)}/stop?lang=en"
    answers = [
        requests.post(url, timeout=30, allow_redirects=False, headers={"X-Forwarded-For": "198.51.100.7"})
        for _ in range(AT_ONCE + 1)
    ]
    assert [each.status_code for each in answers] == [303] * AT_ONCE + [429]
    assert "Too many requests" in answers[-1].text


def test_a_key_reads_answers_by_its_scope_and_writes_none(hq: Headquarters, served: RunningServer) -> None:
    ticket = ended_ticket(hq)
    later(hq)
    (row,) = asked_about(hq, ticket)

    def asks(scope: str, method: str, **how: Any) -> requests.Response:
        secret = keys.add(hq, f"{scope} {method}", [scope], {"role": "admin"})["key"]
        url = f"{served.url}/v1/records/survey_answer/{row['id']}"
        return requests.request(method, url, timeout=30, headers={"Authorization": f"Bearer {secret}"}, **how)

    read = asks("survey_answer:read", "GET")
    assert (read.status_code, read.json()["status"]) == (200, "asked")
    assert asks("ticket:read", "GET").status_code in (403, 404)
    assert asks("survey_answer:write", "PATCH", json={"score": 5}).status_code >= 400
    assert asked_about(hq, ticket) == [row]


def test_the_command_asks_at_once(hq: Headquarters, served: RunningServer, office: PostOffice) -> None:
    refused = served.command("mail", "surveys")
    assert (refused.status, "public_url" in refused.err) == (1, True)
    environment = {
        "CRM_SERVER_SMTP_SERVER": hq.settings.smtp_server,
        "CRM_SERVER_SMTP_FROM": "hq@kontor.example",
        "CRM_SERVER_PUBLIC_URL": PUBLIC,
    }
    told = crm_server(served.data, "--json", "mail", "surveys", environment=environment)
    assert told.status == 0, told.err
    assert set(told.json()) == {"looked_at", "ended", "asked", "reminded", "failed", "waiting"}


@pytest.mark.postgres
def test_postgresql_asks_reminds_ends_and_counts_alike(
    fresh_postgres: str, tmp_path: Path, office: PostOffice
) -> None:
    settings = fresh_settings(
        tmp_path / "hq",
        database=fresh_postgres,
        smtp_server=f"smtp://127.0.0.1:{office.port}",
        smtp_from="hq@kontor.example",
        public_url=PUBLIC,
    )
    founding.found(settings, ADMIN, ADMIN_PASSWORD)
    made = open_headquarters(settings)
    there = replace(made, records=Hq(made.database, time_there))
    try:
        there.records.create("survey", {"name": "Closed", "remind_days": 30, "lives_days": 60})
        ticket, other = ended_ticket(there, kind="complaint"), ended_ticket(there)
        later(there)
        later(there, days=31)
        (row,) = asked_about(there, ticket)
        assert (row["status"], row["reminders"]) == ("asked", 1)
        found = survey_answers.find(there, path_to(there, ticket).rpartition("/")[2], time_there())
        assert found is not None
        assert survey_answers.take(there, found, Given(score=1, words="Late"), time_there())
        there.records.update("ticket", other, {"status": "open"})
        later(there)
        assert [asked_about(there, each)[0]["status"] for each in (ticket, other)] == ["answered", "stopped"]
        there.records.create("feedback_rule", {"name": "At once", "days": 90, "tickets": 1})
        assert feedback.mark_customers(there.database, time_there()).marks == 1
        # What this engine cannot hold leads nowhere, and breaks nothing.
        assert there.records.find("capture_form", "token", "a\0b") == []
        with there.database.read() as snapshot:
            assert outside.record_of(snapshot.connection, "", "ticket", "a\0b") is None
    finally:
        made.close()
