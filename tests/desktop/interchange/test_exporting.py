"""Lists to files: only what the person may take out, in a form other programs open."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from crm_core.errors import AccessDenied, UserError
from crm_core.exchange.plan import Mode
from crm_core.exchange.tables import read_table
from crm_core.i18n import untranslated
from crm_desktop.interchange.exporting import Stopped, export_rows
from crm_desktop.interchange.importing import FileOptions, import_file
from crm_desktop.interchange.preview import column_facts
from crm_desktop.models.query import Condition, ListQuery, Op
from crm_desktop.models.replica import Replica
from tests.desktop.interchange.conftest import act_as, make

CUSTOMERS = ListQuery(entity="customer", sort=(("name", False),))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def filled(replica: Replica) -> Replica:
    """Give a replica with two customers, one of them dangerous to spreadsheets."""
    make(
        replica,
        "customer",
        name="=cmd|' /C calc'!A0",
        phone="+86 10 8888 0001",
        notes="-2+3",
        credit_limit=129900,
        credit_currency="USD",
    )
    make(replica, "customer", name="腾飞", tags=["红", "a"], employees=7, level="A", email="a@b.example")
    return replica


def test_csv_opens_in_excel_with_chinese_and_runs_no_formula(filled: Replica, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    assert export_rows(filled, CUSTOMERS, path, untranslated) == 2
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = _rows(path)
    assert {row["Name"] for row in rows} == {"'=cmd|' /C calc'!A0", "腾飞"}
    dangerous = next(row for row in rows if "cmd" in row["Name"])
    assert dangerous["Notes"] == "'-2+3"
    assert dangerous["Phone"] == "+86 10 8888 0001"
    assert (dangerous["Credit limit"], dangerous["Currency of the credit limit"]) == ("1299.00", "USD")
    assert all(not cell.startswith(("=", "@")) for row in rows for cell in row.values())


def test_a_spreadsheet_has_numbers_as_numbers_and_texts_as_texts(filled: Replica, tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    export_rows(filled, CUSTOMERS, path, untranslated)
    with CalamineWorkbook.from_path(str(path)) as book:
        headers, *rows = book.get_sheet_by_index(0).to_python()
    limits = {row[headers.index("Name")]: row[headers.index("Credit limit")] for row in rows}
    assert limits["=cmd|' /C calc'!A0"] == 1299.0
    assert "<f>" not in path.read_bytes().decode("latin-1")


def test_json_is_an_array_of_flat_records_and_jsonl_one_a_line(filled: Replica, tmp_path: Path) -> None:
    array, lines = tmp_path / "out.json", tmp_path / "out.jsonl"
    export_rows(filled, CUSTOMERS, array, untranslated)
    export_rows(filled, CUSTOMERS, lines, untranslated)
    found = json.loads(array.read_text(encoding="utf-8"))
    assert found == [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    limits = {record["name"]: record["credit_limit"] for record in found}
    assert limits["=cmd|' /C calc'!A0"] == "1299.00 USD"
    none = ListQuery(entity="contact")
    export_rows(filled, none, array, untranslated)
    assert json.loads(array.read_text(encoding="utf-8")) == []


def test_cards_carry_customers_and_contacts_and_nothing_else(filled: Replica, tmp_path: Path) -> None:
    path = tmp_path / "out.vcf"
    acme = make(filled, "customer", name="Acme")
    make(filled, "contact", name="张伟", customer_id=acme, title="CTO", phone="13800138000")
    assert export_rows(filled, ListQuery(entity="contact"), path, untranslated) == 1
    table = read_table(path.read_bytes(), path.name)
    card = dict(zip(table.headers, table.rows[0].cells, strict=True))
    assert (card["Name"], card["Company"], card["Title"], card["Phone"]) == (
        "张伟",
        "Acme",
        "CTO",
        "13800138000",
    )
    with pytest.raises(UserError, match="address card"):
        export_rows(filled, ListQuery(entity="deal"), path, untranslated)


def test_what_is_exported_comes_back_by_its_id_unchanged(filled: Replica, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    export_rows(filled, CUSTOMERS, path, untranslated)
    report = import_file(filled, path, "customer", FileOptions(mode=Mode.UPDATE))
    assert report.counts() == {"created": 0, "updated": 0, "skipped": 2, "rejected": 0}


def test_conditions_order_and_fields_of_the_list_are_those_of_the_file(
    filled: Replica, tmp_path: Path
) -> None:
    path = tmp_path / "out.csv"
    query = ListQuery(
        entity="customer",
        conditions=(Condition(field="name", op=Op.CONTAINS, value="腾"),),
        fields=("level", "name"),
    )
    assert export_rows(filled, query, path, untranslated) == 1
    row = _rows(path)[0]
    assert list(row) == ["ID", "Level", "Name"]
    assert row["Level"] == "A · key account"


def test_nobody_exports_what_the_role_does_not_let_out(filled: Replica, tmp_path: Path) -> None:
    act_as(filled, "service")
    with pytest.raises(AccessDenied):
        export_rows(filled, CUSTOMERS, tmp_path / "out.csv", untranslated)
    assert list(tmp_path.glob("out*")) == []


def test_rows_of_others_and_masked_fields_stay_out(filled: Replica, tmp_path: Path) -> None:
    me = act_as(filled, "sales")
    mine = make(filled, "customer", name="Mine")
    path = tmp_path / "out.json"
    assert export_rows(filled, CUSTOMERS, path, untranslated) == 1
    found = json.loads(path.read_text(encoding="utf-8"))
    assert [(record["id"], record["owner_id"]) for record in found] == [(mine, me)]
    export_rows(filled, ListQuery(entity="customer", fields=("name",)), path, untranslated)
    assert json.loads(path.read_text(encoding="utf-8")) == [{"id": mine, "name": "Mine"}]
    with pytest.raises(AccessDenied):
        export_rows(filled, ListQuery(entity="product", fields=("cost",)), path, untranslated)


def test_a_stopped_export_leaves_the_file_that_was_there(filled: Replica, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before", encoding="utf-8")
    with pytest.raises(Stopped):
        export_rows(filled, CUSTOMERS, path, untranslated, cancelled=lambda: True)
    assert path.read_text(encoding="utf-8") == "before"
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["out.csv"]


@pytest.mark.parametrize("name", ["out.doc", "out", "nowhere/out.csv"])
def test_a_file_that_cannot_be_written_is_named(filled: Replica, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="out"):
        export_rows(filled, CUSTOMERS, tmp_path / name, untranslated)


def test_a_preview_tells_what_columns_hold() -> None:
    table = read_table(b"name,n,share,empty\nA,1,1.5,\nB,2,2,\nA,x,3,\n", "list.csv")
    facts = {each.header: each for each in column_facts(table)}
    assert (facts["name"].distinct, facts["name"].common[0]) == (2, ("A", 2))
    assert [facts[header].kind for header in ("name", "n", "share")] == ["text", "text", "float"]
    assert facts["empty"].filled == 0
