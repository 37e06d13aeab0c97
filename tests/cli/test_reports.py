"""Reports from the command line, and the files they are written to."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest
from python_calamine import CalamineWorkbook

from crm_core.rules.standard_roles import STANDARD_ROLES
from tests.cli.support import Crm


@pytest.fixture
def selling(crm: Crm) -> Crm:
    """Give a profile with three deals of two people."""
    role = crm.json("add", "role", "name=Sells", f"rights={json.dumps(STANDARD_ROLES['sales'][1])}")
    lee, amy = (crm.json("add", "user", f"name={name}", f"role_id={role['id']}") for name in ("Lee", "=Amy"))
    pipeline = crm.json("add", "pipeline", "name=P")
    stage = crm.json("add", "stage", "name=S", "kind=open", f"pipeline_id={pipeline['id']}")
    for owner, amount, closes in ((lee, 100, "2026-01-05"), (lee, 50, "2026-02-05"), (amy, 25, "2026-02-06")):
        crm.json(
            *("add", "deal", "name=D", f"owner_id={owner['id']}", f"amount={amount}.50 CNY"),
            *(f"close_date={closes}", f"stage_id={stage['id']}", f"pipeline_id={pipeline['id']}"),
        )
    return crm


def test_a_report_is_made_of_options_kept_shared_and_deleted(selling: Crm) -> None:
    made = selling.json(
        *("report", "make", "By owner", "--of", "deal", "--by", "owner_id", "--measure", "sum(amount)"),
        *("--sort", "-measure 1", "--where", "close_date >= 2026-02-01"),
    )
    assert (made["of"], made["by"], made["measures"]) == ("deal", ["owner_id"], ["sum(amount)"])
    lee, amy, total = selling.rows("report", "run", "by owner")
    assert (lee["owner_id.label"], lee["Amount, added up"], lee["counted"]) == ("Lee", "50.50 CNY", 1)
    assert (amy["owner_id.label"], amy["Amount, added up"]) == ("=Amy", "25.50 CNY")
    assert (total["total"], total["Amount, added up"]) == (True, "76.00 CNY")
    role = selling.rows("list", "role", "--fields", "name")[0]
    assert selling.json("report", "share", "By owner", "Sells")["shown_to"] == [role["id"]]
    assert selling.json("report", "share", "By owner", "Sells", "--stop")["shown_to"] == []
    assert any(row["key"] == made["key"] and row["own"] for row in selling.rows("report", "list"))
    selling.json("report", "delete", "By owner")
    gone = selling.run("report", "run", "By owner")
    assert (gone.status, "no report called" in gone.err) == (1, True)


def test_a_report_answers_its_questions_and_refuses_what_means_nothing(selling: Crm) -> None:
    all_time = selling.rows(
        "report", "run", "--of", "deal", "--by", "close_date by month", "--measure", "count"
    )
    assert [row["close_date"] for row in all_time if "close_date" in row] == ["2026-01", "2026-02"]
    assert selling.json("report", "show", "ranking")["questions"]
    wrong = (
        ("--of", "deal", "--by", "notes"),
        ("--of", "deal", "--by", "close_date by era"),
        ("--of", "deal", "--measure", "sum(name)"),
        ("--of", "deal", "--measure", "sum(amount); drop table deal"),
        ("--of", "deal", "--measure", "sum(amount * amount)"),
        ("--of", "deal", "--by", "customer_id.nothing"),
        ("--of", "nothing"),
        ("--of", "deal", "--zone", "Mars/Olympus"),
        ("ranking", "--answer", "when=today"),
    )
    for arguments in wrong:
        ran = selling.run("report", "run", *arguments)
        assert (ran.status, ran.out) == (1, ""), arguments
        assert ran.err.strip(), arguments
    assert selling.run("report", "run").status == 2


def test_the_files_of_a_report_hold_the_numbers_it_prints(selling: Crm) -> None:
    selling.json("report", "make", "Mine", "--of", "deal", "--by", "owner_id", "--measure", "sum(amount)")
    printed = [row["Amount, added up"].removesuffix(" CNY") for row in selling.rows("report", "run", "Mine")]
    folder = selling.profile.parent
    for ending in ("csv", "xlsx", "json"):
        assert selling.json("report", "export", "Mine", str(folder / f"mine.{ending}"))["rows"] == 2
    rows = list(csv.reader((folder / "mine.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row[2] for row in rows[1:]] == printed
    assert sorted(row[0] for row in rows[1:]) == ["'=Amy", "Lee", "Total"]  # no formula in a spreadsheet
    told = json.loads((folder / "mine.json").read_text(encoding="utf-8"))
    assert [row["Amount, added up"].removesuffix(" CNY") for row in told] == printed
    content = (folder / "mine.xlsx").read_bytes()
    cells = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert [f"{row[2]:.2f}" for row in cells[3:6] if isinstance(row[2], float)] == printed
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        chart = book.read("xl/charts/chart1.xml").decode()
    assert "$C$4:$C$5" in chart
    for ending, begins in (("pdf", b"%PDF"), ("png", b"\x89PNG"), ("svg", b"<svg")):
        assert selling.json("report", "export", "Mine", str(folder / f"mine.{ending}"))["rows"] == 2
        assert (folder / f"mine.{ending}").read_bytes().startswith(begins)
    drawn = (folder / "mine.svg").read_text(encoding="utf-8")
    assert all(text in drawn for text in ("Lee", "=Amy", "Mine"))
    refused = selling.run("report", "export", "Mine", str(folder / "mine.doc"))
    assert (refused.status, (folder / "mine.doc").exists()) == (1, False)


def test_words_of_tickets_are_counted_in_both_languages(crm: Crm) -> None:
    for subject in ("网关离线", "网关又离线了", "网关离线三天", "Gateway offline"):
        crm.json("add", "ticket", f"subject={subject}")
    rows = {row["what"]: row for row in crm.rows("report", "words", "--days", "7")}
    assert (rows["网关 离线"]["of"], rows["网关 离线"]["now"], rows["网关 离线"]["before"]) == ("pair", 3, 0)
    assert len(rows["网关 离线"]["records"]) == 3
    assert "gateway" not in rows, "one ticket is no subject of many"
    assert crm.rows("report", "words", "--rose") == [], "where nothing was heard before nothing rose"
    assert crm.run("report", "words", "--days", "0").status == 2
