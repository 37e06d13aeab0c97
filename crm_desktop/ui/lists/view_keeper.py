"""The views of one list: which there are, how many records each holds, saving and deleting them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from crm_core.i18n import message
from crm_desktop.models.conditions import Condition
from crm_desktop.models.query import ListQuery
from crm_desktop.services import records, saved_views
from crm_desktop.services.lists import ListSetup
from crm_desktop.services.saved_views import View, ViewDefinition
from crm_desktop.ui.context import Context
from crm_desktop.ui.lists.views import ALL, FOUND, SAVED, ListView, ViewTabs, saved_view, usual_views
from crm_desktop.ui.translate import Text

COUNT_MS = 600  # the tabs' numbers may be a moment behind


class ViewKeeper(QObject):
    """Knows the views and shows them in their tabs."""

    saved = Signal(str)
    """A view was saved, by its key."""

    def __init__(
        self, context: Context, entity: str, tabs: ViewTabs, further: Sequence[ListView], *, used: bool
    ) -> None:
        super().__init__(tabs)
        self._context, self._entity, self._tabs = context, entity, tabs
        self._further = tuple(further)
        self._used = used
        self._base: tuple[Condition, ...] = ()
        self.views: list[ListView] = [ListView(key=ALL, text=message("All"))]
        if not used:
            tabs.hide()
        tabs.forgotten.connect(self._on_forgotten)
        tabs.shown_to.connect(self._on_shown_to)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(COUNT_MS)
        self._timer.timeout.connect(self._count)

    def named(self, key: str) -> ListView | None:
        """Return a view; None where there is none of that key."""
        return next((view for view in self.views if view.key == key), None)

    def take(self, setup: ListSetup, saved: Sequence[View]) -> None:
        """Take up rights and saved views; without tabs there is one view of all."""
        usual = usual_views(setup, self._further)
        if not self._used:
            usual = [view for view in usual if view.key == ALL]
        found = [view for view in self.views if view.key == FOUND]
        self.views = [*found, *usual, *(saved_view(view) for view in saved)]

    def add_found(self, conditions: Sequence[Condition], title: Text | None) -> ListView:
        """Add a view of what was drilled into, in place of the one before, and return it."""
        found = ListView(key=FOUND, text=title or message("Selection"), conditions=tuple(conditions))
        self.views = [found, *(view for view in self.views if view.key != FOUND)]
        return found

    def show(self, key: str) -> None:
        """Show the tabs, one of them in front."""
        self._tabs.show_views(self.views, key)

    def count_soon(self, base: Sequence[Condition]) -> None:
        """Count the records of every view, in a moment; `base` always holds."""
        self._base = tuple(base)
        if self._used:
            self._timer.start()

    def save(self, name: str, definition: ViewDefinition) -> None:
        """Keep the present filter under a name."""
        replica, entity = self._context.replica, self._entity
        self._context.change(
            self,
            lambda: saved_views.save_view(replica, entity, name, definition),
            lambda record: self.saved.emit(f"saved:{record.id}"),
            told=message("View “{name}” saved", name=name),
        )

    def change(self, record_id: str, definition: ViewDefinition) -> None:
        """Let a saved view show something else; with Undo."""
        replica, view = self._context.replica, self.named(SAVED + record_id)
        if view is None:
            return
        before = ViewDefinition(
            conditions=view.conditions, text=view.words, sort=view.sort, columns=view.columns
        )
        self._context.change(
            self,
            lambda: saved_views.change_view(replica, record_id, definition),
            told=message("View “{name}” saved", name=view.text),
            undo=lambda: saved_views.change_view(replica, record_id, before),
        )

    def _count(self) -> None:
        replica = self._context.replica
        wanted = {
            view.key: ListQuery(
                entity=self._entity,
                conditions=(*self._base, *view.fixed, *view.conditions),
                text=view.words,
                deleted=view.deleted,
            )
            for view in self.views
        }

        def read() -> dict[str, int]:
            return {key: records.count(replica, query) for key, query in wanted.items()}

        self._context.tasks.read(self, read, self._on_counted, lambda _error: None, topic="views")

    def _on_counted(self, numbers: dict[str, int]) -> None:
        self._tabs.tabs.set_counts({key: number for key, number in numbers.items() if self.named(key)})

    def _on_shown_to(self, record_id: str, role_id: str, shown: bool) -> None:
        replica = self._context.replica
        name = next((each.name for each in self._tabs.audiences if each.role_id == role_id), "")
        told = message("View shown to “{role}”", role=name)
        if not shown:
            told = message("View shown to “{role}” no more", role=name)
        self._context.change(
            self,
            lambda: saved_views.show_to(replica, record_id, role_id, shown=shown),
            told=told,
            undo=lambda: saved_views.show_to(replica, record_id, role_id, shown=not shown),
        )

    def _on_forgotten(self, record_id: str) -> None:
        replica = self._context.replica
        self._context.change(
            self,
            lambda: records.delete(replica, "saved_view", record_id),
            told=message("View deleted"),
            undo=lambda: records.restore(replica, "saved_view", record_id),
        )
