"""Keeping a list up to date with what is written, by whoever writes it."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QObject, Signal

from crm_desktop.ui.context import Context
from crm_desktop.ui.itemmodels.keyset import KeysetModel
from crm_desktop.ui.lists.table import RecordTable
from crm_desktop.ui.settling import Settling


class Follower(QObject):
    """Has a model read what changed, together and only while its table is in sight."""

    followed = Signal()
    """Something was asked for anew."""
    views_changed = Signal()
    """A saved view was made, changed or deleted."""

    def __init__(
        self, context: Context, entity: str, follows: Collection[str], model: KeysetModel, table: RecordTable
    ) -> None:
        super().__init__(table)
        self._entity, self._follows = entity, frozenset(follows)
        self._model, self._table = model, table
        self._ids: set[str] = set()
        self._all = False
        self._changes = Settling(self)
        self._changes.due.connect(self._follow)
        context.records_changed.connect(self._on_records_changed)

    def catch_up(self) -> None:
        """Read what changed while the list was out of sight."""
        if self._ids or self._all:
            self._changes.mark()

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        entities = {entity for entity, _ in changed}
        if "saved_view" in entities:
            self.views_changed.emit()
        self._ids |= {record_id for entity, record_id in changed if entity == self._entity}
        self._all = self._all or bool(entities & self._follows)
        if self._table.parentWidget() is not None and self._table.parentWidget().isVisible():
            self.catch_up()

    def _follow(self) -> None:
        if self._all:
            self._model.reload()
        elif self._ids:
            self._model.follow(self._ids)
        self._ids, self._all = set(), False
        self.followed.emit()
