"""Payments from the command line: a plan of parts, a receipt matched and given back, what is overdue."""

from __future__ import annotations

import datetime

from tests.cli.support import Crm


def test_from_a_plan_to_what_is_overdue(crm: Crm) -> None:
    customer = crm.json("add", "customer", "name=Acme")["id"]
    order = crm.json("add", "order", f"customer_id={customer}", "currency=CNY")["id"]
    crm.json("add", "order_line", f"order_id={order}", "description=Pump", "unit_price=1000.01 CNY")
    crm.json("set", "order", order, "status=confirmed")
    wrong = crm.run("payments", "plan", "order", order, "30/60")
    assert (wrong.status, "come to 90 %" in wrong.err) == (1, True)
    made = crm.rows("payments", "plan", "order", order, "30/60/10", "--first", "2020-01-31")
    assert [(row["amount"], row["due_on"], row["state"]) for row in made] == [
        ("300.00 CNY", "2020-01-31", "draft"),
        ("600.01 CNY", "2020-02-29", "draft"),
        ("100.00 CNY", "2020-03-31", "draft"),
    ]
    crm.json("add", "plan_template", "name=Usual", "name_zh=常用", "parts=30 signing+7/60/10", "months=3")
    unread = crm.run("add", "plan_template", "name=Odd", "parts=30/60")
    assert (unread.status, "come to 90 %" in unread.err) == (1, True)
    of_template = ("payments", "plan", "order", order, "--template")
    assert "no plan template called “Rare”" in crm.run(*of_template, "Rare").err
    usual = crm.rows(*of_template, "常用", "--first", "2020-01-31")
    assert [row["due_on"] for row in usual][1:] == ["2020-01-31", "2020-04-30"]
    ordered = datetime.date.fromisoformat(crm.json("show", "order", order)["ordered_on"])
    assert usual[0]["due_on"] == (ordered + datetime.timedelta(days=7)).isoformat()
    crm.rows("payments", "plan", "order", order, "30/60/10", "--first", "2020-01-31")
    agreed = crm.rows("payments", "agree", "order", order)
    assert {row["state"] for row in agreed} == {"overdue"}
    receipt = crm.json("add", "receipt", f"customer_id={customer}", "amount=500 CNY", "reference=B-1")["id"]
    assert "once it is posted" in crm.run("payments", "match", receipt).err
    crm.json("set", "receipt", receipt, "status=posted")
    share = f"{agreed[2]['id']}=100"
    assert crm.json("payments", "match", receipt, share)["left"] == "400.00 CNY"
    told = crm.json("payments", "match", receipt)
    assert (told["left"], sorted(told["matched"].values())) == (
        "0.00 CNY",
        ["100.00 CNY", "100.00 CNY", "300.00 CNY"],
    )
    assert crm.json("payments", "refund", receipt, "100", "--reason", "Damaged")["status"] == "posted"
    (owed,) = crm.rows("payments", "ageing")
    assert (owed["name"], owed["older"], owed["total"], owed["count"]) == (
        "Acme",
        "600.01 CNY",
        "600.01 CNY",
        2,
    )
    assert "can go back" in crm.run("payments", "refund", receipt, "400.01").err
    refused = crm.run("set", "receipt", receipt, "amount=1 CNY")
    assert (refused.status, "Posted" in refused.err) == (1, True)
    title = crm.json("add", "invoice_title", f"customer_id={customer}", "name=Acme Ltd")["id"]
    invoice = crm.json("add", "invoice", f"order_id={order}", "kind=vat_plain")
    assert (invoice["amount"], invoice["title_name"], invoice["invoice_title_id"]) == (
        "1000.01 CNY",
        "Acme Ltd",
        title,
    )
    more = crm.run("add", "invoice", f"order_id={order}", "amount=1 CNY")
    assert (more.status, "1.00 CNY more than the 1000.01 CNY agreed" in more.err) == (1, True)
