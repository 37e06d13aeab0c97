"""What customers may read of the knowledge base, by HTTP: all of it, and nothing else."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from crm_core.ids import new_id
from sync_server.services.headquarters import Headquarters
from sync_server.web.answers import LOOKS_AT_ONCE
from tests.support.server import RunningServer

TODAY = datetime.date.today()  # noqa: DTZ011 - the day HQ's own page goes by
SECRET = "zanzibar"


def published(hq: Headquarters, **values: Any) -> str:
    article = hq.records.create("article", {"body": "Text", "audience": "public", **values})
    hq.records.update("article", article, {"status": "published"})
    return article


class Base:
    """A base with one of everything that may not be seen."""

    def __init__(self, server: RunningServer, hq: Headquarters) -> None:
        self.server, self.hq = server, hq
        self.shelf = hq.records.create("article_category", {"name": "Meters", "name_zh": "流量计"})
        self.below = hq.records.create("article_category", {"name": "Drift", "parent_id": self.shelf})
        self.hidden_shelf = hq.records.create("article_category", {"name": f"{SECRET} shelf"})
        self.air = published(
            hq,
            title="Air in the <pipe>",
            summary="Vent, then zero.",
            keywords="drift, 漂移",
            body="## Why\n\n**Air** <script>alert(1)</script> [x](javascript:alert(1)) [y](https://y.example)",
            language="en",
            category_id=self.below,
        )
        self.zero = published(
            hq, title="零点校准", body="重新校准流量计零点", language="zh", category_id=self.shelf
        )
        yesterday = (TODAY - datetime.timedelta(days=1)).isoformat()
        word = {"keywords": SECRET, "category_id": self.hidden_shelf}
        self.unseen = [
            published(hq, title=f"{SECRET} internal", audience="internal", **word),
            published(hq, title=f"{SECRET} expired", expires_on=yesterday, **word),
            hq.records.create(
                "article", {"title": f"{SECRET} draft", "body": "x", "audience": "public", **word}
            ),
            published(hq, title=f"{SECRET} retired", **word),
            hq.records.create(
                "article", {"title": f"{SECRET} deleted", "body": "x", "audience": "public", **word}
            ),
        ]
        hq.records.update("article", self.unseen[3], {"status": "retired"})
        hq.records.delete("article", self.unseen[4])

    def get(self, path: str, **how: Any) -> requests.Response:
        return requests.get(self.server.url + path, timeout=30, **how)


@pytest.fixture(scope="module")
def base(server: RunningServer) -> Iterator[Base]:
    with server.headquarters() as hq:
        yield Base(server, hq)


def test_what_is_for_customers_is_found_and_read_in_both_languages(base: Base) -> None:
    home = base.get("/help?lang=en")
    assert "Meters (2)" in home.text
    assert "Drift (1)" in home.text
    assert "流量计 (2)" in base.get("/help?lang=zh").text
    assert "零点校准" in base.get(f"/help?lang=zh&c={base.shelf}").text
    assert "Air in the &lt;pipe&gt;" in base.get("/help?lang=en&q=drifts+badly").text
    assert "Nothing fits “penguins”" in base.get("/help?lang=en&q=penguins").text
    suggested = base.get("/help/suggest?lang=en&q=dri").json()["articles"]
    assert [(each["title"], each["path"]) for each in suggested] == [
        ("Air in the <pipe>", f"/help/{base.air}?lang=en")
    ]
    assert [each["title"] for each in base.get("/help/suggest?lang=zh&q=校准").json()["articles"]] == [
        "零点校准"
    ]


def test_marks_are_drawn_and_nothing_of_a_text_runs(base: Base) -> None:
    shown = base.get(f"/help/{base.air}?lang=en")
    assert "<strong>Air</strong> &lt;script&gt;" in shown.text
    assert "javascript:" not in re.sub(r"\[x\]\(javascript:alert\(1\)\)", "", shown.text)
    assert 'href="https://y.example" rel="nofollow noopener noreferrer"' in shown.text
    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "Set-Cookie" not in shown.headers


def test_nothing_else_is_anywhere(base: Base) -> None:
    unknown = base.get(f"/help/{new_id()}?lang=en")
    assert unknown.status_code == 404
    for article in base.unseen:
        answer = base.get(f"/help/{article}?lang=en")
        assert (answer.status_code, answer.text) == (404, unknown.text)
        refused = requests.post(
            f"{base.server.url}/help/{article}/helped?lang=en", {"helpful": "yes"}, timeout=30
        )
        assert (refused.status_code, refused.text) == (404, unknown.text)
    nowhere = base.get(f"/help?lang=en&c={base.hidden_shelf}")
    assert (nowhere.status_code, nowhere.text) == (404, base.get(f"/help?lang=en&c={new_id()}").text)
    for path in ("/help?lang=en", f"/help?lang=en&q={SECRET}", f"/help/suggest?q={SECRET}", "/help?lang=zh"):
        text = base.get(path).text.replace(f"“{SECRET}”", "").replace(f'value="{SECRET}"', "")
        assert SECRET not in text.replace(f"q={SECRET}", ""), path
        assert not any(article in text for article in base.unseen), path


def test_what_is_taken_out_of_use_is_gone_at_once_and_what_is_changed_is_read(base: Base) -> None:
    article = published(base.hq, title="Quokka", body="Old")
    assert base.get("/help/suggest?q=quokka").json()["articles"]
    revision = base.hq.records.create(
        "article",
        {"title": "Quokka", "body": "New", "audience": "public", "replaces_id": article, "grounds": 1},
    )
    base.hq.records.update("article", revision, {"status": "merged"})
    assert "<p>New</p>" in base.get(f"/help/{article}").text
    base.hq.records.update("article", article, {"keywords": "numbat"})
    assert base.get("/help/suggest?q=numbat").json()["articles"]
    base.hq.records.update("article", article, {"status": "retired"})
    assert base.get(f"/help/{article}").status_code == 404
    assert base.get("/help/suggest?q=quokka").json() == {"articles": []}


def test_a_visitor_counts_once_however_often_he_says_it(base: Base) -> None:
    def say(helpful: str, agent: str) -> requests.Response:
        return requests.post(
            f"{base.server.url}/help/{base.air}/helped?lang=en",
            {"helpful": helpful},
            headers={"User-Agent": agent},
            timeout=30,
        )

    assert "Thank you for telling us." in say("yes", "One").text
    for helpful, agent in (("yes", "One"), ("no", "One"), ("yes", "Two"), ("perhaps", "Three")):
        say(helpful, agent)
    row = base.hq.records.get("article", base.air)
    assert (row["votes_yes"], row["votes_no"]) == (1, 1)


def test_who_asks_without_end_is_told_to_wait(base: Base) -> None:
    with requests.Session() as session:
        codes = [
            session.get(f"{base.server.url}/help/suggest?q=air", timeout=30).status_code
            for _ in range(LOOKS_AT_ONCE + 1)
        ]
    assert codes[-1] == 429
    assert "Please try again in an hour" in base.get("/help?lang=en").text
