"""Service requests from the command line: forms as data, asking, sending again, withdrawing."""

from __future__ import annotations

import json

from tests.cli.support import Crm

QUESTIONS = [
    {"key": "amount", "label": "Amount", "kind": "money", "currency": "CNY", "required": True},
    {"key": "what", "label": "What", "kind": "tags", "choices": [{"value": "gift", "label": "Gift"}]},
    {"key": "photo", "label": "Photo", "kind": "file"},
]


def test_a_form_is_made_and_asked_by_and_withdrawn(crm: Crm) -> None:
    crm.json("add", "request_form", "name=Goodwill", "name_zh=补偿", f"questions={json.dumps(QUESTIONS)}")
    (form,) = crm.rows("request", "forms")
    assert form["questions"] == ["amount", "what", "photo"]
    photo = crm.profile.parent / "broken.txt"
    photo.write_text("Broken", encoding="utf-8")
    missing = crm.run("request", "new", "补偿", "what=gift")
    assert (missing.status, "a:amount" in missing.err) == (1, True)
    assert crm.rows("list", "ticket") == []
    wrong = crm.run("request", "new", "goodwill", "amount=12 EUR", "colour=red")
    assert (wrong.status, "CNY" in wrong.err, "colour" in wrong.err) == (1, True, True)
    made = crm.json(
        *("request", "new", "goodwill", "amount=12.50", "what=gift", "--subject", "For Ann"),
        *("--why", "Late", "--file", "photo", str(photo)),
    )
    assert (made["state"], made["subject"], made["reason"]) == ("granted", "For Ann", "Late")
    assert made["answers"] | {"photo": ""} == {"amount": "12.50 CNY", "what": ["gift"], "photo": ""}
    assert [file["name"] for file in crm.rows("attachment", "of", "service_request", made["id"])] == [
        "broken.txt"
    ]
    assert crm.json("request", "show", made["ticket"])["id"] == made["id"]
    counted = crm.run("--json", "report", "run", "--of", "ticket", "--by", "form_id")
    assert "Goodwill" in counted.out
    nobody = crm.run("request", "new", "nothing")
    assert (nobody.status, "no form called" in nobody.err) == (1, True)
    stands = crm.run("request", "withdraw", made["id"])
    assert stands.status == 1


def test_what_waits_is_taken_back_changed_sent_again_and_given_up(crm: Crm) -> None:
    crm.json("add", "request_form", "name=Goodwill", f"questions={json.dumps(QUESTIONS)}")
    steps = json.dumps([{"who": "superior"}])
    flow = ("name=All", "record_entity=service_request", f"steps={steps}")
    crm.json("add", "approval_flow", *flow)
    made = crm.json("request", "new", "goodwill", "amount=100")
    assert (made["state"], made["held"]) == ("waiting", True)
    held = crm.run("set", "ticket", made["ticket"], "status=open")
    assert (held.status, "before it is accepted" in held.err) == (1, True)
    assert [row["record"] for row in crm.rows("approvals", "list", "--all")] == [made["id"]]
    crm.json("approvals", "withdraw", made["id"])
    assert crm.json("request", "show", made["id"])["state"] == "draft"
    crm.json("set", "service_request", made["id"], 'answers={"amount": 5000}')
    assert crm.json("request", "send", made["id"])["answers"] == {"amount": "50.00 CNY"}
    assert crm.json("request", "withdraw", made["id"])["state"] == "withdrawn"
