"""Segments from the command line."""

from __future__ import annotations

import csv
import json

from crm_core.rules.standard_roles import STANDARD_ROLES
from tests.cli.support import Crm


def test_segments_are_made_by_rule_and_by_hand_and_narrow_lists(crm: Crm) -> None:
    big, small = (
        crm.json("add", "customer", f"name={name}", f"employees={size}")
        for name, size in (("Big", 500), ("Small", 5))
    )
    crm.json("add", "activity", "kind=visit", "subject=Seen", f"customer_id={small['id']}")
    made = crm.json("segment", "make", "Large", "employees >= 100 and count(activity) = 0")
    assert (made["customers"], made["of"], made["first"][0]["name"]) == (1, 2, "Big")
    tried = crm.json("segment", "make", "x", "not segment = large", "--dry-run")
    assert (tried["customers"], tried["first"][0]["id"]) == (1, small["id"])
    wrong = crm.run("segment", "make", "x", "employees >= many")
    assert (wrong.status, "not a whole number" in wrong.err) == (1, True)
    picked = crm.json("segment", "make", "Friends", "--picked")
    assert crm.json("segment", "add", "friends", small["id"], big["id"])["moved"] == 2
    assert crm.json("segment", "remove", picked["id"], big["id"])["customers"] == 1
    assert [row["name"] for row in crm.rows("segment", "members", "Friends")] == ["Small"]
    assert [row["customers"] for row in crm.rows("segment", "list")] == [1, 1]
    (seen,) = crm.rows("list", "activity", "--where", "segment = Friends", "--fields", "subject")
    assert seen["subject"] == "Seen"
    changed = crm.json("segment", "change", "Large", "employees < 100", "--name", "Little")
    assert (changed["name"], changed["first"][0]["name"]) == ("Little", "Small")


def test_customers_of_a_segment_are_exported_changed_and_handed_over_alone(crm: Crm) -> None:
    role = crm.json("add", "role", "name=Sells", f"rights={json.dumps(STANDARD_ROLES['sales'][1])}")
    leaver, _ = (crm.json("add", "user", f"name={name}", f"role_id={role['id']}") for name in ("Lee", "Heir"))
    for name, size in (("Big", 500), ("Huge", 900), ("Small", 5)):
        crm.json("add", "customer", f"name={name}", f"employees={size}", f"owner_id={leaver['id']}")
    crm.json("segment", "make", "Large", "employees >= 100 or not employees filled")
    file = crm.profile.parent / "large.csv"
    crm.json(
        "export", "customer", str(file), "--where", "segment = Large", "--fields", "name", "--sort", "name"
    )
    rows = csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines())
    assert [row["Name"] for row in rows] == ["Big", "Huge"]
    asked = ("hand-over", "--from", "Lee", "--to", "Heir", "--where", "segment = Large")
    assert crm.json(*asked, "--dry-run")["customer"] == 2
    assert crm.json(*asked)["moved"] == 2
    stay = crm.rows("list", "customer", "--where", f"owner_id = {leaver['id']}", "--fields", "name")
    assert [row["name"] for row in stay] == ["Small"]
