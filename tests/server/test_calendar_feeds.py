"""Calendars for telephones hold what their user may see, and nothing after he was shut out."""

from __future__ import annotations

import subprocess
import sys

import pytest

from crm_core.errors import NotFound
from crm_core.times import DAY_MS
from sync_server.services import calendar_feeds, people
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters

PASSWORD = "a long enough one"


def text_of(headquarters: Headquarters, path: str) -> str:
    secret = path.removeprefix("/calendar/").removesuffix(".ics")
    return calendar_feeds.content(headquarters, secret).decode().replace("\r\n ", "")


def test_a_server_starts_without_what_only_feeds_need() -> None:
    begin = "import sys, sync_server.services.calendar_feeds; sys.exit('icalendar' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", begin], check=False).returncode == 0


def test_a_feed_holds_what_its_user_may_see_and_ends_with_his_access(headquarters: Headquarters) -> None:
    hq = headquarters
    ids = {
        name: people.add_user(
            hq, name, people.user_values(hq, {"role": "sales", "team": None, "territory": None}), PASSWORD
        )["id"]
        for name in ("anna", "ben")
    }
    soon = now_ms() + DAY_MS
    theirs = hq.records.create("customer", {"name": "Secret Ltd", "owner_id": ids["ben"]})
    mine = hq.records.create("customer", {"name": "Tin Kettle", "owner_id": ids["anna"]})

    def plan(subject: str, owner: str, **values: object) -> str:
        given = {"kind": "visit", "subject": subject, "due_at": soon, "owner_id": ids[owner], **values}
        return hq.records.create("activity", given)

    own = plan("Survey", "anna", customer_id=mine, notes="bring the sample")
    plan("Old", "anna", due_at=soon - 400 * DAY_MS)
    plan("Round", "anna", due_at=soon - 400 * DAY_MS, repeats="FREQ=WEEKLY", time_zone="Asia/Shanghai")
    plan("His", "ben", customer_id=theirs)
    plan("Both", "ben", customer_id=theirs, assignees=[ids["anna"]])
    path = calendar_feeds.add(hq, "anna")["path"]
    text = text_of(hq, path)
    assert text == text_of(hq, path)
    assert f"UID:{own}@satchel" in text
    assert "SUMMARY:Survey · Tin Kettle" in text
    assert "bring the sample" in text
    assert "TZID:Asia/Shanghai" in text
    assert text.count("BEGIN:VEVENT") == 3
    assert "SUMMARY:Both" in text
    assert "Secret Ltd" not in text
    assert "His" not in text
    people.disable_user(hq, "anna")
    with pytest.raises(NotFound, match="nothing here"):
        text_of(hq, path)


def test_only_the_addresses_named_are_taken_back(headquarters: Headquarters) -> None:
    hq = headquarters
    name = people.users(hq)[0]["name"]
    first, second = calendar_feeds.add(hq, name, "telephone"), calendar_feeds.add(hq, name, "tablet")
    assert first["path"] != second["path"]
    assert calendar_feeds.revoke(hq, name, first["id"]) == 1
    assert [each["label"] for each in calendar_feeds.listed(hq, name)] == ["tablet"]
    with pytest.raises(NotFound):
        text_of(hq, first["path"])
    assert text_of(hq, second["path"]).startswith("BEGIN:VCALENDAR")
    with pytest.raises(NotFound):
        calendar_feeds.revoke(hq, name, first["id"])
