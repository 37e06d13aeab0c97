"""Segments from the command line."""

from __future__ import annotations

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
