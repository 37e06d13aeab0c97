"""Lines in groups: headings, what each comes to, and where pages may break."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from crm_desktop.documents.quote_document import PrintedGroup, QuoteDocument
from crm_desktop.documents.quote_pdf import write_quote_pdf
from crm_desktop.documents.quote_table import CARRIED_HEIGHT, break_rows
from tests.documents.quote_samples import quote_of


def grouped(document: QuoteDocument, *groups: tuple[str, int, int, int]) -> QuoteDocument:
    """Return the quote in groups of (title, first line, lines, allowance)."""
    made = []
    for title, first, count, allowance in groups:
        found = sum(t.net_minor for t in document.totals.lines[first : first + count] if not t.optional)
        made.append(
            PrintedGroup(
                title_zh=title,
                title_en=f"{title} en",
                first=first,
                count=count,
                allowance_minor=allowance,
                subtotal_minor=found - allowance,
            )
        )
    return replace(document, groups=tuple(made))


def pages_of(document: QuoteDocument, folder: Path) -> tuple[PdfReader, list[str]]:
    file = folder / "grouped.pdf"
    write_quote_pdf(document, file, "both")
    reader = PdfReader(file)
    return reader, [re.sub(r"\s+", "", page.extract_text()) for page in reader.pages]


def test_a_group_has_its_heading_above_and_its_own_total_below(tmp_path: Path) -> None:
    document = grouped(quote_of(6, optional=frozenset({1})), ("仪表", 0, 2, 0), ("网络", 2, 3, 100_00))
    _, pages = pages_of(document, tmp_path)
    printed = "".join(pages)
    first, second = (f"{group.subtotal_minor / 100:,.2f}" for group in document.groups)
    assert re.search(rf"仪表仪表en1FM-200.*小计Subtotal·仪表{first}网络网络en3CP-15", printed)
    assert f"分组优惠Groupallowance−100.00小计Subtotal·网络{second}" in printed


def test_what_a_group_gives_away_is_carried_to_the_next_page(tmp_path: Path) -> None:
    document = grouped(quote_of(40), ("甲", 0, 3, 1_00))
    _, pages = pages_of(document, tmp_path)
    (over,) = re.findall(r"过次页Carriedtonextpage([\d,.]+\.\d\d)", pages[0])
    last = max(int(n) for n in re.findall(r"(\d+)(?:FM-200|PV-45|CP-15|GW-10|VS-3|CBL|SRV)", pages[0]))
    carried = sum(total.net_minor for total in document.totals.lines[:last]) - 100
    assert over == f"{carried / 100:,.2f}"
    assert f"承前页Carriedforward{over}" in pages[1]


@pytest.mark.parametrize("first", [12, 14, 15])
def test_no_heading_ends_a_page_and_no_group_total_begins_one(first: int, tmp_path: Path) -> None:
    document = grouped(quote_of(40), ("头", 0, first, 0), ("尾", first, 40 - first, 0))
    _, pages = pages_of(document, tmp_path)
    for page in pages[:-1]:
        above = page.split("过次页")[0]
        assert not above.endswith(("头en", "尾en"))
    for page in pages[1:]:
        assert not re.search(r"承前页Carriedforward[\d,.]+\.\d\d小计", page)


def test_groups_totals_and_terms_are_entries_of_the_outline(tmp_path: Path) -> None:
    document = grouped(quote_of(40), ("同名", 0, 3, 0), ("同名", 3, 30, 0))
    reader, _ = pages_of(document, tmp_path)
    entries = [(each.title, reader.get_destination_page_number(each)) for each in reader.outline]
    assert [title for title, _ in entries] == ["同名 同名 en", "同名 同名 en", "合计 Total", "条款 Terms"]
    assert [page for _, page in entries] == sorted(page for _, page in entries)
    assert entries[0][1] == 0
    assert entries[-1][1] == len(reader.pages) - 1


def test_groups_that_overlap_or_do_not_add_up_are_a_bug_of_the_caller() -> None:
    document = quote_of(4)
    with pytest.raises(ValueError, match="overlap"):
        grouped(document, ("甲", 0, 3, 0), ("乙", 2, 2, 0))
    with pytest.raises(ValueError, match="overlap"):
        grouped(document, ("甲", 2, 3, 0))
    right = grouped(document, ("甲", 0, 2, 0)).groups[0]
    with pytest.raises(ValueError, match="is not what the lines of a group come to"):
        replace(document, groups=(replace(right, subtotal_minor=right.subtotal_minor + 1),))


rows = st.lists(st.tuples(st.floats(7.5, 30), st.booleans()), min_size=1, max_size=50)


@given(rows, st.floats(60, 160), st.floats(120, 240), st.floats(20, 80))
def test_every_row_is_on_one_page_and_pages_hold_what_is_on_them(
    rows: list[tuple[float, bool]], first: float, later: float, tail: float
) -> None:
    heights, tied = [height for height, _ in rows], [keeps for _, keeps in rows]
    pages = break_rows(heights, first_room=first, next_room=later, tail=tail, tied=tied)
    assert [place for page in pages for place in page] == list(range(len(rows)))
    for number, page in enumerate(pages):
        room = first if number == 0 else later - CARRIED_HEIGHT
        assert sum(heights[place] for place in page) <= room
        # A tie is cut only where what is tied together began the page and did not fit on it.
        if page and page.stop < len(rows) and tied[page.stop - 1]:
            assert all(tied[place] for place in page) or pages[number + 1] == range(len(rows), len(rows))
