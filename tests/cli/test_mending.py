"""`crm mend`: what is to be mended is counted, listed and put right where that is clear."""

from __future__ import annotations

from tests.cli.support import Crm


def test_fields_are_counted_listed_and_mended_where_that_is_clear(crm: Crm) -> None:
    crm.json("add", "customer", "name=Short", "industry=软件", "phone=5550 0199")
    crm.json(
        "add", "customer", "name=Nowhere", "industry=Mending", "phone=0512 5550 0199", "email=a@b.example"
    )
    counted = {(row["field"], row["problem"]): row["count"] for row in crm.rows("mend", "count", "customer")}
    assert counted[("industry", "Not in its standard form")] == 2
    assert counted[("phone", "Not in its standard form")] == 1
    assert counted[("email", "Missing")] == 1
    listed = {row["title"]: row for row in crm.rows("mend", "list", "customer", "--field", "industry")}
    assert (listed["Short"]["mended"], listed["Nowhere"]["mended"]) == ("软件和信息技术服务业", None)
    assert [
        row["title"] for row in crm.rows("mend", "list", "customer", "--field", "email", "--missing")
    ] == ["Short"]
    outcome = {"changed": 1, "unclear": 1, "refused": 0}
    assert crm.json("mend", "apply", "customer", "industry", "--dry-run") == outcome
    assert len(crm.rows("mend", "list", "customer", "--field", "industry")) == 2
    assert crm.json("mend", "apply", "customer", "industry") == outcome
    assert [row["title"] for row in crm.rows("mend", "list", "customer", "--field", "industry")] == [
        "Nowhere"
    ]
    assert [row["name"] for row in crm.rows("list", "customer", "--where", "industry = Software")] == [
        "Short"
    ]
    assert [
        row["name"] for row in crm.rows("list", "customer", "--where", "industry = 软件和信息技术服务业")
    ] == ["Short"]
    refused = crm.run("mend", "apply", "customer", "name")
    assert (refused.status, "nothing to mend" in refused.err) == (1, True)


def test_what_is_written_is_made_standard_where_that_is_certain_and_told_of_where_not(crm: Crm) -> None:
    made = crm.json("add", "customer", "name=A", "country=中国", "province=江苏", "city=苏州", "industry=i65")
    written = [made[name] for name in ("country", "province", "city", "industry")]
    assert written == ["中国", "江苏省", "苏州市", "Software and IT services"]
    ran = crm.run("--json", "set", "customer", made["id"], "city=Atlantis", "phone=0512 5550 0199")
    assert ran.err == "city: Not a standard name in 江苏省; kept as it is typed\n"
    assert (ran.json()["city"], ran.json()["phone"]) == ("Atlantis", "+8651255500199")
