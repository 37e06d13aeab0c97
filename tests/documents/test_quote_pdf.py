"""The quote as a PDF, read back with another library than the one that drew it."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import zlib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

import resources
from crm_core.errors import UserError
from crm_core.money import Money
from crm_desktop.documents.quote_document import (
    CustomerBlock,
    Letterhead,
    PreparedBy,
    PrintedLine,
    QuoteDocument,
)
from crm_desktop.documents.quote_pdf import missing_characters, quote_pdf, write_quote_pdf
from tests.documents.quote_samples import quote_of

# The last seven are in the face for rare characters alone.
RARE = "镕堃喆祎玥珺㙓𬭚𠀋𠮷𪚥𠀾𡈽𨭎𬴊"


def print_quote(document: QuoteDocument, folder: Path, language: str = "both") -> PdfReader:
    """Return the quote as printed and read again."""
    file = folder / "quote.pdf"
    count = write_quote_pdf(document, file, language)
    reader = PdfReader(file)
    assert len(reader.pages) == count
    return reader


def text_of(reader: PdfReader) -> str:
    """Return everything printed, without the breaks of lines."""
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in reader.pages))


def png(wide: int, high: int) -> bytes:
    """Return a plain black picture."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    head = wide.to_bytes(4, "big") + high.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress(b"\0" * ((wide + 1) * high))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("lines", "pages"), [(1, 1), (8, 1), (40, 3), (400, 20)])
def test_every_line_is_printed_over_as_many_pages_as_it_takes(lines: int, pages: int, tmp_path: Path) -> None:
    document = quote_of(lines)
    reader = print_quote(document, tmp_path)
    assert len(reader.pages) == pages
    printed = text_of(reader)
    for number, (line, total) in enumerate(zip(document.lines, document.totals.lines, strict=True), start=1):
        row = f"{number}{line.code}{line.description_zh}{line.description_en}".replace(" ", "")
        assert row in printed
        assert f"{total.net_minor / 100:,.2f}" in printed


def test_the_totals_are_the_ones_calculated_and_stand_in_words_beside_them(tmp_path: Path) -> None:
    printed = text_of(print_quote(quote_of(8, allowance_minor=432708), tmp_path))
    for part in (
        "小计Subtotal345,920.00",
        "整单优惠Allowance−4,327.08",
        "税前合计Netoftax341,592.92",
        "增值税13%VAT44,407.08",
        "合计TotalCNY386,000.00",
        "大写Inwords人民币叁拾捌万陆仟元整",
    ):
        assert part in printed


@pytest.mark.parametrize("place", ["line", "customer", "letterhead", "terms"])
def test_rare_characters_of_names_come_out_of_the_file_as_they_were_typed(place: str, tmp_path: Path) -> None:
    row = replace(quote_of(1).lines[0], description_zh=RARE if place == "line" else "泵")
    changed: dict[str, dict[str, Any]] = {
        "line": {},
        "customer": {"customer": CustomerBlock(name_zh=RARE)},
        "letterhead": {"letterhead": Letterhead(name_zh=RARE)},
        "terms": {"terms_zh": (RARE,)},
    }
    assert RARE in text_of(print_quote(quote_of([row], **changed[place]), tmp_path))


def test_more_different_characters_than_one_subset_holds_are_still_copied_right(tmp_path: Path) -> None:
    many = "".join(chr(point) for point in range(0x4E00, 0x4E00 + 900))
    rows = (replace(quote_of(1).lines[0], description_zh=many),)
    printed = text_of(print_quote(quote_of(rows, letterhead=Letterhead(name_zh="示例")), tmp_path))
    assert many in printed


def test_fonts_are_embedded_as_subsets_and_no_other_font_is_asked_for(tmp_path: Path) -> None:
    reader = print_quote(quote_of(40), tmp_path)
    names = set()
    for page in reader.pages:
        for reference in page["/Resources"]["/Font"].values():
            found = reference.get_object()
            names.add(found["/BaseFont"])
            assert "/FontFile2" in found["/FontDescriptor"].get_object()
            assert "/ToUnicode" in found
    assert {name.split("+")[1] for name in names} == {"NotoSansSC-Regular", "NotoSansSC-SemiBold"}
    assert all(re.match(r"/[A-Z]{6}\+", name) for name in names)


def test_each_page_carries_on_what_the_page_before_carried_over(tmp_path: Path) -> None:
    document = quote_of(40)
    reader = print_quote(document, tmp_path)
    pages = [re.sub(r"\s+", "", page.extract_text()) for page in reader.pages]
    over = [re.findall(r"过次页Carriedtonextpage([\d,.]+\.\d\d)", page) for page in pages]
    forward = [re.findall(r"承前页Carriedforward([\d,.]+\.\d\d)", page) for page in pages]
    assert [len(found) for found in over] == [1, 1, 0]
    assert [len(found) for found in forward] == [0, 1, 1]
    assert over[:-1] == forward[1:]
    for index, found in enumerate(over[:-1]):
        last = max(
            int(number)
            for number in re.findall(r"(\d+)(?:FM-200|PV-45|CP-15|GW-10|VS-3|CBL|SRV)", pages[index])
        )
        carried = sum(total.net_minor for total in document.totals.lines[:last])
        assert found == [f"{carried / 100:,.2f}"]


def test_optional_lines_are_said_to_be_so_and_not_carried(tmp_path: Path) -> None:
    document = quote_of(40, optional=frozenset({0}))
    printed = text_of(print_quote(document, tmp_path))
    assert "选配，不计入合计Optional,notinthetotal" in printed
    assert f"Subtotal{document.totals.subtotal_minor / 100:,.2f}" in printed
    first = sum(total.net_minor for total in document.totals.lines[1:15])
    assert f"Carriedtonextpage{first / 100:,.2f}" in printed


def test_every_page_says_which_of_how_many_it_is(tmp_path: Path) -> None:
    reader = print_quote(quote_of(40), tmp_path)
    for number, page in enumerate(reader.pages, start=1):
        assert f"第 {number} 页，共 3 页\u3000Page {number} of 3" in page.extract_text()
        assert "Q-2026-1171 · 版本 Version 3" in page.extract_text()


def test_totals_terms_and_signatures_share_the_last_page_with_at_least_two_lines(tmp_path: Path) -> None:
    for count in range(8, 24):
        last = print_quote(quote_of(count), tmp_path).pages[-1].extract_text()
        for word in ("合计 Total", "条款 Terms", "签字、盖章、日期"):
            assert word in last
        assert len(re.findall(r"[台只套根项] [\d,]+\.\d\d", last)) >= 2


def test_terms_longer_than_a_page_run_on_and_end_above_the_signatures(tmp_path: Path) -> None:
    terms = tuple(f"第 {number} 条：" + "双方应当遵守本条约定。" * 6 for number in range(1, 90))
    reader = print_quote(quote_of(3, terms_zh=terms, terms_en=()), tmp_path)
    printed = text_of(reader)
    for number, clause in enumerate(terms, start=1):
        assert re.sub(r"\s+", "", f"{number}.{clause}") in printed
    last = reader.pages[-1].extract_text()
    assert "签字、盖章、日期" in last
    assert "双方应当遵守" in last


def test_a_description_longer_than_a_page_goes_on_over_the_next(tmp_path: Path) -> None:
    long = "".join(f"参数{number}：压力、温度与流量；" for number in range(1, 400))
    rows = (replace(quote_of(1).lines[0], description_zh=long, description_en=""), *quote_of(2).lines)
    reader = print_quote(quote_of(rows), tmp_path, "zh")
    found = re.findall(r"(\d+)：", "\n".join(page.extract_text() for page in reader.pages))
    assert [int(number) for number in found] == list(range(1, 400))
    assert len(reader.pages) > 2


def test_a_chinese_quote_has_no_english_word_and_an_english_one_no_chinese(tmp_path: Path) -> None:
    rows = tuple(replace(line, unit_en="pcs") for line in quote_of(3).lines)
    document = quote_of(rows, customer=CustomerBlock(name_zh="示例", name_en="Demo"))
    chinese = text_of(print_quote(document, tmp_path, "zh"))
    english = text_of(print_quote(document, tmp_path, "en"))
    assert not re.search("Quotation|Amount|Total|Terms|Page", chinese)
    assert not re.search("[\u3400-\u9fff]", english)
    assert "Chineseyuan" in english


def test_a_text_known_in_one_language_is_printed_in_that_one(tmp_path: Path) -> None:
    row = PrintedLine(description_zh="特制件", quantity=Decimal("0.5"), unit_price=Money(100, "CNY"))
    assert "特制件" in text_of(print_quote(quote_of([row]), tmp_path, "en"))


def test_the_same_quote_gives_the_same_bytes_and_another_gives_others() -> None:
    assert quote_pdf(quote_of(40), "both") == quote_pdf(quote_of(40), "both")
    assert quote_pdf(quote_of(40), "both") != quote_pdf(quote_of(40, version=4), "both")


def test_another_process_draws_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from tests.documents.quote_samples import quote_of\n"
        "from crm_desktop.documents.quote_pdf import write_quote_pdf\n"
        "write_quote_pdf(quote_of(8), Path(sys.argv[1]), 'both')\n"
    )
    file = tmp_path / "there.pdf"
    subprocess.run([sys.executable, "-c", program, str(file)], check=True, cwd=Path(__file__).parents[2])
    assert file.read_bytes() == quote_pdf(quote_of(8), "both")[0]


@pytest.mark.parametrize("language", ["en", "zh", "both"])
def test_forty_lines_weigh_less_than_sixty_kilobytes(language: str) -> None:
    assert len(quote_pdf(quote_of(40), language)[0]) < 60_000


def test_the_file_names_its_title_company_and_customer(tmp_path: Path) -> None:
    found = print_quote(quote_of(1), tmp_path)
    assert found.metadata is not None
    assert found.metadata.title == "报价单 Quotation Q-2026-1171 · 版本 Version 3"
    assert found.metadata.author == "澄波示例仪表有限公司"
    assert found.metadata.subject == "纸鹤食品（示例）有限公司"
    assert found.trailer["/Root"]["/Lang"] == "zh-CN"


def test_a_draft_says_so_on_every_page_and_a_final_quote_nowhere(tmp_path: Path) -> None:
    for draft in (True, False):
        reader = print_quote(quote_of(40, draft=draft), tmp_path)
        assert all(("DRAFT 草稿" in page.extract_text()) is draft for page in reader.pages)


def test_a_quote_not_yet_approved_says_so_beside_its_title_and_across_every_page(tmp_path: Path) -> None:
    for waiting in (True, False):
        reader = print_quote(quote_of(40, subject_to_approval=waiting), tmp_path)
        assert ("以审批为准Subjecttoapproval" in text_of(reader)) is waiting
        assert all(("SUBJECT TO APPROVAL 待审批" in page.extract_text()) is waiting for page in reader.pages)


def test_both_watermarks_of_a_draft_that_is_not_approved_stay_on_the_page(tmp_path: Path) -> None:
    from crm_desktop.documents.paper import PAGE_WIDTH, Watermark
    from crm_desktop.documents.quote_pdf import _pages

    (page,) = _pages(quote_of(1, draft=True, subject_to_approval=True), "both")
    marks = [mark for mark in page.marks if isinstance(mark, Watermark)]
    assert [mark.text for mark in marks] == ["DRAFT 草稿", "SUBJECT TO APPROVAL 待审批"]
    assert len({mark.y for mark in marks}) == 2
    assert {mark.x for mark in marks} == {PAGE_WIDTH / 2}


def test_the_code_leads_to_the_page_where_the_customer_accepts(tmp_path: Path) -> None:
    links = [
        note.get_object()["/A"]["/URI"] for note in print_quote(quote_of(1), tmp_path).pages[0]["/Annots"]
    ]
    assert links == ["https://crm.clearwave.example/q/8fK2mZ"]
    without = print_quote(quote_of(1, acceptance_url=None), tmp_path)
    assert "/Annots" not in without.pages[0]
    assert "在线确认" not in text_of(without)


def test_prices_with_tax_show_the_tax_as_part_of_the_total(tmp_path: Path) -> None:
    row = PrintedLine(description_zh="整机", quantity=Decimal(1), unit_price=Money(11300, "CNY"))
    printed = text_of(print_quote(quote_of([row], tax_included=True), tmp_path))
    assert "含税小计Subtotalincl.tax113.00" in printed
    assert "合计TotalCNY113.00" in printed
    assert "其中增值税13%VATincluded13.00" in printed


def test_a_currency_without_minor_unit_is_printed_without_decimals(tmp_path: Path) -> None:
    row = PrintedLine(description_en="Pump", quantity=Decimal("1200.50"), unit_price=Money(1000, "JPY"))
    printed = text_of(print_quote(quote_of([row], tax_rate="0"), tmp_path, "en"))
    assert "1,200.5" in printed
    assert "TotalJPY1,200,500" in printed
    assert "OnemilliontwohundredthousandfivehundredJapaneseyenonly" in printed
    assert "VAT" not in printed


def test_a_quote_without_lines_is_refused_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="The quote has no lines yet") as refused:
        write_quote_pdf(quote_of(0), tmp_path / "quote.pdf", "both")
    assert refused.value.show(lambda text: resources.catalogue("zh_CN")[text]) == "报价单还没有明细"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("character", ["😀", "ع", "\ue000", "₹", "\ud800"])
def test_a_character_no_font_has_is_reported_before_printing(character: str, tmp_path: Path) -> None:
    document = quote_of(1, customer=CustomerBlock(name_zh=f"甲{character}乙"))
    assert missing_characters(document) == [character]
    with pytest.raises(UserError, match=f"U\\+{ord(character):04X}.* in Customer, Name"):
        write_quote_pdf(document, tmp_path / "quote.pdf", "both")
    assert list(tmp_path.iterdir()) == []


def test_the_places_of_a_character_no_font_has_are_named(tmp_path: Path) -> None:
    rows = [replace(row, description_en="A 😀") for row in quote_of(5).lines]
    with pytest.raises(UserError) as refused:
        write_quote_pdf(quote_of(rows, terms_zh=("乙ع",)), tmp_path / "quote.pdf", "both")
    said = refused.value.show(lambda text: resources.catalogue("zh_CN").get(text, text))
    assert said == (
        "字体无法打印以下字符，请替换：😀 (U+1F600)，见于第 1 行的说明；第 2 行的说明；第 3 行的说明；…；"
        "ع (U+0639)，见于条款"
    )


def test_what_is_not_printed_needs_no_shape() -> None:
    document = quote_of(1, terms_zh=("😀",), terms_en=("Plain",))
    assert missing_characters(document, "en") == []
    assert missing_characters(document, "zh") == ["😀"]
    assert missing_characters(quote_of(8)) == []


def test_invisible_characters_pasted_along_do_no_harm(tmp_path: Path) -> None:
    pasted = "泵\u200b站\ufeff\u00ad 3\u00a0号\t甲\x00\x1f乙\ufe0f"
    document = quote_of(1, customer=CustomerBlock(name_zh=pasted, contact="e\u0301te\u0301"), number="Q-1\n2")
    printed = text_of(print_quote(document, tmp_path))
    assert "泵站3号甲乙" in printed
    assert "été" in printed


def test_words_wider_than_their_column_are_broken_and_wholly_printed(tmp_path: Path) -> None:
    code, word = "X" * 60, "W" * 200
    row = PrintedLine(code=code, description_en=word, quantity=Decimal(1), unit_price=Money(1, "CNY"))
    printed = text_of(print_quote(quote_of([row]), tmp_path))
    assert code in printed
    assert word in printed


def test_the_largest_amounts_stay_inside_their_columns(tmp_path: Path) -> None:
    row = PrintedLine(
        description_en="Everything", quantity=Decimal(10**9), unit_price=Money(7 * 10**6, "CNY")
    )
    rights = _right_edges(print_quote(quote_of([row]), tmp_path))
    assert "70,000,000,000,000.00" in rights
    assert max(rights.values()) <= 192 * 72 / 25.4 + 0.1


def test_a_logo_is_drawn_in_proportion_and_a_broken_one_is_refused(tmp_path: Path) -> None:
    reader = print_quote(quote_of(1, letterhead=Letterhead(name_zh="示例", logo=png(40, 20))), tmp_path)
    assert len(reader.pages[0].images) == 1
    for broken in (b"GIF89a", png(40, 20)[:30], b"", b"\xff\xd8\xff\xe0\x00\x00", png(1, 1)[:16] + bytes(8)):
        with pytest.raises(UserError, match="The logo cannot be read"):
            quote_pdf(quote_of(1, letterhead=Letterhead(name_zh="示例", logo=broken)), "zh")


def test_a_quote_with_nothing_but_lines_is_still_printed(tmp_path: Path) -> None:
    bare: dict[str, Any] = {
        "letterhead": Letterhead(),
        "customer": CustomerBlock(),
        "prepared_by": PreparedBy(),
        "valid_until": None,
        "terms_zh": (),
        "terms_en": (),
        "acceptance_url": None,
    }
    printed = text_of(print_quote(quote_of(2, **bare), tmp_path))
    assert "报价单" in printed
    assert "有效至" not in printed
    assert "条款" not in printed


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"The folder “.*absent” does not exist"):
        write_quote_pdf(quote_of(1), tmp_path / "absent" / "quote.pdf", "both")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="does not exist"):
        write_quote_pdf(quote_of(1), tmp_path / "file" / "quote.pdf", "both")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "no room left"),
        (errno.EACCES, "may not be written"),
        (errno.EIO, "could not be written"),
    ],
)
def test_a_disk_that_fails_leaves_the_old_file_whole_and_nothing_beside_it(
    number: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "quote.pdf"
    file.write_bytes(b"old")

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UserError, match=said):
        write_quote_pdf(quote_of(1), file, "both")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_file_cut_off_by_the_system_halfway_leaves_the_old_one_whole(tmp_path: Path) -> None:
    file = tmp_path / "quote.pdf"
    file.write_bytes(b"old")
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from tests.documents.quote_samples import quote_of\n"
        "from crm_core.errors import UserError\n"
        "from crm_desktop.documents.quote_pdf import write_quote_pdf\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))\n"
        "try: write_quote_pdf(quote_of(8), Path(sys.argv[1]), 'both')\n"
        "except UserError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", program, str(file)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert "no room left" in done.stdout
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_an_older_file_is_replaced_and_a_link_to_it_stays_a_link(tmp_path: Path) -> None:
    file, link = tmp_path / "quote.pdf", tmp_path / "latest.pdf"
    file.write_bytes(b"old")
    link.symlink_to(file)
    write_quote_pdf(quote_of(1), link, "both")
    assert link.is_symlink()
    assert file.read_bytes().startswith(b"%PDF")


def test_a_language_documents_are_not_printed_in_is_a_bug_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not in 'fr'"):
        write_quote_pdf(quote_of(1), tmp_path / "quote.pdf", "fr")


def test_lines_and_totals_of_different_quotes_are_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="totals of 2"):
        replace(quote_of(2), lines=quote_of(1).lines)
    with pytest.raises(ValueError, match="acceptance address"):
        quote_of(1, acceptance_url="javascript:alert(1)")


def test_importing_the_package_does_not_import_reportlab() -> None:
    program = (
        "import sys, crm_desktop.documents.quote_pdf, crm_desktop.documents.quote_document\n"
        "print(sorted(name for name in sys.modules if name.startswith(('reportlab', 'PIL'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == "[]"


def _right_edges(reader: PdfReader) -> dict[str, float]:
    """Return where each printed text ends, in points from the left edge of its page."""
    from crm_desktop.documents.fonts import measurer
    from resources.face import Face

    measure = measurer()
    edges: dict[str, float] = {}

    def visit(text: str, _cm: Any, place: Any, font: Any, size: float) -> None:
        for part in filter(None, (each.strip() for each in text.split("\n"))):
            face = Face.STRONG if "SemiBold" in font["/BaseFont"] else Face.REGULAR
            edges[part] = max(edges.get(part, 0.0), place[4] + measure(part, face) * size)

    for page in reader.pages:
        page.extract_text(visitor_text=visit)
    return edges
