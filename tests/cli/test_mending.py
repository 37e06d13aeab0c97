"""`crm mend`: what is to be mended is counted, listed and put right where that is clear."""

from __future__ import annotations

from tests.cli.support import Crm


def test_fields_are_counted_listed_and_mended_where_that_is_clear(crm: Crm) -> None:
    crm.json("add", "customer", "name=Short", "city=苏州", "phone=5550 0199")
    crm.json("add", "customer", "name=Nowhere", "city=Atlantis", "phone=0512 5550 0199", "email=a@b.example")
    counted = {(row["field"], row["problem"]): row["count"] for row in crm.rows("mend", "count", "customer")}
    assert counted[("city", "Not in its standard form")] == 2
    assert counted[("phone", "Not in its standard form")] == 1
    assert counted[("email", "Missing")] == 1
    listed = {row["title"]: row for row in crm.rows("mend", "list", "customer", "--field", "city")}
    assert (listed["Short"]["mended"], listed["Nowhere"]["mended"]) == ("苏州市", None)
    assert [
        row["title"] for row in crm.rows("mend", "list", "customer", "--field", "email", "--missing")
    ] == ["Short"]
    outcome = {"changed": 1, "unclear": 1, "refused": 0}
    assert crm.json("mend", "apply", "customer", "city", "--dry-run") == outcome
    assert len(crm.rows("mend", "list", "customer", "--field", "city")) == 2
    assert crm.json("mend", "apply", "customer", "city") == outcome
    assert [row["title"] for row in crm.rows("mend", "list", "customer", "--field", "city")] == ["Nowhere"]
    assert [row["name"] for row in crm.rows("list", "customer", "--where", "city = Suzhou")] == ["Short"]
    assert [row["name"] for row in crm.rows("list", "customer", "--where", "city = 苏州市")] == ["Short"]
    refused = crm.run("mend", "apply", "customer", "name")
    assert (refused.status, "nothing to mend" in refused.err) == (1, True)
