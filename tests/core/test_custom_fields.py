"""What a custom field may be, and what its values may be."""

from __future__ import annotations

from typing import Any

import pytest

import resources
from crm_core.errors import UserError
from crm_core.i18n import Message
from crm_core.rules.custom_fields import declared, edited_choices, problems_of_declaration
from crm_core.schema.field import FieldClass, Kind
from crm_core.schema.validate import custom_problems
from crm_core.schema.values import parse_text, to_plain

GRADE: dict[str, Any] = {
    "entity": "customer",
    "key": "grade",
    "label": "Grade",
    "label_zh": "等级评定",
    "kind": "choice",
    "choices": [
        {"value": "a", "label": "Gold", "label_zh": "金牌"},
        {"value": "b", "label": "Silver", "retired": True},
    ],
}


def wrong(values: dict[str, Any], **how: Any) -> list[str | None]:
    return [problem.field for problem in problems_of_declaration(values, **how)]


def test_a_declaration_says_what_is_wrong_with_it() -> None:
    assert wrong(GRADE) == []
    assert wrong({**GRADE, "entity": "custom_field"}) == ["entity"]
    assert wrong({**GRADE, "key": "Not a key"}) == ["key"]
    assert wrong(GRADE, taken={"grade"}) == ["key"]
    assert wrong({**GRADE, "kind": "video"}) == ["kind", "choices"]
    assert wrong({**GRADE, "kind": "ref", "choices": None}) == ["target"]
    assert wrong({**GRADE, "field_class": "system"}) == ["field_class"]
    assert wrong({**GRADE, "choices": None}) == ["choices"]
    assert wrong({**GRADE, "choices": ["a", "a"]}) == ["choices"]
    assert wrong({**GRADE, "default": "b"}) == ["default"]
    assert wrong({**GRADE, "kind": "integer", "choices": None, "default": "many"}) == ["default"]


@pytest.mark.parametrize(
    ("name", "other"),
    [("kind", "text"), ("key", "rank"), ("entity", "deal"), ("field_class", "private"), ("target", "user")],
)
def test_what_stored_values_follow_from_stays_as_it_was_made(name: str, other: str) -> None:
    assert wrong({**GRADE, name: other}, before=GRADE) == [name]


def test_a_label_may_change_and_a_choice_is_retired_rather_than_taken_away() -> None:
    assert wrong({**GRADE, "label": "Class", "required": True}, before=GRADE) == []
    assert wrong({**GRADE, "choices": [{"value": "b"}]}, before=GRADE) == ["choices"]
    choices = edited_choices(
        GRADE["choices"], [{"value": "c", "label": "Bronze"}], retired=["a"], restored=["b"]
    )
    assert [(each["value"], each["retired"]) for each in choices] == [("a", True), ("b", False), ("c", False)]
    assert choices[0]["label_zh"] == "金牌"
    with pytest.raises(UserError):
        edited_choices(GRADE["choices"], retired=["z"])


def test_words_of_an_administrator_are_shown_in_both_languages() -> None:
    field = declared(GRADE)
    assert field is not None
    chinese = resources.translation("zh_CN")
    assert (field.label, Message(field.label).show(chinese)) == ("Grade", "等级评定")
    assert chinese(field.choice_label("a")) == "金牌"
    untold = declared({**GRADE, "label": "Name", "label_zh": None})
    assert untold is not None
    assert chinese(untold.label) == "名称"  # as the program itself words it


def test_a_value_stays_where_it_is_and_a_retired_choice_is_not_chosen_anew() -> None:
    field = declared(GRADE)
    assert field is not None
    fields = {field.name: field}
    assert custom_problems(fields, {"x:grade": "a"}) == []
    assert [p.field for p in custom_problems(fields, {"x:grade": "b"})] == ["x:grade"]
    assert custom_problems(fields, {"x:grade": "b"}, {"x:grade": "b"}) == []
    assert [p.field for p in custom_problems(fields, {"x:grade": "z"}, {"x:grade": "b"})] == ["x:grade"]
    assert [p.field for p in custom_problems(fields, {"x:other": "1"})] == ["x:other"]


def test_what_is_required_is_asked_of_new_records_and_cannot_be_taken_from_old_ones() -> None:
    field = declared({**GRADE, "required": True})
    assert field is not None
    fields = {field.name: field}
    assert [p.field for p in custom_problems(fields, {})] == ["x:grade"]
    assert custom_problems(fields, {"name": "Old"}, {"x:grade": None}) == []
    assert [p.field for p in custom_problems(fields, {"x:grade": None}, {"x:grade": "a"})] == ["x:grade"]
    retired = declared({**GRADE, "required": True, "retired": True})
    assert retired is not None
    assert custom_problems({retired.name: retired}, {}) == []
    assert [p.field for p in custom_problems({retired.name: retired}, {"x:grade": "a"})] == ["x:grade"]


def test_an_amount_is_in_the_one_currency_of_its_field() -> None:
    field = declared(
        {"entity": "deal", "key": "budget", "kind": "money", "currency": "EUR", "field_class": "money"}
    )
    assert field is not None
    assert (field.field_class, field.kind) == (FieldClass.MONEY, Kind.MONEY)
    assert parse_text(field, "1299.50") == {"x:budget": 129950}
    assert to_plain(field, {"x:budget": 129950}) == "1299.50 EUR"
    with pytest.raises(UserError):
        parse_text(field, "10 USD")


def test_a_field_of_a_newer_program_is_read_as_far_as_it_can_be() -> None:
    assert declared({"entity": "spaceship", "key": "a", "kind": "text"}) is None
    newer = declared({"entity": "customer", "key": "a", "kind": "hologram", "field_class": "quantum"})
    assert newer is not None
    assert (newer.kind, newer.field_class) == (Kind.TEXT, FieldClass.CORE)
