"""Emptying a layout whose rows are made anew."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout


def clear(layout: QVBoxLayout | QHBoxLayout) -> None:
    """Take everything out of a layout for good."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif isinstance(inner, QVBoxLayout | QHBoxLayout):
            clear(inner)
