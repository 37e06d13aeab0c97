"""The form of a document template: text with its variables beside it, a Word file, what a quote gives."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPdfWidgets import QPdfView

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError
from crm_core.i18n import N_, Message, message
from crm_core.rules.template_kinds import KINDS, PDF, WORD
from crm_core.schema.field import Field, Kind
from crm_desktop.documents import template_records
from crm_desktop.documents.template_records import Made
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.settings.setup_grid import SetupGrid, Values
from crm_desktop.ui.settings.template_editor import TemplateEditor
from crm_desktop.ui.settings.word_file import WordFileEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets import fields as field_widgets
from crm_desktop.ui.widgets.labels import Label

_RECORDS = tuple(
    Field(no=0, name="record", label=SCHEMAS[entity].meta.label, kind=Kind.REF, target=entity)
    for entity in dict.fromkeys(kind.entity for kind in KINDS.values())
)
_PREVIEW_HEIGHT = 640


class TemplateGrid(SetupGrid):
    """What a document says, and how it comes out for a record that is chosen."""

    order = ("name", "kind", "language", "engine", "active", "standard", "body", "word")
    hints = {
        "standard": N_("Taken where nobody chooses another"),
        "word": N_("Its places are written as in the text: {{ customer.name }}"),
    }
    only = {
        "body": lambda values: values.get("engine") != WORD,
        "word": lambda values: values.get("engine") == WORD,
    }
    preview_title = (message("Preview"), message("What a record gives"))

    def build(self, context: Context, shown: Any, values: Any, *parts: Any, **how: Any) -> None:
        """Make the editors, the line in which a record is chosen, and the pages."""
        self.records = {str(field.target): LinkEditor(context, field) for field in _RECORDS}
        for editor in self.records.values():
            editor.edited.connect(self._ask)
        self.record_fields = {
            str(field.target): field_widgets.Field(Message(field.label), self.records[str(field.target)])
            for field in _RECORDS
        }
        self.told = Label("", wrap=True, color="text-soft")
        self.document = QPdfDocument(self)
        self.view = QPdfView(self)
        self.view.setDocument(self.document)
        self.view.setPageMode(QPdfView.PageMode.MultiPage)
        self.view.setZoomMode(QPdfView.ZoomMode.FitToWidth)
        self.view.setFixedHeight(theme().px(_PREVIEW_HEIGHT))
        self.view.setVisible(False)
        self._buffer: QBuffer | None = None
        super().build(context, shown, values, *parts, **how)
        for widget in self.record_fields.values():
            self.preview.body.addWidget(widget)
        self.preview.body.addWidget(self.told)
        self.preview.body.addWidget(self.view)
        self.retranslate()
        self._ask()

    def make_own(self, context: Context, field: Field) -> Any:
        """Return the editors of text and Word file."""
        if field.name == "body":
            return TemplateEditor(context, field)
        return WordFileEditor(context, field) if field.name == "word" else None

    def show_preview(self, values: Values) -> None:
        """Offer the variables of the kind, and ask for the document anew."""
        found = self.fields.get("body")
        if found is not None and isinstance(found.editor, TemplateEditor):
            found.editor.offer(str(values.get("kind") or "quote"))
        if hasattr(self, "preview"):
            self._ask()

    @property
    def record(self) -> LinkEditor:
        """The record chosen to see the document of: of the kind the template is for."""
        kind = KINDS.get(str(self.present().get("kind") or "quote"), KINDS["quote"])
        return self.records[kind.entity]

    def retranslate(self) -> None:
        """Name the pages in the language on screen."""
        if hasattr(self, "view"):
            self.view.setAccessibleName(tr("PDF preview"))

    def _ask(self) -> None:
        shown = self.record
        for entity, widget in self.record_fields.items():
            widget.setVisible(self.records[entity] is shown)
        replica, record_id, values = self._context.replica, shown.record_id, self.present()
        kind = str(values.get("kind") or "quote")
        empty = not (values.get("word") if values.get("engine") == WORD else values.get("body"))
        if kind not in KINDS or record_id is None or empty:
            self._show_text(show(message("Choose a record to see the document.")))
            return

        def made() -> Made:
            return template_records.make(replica, template_records.template_of(values), record_id)

        self._context.tasks.read(self, made, self._on_made, self._on_failed, topic="template")

    def _on_made(self, made: Made) -> None:
        said = [show(each) for each in template_records.blanks_said(made.blanks)]
        if made.suffix == ".txt":
            said.append(made.content.decode("utf-8"))
        if made.suffix == ".docx":
            said.append(tr("The Word file can be filled. It is made by “crm document”."))
        self._show_text("\n\n".join(said))
        if made.suffix == f".{PDF}":
            buffer = QBuffer(self)
            buffer.setData(QByteArray(made.content))
            buffer.open(QIODevice.OpenModeFlag.ReadOnly)
            self.document.close()
            self.document.load(buffer)
            if self._buffer is not None:
                self._buffer.deleteLater()
            self._buffer = buffer
            self.view.setVisible(True)

    def _on_failed(self, error: CrmError) -> None:
        problems = getattr(error, "problems", ())
        said = [show(each.told()) for each in problems] if problems else [show(error.message)]
        self._show_text("\n".join(said))

    def _show_text(self, text: str) -> None:
        self.view.setVisible(False)
        self.told.say(text)
