"""The beginning of a quote that comes from no deal: for whom it is."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import message
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins


class NewQuote(Live, QWidget):
    """Asks for the customer; the quote is made when one is chosen."""

    chosen = Signal(str)
    """The customer's id."""
    cancelled = Signal()

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.customer = LinkEditor(context, SCHEMAS["quote"].fields["customer_id"])
        self.field = Field(message("Customer"), self.customer, required=True)
        self.make = Button(message("Create quote"), Kind.PRIMARY)
        self.cancel = Button(message("Cancel"))
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.make)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        self._form = QWidget()
        column = QVBoxLayout(self._form)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(Label(message("New quote"), step="title"))
        column.addWidget(
            Label(message("Number, date, validity and terms are filled in."), color="text-soft", wrap=True)
        )
        column.addWidget(self.field)
        column.addLayout(buttons)
        outer = QVBoxLayout(self)
        keep_margins(outer, PAGE_MARGIN, PAGE_MARGIN, PAGE_MARGIN, PAGE_MARGIN)
        outer.addWidget(self._form, 0, Qt.AlignmentFlag.AlignLeft)
        outer.addStretch(1)
        self.customer.edited.connect(self._on_edited)
        self.customer.returnPressed.connect(self._on_make_clicked)
        self.make.clicked.connect(self._on_make_clicked)
        self.cancel.clicked.connect(self.cancelled)
        self.retint()

    def begin(self) -> None:
        """Ask anew."""
        self.customer.link(None, "")
        self.field.set_error("")
        self.make.setEnabled(False)
        self.customer.setFocus()

    def retint(self) -> None:
        """Keep the form as wide as one reads."""
        self._form.setFixedWidth(theme().px(420))

    def _on_edited(self) -> None:
        self.make.setEnabled(self.customer.record_id is not None)
        self.field.set_error("")

    def _on_make_clicked(self) -> None:
        if self.customer.record_id is None:
            self.field.set_error(message("Choose a customer"))
        else:
            self.chosen.emit(self.customer.record_id)
