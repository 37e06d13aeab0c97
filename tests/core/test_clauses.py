"""How the clauses of a contract stand to the library."""

from __future__ import annotations

from crm_core.rules import clauses

LIBRARY = (
    {"id": "pay", "title": "Payment", "body": "Thirty days.", "standard": True},
    {"id": "law", "title": "Law", "body": "Of this country.", "standard": True, "active": True},
    {"id": "old", "title": "Old", "body": "Gone.", "standard": True, "active": False},
)


def test_word_for_word_is_as_in_the_library_and_spaces_are_no_words() -> None:
    held = [
        {"clause_id": "law", "title": "Law", "title_en": "", "body": " Of this\r\ncountry. "},
        {"clause_id": "pay", "title": "Payment", "body": "Thirty days."},
    ]
    assert clauses.facts(held, LIBRARY) == {
        "other_clauses": 0,
        "standard_left_out": 0,
        "clause_text": "Law\nOf this country.\nPayment\nThirty days.",
    }


def test_a_changed_an_own_and_a_missing_clause_are_counted() -> None:
    held = [
        {"clause_id": "pay", "title": "Payment", "body": "Ninety days."},
        {"clause_id": None, "title": "Penalty", "body": "Double."},
        {"clause_id": "gone from the library", "title": "Law", "body": "Of this country."},
    ]
    found = clauses.facts(held, LIBRARY)
    assert (found["other_clauses"], found["standard_left_out"]) == (3, 1)
    assert "Penalty" in found["clause_text"]
