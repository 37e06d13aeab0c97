"""Amounts in Chinese capitals and English words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.money import MAX_MINOR, Money, digits
from crm_core.rules.words import CURRENCY_WORDS, chinese_capitals, english_words

VALUES = {digit: value for value, digit in enumerate("零壹贰叁肆伍陆柒捌玖")}
PLACES = {"拾": 10, "佰": 100, "仟": 1000}


def read_capitals(text: str) -> int:
    """Return the number in a run of capitals: read anew, by another way than it was written."""
    for unit, scale in (("亿", 10**8), ("万", 10**4)):
        if unit in text:
            high, low = text.rsplit(unit, 1) if unit == "亿" else text.split(unit, 1)
            return read_capitals(high) * scale + read_capitals(low)
    total, digit = 0, 0
    for sign in text:
        if sign in VALUES:
            digit = VALUES[sign]
        else:
            total, digit = total + digit * PLACES[sign], 0
    return total + digit


def read_yuan(text: str) -> int:
    """Return the fen of an amount in capitals."""
    text = text.removeprefix("人民币")
    sign = -1 if text.startswith("负") else 1
    text = text.removeprefix("负").removesuffix("整")
    whole, fraction = text.split("元") if "元" in text else ("", text)
    fen = 0
    for unit, worth in (("角", 10), ("分", 1)):
        if unit in fraction:
            fen += VALUES[fraction[fraction.index(unit) - 1]] * worth
    return sign * (read_capitals(whole) * 100 + fen)


@pytest.mark.parametrize(
    ("fen", "capitals"),
    [
        (38600000, "人民币叁拾捌万陆仟元整"),
        (0, "人民币零元整"),
        (5, "人民币伍分"),
        (50, "人民币伍角整"),
        (1000, "人民币壹拾元整"),
        (140950, "人民币壹仟肆佰零玖元伍角整"),
        (600714, "人民币陆仟零柒元壹角肆分"),
        (168032, "人民币壹仟陆佰捌拾元叁角贰分"),
        (10700053, "人民币壹拾万柒仟元伍角叁分"),
        (1640902, "人民币壹万陆仟肆佰零玖元零贰分"),
        (32504, "人民币叁佰贰拾伍元零肆分"),
        (100050000, "人民币壹佰万零伍佰元整"),
        (10000000500, "人民币壹亿零伍元整"),
        (1000100010000, "人民币壹佰亿零壹佰万零壹佰元整"),
        (100000000000000, "人民币壹万亿元整"),
        (-30010, "人民币负叁佰元壹角整"),
    ],
)
def test_capitals_follow_the_rules_for_settlement_documents(fen: int, capitals: str) -> None:
    assert chinese_capitals(Money(fen, "CNY")) == capitals


@given(st.integers(-MAX_MINOR, MAX_MINOR))
def test_capitals_can_be_read_back_and_have_no_zeros_side_by_side(fen: int) -> None:
    text = chinese_capitals(Money(fen, "CNY"))
    assert read_yuan(text) == fen
    assert "零零" not in text
    assert text.endswith(("整", "分"))


@pytest.mark.parametrize(
    ("amount", "capitals"),
    [
        (Money(12345, "USD"), "美元壹佰贰拾叁元肆角伍分"),
        (Money(10000, "JPY"), "日元壹万元整"),
        (Money(150, "GBP"), "英镑壹镑伍拾便士"),
        (Money(1005, "KWD"), "科威特第纳尔壹第纳尔伍费尔"),
        (Money(1050, "TND"), "TND壹元零伍分"),
        (Money(1005, "TND"), "TND壹元零伍厘"),
    ],
)
def test_other_currencies_go_by_their_chinese_name_or_by_their_code(amount: Money, capitals: str) -> None:
    assert chinese_capitals(amount) == capitals


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (Money(38600000, "CNY"), "Three hundred eighty-six thousand Chinese yuan only"),
        (Money(100, "USD"), "One US dollar only"),
        (Money(205, "USD"), "Two US dollars and 05/100"),
        (Money(1005, "KWD"), "One Kuwaiti dinar and 005/1000"),
        (Money(0, "EUR"), "Zero euros only"),
        (Money(-1900, "GBP"), "Minus nineteen pounds sterling only"),
        (Money(1001000, "JPY"), "One million one thousand Japanese yen only"),
        (Money(4200, "XAF"), "Forty-two XAF only"),
    ],
)
def test_english_words_name_the_currency_and_write_cents_as_on_a_cheque(amount: Money, words: str) -> None:
    assert english_words(amount) == words


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_two_amounts_never_share_their_words(one: int, other: int) -> None:
    if one != other:
        assert english_words(Money(one, "CNY")) != english_words(Money(other, "CNY"))


def test_every_known_currency_has_a_chinese_and_an_english_name() -> None:
    for code, words in CURRENCY_WORDS.items():
        assert chinese_capitals(Money(100, code)).startswith(words.zh_name)
        assert words.en_one in english_words(Money(10 ** digits(code), code))
