"""The page of what always holds names tests there are."""

from __future__ import annotations

import ast
import re

from tests.support.server import ROOT

PAGE = ROOT / "docs" / "invariants.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_invariant_names_tests_there_are() -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| I")]
    assert [line.split("|")[1].strip() for line in lines] == [f"I{number}" for number in range(1, 21)]
    for line in lines:
        named = NAMED.findall(line)
        assert named, line
        for file, name in named:
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            there = {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
            assert not name or name in there, f"{file} has no {name}"
