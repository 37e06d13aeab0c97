"""What a record's page says where it looks like others, and where they are laid side by side."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

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

    def show_record(self, record_id: str) -> None:
        """Look for what is like a record; off the main thread, after its page is there."""
        if record_id != self._record_id:
            self.clear()
        self._record_id = record_id
        replica, entity = self._context.replica, self._entity
        self._context.tasks.read(
            self,
            lambda: duplicates.like(replica, entity, record_id),
            self._on_found,
            lambda _error: self.clear(),  # who may not read such records is told of none
            topic="like",
        )

    def _on_found(self, matches: tuple[Match, ...]) -> None:
        if not matches or self._record_id in self._closed:
            self.clear()
            return
        place = compare_place(self._record_id, matches)
        self.say(like_words(matches), Tone.WARN, message("Compare…"), lambda: self._context.go.emit(place))
