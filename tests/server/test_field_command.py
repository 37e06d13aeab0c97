"""`crm-server field`: adding, changing, retiring and restoring custom fields."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.test_cli import here
from tests.support.server import initialised


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a headquarters the tests of this module share."""
    return initialised(tmp_path_factory.mktemp("fields") / "hq", company="Example Ltd")


def test_a_field_is_added_reworded_retired_and_restored(data: Path) -> None:
    added = here(
        data,
        *("--json", "field", "add", "customer", "grade", "choice", "--label", "Grade", "--label-zh", "等级"),
        *("--choice", "a=Gold/金牌", "--choice", "b", "--default", "a", "--required", "--section", "Sales"),
    ).json()
    assert (added["name"], added["default"], added["required"]) == ("x:grade", "a", True)
    assert added["choices"][0] == {"value": "a", "label": "Gold", "label_zh": "金牌"}
    changed = here(
        data,
        *("--json", "field", "set", "customer", "grade", "--label", "Class", "--optional", "--default", ""),
        *("--choice", "c=Bronze", "--choice", "a=First", "--retire-choice", "b"),
    ).json()
    assert (changed["label"], changed["required"], changed["default"]) == ("Class", False, None)
    assert [(each["value"], each["label"], each["retired"]) for each in changed["choices"]] == [
        ("a", "First", False),
        ("b", "b", True),
        ("c", "Bronze", False),
    ]
    assert here(data, "--json", "field", "retire", "customer", "x:grade").json()["retired"] is True
    assert here(data, "--json", "field", "list", "customer").rows() == []
    assert [row["key"] for row in here(data, "--json", "field", "list", "--all").rows()] == ["grade"]
    assert here(data, "--json", "field", "restore", "customer", "grade").json()["retired"] is False


def test_what_is_wrong_is_said_and_nothing_is_kept(data: Path) -> None:
    def refused(*arguments: str) -> str:
        ran = here(data, "field", *arguments)
        assert ran.status == 1, ran.err
        return ran.err

    assert here(data, "field", "add", "deal", "budget", "money", "--label", "Budget").status == 0
    assert "CNY" in here(data, "--json", "field", "list", "deal").out
    assert "budget" in refused("add", "deal", "budget", "text", "--label", "Again")
    assert "galaxy" in refused("add", "galaxy", "size", "text", "--label", "Size")
    assert "contract_no" in refused("add", "deal", "Größe", "text", "--label", "Size")
    assert "leads to" in refused("add", "deal", "friend", "ref", "--label", "Friend")
    assert "nowhere" in refused("set", "deal", "nowhere", "--label", "x")
    assert "“z”" in refused("set", "deal", "budget", "--retire-choice", "z")
    assert here(data, "field", "add", "deal", "clip", "video", "--label", "Clip").status == 2
    assert [row["key"] for row in here(data, "--json", "field", "list", "deal").rows()] == ["budget"]
