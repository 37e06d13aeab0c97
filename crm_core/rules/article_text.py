"""The text of an article as a page: Markdown (CommonMark with tables) made HTML that can do no harm.

No HTML of the text passes, no picture is fetched, and links lead to web and mail addresses alone. The
laptop's reader and HQ's page for customers show the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

_SCHEMES: Final = ("http://", "https://", "mailto:")
_DEEPEST: Final = 6
_BELOW_TITLE: Final = 1
"""The page's own heading stands above those of the text."""
MOST_CHARACTERS: Final = 200_000
"""Of one article; what is longer is cut there before it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextHeading:
    """A heading of the text: how deep from 1, the anchor it has in the page, its words."""

    level: int
    anchor: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadText:
    """A text made a page."""

    html: str
    headings: tuple[TextHeading, ...]


def read_text(text: str) -> ReadText:
    """Return a Markdown text as HTML with its headings, in their order."""
    parser = _parser()
    tokens = parser.parse(text[:MOST_CHARACTERS].replace("\0", ""))
    headings: list[TextHeading] = []
    for place, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close"):
            level = int(token.tag[1:])
            token.tag = f"h{min(_DEEPEST, level + _BELOW_TITLE)}"
            if token.nesting == 1:
                anchor = f"part-{len(headings) + 1}"
                token.attrSet("id", anchor)
                headings.append(TextHeading(level=level, anchor=anchor, words=_words(tokens[place + 1])))
        for inner in token.children or ():
            if inner.type == "link_open":
                inner.attrSet("rel", "nofollow noopener noreferrer")
    html = parser.renderer.render(tokens, parser.options, {})
    return ReadText(html=html, headings=tuple(headings))


def is_safe_link(address: str) -> bool:
    """Tell whether a link of a text may be followed."""
    return address.strip().lower().startswith(_SCHEMES)


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:
        return is_safe_link(url)


@cache
def _parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False}).enable("table").disable("image")
    parser.add_render_rule("fence", _code)
    return parser


def _code(_renderer: Any, tokens: list[Token], place: int, _options: Any, _env: Mapping[str, Any]) -> str:
    """Draw a block of code without the class its language would make."""
    escaped = tokens[place].content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<pre><code>{escaped}</code></pre>\n"


def _words(token: Token) -> str:
    return "".join(
        each.content for each in token.children or () if each.type in ("text", "code_inline")
    ).strip()
