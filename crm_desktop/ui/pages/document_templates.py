"""Templates of documents: everybody reads them, administrators change them."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu

from crm_core.i18n import message
from crm_core.rules.access import Action
from crm_desktop.documents import template_records
from crm_desktop.services import rights
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage
from crm_desktop.ui.settings.template_grid import TemplateGrid
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.buttons import Button


class TemplateForm(RecordForm):
    """The form in which a template is written."""

    grid_class = TemplateGrid


class DocumentTemplatesPage(RecordsPage):
    """What documents say. A template that comes with the program is where a new one may begin."""

    form_class = TemplateForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="document_templates",
            entity="document_template",
            columns=("name", "kind", "language", "engine", "standard", "active"),
            sort=(("name", False),),
            imports=False,
            widths={"language": 120, "engine": 96, "standard": 96, "active": 64},
        )
        super().__init__(context, actions, look)
        self.begin = Button(message("Begin with…"), icon="file", small=True)
        self.begin.setVisible(bool(rights.may_do(context.replica, Action.CREATE, "document_template")))
        self.begin.clicked.connect(self._offer)
        self.list.bar.layout().addWidget(self.begin)

    def starts(self) -> QMenu:
        """Return the menu of templates that come with the program."""
        menu = QMenu(self)
        for each in template_records.shipped():
            name = show(template_records.name_of_shipped(each.name))
            values = {
                "name": name,
                "kind": each.kind,
                "language": each.language,
                "engine": each.engine,
                "body": each.body,
            }
            action = menu.addAction(name)
            action.triggered.connect(
                lambda _on=False, values=values: self.context.go.emit(
                    Place(page="document_templates", options={"new": "document_template", "values": values})
                )
            )
        return menu

    def _offer(self) -> None:
        self.starts().popup(self.begin.mapToGlobal(self.begin.rect().bottomLeft()))
