"""Saving what is typed into lines, off the main thread: nothing is read anew before all of it is saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from crm_core.errors import CrmError
from crm_core.i18n import Message
from crm_desktop.services.outcome import Outcome
from crm_desktop.ui.context import Context
from crm_desktop.ui.settling import Settling


class Saving:
    """The changes of one editor that are under way; once all are saved, `changes` has it read anew."""

    def __init__(self, context: Context, editor: QWidget, changes: Settling) -> None:
        self._context, self._editor, self._changes = context, editor, changes
        self.under_way = 0
        self.edits = 0
        """How many there were: what was read before one of them is older than what is on screen."""

    def is_current(self, edits: int) -> bool:
        """Tell whether what was read after so many edits may be shown."""
        return edits == self.edits and not self.under_way

    def save(
        self,
        work: Callable[[], Outcome[Any]],
        done: Callable[[Any], None] | None,
        told: Message | None,
        undo: Callable[[], object] | None,
    ) -> None:
        """Do a change off the main thread."""
        self.edits += 1
        self.under_way += 1

        def saved(found: Any) -> None:
            self.under_way -= 1
            if done is not None:
                done(found)
            if not self.under_way:
                self._changes.mark()

        def failed(error: CrmError) -> None:
            self.under_way -= 1
            self._context.show_error(error)
            self._changes.mark()

        self._context.change(self._editor, work, saved, failed, told=told, undo=undo)
