"""Making what will be opened next while a list rests, so that opening it need only fill it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer

from crm_desktop.ui.lists.record_list import RecordList

REST_MS = 1_000
"""A list nobody scrolled, filtered or left for so long rests; what is made then holds up no key."""


class OnceAtRest(QTimer):
    """Calls `make` once, when the list is in sight and nothing in it moved for a while."""

    def __init__(self, shown: RecordList, make: Callable[[], object]) -> None:
        super().__init__(shown)
        self._shown, self._make = shown, make
        self.setSingleShot(True)
        self.setInterval(REST_MS)
        self.timeout.connect(self._on_rested)
        self._moves = (shown.shown, shown.table.verticalScrollBar().valueChanged, shown.current_changed)
        for moved in self._moves:
            moved.connect(self._begin)

    def _begin(self, *_what: object) -> None:
        self.start()

    def _on_rested(self) -> None:
        if not self._shown.isVisible():
            return  # begun again when it is back
        for moved in self._moves:
            moved.disconnect(self._begin)
        self._make()
