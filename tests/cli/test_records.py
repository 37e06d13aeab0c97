"""Records from the command line: the contract of names, forms and exit statuses."""

from __future__ import annotations

import contextlib
import csv
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from crm_core.entities import SCHEMAS
from crm_desktop.assembly import open_profile
from crm_desktop.models.device_tables import OtherVersion
from tests.cli.support import PASSPHRASE, Crm


def test_a_record_is_made_shown_changed_deleted_and_restored(crm: Crm) -> None:
    made = crm.json(
        "add", "customer", "name=腾飞", "tags=red,blue", "credit_limit=1,299.00 CNY", "employees=12"
    )
    assert (made["name"], made["tags"], made["credit_limit"]) == ("腾飞", ["blue", "red"], "1299.00 CNY")
    assert len(made["id"]) == 32
    assert made["created_at"].endswith("Z")
    assert made["owner_id"]
    changed = crm.json("set", "customer", made["id"], "tags+=new", "tags-=red", "level=A", "employees=")
    assert (changed["tags"], changed["level"], changed["employees"]) == (["blue", "new"], "A", None)
    assert crm.json("show", "customer", made["id"]) == changed
    assert crm.json("set", "customer", made["id"], "tags=")["tags"] == []
    assert crm.json("delete", "customer", made["id"])["deleted"] is True
    assert crm.rows("list", "customer") == []
    assert crm.json("restore", "customer", made["id"])["name"] == "腾飞"
    assert [row["id"] for row in crm.rows("list", "customer")] == [made["id"]]


def test_the_history_says_who_changed_what_from_what(crm: Crm) -> None:
    made = crm.json("add", "customer", "name=A", "annual_revenue=5 USD")
    crm.json("set", "customer", made["id"], "name=B", "annual_revenue=7 USD")
    crm.json("delete", "customer", made["id"])
    entries = crm.rows("history", "customer", made["id"])
    assert [entry["label"] for entry in entries if entry["field"] is None] == ["Deleted", "Made"]
    changes = {entry["field"]: (entry["old"], entry["new"]) for entry in entries if entry["field"]}
    assert changes["name"] == ("A", "B")
    assert changes["annual_revenue"] == ("5.00 USD", "7.00 USD")
    assert {entry["origin"] for entry in entries} == {"here"}


def test_one_value_is_put_back_from_the_history(crm: Crm) -> None:
    parent = crm.json("add", "customer", "name=Whole")["id"]
    made = crm.json("add", "customer", "name=A", "source=web", "annual_revenue=5 USD")["id"]
    crm.json("set", "customer", made, "name=B", f"parent_id={parent}", "source=referral")
    crm.json("set", "customer", made, "name=C", "annual_revenue=7 EUR")
    worded = {row["label"]: row["new"] for row in crm.rows("history", "customer", made, "--labels")}
    assert (worded["Part of"], worded["Source"], worded["Made"]) == ("Whole", "Referral", "")
    to_b = next(
        row["at"] for row in crm.rows("history", "customer", made)
        if (row["field"], row["new"]) == ("name", "B")
    )  # fmt: skip
    put_back = ("history", "customer", made, "--put-back")
    assert crm.json(*put_back, "name", "--at", to_b)["name"] == "A"
    assert crm.json(*put_back, "name")["name"] == "C"
    assert crm.json(*put_back, "annual_revenue")["annual_revenue"] == "5.00 USD"


def test_the_history_of_a_field_that_was_retired_still_says_what_stood_there(crm: Crm) -> None:
    declared = ("entity=customer", "key=budget", "kind=money", "currency=CNY", "label=Budget")
    budget = crm.json("add", "custom_field", *declared)["id"]
    made = crm.json("add", "customer", "name=A", "x:budget=5 CNY")["id"]
    crm.json("set", "customer", made, "x:budget=7.50 CNY")
    crm.json("set", "custom_field", budget, "retired=true")
    change = next(row for row in crm.rows("history", "customer", made, "--labels") if row["field"])
    assert (change["label"], change["old"], change["new"]) == ("Budget", "5.00 CNY", "7.50 CNY")


def test_who_adds_what_is_here_already_is_told_so(crm: Crm) -> None:
    first = crm.json("add", "customer", "name=蓝鹭阀门有限公司", "phone=021 5555 0142")["id"]
    told = crm.run("add", "customer", "name=藍鷺閥門", "phone=+86 21 55550142").err
    assert "Looks like “蓝鹭阀门有限公司”" in told
    assert first in told
    assert "Same phone number" in told
    assert crm.run("add", "customer", "name=Quiet Pines").err == ""
    assert crm.run("add", "product", "name=蓝鹭阀门有限公司").err == ""


def test_lists_filter_sort_cut_and_choose_fields(crm: Crm) -> None:
    for name, employees in (("A", 1), ("B", 20), ("C", 300)):
        crm.json(
            "add", "customer", f"name={name}", f"employees={employees}", f"annual_revenue={employees} EUR"
        )
    names = [
        row["name"]
        for row in crm.rows("list", "customer", "--where", "employees > 1", "--sort", "-employees")
    ]
    assert names == ["C", "B"]
    both = ("--where", "employees >= 20", "--where", "name ~ b")
    row = crm.rows("list", "customer", *both, "--fields", "name,annual_revenue")[0]
    assert {name: row[name] for name in ("name", "annual_revenue")} == {
        "name": "B",
        "annual_revenue": "20.00 EUR",
    }
    assert "level" not in row
    assert len(crm.rows("list", "customer", "--limit", "2")) == 2
    for condition, count in (
        ("name = A", 1),
        ("name != A", 2),
        ("employees < 20", 1),
        ("employees <= 20", 2),
    ):
        assert len(crm.rows("list", "customer", "--where", condition)) == count, condition


def test_search_finds_parts_chinese_and_pinyin(crm: Crm) -> None:
    made = crm.json("add", "customer", "name=上海腾飞贸易")
    for text in ("腾飞", "tengfei", "贸"):
        assert [hit["id"] for hit in crm.rows("search", text)] == [made["id"]], text
    assert crm.rows("search", "nothing of the kind") == []


def test_tags_come_with_their_colour_and_how_many_customers_carry_them(crm: Crm) -> None:
    crm.json("add", "tag", "name=Key", "color=accent")
    for name, tags in (("One", "tags+=Key"), ("Two", "tags+=Other")):
        crm.json("set", "customer", crm.json("add", "customer", f"name={name}")["id"], tags)
    told = [(row["name"], row["color"], row["customers"], row["share_percent"]) for row in crm.rows("tags")]
    assert told == [("Key", "accent", 1, "50.0"), ("Other", None, 1, "50.0")]


def test_labels_take_the_place_of_names_in_the_persons_language(crm: Crm) -> None:
    acme = crm.json("add", "customer", "name=Acme", "source=referral")
    ann = crm.json("add", "contact", "name=Ann", f"customer_id={acme['id']}")
    shown = crm.json("show", "contact", ann["id"], "--labels")
    assert (shown["Name"], shown["Customer"]) == ("Ann", "Acme")
    assert crm.json("show", "customer", acme["id"], "--labels")["Source"] == "Referral"
    told = crm.process("show", "contact", ann["id"], "--labels", CRM_LANGUAGE="zh_CN")
    assert told.out.splitlines()[0].startswith("ID")
    assert "Ann" in told.out


def test_a_command_as_a_process_of_its_own_says_the_same_as_here(crm: Crm) -> None:
    made = crm.process("--json", "add", "customer", "name=腾飞").json()
    assert crm.json("show", "customer", made["id"]) == made
    ran = crm.process("--json", "list", "nothing")
    assert (ran.status, ran.out) == (1, "")


def test_tables_for_people_line_up_with_chinese_and_end_in_the_id(crm: Crm) -> None:
    made = crm.json("add", "customer", "name=腾飞", "level=A")
    crm.json("add", "customer", "name=Longer name")
    lines = crm.run("list", "customer", "--fields", "name,level,id").out.splitlines()
    assert lines[0].split() == ["name", "level", "id"]
    assert lines[1] == f"腾飞         A      {made['id']}"
    crm.json("add", "customer", "name=Ann\x1b[31m\u202eevil", "level=B")
    listed = crm.run("list", "customer", "--where", "level = B")
    asked = crm.run("show", "customer", "Ann\x1b[31m")
    assert "Ann[31mevil" in listed.out, "a terminal would obey what a customer calls himself"
    assert not {"\x1b", "\u202e"} & {*listed.out, *asked.err}


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("list", "nothing"), 1, "nothing"),
        (("list",), 2, "ENTITY"),
        (("list", "customer", "--where", "name ? x"), 1, "name ? x"),
        (("list", "customer", "--where", "nothing = x"), 1, "nothing"),
        (("list", "customer", "--where", "employees > 99999999999999999999"), 1, "too large"),
        (("list", "customer", "--sort", "nothing"), 1, "nothing"),
        (("list", "customer", "--limit", "0"), 2, "limit"),
        (("list", "customer", "--bogus"), 2, "--bogus"),
        (("nothing",), 2, "nothing"),
        (("show", "customer", "xyz"), 1, "xyz"),
        (("show", "customer", "0" * 32), 1, "no such record"),
        (("history", "customer", "0" * 32), 1, "no such record"),
        (("history", "customer", "0" * 32, "--at", "2026-01-01T00:00:00Z"), 2, "belongs to --put-back"),
        (("add", "customer", "name"), 2, "field=value"),
        (("add", "customer"), 1, "name"),
        (("add", "customer", "name=A", "level=Z"), 1, "level"),
        (("add", "customer", "name=A", "nothing=1"), 1, "nothing"),
        (("add", "customer", "name=A", "created_at=2026-01-01"), 1, "Created"),
        (("add", "customer", "name+=A"), 1, "set"),
        (("add", "deal", "name=A", "amount=many"), 1, "amount"),
        (("set", "customer", "0" * 32, "name=A"), 1, "no such record"),
        (("set", "customer", "0" * 32), 2, "FIELD"),
        (("delete", "customer", "0" * 32), 1, "no such record"),
        (("restore", "customer", "0" * 32), 1, "no such record"),
    ],
)
def test_bad_input_is_told_in_words_with_the_right_status(
    crm: Crm, arguments: tuple[str, ...], status: int, said: str
) -> None:
    ran = crm.run("--json", *arguments)
    assert ran.status == status, ran.err
    assert said in ran.err
    assert ran.out == ""


def test_a_record_is_never_part_of_itself(crm: Crm) -> None:
    made = crm.json("add", "customer", "name=Acme（示例）")
    ran = crm.run("set", "customer", made["id"], f"parent_id={made['id']}")
    assert (ran.status, ran.out) == (1, "")
    assert "parent_id: A record cannot refer to itself" in ran.err
    assert crm.json("show", "customer", made["id"])["parent_id"] is None


def test_every_wrong_field_is_named_at_once(crm: Crm) -> None:
    ran = crm.run("add", "customer", "name=", "level=Z", "employees=x", "nothing=1")
    told: list[Any] = ran.err.splitlines()
    assert [line.split(":")[0] for line in told] == ["level", "employees", "nothing"]


def test_a_link_names_a_record_of_its_kind_that_is_here(crm: Crm) -> None:
    customer = crm.json("add", "customer", "name=A")["id"]
    for link in (f"owner_id={customer}", f"team_id={'f' * 32}", f"parent_id={'0' * 32}"):
        for command in (("add", "customer", "name=B"), ("set", "customer", customer)):
            ran = crm.run(*command, link)
            assert ran.status == 1
            assert "There is no such record on this laptop" in ran.err
    assert [row["name"] for row in crm.rows("list", "customer")] == ["A"]


def test_a_record_is_shared_by_ids_and_told_by_names(crm: Crm, tmp_path: Path) -> None:
    role = crm.json("add", "role", "name=Sales", "rights={}")["id"]
    wang = crm.json("add", "user", "name=Wang", f"role_id={role}")["id"]
    team = crm.json("add", "team", "name=East")["id"]
    made = crm.json("add", "customer", "name=A", f"shared_with={wang}")
    changed = crm.json("set", "customer", made["id"], f"shared_with+={team}", f"shown_to={wang}")
    assert (changed["shared_with"], changed["shown_to"]) == (sorted([wang, team]), [wang])
    assert crm.json("show", "customer", made["id"], "--labels")["Shared with"] == ["East", "Wang"]
    (found,) = crm.rows("list", "customer", "--where", f"shared_with = {team}")
    assert found["id"] == made["id"]
    assert crm.run("set", "customer", made["id"], "shared_with+=Wang").status == 1
    file = tmp_path / "shared.csv"
    file.write_text("Name,Shared with\nB,Wang; east\nC,Nobody\n", encoding="utf-8")
    report = crm.json("import", str(file), "customer")
    assert (report["created"], report["rejected"]) == (1, 1)
    exported = tmp_path / "out.csv"
    assert crm.run("export", "customer", str(exported)).status == 0
    with exported.open(encoding="utf-8-sig", newline="") as stream:
        named = {row["Name"]: row["Shared with"] for row in csv.DictReader(stream)}
    assert named == {"A": "East, Wang", "B": "East, Wang"}


def test_points_are_given_and_spent_entry_by_entry_and_no_entry_is_changed(crm: Crm) -> None:
    customer = crm.json("add", "customer", "name=纸鹤食品（示例）")["id"]
    for points, reason in ((120, "Order 7"), (-20, "Voucher")):
        crm.json("add", "point_entry", f"customer_id={customer}", f"points={points}", f"reason={reason}")
    assert crm.json("show", "customer", customer)["points"] == 100
    entries = crm.rows("list", "point_entry", "--sort", "points")
    assert [(row["points"], row["reason"]) for row in entries] == [(-20, "Voucher"), (120, "Order 7")]
    assert entries[0]["happened_on"]
    refused = crm.run("set", "point_entry", entries[0]["id"], "points=5")
    assert refused.status != 0
    assert "stays as it was written" in refused.err
    refused = crm.run("set", "customer", customer, "points=1000")
    assert refused.status != 0
    assert crm.json("show", "customer", customer)["points"] == 100


def test_the_state_of_a_quote_goes_step_by_step(crm: Crm) -> None:
    customer = crm.json("add", "customer", "name=A")["id"]
    quote = crm.json("add", "quote", f"customer_id={customer}", "currency=CNY", "valid_until=2031-12-31")[
        "id"
    ]
    empty = crm.run("set", "quote", quote, "status=sent")
    assert (empty.status != 0, "no lines" in empty.err) == (True, True)
    crm.json("add", "quote_line", f"quote_id={quote}", "description=Pump", "unit_price=10.00 CNY")
    skipped = crm.run("set", "quote", quote, "status=accepted")
    assert (skipped.status != 0, "cannot take that step" in skipped.err) == (True, True)
    for state in ("sent", "accepted", "sent"):
        assert crm.json("set", "quote", quote, f"status={state}")["status"] == state


def test_records_with_the_same_number_are_listed_with_one_another(crm: Crm) -> None:
    first = crm.json("add", "customer", "name=A", "tax_number=12-34")["id"]
    second = crm.json("add", "customer", "name=B", "tax_number=1234")["id"]
    crm.json("add", "customer", "name=C", "tax_number=99")
    (row,) = crm.rows("duplicates", "customer", second)
    assert (row["twin_id"], row["twin_title"], row["value"]) == (first, "A", "12-34")
    assert len(crm.rows("duplicates", "customer")) == 1
    assert crm.rows("duplicates", "product") == []


def test_records_that_may_be_the_same_are_listed_in_groups_and_checked_before_they_are_made(crm: Crm) -> None:
    first = crm.json("add", "customer", "name=Paper Crane Ltd.", "phone=+86 755 2878 0808")["id"]
    second = crm.json("add", "customer", "name=PAPER CRANE", "website=crane.example")["id"]
    found = crm.rows("duplicates", "find")
    assert [(row["group"], row["score"], row["reasons"]) for row in found] == [(1, 85, "Same name")] * 2
    assert {row["id"] for row in found} == {first, second}
    assert crm.rows("duplicates", "find", "--min-score", "90", "--entity", "customer") == []
    row, other = crm.rows("duplicates", "check", "phone=075528780808", "name=Crane Paper")
    assert other["reasons"] == "Same words in the name"
    assert (row["id"], row["reasons"]) == (first, "Same words in the name, Same phone number")
    (like,) = crm.rows("duplicates", "check", "--of", second)
    assert (like["id"], like["reasons"]) == (first, "Same name")
    assert crm.run("duplicates", "check").status == 2
    assert crm.run("duplicates", "find", "--entity", "product").status == 2
    crm.json("duplicates", "distinct", "customer", first, second)
    assert crm.rows("duplicates", "find") == []
    crm.json("duplicates", "distinct", "customer", first, second, "--undo")
    assert len(crm.rows("duplicates", "find")) == 2


def test_records_are_merged_field_by_field_and_taken_apart(crm: Crm) -> None:
    facts = ("name=Paper Crane", "city=Ulm", "tags=a", "credit_limit=1200 CNY")
    keep = crm.json("add", "customer", *facts)["id"]
    other = crm.json("add", "customer", "name=PAPER CRANE", "city=Bonn", "phone=+49 30 1234567")["id"]
    lin = crm.json("add", "contact", "name=Lin", f"customer_id={other}")["id"]
    rows = crm.rows("merge", "customer", keep, other, "--dry-run", "--take", f"name={other}")
    assert {row["field"]: row["taken"] for row in rows}["name"] == other
    rows = crm.rows("merge", "customer", keep, other, "--dry-run", "--take", f"city={other}")
    differs = {row["label"]: (row["values"], row["taken"]) for row in rows}
    assert differs["Address"] == (["Ulm", "Bonn"], other)
    assert differs["Credit limit"][0] == ["1200.00 CNY", None]
    told = crm.json("merge", "customer", keep, other, "--take", f"city={other}")
    merged = crm.json("show", "customer", keep)
    assert (merged["name"], merged["city"], merged["phone"]) == ("Paper Crane", "Bonn", "+49301234567")
    assert crm.json("show", "contact", lin)["customer_id"] == keep
    assert crm.json("show", "customer", other)["deleted"] is True
    assert [row["id"] for row in crm.rows("list", "merge")] == [told["id"]]
    apart = crm.json("unmerge", told["id"])
    assert (apart["city"], apart["phone"]) == ("Ulm", None)
    assert crm.json("show", "contact", lin)["customer_id"] == other
    assert "deleted" not in crm.json("show", "customer", other)
    again = crm.run("unmerge", told["id"])
    assert (again.status, "already" in again.err) == (1, True)
    wrong = crm.run("merge", "customer", keep, other, "--take", "city")
    assert wrong.status == 2
    assert crm.run("merge", "customer", keep, keep).status == 1
    assert crm.run("merge", "product", keep, other).status == 1


def test_another_version_of_a_text_is_shown_taken_and_then_gone(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = crm.json("add", "customer", "name=A", "notes=Mine")
    monkeypatch.setenv("CRM_PASSPHRASE", PASSPHRASE)
    with contextlib.closing(open_profile(crm.profile)) as app, app.replica.applying() as session:
        field = str(SCHEMAS["customer"].fields["notes"].no)
        kept = insert(OtherVersion).values(
            entity="customer", row_id=made["id"], field=field, text="Theirs", at_ms=1, is_open=True
        )
        session.execute(kept)
    (row,) = crm.rows("versions", "list", "customer", made["id"])
    assert (row["version"], row["field"], row["text"]) == (1, "notes", "Theirs")
    assert "Theirs" in crm.json("show", "customer", made["id"], "--labels").values()
    taken = crm.json("versions", "take", "customer", made["id"], "1", "--below")
    assert taken["notes"] == "Mine\n\nTheirs"
    assert crm.rows("versions", "list", "customer", made["id"]) == []
    assert crm.run("versions", "dismiss", "customer", made["id"], "1").status != 0


def test_milestones_competitors_losses_and_neglect_are_told_of_deals(crm: Crm) -> None:
    pipeline = crm.json("add", "pipeline", "name=Sales")
    for kind in ("open", "lost"):
        crm.json("add", "stage", f"name={kind}", f"pipeline_id={pipeline['id']}", f"kind={kind}")
    deal = crm.json("add", "deal", "name=Pump")
    crm.json("add", "milestone", "name=Survey", f"stage_id={deal['stage_id']}")
    (line,) = crm.rows("deal", "milestones", deal["id"])
    assert (line["name"], line["done"]) == ("Survey", False)
    (line,) = crm.rows("deal", "tick", deal["id"], "Survey")
    assert line["done"] is True
    (line,) = crm.rows("deal", "tick", deal["id"], "Survey", "--due", "2026-12-24")
    assert line["due_on"] == "2026-12-24"
    rival = crm.json("add", "competitor", "name=Kite Works")
    lost = next(stage for stage in crm.rows("list", "stage") if stage["kind"] == "lost")
    blocked = crm.run("set", "deal", deal["id"], f"stage_id={lost['id']}")
    assert (blocked.status, "Say why the deal was lost" in blocked.err) == (1, True)
    crm.json(
        "set",
        "deal",
        deal["id"],
        f"stage_id={lost['id']}",
        "loss_reason=price",
        f"competitor_id={rival['id']}",
    )
    assert [(row["name"], row["lost"]) for row in crm.rows("deal", "competitors")] == [("Kite Works", 1)]
    assert [
        (row["reason"], row["percent"]) for row in crm.rows("deal", "losses", "--since", "2020-01-01")
    ] == [("price", 100)]
    assert crm.rows("deal", "neglected") == []
