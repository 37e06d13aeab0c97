"""The acceptance page as customers have it before them: Chromium on a phone, with and without a script."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from crm_core.rules.answers import ANSWERS
from sync_server.services import certificates
from tests.support.chromium import PHONE, chromium, scrolls_sideways, shown
from tests.support.papers import Paper, sent_paper
from tests.support.server import RunningServer, crm_server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give one browser to all tests of this file."""
    with chromium() as found:
        yield found


def paper_at(server: RunningServer, kind: str = "quote", **said: Any) -> Paper:
    with server.headquarters() as hq:
        return sent_paper(hq.records, hq.blobs, int(time.time() * 1000), kind, **said)


def phone(browser: Browser, url: str, **how: Any) -> AbstractContextManager[tuple[Page, list[str]]]:
    """Give a page on an English telephone, unless told otherwise, and what the browser complained of."""
    return shown(browser, url, **{**PHONE, "locale": "en-GB", **how})


def signatures(server: RunningServer, paper: Paper) -> list[dict[str, Any]]:
    with server.headquarters() as hq:
        return [each for _, each in hq.records.find("signature", "record_id", paper.id)]


def test_a_customer_reads_and_accepts_by_drawing_once(
    server: RunningServer, browser: Browser, tmp_path: Path
) -> None:
    paper = paper_at(server)
    url = f"{server.url}/a/{paper.token}"
    with phone(browser, url) as (page, said):
        expect(page.get_by_text("CNY 1,200.00")).to_be_visible()
        expect(page.get_by_text("Kontor 康拓", exact=True)).to_be_visible()
        assert not scrolls_sideways(page)
        with page.expect_download() as saving:
            page.get_by_role("link", name="Download").click()
        assert Path(saving.value.path()).read_bytes() == paper.file
        page.get_by_role("button", name="Accept and sign").click()
        expect(page.get_by_text("This is required")).to_be_visible()
        page.locator("#accept-name").fill("Ann Moss 莫安")
        page.get_by_label("Draw it").check()
        pad = page.locator("#canvas")
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 30, box["y"] + 60)
        page.mouse.down()
        for step in range(1, 8):
            page.mouse.move(box["x"] + 30 + 30 * step, box["y"] + 60 + (20 if step % 2 else -20))
        page.mouse.up()
        page.get_by_label("I have read the document").check()
        page.get_by_role("button", name="Accept and sign").click()
        expect(page.get_by_text("Accepted. Thank you!")).to_be_visible()
        expect(page.get_by_text("Ann Moss 莫安")).to_be_visible()
        expect(page.get_by_role("button", name="Accept and sign")).to_have_count(0)
        assert [line for line in said if "422" not in line] == []
    (signature,) = signatures(server, paper)
    assert (signature["verdict"], signature["way"], signature["place"]) == ("accepted", "drawn", "page")
    assert len(signature["strokes"][0]) >= 8
    assert signature["agent"].startswith("Mozilla/")
    with server.headquarters() as hq:
        assert hq.records.get("quote", paper.quote)["status"] == "accepted"
        certificates.follow_signatures(hq, int(time.time() * 1000))
    with phone(browser, url, locale="zh-CN") as (page, _):
        page.get_by_role("link", name="中文").click()
        expect(page.get_by_text("已接受，谢谢！")).to_be_visible()
        with page.expect_download() as saving:
            page.get_by_role("link", name="证书（PDF）").click()
        certificate, document = tmp_path / "certificate.pdf", tmp_path / "document.pdf"
        certificate.write_bytes(Path(saving.value.path()).read_bytes())
    document.write_bytes(paper.file)
    told = crm_server(
        server.data, "--json", "verify-certificate", str(certificate), "--document", str(document)
    )
    assert told.status == 0, told.err
    assert told.json()["name"] == "Ann Moss 莫安"
    certificate.write_bytes(certificate.read_bytes().replace(b"ReportLab", b"reportlab"))
    told = crm_server(server.data, "verify-certificate", str(certificate))
    assert (told.status, "no certificate" in told.err) == (1, True)


@pytest.mark.parametrize(
    ("kind", "called"), [("quote", "报价单"), ("contract", "合同"), ("order", "订单确认书")]
)
def test_without_a_script_one_accepts_by_a_typed_name(
    server: RunningServer, browser: Browser, kind: str, called: str
) -> None:
    paper = paper_at(server, kind, language="zh")
    with phone(browser, f"{server.url}/a/{paper.token}", java_script_enabled=False) as (page, said):
        expect(page.get_by_role("heading", level=1)).to_contain_text(called)
        total = page.locator(".total")
        assert total.evaluate("each => each.getClientRects().length") == 1
        assert total.bounding_box()["height"] < 40, "an amount is not broken"  # type: ignore[index]
        assert not scrolls_sideways(page)
        expect(page.locator("#drawn-way")).to_be_hidden()
        page.locator("#accept-name").fill("莫安")
        page.locator("#agreed").check()
        page.get_by_role("button", name="接受并签署").click()
        expect(page.get_by_role("status")).to_contain_text("莫安")
        assert not said
    (signature,) = signatures(server, paper)
    assert (signature["way"], signature["strokes"]) == ("typed", None)
    with server.headquarters() as hq:
        assert ANSWERS[kind].is_accepted(hq.records.get(kind, paper.id))


def test_a_customer_asks_and_declines_with_a_reason(server: RunningServer, browser: Browser) -> None:
    paper = paper_at(server)
    with phone(browser, f"{server.url}/a/{paper.token}", color_scheme="dark") as (page, _):
        page.get_by_text("Ask a question").click()
        page.locator("#ask-name").fill("Ann Moss")
        page.get_by_label("Your question").fill("Is that with freight?")
        page.get_by_role("button", name="Send the question").click()
        expect(page.get_by_text("Your question is on its way")).to_be_visible()
        expect(page.get_by_role("button", name="Accept and sign")).to_be_visible()
        page.get_by_text("Decline instead").click()
        page.locator("#decline-name").fill("Ann Moss")
        page.get_by_role("button", name="Decline").click()
        expect(page.get_by_text("Please say why")).to_be_visible()
        page.get_by_label("Reason").fill("Too <b>dear</b>")
        page.get_by_role("button", name="Decline").click()
        expect(page.get_by_role("status")).to_contain_text("Too <b>dear</b>")
    with server.headquarters() as hq:
        assert hq.records.get("quote", paper.quote)["status"] == "declined"
        tasks = {each["subject"]: each for _, each in hq.records.find("activity", "about_id", paper.quote)}
    assert [each["notes"] for each in tasks.values() if "asks about" in each["subject"]] == [
        "Is that with freight?"
    ]
    assert any("declined" in each and "Too <b>dear</b>" in each for each in tasks)


def test_links_that_are_over_or_lead_nowhere_say_so_and_tell_nothing_else(
    server: RunningServer, browser: Browser
) -> None:
    expired = paper_at(server, expires_at=1)
    with phone(browser, f"{server.url}/a/{expired.token}") as (page, _):
        expect(page.get_by_role("status")).to_contain_text("This link has expired")
        expect(page.get_by_role("button")).to_have_count(0)
        assert not scrolls_sideways(page)
    newer = paper_at(server)
    with server.headquarters() as hq:
        hq.records.update("quote", newer.quote, {"status": "draft"})
    with phone(browser, f"{server.url}/a/{newer.token}") as (page, _):
        expect(page.get_by_role("status")).to_contain_text("newer version")
    answers = set()
    for token in ("A" * 43, "short", expired.token[:-1] + ("A" if expired.token[-1] != "A" else "B")):
        with pytest.raises(urllib.error.HTTPError) as told:
            urllib.request.urlopen(f"{server.url}/a/{token}", timeout=30)
        answers.add((told.value.code, told.value.read()))
        for name, value in (
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
            ("X-Robots-Tag", "noindex, nofollow, noarchive"),
            ("X-Frame-Options", "DENY"),
        ):
            assert told.value.headers[name] == value
        assert "'unsafe-inline'" not in told.value.headers["Content-Security-Policy"].split("script-src")[1]
    assert len(answers) == 1
    assert not any(expired.token in line or newer.token in line for line in server.log)


def test_who_tries_tokens_is_slowed_down(server: RunningServer) -> None:
    codes = []
    for _ in range(60):
        try:
            urllib.request.urlopen(f"{server.url}/a/{'B' * 43}", timeout=30)
        except urllib.error.HTTPError as error:
            codes.append(error.code)
    assert codes[0] == 404
    assert codes[-1] == 429
