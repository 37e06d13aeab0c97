"""Leads from outside: the page as a browser gets it, its guards, the interface, and to whom leads go."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from crm_core.ids import named_id
from crm_core.rules import capture as rules
from crm_core.times import HOUR_MS
from sync_server import cli
from sync_server.jobs.leads import give_out
from sync_server.services import founding, lead_setup, people
from sync_server.services.assigning import assign
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.visitors import AT_ONCE, SITE_AT_ONCE, VisitorGuard
from sync_server.settings import fresh_settings, read_settings
from tests.support.server import ADMIN, ADMIN_PASSWORD, RunningServer

ANN = {"name": "Ann <b>Moss</b>", "email": "ann@heron.example", "needs": "Three pumps"}


@pytest.fixture(scope="module")
def hq(server: RunningServer) -> Iterator[Headquarters]:
    """Give the headquarters the server serves, beside it."""
    beside = open_headquarters(read_settings(server.data, {}))
    yield beside
    beside.close()


@pytest.fixture(scope="module")
def form(hq: Headquarters) -> dict[str, Any]:
    """Give a form that asks for consent."""
    given = {
        "campaign": "Fair",
        "consent": "You may <call> me.",
        "consent_zh": "同意联系。",
        "needed": "needs",
    }
    return lead_setup.add_form(hq, "Site", given)


def page(server: RunningServer, form: dict[str, Any], **how: Any) -> requests.Response:
    return requests.get(server.url + form["path"], timeout=30, **how)


def send(server: RunningServer, form: dict[str, Any], answers: dict[str, str], age_ms: int = 10_000) -> Any:
    """Send the page as somebody who had it before him for a while."""
    secret = bytes.fromhex(read_settings(server.data, {}).secret)
    token = form["path"].rpartition("/")[2]
    shown = rules.stamp(secret, token, time.time_ns() // 1_000_000 - age_ms)
    body = {"shown": shown, **answers}
    return requests.post(server.url + form["path"], data=body, timeout=30, allow_redirects=False)


def leads_of(hq: Headquarters, email: str) -> list[dict[str, Any]]:
    return [values for _, values in hq.records.find("lead", "email", email)]


def test_who_signs_up_for_an_event_is_a_lead_that_came_by_it(server: RunningServer, hq: Headquarters) -> None:
    given = {"source": "exhibition", "campaign": "Open day in May", "heading": "See the new pumps"}
    event = lead_setup.add_form(hq, "Open day", given)
    assert "See the new pumps" in page(server, event).text
    sent = {"name": "Eva", "email": "eva@signs.example"}
    assert send(server, event, sent).status_code == 303
    (lead,) = leads_of(hq, "eva@signs.example")
    assert [lead[name] for name in ("channel", "source", "campaign")] == [
        "event", "exhibition", "Open day in May",
    ]  # fmt: skip


def test_the_page_speaks_the_visitors_language_and_labels_every_input(
    server: RunningServer, form: dict[str, Any]
) -> None:
    shown = page(server, form, headers={"Accept-Language": "zh-CN"})
    assert (shown.status_code, shown.headers["Content-Language"]) == (200, "zh-CN")
    assert '<html lang="zh-CN">' in shown.text
    assert "同意联系。" in shown.text
    english = page(server, form, params={"lang": "en"}).text
    assert "You may &lt;call&gt; me." in english
    inputs = re.findall(r'<(?:input|textarea|select)[^>]*? id="([^"]+)"', english)
    assert set(inputs) == set(re.findall(r'<label[^>]* for="([^"]+)"', english))
    assert {"f-name", "f-email", "f-needs", "f-consent"} <= set(inputs)
    assert "width=device-width" in english
    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "<script" not in english
    assert requests.get(f"{server.url}/forms/none", timeout=30).status_code == 404


def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(
    server: RunningServer, hq: Headquarters, form: dict[str, Any]
) -> None:
    back = send(server, form, {"name": '"><script>', "email": "nowhere", "needs": "Pumps"})
    assert back.status_code == 422
    assert 'value="&quot;&gt;&lt;script&gt;"' in back.text
    assert ">Pumps</textarea>" in back.text
    assert 'aria-describedby="f-email-wrong"' in back.text
    assert "This is not an e-mail address" in back.text
    assert "Without your consent" in back.text
    assert leads_of(hq, "nowhere") == []


def test_a_lead_is_made_once_with_the_consent_as_it_was_given(
    server: RunningServer, hq: Headquarters, form: dict[str, Any]
) -> None:
    done = send(server, form, {**ANN, "consent": "yes"})
    assert (done.status_code, done.headers["Location"]) == (303, f"{form['path']}/thanks?lang=en")
    assert "Thank you" in requests.get(server.url + done.headers["Location"], timeout=30).text
    (lead,) = leads_of(hq, ANN["email"])
    assert [lead[name] for name in ("name", "channel", "source", "campaign", "owner_id", "status")] == [
        ANN["name"], "form", "web", "Fair", None, "new",
    ]  # fmt: skip
    assert lead["consent"] == "You may <call> me."
    assert lead["consent_version"] == rules.version_of_consent(lead["consent"])
    assert lead["consent_from"] == "127.0.0.1"
    assert lead["consent_at"] > 0
    again = {
        **ANN,
        "email": "ANN@heron.example",
        "needs": "And a valve",
        "phone": "1234567",
        "consent": "yes",
    }
    assert send(server, form, again).status_code == 303
    (lead,) = leads_of(hq, ANN["email"])
    assert (lead["needs"], lead["phone"]) == ("Three pumps\n\nAnd a valve", "1234567")


def test_machines_are_kept_out(server: RunningServer, hq: Headquarters, form: dict[str, Any]) -> None:
    bot = {**ANN, "email": "bot@spam.example", "consent": "yes"}
    assert send(server, form, {**bot, rules.HONEYPOT: "x"}).status_code == 303
    quick = send(server, form, bot, age_ms=500)
    assert quick.status_code == 429
    assert "bot@spam.example" in quick.text
    assert send(server, form, bot, age_ms=rules.MOST_FILL_MS + HOUR_MS).status_code == 409
    forged = requests.post(server.url + form["path"], data={**bot, "shown": "1.abc"}, timeout=30)
    assert forged.status_code == 409
    large = requests.post(server.url + form["path"], data={"needs": "x" * 70_000}, timeout=30)
    assert large.status_code == 413
    assert leads_of(hq, "bot@spam.example") == []


def test_one_address_sends_a_few_at_once_and_more_when_time_has_passed() -> None:
    now = [0.0]
    guard = VisitorGuard(lambda: now[0])
    assert [guard.admit("a") for _ in range(AT_ONCE + 1)] == [True] * AT_ONCE + [False]
    assert guard.admit("b")
    now[0] += 3600
    assert guard.admit("a")


def test_a_site_that_sends_without_end_is_told_when_to_come_back(
    server: RunningServer, hq: Headquarters
) -> None:
    made = lead_setup.add_form(hq, "Busy", {"asked": "name,phone"})
    with requests.Session() as site:
        site.headers["X-Form-Key"] = made["key"]
        answers = [site.post(server.url + made["path"], json={}, timeout=30) for _ in range(SITE_AT_ONCE + 1)]
    assert [answer.status_code for answer in answers] == [422] * SITE_AT_ONCE + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 6
    now = [0.0]
    guard = VisitorGuard(lambda: now[0], per_hour=60, at_once=1)
    assert [guard.wait_s("a"), guard.wait_s("a")] == [0, 60]
    now[0] += 59.5
    assert guard.wait_s("a") == 1
    now[0] += 0.5
    assert guard.wait_s("a") == 0


def test_what_a_visitor_sends_is_one_line_where_one_is_asked_and_from_an_address(
    server: RunningServer, hq: Headquarters
) -> None:
    made = lead_setup.add_form(hq, "Lines", {"asked": "name,email,needs", "consent": "I agree"})
    key, url = {"X-Form-Key": made["key"]}, server.url + made["path"]
    sent = {"name": "Tom\r\nBcc: all@example.com", "needs": "two\nlines", "consent": True}
    for number, address in enumerate(("2001:db8::7", "1.2.3.4\r\nX: y", "\0", "\ud800")):
        lead = {**sent, "email": f"{number}@lines.example", "address_of_visitor": address}
        assert requests.post(url, json=lead, headers=key, timeout=30).status_code == 201
    found = [leads_of(hq, f"{number}@lines.example")[0] for number in range(4)]
    assert {row["name"] for row in found} == {"Tom Bcc: all@example.com"}
    assert {row["needs"] for row in found} == {"two\nlines"}
    assert [row["consent_from"] for row in found] == ["2001:db8::7"] + ["127.0.0.1"] * 3


def test_what_is_certain_is_kept_in_its_standard_form_as_by_every_other_door(
    server: RunningServer, hq: Headquarters
) -> None:
    made = lead_setup.add_form(hq, "Places", {"asked": "name,email,phone,province,city"})
    given = {"name": "Ann", "email": "a@places.example", "phone": "0512 1234 5678"}
    assert send(server, made, {**given, "province": "江苏", "city": "苏州"}).status_code == 303
    (lead,) = leads_of(hq, "a@places.example")
    assert [lead[name] for name in ("phone", "province", "city")] == ["+8651212345678", "江苏省", "苏州市"]


def test_a_companys_own_site_sends_with_the_forms_key(server: RunningServer, hq: Headquarters) -> None:
    made = lead_setup.add_form(hq, "Interface", {"asked": "name,phone"})
    url, lead = server.url + made["path"], {"name": "Tom Reed", "phone": "+44 20 7946 0001"}
    for key in ("", "wrong"):
        assert requests.post(url, json=lead, headers={"X-Form-Key": key}, timeout=30).status_code == 403
    unknown = requests.post(f"{server.url}/forms/none", json=lead, timeout=30)
    assert unknown.json() == requests.post(url, json=lead, timeout=30).json()
    key = {"X-Form-Key": made["key"]}
    taken = requests.post(url, json=lead, headers=key, timeout=30)
    assert (taken.status_code, taken.json()["accepted"]) == (201, True)
    assert hq.records.get("lead", taken.json()["lead_id"])["channel"] == "api"
    assert requests.post(url, json=lead, headers=key, timeout=30).json()["known"] is True
    wrong = requests.post(url, json={"name": ""}, headers=key, timeout=30)
    assert [each["field"] for each in wrong.json()["problems"]] == ["name", "phone"]
    lead_setup.change_form(hq, "Interface", {"active": False})
    assert requests.post(url, json=lead, headers=key, timeout=30).status_code == 403
    assert requests.get(url, timeout=30).status_code == 404


def test_leads_go_in_turn_with_the_reason_and_on_where_nobody_answers(
    server: RunningServer, hq: Headquarters
) -> None:
    ids = {name: server.add_user(name, "sales", "a good password")["id"] for name in ("Lin", "Maya")}
    names = {user_id: name for name, user_id in ids.items()}
    rule = {"people": ("Lin", "Maya"), "way": "round_robin", "regions": ("Lyon",), "answer_hours": 8}
    assert lead_setup.add_rule(hq, "France", rule)["people"] == "Lin, Maya"
    made = [hq.records.create("lead", {"name": f"L{n}", "city": "Lyon"}) for n in range(4)]
    elsewhere = hq.records.create("lead", {"name": "Elsewhere"})
    now = 1_764_576_000_000  # a Monday
    assert give_out(hq, now) == (4, 0)
    assert give_out(hq, now) == (0, 0)
    owners = [names[hq.records.get("lead", each)["owner_id"]] for each in made]
    assert owners == ["Lin", "Maya", "Lin", "Maya"]
    assert hq.records.get("lead", elsewhere)["owner_id"] is None
    first = hq.records.get("lead", made[0])
    assert first["assigned_why"] == "Rule “France”: in turn, 0 before"
    hq.records.create(
        "activity",
        {"kind": "call", "subject": "Rang", "lead_id": made[1], "happened_at": now + HOUR_MS},
    )
    hq.records.update("lead", made[2], {"status": "working"})
    later = now + 3 * 24 * HOUR_MS
    calendar = named_id("work_calendar", "standard")
    closed = [f"2025-12-0{day}" for day in range(1, 5)]
    hq.records.update("work_calendar", calendar, {"holidays": closed})
    assert give_out(hq, later) == (0, 0), "nobody works on holidays"
    hq.records.update("work_calendar", calendar, {"holidays": None})
    assert give_out(hq, later) == (0, 2)
    assert give_out(hq, later) == (0, 0)
    passed = hq.records.get("lead", made[0])
    assert names[passed["owner_id"]] == "Maya"
    assert "Lin did not answer within 8 working hours" in passed["assigned_why"]
    assert names[hq.records.get("lead", made[1])["owner_id"]] == "Maya"
    people.disable_user(hq, "Maya")
    new = hq.records.create("lead", {"name": "New", "city": "Lyon"})
    give_out(hq, later)
    assert names[hq.records.get("lead", new)["owner_id"]] == "Lin"


def test_a_lead_a_person_gave_or_claimed_stays_with_whom_it_went_to(
    server: RunningServer, hq: Headquarters
) -> None:
    ids = {name: server.add_user(name, "sales", "a good password")["id"] for name in ("Ada", "Bo", "Cy")}
    rule = {"people": ("Ada", "Bo"), "way": "round_robin", "regions": ("Oslo",), "answer_hours": 8}
    lead_setup.add_rule(hq, "Norway", rule)
    now = 1_764_576_000_000  # a Monday
    waited = [hq.records.create("lead", {"name": f"L{n}", "city": "Oslo"}) for n in range(2)]
    assert give_out(hq, now) == (2, 0)
    at_once = assign(hq, {"name": "L2", "city": "Oslo"}, now)
    hq.records.update("lead", waited[0], {"owner_id": None})
    for lead in (waited[0], at_once):
        hq.records.update("lead", lead, {"owner_id": ids["Cy"]})
    assert give_out(hq, now + 3 * 24 * HOUR_MS) == (0, 1)
    assert {hq.records.get("lead", each)["owner_id"] for each in (waited[0], at_once)} == {ids["Cy"]}
    assert hq.records.get("lead", waited[1])["owner_id"] == ids["Ada"]


def test_forms_and_rules_are_set_up_from_the_command_line(
    server: RunningServer, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*arguments: str, status: int = 0) -> Any:
        assert cli.run(["--data", str(server.data), "--json", *arguments]) == status
        printed = capsys.readouterr()
        return json.loads(printed.out.splitlines()[-1]) if status == 0 else printed.err

    made = said("form", "add", "Fair", "--ask", "name,email,city", "--source", "exhibition")
    assert (made["asked"], made["source"], len(made["key"])) == ("name,email,city", "exhibition", 64)
    onward = ("--redirect", "https://x.example/thanks")
    assert said("form", "set", "fair", "--require", "city", *onward)["needed"] == "city"
    assert "begins with https" in said("form", "set", "Fair", "--redirect", "javascript:1", status=1)
    assert "cannot ask for" in said("form", "set", "Fair", "--ask", "owner_id", status=1)
    assert said("form", "retire", "Fair")["active"] is False
    assert "key" not in said("form", "list")
    rule = said("lead-rule", "add", "Big", "--to", "admin:3", "--how", "weighted", "--employees-from", "500")
    assert (rule["people"], rule["how"], rule["employees_from"]) == ("admin:3", "weighted", 500)
    assert said("lead-rule", "set", "Big", "--answer-hours", "4")["answer_hours"] == 4
    assert said("lead-rule", "retire", "Big")["active"] is False
    assert "people or a team" in said("lead-rule", "add", "Nobody", status=1)
    asked = ("--where", "customer_id.level = A", "--where", "subject ~ leak", "--most", "9", "--skilled")
    rule = said("ticket-rule", "add", "Leaks", "--to", "admin", "--how", "least_load", *asked)
    assert rule["where"] == "customer_id.level = A; subject ~ leak"
    assert (rule["how"], rule["most"], rule["skilled"]) == ("least_load", 9, True)
    assert "no field called" in said("ticket-rule", "set", "Leaks", "--where", "owner_id = x", status=1)
    assert "no product called" in said("ticket-rule", "set", "Leaks", "--where", "product_id = x", status=1)
    assert said("ticket-rule", "set", "Leaks", "--where", "", "--whoever", "--most", "0")["where"] == ""
    assert "Only tickets" not in said("lead-rule", "retire", "Big")
    assert said("ticket-rule", "run") == {"assigned": 0}
    assert len(said("score-rule", "list")) > 3  # the last of the usual ones
    added = said("score-rule", "add", "Big city", "--field", "city", "--points", "12", "--name-zh", "大城市")
    assert (added["kind"], added["points"], added["name_zh"]) == ("field", 12, "大城市")
    assert "no field called" in said("score-rule", "add", "X", "--field", "cty", "--points", "1", status=1)
    lead = said("score-rule", "set", "Big city", "--points", "30")
    assert lead["points"] == 30
    beside = open_headquarters(read_settings(server.data, {}))
    made = beside.records.create("lead", {"name": "Ann", "city": "Lyon", "phone": "1234567"})
    beside.close()
    assert said("score-rule", "show", made)["reasons"] == ["+30 Big city", "+10 can be called"]
    assert said("lead-rule", "run").keys() == {"assigned", "given_on"}


def in_turn_beside_each_other(hq: Headquarters, leads: int) -> list[int]:
    """Make leads from four threads at once and return how many each of three people got."""
    for name in ("A", "B", "C"):
        people.add_user(hq, name, people.user_values(hq, {"role": "sales"}), "a good password")
    lead_setup.add_rule(hq, "All", {"people": ("A", "B", "C"), "way": "round_robin"})
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda n: assign(hq, {"name": f"L{n}"}, n), range(leads)))
    owners = [hq.records.get("lead", each)["owner_id"] for each in made]
    return [owners.count(people.find(hq, "user", name)[0]) for name in ("A", "B", "C")]


def test_turns_stay_fair_however_many_come_at_once(headquarters: Headquarters) -> None:
    assert in_turn_beside_each_other(headquarters, 9) == [3, 3, 3]


@pytest.mark.soak
@pytest.mark.postgres
def test_turns_stay_fair_on_postgresql(tmp_path: Path, fresh_postgres: str) -> None:
    settings = fresh_settings(tmp_path / "hq", database=fresh_postgres)
    founding.found(settings, ADMIN, ADMIN_PASSWORD)
    hq = open_headquarters(settings)
    assert in_turn_beside_each_other(hq, 60) == [20, 20, 20]
    hq.close()
