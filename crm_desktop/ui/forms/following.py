"""A record that is changed elsewhere while somebody has it in a form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from crm_core.i18n import Message, message
from crm_core.schema.field import Field
from crm_desktop.models.records import Record
from crm_desktop.ui.context import Context
from crm_desktop.ui.translate import show

SETTLE_MS = 300  # one question for the many commits of a sync


class RecordWatch(QObject):
    """Tells, once changes have settled, that one record is another by now."""

    changed = Signal()

    def __init__(self, context: Context, entity: str, record_id: str | None, parent: QObject) -> None:
        super().__init__(parent)
        self.record_id = record_id
        self._entity = entity
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self.changed)
        context.records_changed.connect(self._on_records_changed)

    def rest(self) -> None:
        """Tell nothing of what has changed so far."""
        self._settle.stop()

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self.record_id is not None and (self._entity, self.record_id) in changed:
            self._settle.start()


def overtaken(names: Iterable[str], before: Record | None, now: Record | None) -> list[str]:
    """Return those of the named fields whose value is another one by now."""
    if before is None or now is None:
        return []
    return [name for name in names if (before.get(name) or None) != (now.get(name) or None)]


def overtaken_words(fields: Sequence[Field], record: Record, me: str) -> Message:
    """Return that fields somebody types into were changed meanwhile, by HQ where it was not the person."""
    named = ", ".join(show(Message(field.label)) for field in fields)
    if record.get("updated_by") not in (None, me):
        return message("HQ changed {fields} while you were typing. Saving keeps yours.", fields=named)
    return message("Changed meanwhile: {fields}. Saving keeps what you typed.", fields=named)
