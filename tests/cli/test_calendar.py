"""The calendar from the command line."""

from __future__ import annotations

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
