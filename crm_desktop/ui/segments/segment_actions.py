"""What the customers' list does with segments: keeps its filter as one, picks customers into one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QWidget

from crm_core.i18n import N_, message, plural
from crm_core.rules.access import Action as Right
from crm_core.rules.segments import PICKED, AllOf
from crm_desktop.models.query import ListQuery
from crm_desktop.services import segments
from crm_desktop.services.segments import SEGMENT, SegmentRow
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import figure
from crm_desktop.ui.lists.chosen import Ids
from crm_desktop.ui.lists.views import NamePopup
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.menus import Menu


class SegmentActions(QObject):
    """The actions of the customers' page: for the customer shown, or those selected in the list."""

    def __init__(
        self,
        context: Context,
        registry: ActionRegistry,
        page: QWidget,
        chosen: Callable[[], Ids | None],
        filtered: Callable[[], ListQuery | None],
        anchor: Callable[[], QWidget],
    ) -> None:
        super().__init__(page)
        self._context, self._page = context, page
        self._chosen, self._filtered, self._anchor = chosen, filtered, anchor
        self.menu: Menu | None = None

        def add(key: str, text: str, shortcut: str, icon: str, run: Callable[[], None]) -> None:
            spec = ActionSpec(
                id=f"segments.{key}",
                text=text,
                group=N_("Customers"),
                icon=icon,
                shortcut=shortcut,
                right=(Right.CREATE, SEGMENT),
            )
            registry.add(spec, run, page)

        add("pick", N_("Put into a segment…"), "Ctrl+Shift+G", "plus", self.choose)
        add("keep", N_("Keep the filter as a segment…"), "", "filter", self.ask_name)

    def choose(self) -> None:
        """Offer the segments picked by hand, to put the customers chosen into one."""
        ids, replica = self._chosen(), self._context.replica
        if ids is not None:
            self._context.tasks.read(
                self,
                lambda: segments.segments_of(replica),
                lambda rows: self._offer(ids, rows),
                topic="offer",
            )

    def ask_name(self) -> NamePopup | None:
        """Ask what the filter of the list is to be called as a segment, and return the line that asks."""
        query = self._filtered()
        if query is None or not query.conditions or query.text:
            self._context.tell(
                message("Filter the list by conditions first; words searched for make no segment")
            )
            return None
        popup = NamePopup(self._anchor(), message("Name of the segment"))
        popup.named.connect(lambda name: self._keep(name, query))
        popup.open_below(self._anchor())
        return popup

    def _keep(self, name: str, query: ListQuery) -> None:
        replica = self._context.replica
        self._context.change(
            self,
            lambda: segments.save(replica, name, AllOf(tuple(query.conditions))),
            told=message("Segment “{name}” saved", name=name),
        )

    def _offer(self, ids: Ids, rows: Sequence[SegmentRow]) -> None:
        menu = self.menu = Menu(self._page)
        for row in rows:
            if row.own and row.kind == PICKED:
                menu.add(row.name, "filter").triggered.connect(lambda _on=False, row=row: self._put(ids, row))
        menu.addSeparator()
        menu.add(tr("New segment…"), "plus").triggered.connect(lambda: self._ask_new(ids))
        anchor = self._anchor()
        menu.popup(anchor.mapToGlobal(QPoint(0, anchor.height())))

    def _ask_new(self, ids: Ids) -> None:
        replica = self._context.replica
        popup = NamePopup(self._anchor(), message("Name of the segment"))
        popup.named.connect(
            lambda name: self._context.change(
                self,
                lambda: segments.pick(replica, name, ids()),
                told=message("Segment “{name}” saved", name=name),
            )
        )
        popup.open_below(self._anchor())

    def _put(self, ids: Ids, row: SegmentRow) -> None:
        replica = self._context.replica

        def told(moved: tuple[str, ...]) -> None:
            text = plural(
                len(moved),
                message("1 customer put into “{name}”", name=row.name),
                message("{count} customers put into “{name}”", count=figure(len(moved)), name=row.name),
            )
            self._context.tell(text, lambda: segments.change_members(replica, row.id, remove=moved))

        self._context.change(self, lambda: segments.change_members(replica, row.id, add=ids()), told)
