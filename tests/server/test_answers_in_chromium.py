"""The pages of the knowledge base as customers have them: Chromium on a phone and a desk, both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support.chromium import PHONE, chromium, scrolls_sideways, shown
from tests.support.server import RunningServer

DESK = {"viewport": {"width": 1280, "height": 800}}
LONG = "Pumpenbaugesellschaftsmitgliederversammlungsprotokollführer" * 2
TABLE = "| Pipe | Before | After | And | More |\n|---|---|---|---|---|\n| 1 | 2 | 3 | 4 | 5 |"
BODY = f"## Why\n\n1. Air\n2. {LONG}\n\n{TABLE}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give one browser to all tests of this file."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def article(server: RunningServer) -> str:
    """Give a published article on a shelf, beside one for colleagues alone."""
    with server.headquarters() as hq:
        shelf = hq.records.create("article_category", {"name": "Meters", "name_zh": "流量计"})
        made = ""
        for title, audience in (("Secret drift", "internal"), ("Air makes meters drift", "public")):
            values = {"title": title, "summary": "Vent, then zero.", "body": BODY, "language": "en"}
            made = hq.records.create("article", {**values, "audience": audience, "category_id": shelf})
            hq.records.update("article", made, {"status": "published"})
    return made


def test_answers_are_suggested_while_somebody_types_and_one_is_read_and_judged_on_a_phone(
    server: RunningServer, browser: Browser, article: str
) -> None:
    with shown(browser, server.url + "/help", **PHONE, locale="en-GB") as (page, said):
        expect(page.get_by_role("heading", name="How can we help?")).to_be_visible()
        page.get_by_role("searchbox", name="What is it about?").press_sequentially("drif")
        link = page.locator("#suggested").get_by_role("link")
        expect(link).to_have_text(["Air makes meters drift"])
        assert not scrolls_sideways(page)
        link.click()
        expect(page.get_by_role("heading", name="Air makes meters drift")).to_be_visible()
        assert not scrolls_sideways(page)
        heights = page.locator("th").evaluate_all("heads => heads.map(head => head.clientHeight)")
        assert max(heights) < 50, "heads of a table are not cut within a word"
        page.get_by_role("button", name="Yes").click()
        expect(page.get_by_role("status")).to_have_text("Thank you for telling us.")
        page.get_by_role("link", name="中文").click()
        expect(page.get_by_role("link", name="流量计")).to_be_visible()
        assert said == []
    with server.headquarters() as hq:
        assert hq.records.get("article", article)["votes_yes"] == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_a_script_answers_are_found_and_read_by_keys_alone(
    server: RunningServer, browser: Browser, article: str, scheme: str
) -> None:
    how = {**DESK, "locale": "zh-CN", "java_script_enabled": False, "color_scheme": scheme}
    with shown(browser, server.url + "/help", **how) as (page, said):
        for _ in range(3):
            page.keyboard.press("Tab")
        page.keyboard.type("drift")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("“drift”的答案")
        page.keyboard.press("Tab")
        found = page.get_by_role("link", name="Air makes meters drift")
        expect(found).to_be_visible()
        found.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Why")).to_be_visible()
        expect(page.get_by_text("是否有帮助？")).to_be_visible()
        assert said == []


def test_what_is_for_colleagues_is_answered_as_what_is_not_there(
    server: RunningServer, browser: Browser, article: str
) -> None:
    with server.headquarters() as hq:
        ((hidden, _),) = hq.records.find("article", "audience", "internal")
    with shown(browser, f"{server.url}/help/{hidden}", **DESK, locale="en-GB") as (page, _):
        expect(page.get_by_role("heading", name="There is no such answer")).to_be_visible()
        page.get_by_role("link", name="All answers").click()
        expect(page.get_by_role("link", name="Meters (1)")).to_be_visible()
