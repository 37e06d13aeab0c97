"""The mark a page carries, the key of a form, and the version of a consent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.capture import key_of_form, shown_for_ms, stamp, version_of_consent

SECRET = b"s" * 32


def test_a_mark_says_how_long_its_page_was_shown() -> None:
    assert shown_for_ms(SECRET, "form", stamp(SECRET, "form", 1_000), 4_500) == 3_500


@given(st.text(max_size=80))
def test_a_mark_that_is_not_hqs_says_nothing(forged: str) -> None:
    assert shown_for_ms(SECRET, "form", forged, 10**12) is None


def test_a_mark_is_good_for_its_form_its_moment_and_its_hq_alone() -> None:
    good = stamp(SECRET, "form", 1_000)
    assert shown_for_ms(SECRET, "other", good, 2_000) is None
    assert shown_for_ms(b"t" * 32, "form", good, 2_000) is None
    assert shown_for_ms(SECRET, "form", good.replace("1000", "1001"), 2_000) is None


def test_each_form_has_a_key_of_its_own_and_a_consent_a_version_by_its_text() -> None:
    assert key_of_form(SECRET, "a") != key_of_form(SECRET, "b")
    assert version_of_consent("We keep it. ") == version_of_consent("We keep it.")
    assert version_of_consent("We keep it.") != version_of_consent("We sell it.")
