"""Words like a mistyped one are looked for at few beginnings, among which is that of the word meant."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from crm_desktop.models import misspelt

letters = st.sampled_from("abcdesz")
words = st.text(letters, min_size=5, max_size=9)


@st.composite
def mistyped(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a word and what somebody typed instead: one letter more, less, other, or two swapped."""
    meant = draw(words)
    at, letter = draw(st.integers(0, len(meant) - 2)), draw(letters)
    typed = draw(
        st.sampled_from(
            [
                meant[:at] + meant[at + 1] + meant[at] + meant[at + 2 :],
                meant[: at + 1] + letter + meant[at + 1 :],
                meant[: at + 1] + letter + meant[at + 2 :],
                meant[: at + 1] + meant[at + 2 :],
                letter + meant,
            ]
        )
    )
    return meant, typed


@settings(max_examples=150)
@given(mistyped())
def test_the_word_meant_begins_as_one_of_those_looked_for(pair: tuple[str, str]) -> None:
    meant, typed = pair
    beginnings = misspelt._beginnings(typed)
    assert any(meant.startswith(each) for each in beginnings), (meant, typed)
    assert len(beginnings) == len(set(beginnings)) < 200
    assert min(map(len, beginnings)) >= 3


def test_of_other_alphabets_the_first_letters_alone_are_looked_for() -> None:
    assert misspelt._beginnings("москва") == ["мо", "м", "о"]
