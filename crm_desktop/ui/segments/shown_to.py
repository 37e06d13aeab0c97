"""The button by which a segment is shown to roles, as saved views are."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from crm_core.i18n import message
from crm_desktop.services import saved_views, segments
from crm_desktop.services.saved_views import Audience
from crm_desktop.services.segments import SegmentRow
from crm_desktop.ui.context import Context
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.menus import Menu


class ShownToButton(Button):
    """Opens the roles, those ticked that see the segment; each tick is written at once and can be undone."""

    def __init__(self, context: Context, row: SegmentRow | None, parent: QWidget | None = None) -> None:
        super().__init__(message("Show to roles…"), icon="people", parent=parent)
        self._context, self._row = context, row
        self.menu_shown: Menu | None = None
        self.clicked.connect(self._ask)

    def _ask(self) -> None:
        replica, row = self._context.replica, self._row
        if row is None:
            return
        self._context.tasks.read(
            self,
            lambda: (saved_views.audiences(replica), segments.segment(replica, row.id)),
            lambda read: self._open(*read),
            self._context.show_error,
            topic="roles",
        )

    def _open(self, audiences: Sequence[Audience], row: SegmentRow) -> None:
        menu = self.menu_shown = Menu(self)
        for audience in audiences:
            show_it = menu.add(tr("Show to role: {role}", role=audience.name))
            show_it.setCheckable(True)
            show_it.setChecked(audience.role_id in row.shown_to)
            show_it.triggered.connect(lambda on, to=audience: self._show_to(row, to, bool(on)))
        if not audiences:
            menu.add(tr("There are no roles on this laptop")).setEnabled(False)
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))

    def _show_to(self, row: SegmentRow, audience: Audience, shown: bool) -> None:
        replica = self._context.replica
        told = message("Segment shown to “{role}”", role=audience.name)
        if not shown:
            told = message("Segment shown to “{role}” no more", role=audience.name)
        self._context.change(
            self,
            lambda: segments.show_to(replica, row.id, audience.role_id, shown=shown),
            told=told,
            undo=lambda: segments.show_to(replica, row.id, audience.role_id, shown=not shown),
        )
