"""Countries, provinces, cities and industries: names in both languages, linked lists, doubts and mending."""

from __future__ import annotations

import pytest

from crm_core.entities import SCHEMAS
from crm_core.rules.assignment import Rule, Way
from crm_core.schema import code_lists
from crm_core.schema.code_lists import CodeList
from crm_core.schema.standards import doubt_with, doubts_of, mended, standardised

FIELDS = SCHEMAS["customer"].fields


def row(country: str = "", province: str = "") -> dict[CodeList, str]:
    return {CodeList.COUNTRY: country, CodeList.PROVINCE: province}


@pytest.mark.parametrize(
    ("which", "text", "name"),
    [
        (CodeList.COUNTRY, "china", "China"),
        (CodeList.COUNTRY, "PRC", "China"),
        (CodeList.COUNTRY, "德国", "德国"),
        (CodeList.COUNTRY, "de", "Germany"),
        (CodeList.PROVINCE, "江苏", "江苏省"),
        (CodeList.PROVINCE, "江苏省", "江苏省"),
        (CodeList.PROVINCE, "Jiangsu", "Jiangsu"),
        (CodeList.PROVINCE, "jiangsu province", "Jiangsu"),
        (CodeList.PROVINCE, "内蒙古", "内蒙古自治区"),
        (CodeList.CITY, "苏州", "苏州市"),
        (CodeList.CITY, "Xian", "Xi'an"),
        (CodeList.CITY, "延边", "延边朝鲜族自治州"),
        (CodeList.INDUSTRY, "C34", "General-purpose machinery"),
        (CodeList.INDUSTRY, "34", "General-purpose machinery"),
        (CodeList.INDUSTRY, "软件", "软件和信息技术服务业"),
        (CodeList.INDUSTRY, "制造业", "制造业"),
    ],
)
def test_a_name_in_either_language_becomes_the_standard_one_of_its_writing(
    which: CodeList, text: str, name: str
) -> None:
    assert code_lists.standard_name(which, text, row()) == name


def test_what_is_certain_becomes_standard_and_the_rest_stays_and_is_told_of() -> None:
    written = {
        "province": "江苏",
        "city": "suzhou",
        "industry": "Legal",
        "phone": "0512 5550 0199",
        "email": "<a@b.example>",
        "notes": "江苏",
    }
    became = standardised(FIELDS, written, {"country": "CN"})
    assert became == {
        **written,
        "province": "江苏省",
        "city": "Suzhou",
        "phone": "+8651255500199",
        "email": "a@b.example",
    }
    assert set(doubts_of(FIELDS, became, {"country": "CN"})) == {"industry"}
    assert standardised(FIELDS, {"city": "Suzhou"}, {}) == {"city": "Suzhou"}
    assert [
        standardised(FIELDS, {"industry": text}, {})["industry"]
        for text in ("manufacturing", " 教育", "c34", "Robotics", "")
    ] == ["Manufacturing", "教育", "General-purpose machinery", "Robotics", ""]


def test_each_list_narrows_the_next() -> None:
    provinces = code_lists.within_of(CodeList.PROVINCE, row("中国"))
    assert len(provinces) == 34
    cities = code_lists.within_of(CodeList.CITY, row("China", "Jiangsu"))
    assert [each.chinese for each in cities][:2] == ["南京市", "无锡市"]
    assert len(cities) == 13
    assert len(code_lists.within_of(CodeList.PROVINCE, row("USA"))) == 51
    assert code_lists.within_of(CodeList.CITY, row("Germany")) == ()
    assert code_lists.within_of(CodeList.PROVINCE, row("Atlantis")) == ()


def test_every_city_belongs_to_a_province_and_every_name_leads_back_to_its_entry() -> None:
    provinces = {each.code for each in code_lists.entries(CodeList.PROVINCE)}
    for city in code_lists.entries(CodeList.CITY):
        assert city.within in provinces
        province = next(e for e in code_lists.entries(CodeList.PROVINCE) if e.code == city.within)
        for spelling in city.spellings:
            assert code_lists.find(CodeList.CITY, spelling, row("China", province.chinese)) == city
    for which in (CodeList.COUNTRY, CodeList.INDUSTRY):
        for entry in code_lists.entries(which):
            found = code_lists.find(which, entry.english, row())
            assert found is not None
            assert found.english == entry.english


def test_a_city_two_provinces_have_is_told_apart_by_the_province() -> None:
    assert code_lists.shown_name(CodeList.CITY, "Suzhou", row("", "Jiangsu"), "zh_CN") == "苏州市"
    assert code_lists.shown_name(CodeList.CITY, "Suzhou", row("", "安徽"), "zh_CN") == "宿州市"
    assert code_lists.shown_name(CodeList.CITY, "Suzhou", row(), "zh_CN") == "Suzhou"
    doubt = doubt_with(FIELDS["city"], "Suzhou", {"city": "Suzhou"})
    assert doubt is not None
    assert "Several places" in doubt.text


def test_what_is_on_no_list_is_said_and_kept_where_there_is_a_list() -> None:
    assert doubt_with(FIELDS["city"], "Atlantis", {"province": "江苏省"}) is not None
    assert doubt_with(FIELDS["city"], "宿州市", {"province": "江苏省"}) is not None
    assert doubt_with(FIELDS["city"], "Bonn", {"country": "Germany"}) is None
    assert doubt_with(FIELDS["country"], "Nowhere", {}) is not None
    assert doubt_with(FIELDS["industry"], "Frozen food", {}) is not None
    assert mended(FIELDS["city"], "Atlantis", {}) is None


def test_what_is_clear_is_mended() -> None:
    assert mended(FIELDS["province"], "江苏", {"country": "中国"}) == "江苏省"
    assert mended(FIELDS["industry"], "software", {}) == "Software and IT services"
    assert mended(FIELDS["phone"], "0512 5550-0199", {}) == "+8651255500199"
    assert mended(FIELDS["email"], " mailto:amy＠demo.example; ", {}) == "amy@demo.example"
    assert mended(FIELDS["email"], "amy at demo", {}) is None
    assert mended(FIELDS["city"], "苏州市", {"province": "江苏省"}) is None
    assert doubt_with(FIELDS["city"], "苏州市", {"province": "江苏省"}) is None


def test_a_list_is_searched_by_code_and_by_words_of_both_languages() -> None:
    industries = code_lists.entries(CodeList.INDUSTRY)
    for typed in ("C34", "34", "general", "通用", "machinery"):
        assert "C34" in {each.code for each in code_lists.matching(industries, typed)}
    assert code_lists.matching(industries, "software")[0].code == "I65"


def test_a_rule_for_leads_knows_a_place_by_its_other_name() -> None:
    assert "jiangsu" in {each.casefold() for each in code_lists.spellings(CodeList.PROVINCE, "江苏")}
    assert {"苏州市", "宿州市"} < set(code_lists.spellings(CodeList.CITY, "Suzhou"))
    assert code_lists.spellings(CodeList.CITY, "Atlantis") == ("Atlantis",)
    rule = Rule(id="r", name="East", way=Way.ROUND_ROBIN, people=(), regions=frozenset(("江苏",)))
    assert rule.fits({"province": "Jiangsu"})
    assert not rule.fits({"province": "Zhejiang"})
    near = Rule(id="r", name="Suzhou", way=Way.ROUND_ROBIN, people=(), regions=frozenset(("苏州",)))
    assert near.fits({"city": "Suzhou", "province": "Jiangsu"})
    assert not near.fits({"city": "Suzhou", "province": "安徽"})
