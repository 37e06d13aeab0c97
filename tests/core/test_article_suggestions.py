"""Suggested articles: by the words of a question in either language, by product, category and use."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.article_suggestions import LEAST_PERCENT, Asked, Candidate, Reason, Why, suggest
from crm_core.rules.terms import terms_of

AIR = Candidate(
    id="air",
    title="Air in the pipe",
    keywords="reads high, cold start, 气泡",
    summary="Reads high after a cold start: mount on a riser, vent, then zero.",
    body="The flow meter drifts while air leaves the pipe.",
    product_ids=("fm",),
    category="Flow meters 流量计",
    used_in=7,
)
ZERO = Candidate(id="zero", title="零点校准 Zero calibration", body="流量计安装后应重新校准零点。")
INVOICE = Candidate(id="invoice", title="Change the address of an invoice", body="Ask finance.")
ALL = (INVOICE, ZERO, AIR)


def ids(asked: Asked) -> list[str]:
    return [each.id for each in suggest(asked, ALL)]


def test_the_words_of_subject_and_messages_find_the_article_in_either_language() -> None:
    drift = Asked(
        subject="Flow meter drifts after start", text="Reads 4 % high for ten minutes after each cold start"
    )
    assert ids(drift)[0] == "air"
    assert ids(Asked(subject="请问是否需要重新校准零点？"))[0] == "zero"
    assert ids(Asked(subject="管道里有气泡"))[0] == "air"
    assert ids(Asked(subject="Invoices: new address"))[0] == "invoice"


def test_nothing_is_suggested_for_words_no_article_has_nor_for_the_same_product_alone() -> None:
    assert ids(Asked(subject="Holiday greetings", product_id="fm", category="流量计")) == []
    assert ids(Asked(subject="", text="的了吗 the of and")) == []


def test_product_category_and_use_add_up_and_are_told_as_reasons() -> None:
    plain = suggest(Asked(subject="air drifts"), ALL)[0]
    more = suggest(Asked(subject="air drifts", product_id="fm", category="流量计"), ALL)[0]
    assert more.percent > plain.percent
    assert more.reasons == (
        Reason(why=Why.TITLE, words=("air",)),
        Reason(why=Why.PRODUCT),
        Reason(why=Why.CATEGORY),
        Reason(why=Why.USED, count=7),
    )


def test_words_are_told_as_they_were_written() -> None:
    (found,) = suggest(Asked(subject="calibrations"), [Candidate(id="a", title="Calibration")])
    assert found.reasons[0].words == ("calibrations",)


def test_endings_particles_and_part_numbers() -> None:
    assert set(terms_of("vents venting vented")) == {"vent"}
    assert list(terms_of("泵的噪音")) == ["泵", "噪音"]
    assert list(terms_of("FM-200")) == ["fm-200", "fm", "200"]


@given(st.text(max_size=200), st.text(max_size=400), st.lists(st.text(max_size=60), max_size=6))
def test_any_question_gives_percentages_in_order_the_same_whatever_the_order_of_articles(
    subject: str, text: str, titles: list[str]
) -> None:
    articles = [Candidate(id=str(n), title=title, body=text[:50]) for n, title in enumerate(titles)]
    found = suggest(Asked(subject=subject, text=text), articles)
    assert all(LEAST_PERCENT <= each.percent <= 99 for each in found)
    assert [each.percent for each in found] == sorted((each.percent for each in found), reverse=True)
    again = suggest(Asked(subject=subject, text=text), articles[::-1])
    assert [(each.id, each.percent) for each in found] == [(each.id, each.percent) for each in again]


@given(st.text(max_size=300), st.text(max_size=300))
def test_an_article_that_has_a_word_of_the_subject_in_its_title_is_never_behind_one_without_any(
    one: str, other: str
) -> None:
    has, lacks = Candidate(id="has", title=one), Candidate(id="lacks", title=other)
    if set(terms_of(one)) and set(terms_of(one)).isdisjoint(terms_of(other)):
        assert [each.id for each in suggest(Asked(subject=one), [lacks, has])][:1] == ["has"]
