"""Phone numbers: one stored form, and the form people of this country or another read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm_core.entities import SCHEMAS
from crm_core.rules.duplicates import keys_of, traits_of
from crm_core.rules.known import known_texts
from crm_core.rules.uniqueness import normal_form
from crm_core.schema import phones
from crm_core.schema.standards import doubt_with
from crm_core.schema.validate import problem_with
from crm_core.schema.values import parse_text

PHONE = SCHEMAS["customer"].fields["phone"]
SPELLINGS = (
    "0512 5550 0199",
    "(0512) 5550-0199",
    "0512-55500199",
    "+86 512 5550 0199",
    "0086 512 5550 0199",
    "０５１２ ５５５０ ０１９９",
)


@pytest.fixture(autouse=True)
def _home() -> Iterator[None]:
    yield
    phones.set_home_region(phones.FALLBACK_REGION)


@pytest.mark.parametrize("typed", SPELLINGS)
def test_spellings_of_one_number_are_stored_alike(typed: str) -> None:
    assert parse_text(PHONE, typed) == {"phone": "+8651255500199"}


EXTENDED = (
    *("0512-55500199转12", "0512 5550 0199 ext. 12", "+8651255500199x12", "0512 5550 0199,12"),
    *("0512-55500199，12", "0512 5550 0199 分机：12", "+86 512 5550 0199;ext=12", "(0512) 55500199 #12"),
)


@pytest.mark.parametrize("typed", EXTENDED)
def test_an_extension_stays_with_its_number(typed: str) -> None:
    stored = phones.standard_form(typed)
    assert stored == "+8651255500199x12"
    assert phones.shown_form(stored) == "0512 5550 0199 x12"
    assert phones.dialled_form(typed) == "+8651255500199;ext=12"
    assert problem_with(PHONE, stored) is None
    assert phones.standard_form(phones.without_extension(typed)) == "+8651255500199"


def test_two_numbers_are_not_one_with_an_extension() -> None:
    assert phones.standard_form("0512 5550 0199, 13855501000") is None


def test_numbers_of_the_own_country_are_shown_without_its_code() -> None:
    assert phones.shown_form("+8651255500199") == "0512 5550 0199"
    assert phones.shown_form("+442079460123") == "+44 20 7946 0123"
    phones.set_home_region("GB")
    assert phones.shown_form("+442079460123") == "020 7946 0123"
    assert phones.standard_form("020 7946 0123") == "+442079460123"


@pytest.mark.parametrize("typed", ["110", "5550 0199", "+86 123", "12345"])
def test_what_is_no_number_of_a_country_is_kept_as_typed_and_said_at_the_field(typed: str) -> None:
    assert parse_text(PHONE, typed) == {"phone": typed}
    assert problem_with(PHONE, typed) is None
    assert doubt_with(PHONE, typed, {}) is not None
    assert phones.shown_form(typed) == typed


@pytest.mark.parametrize("typed", ["call me", "0512 5550 ABCD"])
def test_what_has_not_the_form_of_a_number_is_refused(typed: str) -> None:
    value = parse_text(PHONE, typed)["phone"]
    assert value == typed
    assert problem_with(PHONE, value) is not None


def test_what_is_shown_can_be_typed_again() -> None:
    for stored in ("+8651255500199", "+8613855501000", "+442079460123", "+14155552671", "+8651255500199x7"):
        assert phones.standard_form(phones.shown_form(stored)) == stored
        assert doubt_with(PHONE, stored, {}) is None


def test_old_spellings_are_compared_with_stored_numbers() -> None:
    for typed in SPELLINGS:
        assert normal_form(PHONE, typed) == "+8651255500199"
        same = [traits_of("customer", {"phone": each}) for each in (typed, *EXTENDED)]
        assert len({keys_of(each) for each in same}) == 1
        known = [list(known_texts({"phone": each})) for each in (typed, "+8651255500199")]
        assert known[0] == known[1]


def test_a_number_is_searched_as_it_is_dialled_at_home_and_from_abroad() -> None:
    assert phones.searched_digits("+8651255500199") == ("8651255500199", "051255500199")
    assert phones.searched_digits("0512 5550 0199") == ("051255500199",)


def test_a_country_that_is_none_leaves_the_usual_one() -> None:
    phones.set_home_region("XX")
    assert phones.home_region() == phones.FALLBACK_REGION
