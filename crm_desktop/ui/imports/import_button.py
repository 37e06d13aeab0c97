"""The button beside a list's title that brings a file in; and the same as an action of the program."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, message
from crm_core.rules.access import Action
from crm_desktop.services import rights
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.lists.record_list import RecordList
from crm_desktop.ui.widgets.buttons import Button

_RIGHTS = frozenset(("role", "user"))


class ImportButton(Button):
    """There for whoever may make such records, and only for them."""

    def __init__(self, context: Context, actions: ActionRegistry, entity: str, page: QWidget) -> None:
        super().__init__(message("Import"), icon="dl")
        self._context, self._entity = context, entity
        self._may = False
        self._list: RecordList | None = None
        self.hide()
        spec = ActionSpec(
            id=f"{entity}.import",
            text=N_("Import"),
            group=SCHEMAS[entity].meta.plural,
            icon="dl",
            shortcut="Ctrl+I",
            right=(Action.CREATE, entity),
        )
        self._action = actions.add(spec, self.go, page)
        self.clicked.connect(self.go)
        context.records_changed.connect(self._on_records_changed)
        self._ask()

    def go(self) -> None:
        """Go to the import of such records."""
        self._context.go.emit(Place(page="import", options={"entity": self._entity}))

    def beside(self, record_list: RecordList) -> None:
        """Give way to the same button of a list while that is empty."""
        self._list = record_list
        record_list.shown.connect(self._look)

    def _ask(self) -> None:
        replica, entity = self._context.replica, self._entity
        self._context.tasks.read(
            self, lambda: bool(rights.may_do(replica, Action.CREATE, entity)), self._on_known, topic="right"
        )

    def _on_known(self, may: bool) -> None:
        self._may = may
        self._look()
        self._action.setEnabled(may)

    def _look(self) -> None:
        self.setVisible(self._may and not (self._list is not None and self._list.offers_import))

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in _RIGHTS for entity, _ in changed):
            self._ask()
