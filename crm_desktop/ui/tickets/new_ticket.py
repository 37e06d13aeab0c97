"""The form of a new ticket: whose, what about, what was said."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.entities._choices import PRIORITIES
from crm_core.entities.ticket import CHANNELS, TICKET_KINDS
from crm_core.errors import Invalid, UserError
from crm_core.i18n import message
from crm_core.rules.access import Action
from crm_core.rules.article_suggestions import Asked
from crm_core.schema.field import Choice, Plain
from crm_desktop.services import rights, ticket_around
from crm_desktop.services.ticket_around import Stands
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.knowledge.suggested import SuggestedArticles
from crm_desktop.ui.theme import theme
from crm_desktop.ui.tickets.beside import show_beside
from crm_desktop.ui.tickets.new_ticket_parts import CategoryButton, HandsBox
from crm_desktop.ui.tickets.relations import warranty_words
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.ending_keys import ends
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live


class NewTicket(Live, QWidget):
    """Whose, which product, what about, in whose hands. Ctrl+Enter opens the ticket, Esc leaves."""

    made = Signal(object, str)
    """The values and the first message."""
    request_asked = Signal()
    """It is to be asked for by a form instead."""
    cancelled = Signal()
    call_asked = Signal()
    """Somebody is on the telephone: who it is follows from his number."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.customer = LinkEditor(context, SCHEMAS["ticket"].fields["customer_id"])
        self.product = LinkEditor(context, SCHEMAS["ticket"].fields["installed_id"])
        self.warranty = Label("", step="caption", color="text-soft")
        self.category = CategoryButton(context)
        self.hands = HandsBox(context)
        self._context = context
        self._stands: Stands | None = None
        self.subject = QLineEdit()
        self.kind, self.priority, self.channel = QComboBox(), QComboBox(), QComboBox()
        self.message = QPlainTextEdit()
        self.message.setTabChangesFocus(True)
        self.customer_field = Field(message("Customer"), self.customer)
        self.subject_field = Field(message("Subject"), self.subject, required=True)
        self.make = Button(message("Open ticket"), Kind.PRIMARY, hint="Ctrl+Enter")
        self.cancel = Button(message("Cancel"))
        self.by_form = Button(message("Ask by a form…"), Kind.LINK, icon="note")
        self._fill(self.kind, TICKET_KINDS, "question")
        self._fill(self.priority, PRIORITIES, "normal")
        self._fill(self.channel, CHANNELS, "phone")
        choices = QHBoxLayout()
        choices.setSpacing(16)
        choices.addWidget(Field(message("Kind"), self.kind), 1)
        choices.addWidget(Field(message("Priority"), self.priority), 1)
        choices.addWidget(Field(message("Channel"), self.channel), 1)
        about = QHBoxLayout()
        about.setSpacing(16)
        self.product_field = Field(message("Product or serial number"), self.product)
        about.addWidget(self.product_field, 1)
        about.addWidget(Field(message("Category"), self.category), 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.make)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        buttons.addWidget(self.by_form)
        self._form = QWidget()
        column = QVBoxLayout(self._form)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.call = Button(message("Call taken"), Kind.FLAT, icon="phone", hint="Ctrl+Shift+L")
        self.call.clicked.connect(self.call_asked)
        head = QHBoxLayout()
        head.addWidget(Label(message("New ticket"), step="title"), 1)
        head.addWidget(self.call)
        column.addLayout(head)
        column.addWidget(self.customer_field)
        column.addLayout(about)
        column.addWidget(self.warranty)
        column.addWidget(self.subject_field)
        column.addLayout(choices)
        column.addWidget(Field(message("Assigned to"), self.hands))
        column.addWidget(Field(message("What the customer said"), self.message))
        column.addLayout(buttons)
        self.articles = SuggestedArticles(context)
        show_beside(self, self._form, self.articles)
        self.subject.textChanged.connect(self._on_typed)
        self.message.textChanged.connect(self._on_typed)
        self.subject.textEdited.connect(lambda: self.subject_field.set_error(""))
        self.customer.edited.connect(lambda: self.customer_field.set_error(""))
        self.product.edited.connect(self._on_product)
        self.make.clicked.connect(self._on_make_clicked)
        self.cancel.clicked.connect(self.cancelled)
        self.by_form.clicked.connect(self.request_asked)
        self.by_form.setVisible(bool(rights.may_do(context.replica, Action.CREATE, "service_request")))
        self.retint()

    def begin(self, customer_id: str | None = None, title: str = "") -> None:
        """Ask anew, for a customer where one is known."""
        self.customer.link(customer_id, title)
        self.product.link(None, "")
        self._show_stands(None)
        self.category.choose(None, "")
        self.hands.begin()
        self.subject.clear()
        self.message.clear()
        for box, value in ((self.kind, "question"), (self.priority, "normal"), (self.channel, "phone")):
            box.setCurrentIndex(box.findData(value))
        for field in (self.customer_field, self.subject_field, self.product_field):
            field.set_error("")
        (self.customer if customer_id is None else self.subject).setFocus()

    def show_problems(self, error: Invalid) -> None:
        """Say at the fields what is wrong with them."""
        fields = {"customer_id": self.customer_field, "subject": self.subject_field}
        for problem in error.problems:
            if problem.field in fields:
                fields[problem.field].set_error(problem.message)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open by Ctrl+Enter, leave by Esc."""
        if not ends(event, self._on_make_clicked, self.cancelled.emit):
            super().keyPressEvent(event)

    def retranslate(self) -> None:
        """Name the choices in the language on screen."""
        for box, choices in (
            (self.kind, TICKET_KINDS),
            (self.priority, PRIORITIES),
            (self.channel, CHANNELS),
        ):
            for place, choice in enumerate(choices):
                box.setItemText(place, tr(choice.label))

    def retint(self) -> None:
        """Give what was said a few lines."""
        self.message.setMinimumHeight(theme().px(72))
        self.message.setMaximumHeight(theme().px(160))

    def _on_product(self) -> None:
        self.product_field.set_error("")
        installed_id, replica = self.product.record_id, self._context.replica
        if installed_id is None:
            self._show_stands(None)
            return
        self._context.tasks.read(
            self,
            lambda: ticket_around.stands(replica, installed_id),
            self._show_stands,
            self._context.show_error,
            topic="stands",
        )

    def _show_stands(self, found: Stands | None) -> None:
        """Say whose the product is and whether its warranty holds; a customer named already stays."""
        self._stands = found
        words = warranty_words(found) if found is not None else None
        self.warranty.setVisible(words is not None)
        self.warranty.say(words or "")
        if found is not None and self.customer.record_id is None:
            self.customer.link(found.customer_id, found.customer)

    def _on_typed(self) -> None:
        asked = Asked(subject=self.subject.text(), text=self.message.toPlainText())
        self.articles.show_asked(asked)

    def _fill(self, box: QComboBox, choices: tuple[Choice, ...], value: str) -> None:
        for choice in choices:
            box.addItem(tr(choice.label), choice.value)
        box.setCurrentIndex(box.findData(value))

    def _on_make_clicked(self) -> None:
        if not self.subject.text().strip():
            self.subject_field.set_error(message("Say in a few words what it is about"))
            self.subject.setFocus()
            return
        values: dict[str, Plain] = {}
        for editor, field in ((self.customer, self.customer_field), (self.product, self.product_field)):
            try:
                values |= editor.read({})
            except UserError as error:
                field.set_error(error.message)
                editor.setFocus()
                return
        if self._stands is not None:
            values["product_id"] = self._stands.product_id
        values["category_id"] = self.category.category_id
        values |= self.hands.values()
        values["subject"] = self.subject.text().strip()
        for name, box in (("kind", self.kind), ("priority", self.priority), ("channel", self.channel)):
            values[name] = str(box.currentData())
        self.made.emit(values, self.message.toPlainText().strip())
