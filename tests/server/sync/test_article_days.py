"""Who wrote an article and who reviews it hears of its days, once each."""

from __future__ import annotations

import inspect

from crm_core.times import DAY_MS
from sync_server.jobs import housekeeping
from sync_server.services import article_days
from sync_server.services.share_ends import day_of
from tests.support.hq import Office


def told(office: Office) -> list[tuple[str, str]]:
    rows = (row for _, row in office.hq.find("activity", "kind", "task"))
    return sorted((row["owner_id"], row["subject"]) for row in rows)


def test_writer_and_reviewers_are_told_when_the_day_comes_and_once(office: Office) -> None:
    head = office.user("Head", "service")
    team = office.hq.create("team", {"name": "Writers", "manager_id": head})
    ann, bob, gone = (office.user(name, "service") for name in ("Ann", "Bob", "Gone"))
    office.hq.update("user", gone, {"active": False})
    days = {"review_by": day_of(office.now_ms + 2 * DAY_MS).isoformat(), "audience": "public"}
    article = office.hq.create(
        "article",
        {
            **days,
            "title": "{Air}",
            "body": "Vent",
            "owner_id": ann,
            "reviewers": sorted((bob, team, gone)),
            "language": "en",
        },
    )
    for state in ("review", "published"):
        office.hq.update("article", article, {"status": state})
    office.hq.create("article", {**days, "title": "Draft", "body": "x", "owner_id": ann, "language": "en"})
    assert article_days.tell(office.database, office.now_ms) == 0
    office.now_ms += 2 * DAY_MS
    assert article_days.tell(office.database, office.now_ms) == 3
    subject = "Look at the article “{Air}” again: does it still hold?"
    assert told(office) == sorted((each, subject) for each in (ann, bob, head))
    laptop = office.laptop(bob)
    laptop.sync()
    assert [row["subject"] for row in laptop.replica.values() if row.get("about_id") == article] == [subject]
    for task, _ in office.hq.find("activity", "owner_id", ann):
        office.hq.delete("activity", task)
    office.now_ms += DAY_MS
    assert article_days.tell(office.database, office.now_ms) == 0  # told already, whatever became of it
    later = day_of(office.now_ms).isoformat()
    office.hq.update("article", article, {"review_by": later})
    assert article_days.tell(office.database, office.now_ms) == 3  # another day
    office.hq.update("article", article, {"expires_on": later})
    assert article_days.tell(office.database, office.now_ms) == 3
    assert f"The article “{{Air}}” holds until {later}: prolong it, revise it or retire it" in {
        text for _, text in told(office)
    }
    office.hq.update("article", article, {"status": "retired"})
    office.now_ms += DAY_MS
    assert article_days.tell(office.database, office.now_ms) == 0


def test_whatever_is_a_chore_is_done() -> None:
    """One that is written and not named would never be done, and nobody would miss it for weeks."""
    written = {
        each
        for name, each in inspect.getmembers(housekeeping, inspect.isfunction)
        if each.__module__ == housekeeping.__name__ and name != "keep_house"
    }
    assert written == set(housekeeping.CHORES)
