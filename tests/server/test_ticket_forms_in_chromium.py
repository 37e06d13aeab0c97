"""The page on which customers ask for help, as they have it: Chromium on a phone and a desk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from crm_core.rules.capture import LEAST_FILL_MS
from sync_server.services import lead_setup
from tests.support.chromium import PHONE, chromium, scrolls_sideways, shown
from tests.support.server import RunningServer

DESK = {"viewport": {"width": 1280, "height": 800}}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give one browser to all tests of this file."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def form(server: RunningServer) -> dict[str, Any]:
    """Give a form that opens tickets and takes files, and an article that answers something."""
    with server.headquarters() as hq:
        article = {"title": "Air makes meters drift", "body": "Vent it.", "language": "en"}
        made = hq.records.create("article", {**article, "audience": "public"})
        hq.records.update("article", made, {"status": "published"})
        given = {
            "makes": "ticket",
            "files_most": 2,
            "heading": "Ask us",
            "heading_zh": "联系我们",
            "consent": "You may keep what I wrote.",
            "consent_zh": "同意保存以上内容。",
        }
        return lead_setup.add_form(hq, "Help", given)


def test_a_question_is_asked_on_a_phone_with_a_picture_after_an_answer_was_suggested(
    server: RunningServer, browser: Browser, form: dict[str, Any], tmp_path: Path
) -> None:
    picture = tmp_path / "shot.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with shown(browser, server.url + form["path"], **PHONE, locale="en-GB") as (page, said):
        opened = time.monotonic()
        expect(page.get_by_role("heading", name="Ask us")).to_be_visible()
        expect(page.locator(".maybe")).to_be_hidden()
        page.get_by_label("What is it about?").press_sequentially("drif")
        link = page.locator("#suggested").get_by_role("link")
        expect(link).to_have_text(["Air makes meters drift"])
        expect(page.locator(".maybe")).to_be_visible()
        assert link.get_attribute("target") == "_blank", "what was typed stays"
        page.get_by_label("Your name").fill("Tom")
        page.get_by_label("E-mail").fill("tom@heron.example")
        page.get_by_label("Your question").fill("It drifts")
        page.get_by_label("Pictures or files, at most 2").set_input_files(str(picture))
        page.get_by_label("You may keep what I wrote.").check()
        assert not scrolls_sideways(page)
        page.wait_for_timeout(max(0, LEAST_FILL_MS - (time.monotonic() - opened) * 1000))  # as people do
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("status")).to_contain_text("Your message has the number T-")
        assert said == []
    with server.headquarters() as hq:
        ((ticket_id, ticket),) = hq.records.find("ticket", "from_address", "tom@heron.example")
        assert ticket["subject"] == "drif"
        ((_, file),) = hq.records.find("attachment", "record_id", ticket_id)
        assert (file["name"], file["size_bytes"]) == ("shot.png", 108)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_reads_without_a_script_in_both_languages(
    server: RunningServer, browser: Browser, form: dict[str, Any], scheme: str
) -> None:
    how = {**DESK, "locale": "zh-CN", "java_script_enabled": False, "color_scheme": scheme}
    with shown(browser, server.url + form["path"], **how) as (page, said):
        expect(page.get_by_role("heading", name="联系我们")).to_be_visible()
        expect(page.get_by_role("link", name="先查找答案")).to_be_visible()
        expect(page.locator(".maybe")).to_be_hidden()
        page.get_by_role("link", name="English").click()
        expect(page.get_by_role("heading", name="Ask us")).to_be_visible()
        assert said == []
