"""Leads from the command line."""

from __future__ import annotations

from tests.cli.support import Crm


def test_a_lead_is_matched_converted_and_the_conversion_undone(crm: Crm) -> None:
    known = crm.json("add", "customer", "name=Paper Crane", "phone=+44 20 7946 0001")
    lead = crm.json("add", "lead", "name=Ann Moss", "company=Crane Foods", "phone=+442079460001")
    assert (lead["status"], lead["channel"]) == ("new", "hand")
    (match,) = crm.rows("lead", "matches", lead["id"])
    assert (match["customer_id"], match["reasons"], match["may_join"]) == (
        known["id"],
        "Same phone number",
        True,
    )
    pipeline = crm.json("add", "pipeline", "name=Sales")
    crm.json("add", "stage", "name=First", f"pipeline_id={pipeline['id']}")
    join = ("lead", "convert", lead["id"], "--customer", known["id"])
    made = crm.json(*join, "--deal", "Pumps", "--with", "amount=1200.00 CNY")
    assert made["customer"] == "Paper Crane"
    assert crm.json("show", "deal", made["deal_id"])["amount"] == "1200.00 CNY"
    again = crm.run(*join)
    assert (again.status, "converted already" in again.err) == (1, True)
    back = crm.json("lead", "undo", lead["id"])
    assert (back["status"], back["customer_id"]) == ("new", None)
    small = crm.json("add", "lead", "name=Small")
    crm.json("add", "activity", "kind=call", "subject=Rang", "outcome=positive", f"lead_id={lead['id']}")
    ranked = crm.rows("list", "lead", "--sort", "-score", "--fields", "name,score")
    assert [row["id"] for row in ranked] == [lead["id"], small["id"]]
    scored = crm.json("lead", "score", lead["id"])
    assert scored["score"] == ranked[0]["score"] == 30
    assert scored["reasons"] == ["+20 good talk (today)", "+10 can be called"]
    (found,) = crm.rows("list", "lead", "--where", "score >= 20", "--fields", "name")
    assert found["name"] == "Ann Moss"
    refused = crm.run("set", "lead", lead["id"], "status=junk")
    assert (refused.status, "Say why the lead leads nowhere" in refused.err) == (1, True)
    assert crm.json("set", "lead", lead["id"], "status=junk", "junk_reason=spam")["status"] == "junk"
    assert crm.run("lead", "convert", lead["id"], "--with", "amount=1 CNY").status == 1


def test_leads_of_nobody_are_listed_claimed_and_given_back(crm: Crm) -> None:
    made = crm.json("add", "lead", "name=王五", "company=无主公司")
    crm.json("set", "lead", made["id"], "owner_id=")
    assert [row["id"] for row in crm.rows("pool", "list", "--leads")] == [made["id"]]
    assert crm.json("pool", "claim", made["id"])["owner_id"] == made["owner_id"]
    ran = crm.run("pool", "claim", made["id"])
    assert (ran.status, ran.err) == (1, "This lead is not free to be claimed\n")
    assert crm.json("pool", "return", made["id"])["owner_id"] is None
    assert crm.run("pool", "list", "--leads", "--soon").status == 2


def test_lists_of_the_pool_name_people_in_a_table_and_keep_ids_in_json(crm: Crm) -> None:
    role = crm.json("add", "role", "name=Sales", "rights={}")["id"]
    owner = crm.json("add", "user", "name=Lin Yi", f"role_id={role}")["id"]
    customer = crm.json("add", "customer", "name=Paper Crane", f"owner_id={owner}")
    crm.json("pool", "return", customer["id"], "--reason", "Moved away")
    (row,) = crm.rows("pool", "list")
    assert row["last_owner_id"] == owner
    shown = crm.run("pool", "list").out
    assert "Lin Yi" in shown
    assert owner not in shown
