"""Folding a text: character by character, as if the whole of it were normalised at once."""

from __future__ import annotations

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.models.sorting import fold

COMPOSED = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.decomposition(chr(code))]
PIECES = st.one_of(
    st.sampled_from(COMPOSED),
    st.sampled_from([unicodedata.normalize("NFKD", c) for c in COMPOSED]),
    st.sampled_from("aeiouα\u0301\u0345\u3099 \u1100\u1161\u11a8"),
    st.characters(codec="utf-8"),
)


def as_a_whole(text: str) -> str:
    """Return a text without case, accents and full-width forms, by the rules for whole texts."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", "".join(c for c in plain if not unicodedata.combining(c)))


@given(st.lists(PIECES, max_size=8).map("".join))
def test_a_text_is_folded_by_characters_as_it_is_as_a_whole(text: str) -> None:
    assert fold(text) == as_a_whole(text)
