"""Who is mentioned by @ and a name."""

from __future__ import annotations

import pytest

from crm_core.rules.mentions import mentioned

PEOPLE = {"1": "Wang", "2": "Wang Wei", "3": "李娜", "4": "Wang", "5": ""}


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("@Wang Wei, look", ("2",)),
        ("please @wang look", ("1", "4")),
        ("@Wangs is another word", ()),
        ("请@李娜看一下，@Wang Wei也看", ("3", "2")),
        ("mail wang@example.com", ()),
        ("@ nobody, @Nobody", ()),
        ("@@李娜 twice @李娜", ("3",)),
        ("", ()),
    ],
)
def test_the_longest_name_after_the_sign_is_meant(text: str, ids: tuple[str, ...]) -> None:
    assert mentioned(text, PEOPLE) == ids
