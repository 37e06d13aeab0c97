"""The calendar from the command line."""

from __future__ import annotations

from pathlib import Path

from tests.cli.support import Crm


def test_an_activity_is_planned_by_typing_listed_repeated_and_ticked_off(crm: Crm) -> None:
    made = crm.json("add", "activity", "kind=task", "subject=回电")
    planned = crm.json("calendar", "plan", made["id"], "2027-03-01", "14:00-15:30")
    assert (planned["duration_minutes"], planned["all_day"]) == (90, False)
    assert planned["time_zone"]
    repeating = crm.json("calendar", "repeat", made["id"], "FREQ=WEEKLY;BYDAY=MO,TH")
    assert repeating["repeats"] == "FREQ=WEEKLY;BYDAY=MO,TH"
    period = ("calendar", "list", "--from", "2027-03-01", "--to", "2027-03-07")
    monday, thursday = crm.rows(*period)
    assert (monday["id"], thursday["id"]) == (f"{made['id']}@2027-03-01", f"{made['id']}@2027-03-04")
    assert crm.json("calendar", "done", thursday["id"])["series_id"] == made["id"]
    crm.json("calendar", "plan", monday["id"], "2027-03-02", "9:00")
    assert [(row["subject"], row["done"]) for row in crm.rows(*period)] == [("回电", False), ("回电", True)]
    crm.json("calendar", "remove", f"{made['id']}@2027-03-08", "--which", "following")
    assert crm.rows("calendar", "list", "--from", "2027-03-08", "--to", "2027-03-30") == []


def test_a_calendar_file_goes_out_and_comes_in_once(crm: Crm, tmp_path: Path) -> None:
    made = crm.json("add", "activity", "kind=visit", "subject=Round", "due_at=2027-03-01T09:00:00Z")
    crm.json("calendar", "repeat", made["id"], "FREQ=DAILY;COUNT=3")
    file = tmp_path / "mine.ics"
    days = ("--from", "2027-03-01", "--to", "2027-03-07")
    assert crm.json("calendar", "export", str(file), *days)["events"] == 1
    assert crm.json("calendar", "import", str(file)) == {
        "created": 0,
        "updated": 0,
        "unchanged": 1,
        "rejected": 0,
    }
    other = file.read_bytes().replace(f"{made['id']}@satchel".encode(), b"tea@example.org")
    foreign = tmp_path / "other.ics"
    foreign.write_bytes(other)
    assert crm.json("calendar", "import", str(foreign))["created"] == 1
    foreign.write_bytes(other.replace(b"Round", b"Tea"))
    assert crm.json("calendar", "import", str(foreign)) == {
        "created": 0,
        "updated": 1,
        "unchanged": 0,
        "rejected": 0,
    }
    assert (
        sorted(row["subject"] for row in crm.rows("calendar", "list", *days)) == ["Round"] * 3 + ["Tea"] * 3
    )
    broken = tmp_path / "broken.ics"
    broken.write_text("no calendar")
    ran = crm.run("calendar", "import", str(broken))
    assert (ran.status, "not a calendar" in ran.err) == (1, True)
    assert crm.run("calendar", "import", str(tmp_path / "none.ics")).status == 1


def test_what_is_not_understood_is_said(crm: Crm) -> None:
    made = crm.json("add", "activity", "kind=task", "subject=x")
    for arguments, said in (
        (("plan", made["id"], "some", "day"), "some day"),
        (("repeat", made["id"], "sometimes"), "no rule for repeating"),
        (("done", f"{made['id']}@soon"), "is not a day"),
    ):
        ran = crm.run("calendar", *arguments)
        assert ran.status == 1
        assert said in ran.err
