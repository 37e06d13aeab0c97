"""Absences from the command line."""

from __future__ import annotations

import datetime

from tests.cli.support import Crm


def test_somebody_is_away_for_whole_days_and_comes_back(crm: Crm) -> None:
    role = crm.json("add", "role", "name=works", "rights={}")
    crm.json("add", "user", "name=Chen", f"role_id={role['id']}")
    made = crm.json(
        "away", "add", "today", "tomorrow", "--deputy", "Chen", "--tickets", "hand", "--note", "Leave"
    )
    assert (made["tickets"], made["note"]) == ("hand", "Leave")
    (row,) = crm.rows("away", "list")
    assert row["stand_in"] == "Chen"
    begins, ends = (datetime.datetime.fromisoformat(row[name]).astimezone() for name in ("from", "until"))
    assert (begins.hour, ends.hour) == (0, 0)
    assert ends.date() - begins.date() == datetime.timedelta(days=2), "both days are whole"
    assert crm.json("away", "end")["id"] == made["id"]
    assert crm.rows("away", "list") == []
    assert len(crm.rows("away", "list", "--all")) == 1
    for told in (("today", "yesterday"), ("today", "whenever"), ("2026-02-30", "today")):
        assert crm.run("away", "add", *told, "--deputy", "Chen").status == 1
    nobody = crm.run("away", "end")
    assert (nobody.status, "no absence now" in nobody.err) == (1, True)
    by_moment = crm.json("away", "add", "tomorrow 14:00", "tomorrow 18:00", "--deputy", "Chen")
    assert by_moment["tickets"] == "offer"


def test_official_days_go_into_a_calendar_by_its_name(crm: Crm) -> None:
    crm.json("add", "work_calendar", "name=Days", "time_zone=Asia/Shanghai")
    listed = crm.rows("holidays", "list", "--year", "2026")
    assert {"day": "2026-10-10", "kind": "worked"} in listed
    added = crm.json("holidays", "add", "days", "--year", "2025", "--year", "2026")
    assert added["made_up"] == 11
    assert added["holidays"] == len([row for row in listed if row["kind"] == "off"]) + 28
    again = crm.json("holidays", "add", added["id"], "--year", "2026")
    assert (again["holidays"], again["made_up"]) == (added["holidays"], added["made_up"])
    unknown = crm.run("holidays", "add", "Days", "--year", "2099")
    assert (unknown.status, "2099 are not known" in unknown.err) == (1, True)
    assert crm.run("holidays", "add", "Nights", "--year", "2026").status == 1
    file = crm.profile / "hk.ics"
    event = "BEGIN:VEVENT\nUID:{0}\nDTSTART;VALUE=DATE:{0}\nSUMMARY:Day\nEND:VEVENT\n"
    days = "".join(map(event.format, ("20270101", "20280101")))
    file.write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{days}END:VCALENDAR\n")
    taken = crm.json("holidays", "import", str(file), "days", "--year", "2027")
    assert (taken["holidays"], taken["in_file"], taken["left"]) == (added["holidays"] + 1, 1, 0)
    for given in ((str(file), "Days", "--year", "1999"), (str(crm.profile / "none.ics"), "Days")):
        assert crm.run("holidays", "import", *given).status == 1
