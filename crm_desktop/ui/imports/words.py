"""What the import says with numbers in it."""

from __future__ import annotations

from crm_core.i18n import Message, message, plural
from crm_desktop.interchange.undoing import UndoReport
from crm_desktop.ui.format import figure


def row_words(number: int) -> Message:
    """Return how many rows there are."""
    return plural(number, message("1 row"), message("{count} rows", count=figure(number)))


def undone_words(undone: UndoReport) -> Message:
    """Return what taking an import back did."""
    return message(
        "{removed} deleted, {restored} as they were before, {kept} left alone",
        removed=figure(undone.removed),
        restored=figure(undone.restored),
        kept=figure(undone.kept),
    )
