"""Lines, pages and printed figures, by property."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crm_core.rules import figures
from crm_desktop.documents.quote_document import clauses
from crm_desktop.documents.quote_table import CARRIED_HEIGHT, break_rows
from crm_desktop.documents.typesetting import Typesetter, printable
from resources.face import Face

# Chinese characters one wide, others half: enough to break lines by, without a font.
TYPESETTER = Typesetter(lambda text, _: sum(1.0 if ord(sign) > 0x2E00 else 0.5 for sign in text))
POINT_SIZE = 72 / 25.4  # a type size at which one width is one millimetre
mixed = st.text(st.sampled_from("泵站阀，。（）“”《》、…abcXYZ 0123456789-/.,%\n"), max_size=120)


def wrap(text: str, width: float) -> list[str]:
    return TYPESETTER.wrap(text, width, Face.REGULAR, POINT_SIZE)


@given(mixed, st.integers(2, 30))
def test_wrapped_lines_hold_every_character_and_none_is_wider_than_its_column(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)
    assert all(TYPESETTER.measure(line, Face.REGULAR) <= width + 1e-9 for line in lines)


@given(st.text(st.sampled_from("泵站阀，。）（《》"), min_size=1, max_size=80))
def test_no_line_begins_with_closing_or_ends_with_opening_punctuation(text: str) -> None:
    # A run of marks wider than what one line may give up has to break somewhere.
    assume(not re.search(r"[，。）（《》]{3}", text))
    lines = wrap(text, 6)
    assert not any(line[:1] in tuple("，。）》") for line in lines[1:])
    assert not any(line[-1:] in tuple("（《") for line in lines[:-1])


def test_words_are_not_torn_where_a_space_or_a_chinese_character_offers_a_break() -> None:
    assert wrap("流量计 DN80 flange, John’s own", 5) == ["流量计", "DN80", "flange,", "John’s own"]


def test_line_ends_typed_are_kept() -> None:
    assert wrap("一\n\n二\r\n三", 10) == ["一", "", "二", "三"]


def test_text_without_ink_is_left_out_and_accents_are_composed() -> None:
    assert printable("a\u200bb\u00a0c\td\x07e\u0301") == "ab c d\u00e9"
    assert printable("全\u3000角") == "全\u3000角"


heights = st.lists(st.floats(7.5, 60), max_size=60)


@given(heights, st.floats(20, 160), st.floats(100, 240), st.floats(20, 200))
def test_every_row_stands_on_one_page_in_order_and_fits(
    rows: list[float], first_room: float, next_room: float, tail: float
) -> None:
    pages = break_rows(rows, first_room=first_room, next_room=next_room, tail=tail)
    assert [index for page in pages for index in page] == list(range(len(rows)))
    for place, page in enumerate(pages):
        used = sum(rows[index] for index in page)
        room = first_room if place == 0 else next_room - CARRIED_HEIGHT
        follows = place + 1 < len(pages) and len(pages[place + 1]) > 0
        assert used + CARRIED_HEIGHT * follows <= room + 1e-6
        if place == len(pages) - 1 and page:
            assert used + tail <= room + 1e-6


@given(st.lists(st.just(7.5), min_size=3, max_size=200), st.floats(20, 120))
def test_the_totals_never_stand_below_a_single_row_of_several(rows: list[float], tail: float) -> None:
    pages = break_rows(rows, first_room=150, next_room=240, tail=tail)
    assert len(pages[-1]) >= 2


@pytest.mark.parametrize(
    ("value", "printed"),
    [("1200", "1,200"), ("0.500", "0.5"), ("1E+3", "1,000"), ("-2", "−2"), ("0.00", "0"), ("100", "100")],
)
def test_quantities_are_printed_without_needless_zeros(value: str, printed: str) -> None:
    assert figures.quantity(Decimal(value)) == printed


def test_amounts_have_commas_a_true_minus_and_the_decimals_of_their_currency() -> None:
    assert figures.amount(-432708, "CNY") == "−4,327.08"
    assert figures.amount(1234567, "JPY") == "1,234,567"
    assert figures.amount(5, "KWD") == "0.005"
    assert figures.discount(Decimal("12.50")) == "12.5 %"
    assert figures.discount(Decimal(0)) == "–"


def test_typed_terms_become_clauses_without_the_numbers_typed_before_them() -> None:
    typed = "1. 付款：30 %\n\n 2、交货\n（三）质保\n四、其他\n10) Delivery\n3.5 mm gap\n二手设备"
    assert clauses(typed) == (
        "付款：30 %",
        "交货",
        "（三）质保",
        "其他",
        "Delivery",
        "3.5 mm gap",
        "二手设备",
    )
    assert clauses(None) == ()
