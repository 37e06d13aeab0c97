"""Importing modules before they are needed, without holding the window.

What touches no Qt comes in on another thread. Modules of the window do not: Qt's classes are made as they are
first named, and two threads that make them at the same time end the program. They come in on the main thread,
one at a time between its events, what each stands on before it.
"""

from __future__ import annotations

import dis
import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from types import CodeType

from PySide6.QtCore import QObject, QTimer

from crm_desktop.ui.tasks import Tasks

WINDOW = "crm_desktop.ui"
"""Only modules below this import Qt; the import contracts say so."""
_OURS = ("crm_core", "crm_desktop")
GAP_MS = 20
"""Between two modules, so that keys and clicks find the thread free."""


class Ahead(QObject):
    """Imports modules by and by; `finished` says that nothing is left of what was asked for."""

    def __init__(self, tasks: Tasks, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._left: list[str] = []
        self.finished = False
        self._timer = QTimer(self)
        self._timer.setInterval(GAP_MS)
        self._timer.timeout.connect(self._import_next)

    def load(self, names: Sequence[str]) -> None:
        """Import modules and whatever they stand on. Called on the main thread, and returns at once."""
        self.finished = False
        self._tasks.read(self, lambda: load_rest(names), self._on_rest_loaded, topic="ahead")

    def _on_rest_loaded(self, left: list[str]) -> None:
        self._left = left
        self._timer.start()

    def _import_next(self) -> None:
        while self._left:
            name = self._left.pop(0)
            if name not in sys.modules:
                importlib.import_module(name)
                return
        self.finished = True
        self._timer.stop()


def load_rest(names: Sequence[str]) -> list[str]:
    """Import what modules of the window stand on outside of it, and return those of the window themselves.

    These come in the order in which each finds what it names imported already.
    """
    window = []
    for name in needed(names):
        if name == WINDOW or name.startswith(f"{WINDOW}."):
            window.append(name)
        elif name not in sys.modules:
            importlib.import_module(name)
    return [name for name in window if name not in sys.modules]


def needed(names: Sequence[str]) -> Iterator[str]:
    """Go along all modules of the program that importing some imports, what one stands on before it."""
    known: set[str] = set()

    def go(name: str) -> Iterator[str]:
        if name in known:
            return
        known.add(name)
        if name in sys.modules:
            return
        for other in _named_by(name):
            yield from go(other)
        yield name

    for name in names:
        yield from go(name)


def _named_by(name: str) -> Iterator[str]:
    """Go along the modules of the program that a module imports at its top, as its compiled code says."""
    code = _code_of(name)
    if code is None:
        return
    package = ""
    for step in dis.get_instructions(code):
        if step.opname == "IMPORT_NAME":
            package = str(step.argval) if str(step.argval).split(".")[0] in _OURS else ""
            if package:
                yield package
        elif step.opname == "IMPORT_FROM" and package and _is_package(package):
            part = f"{package}.{step.argval}"
            if importlib.util.find_spec(part) is not None:
                yield part


def _code_of(name: str) -> CodeType | None:
    spec = importlib.util.find_spec(name)
    get_code = getattr(spec.loader, "get_code", None) if spec is not None else None
    code = get_code(name) if get_code is not None else None
    return code if isinstance(code, CodeType) else None


def _is_package(name: str) -> bool:
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.submodule_search_locations is not None
