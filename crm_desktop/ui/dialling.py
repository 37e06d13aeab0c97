"""Handing a phone number to whatever on this computer makes calls."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices


def dial(number: str) -> None:
    """Call a number, given as people write it."""
    digits = "".join(c for c in number if c.isdigit() or c == "+")
    QDesktopServices.openUrl(QUrl(f"tel:{digits}"))
