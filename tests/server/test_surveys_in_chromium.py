"""The page of a survey as customers have it before them: Chromium on a phone, by keyboard, both languages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from crm_core.rules import surveys as rules
from sync_server.services import surveys
from sync_server.services.survey_answers import key_of
from tests.support.chromium import PHONE, chromium, scrolls_sideways, shown
from tests.support.server import RunningServer

LONG = "Pumpenbaugesellschaftsmitgliederversammlungsprotokollführer" * 2
QUESTIONS = [
    {"kind": "choice", "en": "How fast?", "zh": "速度如何？", "options": [["Slow", "慢"], ["Fast", "快"]]},
    {"kind": "text", "en": f"Was it {LONG}?", "zh": ""},
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give one browser to all tests of this file."""
    with chromium() as found:
        yield found


def asked(server: RunningServer, **survey: Any) -> tuple[str, str]:
    """Return the page of a customer who is asked about a ticket of his, and the id of what he will answer."""
    with server.headquarters() as hq:
        for known, _ in hq.records.all("survey"):
            hq.records.delete("survey", known)
        hq.records.create("survey", {"name": "Closed", "wait_hours": 0, **survey})
        customer = hq.records.create("customer", {"name": "Heron"})
        address = f"tom{time.time_ns()}@heron.example"
        contact = hq.records.create("contact", {"customer_id": customer, "name": "Tom", "email": address})
        ticket = hq.records.create(
            "ticket",
            {"subject": f"Leak <b> {LONG}", "customer_id": customer, "contact_id": contact},
        )
        hq.records.update("ticket", ticket, {"status": "closed"})
        surveys.decide(hq, int(time.time() * 1000) + 1000)
        ((answer, _),) = hq.records.find("survey_answer", "ticket_id", ticket)
        return f"{server.url}{rules.PATH}{rules.token_of(answer, key_of(hq))}", answer


def kept(server: RunningServer, answer: str) -> dict[str, Any]:
    with server.headquarters() as hq:
        return hq.records.get("survey_answer", answer)


def test_one_click_in_the_mail_chooses_and_one_on_the_page_sends(
    server: RunningServer, browser: Browser
) -> None:
    url, answer = asked(server, questions=QUESTIONS, scale="points")
    with shown(browser, f"{url}?lang=en&score=9", **PHONE, java_script_enabled=False) as (page, said):
        expect(page.get_by_role("radio", name="9 of 10")).to_be_checked()
        assert not scrolls_sideways(page)
        page.get_by_label("Fast").check()
        page.get_by_label("In your words, if you like").fill("Quick & <i>kind</i>")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("status")).to_contain_text("Thank you!")
        expect(page.get_by_text("Quick & <i>kind</i>")).to_be_visible()
        expect(page.get_by_role("button", name="Send")).to_have_count(0)
        assert not scrolls_sideways(page)
        assert said == []
    row = kept(server, answer)
    assert (row["score"], row["percent"], row["answers"]) == (9, 90, [["How fast?", "Fast"]])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_keyboard_is_enough_and_what_is_missing_is_said_at_its_place(
    server: RunningServer, browser: Browser, scheme: Any
) -> None:
    url, answer = asked(server, scale="faces")
    with shown(browser, url, **PHONE, locale="zh-CN", color_scheme=scheme) as (page, said):
        page.goto(f"{url}?lang=zh")
        expect(page.get_by_role("heading", level=1)).to_have_text("我们做得如何？")
        ends = "list => list.map(each => Math.round(each.getBoundingClientRect().right))"
        assert len(set(page.locator(".scores, .scores label:last-child, .ends").evaluate_all(ends))) == 1
        page.get_by_role("button", name="发送").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("请选择其中一项")
        page.get_by_role("radio").first.focus()
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        expect(page.get_by_role("radio", name="4 分（满分 5）")).to_be_checked()
        page.keyboard.press("Tab")
        page.keyboard.type("很快")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("谢谢")
        page.get_by_role("link", name="English").click()
        expect(page.get_by_role("status")).to_contain_text("Thank you!")
        page.get_by_role("button", name="Do not ask me again").click()
        expect(page.get_by_text("We will not ask you again.")).to_be_visible()
        assert [line for line in said if "422" not in line] == []
    row = kept(server, answer)
    assert (row["score"], row["words"], row["refused"]) == (4, "很快", True)
