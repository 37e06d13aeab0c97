"""Files from the command line: import, its rejects and its undoing, export."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.cli.support import Crm


def _write(path: Path, text: str, encoding: str = "utf-8") -> str:
    path.write_bytes(text.encode(encoding))
    return str(path)


def test_an_import_prints_four_counts_and_can_be_undone(crm: Crm, tmp_path: Path) -> None:
    file = _write(tmp_path / "客户.csv", "名称,行业,员工人数\n腾飞,制造,12\n坏行,制造,很多\n", "gb18030")
    rejects = tmp_path / "rejects.csv"
    ran = crm.run("--json", "import", file, "customer", "--rejects", str(rejects))
    assert ran.status == 0
    report = ran.json()
    assert {name: report[name] for name in ("created", "updated", "skipped", "rejected")} == {
        "created": 1,
        "updated": 0,
        "skipped": 0,
        "rejected": 1,
    }
    assert "GB18030" in ran.err
    assert "3" in ran.err
    with rejects.open(encoding="utf-8-sig", newline="") as stream:
        row = next(csv.DictReader(stream))
    assert (row["名称"], row["Line"]) == ("坏行", "3")
    assert "很多" in row["Reason"]
    undone = crm.json("undo-import", report["batch"])
    assert undone == {"removed": 1, "restored": 0, "kept": 0}
    assert crm.rows("list", "customer") == []
    assert crm.run("undo-import", report["batch"]).status == 1
    (made,) = crm.rows("undo-import")
    assert (made["id"], made["file_name"], made["undone"]) == (report["batch"], "客户.csv", True)


def test_a_dry_run_tells_the_same_and_writes_nothing(crm: Crm, tmp_path: Path) -> None:
    file = _write(tmp_path / "list.csv", "name,city\nA,X\nB,Y\n")
    assert crm.json("import", file, "customer", "--dry-run")["created"] == 2
    assert crm.rows("list", "customer") == []


def test_mapping_lookup_key_and_mode_do_what_the_contract_says(crm: Crm, tmp_path: Path) -> None:
    accounts = _write(
        tmp_path / "a.csv", "account,sector,subsidiary_of\nSon,tools,Mother\nMother,,\nLost,,Nobody\n"
    )
    said = ("--map", "account=name", "--map", "sector=industry", "--lookup", "subsidiary_of=customer.name")
    report = crm.json("import", accounts, "customer", *said, "--key", "name")
    assert (report["created"], report["rejected"]) == (2, 1)
    rows = {row["name"]: row for row in crm.rows("list", "customer")}
    assert rows["Son"]["parent_id"] == rows["Mother"]["id"]
    again = crm.json("import", accounts, "customer", *said, "--key", "name", "--mode", "both")
    assert (again["created"], again["updated"], again["skipped"], again["rejected"]) == (0, 0, 2, 1)
    changed = _write(tmp_path / "b.csv", "account,sector\nSon,toys\nNew,x\n")
    update = crm.json("import", changed, "customer", *said[:4], "--key", "name", "--mode", "update")
    assert (update["created"], update["updated"], update["skipped"]) == (0, 1, 1)


def test_what_is_exported_can_be_read_by_others_and_by_us(crm: Crm, tmp_path: Path) -> None:
    made = crm.json("add", "customer", "name==HYPERLINK(1)", "tags=a,b", "annual_revenue=12.50 EUR")
    for ending in ("csv", "xlsx", "json", "jsonl", "vcf"):
        told = crm.json("export", "customer", str(tmp_path / f"out.{ending}"))
        assert told["rows"] == 1, ending
    record = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))[0]
    assert (record["id"], record["annual_revenue"]) == (made["id"], "12.50 EUR")
    assert "'=HYPERLINK(1)" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    for ending in ("csv", "xlsx", "json", "jsonl"):
        file = str(tmp_path / f"out.{ending}")
        assert crm.json("import", file, "customer", "--mode", "update")["skipped"] == 1, ending


def test_an_export_takes_conditions_and_fields(crm: Crm, tmp_path: Path) -> None:
    for name in ("A", "B"):
        crm.json("add", "customer", f"name={name}")
    file = tmp_path / "out.csv"
    crm.json("export", "customer", str(file), "--where", "name = B", "--fields", "name")
    assert [line.split(",")[1] for line in file.read_text(encoding="utf-8-sig").splitlines()] == ["Name", "B"]
    assert crm.run("export", "customer", str(tmp_path / "no.csv"), "--fields", "name,nothing").status == 1
    assert not (tmp_path / "no.csv").exists()


@pytest.mark.parametrize(
    ("text", "arguments", "status"),
    [
        ("name\nA\n", ("--map", "nothing=name"), 1),
        ("name\nA\n", ("--map", "name=nothing"), 1),
        ("name\nA\n", ("--map", "name"), 1),
        ("name\nA\n", ("--lookup", "name=nothing.name"), 1),
        ("name\nA\n", ("--set", "nothing"), 2),
        ("name\nA\n", ("--key", "city"), 1),
        ("name\nA\n", ("--mode", "nothing"), 2),
        ("", (), 1),
        ("\x00\x01\x02", (), 1),
        ("nothing we know\nA\n", (), 1),
    ],
)
def test_an_import_that_cannot_be_is_told(
    crm: Crm, tmp_path: Path, text: str, arguments: tuple[str, ...], status: int
) -> None:
    ran = crm.run("--json", "import", _write(tmp_path / "list.csv", text), "customer", *arguments)
    assert (ran.status, ran.out) == (status, "")
    assert ran.err.strip()


def test_an_import_whose_rejects_cannot_be_written_brings_nothing_in(crm: Crm, tmp_path: Path) -> None:
    file = _write(tmp_path / "list.csv", "name,phone\nA,\nB,wrong\n")
    ran = crm.run("--json", "import", file, "customer", "--rejects", str(tmp_path / "none" / "rejects.csv"))
    assert (ran.status, ran.out) == (1, "")
    assert "rejects.csv" in ran.err
    assert crm.rows("list", "customer") == []


def test_why_the_system_refused_is_said_in_the_persons_language(crm: Crm, tmp_path: Path) -> None:
    english = crm.process("import", str(tmp_path / "none.csv"), "customer")
    chinese = crm.process("import", str(tmp_path / "none.csv"), "customer", CRM_LANGUAGE="zh_CN")
    assert (english.status, chinese.status) == (1, 1)
    assert "there is no such file" in english.err
    assert "没有这个文件" in chinese.err


def test_the_rejects_never_take_the_place_of_the_file_they_come_from(crm: Crm, tmp_path: Path) -> None:
    text = "name,phone\nA,\nB,wrong\n"
    file = _write(tmp_path / "list.csv", text)
    (tmp_path / "same.csv").symlink_to(file)
    for name in ("list.csv", "same.csv"):
        for arguments in ((), ("--dry-run",)):
            ran = crm.run("--json", "import", file, "customer", "--rejects", str(tmp_path / name), *arguments)
            assert (ran.status, ran.out) == (1, "")
            assert name in ran.err
    assert (tmp_path / "list.csv").read_text(encoding="utf-8") == text
    assert crm.rows("list", "customer") == []


@pytest.mark.parametrize("currency", ["zz", "YUAN", "12"])
def test_a_currency_that_is_none_is_told_before_anything_is_written(
    crm: Crm, tmp_path: Path, currency: str
) -> None:
    file = _write(tmp_path / "list.csv", "name\nA\n")
    ran = crm.run("--json", "import", file, "customer", "--currency", currency)
    assert (ran.status, ran.out) == (1, "")
    assert currency.upper() in ran.err
    assert crm.rows("list", "customer") == []


def test_files_that_are_not_there_or_cannot_be_written_are_named(crm: Crm, tmp_path: Path) -> None:
    assert crm.run("import", str(tmp_path / "none.csv"), "customer").status == 1
    assert crm.run("import", str(tmp_path), "customer").status == 1
    ran = crm.run("export", "customer", str(tmp_path / "none" / "out.csv"))
    assert ran.status == 1
    assert "out.csv" in ran.err
    assert crm.run("export", "customer", str(tmp_path / "out.doc")).status == 1
    assert crm.run("export", "nothing", str(tmp_path / "out.csv")).status == 1


def test_a_quote_is_printed(crm: Crm, tmp_path: Path) -> None:
    acme = crm.json("add", "customer", "name=Acme")
    quote = crm.json("add", "quote", f"customer_id={acme['id']}")
    crm.json(
        "add", "quote_line", f"quote_id={quote['id']}", "description=Box", "quantity=2", "unit_price=12.50"
    )
    assert crm.json("show", "quote", quote["id"])["total"] == "25.00 CNY"
    for language in ("en", "zh", "both"):
        file = tmp_path / f"{language}.pdf"
        told = crm.json("quote", "pdf", quote["id"], str(file), "--language", language)
        assert told["pages"] >= 1
        assert file.read_bytes().startswith(b"%PDF")
    crm.json("set", "quote", quote["id"], "status=sent")
    (file,) = crm.rows("attachment", "of", "quote", quote["id"])
    assert file["name"].endswith("-v1_Acme.pdf")
    crm.json("set", "customer", acme["id"], "name=Another")
    told = crm.json("quote", "pdf", quote["id"], str(tmp_path / "sent.pdf"), "--language", "zh")
    assert told["sha256"] == hashlib.sha256((tmp_path / "sent.pdf").read_bytes()).hexdigest()
    assert told["sha256"] == file["sha256"], "the very file"
    revised = crm.json("quote", "revise", quote["id"])
    assert (revised["number"], revised["version"], revised["status"]) == (quote["number"], 2, "draft")
    (line,) = crm.rows("list", "quote_line")
    crm.json("set", "quote_line", line["id"], "quantity=3")
    kept = crm.rows("quote", "versions", quote["id"])
    assert [(row["version"], row["total"]) for row in kept] == [(2, "37.50 CNY"), (1, "25.00 CNY")]
    assert [row["lines"] for row in kept] == [1, 1]
    (changed,) = crm.rows("quote", "compare", quote["id"], "1", "2")
    assert (changed["change"], changed["title"], changed["field"]) == ("changed", "Box", "quantity")
    assert (changed["old"], changed["new"]) == ("2", "3")
    assert crm.run("quote", "compare", quote["id"], "1", "9").status == 1
    assert crm.run("quote", "pdf", "0" * 32, str(tmp_path / "x.pdf")).status == 1
    assert crm.run("quote", "pdf", quote["id"], str(tmp_path / "no" / "x.pdf")).status == 1


def test_a_quote_is_mailed_with_the_templates_text(crm: Crm) -> None:
    acme = crm.json("add", "customer", "name=Acme", "email=office@acme.example")
    quote = crm.json("add", "quote", f"customer_id={acme['id']}")
    crm.json("add", "quote_line", f"quote_id={quote['id']}", "description=Box", "unit_price=12.50")
    assert crm.run("quote", "mail", quote["id"]).status == 1, "a draft"
    crm.json("set", "quote", quote["id"], "status=sent")
    wrong = crm.run("quote", "mail", quote["id"], "--to", "nobody")
    assert (wrong.status, "no e-mail address" in wrong.err) == (1, True)
    mail = crm.json("quote", "mail", quote["id"], "--cc", "boss@acme.example", "--language", "en")
    assert (mail["recipients"], mail["status"]) == ("Acme <office@acme.example>", "queued")
    assert mail["body"].startswith("Dear Acme,")
    (row,) = crm.rows("quote", "mails", quote["id"])
    assert (row["state"], row["id"]) == ("queued", mail["id"])
    assert crm.rows("quote", "answers", quote["id"]) == []
    assert crm.run("quote", "sign", quote["id"], "--name", " ").status == 1
    assert crm.json("quote", "sign", quote["id"], "--name", "Ann Moss")["verdict"] == "accepted"
    (answer,) = crm.rows("quote", "answers", quote["id"])
    assert (answer["name"], answer["where"], answer["sealed"]) == ("Ann Moss", "laptop", None)
    assert crm.json("show", "quote", quote["id"])["status"] == "accepted"
    assert crm.run("quote", "sign", quote["id"], "--name", "Ann Moss").status == 1, "once"
    assert crm.run("quote", "link", quote["id"]).status == 1, "no public address"


def test_a_file_of_any_record_goes_by_mail(crm: Crm, tmp_path: Path) -> None:
    acme, paper = crm.json("add", "customer", "name=Acme"), tmp_path / "terms.pdf"
    paper.write_bytes(b"%PDF-1.4 terms")
    said = ("--to", "ann@acme.example", "--subject", "Our terms", "--text", "Please find them attached.")
    assert crm.run("mail", "customer", acme["id"], *said).status == 1, "nothing was sent of it"
    crm.json("attach", "customer", acme["id"], str(paper))
    (file,) = crm.rows("attachment", "of", "customer", acme["id"])
    mail = crm.json("mail", "customer", acme["id"], *said, "--file", file["id"])
    assert (mail["record_entity"], mail["attachment_id"], mail["status"]) == (
        "customer",
        file["id"],
        "queued",
    )
    assert mail["sha256"] == hashlib.sha256(paper.read_bytes()).hexdigest()


def test_documents_come_from_templates_shipped_or_kept(crm: Crm, tmp_path: Path) -> None:
    acme = crm.json("add", "customer", "name=Acme")
    quote = crm.json("add", "quote", f"customer_id={acme['id']}")
    crm.json("add", "quote_line", f"quote_id={quote['id']}", "description=Box", "unit_price=12.50")
    file = tmp_path / "offer.pdf"
    told = crm.json("document", "quote", quote["id"], str(file), "--template", "proposal.both")
    assert (told["pages"], told["bytes"]) == (1, file.stat().st_size)
    assert "12.50" in PdfReader(file).pages[0].extract_text()
    crm.json(
        "add",
        "document_template",
        "name=Letter",
        "language=en",
        "body=To {{ customer.name }}",
        "standard=yes",
    )
    crm.json("document", "quote", quote["id"], str(file))
    assert "To Acme" in PdfReader(file).pages[0].extract_text()
    refused = crm.run("document", "quote", quote["id"], str(file), "--template", "Nothing")
    assert refused.status == 1
    assert "there are: Letter, quote.zh" in refused.err
    assert crm.run("document", "customer", acme["id"], str(file)).status == 1
    assert crm.run("add", "document_template", "name=Wrong", "body={{ customer.nmae }}").status == 1


def test_an_order_is_delivered_and_printed_by_commands(crm: Crm, tmp_path: Path) -> None:
    acme = crm.json("add", "customer", "name=Acme")["id"]
    pump = crm.json("add", "product", "name=Pump", "list_price=12.50 CNY", "warranty_months=12")["id"]
    order = crm.json("add", "order", f"customer_id={acme}")["id"]
    line = crm.json("add", "order_line", f"order_id={order}", f"product_id={pump}", "quantity=2")["id"]
    delivery = crm.json("add", "delivery", f"order_id={order}")["id"]
    part = crm.json("add", "delivery_line", f"delivery_id={delivery}", f"order_line_id={line}", "quantity=3")
    early = crm.run("set", "delivery", delivery, "status=delivered")
    assert (early.status, "confirm the order first" in early.err) == (1, True)
    crm.json("set", "order", order, "status=confirmed")
    too_much = crm.run("set", "delivery", delivery, "status=delivered")
    assert (too_much.status, "2 were ordered" in too_much.err) == (1, True)
    crm.json("set", "delivery_line", part["id"], "quantity=2", "serials=A-1, A-2")
    crm.json("set", "delivery", delivery, "status=delivered")
    told = crm.json("show", "order", order)
    assert (told["total"], told["status"], told["delivered"]) == ("25.00 CNY", "confirmed", "whole")
    standing = crm.rows("list", "installed_product", "--sort", "serial")
    assert [row["serial"] for row in standing] == ["A-1", "A-2"]
    contract = crm.json("add", "contract", f"customer_id={acme}", "subject=Upkeep")["id"]
    crm.json("add", "contract_clause", f"contract_id={contract}", "title=Law", "body=Ours")
    for entity, record_id, said in (("order", order, "25.00"), ("contract", contract, "Upkeep")):
        file = tmp_path / f"{entity}.pdf"
        crm.json("document", entity, record_id, str(file), "--language", "en")
        assert said in PdfReader(file).pages[0].extract_text()
    crm.json("set", "contract", contract, "status=sent")
    (kept,) = crm.rows("attachment", "of", "contract", contract)
    assert kept["name"].endswith("Acme.pdf")
