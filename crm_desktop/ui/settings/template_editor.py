"""The text of a template, with what may stand in its places beside it: double-click or Enter puts one in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_core.rules.template_values import Leaf, Part, Rows, Sort
from crm_core.schema.field import Field, Plain
from crm_desktop.documents import template_records
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import LongTextEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

_LINES = 22
_WIDTH = 260
_WRITTEN = {Sort.MONEY: " | money", Sort.DATE: " | date", Sort.NUMBER: " | number"}


class TemplateEditor(Live, QWidget):
    """Edits the text; the list says what each variable is and shows an example."""

    edited = Signal()

    def __init__(self, context: Context, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._kind = context, ""
        self._known: Part | None = None
        self.text = LongTextEditor(field)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(theme().font("body").pixelSize())
        self.text.setFont(font)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.text.setMinimumHeight(_LINES * theme().line_height("body"))
        self.text.edited.connect(self.edited)
        self.variables = QTreeWidget()
        self.variables.setIndentation(theme().px(18))
        self.variables.setHeaderHidden(True)
        self.variables.setColumnCount(1)
        self.variables.setFixedWidth(theme().px(_WIDTH))
        self.variables.itemActivated.connect(self._put)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme().px(12))
        row.addWidget(self.text, 1)
        beside = QVBoxLayout()
        beside.addWidget(Label(message("Variables"), step="caption", weight=600))
        beside.addWidget(self.variables, 1)
        hint = message("Enter puts one in. [[lines]], [[totals]], [[page]] stand on a line of their own.")
        beside.addWidget(Label(hint, step="caption", color="text-soft", wrap=True))
        row.addLayout(beside)
        self.setFocusProxy(self.text)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.retranslate()

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the template's text."""
        self.text.fill(values, titles)

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return what was typed."""
        return self.text.read(values)

    def offer(self, kind: str) -> None:
        """List what templates of a kind may name."""
        if kind == self._kind:
            return
        self._kind = kind
        replica = self._context.replica
        self._context.tasks.read(
            self,
            lambda: template_records.known_to(replica, kind),
            self._on_known,
            self._context.show_error,
            topic="variables",
        )

    def retranslate(self) -> None:
        """Name both in the language on screen."""
        self.text.setAccessibleName(tr("Text of the template"))
        self.variables.setAccessibleName(tr("Variables"))
        self._list()

    def _on_known(self, known: Part) -> None:
        self._known = known
        self._list()

    def _list(self) -> None:
        self.variables.clear()
        if self._known is not None:
            self._add(self.variables.invisibleRootItem(), self._known, "")

    def _add(self, under: QTreeWidgetItem, part: Part, before: str) -> None:
        for name, each in part.fields.items():
            path = f"{before}{name}"
            item = QTreeWidgetItem([f"{path}  {show(each.label)}"])
            item.setData(0, Qt.ItemDataRole.UserRole, _source(path, each))
            example = each.example if isinstance(each, Leaf) else ""
            item.setToolTip(0, tr("For example {example}", example=example) if example else show(each.label))
            under.addChild(item)
            if isinstance(each, Rows):
                self._add(item, each.row, "line.")
            elif isinstance(each, Part):
                self._add(item, each, f"{path}.")

    def _put(self, item: QTreeWidgetItem, _column: int) -> None:
        source = item.data(0, Qt.ItemDataRole.UserRole)
        if source and not self.text.isReadOnly():
            self.text.insertPlainText(source)
            self.text.setFocus()


def _source(path: str, each: Leaf | Part | Rows) -> str:
    """Return what is typed for a variable; '' for one that is only a heading."""
    if isinstance(each, Leaf):
        if each.sort is Sort.PICTURE:
            return f"![]({{{{ {path} }}}})"
        return f"{{{{ {path}{_WRITTEN.get(each.sort, '')} }}}}"
    if isinstance(each, Rows):
        name = "line" if path == "lines" else "row"
        return f"{{% for {name} in {path} %}}\n\n{{% endfor %}}\n"
    return ""
