"""Files as tables: encodings, delimiters, damage, spreadsheets, cards and JSON."""

from __future__ import annotations

import csv
import datetime
import io
import json

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import UserError
from crm_core.exchange import vcard
from crm_core.exchange.tables import read_table
from crm_core.exchange.writing import csv_lines

CHINESE = "名称,行业\n上海腾飞贸易有限公司,制造\n北京远大,零售\n"


def _notes(raw: bytes, name: str = "list.csv") -> str:
    return " ".join(str(note) for note in read_table(raw, name).notes)


@pytest.mark.parametrize(
    "raw",
    [
        CHINESE.encode("utf-8"),
        CHINESE.encode("utf-8-sig"),
        CHINESE.encode("utf-16"),
        CHINESE.encode("utf-16-le"),
        CHINESE.encode("utf-16-be"),
        CHINESE.encode("gb18030"),
        CHINESE.replace("\n", "\r\n").encode("gb18030"),
        CHINESE.replace("\n", "\r").encode("utf-8"),
        CHINESE.replace(",", ";").encode("gb18030"),
        CHINESE.replace(",", "\t").encode("utf-16"),
        b"sep=;\r\n" + CHINESE.replace(",", ";").encode("utf-8"),
    ],
)
def test_encoding_delimiter_and_line_ends_are_found(raw: bytes) -> None:
    table = read_table(raw, "list.csv")
    assert table.headers == ("名称", "行业")
    assert [row.cells for row in table.rows] == [("上海腾飞贸易有限公司", "制造"), ("北京远大", "零售")]


def test_the_encoding_found_is_told_unless_it_is_the_usual_one() -> None:
    assert "GB18030" in _notes(CHINESE.encode("gb18030"))
    assert _notes(CHINESE.encode("utf-8")) == ""


def test_western_letters_of_an_old_windows_are_not_taken_for_chinese() -> None:
    table = read_table("Name,Ort\nCafé Müller,Nürnberg\nGroß & Söhne,Köln\n".encode("cp1252"), "a.csv")
    assert table.rows[0].cells == ("Café Müller", "Nürnberg")


def test_a_row_with_broken_bytes_is_reported_and_the_others_are_read() -> None:
    lines = CHINESE.encode("gb18030").split(b"\n")
    broken = b"\n".join((lines[0], lines[1], b"\xe9,\xff\xff", lines[2], b""))
    table = read_table(broken, "list.csv")
    assert [row.line for row in table.rows if row.problem is not None] == [3]
    assert table.rows[2].cells == ("北京远大", "零售")


def test_one_damaged_line_does_not_turn_utf_8_into_another_encoding() -> None:
    raw = CHINESE.encode("utf-8") + b"\xe4\xb8,\xff\n"
    table = read_table(raw, "list.csv")
    assert table.rows[0].cells[0] == "上海腾飞贸易有限公司"
    assert [row.line for row in table.rows if row.problem is not None] == [4]


def test_rows_of_another_length_are_reported_with_their_line() -> None:
    table = read_table(b"a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3,,\n", "list.csv")
    assert [(row.line, row.problem is None) for row in table.rows] == [
        (2, True),
        (3, False),
        (4, False),
        (5, True),
    ]
    assert table.rows[2].cells == ("1", "2", "3", "4")


def test_line_numbers_count_lines_of_the_file_not_records() -> None:
    table = read_table(b'a,b\n\n"one\ntwo",x\n\ny,z\n', "list.csv")
    assert [(row.line, row.cells) for row in table.rows] == [(3, ("one\ntwo", "x")), (6, ("y", "z"))]


def test_a_quote_never_closed_costs_its_own_row_only() -> None:
    table = read_table(b'a,b\n1,2\n"3,4\n5,6\n7,8\n', "list.csv")
    assert [(row.line, row.problem is None) for row in table.rows] == [
        (2, True),
        (3, False),
        (4, True),
        (5, True),
    ]


def test_a_cell_beyond_every_limit_costs_its_own_row_only() -> None:
    table = read_table(b"a,b\n" + b"x" * 200_000 + b",2\n3,4\n", "list.csv")
    assert [row.problem is None for row in table.rows] == [False, True]


def test_columns_of_one_name_are_told_apart_and_nameless_ones_are_numbered() -> None:
    table = read_table(b"name,name,\n1,2,3\n", "list.csv")
    assert table.headers == ("name", "name (2)", "#3")
    assert len(table.notes) == 1


@pytest.mark.parametrize("raw", [b"", b"\n\n \n", b"\xef\xbb\xbf", b"PK\x03\x04 no zip", b"\x00\x00"])
def test_a_file_without_a_table_is_refused_in_words(raw: bytes) -> None:
    with pytest.raises(UserError):
        read_table(raw, "list.csv")


def test_a_text_file_called_xlsx_is_refused() -> None:
    with pytest.raises(UserError, match="no spreadsheet"):
        read_table(b"a,b\n1,2\n", "list.xlsx")


@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.vcf", "a.json", "a.xlsx", "a"]))
def test_no_bytes_make_anything_but_a_table_or_a_sentence(raw: bytes, name: str) -> None:
    try:
        table = read_table(raw, name)
    except UserError:
        return
    assert all(len(row.cells) >= len(table.headers) for row in table.rows)


_CELL = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"), max_size=20)


@given(st.lists(st.tuples(_CELL, _CELL, _CELL), min_size=1, max_size=20))
def test_cells_written_as_csv_are_read_back_as_they_were(rows: list[tuple[str, str, str]]) -> None:
    raw = b"".join(csv_lines([("first", "second", "third"), *rows]))
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    assert [row.cells for row in read_table(raw, "list.csv").rows] == kept


def test_what_the_csv_module_reads_in_one_go_we_read_alike() -> None:
    text = 'a,b\n"x ""y""",5" pipe\n"multi\r\nline",z\n'
    ours = [row.cells for row in read_table(text.encode(), "list.csv").rows]
    assert ours == [tuple(row) for row in csv.reader(io.StringIO(text, newline=""))][1:]


def test_a_spreadsheet_gives_whole_numbers_days_and_leading_zeros_as_typed() -> None:
    raw = io.BytesIO()
    with xlsxwriter.Workbook(raw) as book:
        book.add_worksheet("Empty")
        sheet = book.add_worksheet("Deals")
        sheet.write_row(0, 0, ["code", "employees", "rate", "day", "yes"])
        sheet.write_string(1, 0, "00123")
        sheet.write_number(1, 1, 2822)
        sheet.write_number(1, 2, 0.1)
        sheet.write_datetime(1, 3, datetime.date(2017, 3, 1), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_boolean(1, 4, True)
    table = read_table(raw.getvalue(), "whatever.xlsx")
    assert table.rows[0].cells == ("00123", "2822", "0.1", "2017-03-01", "true")
    assert table.rows[0].line == 2
    assert "Deals" in str(table.notes[0])


def test_json_is_read_as_an_array_and_line_by_line() -> None:
    records = [{"name": "A", "tags": ["x", "y"], "amount": 12.10, "ok": True}, {"name": "B", "city": None}]
    array = read_table(json.dumps(records).encode(), "list.json")
    lines = "\n".join(json.dumps(each) for each in records).encode()
    by_line = read_table(lines, "list.json")
    assert array.headers == by_line.headers == ("name", "tags", "amount", "ok", "city")
    assert array.rows[0].cells == by_line.rows[0].cells == ("A", "x, y", "12.1", "true", "")


def test_a_broken_line_of_json_is_reported_and_the_others_are_read() -> None:
    table = read_table(b'{"name": "A"}\n{"name": \n[1]\n{"name": "B"}\n', "list.jsonl")
    assert [(row.line, row.problem is None) for row in table.rows] == [
        (1, True),
        (2, False),
        (3, False),
        (4, True),
    ]


def test_cards_of_versions_2_to_4_give_name_phones_and_address() -> None:
    cards = (
        "BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E5=BC=A0=\r\n=E4=BC=9F\r\n"
        "TEL;CELL:13800138000\r\nEND:VCARD\r\n"
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;Ann;;;\r\nTEL;TYPE=HOME:1\r\nTEL;TYPE=CELL:2\r\n"
        "NOTE:first\\nsecond\\, third\r\nEND:VCARD\r\n"
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:张\r\n 三\r\nTEL;VALUE=uri;PREF=1:tel:+86-10-1\r\n"
        "ADR:;;1 Main St\\; 2nd;Shanghai;SH;200000;China\r\nBDAY:19800229\r\nEND:VCARD\r\n"
        "BEGIN:VCARD\r\nFN:cut off\r\n"
    )
    table = read_table(cards.encode(), "people.vcf")
    rows = [dict(zip(table.headers, row.cells, strict=True)) for row in table.rows]
    assert [row[vcard.NAME] for row in rows] == ["张伟", "Ann Doe", "张三", "cut off"]
    assert (rows[1][vcard.PHONE], rows[1][vcard.OTHER_PHONES]) == ("2", "1")
    assert rows[1][vcard.NOTES] == "first\nsecond, third"
    assert (rows[2][vcard.PHONE], rows[2][vcard.STREET]) == ("+86-10-1", "1 Main St; 2nd")
    assert rows[2][vcard.BIRTHDAY] == "1980-02-29"
    assert [row.problem is None for row in table.rows] == [True, True, True, False]


_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=60).map(str.strip)


@given(st.lists(st.tuples(_TEXT.filter(bool), _TEXT, _TEXT, _TEXT), min_size=1, max_size=5))
def test_cards_written_are_read_back_as_they_were(people: list[tuple[str, str, str, str]]) -> None:
    headers = (vcard.NAME, vcard.COMPANY, vcard.STREET, vcard.NOTES)
    written = vcard.write([dict(zip(headers, person, strict=True)) for person in people])
    assert all(len(line.encode()) <= vcard.FOLD_BYTES for line in written.split("\r\n"))
    table = read_table(written.encode(), "people.vcf")
    rows = [dict(zip(table.headers, row.cells, strict=True)) for row in table.rows]
    assert [tuple(row.get(header, "") for header in headers) for row in rows] == people


@pytest.mark.parametrize("text", ["name,phone\nNul\0Co,12345\nFine,12345\n", "name\nN\0\nFine\n"])
def test_a_stray_zero_byte_does_not_make_a_file_utf_16(text: str) -> None:
    table = read_table(text.encode("utf-8"), "list.csv")
    assert table.headers[0] == "name"
    assert [row.cells[0] for row in table.rows] == [row.split(",")[0] for row in text.splitlines()[1:]]


def test_a_cell_without_end_is_told_from_a_quotation_mark_without_end() -> None:
    endless = "x" * (csv.field_size_limit() + 1)
    rows = read_table(f'name,notes\nA,"{endless}"\nB,fine\n'.encode(), "list.csv").rows
    assert "longer than" in str(rows[0].problem)
    assert (rows[1].cells, rows[1].problem) == (("B", "fine"), None)
    rows = read_table(f'name,notes\nA,"{endless}\nB,fine\n'.encode(), "list.csv").rows
    assert "quotation mark" in str(rows[0].problem)
