"""What a record's page says where it looks like others, and where they are laid side by side."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from crm_core.errors import CrmError
from crm_core.i18n import message
from crm_desktop.services import duplicates
from crm_desktop.services.duplicates import Match
from crm_desktop.ui.context import Context
from crm_desktop.ui.duplicates.words import compare_place, like_words
from crm_desktop.ui.forms.form_bar import FormBar
from crm_desktop.ui.widgets.paint import Tone


class AlikeNotice(FormBar):
    """Out of sight while nothing is like the record, and once it was closed for that one."""

    def __init__(self, context: Context, entity: str, margin: int, parent: QWidget | None = None) -> None:
        super().__init__(margin, parent)
        self._context = context
        self._entity = entity
        self._record_id = ""
        self._closed: set[str] = set()
        self.bar.closed.connect(lambda: self._closed.add(self._record_id))

    def reading(self, record_id: str) -> Callable[[], tuple[Match, ...]]:
        """Return what finds the records like one, to be called off the main thread."""
        replica, entity = self._context.replica, self._entity

        def read() -> tuple[Match, ...]:
            try:
                return duplicates.like(replica, entity, record_id)
            except CrmError:
                return ()  # who may not read such records is told of none

        return read

    def show_matches(self, record_id: str, matches: tuple[Match, ...]) -> None:
        """Say which records are like one."""
        self._record_id = record_id
        if not matches or record_id in self._closed:
            self.clear()
            return
        place = compare_place(record_id, matches)
        self.say(like_words(matches), Tone.WARN, message("Compare…"), lambda: self._context.go.emit(place))
