"""Orders and contracts from the command line: made of a quote, delivered, taken back, renewed."""

from __future__ import annotations

from tests.cli.support import Crm


def sent_quote(crm: Crm) -> str:
    customer = crm.json("add", "customer", "name=Acme")["id"]
    quote: str = crm.json("add", "quote", f"customer_id={customer}")["id"]
    product = crm.json("add", "product", "name=Pump", "code=P-1")["id"]
    line = ("description=Pump", "quantity=3", "unit_price=100", f"product_id={product}")
    crm.json("add", "quote_line", f"quote_id={quote}", *line)
    crm.json("set", "quote", quote, "status=sent")
    return quote


def test_a_quote_becomes_an_order_that_is_delivered_and_partly_taken_back(crm: Crm) -> None:
    quote = sent_quote(crm)
    order = crm.json("order", "from-quote", quote)
    assert (order["quote_id"], order["total"]) == (quote, "300.00 CNY")
    assert crm.json("show", "quote", quote)["status"] == "accepted"
    again = crm.run("order", "from-quote", quote)
    assert (again.status, "an order of this quote already" in again.err) == (1, True)
    if order["status"] == "draft":
        crm.json("set", "order", order["id"], "status=confirmed")
    (line,) = crm.rows("order", "state", order["id"])
    assert (line["ordered"], line["delivered"], line["open"]) == ("3", "0", "3")
    (part,) = crm.rows("order", "deliver", order["id"], f"{line['id']}=2/S-1/S-2", "--day", "2026-11-20")
    assert (part["delivered"], part["open"]) == ("2", "1")
    too_much = crm.run("order", "deliver", order["id"], f"{line['id']}=2")
    assert (too_much.status, "3 were ordered and 2 delivered already" in too_much.err) == (1, True)
    (whole,) = crm.rows("order", "deliver", order["id"])
    assert whole["open"] == "0"
    nothing = crm.run("order", "deliver", order["id"])
    assert (nothing.status, "still to be delivered" in nothing.err) == (1, True)
    (back,) = crm.rows("order", "take-back", order["id"], f"{line['id']}=1/S-2", "--reason", "faulty")
    assert (back["delivered"], back["open"]) == ("2", "1")
    assert crm.run("order", "take-back", order["id"], "--reason", "faulty").status == 1
    assert crm.run("order", "deliver", order["id"], f"{line['id']}=x").status == 1
    in_use = [row["serial"] for row in crm.rows("list", "installed_product", "--where", "status = in_use")]
    assert "S-1" in in_use
    assert "S-2" not in in_use


def test_a_contract_is_drafted_and_renewed(crm: Crm) -> None:
    crm.json("add", "clause", "title=Warranty", "body=Two years", "standard=yes")
    made = crm.json("contract", "from-quote", sent_quote(crm))
    assert (made["status"], made["total"]) == ("draft", "300.00 CNY")
    early = crm.run("contract", "renew", made["id"])
    assert (early.status, "signed" in early.err) == (1, True)
    crm.json("set", "contract", made["id"], "starts_on=2026-01-01", "ends_on=2026-12-31")
    for state in ("sent", "signed"):
        crm.json("set", "contract", made["id"], f"status={state}")
    follows = crm.json("contract", "renew", made["id"])
    assert (follows["starts_on"], follows["ends_on"]) == ("2027-01-01", "2027-12-31")
    assert crm.json("order", "from-contract", made["id"])["total"] == "300.00 CNY"


def test_a_contract_goes_out_and_is_signed_as_a_quote_is(crm: Crm) -> None:
    crm.json("add", "clause", "title=Warranty", "body=Two years", "standard=yes")
    contract = crm.json("contract", "from-quote", sent_quote(crm))["id"]
    early = crm.run("contract", "link", contract)
    assert (early.status, "has not gone out" in early.err) == (1, True)
    crm.json("set", "contract", contract, "status=sent")
    (file,) = crm.rows("attachment", "of", "contract", contract)
    mail = crm.json("contract", "mail", contract, "--to", "ann@acme.example", "--language", "en")
    assert (mail["status"], mail["sha256"]) == ("queued", file["sha256"])
    assert mail["subject"].startswith("Contract ")
    assert [each["state"] for each in crm.rows("contract", "mails", contract)] == ["queued"]
    nowhere = crm.run("contract", "link", contract)
    assert (nowhere.status, "public_url" in nowhere.err) == (1, True)
    assert crm.json("contract", "sign", contract, "--name", "Ann Moss")["sha256"] == file["sha256"]
    shown = crm.json("show", "contract", contract)
    assert (shown["status"], shown["signed_on"] is not None) == ("signed", True)
    (answer,) = crm.rows("contract", "answers", contract)
    assert (answer["verdict"], answer["where"], answer["sealed"]) == ("accepted", "laptop", None)
    assert crm.run("contract", "sign", contract, "--name", "Ann Moss", "--decline", "No").status == 1


def test_an_order_confirmation_is_declined_and_accepted_later(crm: Crm) -> None:
    order = crm.json("order", "from-quote", sent_quote(crm))["id"]
    crm.json("set", "order", order, "status=confirmed")
    assert len(crm.rows("attachment", "of", "order", order)) == 1
    crm.json("order", "sign", order, "--name", "Ann Moss", "--decline", "Wrong pump")
    assert crm.json("show", "order", order)["status"] == "confirmed"
    crm.json("order", "sign", order, "--name", "Ann Moss")
    assert crm.json("show", "order", order)["accepted_on"] is not None
    assert {each["verdict"] for each in crm.rows("order", "answers", order)} == {"accepted", "declined"}
