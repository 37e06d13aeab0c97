"""What `make bench` runs is there and can be called."""

from __future__ import annotations

import inspect
from importlib import import_module

from benchmarks.__main__ import module_names


def test_every_benchmark_is_called_without_arguments_and_has_a_title() -> None:
    assert set(module_names()) >= {"desktop_lists", "desktop_window", "quote_pdf", "sync_rounds"}
    for name in module_names():
        module = import_module(f"benchmarks.{name}")
        assert not inspect.signature(module.measure).parameters, name
        assert module.TITLE
