"""What the window asks of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.widgets.live import Live

if TYPE_CHECKING:
    from crm_desktop.ui.lists.record_list import RecordList


class Page(Live, QWidget):
    """A page of the program. Made once, when first shown; shown again with another place."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context.stage)
        self.context = context
        self.actions_of_program = actions

    def show_place(self, place: Place) -> None:
        """Show what `place` names. Called on the first showing too; must not wait for the database."""

    def in_front(self) -> tuple[str, str] | None:
        """Return the kind and id of the record a list of the page is at; None where it is at none."""
        return None

    def leave(self) -> bool:
        """Another page is about to be shown; return False to stay, as with a form that is not saved."""
        return True

    def refresh(self) -> None:
        """Ask for everything shown anew: a person pressed F5, or a sync ended."""


def current_of(shown: RecordList | None) -> tuple[str, str] | None:
    """Return the kind and id of a list's current row; None without one, or where it is not in sight."""
    row = shown.current_row() if shown is not None and shown.isVisible() else None
    return (shown.entity, row.id) if shown is not None and row is not None else None
