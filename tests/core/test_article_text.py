"""Texts of articles made pages: marks are drawn, and nothing in them can do harm."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.article_text import read_text

HARMLESS = frozenset(
    (
        *("p", "br", "hr", "strong", "em", "code", "pre", "ul", "ol", "li", "blockquote", "a"),
        *("h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
    )
)
EVIL = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "[a](vbscript:x)",
    "[a](file:///etc/passwd)",
    "[a](//evil.example)",
    "<javascript:alert(1)>",
    "![x](https://spy.example/pixel.png)",
    "![x][1]\n\n[1]: javascript:alert(1)",
    '[a](https://x.example/"onmouseover="alert(1))',
    '```"><script>alert(1)</script>\n```',
    "```x onload=alert(1)\n<b>\n```",
    "[a](&#106;avascript:alert(1))",
    "<details open ontoggle=alert(1)>",
    "| a |\n|---|\n| <svg onload=alert(1)> |",
)


class Looked(HTMLParser):
    """What tags and addresses a page has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in HARMLESS:
            self.wrong.append(tag)
        for name, value in attrs:
            known = name in ("href", "rel", "title", "id", "start", "style")
            if not known or (name == "style" and not (value or "").startswith("text-align:")):
                self.wrong.append(f"{tag} {name}={value}")
            if name == "href" and not (value or "").lower().startswith(("http://", "https://", "mailto:")):
                self.wrong.append(f"{tag} {value}")


def test_marks_are_drawn_and_headings_listed() -> None:
    read = read_text("# One\n\nA **b** `c` <d>\n\n## Two *x*\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    assert [(each.level, each.anchor, each.words) for each in read.headings] == [
        (1, "part-1", "One"),
        (2, "part-2", "Two x"),
    ]
    assert '<h2 id="part-1">One</h2>' in read.html
    assert "<strong>b</strong> <code>c</code> &lt;d&gt;" in read.html
    assert "<td>2</td>" in read.html


def test_links_to_web_and_mail_are_kept_and_tell_nothing_of_where_they_stand() -> None:
    html = read_text("[a](https://x.example/?q=1&r=2) <mailto:a@x.example>").html
    assert '<a href="https://x.example/?q=1&amp;r=2" rel="nofollow noopener noreferrer">a</a>' in html
    assert 'href="mailto:a@x.example"' in html


@pytest.mark.parametrize("text", EVIL)
def test_a_text_meant_to_do_harm_does_none(text: str) -> None:
    assert Looked(read_text(text).html).wrong == []


@given(
    st.lists(st.sampled_from([*EVIL, "# a", "> ", "- ", "`", "[", "](", "<", "&", "\n", "x"]), max_size=12)
)
def test_no_mixture_of_marks_does_harm(parts: list[str]) -> None:
    assert Looked(read_text("".join(parts)).html).wrong == []
