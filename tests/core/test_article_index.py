"""The index customers search: words of both languages, half typed ones, and nothing of what was taken out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.article_index import ArticleIndex
from crm_core.rules.terms import terms_of


def index() -> ArticleIndex:
    made = ArticleIndex()
    made.put("air", {"title": "Air in the pipe", "keywords": "drift, 漂移", "body": "The meter reads high."})
    made.put("zero", {"title": "零点校准 Zero calibration", "body": "Fill the pipe. 校准流量计"})
    return made


def test_words_are_found_in_any_form_and_half_typed_in_either_language() -> None:
    for text, wanted in (
        ("drifts", "air"),
        ("dri", "air"),
        ("calibrat", "zero"),
        ("calibrating", "zero"),
        ("漂移", "air"),
        ("怎么校准流量计", "zero"),
        ("meter is reading high", "air"),
    ):
        assert index().search(text)[:1] == [wanted], text
    assert index().search("pipe") == ["air", "zero"]
    assert index().search("") == index().search("penguin") == index().search("the of 的") == []


def test_what_is_taken_out_or_changed_leaves_nothing_behind() -> None:
    made = index()
    made.put("air", {"title": "Other"})
    assert made.search("drift") == []
    made.remove("air")
    made.remove("never there")
    assert made.search("other") == []
    assert made.search("zero") == ["zero"]


@given(st.lists(st.tuples(st.integers(0, 3), st.text(max_size=30)), max_size=12), st.text(max_size=20))
def test_after_any_changes_it_finds_what_a_new_index_finds(
    changes: list[tuple[int, str]], asked: str
) -> None:
    made, held = ArticleIndex(), {}
    for number, title in changes:
        made.put(str(number), {"title": title})
        held[str(number)] = title
    anew = ArticleIndex()
    for article, title in held.items():
        anew.put(article, {"title": title})
    assert made.search(asked) == anew.search(asked)
    for article, title in held.items():
        if set(terms_of(title)):
            assert article in made.search(title, limit=len(held))
