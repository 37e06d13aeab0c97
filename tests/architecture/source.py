"""The program's own modules as syntax trees, for the tests that read them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("crm_core", "crm_desktop", "crm_terminal", "sync_server", "resources")


@cache
def modules(*under: str) -> tuple[Path, ...]:
    """Return every module below the folders (default: all packages), ordered, relative to the root."""
    found = (path for folder in under or PACKAGES for path in sorted((ROOT / folder).rglob("*.py")))
    return tuple(path.relative_to(ROOT) for path in found)


@cache
def tree_of(module: Path) -> ast.Module:
    """Return the syntax tree of a module named relative to the root."""
    return ast.parse((ROOT / module).read_text(encoding="utf-8"), str(module))


def calls_in(module: Path) -> Iterator[tuple[str, ast.Call]]:
    """Give every call in a module with the last part of the called name: `tr`, `setText`, `QLabel`."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id, node
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr, node


def literal(node: ast.expr | None) -> str | None:
    """Return the string an expression spells out, adjacent literals joined; None for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
