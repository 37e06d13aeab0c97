"""Records that may be the same: what is alike, how much, and that a search by keys finds it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.duplicates import (
    LIKELY_FROM,
    SHOWN_FROM,
    Likeness,
    are_named_alike,
    compare,
    keys_of,
    like_among,
    names_tell,
    traits_of,
)
from crm_core.rules.names import name_of


def likeness(one: dict[str, Any], other: dict[str, Any], entity: str = "customer") -> Likeness:
    """Return how alike two records are, sure that they have a key in common if they are at all."""
    traits = traits_of(entity, one), traits_of(entity, other)
    found = compare(*traits)
    assert found == compare(*reversed(traits))
    if found.score:
        assert {*keys_of(traits[0])} & {*keys_of(traits[1])}
    return found


def names(one: str, other: str) -> Likeness:
    """Return how alike two customers are of whom only the names are known."""
    return likeness({"name": one}, {"name": other})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("纸鹤食品有限公司", "紙鶴食品股份有限公司"),
        ("纸鹤食品（上海）有限公司", "上海纸鹤食品集团"),
        ("Ａｃｍｅ　Ｔｒａｄｉｎｇ　Ｃｏ．，　Ｌｔｄ．", "acme trading"),
        ("Robert Bosch GmbH & Co. KG", "Robert Bosch"),
        ("Müller G.m.b.H.", "MUELLER GmbH"),
        ("A.B.C. Inc.", "ABC Incorporated"),
        ("Café Noir S.A.R.L.", "cafe noir"),
    ],
)
def test_a_name_is_the_same_however_legal_form_width_and_characters_are_written(one: str, other: str) -> None:
    found = names(one, other)
    assert (found.score, [str(reason) for reason in found.reasons]) == (85, ["Same name"])


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("Bosch, Robert", "Robert Bosch GmbH", "Same words in the name"),
        ("深圳市纸鹤食品有限公司", "纸鹤食品有限公司", "Same name but for the region"),
        ("Acme Trading Ltd", "Acme Tradnig Limited", "Similar name (98 %)"),
        ("Lumen Optics", "Lumen Optcs", "Similar name (98 %)"),
    ],
)
def test_a_name_that_is_nearly_the_same_is_shown_but_weighs_less(one: str, other: str, reason: str) -> None:
    found = names(one, other)
    assert SHOWN_FROM <= found.score < 85
    assert [str(each) for each in found.reasons] == [reason]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("上海纸鹤食品有限公司", "北京纸鹤食品有限公司"),
        ("集团公司", "有限公司"),
        ("Paper Crane", "Paper Crown"),
        ("蓝鲸科技", "绿鲸贸易"),
        ("", ""),
    ],
)
def test_other_companies_are_not_alike(one: str, other: str) -> None:
    assert names(one, other).score < SHOWN_FROM


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+86 138-0013-8000", "13800138000", True),
        ("0755-28780808", "0086 755 2878 0808", True),
        ("+49 30 28780808", "+86 10 28780808", False),
        ("12345", "12345", False),
    ],
)
def test_a_phone_number_is_one_with_and_without_its_codes(one: str, other: str, same: bool) -> None:
    assert (likeness({"phone": one}, {"phone": other}).score > 0) is same


def test_a_mailbox_of_a_company_speaks_for_its_web_site_and_a_free_one_for_nothing() -> None:
    assert likeness({"email": "a@shop.acme.com.cn"}, {"website": "https://www.acme.com.cn/en"}).score == 45
    assert likeness({"email": "a@qq.com"}, {"email": "b@qq.com"}).score == 0


def test_reasons_add_up_and_another_tax_number_takes_away() -> None:
    crane = {"name": "Paper Crane Ltd", "phone": "+86 755 2878 0808"}
    both = likeness(crane, {"name": "PAPER CRANE", "phone": "075528780808"})
    assert both.score == 94
    unlike = likeness({**crane, "tax_number": "91-1"}, {**crane, "tax_number": "91-2"})
    assert unlike.score < LIKELY_FROM
    assert str(unlike.reasons[-1]) == "But another tax number"
    assert likeness({"tax_number": "91 33-AB"}, {"tax_number": "9133ab"}).score == 95


def test_two_people_of_one_name_are_the_same_only_at_one_customer() -> None:
    lin = {"name": "Lin Mei", "customer_id": "a"}
    assert likeness(lin, {"name": "mei, LIN", "customer_id": "a"}, "contact").score == 75
    assert (
        compare(traits_of("contact", lin), traits_of("contact", {**lin, "customer_id": "b"})).score
        < SHOWN_FROM
    )


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_is_written_a_score_is_between_0_and_100_and_the_same_both_ways(
    one: str, other: str
) -> None:
    traits = [
        traits_of("customer", {"name": each, "phone": each, "email": each, "website": each})
        for each in (one, other)
    ]
    found = compare(*traits)
    assert 0 <= found.score <= 100
    assert found == compare(*reversed(traits))
    assert keys_of(traits[0]) == keys_of(traits[0])


_WORDS = st.text(alphabet="abcd鹤纸食品", min_size=1, max_size=9)


@given(st.lists(_WORDS, min_size=1, max_size=8), _WORDS)
def test_a_quick_look_at_many_names_misses_none_that_is_similar(many: list[str], one: str) -> None:
    wanted, others = name_of(one), [name_of(each) for each in many]
    found = like_among(wanted.loose, [each.loose for each in others])
    # Equal names are found by the key of the whole.
    similar = (place for place, each in enumerate(others) if are_named_alike(wanted, each))
    assert {place for place in similar if others[place].loose != wanted.loose} <= {*found}


@given(st.text(alphabet="ab", min_size=40, max_size=90), st.integers(0, 89))
def test_names_that_are_only_similar_never_make_a_likely_pair(name: str, place: int) -> None:
    slip = name[: place % len(name)] + "z" + name[place % len(name) + 1 :]
    assert names(name, slip).score < LIKELY_FROM
    assert names_tell(SHOWN_FROM)
    assert not names_tell(LIKELY_FROM)
