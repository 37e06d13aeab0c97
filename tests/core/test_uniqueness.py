"""Values that are the same however they are written."""

from __future__ import annotations

import pytest

from crm_core.entities import SCHEMAS
from crm_core.rules.uniqueness import key_of, normal_form
from crm_core.schema.field import Kind

TAX = SCHEMAS["customer"].fields["tax_number"]
EMAIL = SCHEMAS["contact"].fields["email"]


@pytest.mark.parametrize(
    "written", ["gb 123.456-78", "ＧＢ１２３４５６７８", " GB12345678\u00a0", "GB/1234_5678"]
)
def test_a_number_is_the_same_however_it_is_written(written: str) -> None:
    assert normal_form(TAX, written) == "gb12345678"
    assert key_of(TAX, written) == key_of(TAX, "GB12345678")


def test_an_address_keeps_its_dots_and_dashes() -> None:
    assert normal_form(EMAIL, " Mei.Lin@Example.COM ") == "mei.lin@example.com"
    assert key_of(EMAIL, "mei.lin@example.com") != key_of(EMAIL, "meilin@example.com")


@pytest.mark.parametrize("nothing", [None, "", "  ", "--", 5])
def test_nothing_is_like_nothing(nothing: object) -> None:
    assert key_of(TAX, nothing) is None


def test_only_texts_are_compared() -> None:
    unique = [field for schema in SCHEMAS.values() for field in schema.fields.values() if field.unique]
    assert unique
    assert all(field.kind in (Kind.TEXT, Kind.EMAIL) and field.group is None for field in unique)
