"""Tickets of unknown senders and calls from the command line."""

from __future__ import annotations

from pathlib import Path

from tests.cli.support import Crm


def test_unknown_senders_are_listed_matched_linked_and_barred(crm: Crm) -> None:
    heron = crm.json("add", "customer", "name=Blue Heron", "website=https://heron.example")
    sender = ("channel=mail", "from_address=tom@heron.example", "from_name=Tom")
    first = crm.json("add", "ticket", "subject=Leak", *sender)
    other = crm.json("add", "ticket", "subject=Noise", *sender)
    rows = crm.rows("ticket", "unknown")
    assert {row["id"]: (row["sender"], row["others"]) for row in rows} == {
        first["id"]: ("Tom <tom@heron.example>", 1),
        other["id"]: ("Tom <tom@heron.example>", 1),
    }
    (match,) = crm.rows("ticket", "matches", first["id"])
    assert (match["customer_id"], match["reasons"]) == (heron["id"], "Same domain of the mail address")
    made = crm.json("ticket", "link", first["id"], "--customer", heron["id"], "--make", "Tom", "--others")
    assert made["customer_id"] == heron["id"]
    (contact,) = crm.rows("list", "contact", "--fields", "name,email")
    assert (contact["name"], contact["email"]) == ("Tom", "tom@heron.example")
    assert crm.json("show", "ticket", other["id"])["contact_id"] == made["contact_id"]
    junk = crm.json("add", "ticket", "subject=Buy", "channel=web", "from_address=a@junk.example")
    assert crm.json("ticket", "junk", junk["id"], "--reason", "Lamps")["status"] == "closed"
    (barred,) = crm.rows("list", "barred_sender", "--fields", "address,reason")
    assert (barred["address"], barred["reason"]) == ("a@junk.example", "Lamps")
    assert crm.rows("ticket", "unknown") == []
    refused = crm.run("ticket", "link", junk["id"])
    assert (refused.status, "Choose a customer" in refused.err) == (1, True)


def test_a_call_is_taken_for_who_has_the_number(crm: Crm) -> None:
    heron = crm.json("add", "customer", "name=Blue Heron")
    crm.json("add", "contact", "name=Tom", f"customer_id={heron['id']}", "phone=139 1234 5678")
    (found,) = crm.rows("ticket", "caller", "+8613912345678")
    assert (found["name"], found["customer"], found["whole"]) == ("Tom", "Blue Heron", True)
    made = crm.json("ticket", "call", "139-1234-5678", "--subject", "Leak", "--said", "It leaks")
    assert (made["customer_id"], made["channel"]) == (heron["id"], "phone")
    crm.json("ticket", "call", "13912345678", "--ticket", made["id"], "--said", "More")
    assert len(crm.rows("list", "ticket_message")) == 2
    stranger = crm.json("ticket", "call", "0512 5550 0777", "--subject", "Who", "--name", "Kim")
    assert (stranger["customer_id"], stranger["from_name"]) == (None, "Kim")
    assert crm.run("ticket", "call", "0512 5550 0777").status == 1


def test_an_answer_takes_files_of_its_ticket_along_and_no_others(crm: Crm, tmp_path: Path) -> None:
    (tmp_path / "how.txt").write_text("Turn it off")
    ticket, other = (crm.json("add", "ticket", f"subject={name}") for name in ("Leak", "Noise"))
    mine, theirs = (
        crm.json("attach", "ticket", each["id"], str(tmp_path / "how.txt")) for each in (ticket, other)
    )
    said = ("add", "ticket_message", f"ticket_id={ticket['id']}", "body=Read this")
    assert crm.json(*said, f'files=["{mine["id"]}"]')["files"] == [mine["id"]]
    refused = crm.run(*said, f'files=["{theirs["id"]}"]')
    assert (refused.status, "Only files of the ticket" in refused.err) == (1, True)
