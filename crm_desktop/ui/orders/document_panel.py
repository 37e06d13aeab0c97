"""The document of a contract or order: what went out of it and came back, and beside it the very PDF."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QWidget

from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.quotes.going_out import GoingOut
from crm_desktop.ui.quotes.outgoing_panel import OutgoingPanel
from crm_desktop.ui.quotes.preview import PreviewPane
from crm_desktop.ui.theme import theme

NARROW_BELOW = 740  # px of its own before the font scale: narrower, the two stand above each other
_LEFT, _RIGHT = 480, 480


class DocumentPanel(QWidget):
    """Mails, links and signatures at left, or a form in their place; the preview at right."""

    def __init__(self, context: Context, actions: ActionRegistry, entity: str) -> None:
        super().__init__()
        self._context, self._entity = context, entity
        self._record_id = ""
        self.preview = PreviewPane(context, entity)
        self.outgoing = OutgoingPanel(context, entity)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.outgoing)
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._splitter)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(self.stack)
        self._splitter.addWidget(self.preview)
        self._splitter.setSizes([_LEFT, _RIGHT])
        self.preview.setMinimumWidth(theme().px(320))
        self.going_out = GoingOut(context, entity, self.stack, self.language, actions, self)
        self.going_out.kept.connect(lambda: self.preview.refresh(now=True))
        context.records_changed.connect(self._on_records_changed)

    def language(self) -> str:
        """Return the language of the document that is chosen."""
        return str(self.preview.language.currentData())

    def show_record(self, record_id: str) -> None:
        """Show another record, as a tab beside it."""
        self._record_id = record_id
        self.preview.show_quote(record_id)
        self.outgoing.show_record(record_id)

    def resizeEvent(self, event: object) -> None:
        """Put the two above each other where there is no room beside."""
        super().resizeEvent(event)
        narrow = self.width() < theme().px(NARROW_BELOW)
        self._splitter.setOrientation(Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal)

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if (self._entity, self._record_id) in changed:
            self.preview.refresh()
