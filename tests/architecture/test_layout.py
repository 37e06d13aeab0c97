"""The shape of the source: small modules, telling names, whole numbers where money is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import ROOT, calls_in, modules, tree_of

MOST_LINES = 500  # past 400 two ideas share a module; a table of constants may need a little more
SAYS_NOTHING = {"data", "info", "obj", "tmp", "handle", "process", "utils", "helper", "helpers", "misc"}
SAYS_NOTHING_OF_A_CLASS = ("Manager", "Helper", "Utils", "Util", "Misc")
# Names given by others: QAbstractItemModel.data, the bytes of a socket, HQ's one data folder (`--data`).
NAMED_BY_OTHERS = {("data", "crm_desktop/ui"), ("data", "crm_desktop/sync/wire.py"), ("data", "sync_server")}
# Where amounts, quantities, rates and their texts are made: 0.1 + 0.2 must be 0.3 here.
EXACT = (
    "crm_core/money.py",
    "crm_core/entities",
    "crm_core/exchange/amounts.py",
    "crm_core/rules/totals.py",
    "crm_core/rules/quote_sums.py",
    "crm_core/rules/quote_versions.py",
    "crm_core/schema",
    "crm_core/sync",
    "crm_core/rules/figures.py",
    "crm_desktop/models/records.py",
    "crm_desktop/models/counting.py",
    "crm_desktop/models/quote_totals.py",
)
OF_AMOUNTS = ("crm_core.money", "crm_core.rules.totals", "crm_core.rules.quote_sums")
DRAWN = ("crm_desktop/ui", "crm_desktop/documents")


def test_no_module_holds_more_than_one_idea() -> None:
    lengths = {module: len((ROOT / module).read_text(encoding="utf-8").splitlines()) for module in modules()}
    too_long = {
        str(module): lines
        for module, lines in lengths.items()
        if lines > MOST_LINES and "migrations" not in module.parts  # one step, written once and never again
    }
    assert too_long == {}


def test_names_say_what_they_hold() -> None:
    faults = [
        f"{module}:{line}: {name}"
        for module in modules()
        for line, name in bound_names(tree_of(module))
        if name.strip("_") in SAYS_NOTHING and not named_by_others(name, module)
    ]
    faults += [str(module) for module in modules() if module.stem.strip("_") in SAYS_NOTHING]
    faults += [
        f"{module}:{node.lineno}: class {node.name}"
        for module in modules()
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.ClassDef) and node.name.endswith(SAYS_NOTHING_OF_A_CLASS)
    ]
    assert not faults, "\n" + "\n".join(faults)


def bound_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Give the names a module makes: functions, arguments, variables, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def named_by_others(name: str, module: Path) -> bool:
    """Whether a name that says nothing comes with what the module is about."""
    return any(name == given and module.is_relative_to(under) for given, under in NAMED_BY_OTHERS)


def test_amounts_and_quantities_never_meet_a_float() -> None:
    faults = [f"{module}:{line}: {what}" for module in exact_modules() for line, what in floats_in(module)]
    assert not faults, "\n" + "\n".join(faults)


def test_no_table_has_a_float_column() -> None:
    faults = [
        f"{module}:{node.lineno}"
        for module in modules()
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("sqlalchemy")
        and {alias.name for alias in node.names} & {"Float", "REAL", "Double", "DOUBLE", "FLOAT"}
    ]
    assert faults == []


def test_who_works_with_amounts_is_known_to_this_check() -> None:
    named = {str(module) for module in exact_modules()}
    assert {"crm_core/rules/quote_versions.py", "crm_desktop/services/quotes.py"} <= named
    assert any(module.startswith("sync_server") for module in named)


def exact_modules() -> list[Path]:
    """Return the modules under EXACT, a name that fits none is a mistake in the list; and all that take in
    amounts or what they come to, but for those that only draw: places on a screen or a page are no money.
    """
    found = [
        module
        for module in modules()
        if not any(module.is_relative_to(drawn) for drawn in DRAWN)
        and any(
            isinstance(node, ast.ImportFrom) and (node.module or "") in OF_AMOUNTS
            for node in ast.walk(tree_of(module))
        )
    ]
    for name in EXACT:
        path = ROOT / name
        assert path.exists(), f"{name} was moved or renamed: name its new place in EXACT"
        found += [Path(name)] if path.is_file() else list(modules(name))
    return found


def floats_in(module: Path) -> Iterator[tuple[int, str]]:
    """Give where a module writes a float or makes one."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, str(node.value)
    for name, call in calls_in(module):
        if name == "float":
            yield call.lineno, "float(...)"
