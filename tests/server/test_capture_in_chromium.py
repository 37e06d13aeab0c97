"""The page of a capture form as people have it before them: Chromium on a phone and a desk, keys alone."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from crm_core.rules.capture import HONEYPOT, LEAST_FILL_MS
from sync_server.services import lead_setup
from tests.support.chromium import PHONE, chromium, scrolls_sideways, shown
from tests.support.server import RunningServer

DESK = {"viewport": {"width": 1280, "height": 800}}
CONSENT = "You may keep what I wrote here and call me."
LONG = "Pumpenbaugesellschaftsmitgliederversammlungsprotokollführer" * 2


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give one browser to all tests of this file."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def form(server: RunningServer) -> dict[str, Any]:
    """Give a form that asks for all there is to ask."""
    given = {
        "asked": "name,company,phone,email,industry,employees,city,needs",
        "needed": "name,needs",
        "heading": "Talk to us about pumps",
        "heading_zh": "水泵咨询",
        "consent": CONSENT,
        "consent_zh": "我同意贵公司保存以上内容并与我联系。",
    }
    with server.headquarters() as hq:
        return lead_setup.add_form(hq, "Site", given)


def focused(page: Page) -> str:
    return str(page.locator(":focus").get_attribute("name") or page.locator(":focus").inner_text())


def is_seen(page: Page, what: Locator) -> bool:
    box, size = what.bounding_box(), page.viewport_size
    return bool(box and size and box["x"] + box["width"] > 0 and box["x"] < size["width"])


def test_the_form_is_filled_by_keys_alone_without_a_script_and_its_lead_arrives(
    server: RunningServer, browser: Browser, form: dict[str, Any]
) -> None:
    how = {**PHONE, "locale": "en-GB", "java_script_enabled": False}
    with shown(browser, server.url + form["path"], **how) as (page, _):
        opened = time.monotonic()
        expect(page.get_by_role("heading", name="Talk to us about pumps")).to_be_visible()
        walked = []
        typed = {"name": "Ann Moss", "email": "nowhere", "needs": "Three pumps", "employees": "40"}
        for _ in range(len(form["asked"].split(",")) + 3):
            page.keyboard.press("Tab")
            walked.append(focused(page))
            page.keyboard.type(typed.get(walked[-1], ""))
        assert walked == ["中文", *form["asked"].split(","), "consent", "Send"]
        page.wait_for_timeout(max(0, LEAST_FILL_MS - (time.monotonic() - opened) * 1000))  # as people do
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("Please look at this again")
        email = page.get_by_label("E-mail")
        expect(email).to_have_value("nowhere")
        expect(email).to_have_accessible_description("This is not an e-mail address")
        expect(page.get_by_label("Needs")).to_have_value("Three pumps")
        expect(page.locator("#f-consent")).to_have_accessible_description(re.compile("Without your consent"))
        assert not scrolls_sideways(page)
        email.focus()
        page.keyboard.press("Control+A")
        page.keyboard.type("ann@heron.example")
        page.get_by_label(CONSENT).press("Space")
        page.get_by_label("Your name").press("Enter")
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    with server.headquarters() as hq:
        ((_, lead),) = hq.records.find("lead", "email", "ann@heron.example")
    assert (lead["name"], lead["employees"], lead["consent"]) == ("Ann Moss", 40, CONSENT)


def test_the_page_is_calm_in_both_languages_on_a_phone_and_a_desk(
    server: RunningServer, browser: Browser, form: dict[str, Any]
) -> None:
    url = server.url + form["path"]
    for how in ({**PHONE, "locale": "zh-CN"}, {**DESK, "locale": "en-GB", "color_scheme": "dark"}):
        with shown(browser, url, **how) as (page, said):
            chinese = how["locale"] == "zh-CN"
            heading = "水泵咨询" if chinese else "Talk to us about pumps"
            expect(page.get_by_role("heading", name=heading)).to_be_visible()
            inputs = page.locator("input:not([type=hidden]), textarea, select")
            named = [each for each in inputs.all() if each.get_attribute("name") != HONEYPOT]
            assert len(named) == len(form["asked"].split(",")) + 1
            for each in named:
                label = page.locator(f"label[for='{each.get_attribute('id')}']")
                expect(label).to_have_count(1)
                assert is_seen(page, each)
                box = each.bounding_box()
                assert box is not None
                assert box["height"] >= 20
            page.get_by_role("textbox", name=re.compile("您的姓名|^Your name")).fill(LONG)
            assert not scrolls_sideways(page)
            trap = page.locator(f"[name={HONEYPOT}]")
            assert not is_seen(page, trap)
            assert (
                page.get_by_role("textbox").count()
                == page.get_by_role("textbox").locator("visible=true").count()
            )
            assert HONEYPOT not in page.locator("body").aria_snapshot()
            page.get_by_role("link", name="English" if chinese else "中文").click()
            expect(page.locator("html")).to_have_attribute("lang", "en" if chinese else "zh-CN")
            assert said == []


@pytest.mark.soak
@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1920])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_at_every_width_and_twice_the_size_of_text_nothing_is_cut_off(
    server: RunningServer, browser: Browser, form: dict[str, Any], width: int, locale: str
) -> None:
    how = {"viewport": {"width": width, "height": 800}, "locale": locale, "bypass_csp": True}
    with shown(browser, server.url + form["path"], **how) as (page, said):
        for size in (16, 32):
            page.add_style_tag(content=f"body {{ font-size: {size}px }}")
            assert not scrolls_sideways(page)
            for each in page.locator("label, button, h1").all():
                assert is_seen(page, each) or each.get_attribute("for") == HONEYPOT
        assert said == []
