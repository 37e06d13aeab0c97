"""Every English text the program shows, and how it is marked, collected from the source."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from string import Formatter

from tests.architecture.source import calls_in, literal, modules, tree_of

MARKS = ("N_", "message", "tr")
MESSAGE_ERRORS = ("CrmError", "UserError", "Unreachable")
"""Roots of the errors whose sentence a person reads. `BrokenPromise` is our bug and may stay English."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What was found: where each text stands, and what is wrong with the way it is marked."""

    places: Mapping[str, list[str]]
    faults: list[str] = field(default_factory=list)


def named_places(text: str) -> set[str]:
    """Return the names of the `{places}` in a text; raise `ValueError` if its braces do not close."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@cache
def collect() -> Texts:
    """Return every marked text of the program."""
    places: dict[str, list[str]] = defaultdict(list)
    faults: list[str] = []
    readable = _readable_errors()
    for module in modules():
        for name, call in calls_in(module):
            where = f"{module}:{call.lineno}"
            if name in MARKS and call.args:
                if (text := literal(call.args[0])) is not None:
                    places[text].append(where)
                elif fault := _fault_of(name, call.args[0]):
                    faults.append(f"{where}: {name}(...) {fault}")
            elif name in readable and call.args and literal(call.args[0]) is not None:
                faults.append(f"{where}: {name}({literal(call.args[0])!r}) is not marked with N_()")
            if name in (*MARKS, *readable):
                # HQ's `tr` only translates; what goes into the places is set in afterwards.
                leaves_open = name == "tr" and module.parts[:2] != ("crm_desktop", "ui")
                faults.extend(f"{where}: {it}" for it in _wrong_places(call, leaves_places_open=leaves_open))
    return Texts(places=dict(places), faults=faults)


def _fault_of(mark: str, text: ast.expr) -> str:
    """Say what keeps the text of a mark from being found; nothing for a name that carries a marked text."""
    if isinstance(text, ast.IfExp):
        return _fault_of(mark, text.body) or _fault_of(mark, text.orelse)
    if isinstance(text, ast.Call) and isinstance(text.func, ast.Name) and text.func.id == "N_":
        return ""
    method = text.func.attr if isinstance(text, ast.Call) and isinstance(text.func, ast.Attribute) else ""
    if isinstance(text, ast.JoinedStr | ast.BinOp) or method in ("format", "join"):
        return "builds its text; write one literal with {places}"
    if mark == "N_":
        return "marks no literal"
    if literal(text) is not None:
        return "chooses between unmarked literals; mark each with N_()"
    return ""


def _wrong_places(call: ast.Call, *, leaves_places_open: bool) -> Iterator[str]:
    """Say which places of a literal text are not filled, and which fillings have no place."""
    if not call.args or any(keyword.arg is None for keyword in call.keywords):
        return
    if isinstance(call.func, ast.Name) and call.func.id == "N_":
        return
    first = call.args[0]
    if isinstance(first, ast.Call) and isinstance(first.func, ast.Name) and first.func.id == "N_":
        first = first.args[0]
    given = {keyword.arg for keyword in call.keywords}
    text = literal(first)
    if text is None or (not given and leaves_places_open):
        return
    wanted = named_places(text)
    if wanted != given:
        yield f"{text!r} has the places {sorted(wanted)} and is given {sorted(map(str, given))}"


@cache
def _readable_errors() -> frozenset[str]:
    """Return the names of all error classes whose sentence a person reads."""
    bases: dict[str, set[str]] = defaultdict(set)
    for module in modules():
        for node in ast.walk(tree_of(module)):
            if isinstance(node, ast.ClassDef) and not _takes_its_own_arguments(node):
                bases[node.name] |= {base.id for base in node.bases if isinstance(base, ast.Name)}
    found = set(MESSAGE_ERRORS)
    while more := {name for name, above in bases.items() if above & found} - found - {"BrokenPromise"}:
        found |= more
    return frozenset(found)


def _takes_its_own_arguments(error: ast.ClassDef) -> bool:
    return any(isinstance(part, ast.FunctionDef) and part.name == "__init__" for part in error.body)
