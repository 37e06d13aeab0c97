"""Handing a phone number to whatever on this computer makes calls."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from crm_core.schema.phones import dialled_form


def dial(number: str) -> None:
    """Call a number, as it is kept or as people write it."""
    QDesktopServices.openUrl(QUrl(f"tel:{dialled_form(number)}"))
