"""What people of different roles may do on their own laptops, against a running headquarters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.support import Crm
from tests.support.server import RunningServer, running_server

PASSWORD = "a long password"


@pytest.fixture(scope="module")
def hq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Give an HQ with two teams, and two people who sell."""
    with running_server(tmp_path_factory.mktemp("hq")) as server:
        for team in ("East", "West"):
            server.command("team", "add", team)
        for name, team in (("lin", "East"), ("wu", "West")):
            server.add_user(name, "sales", password=PASSWORD, team=team)
        yield server


def _signed_in(hq: RunningServer, profile: Path, user: str) -> Crm:
    crm = Crm(profile)
    arguments = ("--server", hq.url, "--user", user, "--password-stdin")
    assert crm.run("sign-in", *arguments, stdin=f"{PASSWORD}\n").status == 0
    assert crm.json("sync")["up_to_date"] is True
    return crm


def test_who_sells_may_name_himself_and_his_own_team_and_no_other(hq: RunningServer, tmp_path: Path) -> None:
    lin = _signed_in(hq, tmp_path / "lin", "lin")
    users = {row["name"]: row["id"] for row in lin.rows("list", "user")}
    teams = {row["name"]: row["id"] for row in lin.rows("list", "team")}
    made = lin.json(
        "add", "customer", "name=Acme（示例）", f"owner_id={users['lin']}", f"team_id={teams['East']}"
    )
    for other in (f"owner_id={users['wu']}", f"team_id={teams['West']}", "team_id="):
        ran = lin.run("set", "customer", made["id"], other)
        assert (ran.status, ran.out) == (1, ""), other
        assert "may not assign" in ran.err
    # His own he returns to the pool, and says why.
    ran = lin.run("set", "customer", made["id"], "owner_id=")
    assert (ran.status, ran.out, ran.err) == (1, "", "Say why it is returned\n")
    assert lin.run("add", "customer", "name=B（示例）", f"team_id={teams['West']}").status == 1
    sent = lin.json("sync")
    assert (sent["sent"], sent["refused"]) == (1, 0)
    assert lin.rows("returned") == []


def test_who_claims_a_lead_second_reads_who_has_it_by_name(hq: RunningServer, tmp_path: Path) -> None:
    for each in ("mei", "tao"):
        hq.add_user(each, "sales", password=PASSWORD)
    mei, tao = (_signed_in(hq, tmp_path / each, each) for each in ("mei", "tao"))
    with hq.headquarters() as headquarters:
        lead = headquarters.records.create("lead", {"name": "Nobody's"})
    for crm in (mei, tao):
        crm.json("sync")
        crm.json("pool", "claim", lead)
    tao.json("sync")
    assert mei.json("sync")["refused"] == 1
    (told,) = mei.rows("returned")
    own = next(row["id"] for row in mei.rows("list", "user") if row["name"] == "mei")
    assert (told["field"], told["mine"], told["reason"]) == ("owner_id", own, "tao has this lead already")
    shown = mei.run("returned").out
    assert "mei" in shown
    assert own not in shown


def test_a_record_headquarters_did_not_take_is_changed_and_made_again(
    hq: RunningServer, tmp_path: Path
) -> None:
    hq.add_user("ann", "sales", password=PASSWORD)
    ann = _signed_in(hq, tmp_path / "ann", "ann")
    made = ann.json("add", "customer", "name=Acme（示例）", "city=Oslo", "tags=vip")
    contact = ann.json("add", "contact", "name=Wei（示例）", f"customer_id={made['id']}")
    hq.command("user", "set", "ann", "--role", "auditor")
    assert ann.json("sync")["refused"] == 3, "the two records and the tag"
    customer, person = ann.rows("returned")
    assert (customer["entity"], customer["title"], customer["exists"]) == ("customer", "Acme（示例）", False)
    assert {name: customer["mine"][name] for name in ("city", "tags")} == {"city": "Oslo", "tags": ["vip"]}
    assert customer["reason"]
    assert ann.run("returned", "hand-over", str(customer["id"])).status == 1
    hq.command("user", "set", "ann", "--role", "sales")
    ann.json("sync")
    ran = ann.run("returned", "redo", str(person["id"]))
    assert (ran.status, ran.out) == (1, ""), "its customer is not there yet"
    again = ann.json("returned", "edit", str(customer["id"]), "city=Bergen", "tags+=new")
    assert (again["id"], again["city"], again["tags"]) == (made["id"], "Bergen", ["new", "vip"])
    assert ann.json("returned", "redo", str(person["id"]))["id"] == contact["id"]
    sent = ann.json("sync")
    assert (sent["refused"], ann.rows("returned")) == (0, [])
    assert ann.json("show", "contact", contact["id"])["customer_id"] == made["id"]


def test_an_export_of_a_field_out_of_sight_is_refused(hq: RunningServer, tmp_path: Path) -> None:
    hq.add_user("mark", "marketing", password=PASSWORD)
    mark = _signed_in(hq, tmp_path / "mark", "mark")
    file = tmp_path / "customers.csv"
    ran = mark.run("export", "customer", str(file), "--fields", "name,notes")
    assert (ran.status, ran.out) == (1, "")
    assert "Notes" in ran.err
    assert not file.exists()
    assert mark.run("export", "customer", str(file), "--fields", "id,name").status == 0


def test_what_a_role_does_not_read_is_not_shown_as_if_it_were_empty(
    hq: RunningServer, tmp_path: Path
) -> None:
    hq.add_user("fay", "finance", password=PASSWORD)
    with hq.headquarters() as headquarters:
        values = {"name": "Pump", "list_price": 500_00, "currency": "CNY", "cost": 123_45}
        product = headquarters.records.create("product", {**values, "cost_currency": "CNY"})
    hq.add_user("sam", "sales", password=PASSWORD)
    sam, fay = (_signed_in(hq, tmp_path / each, each) for each in ("sam", "fay"))
    assert fay.json("show", "product", product)["cost"] == "123.45 CNY"
    shown = sam.json("show", "product", product)
    assert shown["list_price"] == "500.00 CNY"
    assert "cost" not in shown
