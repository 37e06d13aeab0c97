"""Custom fields: which there are, in their order; each in a form that shows how it will look."""

from __future__ import annotations

from crm_core.i18n import message
from crm_desktop.services import field_order
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage
from crm_desktop.ui.settings.declaration_grid import DeclarationGrid
from crm_desktop.ui.widgets.buttons import IconButton


class FieldForm(RecordForm):
    """The form of one custom field."""

    grid_class = DeclarationGrid


class FieldsPage(RecordsPage):
    """For whoever may change custom fields; others look at them."""

    form_class = FieldForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="fields",
            entity="custom_field",
            columns=("label", "label_zh", "entity", "kind", "key", "field_class", "required", "retired"),
            sort=(("entity", False), ("rank", False)),
            imports=False,
            widths={"label_zh": 140, "entity": 120, "kind": 112, "key": 120, "required": 80, "retired": 72},
        )
        super().__init__(context, actions, look)
        self.up = IconButton("up", message("Earlier in forms"), small=True)
        self.down = IconButton("down", message("Later in forms"), small=True)
        self.up.clicked.connect(lambda: self._move(-1))
        self.down.clicked.connect(lambda: self._move(1))
        for button in (self.up, self.down):
            self.list.bar.layout().addWidget(button)
        self.list.current_changed.connect(self._on_current_changed)
        self._on_current_changed(None)

    def _on_current_changed(self, row: object) -> None:
        setup = self.list.setup
        may = row is not None and setup is not None and any(shown.writable for shown in setup.fields)
        self.up.setEnabled(may)
        self.down.setEnabled(may)

    def _move(self, by: int) -> None:
        replica = self.context.replica
        self.shift_current(lambda record_id, places: field_order.move(replica, record_id, places), by)
