"""Targets and forecasts from the command line."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from tests.cli.support import Crm

TODAY = datetime.datetime.now().astimezone().date()


@pytest.fixture
def selling(crm: Crm) -> Crm:
    """Give a profile with two open deals that close today."""
    pipeline = crm.json("add", "pipeline", "name=P")
    stage = crm.json("add", "stage", "name=Talks", "kind=open", f"pipeline_id={pipeline['id']}")
    for name, amount, chance in (("A", 100, 90), ("B", 50, 20)):
        made = crm.json(
            *("add", "deal", f"name={name}", f"amount={amount} CNY", f"close_date={TODAY}"),
            *(f"stage_id={stage['id']}", f"pipeline_id={pipeline['id']}"),
        )
        crm.json("set", "deal", made["id"], f"probability={chance}")
    return crm


def test_a_year_of_targets_is_set_spread_copied_and_checked(crm: Crm) -> None:
    made = crm.json("target", "set", "2026", "1200.00")
    assert (made["target"], made["m01"], made["difference"]) == ("1200.00 CNY", "100.00 CNY", "0.00 CNY")
    changed = crm.json("target", "set", "2026", "1200", "--month", "3=150")
    assert (changed["m03"], changed["difference"]) == ("150.00 CNY", "50.00 CNY")
    assert crm.json("target", "copy", "2027", "--percent", "10")["m03"] == "165.00 CNY"
    (found,) = crm.rows("target", "check", "2026")
    assert (found["parts"], found["difference"]) == ("months", "50.00 CNY")
    (row,) = crm.rows("target", "attainment", "2026")
    assert (row["target"], row["reached"], row["percent"]) == ("1200.00 CNY", "0.00 CNY", 0)
    assert crm.json("target", "set", "2027", "24", "--measure", "visits")["m12"] == 2
    for wrong in (
        ("target", "set", "2026", "much"),
        ("target", "set", "2026", "5", "--month", "13=5"),
        ("target", "copy", "2027", "--percent", "lots"),
        ("target", "plan", "2026", "--user", "Nobody"),
        ("target", "attainment", "2026-Q7"),
        ("target", "set", "2026", "1.5", "--measure", "calls"),
    ):
        ran = crm.run(*wrong)
        assert (ran.status, bool(ran.err)) == (1, True), wrong


def test_a_forecast_is_shown_judged_and_set_by_hand(selling: Crm) -> None:
    *_, total = selling.rows("forecast", "show")
    assert (total["commit"], total["weighted"], total["deals"]) == ("100.00 CNY", "100.00 CNY", 2)
    deal = selling.rows("list", "deal", "--where", "name = B")[0]
    assert selling.json("forecast", "set", deal["id"], "commit")["forecast"] == "commit"
    assert selling.rows("forecast", "show")[-1]["commit"] == "150.00 CNY"
    assert selling.json("forecast", "set", deal["id"], "by-rule")["forecast"] is None
    selling.json("forecast", "judge", "120", "--reason", "Both said yes")
    (said,) = selling.rows("forecast", "judgements")
    assert (said["amount"], said["reason"]) == ("120.00 CNY", "Both said yes")
    kinds = {row["deal"]: row["change"] for row in selling.rows("forecast", "changes")}
    assert kinds == {"A": "new", "B": "new"}
    told = selling.json("forecast", "history")
    assert "are needed" in told["too_little_history"]
    assert selling.run("forecast", "show", "--period", "soon").status == 1
    assert selling.run("forecast", "judge", "5 EUR", "--reason", "x").status == 1


def test_scenarios_are_tried_kept_compared_and_written(selling: Crm, tmp_path: Path) -> None:
    base, tried = selling.rows(
        *("forecast", "what-if", "--price", "10", "--stage", "Talks=-10", "--save", "Dearer")
    )
    assert (base["pipeline"], tried["pipeline"]) == ("100.00 CNY", "93.50 CNY")
    rows = selling.rows("forecast", "scenarios", "--file", str(tmp_path / "all.xlsx"))
    assert [row["name"] for row in rows] == ["As it stands", "Dearer"]
    sheet = CalamineWorkbook.from_path(str(tmp_path / "all.xlsx")).get_sheet_by_index(0).to_python()
    assert [row[7] for row in sheet[3:5]] == [100.0, 93.5]
    assert sheet[4][5] == "Talks -10"
    selling.rows("forecast", "scenarios", "--file", str(tmp_path / "all.pdf"))
    assert (tmp_path / "all.pdf").read_bytes().startswith(b"%PDF")
    selling.rows("forecast", "scenarios", "--file", str(tmp_path / "all.csv"))
    assert "Dearer" in (tmp_path / "all.csv").read_text(encoding="utf-8-sig")
    for wrong in (
        ("forecast", "scenarios", "--file", str(tmp_path / "all.doc")),
        ("forecast", "what-if", "--price", "900"),
        ("forecast", "what-if", "--stage", "Nowhere=5"),
        ("forecast", "what-if", "--cycle", "fast"),
        ("forecast", "what-if", "--period", "2001"),
    ):
        assert selling.run(*wrong).status == 1, wrong
    selling.json("forecast", "delete", "dearer")
    assert len(selling.rows("forecast", "scenarios")) == 1
