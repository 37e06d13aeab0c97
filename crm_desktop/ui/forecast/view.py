"""What the forecast page asks of each of its views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_core.rules.stretches import Stretch
from crm_desktop.models.replica import Replica
from crm_desktop.services.forecast_scopes import Scope
from crm_desktop.ui.context import Context
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L
from crm_desktop.ui.widgets.live import Live


class View(Live, QWidget):
    """One way to look at a period. `follows` are the kinds of record that change what it shows."""

    follows: frozenset[str] = frozenset()

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self.context = context
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(theme().px(L))

    def reader(self, replica: Replica, stretch: Stretch, scope: Scope) -> Callable[[], Any]:
        """Return what reads the view, off the main thread."""
        raise NotImplementedError

    def take(self, read: Any) -> None:
        """Show what was read."""
        raise NotImplementedError
